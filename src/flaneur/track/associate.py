"""Which detection continues which track, and what a detection that shows only a part says about the whole.

A pair costs the negative logarithm of the likelihood of the box under the track's prediction, in units of the track's
own height: near and far road users are judged alike, and a track of uncertain place (long unseen) yields to one of
certain place. A box may show less than the whole road user. Then only its upper or its lower edge has to agree, at the
price that parts are rarer than wholes. Sources: global nearest neighbour by likelihood after Blackman and Popoli,
Design and Analysis of Modern Tracking Systems (1999); sure boxes first, weak ones after, from ByteTrack (Zhang et al.,
ECCV 2022).
"""

import numpy as np
from scipy.optimize import linear_sum_assignment

from flaneur.data.time import to_ns
from flaneur.track.boxes import BOTTOM, FOOT, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Array, Boxes, Rows, X
from flaneur.track.live import NEVER_NS, Live

LIMIT_NATS = 4.0
"""A pair must not cost more; about 3 deviations in every quantity of a track that is seen all the time."""
PART_NATS = 3.0
"""-log of the odds that a box shows only a part of its road user."""
PART_SHARE = 0.9
"""Only a box that is shorter than this share of its track can be a part."""
WHOLE, UPPER_PART, LOWER_PART = range(3)
OTHER_GROUP_NATS = np.array([[0.0, 3.0, 8.0], [3.0, 0.0, 5.0], [8.0, 5.0, 0.0]])
"""-log of the odds that a detector takes a pedestrian, two-wheeler, motor vehicle (rows) for another (columns)."""
WEAK_NOISE = 2.0
"""By how much the weakest box deviates more than a sure one."""
SETTLED_S = 2.0
"""Clutter that has stayed for this long competes with road users for weak boxes."""
_NEVER = 1e6


def _pair_costs(mean: Array, cov: Array, deviation: Array, groups: Array, boxes: Boxes) -> tuple[Array, Rows]:
    """Cost [n, m] of every pair, and which part of the road user the box would show, [n, m].

    mean [n, 4, 2], cov [n, 4, 3] predicted; deviation [n, 4] of a box in px; groups [n, groups] shares of votes.
    """
    height = np.maximum(mean[:, HEIGHT, 0], 1.0)[:, None]
    error = boxes.xfwh[None] - mean[:, None, :, 0]
    variance = np.repeat((cov[..., 0] + deviation**2)[:, None, :], len(boxes), axis=1)
    variance[..., X] += (0.5 * error[..., WIDTH]) ** 2

    def nats(error: Array, variance: Array) -> Array:
        cost: Array = 0.5 * (error**2 / variance + np.log(2.0 * np.pi * variance / height**2))
        return cost

    across = nats(error[..., X], variance[..., X]) + nats(error[..., WIDTH], variance[..., WIDTH])
    foot = nats(error[..., FOOT], variance[..., FOOT])
    top = nats(error[..., FOOT] - error[..., HEIGHT], variance[..., FOOT] + variance[..., HEIGHT])
    no_part = np.where(boxes.xfwh[None, :, HEIGHT] < PART_SHARE * height, PART_NATS, _NEVER)
    whole = foot + nats(error[..., HEIGHT], variance[..., HEIGHT])
    upright = np.stack((whole, top + no_part, foot + no_part))
    return across + upright.min(axis=0) + (groups @ OTHER_GROUP_NATS)[:, boxes.group], upright.argmin(axis=0)


def assign(cost: Array) -> tuple[Rows, Rows]:
    """The one-to-one pairs (rows, columns) that together stay farthest below the limit."""
    rows, columns = linear_sum_assignment(np.minimum(cost - LIMIT_NATS, 0.0))
    good = cost[rows, columns] < LIMIT_NATS
    return rows[good], columns[good]


def match(live: Live, mean: Array, cov: Array, deviation: Array, boxes: Boxes, time_ns: int) -> tuple[Rows, Rows, Rows]:
    """Rows of tracks, the boxes that continue them, and which part each box shows."""
    votes = live.group_votes()
    cost, part = _pair_costs(mean, cov, deviation, votes / votes.sum(axis=1, keepdims=True), boxes)
    is_sure = boxes.weakness == 0.0
    believed = live.sure_ns != NEVER_NS
    settled = time_ns - live.born_ns > to_ns(SETTLED_S)
    free_tracks, free_boxes = np.ones(len(live), np.bool_), np.ones(len(boxes), np.bool_)
    rows, columns = np.zeros(0, np.intp), np.zeros(0, np.intp)
    for tracks, found in ((believed, is_sure), (believed | settled, True), (True, True)):
        i, j = np.flatnonzero(free_tracks & tracks), np.flatnonzero(free_boxes & found)
        if len(i) and len(j):
            r, c = assign(cost[np.ix_(i, j)])
            rows, columns = np.concatenate((rows, i[r])), np.concatenate((columns, j[c]))
            free_tracks[rows] = free_boxes[columns] = False
    return rows, columns, part[rows, columns]


def whole(mean: Array, cov: Array, deviation: Array, boxes: Boxes, part: Rows) -> tuple[Array, Array]:
    """What n matched boxes say about the whole road users: positions [n, 4] and variances [n, 4].

    Where a box is cut, by something in front or by the picture's edge, the hidden side follows from the visible one
    and the track's own size, and the size is not measured (infinite variance).
    """
    xfwh, cut = boxes.xfwh.copy(), boxes.cut
    variance = (deviation * (1.0 + (WEAK_NOISE - 1.0) * boxes.weakness)[:, None]) ** 2
    height, width = mean[:, HEIGHT, 0], mean[:, WIDTH, 0]
    lower, narrower = xfwh[:, HEIGHT] < height, xfwh[:, WIDTH] < width
    no_feet = (part == UPPER_PART) | (cut[:, BOTTOM] & lower)
    no_head = (part == LOWER_PART) | (cut[:, TOP] & lower)
    no_left, no_right = cut[:, LEFT] & narrower, cut[:, RIGHT] & narrower
    # a part is often a head or a leg: its middle may be off the road user's by half of what is missing
    variance[:, X] += (0.5 * (xfwh[:, WIDTH] - width)) ** 2
    variance[:, FOOT] += np.where(no_feet, cov[:, HEIGHT, 0], 0.0)
    variance[:, HEIGHT] = np.where(no_feet | no_head, np.inf, variance[:, HEIGHT])
    is_part = no_feet | no_head
    variance[:, WIDTH] = np.where(no_left | no_right | (is_part & narrower), np.inf, variance[:, WIDTH])
    missing = 0.5 * (width - xfwh[:, WIDTH])
    xfwh[:, X] += np.where(no_right, missing, 0.0) - np.where(no_left, missing, 0.0)
    xfwh[:, FOOT] += np.where(no_feet, height - xfwh[:, HEIGHT], 0.0)
    return xfwh, variance
