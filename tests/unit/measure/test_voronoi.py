import numpy as np
import pytest
import shapely

from flaneur.measure.voronoi import own_ground

NO_ZONES = np.array([], np.object_)
SQUARE = shapely.box(0.0, 0.0, 10.0, 10.0)
"""[0, 10]² metres."""


def areas(xy: object, cutoff_m: float = np.inf, walkable: shapely.Geometry | None = SQUARE) -> list[float]:
    return own_ground(np.array(xy, np.float64).reshape(-1, 2), NO_ZONES, cutoff_m, walkable).area_m2.tolist()


def test_two_people_share_the_ground_in_halves() -> None:
    assert areas([(2, 5), (8, 5)]) == pytest.approx([50, 50])


def test_whoever_is_nearer_has_it() -> None:
    assert areas([(1, 5), (5, 5)]) == pytest.approx([30, 70])


@pytest.mark.parametrize("xy", [(3, 3), (0, 0), (10, 5)])
def test_one_person_has_all_of_it_wherever_they_are(xy: tuple[float, float]) -> None:
    assert areas([xy]) == pytest.approx([100])


def test_nobody_has_none() -> None:
    assert areas([]) == []


def test_one_person_in_the_open_has_a_full_circle() -> None:
    assert areas([(3, 3)], 1.5, None) == pytest.approx([np.pi * 1.5**2])


def test_two_people_in_the_open_cut_their_circles() -> None:
    # half the circle and what is left of the other half up to the bisector at 0.5 m: a segment is cut off
    segment = np.arccos(0.5) - 0.5 * np.sqrt(0.75)
    assert areas([(0, 0), (1, 0)], 1.0, None) == pytest.approx([np.pi - segment] * 2)


def test_a_circle_in_a_corner_is_a_quarter() -> None:
    assert areas([(0, 0)], 2.0) == pytest.approx([np.pi])


@pytest.mark.parametrize("people", [3, 4, 7])
def test_people_in_a_row(people: int) -> None:
    xy = [((n + 0.5) * 10 / people, 5.0) for n in range(people)]
    assert areas(xy) == pytest.approx([100 / people] * people)


def test_people_on_a_grid_have_a_field_each() -> None:
    """Four corners of fields on one circle leave the tessellation with a choice everywhere."""
    x, y = np.meshgrid(np.arange(0.5, 10), np.arange(0.5, 10))
    assert areas(np.stack((x.ravel(), y.ravel()), axis=1)) == pytest.approx([1.0] * 100)


def test_people_on_a_circle() -> None:
    angle = np.arange(8) * np.pi / 4
    area = areas(np.stack((5 + 3 * np.cos(angle), 5 + 3 * np.sin(angle)), axis=1))
    assert sum(area) == pytest.approx(100)
    assert area[0] == pytest.approx(area[2])


def test_people_in_one_spot_share_a_cell() -> None:
    assert areas([(2, 5), (8, 5), (8, 5), (8.0000001, 5)]) == pytest.approx([50, 50 / 3, 50 / 3, 50 / 3])


def test_whoever_is_outside_or_nowhere_has_no_ground_and_takes_none() -> None:
    area = areas([(5, 5), (12, 5), (np.nan, 5), (np.inf, 5)])
    assert area[0] == pytest.approx(100)
    assert np.isnan(area[1:]).all()


def test_nobody_inside() -> None:
    assert np.isnan(areas([(12, 5), (np.nan, 5)])).all()


def test_far_from_the_origin_it_is_the_same() -> None:
    """As in map coordinates, where metres have seven digits before the point."""
    xy, origin = np.random.default_rng(1).uniform(0, 10, (50, 2)), np.array((4e5, 5.8e6))
    moved = own_ground(xy + origin, NO_ZONES, 1.0, shapely.transform(SQUARE, lambda p: p + origin))
    assert moved.area_m2 == pytest.approx(areas(xy, 1.0), rel=1e-6)


def test_a_wall_ends_a_cell() -> None:
    """Ground behind a wall belongs to nobody who stands before it, near as it may be."""
    walls = SQUARE.difference(shapely.box(4.9, 0, 5.1, 10))
    assert areas([(4, 5)], np.inf, walls) == pytest.approx([49])
    # what is nearer to the first, but behind the wall, is nobody's
    assert areas([(4, 5), (9, 5)], np.inf, walls) == pytest.approx([49, 35])


def test_behind_the_wall_there_may_be_more() -> None:
    assert areas([(1, 5)], np.inf, SQUARE.difference(shapely.box(2.9, 0, 3.1, 10))) == pytest.approx([29])
    narrow = SQUARE.difference(shapely.box(2.9, 0, 3.1, 10)).difference(shapely.box(0, 0, 2.6, 10))
    assert areas([(2.8, 5)], 2.0, narrow)[0] == pytest.approx(0.3 * 4, rel=0.02)


def test_a_hole_in_the_ground_is_nobodys() -> None:
    hole = shapely.Point(5, 5).buffer(1.0, quad_segs=64)
    area = areas([(2, 5), (8, 5)], np.inf, SQUARE.difference(hole))
    assert area == pytest.approx([50 - hole.area / 2] * 2)


def test_a_hole_inside_the_circle_is_left_out() -> None:
    hole = shapely.box(5.2, 5.2, 5.4, 5.4)
    assert areas([(5, 5)], 1.0, SQUARE.difference(hole)) == pytest.approx([np.pi - 0.04])


def test_parts_of_a_zone_by_hand() -> None:
    zones = np.array([shapely.box(0, 0, 3, 10), shapely.box(3, 0, 10, 5), shapely.box(20, 20, 21, 21)])
    ground = own_ground(np.array([(2.0, 5.0), (8.0, 5.0)]), zones, np.inf, SQUARE)
    np.testing.assert_allclose(ground.overlap_m2, [(30, 10, 0), (0, 25, 0)], atol=1e-9)
    np.testing.assert_allclose(ground.share(), [(0.6, 0.2, 0), (0, 0.5, 0)], atol=1e-9)


def test_a_circle_reaches_over_a_zones_border() -> None:
    zones = np.array([shapely.box(-5, -5, 0, 5)])
    overlap = own_ground(np.array([(0.5, 0.0)]), zones, 1.0).overlap_m2
    assert overlap[0, 0] == pytest.approx(np.arccos(0.5) - 0.5 * np.sqrt(0.75))


def test_without_any_end_it_is_refused() -> None:
    with pytest.raises(ValueError, match="walkable area or a cut-off"):
        own_ground(np.zeros((1, 2)), NO_ZONES, np.inf)
