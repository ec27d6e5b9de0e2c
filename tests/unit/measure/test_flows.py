import numpy as np
import pytest

from flaneur.data.geometry import Flow, Line, Places, Zone
from flaneur.data.kinds import Kind
from flaneur.measure import passing
from flaneur.measure.feet import picture_feet
from flaneur.measure.passing import Places as Placed
from support.walks import FRAME_NS, Row, Walk, film, play, straight

W, H = 200, 100


def upright(name: str, x: float) -> Line:
    return Line(name, np.array([(x, 0.1), (x, 0.9)]))


def box(name: str, x1: float, x2: float) -> Zone:
    return Zone(name, np.array([(x1, 0.1), (x2, 0.1), (x2, 0.9), (x1, 0.9)]))


LINES = (upright("west", 0.2), upright("middle", 0.5), upright("east", 0.8))
ZONES = (box("left", 0.02, 0.15), box("right", 0.85, 0.98))


def flowed(*walks: Walk, pairs: tuple[tuple[str, str], ...], finish: bool = True) -> list[Row]:
    places = Places(LINES, ZONES, tuple(Flow(f"{a} → {b}", a, b) for a, b in pairs))
    return play(passing, Placed.in_picture(places, W, H), film(*walks), finish=finish)


EASTWARD = Walk(straight((10, 50), (190, 50), 18), height=8.0, kind=Kind.CAR)
WESTWARD = Walk(EASTWARD.feet[::-1], height=8.0)
BOTH = (("west", "east"), ("east", "west"))


def test_an_ordered_pair_counts_once_at_its_destination() -> None:
    ((place, direction, time_ns, kind),) = flowed(EASTWARD, pairs=BOTH)
    assert (place, direction, kind) == (0, 1, Kind.CAR)
    assert time_ns / FRAME_NS == pytest.approx(15, abs=1e-6)
    assert [place for place, *_ in flowed(WESTWARD, pairs=BOTH)] == [1]


def test_one_end_is_no_flow() -> None:
    assert flowed(Walk(straight((10, 50), (120, 50), 11)), pairs=BOTH) == []
    assert flowed(Walk(straight((50, 50), (190, 50), 11)), pairs=BOTH) == []


def test_the_longest_possible_flow_counts() -> None:
    assert [row[0] for row in flowed(EASTWARD, pairs=(("west", "middle"), ("west", "east"), ("middle", "east")))] == [1]


def test_of_equally_long_flows_the_first_counts() -> None:
    assert [row[0] for row in flowed(EASTWARD, pairs=(("west", "east"), ("west", "east")))] == [0]


def test_there_and_back_counts_the_longer_way() -> None:
    quick_back = Walk([*straight((10, 50), (190, 50), 30), *straight((190, 50), (10, 50), 5)], height=8.0)
    assert [row[0] for row in flowed(quick_back, pairs=BOTH)] == [0]


def test_zones_are_passed_by_entering_or_being_born_in_them() -> None:
    assert [row[0] for row in flowed(EASTWARD, pairs=(("right", "left"), ("left", "right")))] == [1]
    assert [row[0] for row in flowed(EASTWARD, pairs=(("left", "middle"),))] == [0]
    assert flowed(Walk(straight((50, 50), (190, 50), 14), height=8.0), pairs=(("left", "right"),)) == []


def test_who_passes_no_end_of_a_flow_is_not_remembered() -> None:
    params = Placed.in_picture(Places(LINES, ZONES, (Flow("f", "east", "right"),)), W, H)
    state = passing.start(params)
    for tracks in film(EASTWARD)[:15]:
        state, _ = passing.step(state, picture_feet(tracks), params)
    assert len(state.lines) == len(state.zones) == 1
    assert len(state.flows) == 0


def test_it_is_told_when_the_track_ends_or_the_video_does() -> None:
    assert len(flowed(EASTWARD, pairs=BOTH, finish=False)) == 1
    cut_off = film(EASTWARD)[:-1]
    params = Placed.in_picture(Places(LINES, ZONES, (Flow("f", "west", "east"),)), W, H)
    assert play(passing, params, cut_off, finish=False) == []
    assert len(play(passing, params, cut_off)) == 1


def test_the_kind_is_the_latest() -> None:
    tracks = film(EASTWARD)
    for frame in tracks[-4:]:
        frame.kind[:] = Kind.TRUCK
    params = Placed.in_picture(Places(LINES, ZONES, (Flow("f", "west", "middle"),)), W, H)
    assert [row[3] for row in play(passing, params, tracks)] == [Kind.TRUCK]


def test_a_flow_between_unknown_places_is_refused() -> None:
    with pytest.raises(ValueError, match="nowhere"):
        Placed.in_picture(Places(LINES, ZONES, (Flow("f", "west", "nowhere"),)), W, H)


def test_without_flows_nothing_happens() -> None:
    assert flowed(EASTWARD, pairs=()) == []
