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
from flaneur.track.boxes import BOTTOM, FOOT, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Array, Boxes, Flags, Rows, X, near
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


def _log_width(variance: Array, height: Array) -> Array:
    """The part of -log of a normal density that depends on its variance alone, in units of the height."""
    nats: Array = 0.5 * np.log(2.0 * np.pi * variance / height**2)
    return nats


def _within_reach(position: Array, variance: Array, height: Array, boxes: Boxes) -> tuple[Rows, Rows]:
    """Every pair (row, box) that can stay below the limit, and few more: the others need no cost.

    The errors together may cost what the limit leaves after the variances; a wrong width also excuses an error in x.
    """
    floor = _log_width(variance, height[:, None])
    floor[:, HEIGHT] = np.minimum(floor[:, HEIGHT], PART_NATS)
    left = np.maximum(LIMIT_NATS - floor.sum(axis=1), 0.0)
    across = np.sqrt(2.0 * left * (variance[:, X] + 0.5 * left * variance[:, WIDTH]))
    upright = np.sqrt(2.0 * left * (variance[:, FOOT] + variance[:, HEIGHT]))
    i, j = near(position[:, X], across, boxes.xfwh[:, X])
    foot = boxes.xfwh[j, FOOT] - position[i, FOOT]
    top = foot - boxes.xfwh[j, HEIGHT] + position[i, HEIGHT]
    good = np.minimum(np.abs(foot), np.abs(top)) <= upright[i]
    return i[good], j[good]


def _costs(error: Array, variance: Array, height: Array, box_height: Array) -> tuple[Array, Rows]:
    """Cost [p] of p pairs, and which part of the road user the box would show, [p].

    error [p, 4] of the box against the track; variance [p, 4]; heights [p] of the track and the box.
    """
    variance[:, X] += (0.5 * error[:, WIDTH]) ** 2
    nats = 0.5 * error**2 / variance + _log_width(variance, height[:, None])
    top_variance = variance[:, FOOT] + variance[:, HEIGHT]
    top = 0.5 * (error[:, FOOT] - error[:, HEIGHT]) ** 2 / top_variance + _log_width(top_variance, height)
    part = np.where(box_height < PART_SHARE * height, PART_NATS, np.inf)
    upright = np.stack((nats[:, FOOT] + nats[:, HEIGHT], top + part, nats[:, FOOT] + part))
    return nats[:, X] + nats[:, WIDTH] + upright.min(axis=0), upright.argmin(axis=0)


def _best(i: Rows, j: Rows, worth: Array) -> Flags:
    """[p] the pairs (i, j) that together are worth most, each i and j once at most; every pair is worth something."""
    best: Flags = (np.bincount(i)[i] == 1) & (np.bincount(j)[j] == 1)
    contested = (~best).nonzero()[0]
    if len(contested):
        rows, r = np.unique(i[contested], return_inverse=True)
        columns, c = np.unique(j[contested], return_inverse=True)
        total = np.zeros((len(rows), len(columns)))
        total[r, c] = worth[contested]
        chosen = np.zeros(total.shape, np.bool_)
        chosen[linear_sum_assignment(total, maximize=True)] = True
        best[contested] = chosen[r, c]
    return best


def match(live: Live, mean: Array, cov: Array, deviation: Array, boxes: Boxes, time_ns: int) -> tuple[Rows, Rows, Rows]:
    """Rows of tracks, the boxes that continue them, and which part each box shows.

    mean [n, 4, 2], cov [n, 4, 3] predicted; deviation [n, 4] of a box in px.
    """
    position, variance, height = mean[..., 0], cov[..., 0] + deviation**2, mean[:, HEIGHT, 0]
    i, j = _within_reach(position, variance, height, boxes)
    cost, part = _costs(boxes.xfwh[j] - position[i], variance[i], height[i], boxes.xfwh[j, HEIGHT])
    votes = live.group_votes()
    surprise = votes @ OTHER_GROUP_NATS / votes.sum(axis=1, keepdims=True)
    worth = LIMIT_NATS - cost - surprise[i, boxes.group[j]]
    good = worth > 0.0
    i, j, worth, part = i[good], j[good], worth[good], part[good]
    believed = (live.sure_ns != NEVER_NS)[i]
    settled = (time_ns - live.born_ns > to_ns(SETTLED_S))[i]
    is_sure = (boxes.weakness == 0.0)[j]
    pairs = np.zeros(0, np.intp)
    open_track, open_box = np.ones(len(live), np.bool_), np.ones(len(boxes), np.bool_)
    for first in (believed & is_sure, believed | settled, True):
        able = (first & open_track[i] & open_box[j]).nonzero()[0]
        if len(able):
            pairs = np.concatenate((pairs, able[_best(i[able], j[able], worth[able])]))
            open_track[i[pairs]] = open_box[j[pairs]] = False
    return i[pairs], j[pairs], part[pairs]


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
