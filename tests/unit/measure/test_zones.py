import numpy as np
import pytest

from flaneur.data.geometry import IN, OUT, Zone
from flaneur.measure import zones
from flaneur.measure.feet import picture_feet
from flaneur.measure.zones import Zones
from support.walks import FRAME_NS, Row, Walk, counts, film, play, straight

W, H = 200, 100
SQUARE = ((0.25, 0.2), (0.75, 0.2), (0.75, 0.8), (0.25, 0.8))
"""50,20 – 150,80 in pixels."""
DOWN_TO_THE_EDGE = ((0.25, 0.5), (0.75, 0.5), (0.75, 1.0), (0.25, 0.995))


def params(*polygons: tuple[tuple[float, float], ...]) -> Zones:
    return Zones.in_picture([Zone(f"zone {n}", np.array(p, np.float64)) for n, p in enumerate(polygons)], W, H)


def passed(walk: Walk, *polygons: tuple[tuple[float, float], ...]) -> list[Row]:
    return play(zones, params(*polygons or (SQUARE,)), film(walk))


def test_in_and_out_at_the_moments_of_the_border() -> None:
    told = passed(Walk(straight((10, 50), (190, 50), 18)))
    assert [(place, direction) for place, direction, *_ in told] == [(0, OUT), (0, IN)]
    assert [t / FRAME_NS for *_, t, _ in told] == pytest.approx([14, 4], abs=1e-6)


@pytest.mark.parametrize(
    ("xs", "expected"),
    [
        pytest.param([100, 110], {}, id="born inside, ends inside"),
        pytest.param([100, 190], {(0, OUT): 1}, id="born inside"),
        pytest.param([10, 100], {(0, IN): 1}, id="ends inside"),
        pytest.param([10, 49, 51, 49, 51, 100], {(0, IN): 1}, id="jitter at the border"),
        pytest.param([10, 49, 51, 49, 51, 10], {}, id="turns back at the border"),
        pytest.param([10, 50, 50, 100], {(0, IN): 1}, id="stops on the border"),
        pytest.param([10, 52], {(0, IN): 1}, id="ends just behind the border"),
        pytest.param([52, 48], {(0, OUT): 1}, id="ends just outside"),
        pytest.param([10, 100, 10, 100], {(0, IN): 2, (0, OUT): 1}, id="twice"),
        pytest.param([10, 190], {(0, IN): 1, (0, OUT): 1}, id="was never seen inside"),
        pytest.param([10, 151, 10], {(0, IN): 1, (0, OUT): 1}, id="turns back just behind the far border"),
        pytest.param([10, 151], {(0, IN): 1, (0, OUT): 1}, id="ends just behind the far border"),
    ],
)
def test_passages_need_distance_from_the_border(xs: list[float], expected: dict[tuple[int, int], int]) -> None:
    assert counts(passed(Walk([(float(x), 50.0) for x in xs], height=40.0))) == expected


def test_a_leap_over_a_zone_has_two_moments_and_a_corner_none() -> None:
    told = passed(Walk([(0.0, 50.0), (200.0, 50.0)], height=40.0))
    assert sorted(t / FRAME_NS for *_, t, _ in told) == pytest.approx([0.25, 0.75], abs=1e-6)
    assert [direction for _, direction, *_ in sorted(told, key=lambda row: row[2])] == [IN, OUT]
    assert passed(Walk([(48.0, 30.0), (62.0, 16.0)], height=40.0)) == []


def test_a_zone_smaller_than_a_road_user_is_entered_and_left() -> None:
    strip = ((0.45, 0.4), (0.55, 0.4), (0.55, 0.45), (0.45, 0.45))
    assert counts(passed(Walk(straight((100, 20), (100, 80), 60), height=90.0), strip)) == {(0, IN): 1, (0, OUT): 1}


def test_zones_may_overlap_and_be_hollow() -> None:
    hook = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.8, 0.9), (0.8, 0.2), (0.1, 0.2))
    told = counts(passed(Walk(straight((120, 50), (195, 50), 25), height=8.0), SQUARE, hook))
    assert told == {(0, OUT): 1, (1, IN): 1, (1, OUT): 1}


@pytest.mark.parametrize("y", [99.0, 100.0, 103.0])
def test_feet_at_the_lower_edge_are_in_a_zone_that_reaches_it(y: float) -> None:
    inside = params(DOWN_TO_THE_EDGE).inside(np.array([(100.0, y), (40.0, y)]))
    assert inside.tolist() == [[True], [False]]
    told = counts(passed(Walk([(float(x), y) for x in range(0, 200, 4)], height=20.0), DOWN_TO_THE_EDGE))
    assert told == {(0, IN): 1, (0, OUT): 1}


def test_a_zone_in_the_corner_holds_the_corner() -> None:
    corner = params(((0.0, 0.5), (0.5, 0.5), (0.5, 1.0), (0.0, 1.0)), ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))
    feet = np.array([(0.0, 100.0), (-1.0, 101.0), (50.0, 40.0), (201.0, -1.0)])
    assert corner.inside(feet).tolist() == [[True, True], [True, True], [False, True], [False, True]]


def test_a_gap_in_a_track_is_a_straight_way() -> None:
    feet = [(10.0, 50.0), (20.0, 50.0), None, None, None, (80.0, 50.0), (100.0, 50.0)]
    ((_, direction, time_ns, _),) = passed(Walk(feet))
    assert direction == IN
    assert time_ns == pytest.approx(FRAME_NS * (1 + 4 * 30 / 60), abs=2)


def test_tracks_that_begin_inside_are_known_to_flows_only() -> None:
    feet, square = picture_feet(film(Walk([(100.0, 50.0)]))[0]), params(SQUARE)
    state, passes, met = zones.advance(zones.start(square), feet, square.inside(feet.xy), square)
    assert passes.direction.tolist() == [zones.FOUND]
    assert len(passes.events()) == len(met) == 0
    assert len(state) == 1


def test_without_zones_nothing_happens() -> None:
    assert play(zones, params(), film(Walk(straight((10, 50), (190, 50), 18)))) == []
    assert params().inside(np.zeros((3, 2))).shape == (3, 0)
