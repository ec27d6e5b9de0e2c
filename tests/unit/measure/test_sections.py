import numpy as np
import pytest

from flaneur.data.geometry import Flow, GroundLine, GroundZone
from flaneur.data.time import SECOND_NS
from flaneur.measure.passing import Places
from support.grounds import Drive, roll
from support.roads import measured


def upright(name: str, x: float) -> GroundLine:
    return GroundLine(name, np.array([(x, -5.0), (x, 5.0)]))


def box(name: str, x1: float, x2: float) -> GroundZone:
    return GroundZone(name, np.array([(x1, -5.0), (x2, -5.0), (x2, 5.0), (x1, 5.0)]))


PLACES = Places.on_ground(
    [upright("west", 10.0), upright("east", 30.0)],
    [box("origin", 2.0, 8.0), box("destination", 32.0, 38.0)],
    [Flow("lines", "west", "east"), Flow("back", "east", "west"), Flow("zones", "origin", "destination")],
)


def along(*xs: float, **options: float) -> Drive:
    """At these positions, one every tenth of a second."""
    x = np.array(xs, np.float64)
    return Drive(np.stack((x, 0 * x), axis=1), **options)


def steps(a: float, b: float, metres: float) -> list[float]:
    return list(np.arange(a, b, metres if b > a else -metres))


def test_way_over_time_with_the_stop() -> None:
    told = measured(PLACES, roll(along(*steps(0.3, 20, 1), *[20.0] * 50, *steps(20, 31, 1))))
    speed, time = told.section_speed, told.travel_time
    assert speed.place.tolist() == time.place.tolist() == [0]
    assert time.value == pytest.approx([7.0], abs=0.1)
    assert speed.value * time.value == pytest.approx([20.0], abs=0.01)
    assert speed.time_ns[0] / SECOND_NS == pytest.approx(8.0, abs=0.1)


def test_both_errors() -> None:
    drive = along(*steps(0.3, 31, 1), sigma_m=0.5, scale_sigma=0.1)
    told = measured(PLACES, roll(drive))
    assert told.section_speed.noise == pytest.approx([np.sqrt(0.5) / 2.0], rel=0.01)
    assert told.section_speed.bias == pytest.approx([1.0], rel=0.01)
    assert told.travel_time.noise == pytest.approx([np.sqrt(0.5) / 10.0], rel=0.01)
    assert told.travel_time.bias.tolist() == [0.0]


def test_a_zone_is_left_at_the_beginning_and_entered_at_the_end() -> None:
    told = measured(PLACES, roll(along(*steps(5.3, 40, 1))))
    time = told.travel_time.value[told.travel_time.place == 2]
    assert time == pytest.approx([2.4], abs=1e-6), "from 8 to 32 m at 10 m/s, for one who was born in the first zone"


def test_of_several_beginnings_the_last_counts_and_each_ends_once() -> None:
    there_and_back = [
        *steps(0.3, 15, 1),
        *steps(15.3, 5, 1),
        *steps(5.3, 35, 1),
        *steps(35.3, 25, 1),
        *steps(25.3, 35, 1),
    ]
    told = measured(PLACES, roll(along(*there_and_back)))
    assert told.travel_time.value[told.travel_time.place == 0] == pytest.approx([2.0], abs=1e-6)
    assert not (told.travel_time.place == 1).any(), "it came back from the east, but not as far as the west"


def test_the_other_way_is_the_other_section() -> None:
    told = measured(PLACES, roll(along(*steps(35.3, 0, 1))))
    assert told.travel_time.place.tolist() == [1]


@pytest.mark.parametrize("end", [20.3, 30.4])
def test_only_what_is_ended_counts_even_if_the_video_ends_there(end: float) -> None:
    told = measured(PLACES, roll(along(*steps(0.3, end, 1)))[:-1])
    assert len(told.section_speed) == len(told.travel_time) == (end > 30.0)
