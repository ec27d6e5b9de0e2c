"""Planes from measured points: what fits, what disagrees, and sentences for mistakes."""

import numpy as np
import pytest

from flaneur.data.errors import UserError
from flaneur.ground.fit import CLICK_SHARE, fit_points
from flaneur.ground.plane import describe
from support.cameras import SIZE_PX, camera, pixels

SQUARE_PX = np.array(((0.21, 0.80), (0.77, 0.79), (0.62, 0.42), (0.33, 0.42))) * SIZE_PX
SQUARE_M = np.array(((0.0, 0.0), (8.0, 0.0), (8.0, 15.0), (0.0, 15.0)))


def points(n, seed=0, **where):
    truth = camera(**where)
    at = pixels(n, np.random.default_rng(seed))
    return truth, at, truth.to_ground(at)


def fit(picture_px, ground_m, lens=None):
    return fit_points(picture_px, ground_m, *SIZE_PX, lens)


@pytest.mark.parametrize("n", [4, 5, 6, 12, 25])
def test_exact_points_give_the_plane(n):
    truth, at, metres = points(n, seed=3, height_m=7.0, yaw_deg=30.0, at_m=(4000.0, -900.0))
    plane = fit(at, metres)
    other = pixels(50, np.random.default_rng(9))
    np.testing.assert_allclose(plane.to_ground(other), truth.to_ground(other), atol=1e-4)
    assert plane.camera_height_m == pytest.approx(7.0, rel=1e-3)
    np.testing.assert_allclose(plane.camera_m, truth.camera_m, atol=0.02)
    assert plane.check.used.all()
    assert not plane.rough


def test_four_points_are_unchecked():
    facts = describe(fit(SQUARE_PX, SQUARE_M))
    assert (facts.points, facts.checked, facts.rms_px, facts.rms_m, facts.worst) == (4, False, None, None, None)
    assert 0.005 < facts.scale_sigma < 0.1, "clicks are never exact"


def test_a_point_that_disagrees_is_named_and_left_out():
    truth, at, metres = points(8)
    moved = metres + np.where(np.arange(8)[:, None] == 4, (2.3, 0.0), 0.0)
    plane = fit(at + np.random.default_rng(1).normal(0, 1.0, at.shape), moved)
    ((number, off_m, off_px),) = describe(plane).disagreeing
    assert number == 5
    assert off_m == pytest.approx(2.3, rel=0.15)
    assert off_px > 20
    other = pixels(50, np.random.default_rng(9))
    assert np.abs(plane.to_ground(other) - truth.to_ground(other)).max() < 1.0


def test_two_of_nine_disagree():
    _, at, metres = points(9, seed=5)
    at[[2, 6]] += ((60.0, 5.0), (-10.0, 50.0))
    assert {number for number, _, _ in describe(fit(at, metres)).disagreeing} == {3, 7}


def test_good_points_are_not_named():
    rng, named = np.random.default_rng(2), 0
    for seed in range(15):
        _, at, metres = points(8, seed=seed)
        named += (~fit(at + rng.normal(0, CLICK_SHARE * SIZE_PX[0], at.shape), metres).check.used).sum()
    assert named <= 1


def test_five_points_that_disagree_are_all_kept_and_make_the_band_wide():
    """With five nobody can tell which one is wrong."""
    _, at, metres = points(5, seed=2)
    good = describe(fit(at, metres))
    at[3] += (25.0, 0.0)
    bad = describe(fit(at, metres))
    assert bad.disagreeing == ()
    assert bad.rms_px > 1.0
    assert bad.scale_sigma > 1.3 * good.scale_sigma


def test_the_lens_of_a_camera_file_is_used():
    truth, at, metres = points(8, distortion=(-0.25, 0.05, 0, 0, 0))
    plane = fit(at, metres, truth.lens)
    other = pixels(50, np.random.default_rng(9))
    np.testing.assert_allclose(plane.to_ground(other), truth.to_ground(other), atol=1e-3)
    assert np.abs(fit(at, metres).to_ground(other) - truth.to_ground(other)).max() > 0.05


def test_the_band_covers_the_error_of_clicks():
    """Nominal 95 %: the assumed clicks are as large as the true ones."""
    rng, covered, runs = np.random.default_rng(7), 0, 60
    for seed in range(runs):
        truth, at, metres = points((5, 6, 8)[seed % 3], seed=seed)
        plane = fit(at + rng.normal(0, CLICK_SHARE * SIZE_PX[0], at.shape), metres)
        where = at.mean(axis=0, keepdims=True)
        angle = rng.uniform(0, 2 * np.pi)
        way = np.array((np.cos(angle), np.sin(angle)))
        length = np.linalg.norm(plane.jacobian(where)[0] @ np.linalg.solve(truth.jacobian(where)[0], way))
        covered += abs(length - 1.0) < 1.96 * plane.scale_sigma(where)[0]
    assert covered >= 0.88 * runs


@pytest.mark.parametrize(
    ("picture", "metres", "sentence"),
    [
        (SQUARE_PX[:3], SQUARE_M[:3], "4 points or more, there are 3"),
        (SQUARE_PX, SQUARE_M[:3], "4 points in the picture and 3 in metres"),
        (SQUARE_PX, SQUARE_M[[0, 1, 2, 2]], "points 3 and 4 are at the same place in metres"),
        (SQUARE_PX[[0, 0, 2, 3]], SQUARE_M, "points 1 and 2 are at the same place in the picture"),
        (SQUARE_PX, SQUARE_M * (1, -1), "the other way"),
        (SQUARE_PX, SQUARE_M[::-1], "opposite orders"),
        (SQUARE_PX, SQUARE_M[[0, 1, 3, 2]], "points 3 and 4 seem to be swapped"),
        (SQUARE_PX, SQUARE_M * 1000, "not in degrees, feet, millimetres"),
        (SQUARE_PX, SQUARE_M / 500, r"0.034 m apart.*small"),
        (SQUARE_PX, SQUARE_M * (1, 1e-3) + np.arange(4)[:, None] * (0.02, 0), "on one line in metres"),
        (SQUARE_PX, np.array(((0, 0), (4, 0), (8, 0), (0, 15.0))), "points 1, 2 and 3 lie on one line in metres"),
        (SQUARE_PX, SQUARE_M + np.array(((np.nan, 0), (0, 0), (0, 0), (0, 0))), "point 1: not numbers"),
        (SQUARE_PX.ravel(), SQUARE_M, "pairs of numbers"),
    ],
)
def test_mistakes_are_said_in_a_sentence(picture, metres, sentence):
    with pytest.raises(UserError, match=sentence):
        fit(picture, metres)


def test_points_beyond_the_horizon_have_the_wrong_order():
    _, at, metres = points(6)
    with pytest.raises(UserError, match=r"do not fit|order|the other way"):
        fit(at, metres[[3, 5, 0, 4, 1, 2]])
