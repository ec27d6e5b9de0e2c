"""Pixels to metres and back, against OpenCV's projection of the same camera."""

import numpy as np
import pytest

from flaneur.data.errors import UserError
from flaneur.ground.plane import PointCheck, describe
from support.cameras import SIZE_PX, camera, pixels, projected

BARREL = (-0.25, 0.08, 0.001, -0.002, 0.0)
WHERE = {"tilt_deg": 22.0, "height_m": 5.5, "roll_deg": 3.0, "yaw_deg": 35.0, "at_m": (3.0, -2.0)}


@pytest.mark.parametrize("bend", [(0, 0, 0, 0, 0), BARREL], ids=["plain", "barrel"])
def test_metres_are_where_opencv_projects_them_from(bend):
    plane = camera(distortion=bend, **WHERE)
    at = pixels(300, np.random.default_rng(1))
    xy_m = plane.to_ground(at)
    np.testing.assert_allclose(projected(np.c_[xy_m, np.zeros(300)], distortion=bend, **WHERE), at, atol=1e-5)
    np.testing.assert_allclose(plane.to_picture(xy_m), at, atol=1e-5)


def test_above_the_horizon_there_is_no_ground():
    plane = camera(tilt_deg=10.0)
    row = plane.horizon_px()[0, 1]
    assert 0 < row < SIZE_PX[1]
    above, below = np.array(((640.0, row - 1.0),)), np.array(((640.0, row + 1.0),))
    assert np.isnan(plane.to_ground(above)).all()
    assert np.isnan(plane.jacobian(above)).all()
    assert np.isfinite(plane.to_ground(below)).all()
    assert plane.below_horizon(np.concatenate((above, below))).tolist() == [False, True]
    assert plane.below_horizon(below, margin_px=2.0).tolist() == [False]


def test_behind_the_camera_nothing_is_seen():
    plane = camera(tilt_deg=25.0)
    assert np.isnan(plane.to_picture(np.array(((0.0, -50.0),)))).all()


@pytest.mark.parametrize("bend", [(0, 0, 0, 0, 0), BARREL], ids=["plain", "barrel"])
def test_jacobian_is_metres_per_pixel(bend):
    plane, at, step = camera(distortion=bend, **WHERE), pixels(100, np.random.default_rng(2)), 1e-2
    moves = [
        (plane.to_ground(at + d) - plane.to_ground(at - d)) / (2 * step)
        for d in (np.array((step, 0)), np.array((0, step)))
    ]
    np.testing.assert_allclose(plane.jacobian(at), np.stack(moves, -1), rtol=1e-3, atol=1e-7)
    assert (np.linalg.det(plane.jacobian(at)) < 0).all(), "the picture's y points down, the ground's up"


def test_camera_stands_where_it_was_put():
    plane = camera(**WHERE)
    np.testing.assert_allclose(plane.camera_m, (3.0, -2.0), atol=1e-9)
    assert plane.camera_height_m == pytest.approx(5.5)
    assert np.degrees(plane.tilt_rad) == pytest.approx(22.0)
    away = plane.away(np.array(((3.0, 8.0), (-2.0, -2.0), (3.0, -2.0))))
    np.testing.assert_allclose(away[:2], ((0, 1), (-1, 0)), atol=1e-9)
    assert np.isnan(away[2]).all()


def test_scale_sigma_is_the_relative_error_of_lengths():
    metres = camera().metres
    one_percent = np.diag((1.01, 1.01, 1.0)) @ metres
    plane = camera(variations=[one_percent])
    at = pixels(20, np.random.default_rng(3))
    np.testing.assert_allclose(plane.scale_sigma(at), 0.01, rtol=1e-9)
    twice = camera(variations=[one_percent, one_percent])
    np.testing.assert_allclose(twice.scale_sigma(at), 0.01 * np.sqrt(2), rtol=1e-9)
    turned = camera(variations=[np.array(((0, -1, 0), (1, 0, 0), (0, 0, 1.0))) @ metres])
    assert turned.scale_sigma(at).shape == (20,)
    assert (camera().scale_sigma(at) == 0).all()


def test_scale_sigma_of_one_direction_is_shared_over_all():
    """A length stretched by e along x only grows by e cos²: mean square e² 3 / 8."""
    plane = camera(variations=[np.diag((1.02, 1.0, 1.0)) @ camera().metres])
    np.testing.assert_allclose(plane.scale_sigma(np.array(((600.0, 500.0),))), 0.02 * np.sqrt(3 / 8), rtol=1e-9)


def test_where_the_horizon_may_be_the_scale_is_not_known():
    plane = camera(tilt_deg=10.0, variations=[camera(tilt_deg=9.0).metres])
    sure, unsure, above = plane.scale_sigma(np.array(((640.0, 600.0), (640.0, 165.0), (640.0, 150.0))))
    assert 0.0 < sure < 0.3
    assert unsure == np.inf
    assert np.isnan(above)


def test_resized_shows_the_same_ground():
    plane = camera(distortion=BARREL, **WHERE)
    at = pixels(20, np.random.default_rng(5))
    np.testing.assert_allclose(plane.resized(640, 360).to_ground(at / 2), plane.to_ground(at), rtol=1e-6)
    assert plane.resized(*SIZE_PX) is plane
    with pytest.raises(UserError, match="another shape"):
        plane.resized(640, 480)


def test_facts():
    facts = describe(camera(tilt_deg=10.0, height_m=4.0))
    assert facts.source == "opencv"
    assert not facts.rough
    assert (facts.points, facts.checked, facts.rms_px, facts.worst) == (None, None, None, None)
    assert facts.camera_height_m == pytest.approx(4.0)
    assert facts.tilt_deg == pytest.approx(10.0)
    assert facts.horizon == pytest.approx(0.5 - np.tan(np.radians(10)) * 0.9 * 1280 / 720)


def test_residuals_count_those_in_use():
    off = np.array((1.0, 1.0, 1.0, 1.0, 1.0, 9.0))
    check = PointCheck(np.zeros((6, 2)), np.zeros((6, 2)), off, off / 100, off < 5)
    assert check.checked
    assert check.rms_px == pytest.approx(1.0)
    assert check.rms_m == pytest.approx(0.01)
    bare = PointCheck(np.zeros((4, 2)), np.zeros((4, 2)), np.zeros(4), np.zeros(4), np.ones(4, bool))
    assert not bare.checked
    assert np.isnan(bare.rms_px)
