"""Which detection continues which track: likelihoods of boxes that may be whole or cut, and their assignment.

A pair costs the negative logarithm of the likelihood of the box under the track's prediction, in units of the
track's own height, so that near and far road users are judged alike and a track of uncertain place (long unseen)
yields to one of certain place. A box may show less than the whole road user: then only its upper or its lower edge
has to agree, for the price that cut boxes are rarer than whole ones.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from flaneur.data.kinds import Kind
from flaneur.track.motion import FOOT, HEIGHT, WIDTH, Array, X

Rows = NDArray[np.intp]

NEVER = 1e6
SIDE = 1.0
WHOLE, BOTTOM_CUT, TOP_CUT = range(3)
CUT_COST = 2.5
"""-log of the odds that a box shows only a part of its road user."""
CUT_SHARE = 0.9
"""A box is cut where it is shorter than this share of what its track expects."""
OTHER_GROUP_COST = np.array(
    # pedestrian, two-wheeler, motor vehicle
    [[0.0, 3.0, 8.0], [3.0, 0.0, 5.0], [8.0, 5.0, 0.0]]
)
"""-log of the odds that a detector takes a road user of one group for one of another."""
GROUP = np.array([0, 1, 1, 1, 2, 2, 2, 2])[: len(Kind)]
"""Group of each `Kind`; inside a group a detector's word is weak."""


@dataclass(frozen=True, slots=True)
class Boxes:
    """Detections as centre x, foot y, width, height."""

    xfwh: Array
    """[m, 4] pixels."""
    score: Array
    kind: NDArray[np.uint8]
    cut: NDArray[np.bool_]
    """[m, 4] left, top, right, bottom edge lies on the picture's edge, so that the rest may be outside."""


def pair_costs(mean: Array, cov: Array, noise: Array, votes: Array, boxes: Boxes) -> tuple[Array, NDArray[np.intp]]:
    """Cost [n, m] of every pair, and how much of the road user the box then shows, [n, m].

    mean [n, 4, 2], cov [n, 4, 3], noise [n, 4] measurement deviations in px, votes [n, groups] shares.
    """
    height = mean[:, HEIGHT, 0][:, None]
    variance = (cov[..., 0] + noise**2)[:, None, :]
    error = boxes.xfwh[None] - mean[:, None, :, 0]
    variance = np.repeat(variance, len(boxes.score), axis=1)
    variance[..., X] += SIDE * (0.5 * error[..., WIDTH]) ** 2
    nats = 0.5 * (error**2 / variance + np.log(2.0 * np.pi * variance / (height**2)[..., None]))
    across = nats[..., X] + nats[..., WIDTH]
    top_variance = variance[..., FOOT] + variance[..., HEIGHT]
    top_error = error[..., FOOT] - error[..., HEIGHT]
    top = 0.5 * (top_error**2 / top_variance + np.log(2.0 * np.pi * top_variance / height**2))
    shorter = boxes.xfwh[None, :, HEIGHT] < CUT_SHARE * height
    upright = np.stack(
        (
            nats[..., FOOT] + nats[..., HEIGHT],
            np.where(shorter, top + CUT_COST, NEVER),
            np.where(shorter, nats[..., FOOT] + CUT_COST, NEVER),
        )
    )
    part = upright.argmin(axis=0)
    group = votes @ OTHER_GROUP_COST
    return across + upright.min(axis=0) + group[:, GROUP[boxes.kind]], part


def assign(cost: Array, limit: float) -> tuple[Rows, Rows]:
    """The cheapest one-to-one pairs (rows, columns) where leaving a row and a column alone costs `limit`."""
    if cost.size == 0:
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    rows, columns = linear_sum_assignment(np.minimum(cost - limit, 0.0))
    good = cost[rows, columns] < limit
    return rows[good], columns[good]


def covered(boxes: Array, others: Array) -> Array:
    """Share [m, n] of the smaller of two boxes (centre x, foot y, width, height) that the other covers."""
    a, b = boxes[:, None], others[None]
    wide = np.minimum(a[..., X] + a[..., WIDTH] / 2, b[..., X] + b[..., WIDTH] / 2) - np.maximum(
        a[..., X] - a[..., WIDTH] / 2, b[..., X] - b[..., WIDTH] / 2
    )
    high = np.minimum(a[..., FOOT], b[..., FOOT]) - np.maximum(
        a[..., FOOT] - a[..., HEIGHT], b[..., FOOT] - b[..., HEIGHT]
    )
    smaller = np.minimum(a[..., WIDTH] * a[..., HEIGHT], b[..., WIDTH] * b[..., HEIGHT])
    return np.maximum(wide, 0.0) * np.maximum(high, 0.0) / np.maximum(smaller, 1e-9)
