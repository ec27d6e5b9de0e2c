"""Laws of a calibrated ground, whatever the camera."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from flaneur.ground.fit import fit_points
from support.cameras import SIZE_PX, camera, pixels

CAMERAS = st.fixed_dictionaries(
    {
        "focal": st.floats(0.4, 2.0),
        "tilt_deg": st.floats(8.0, 60.0),
        "height_m": st.floats(3.0, 20.0),
        "roll_deg": st.floats(-8.0, 8.0),
        "yaw_deg": st.floats(-180.0, 180.0),
        "at_m": st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)),
    }
)
SEEDS = st.integers(0, 2**32 - 1)


def ground_points(truth, seed, n, far_m=80.0):
    """Pixels and metres of n points that are not too near to the horizon."""
    at = pixels(200, np.random.default_rng(seed))
    metres = truth.to_ground(at)
    near = np.linalg.norm(metres - truth.camera_m, axis=1) < far_m
    assume(near.sum() >= n)
    return at[near][:n], metres[near][:n]


@given(CAMERAS, SEEDS)
def test_there_and_back(where, seed):
    plane = camera(**where)
    at, metres = ground_points(plane, seed, 20)
    np.testing.assert_allclose(plane.to_picture(metres), at, atol=1e-4)


@given(CAMERAS, SEEDS, st.floats(-3.0, 3.0))
@settings(max_examples=15, deadline=None)
def test_turned_and_moved_metres_turn_and_move_the_plane(where, seed, angle):
    truth = camera(**where)
    at, metres = ground_points(truth, seed, 8)
    turn = np.array(((np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))))
    shift = np.array((37.0, -12.0))
    noisy = at + np.random.default_rng(seed).normal(0, 1.0, at.shape)
    plane = fit_points(noisy, metres, *SIZE_PX)
    other = fit_points(noisy, metres @ turn.T + shift, *SIZE_PX)
    np.testing.assert_allclose(other.to_ground(at), plane.to_ground(at) @ turn.T + shift, atol=1e-2)
    # Sigmas are the spread of some draws, and those of turned metres are other ones.
    np.testing.assert_allclose(other.scale_sigma(at), plane.scale_sigma(at), rtol=0.25)
    assert (other.check.used == plane.check.used).all()
    assert other.check.rms_m == pytest.approx(plane.check.rms_m, rel=0.01)


@given(CAMERAS, SEEDS)
@settings(max_examples=15, deadline=None)
def test_the_order_of_pairs_means_nothing(where, seed):
    truth = camera(**where)
    at, metres = ground_points(truth, seed, 7)
    order = np.random.default_rng(seed).permutation(7)
    plane, other = fit_points(at, metres, *SIZE_PX), fit_points(at[order], metres[order], *SIZE_PX)
    np.testing.assert_allclose(other.to_ground(at), plane.to_ground(at), atol=1e-3)


@given(CAMERAS, SEEDS, st.floats(0.25, 3.0))
def test_another_resolution_changes_no_metre(where, seed, factor):
    plane = camera(**where)
    at, metres = ground_points(plane, seed, 20)
    size = np.rint(np.array(SIZE_PX) * factor).astype(int)
    other = plane.resized(*size.tolist())
    np.testing.assert_allclose(other.to_ground(at * size / SIZE_PX), metres, atol=1e-5)


@given(CAMERAS, SEEDS)
def test_up_in_the_picture_is_away_from_a_level_camera(where, seed):
    plane = camera(**where | {"roll_deg": 0.0, "tilt_deg": min(where["tilt_deg"], 40.0)})
    at, _ = ground_points(plane, seed, 20)
    at[:, 0] = SIZE_PX[0] / 2
    step = plane.jacobian(at)[:, :, 1]
    way = -step / np.linalg.norm(step, axis=1, keepdims=True)
    np.testing.assert_allclose(plane.away(plane.to_ground(at)), way, atol=1e-6)
