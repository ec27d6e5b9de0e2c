"""How boxes move: a Kalman filter with a fixed-lag smoother, for all tracks at once.

Each of the four box quantities (centre x, foot y, width, height) follows its own integrated Ornstein–Uhlenbeck
process: the velocity forgets itself with the time constant τ and has the standing deviation σ. People neither
accelerate for ever nor walk on straight for ever, so that a track that is out of sight stays within reach of where
it can be, and a young track starts from the honest belief 0 ± σ. Sources: Stone et al., Bayesian Multiple Target
Tracking (2nd ed. 2014, section 3.2, integrated Ornstein–Uhlenbeck); Rauch, Tung and Striebel, AIAA J. 3 (1965)
1445 for the smoother. All deviations scale with the height of the box, which stands in for the distance.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

X, FOOT, WIDTH, HEIGHT = range(4)
"""Columns of the four box quantities."""


@dataclass(frozen=True, slots=True)
class Step:
    """What `dt_s` seconds do to every track: position gain of the velocity, its decay, and unit process noise."""

    gain_s: float
    decay: float
    noise_pp: float
    noise_pv: float
    noise_vv: float


def step_over(dt_s: float, memory_s: float) -> Step:
    """The transition over `dt_s` for a velocity that forgets itself over `memory_s`, per unit of σ²."""
    decay = float(np.exp(-dt_s / memory_s))
    lost = 1.0 - decay
    return Step(
        gain_s=memory_s * lost,
        decay=decay,
        noise_pp=2.0 * memory_s * (dt_s - 2.0 * memory_s * lost + 0.5 * memory_s * (1.0 - decay * decay)),
        noise_pv=memory_s * lost * lost,
        noise_vv=1.0 - decay * decay,
    )


def predict(mean: Array, cov: Array, step: Step, sigma: Array) -> tuple[Array, Array]:
    """State after one step.

    mean [n, 4, 2] position and velocity; cov [n, 4, 3] variances pp, pv, vv; sigma [n, 4] velocity deviations in
    px/s. Returns arrays of the same shapes.
    """
    g, a, var = step.gain_s, step.decay, sigma * sigma
    position, velocity = mean[..., 0], mean[..., 1]
    pp, pv, vv = cov[..., 0], cov[..., 1], cov[..., 2]
    carried = pv + g * vv
    mean = np.stack((position + g * velocity, a * velocity), axis=-1)
    cov = np.stack(
        (
            pp + g * (pv + carried) + step.noise_pp * var,
            a * carried + step.noise_pv * var,
            a * a * vv + step.noise_vv * var,
        ),
        axis=-1,
    )
    return mean, cov


def update(mean: Array, cov: Array, measured: Array, variance: Array) -> tuple[Array, Array]:
    """State after a measurement of the positions [n, 4] with these variances; an infinite one changes nothing."""
    pp, pv, vv = cov[..., 0], cov[..., 1], cov[..., 2]
    total = pp + variance
    gain_p, gain_v = pp / total, pv / total
    surprise = np.where(np.isinf(variance), 0.0, measured - mean[..., 0])
    mean = np.stack((mean[..., 0] + gain_p * surprise, mean[..., 1] + gain_v * surprise), axis=-1)
    cov = np.stack((pp - gain_p * pp, pv - gain_p * pv, vv - gain_v * pv), axis=-1)
    return mean, cov


def smooth(mean: Array, cov: Array, steps: list[Step], sigma: Array) -> Array:
    """Means [n, k, 4, 2] of the filter at k looks, each corrected by all later looks (Rauch–Tung–Striebel).

    `steps[j]` leads from look j to look j + 1; cov is [n, k, 4, 3].
    """
    result = mean.copy()
    for j in range(len(steps) - 1, -1, -1):
        step, here, spread = steps[j], mean[:, j], cov[:, j]
        ahead, ahead_cov = predict(here, spread, step, sigma)
        pp, pv, vv = spread[..., 0], spread[..., 1], spread[..., 2]
        cpp, cpv = pp + step.gain_s * pv, step.decay * pv
        cvp, cvv = pv + step.gain_s * vv, step.decay * vv
        app, apv, avv = ahead_cov[..., 0], ahead_cov[..., 1], ahead_cov[..., 2]
        det = app * avv - apv * apv
        d_p, d_v = result[:, j + 1, :, 0] - ahead[..., 0], result[:, j + 1, :, 1] - ahead[..., 1]
        w_p, w_v = (avv * d_p - apv * d_v) / det, (app * d_v - apv * d_p) / det
        result[:, j, :, 0] = here[..., 0] + cpp * w_p + cpv * w_v
        result[:, j, :, 1] = here[..., 1] + cvp * w_p + cvv * w_v
    return result
