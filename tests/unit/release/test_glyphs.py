import numpy as np
import pytest

from flaneur.data.kinds import Kind
from flaneur.release.glyphs import ASPECT, CAR, CYCLIST, FIGURE, GLYPH_BGR, SHAPE_OF_KIND, VAN, draw_glyph


def street() -> np.ndarray:
    return np.full((200, 300, 3), (90, 120, 110), np.uint8)


def drawn(shape: int, x: float, y: float, height: int) -> np.ndarray:
    picture = street()
    draw_glyph(picture, shape, x, y, height)
    return (picture != street()).any(axis=2)


def test_each_kind_has_a_shape() -> None:
    assert SHAPE_OF_KIND[Kind.PEDESTRIAN] == FIGURE
    assert {int(SHAPE_OF_KIND[k]) for k in (Kind.TWO_WHEELER, Kind.BICYCLE, Kind.MOTORCYCLE)} == {CYCLIST}
    assert SHAPE_OF_KIND[Kind.CAR] == CAR
    assert {int(SHAPE_OF_KIND[k]) for k in (Kind.TRUCK, Kind.BUS, Kind.TRAIN)} == {VAN}


@pytest.mark.parametrize("shape", sorted(ASPECT))
@pytest.mark.parametrize("height", [10, 33, 90])
def test_a_glyph_stands_on_its_foot_and_has_its_size(shape: int, height: int) -> None:
    rows, columns = np.nonzero(drawn(shape, 150, 180, height))
    rim = 2 + 0.05 * height
    assert 180 - 2 * rim - 0.1 * height <= rows.max() + 1 <= 180
    assert rows.min() >= 180 - height - 2 * rim
    assert abs((columns.min() + columns.max() + 1) / 2 - 150) <= 1 + 0.03 * height
    assert columns.max() + 1 - columns.min() <= ASPECT[shape] * height + 2 * rim


def test_a_glyph_is_of_one_colour_with_a_rim() -> None:
    picture = street()
    draw_glyph(picture, FIGURE, 150, 180, 120)
    assert (picture == GLYPH_BGR).all(axis=2).sum() > 2000


@pytest.mark.parametrize(("x", "y"), [(0, 100), (299, 100), (150, 10), (150, 230), (-500, 100), (150, -500), (0, 0)])
def test_what_is_outside_is_cut_off(x: float, y: float) -> None:
    whole = np.full((1400, 1500, 3), (90, 120, 110), np.uint8)
    draw_glyph(whole, CAR, x + 600, y + 600, 40)
    picture = street()
    draw_glyph(picture, CAR, x, y, 40)
    assert (picture == whole[600:800, 600:900]).all()
