"""Which detection continues which track, and what a detection that shows only a part says about the whole.

A pair costs the negative logarithm of the likelihood of the box under the track's prediction, in units of the track's
own height: near and far road users are judged alike, and a track of uncertain place (long unseen) yields to one of
certain place. A box may show less than the whole road user. Then only its upper or its lower edge has to agree, at the
price that parts are rarer than wholes. Sources: global nearest neighbour by likelihood after Blackman and Popoli,
Design and Analysis of Modern Tracking Systems (1999); sure boxes first, weak ones after, from ByteTrack (Zhang et al.,
ECCV 2022).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from flaneur.data.private import Private
from flaneur.data.time import to_ns
from flaneur.track.boxes import (
    BOTTOM,
    FOOT,
    GROUP,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Array,
    Boxes,
    Flags,
    Rows,
    X,
    hidden,
    near,
)
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
SMALL_TABLE = 400
"""Up to so many cells it is quicker to solve the table as it is than to leave out its empty rows and columns."""
_SURPRISE = OTHER_GROUP_NATS.T[:, GROUP]
LEFT_OVER_NATS = 1.0
"""-log of the odds that a box which nobody claims and which would make a new road user is one, against a second box on
somebody, or on two: of two boxes for one track, prefer the one that would otherwise start another."""
DOUBT_NATS = 1.0
"""An explanation of a look that is less likely than the best one by no more than this may turn out to be the right
one."""
CLOSE_NATS = 2.0
"""Only pairs with another one so close to them are called in question, ..."""
TRIED = 3
"""... and only so many of them."""
WEAK_NOISE = 2.0
"""By how much the weakest box deviates more than a sure one."""
HIDDEN_NOISE = 4.0
"""By how much foot and height of a box deviate more if another road user covers all of its lower half. Detectors guess
what they cannot see, and often take the feet of the one in front."""
SETTLED_S = 2.0
"""Clutter that has stayed for this long competes with road users for weak boxes."""


def _log_width(variance: Array, height: Array) -> Array:
    """The part of -log of a normal density that depends on its variance alone, in units of the height."""
    nats: Array = 0.5 * np.log(2.0 * np.pi * variance / height**2)
    return nats


def _within_reach(position: Array, variance: Array, height: Array, boxes: Boxes) -> tuple[Rows, Rows]:
    """Every pair (track, box) that can stay below the limit, and few more: the others need no cost.

    The errors together may cost what the limit leaves after the variances; a wrong width also excuses an error in x.
    """
    floor = _log_width(variance, height)
    floor[HEIGHT] = np.minimum(floor[HEIGHT], PART_NATS)
    left = np.maximum(LIMIT_NATS - floor.sum(axis=0), 0.0)
    across = np.sqrt(2.0 * left * (variance[X] + 0.5 * left * variance[WIDTH]))
    upright = np.sqrt(2.0 * left * (variance[FOOT] + variance[HEIGHT]))
    i, j = near(position[X], across, boxes.xfwh[X])
    foot = boxes.xfwh[FOOT, j] - position[FOOT, i]
    top = foot - boxes.xfwh[HEIGHT, j] + position[HEIGHT, i]
    good = np.minimum(np.abs(foot), np.abs(top)) <= upright[i]
    return i[good], j[good]


def _costs(error: Array, variance: Array, height: Array, box_height: Array) -> tuple[Array, Rows]:
    """Cost [p] of p pairs, and which part of the road user the box would show, [p].

    error [4, p] of the box against the track; variance [4, p]; heights [p] of the track and the box.
    """
    variance[X] += (0.5 * error[WIDTH]) ** 2
    nats = 0.5 * error**2 / variance + _log_width(variance, height)
    top_variance = variance[FOOT] + variance[HEIGHT]
    top = 0.5 * (error[FOOT] - error[HEIGHT]) ** 2 / top_variance + _log_width(top_variance, height)
    part = np.where(box_height < PART_SHARE * height, PART_NATS, np.inf)
    upright = np.array((nats[FOOT] + nats[HEIGHT], top + part, nats[FOOT] + part))
    return nats[X] + nats[WIDTH] + upright.min(axis=0), upright.argmin(axis=0)


def _numbered(items: Rows) -> tuple[Rows, int]:
    """The items [p] numbered from 0 in their order, equal ones alike, and how many numbers there are."""
    number = np.zeros(items.max() + 1, np.intp)
    number[items] = 1
    number = number.cumsum()
    return number[items] - 1, int(number[-1])


def _shared(i: Rows, j: Rows) -> Flags:
    """[p] the pairs (i, j) that are not the only one of their i and of their j."""
    shared: Flags = (np.bincount(i)[i] > 1) | (np.bincount(j)[j] > 1)
    return shared


def _best(i: Rows, j: Rows, worth: Array) -> Flags:
    """[p] the pairs (i, j) that together are worth most, each i and j once at most; every pair is worth something."""
    shared = _shared(i, j)
    best: Flags = ~shared
    contested = shared.nonzero()[0]
    if len(contested):
        r, c = i[contested], j[contested]
        rows, columns = int(r.max()) + 1, int(c.max()) + 1
        if rows * columns > SMALL_TABLE:
            (r, rows), (c, columns) = _numbered(r), _numbered(c)
        total = np.zeros((rows, columns))
        total[r, c] = worth[contested]
        chosen = np.zeros(total.shape, np.bool_)
        chosen[linear_sum_assignment(total, maximize=True)] = True
        best[contested] = chosen[r, c]
    return best


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Match(Private):
    """p tracks and the boxes that continue them."""

    tracks: Rows
    boxes: Rows
    part: Rows
    """[p] which part of its road user a box shows."""
    nats: float
    """Log likelihood ratio of all this against nobody's being continued."""

    @staticmethod
    def none() -> "Match":
        """Nobody is continued."""
        nobody = np.zeros(0, np.intp)
        return Match(nobody, nobody, nobody, 0.0)


def _chosen(i: Rows, j: Rows, worth: Array, ranks: Sequence[Flags], size: tuple[int, int]) -> Flags:
    """[p] the pairs (i, j) that hold: those of the first rank choose first, then those of the next."""
    shared = _shared(i, j)
    chosen: Flags = ~shared
    if chosen.all():
        return chosen
    open_track, open_box = np.ones(size[0], np.bool_), np.ones(size[1], np.bool_)
    for first in ranks:
        able = (first & shared & open_track[i] & open_box[j]).nonzero()[0]
        if len(able):
            best = able[_best(i[able], j[able], worth[able])]
            chosen[best] = True
            open_track[i[best]] = open_box[j[best]] = False
    return chosen


def _in_doubt(i: Rows, j: Rows, worth: Array, chosen: Flags, size: tuple[int, int]) -> Rows:
    """The chosen pairs to which another one of their track or box is nearly as good, most doubtful first."""
    other = ~chosen
    by_track, by_box = np.full(size[0], -np.inf), np.full(size[1], -np.inf)
    np.maximum.at(by_track, i[other], worth[other])
    np.maximum.at(by_box, j[other], worth[other])
    lead = worth - np.maximum(by_track[i], by_box[j])
    close = (chosen & (lead < CLOSE_NATS)).nonzero()[0]
    doubtful: Rows = close[lead[close].argsort(kind="stable")]
    return doubtful


def match(
    live: Live, mean: Array, cov: Array, deviation: Array, boxes: Boxes, time_ns: int, second: bool
) -> list[Match]:
    """The best explanation of the boxes and, if there is a `second` one nearly as good and it is asked for, that one.

    mean [2, 4, n], cov [3, 4, n] predicted; deviation [4, n] of a box in px.
    """
    position, variance, height = mean[0], cov[0] + deviation**2, mean[0, HEIGHT]
    i, j = _within_reach(position, variance, height, boxes)
    cost, part = _costs(boxes.xfwh[:, j] - position[:, i], variance[:, i], height[i], boxes.xfwh[HEIGHT, j])
    surprise = _SURPRISE @ live.votes / live.votes.sum(axis=0)
    worth = LIMIT_NATS - cost - surprise[boxes.group[j], i]
    good = (worth > 0.0).nonzero()[0]
    i, j, part = i[good], j[good], part[good]
    worth = worth[good] + LEFT_OVER_NATS * boxes.starts[j]
    believed = (live.sure_ns != NEVER_NS)[i]
    settled = (time_ns - live.born_ns > to_ns(SETTLED_S))[i]
    ranks = (believed & (boxes.weakness == 0.0)[j], believed | settled, np.ones(len(i), np.bool_))
    size = len(live), len(boxes)
    best = _chosen(i, j, worth, ranks, size)
    nats = float(worth[best].sum())
    found = [Match(i[best], j[best], part[best], nats)]
    others = []
    for pair in _in_doubt(i, j, worth, best & believed, size)[:TRIED] if second else ():
        allowed = np.ones(len(i), np.bool_)
        allowed[pair] = False
        other = _chosen(i, j, worth, [rank & allowed for rank in ranks], size)
        others.append((float(worth[other].sum()), other))
    if others:
        # sure boxes first: the best explanation is the likeliest one of those that keep to this, no other is preferred
        value, other = max(others, key=lambda o: o[0])
        if value > nats - DOUBT_NATS:
            found.append(Match(i[other], j[other], part[other], min(value, nats)))
    return found


def whole(size: Array, tall: Array, deviation: Array, boxes: Boxes, part: Rows) -> tuple[Array, Array]:
    """What n matched boxes say about the whole road users: positions [4, n] and variances [4, n].

    size [4, n] is the predicted box and tall [n] the variance of its height. Where a box is cut, by something in front
    or by the picture's edge, the hidden side follows from the visible one and the track's own size, and the size is not
    measured (infinite variance). But nobody outgrows the picture's edge: a width that it cuts is known to within a
    height, or who stands there for a minute could be of any width, and so anywhere.
    """
    xfwh, cut, width, height = boxes.xfwh.copy(), boxes.cut, size[WIDTH], size[HEIGHT]
    variance = (deviation * (1.0 + (WEAK_NOISE - 1.0) * boxes.weakness)) ** 2
    variance[FOOT :: HEIGHT - FOOT] *= (1.0 + (HIDDEN_NOISE - 1.0) * hidden(xfwh)) ** 2
    lower, narrower = xfwh[HEIGHT] < height, xfwh[WIDTH] < width
    no_feet = (part == UPPER_PART) | (cut[BOTTOM] & lower)
    no_head = (part == LOWER_PART) | (cut[TOP] & lower)
    no_left, no_right = cut[LEFT] & narrower, cut[RIGHT] & narrower
    is_part = no_feet | no_head
    # a part is often a head or a leg: its middle may be off the road user's by half of what is missing
    missing = 0.5 * (width - xfwh[WIDTH])
    variance[X] += missing**2
    variance[FOOT] += no_feet * tall
    variance[HEIGHT, is_part] = np.inf
    variance[WIDTH, is_part & narrower] = np.inf
    xfwh[X] += missing * no_right - missing * no_left
    cut_off = (no_left | no_right) & ~is_part
    xfwh[WIDTH, cut_off], variance[WIDTH, cut_off] = width[cut_off], height[cut_off] ** 2
    xfwh[FOOT] += no_feet * (height - xfwh[HEIGHT])
    return xfwh, variance
