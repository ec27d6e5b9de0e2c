"""The filter and the smoother against the textbook's matrices."""

import numpy as np
import pytest

from flaneur.track import motion

TIMES_S = (0.2, 0.4, 0.1, 0.8)
SIGMA = np.array([[20.0], [5.0], [3.0], [1.0]])


def states(*values):
    """One road user, the same in all four quantities."""
    return np.array(values)[:, None, None] * np.ones((4, 1))


def matrices(step, sigma):
    """Transition and process noise of one quantity."""
    noise = np.array([[step.noise_pp, step.noise_pv], [step.noise_pv, step.noise_vv]])
    return np.array([[1.0, step.gain_s], [0.0, step.decay]]), sigma**2 * noise


def textbook(measured, variance, sigma, mean, cov, steps):
    """Kalman filter, then Rauch–Tung–Striebel smoother, for one quantity."""
    means, covs, ahead = [mean], [cov], []
    for step, z in zip(steps, measured, strict=True):
        f, q = matrices(step, sigma)
        m, p = f @ means[-1], f @ covs[-1] @ f.T + q
        ahead.append((f, m, p))
        gain = p[:, 0] / (p[0, 0] + variance)
        means.append(m + gain * (z - m[0]))
        covs.append(p - np.outer(gain, p[0]))
    smoothed = [means[-1]]
    for (f, m, p), m_before, p_before in zip(ahead[::-1], means[-2::-1], covs[-2::-1], strict=True):
        smoothed.append(m_before + p_before @ f.T @ np.linalg.inv(p) @ (smoothed[-1] - m))
    return np.array(smoothed[::-1])


def test_smoothing_by_joined_maps_is_the_smoother_of_rauch_tung_and_striebel():
    rng = np.random.default_rng(0)
    steps = [motion.step_over(dt) for dt in TIMES_S]
    measured = rng.normal(0.0, 3.0, (len(steps), 4, 1))  # no box is off by so much that it counts less
    variance = np.full((4, 1), 9.0)
    mean, cov = rng.normal(0.0, 3.0, (2, 4, 1)), np.zeros((3, 4, 1))
    cov[0], cov[1], cov[2] = 9.0, 2.0, SIGMA**2
    first_mean, first_cov = mean.copy(), cov.copy()
    past = np.zeros((2, 3, 1, 4, 1)) + motion.SAME[..., None, None, None]
    for step, z in zip(steps, measured, strict=True):
        ahead, ahead_cov = motion.predict(mean, cov, step, SIGMA)
        past = motion.composed(past, motion.hindsight(mean, cov, ahead, ahead_cov, step))
        mean, cov = motion.update(ahead, ahead_cov, z, variance)
    for q in range(4):
        (pp, pv, vv), sigma = first_cov[:, q, 0], SIGMA[q, 0]
        expected = textbook(measured[:, q, 0], 9.0, sigma, first_mean[:, q, 0], np.array([[pp, pv], [pv, vv]]), steps)
        found = motion.smoothed(past, mean)[:, :, q, 0].T
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_two_steps_are_one_step_of_their_sum():
    mean, cov = states(5.0, 3.0), states(4.0, 1.0, 2.0)
    once = motion.predict(mean, cov, motion.step_over(0.5), SIGMA)
    twice = motion.predict(*motion.predict(mean, cov, motion.step_over(0.2), SIGMA), motion.step_over(0.3), SIGMA)
    np.testing.assert_allclose(once[0], twice[0])
    np.testing.assert_allclose(once[1], twice[1])


def test_an_infinite_variance_measures_nothing():
    mean, cov = states(1.0, 1.0), states(1.0, 1.0, 1.0)
    after, after_cov = motion.update(mean, cov, np.full((4, 1), 99.0), np.full((4, 1), np.inf))
    assert (after == mean).all()
    assert (after_cov == cov).all()


def test_one_bad_box_moves_a_track_no_farther_than_a_somewhat_bad_one():
    mean, cov, variance = states(0.0, 0.0), states(1.0, 0.5, 2.0), np.ones((4, 1))
    edge = motion.SURPRISE * np.sqrt(2.0)
    shift = [motion.update(mean, cov, np.full((4, 1), z), variance)[0] for z in (edge / 2, edge, 2 * edge, 20 * edge)]
    np.testing.assert_allclose(shift[1], 2 * shift[0])
    np.testing.assert_allclose(shift[2], shift[1] / 2)
    assert (shift[3] < shift[2]).all()


def test_a_box_of_a_quick_second_look_counts_less():
    height, kind = np.array([100.0]), np.array([0], np.uint8)
    slow, quick = (motion.box_deviation(height, kind, dt_s) for dt_s in (1.0, motion.ALIKE_S / 4))
    np.testing.assert_allclose(quick, 2.0 * slow)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_the_cubic_goes_through_both_states(share):
    states = np.random.default_rng(0).normal(size=(2, 2, 4, 3))
    np.testing.assert_allclose(motion.between(states, 0.4, share), states[0, round(share)])


def test_between_two_states_of_one_velocity_the_way_is_straight():
    start, velocity = np.random.default_rng(0).normal(size=(2, 4, 3))
    states = np.array(((start, start + 0.4 * velocity), (velocity, velocity)))
    np.testing.assert_allclose(motion.between(states, 0.4, 0.25), start + 0.1 * velocity)
