"""The lens agrees with OpenCV's and with its own inverse."""

import cv2
import numpy as np
import pytest

from flaneur.ground.lens import NO_DISTORTION, Lens

FOCAL, CENTRE = np.array((1000.0, 1010.0)), np.array((650.0, 350.0))
MATRIX = np.array(((1000.0, 0, 650.0), (0, 1010.0, 350.0), (0, 0, 1.0)))
BENDS = {
    "none": NO_DISTORTION,
    "barrel": np.array((-0.25, 0.08, 0.001, -0.002, -0.01)),
    "pincushion": np.array((0.2, 0.05, 0.0, 0.001, 0.0)),
}


def pixels():
    return np.random.default_rng(3).uniform(0, 1, (200, 2)) * (1280, 720)


@pytest.mark.parametrize("bend", BENDS.values(), ids=BENDS)
def test_brown_is_opencvs(bend):
    rays = np.random.default_rng(4).uniform(-0.6, 0.6, (200, 2)) * (1.0, 0.6)
    xyz = np.concatenate((rays, np.ones((200, 1))), 1)
    theirs = cv2.projectPoints(xyz, np.zeros(3), np.zeros(3), MATRIX, bend)[0][:, 0]
    np.testing.assert_allclose(Lens(FOCAL, CENTRE, bend).picture(rays), theirs, atol=1e-9)


@pytest.mark.parametrize("straightens", [False, True])
@pytest.mark.parametrize("bend", BENDS.values(), ids=BENDS)
def test_there_and_back(bend, straightens):
    lens = Lens(FOCAL, CENTRE, bend, straightens)
    np.testing.assert_allclose(lens.picture(lens.rays(pixels())), pixels(), atol=1e-5)


@pytest.mark.parametrize("straightens", [False, True])
@pytest.mark.parametrize("bend", BENDS.values(), ids=BENDS)
def test_jacobian_is_the_change_of_rays(bend, straightens):
    lens, at, step = Lens(FOCAL, CENTRE, bend, straightens), pixels(), 1e-2
    moves = [(lens.rays(at + d) - lens.rays(at - d)) / (2 * step) for d in (np.array((step, 0)), np.array((0, step)))]
    np.testing.assert_allclose(lens.ray_jacobian(at), np.stack(moves, -1), rtol=1e-4, atol=1e-9)


def test_beyond_the_turning_point_there_is_nothing():
    """With k1 = -0.3 the polynomial turns at a slope of 1.054, whose picture is at 0.703."""
    lens = Lens(FOCAL, CENTRE, np.array((-0.3, 0, 0, 0, 0)))
    assert np.isnan(lens.picture(np.array(((1.1, 0.0), (3.0, 0.0))))).all()
    assert np.isnan(lens.rays(np.array(((650.0 + 710.0, 350.0),)))).all()
    assert np.isfinite(lens.rays(np.array(((650.0 + 690.0, 350.0),)))).all()


def test_scaled_shows_the_same_rays():
    lens, factor = Lens(FOCAL, CENTRE, BENDS["barrel"]), np.array((0.5, 0.6))
    np.testing.assert_allclose(lens.scaled(factor).rays(pixels() * factor), lens.rays(pixels()), atol=1e-9)
