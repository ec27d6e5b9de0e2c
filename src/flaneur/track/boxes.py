"""Boxes as the tracker sees them: centre x, foot y, width, height.

Here and in all of this package the road users are the last dimension of an array, so that each quantity lies in one
piece: numpy's cost for few road users is that of its calls, and calls on pieces are the cheap ones.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import TWO_WHEELERS, Kind
from flaneur.data.private import Detections, Private
from flaneur.track.params import TrackParams

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.intp]

X, FOOT, WIDTH, HEIGHT = range(4)
"""The four box quantities, first dimension of an array of boxes."""
LEFT, TOP, RIGHT, BOTTOM = range(4)
"""The edges, first dimension."""

GROUP: Rows = np.array([0 if k is Kind.PEDESTRIAN else 1 if k in TWO_WHEELERS else 2 for k in Kind])
"""Group of each `Kind`: pedestrians, two-wheelers, motor vehicles. Inside a group a detector's word is weak."""

FEW = 4096
"""Up to so many pairs it is quicker to compare all than to sort."""
TWIN = 0.8
"""Two motor vehicles of different kinds that share this much of both boxes are one: a van is a car and a truck to
detectors. Of two sure boxes for it, whoever stands beside it would take the other."""
EDGE_SHARE = 0.01
"""A box that ends within this share of the picture's shorter side from an edge may go on outside."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Boxes(Private):
    """What was detected in one frame, m boxes."""

    xfwh: Array
    """[4, m] pixels."""
    score: Array
    """[m] 0..1."""
    kind: NDArray[np.uint8]
    """[m] codes of `Kind`."""
    starts: Flags
    """[m] the score is high enough to make a road user of what is followed."""
    weakness: Array
    """[m] 0 where the score is a sure one, growing to 1 at the weakest score that is looked at."""
    cut: Flags
    """[4, m] left, top, right, bottom edge lies on the picture's, so that the road user may go on outside."""

    def __len__(self) -> int:
        return len(self.score)

    def take(self, rows: Rows) -> "Boxes":
        """The rows that an index array selects."""
        return Boxes(
            self.xfwh[:, rows],
            self.score[rows],
            self.kind[rows],
            self.starts[rows],
            self.weakness[rows],
            self.cut[:, rows],
        )

    @property
    def group(self) -> Rows:
        """[m] group of each box."""
        return GROUP[self.kind]


def boxes_of(detections: Detections, params: TrackParams, size_px: tuple[float, float]) -> Boxes:
    """The detections of positive size that are not too weak, by falling score whatever their order was.

    Of a motor vehicle that was taken for two kinds only the better box is left.
    """
    score = detections.score.astype(np.float64)
    strong = (score >= params.weak_score).nonzero()[0]
    xyxy, score, kind = detections.xyxy_px[strong].T.astype(np.float64), score[strong], detections.kind[strong]
    fit = (xyxy[LEFT] < xyxy[RIGHT]) & (xyxy[TOP] < xyxy[BOTTOM]) & np.isfinite(xyxy).all(axis=0)
    order = np.lexsort((*xyxy, kind, -score))
    order = order[fit[order]]
    order = order[_single(xyxy[:, order], kind[order])]
    xyxy, score, kind = xyxy[:, order], score[order], kind[order]
    left, top, right, bottom = xyxy
    (width, height), margin = size_px, EDGE_SHARE * min(size_px)
    start = np.where(kind == Kind.PEDESTRIAN, params.start_score, params.start_vehicle_score)
    sure = np.minimum(params.sure_score, start)
    return Boxes(
        xfwh=_xfwh_of(xyxy),
        score=score,
        kind=kind,
        starts=score >= start,
        weakness=np.maximum(sure - score, 0.0) / (sure - params.weak_score),
        cut=np.array((left <= margin, top <= margin, right >= width - margin, bottom >= height - margin)),
    )


def _single(xyxy: Array, kind: NDArray[np.uint8]) -> Flags:
    """[m] which of the boxes [4, m], best first, are no better box's twin."""
    single = np.ones(len(kind), np.bool_)
    motor = (GROUP[kind] == GROUP[Kind.CAR]).nonzero()[0]
    if len(motor) > 1:
        xfwh = _xfwh_of(xyxy[:, motor])
        area = xfwh[WIDTH] * xfwh[HEIGHT]
        i, j = covering(xfwh, TWIN)
        twin = (j < i) & (kind[motor[i]] != kind[motor[j]])
        twin &= np.minimum(area[i], area[j]) > TWIN * np.maximum(area[i], area[j])
        single[motor[i[twin]]] = False
    return single


def _xfwh_of(xyxy: Array) -> Array:
    left, top, right, bottom = xyxy
    return np.array(((left + right) / 2, bottom, right - left, bottom - top))


def xyxy_of(xfwh: Array) -> Array:
    """left, top, right, bottom [4, n] of centre x, foot y, width, height [4, n]."""
    x, foot, width, height = xfwh
    half = width / 2
    return np.array((x - half, foot - height, x + half, foot))


def near(x: Array, reach: Array, others: Array) -> tuple[Rows, Rows]:
    """All pairs (index of x, index of others) that lie no farther apart than the `reach` [n] of x [n]."""
    if len(x) * len(others) <= FEW:
        i, j = (np.abs(x[:, None] - others) <= reach[:, None]).nonzero()
        return i, j
    order = others.argsort()
    first, last = others[order].searchsorted((x - reach, x + reach))
    count = last - first
    rows = np.arange(len(x)).repeat(count)
    within = np.arange(len(rows)) - (count.cumsum() - count)[rows]
    return rows, order[first[rows] + within]


def covering(xfwh: Array, share: float) -> tuple[Rows, Rows]:
    """Pairs of different boxes that share more than `share` of the smaller one's area; each pair both ways round."""
    half = xfwh[WIDTH] / 2
    i, j = near(xfwh[X], half + half.max(initial=0.0), xfwh[X])
    different = i != j
    i, j = i[different], j[different]
    if not len(i):
        return i, j
    xyxy, area = xyxy_of(xfwh), xfwh[WIDTH] * xfwh[HEIGHT]
    one, other = xyxy[:, i], xyxy[:, j]
    shared = np.minimum(one[RIGHT:], other[RIGHT:]) - np.maximum(one[:RIGHT], other[:RIGHT])
    much = (shared > 0.0).all(axis=0) & (shared[0] * shared[1] > share * np.minimum(area[i], area[j]))
    return i[much], j[much]


def hidden(xfwh: Array) -> Array:
    """[n] the largest share of each box's lower half that one other box covers, of those whose foot is lower.

    Cameras look down on a street: who has the lower foot is nearer, and in front.
    """
    share, half, foot = np.zeros(xfwh.shape[1]), xfwh[WIDTH] / 2, xfwh[FOOT]
    i, j = near(xfwh[X], half + half.max(initial=0.0), xfwh[X])
    in_front = foot[j] > foot[i]
    i, j = i[in_front], j[in_front]
    if len(i):
        left, top, right, bottom = xyxy_of(xfwh)
        across = np.minimum(right[i], right[j]) - np.maximum(left[i], left[j])
        lower = xfwh[HEIGHT, i] / 2
        upright = np.minimum(bottom[i] - top[j], lower)
        covered = np.maximum(across, 0.0) * np.maximum(upright, 0.0) / (xfwh[WIDTH, i] * lower)
        np.maximum.at(share, i, covered)
    return share
