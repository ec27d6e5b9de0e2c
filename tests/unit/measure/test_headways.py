import numpy as np
import pytest

from flaneur.data.geometry import GroundLine
from flaneur.data.kinds import Kind
from flaneur.data.private import GroundTracks, Samples
from flaneur.measure.passing import Places
from support.grounds import Drive, roll
from support.roads import measured

LANES = Places.on_ground(
    [
        GroundLine("lane", np.array([(20.0, -2.0), (20.0, 2.0)])),
        GroundLine("next lane", np.array([(20.0, 2.0), (20.0, 6.0)])),
    ]
)
CAR_M, BUS_M = 4.5, 12.0


def car(start_s: float, speed: float = 10.0, y: float = 0.0, kind: Kind = Kind.CAR, sigma_m: float = 0.0) -> Drive:
    """Crosses the lines 2 s after its start at 10 m/s."""
    x = np.arange(0.03, 40.0, speed / 10)
    return Drive(np.stack((x, np.full_like(x, y)), axis=1), round(start_s * 10), kind, sigma_m)


def told(*drives: Drive) -> tuple[Samples, Samples]:
    out = measured(LANES, roll(*drives))
    return out.headway, out.gap


def test_front_to_front_and_rear_to_front() -> None:
    headway, gap = told(car(0.0), car(3.0, kind=Kind.BUS, sigma_m=0.5))
    assert headway.value == pytest.approx([3.0 - (BUS_M - CAR_M) / 2 / 10], abs=1e-6)
    assert gap.value == pytest.approx([3.0 - (BUS_M + CAR_M) / 2 / 10], abs=1e-6)
    assert gap.noise == headway.noise == pytest.approx([0.05])
    assert headway.kind.tolist() == [Kind.BUS]


def test_the_first_has_none_and_each_lane_and_direction_is_its_own() -> None:
    back = car(1.0)
    back.path = np.array(back.path)[::-1]
    for drives in ([car(0.0)], [car(0.0), car(1.0, y=4.0)], [car(0.0), back]):
        assert [len(samples) for samples in told(*drives)] == [0, 0]
    headway, _ = told(car(0.0), car(1.0, y=4.0), car(2.0), car(4.0, y=4.0))
    assert (headway.place.tolist(), headway.value.tolist()) == ([0, 1], pytest.approx([2.0, 3.0]))


def test_the_rear_of_one_that_stops_on_the_line_is_waited_for() -> None:
    x = np.concatenate((np.arange(0.03, 21.0, 1.0), np.full(100, 21.03), np.arange(21.53, 60.0, 0.5)))
    stopped = Drive(np.stack((x, 0 * x), axis=1))
    _, gap = told(stopped, car(20.0))
    rear_s = 2.0 + 0.1 * 100 + (CAR_M / 2 - 1.03) / 5.0
    assert gap.value == pytest.approx([22.0 - 0.003 - CAR_M / 2 / 10 - rear_s], abs=0.02)


def test_no_gap_but_a_headway_side_by_side_and_after_a_minute() -> None:
    for start_s, expected in ((0.2, [0.2]), (61.0, [61.0])):
        headway, gap = told(car(0.0), car(start_s, y=1.0))
        assert headway.value == pytest.approx(expected, abs=1e-6)
        assert len(gap) == 0


def test_none_across_time_that_was_not_observed() -> None:
    frames = roll(car(0.0), car(6.0))

    def without(first: float, last: float) -> list[GroundTracks]:
        return [tracks for tracks in frames if not first < tracks.time_ns / 1e9 < last]

    for seen, count in ((frames, 1), (without(5.0, 5.9), 1), (without(4.6, 5.9), 0)):
        out = measured(LANES, seen)
        assert (len(out.crossings), len(out.headway), len(out.gap)) == (2, count, count)


def test_where_no_speed_is_known_the_middle_is_the_front() -> None:
    short = Drive([(19.0, 0.0), (21.0, 0.0)], start=50)
    headway, _ = told(car(0.0), short)
    assert headway.value == pytest.approx([5.05 - (2.0 - 0.003) + CAR_M / 2 / 10], abs=1e-6)


def test_one_that_is_settled_after_a_later_one_is_passed_over() -> None:
    x = np.concatenate((np.arange(0.03, 20.2, 1.0), [20.1] * 60, np.arange(20.1, 40.0, 1.0)))
    lingering = Drive(np.stack((x, 0 * x), axis=1))
    headway, _ = told(lingering, car(1.0, y=1.0), car(3.0, y=1.0))
    assert headway.value == pytest.approx([2.0], abs=1e-6)
