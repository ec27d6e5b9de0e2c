import numpy as np
import pytest

from flaneur.data.geometry import IN, OUT, TO_LEFT, TO_RIGHT, Flow, GroundLine, GroundZone
from flaneur.measure import passing
from flaneur.measure.feet import ground_feet
from flaneur.measure.passing import Passed, Places
from support.grounds import Drive, roll

EASTWARD = GroundLine("eastward", np.array([(0.0, 10.0), (20.0, 10.0)]))
"""Its right hand is the south, where y is less."""
SQUARE = GroundZone("square", np.array([(5.0, 5.0), (15.0, 5.0), (15.0, 15.0), (5.0, 15.0)]))
NORTHWARD = Drive(np.array([(10.0, y) for y in np.arange(0.25, 20.0, 0.5)]))


def told(*drives: Drive, lines: tuple[GroundLine, ...] = (EASTWARD,), flows: tuple[Flow, ...] = ()) -> list[Passed]:
    places = Places.on_ground(lines, (SQUARE,), flows)
    state, out = passing.start(places), []
    for tracks in roll(*drives):
        state, passed = passing.step(state, ground_feet(tracks), places)
        out.append(passed)
    return [*out, passing.finish(state, places)]


def test_on_the_ground_right_is_that_seen_from_above() -> None:
    (up,) = (p.lines for p in told(NORTHWARD) if len(p.lines))
    assert (up.direction.tolist(), up.place.tolist()) == ([TO_LEFT], [0])
    (down,) = (p.lines for p in told(Drive(np.array(NORTHWARD.path)[::-1])) if len(p.lines))
    assert down.direction.tolist() == [TO_RIGHT]


def test_who_stands_on_a_line_is_on_its_right() -> None:
    for end, crossed in ((10.0, []), (10.1, [TO_LEFT])):
        path = [(10.0, 9.0), (10.0, 9.5), (10.0, end)]
        assert [d for p in told(Drive(path)) for d in p.lines.direction.tolist()] == crossed


def test_zones_have_no_picture_edge_on_the_ground() -> None:
    assert [p.zones.direction.tolist() for p in told(NORTHWARD) if len(p.zones)] == [[IN], [OUT]]
    assert sum(p.inside.sum() for p in told(NORTHWARD)) == 20


def test_meetings_are_told_at_once_and_passes_once_they_are_settled() -> None:
    slow = Drive([(10.0, 9.9), (10.0, 10.1), (10.0, 10.2), (10.0, 10.3), (10.0, 10.5)])
    out = told(slow)
    assert [n for n, passed in enumerate(out) if len(passed.met)] == [1]
    assert [n for n, passed in enumerate(out) if len(passed.lines)] == [4]
    (met,), (crossed,) = (p.met for p in out if len(p.met)), (p.lines for p in out if len(p.lines))
    assert met.time_ns.tolist() == crossed.time_ns.tolist()


def test_borders_are_met_behind_all_lines() -> None:
    met = [int(place) for passed in told(NORTHWARD) for place in passed.met.place]
    assert met == [1, 0, 1]


def test_flows_on_the_ground() -> None:
    north = GroundLine("north", EASTWARD.points_m + np.array((0.0, 7.0)))
    flows = (Flow("up", "eastward", "north"), Flow("down", "north", "eastward"))
    passed = told(NORTHWARD, lines=(EASTWARD, north), flows=flows)
    assert [int(place) for p in passed for place in p.flows.place] == [0]


def test_places_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="without length"):
        Places.on_ground([GroundLine("dot", np.ones((2, 2)))])
    with pytest.raises(ValueError, match="nowhere"):
        Places.on_ground([EASTWARD], flows=[Flow("f", "eastward", "nowhere")])


def test_without_places_nothing_happens() -> None:
    places = Places.on_ground()
    state, passed = passing.step(passing.start(places), ground_feet(roll(NORTHWARD)[0]), places)
    assert passed.inside.shape == (1, 0)
    assert len(passed.lines) == len(passed.zones) == len(passed.flows) == len(passing.finish(state, places).met) == 0
