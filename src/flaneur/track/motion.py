"""How boxes move: a Kalman filter with a fixed-lag smoother, for all tracks at once.

Each of the four box quantities (centre x, foot y, width, height) follows its own integrated Ornstein–Uhlenbeck
process: a velocity with the standing deviation σ that forgets itself with the time constant τ. So a young track starts
from the honest belief 0 ± σ, and one that is out of sight stays within reach. Sources: Stone, Streit, Corwin and Bell,
Bayesian Multiple Target Tracking (2nd ed. 2014) for the process; Rauch, Tung and Striebel, AIAA Journal 3 (1965) 1445
for the smoother. All deviations scale with the height of the box, which stands in for the distance.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import Kind
from flaneur.track.boxes import Array

VELOCITY_MEMORY_S = 8.0
"""τ: for how long a road user keeps its velocity."""
NOISE = np.array((0.07, 0.05, 0.10, 0.07))
"""Deviation of a sure box from the truth in box heights: centre x, foot y, width, height. About 1.7 times the spread
seen on clear views, because the errors have heavy tails."""
VEHICLE_NOISE = 2.0
"""By how much boxes of vehicles deviate more: they are longer than high, turn, and riders come and go in them."""
ALIKE_S = 0.2
"""Errors of boxes nearer in time than this are alike (the same pose, the same background): they count as one."""
SURPRISE = 2.5
"""A box that is off by more deviations than this is taken for less exact, until it is off by no more. Where two people
were taken for one, or somebody is half hidden, one bad box must not turn a track."""
AXES = np.array((1.0, 0.5, 0.2, 0.1))
"""σ of the four quantities as share of the speed: cameras look down at a slant, and sizes change slowly."""
SPEED = {Kind.PEDESTRIAN: 0.6, Kind.TWO_WHEELER: 3.0, Kind.BICYCLE: 3.0, Kind.MOTORCYCLE: 5.0, Kind.CAR: 5.0}
"""Standing deviation of a road user's speed in its own heights a second: a walker's stride, a car's town speed."""
FASTEST = 4.0
"""The same for kinds that are taller than cars."""
_SPEED = np.array([SPEED.get(kind, FASTEST) for kind in Kind])


@dataclass(frozen=True, slots=True)
class Step:
    """What the time between two looks does to every track."""

    gain_s: float
    """Position gained per unit of velocity."""
    decay: float
    """Share of the velocity that is left."""
    noise_pp: float
    noise_pv: float
    noise_vv: float
    """Process noise per unit of σ²."""


def step_over(dt_s: float) -> Step:
    """The transition over `dt_s` seconds."""
    tau, decay = VELOCITY_MEMORY_S, float(np.exp(-dt_s / VELOCITY_MEMORY_S))
    lost = 1.0 - decay
    return Step(
        gain_s=tau * lost,
        decay=decay,
        noise_pp=2.0 * tau * (dt_s - 2.0 * tau * lost + 0.5 * tau * (1.0 - decay * decay)),
        noise_pv=tau * lost * lost,
        noise_vv=1.0 - decay * decay,
    )


def velocity_deviation(height_px: Array, kind: NDArray[np.uint8]) -> Array:
    """σ [n, 4] in px/s for tracks of these heights [n] and kinds [n]."""
    sigma: Array = height_px[:, None] * _SPEED[kind][:, None] * AXES
    return sigma


def box_deviation(height_px: Array, kind: NDArray[np.uint8], dt_s: float) -> Array:
    """Deviations [n, 4] in px of sure boxes on tracks of these heights and kinds [n], `dt_s` after the look before."""
    rougher = np.where(kind == Kind.PEDESTRIAN, 1.0, VEHICLE_NOISE)
    deviation: Array = np.sqrt(max(1.0, ALIKE_S / dt_s)) * NOISE * (height_px * rougher)[:, None]
    return deviation


def predict(mean: Array, cov: Array, step: Step, sigma: Array) -> tuple[Array, Array]:
    """State after one step.

    mean [n, 4, 2] position and velocity; cov [n, 4, 3] variances pp, pv, vv; sigma [n, 4] in px/s. Returns arrays of
    the same shapes.
    """
    g, a, var = step.gain_s, step.decay, sigma * sigma
    position, velocity = mean[..., 0], mean[..., 1]
    pp, pv, vv = cov[..., 0], cov[..., 1], cov[..., 2]
    carried = pv + g * vv
    ahead, ahead_cov = np.empty_like(mean), np.empty_like(cov)
    ahead[..., 0], ahead[..., 1] = position + g * velocity, a * velocity
    ahead_cov[..., 0] = pp + g * (pv + carried) + step.noise_pp * var
    ahead_cov[..., 1] = a * carried + step.noise_pv * var
    ahead_cov[..., 2] = a * a * vv + step.noise_vv * var
    return ahead, ahead_cov


def update(mean: Array, cov: Array, measured: Array, variance: Array) -> tuple[Array, Array]:
    """State after positions [n, 4] were measured with these variances; an infinite one changes nothing.

    Outliers count less the farther they are off, after Hampel, The Influence Curve and its Role in Robust Estimation
    (1974).
    """
    pp, pv, vv = cov[..., 0], cov[..., 1], cov[..., 2]
    surprise = measured - mean[..., 0]
    total = np.maximum(pp + variance, (surprise / SURPRISE) ** 2)
    gain_p, gain_v = pp / total, pv / total
    after, after_cov = np.empty_like(mean), np.empty_like(cov)
    after[..., 0], after[..., 1] = mean[..., 0] + gain_p * surprise, mean[..., 1] + gain_v * surprise
    after_cov[..., 0], after_cov[..., 1], after_cov[..., 2] = pp - gain_p * pp, pv - gain_p * pv, vv - gain_v * pv
    return after, after_cov


SAME = np.eye(2, 3)
"""The map of a state to itself."""


def hindsight(mean: Array, cov: Array, ahead: Array, ahead_cov: Array, step: Step) -> Array:
    """How a smoothed state follows from the smoothed state one step later: affine maps [n, 4, 2, 3].

    mean, cov are what the filter knew before the step, ahead, ahead_cov what it predicted from that. This is the
    smoother of Rauch, Tung and Striebel, written so that the steps of the lag join into one map each, once for all.
    """
    pp, pv, vv = cov[..., 0], cov[..., 1], cov[..., 2]
    app, apv, avv = ahead_cov[..., 0], ahead_cov[..., 1], ahead_cov[..., 2]
    det = app * avv - apv * apv
    to_p, to_v = (pp + step.gain_s * pv) / det, (pv + step.gain_s * vv) / det
    kept_p, kept_v = step.decay * pv / det, step.decay * vv / det
    back = np.empty((*mean.shape, 3))
    back[..., 0, 0], back[..., 0, 1] = to_p * avv - kept_p * apv, kept_p * app - to_p * apv
    back[..., 1, 0], back[..., 1, 1] = to_v * avv - kept_v * apv, kept_v * app - to_v * apv
    back[..., 2] = mean - np.einsum("nqij,nqj->nqi", back[..., :2], ahead)
    return back


def composed(past: Array, back: Array) -> Array:
    """Maps [n, k, 4, 2, 3] of a state that are applied after the map `back` [n, 4, 2, 3]."""
    result: Array = past[..., 0, None] * back[:, None, :, None, 0] + past[..., 1, None] * back[:, None, :, None, 1]
    result[..., 2] += past[..., 2]
    return result


def smoothed(past: Array, mean: Array) -> Array:
    """States [n, 4, 2] of the past by its maps [n, 4, 2, 3] from the latest states [n, 4, 2]."""
    state: Array = past[..., 0] * mean[..., 0, None] + past[..., 1] * mean[..., 1, None] + past[..., 2]
    return state


def between(before: Array, after: Array, dt_s: float, share: float) -> Array:
    """Positions [n, 4] at `share` of the way from one state [n, 4, 2] to one `dt_s` later: the cubic through both."""
    s2, s3 = share * share, share**3
    start = (2 * s3 - 3 * s2 + 1) * before[..., 0] + (s3 - 2 * s2 + share) * dt_s * before[..., 1]
    end: Array = (3 * s2 - 2 * s3) * after[..., 0] + (s3 - s2) * dt_s * after[..., 1]
    return start + end
