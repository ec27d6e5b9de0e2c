import numpy as np
import pytest

from flaneur.release.cells import Cells

NOTHING = np.zeros(1, np.float32)


def test_a_picture_keeps_its_size_unless_it_is_too_large() -> None:
    assert (Cells(768, 576, 1280, 384).width_px, Cells(768, 576, 1280, 384).height_px) == (768, 576)
    assert (Cells(3840, 2160, 1280, 384).width_px, Cells(3840, 2160, 1280, 384).height_px) == (1280, 720)
    assert (Cells(1080, 1920, 1280, 384).width_px, Cells(1080, 1920, 1280, 384).height_px) == (720, 1280)
    assert (Cells(1, 9000, 1280, 384).width_px, Cells(1, 9000, 1280, 384).height_px) == (1, 1280)


@pytest.mark.parametrize(("width", "height"), [(768, 576), (1919, 1079), (331, 97), (1, 1), (7680, 4320)])
def test_every_pixel_that_a_box_touches_is_covered(width: int, height: int) -> None:
    cells = Cells(width, height, 1280, 384)
    rng = np.random.default_rng(1)
    fx, fy = cells.width_px / width, cells.height_px / height
    for _ in range(50):
        x1, x2 = np.sort(rng.uniform(-0.1 * width, 1.1 * width, 2))
        y1, y2 = np.sort(rng.uniform(-0.1 * height, 1.1 * height, 2))
        box = np.array([[x1, y1, x2, y2]], np.float32)
        mask = cells.pixels(cells.under(box, NOTHING, NOTHING))
        assert mask.shape == (cells.height_px, cells.width_px)
        left, top, right, bottom = box[0].astype(float)
        inside = mask[
            max(int(np.floor(top * fy)), 0) : max(int(np.ceil(bottom * fy)), 0),
            max(int(np.floor(left * fx)), 0) : max(int(np.ceil(right * fx)), 0),
        ]
        assert (inside == 255).all()


def test_nothing_far_from_a_box_is_covered() -> None:
    cells = Cells(768, 576, 1280, 384)
    mask = cells.pixels(cells.under(np.array([[100, 100, 140, 200]], np.float32), NOTHING, NOTHING))
    around = mask.copy()
    around[98:202, 98:142] = 0
    assert not around.any()


def test_growing_moves_each_side() -> None:
    cells = Cells(100, 100, 1280, 384)
    grown = cells.under(np.array([[40, 50, 60, 70]], np.float32), np.array([5], np.float32), np.array([10], np.float32))
    rows, columns = np.nonzero(grown)
    assert (columns.min(), columns.max() + 1, rows.min(), rows.max() + 1) == (35, 65, 40, 80)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_box_that_is_not_finite_covers_everything(bad: float) -> None:
    cells = Cells(100, 50, 1280, 384)
    boxes = np.array([[1, 1, 2, 2], [3, 3, bad, 5]], np.float32)
    assert cells.under(boxes, np.zeros(2, np.float32), np.zeros(2, np.float32)).all()


def test_no_box_covers_nothing() -> None:
    none = np.zeros(0, np.float32)
    assert not Cells(100, 50, 1280, 384).under(np.zeros((0, 4), np.float32), none, none).any()
