"""How boxes move: a Kalman filter with a fixed-lag smoother, for all tracks at once.

Each of the four box quantities (centre x, foot y, width, height) follows its own integrated Ornstein–Uhlenbeck
process: a velocity with the standing deviation σ that forgets itself with the time constant τ. So a young track starts
from the honest belief 0 ± σ, and one that is out of sight stays within reach. Sources: Stone, Streit, Corwin and Bell,
Bayesian Multiple Target Tracking (2nd ed. 2014) for the process; Rauch, Tung and Striebel, AIAA Journal 3 (1965) 1445
for the smoother. All deviations scale with the height of the box, which stands in for the distance.
"""

import math
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
_ROUGHNESS = np.array([1.0 if kind is Kind.PEDESTRIAN else VEHICLE_NOISE for kind in Kind])


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
    tau, decay = VELOCITY_MEMORY_S, math.exp(-dt_s / VELOCITY_MEMORY_S)
    lost = 1.0 - decay
    return Step(
        gain_s=tau * lost,
        decay=decay,
        noise_pp=2.0 * tau * (dt_s - 2.0 * tau * lost + 0.5 * tau * (1.0 - decay * decay)),
        noise_pv=tau * lost * lost,
        noise_vv=1.0 - decay * decay,
    )


def velocity_deviation(height_px: Array, kind: NDArray[np.uint8]) -> Array:
    """σ [4, n] in px/s for tracks of these heights [n] and kinds [n]."""
    sigma: Array = AXES[:, None] * (height_px * _SPEED[kind])
    return sigma


def box_deviation(height_px: Array, kind: NDArray[np.uint8], dt_s: float) -> Array:
    """Deviations [4, n] in px of sure boxes on tracks of these heights and kinds [n], `dt_s` after the look before."""
    alike = math.sqrt(max(1.0, ALIKE_S / dt_s))
    deviation: Array = (alike * NOISE)[:, None] * (height_px * _ROUGHNESS[kind])
    return deviation


def predict(mean: Array, cov: Array, step: Step, sigma: Array) -> tuple[Array, Array]:
    """State after one step.

    mean [2, 4, n] position and velocity; cov [3, 4, n] variances pp, pv, vv; sigma [4, n] in px/s. Returns arrays of
    the same shapes.
    """
    (position, velocity), (pp, pv, vv) = mean, cov
    g, a, var = step.gain_s, step.decay, sigma * sigma
    carried = pv + g * vv
    ahead = np.array((position + g * velocity, a * velocity))
    ahead_cov = np.array(
        (
            pp + g * (pv + carried) + step.noise_pp * var,
            a * carried + step.noise_pv * var,
            a * a * vv + step.noise_vv * var,
        )
    )
    return ahead, ahead_cov


def update(mean: Array, cov: Array, measured: Array, variance: Array) -> tuple[Array, Array]:
    """State after positions [4, n] were measured with these variances; an infinite one changes nothing.

    Outliers count less the farther they are off, after Hampel, The Influence Curve and its Role in Robust Estimation
    (1974).
    """
    pp, pv, vv = cov
    surprise = measured - mean[0]
    total = np.maximum(pp + variance, (surprise / SURPRISE) ** 2)
    gain = cov[:2] / total
    gain_p, gain_v = gain
    return mean + gain * surprise, np.array((pp - gain_p * pp, pv - gain_p * pv, vv - gain_v * pv))


SAME = np.eye(2, 3)
"""The map of a state to itself."""


def hindsight(mean: Array, cov: Array, ahead: Array, ahead_cov: Array, step: Step) -> Array:
    """How a smoothed state follows from the smoothed state one step later: affine maps [2, 3, 4, n].

    mean, cov are what the filter knew before the step, ahead, ahead_cov what it predicted from that. This is the
    smoother of Rauch, Tung and Striebel, written so that the steps of the lag join into one map each, once for all.
    """
    app, apv, avv = ahead_cov
    now = cov[:2] + step.gain_s * cov[1:]  # covariance of the state before with the position after
    then = step.decay * cov[1:]  # and with the velocity after
    det = app * avv - apv * apv
    to, kept = now / det, then / det
    back = np.empty((2, 3, *det.shape))
    back[:, 0], back[:, 1] = to * avv - kept * apv, kept * app - to * apv
    back[:, 2] = mean - (back[:, 0] * ahead[0] + back[:, 1] * ahead[1])
    return back


def composed(past: Array, back: Array) -> Array:
    """Maps [2, 3, k + 1, 4, n] of a state: the k of the past after the map `back` [2, 3, 4, n], then `SAME`."""
    _, _, k, *shape = past.shape
    result = np.empty((2, 3, k + 1, *shape))
    older = np.multiply(past[:, 0, None], back[0, :, None], out=result[:, :, :k])
    older += past[:, 1, None] * back[1, :, None]
    older[:, 2] += past[:, 2]
    result[:, :, k] = SAME[..., None, None]
    return result


def smoothed(past: Array, mean: Array) -> Array:
    """States [2, k, 4, n] of the past by its maps [2, 3, k, 4, n] from the latest states [2, 4, n]."""
    state: Array = past[:, 0] * mean[0] + past[:, 1] * mean[1] + past[:, 2]
    return state


def between(states: Array, dt_s: float, share: float) -> Array:
    """Positions [4, n] at `share` of the way between two states [2, 2, 4, n], `dt_s` apart: the cubic through both."""
    s2, s3 = share * share, share**3
    weights = (2 * s3 - 3 * s2 + 1, 3 * s2 - 2 * s3, (s3 - 2 * s2 + share) * dt_s, (s3 - s2) * dt_s)
    position: Array = np.array(weights) @ states.reshape(4, -1)
    return position.reshape(states.shape[2:])
