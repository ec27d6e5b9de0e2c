"""Pictures lie in the input as the boxes are later taken back out of it."""

import numpy as np
import pytest

from flaneur.detect.picture import BORDER_GREY, Fit, place


def white(width, height):
    return np.full((height, width, 3), 255, np.uint8)


@pytest.mark.parametrize("frame_px", [(768, 576), (1920, 1080), (100, 400), (1, 1), (7680, 4320)])
def test_the_aspect_ratio_is_kept_and_the_rest_is_grey(frame_px):
    fit = Fit.of(frame_px, (64, 48), stretch=False)
    canvas = np.zeros((48, 64, 3), np.uint8)
    place(white(*frame_px), fit, canvas)
    width, height = fit.inner_px
    assert (canvas[:height, :width] == 255).all()
    assert (canvas[height:] == BORDER_GREY).all()
    assert (canvas[:height, width:] == BORDER_GREY).all()
    assert 64 in (width,) or 48 in (height,)


def test_stretching_fills_the_input():
    assert Fit.of((100, 400), (64, 48), stretch=True).inner_px == (64, 48)


def test_a_canvas_is_used_again_without_traces():
    canvas = np.zeros((48, 64, 3), np.uint8)
    place(white(64, 48), Fit.of((64, 48), (64, 48), False), canvas)
    place(white(64, 20), Fit.of((64, 20), (64, 48), False), canvas)
    assert (canvas[20:] == BORDER_GREY).all()


def test_thin_things_survive_strong_shrinking():
    picture = np.zeros((480, 640, 3), np.uint8)
    picture[:, ::4] = 255
    canvas = np.zeros((120, 160, 3), np.uint8)
    place(picture, Fit.of((640, 480), (160, 120), False), canvas)
    assert canvas.min() > 40


def test_boxes_come_back_to_the_picture_and_stay_inside():
    fit = Fit.of((1000, 500), (100, 100), stretch=False)
    boxes = fit.to_frame(np.array([[10, 10, 20, 30], [-5, 40, 300, 90]], np.float32))
    np.testing.assert_allclose(boxes, [[100, 100, 200, 300], [0, 400, 1000, 500]])
