"""Boxes as the tracker sees them: centre x, foot y, width, height."""

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
"""Columns of the four box quantities."""
LEFT, TOP, RIGHT, BOTTOM = range(4)
"""Columns of edges."""

GROUP: Rows = np.array([0 if k is Kind.PEDESTRIAN else 1 if k in TWO_WHEELERS else 2 for k in Kind])
"""Group of each `Kind`: pedestrians, two-wheelers, motor vehicles. Inside a group a detector's word is weak."""

EDGE_SHARE = 0.01
"""A box that ends within this share of the picture's shorter side from an edge may go on outside."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Boxes(Private):
    """What was detected in one frame, m boxes."""

    xfwh: Array
    """[m, 4] pixels."""
    score: Array
    """[m] 0..1."""
    kind: NDArray[np.uint8]
    """[m] codes of `Kind`."""
    starts: Flags
    """[m] the score is high enough to make a road user of what is followed."""
    weakness: Array
    """[m] 0 where the score is a sure one, growing to 1 at the weakest score that is looked at."""
    cut: Flags
    """[m, 4] left, top, right, bottom edge lies on the picture's, so that the road user may go on outside."""

    def __len__(self) -> int:
        return len(self.score)

    def take(self, rows: Rows) -> "Boxes":
        """The rows that an index array selects."""
        return Boxes(
            self.xfwh[rows], self.score[rows], self.kind[rows], self.starts[rows], self.weakness[rows], self.cut[rows]
        )

    @property
    def group(self) -> Rows:
        """[m] group of each box."""
        return GROUP[self.kind]


def boxes_of(detections: Detections, params: TrackParams, size_px: Array) -> Boxes:
    """The detections of positive size that are not too weak, by falling score whatever their order was."""
    xyxy, score, kind = detections.xyxy_px.astype(np.float64), detections.score.astype(np.float64), detections.kind
    fit = (xyxy[:, :RIGHT] < xyxy[:, RIGHT:]).all(axis=1) & np.isfinite(xyxy).all(axis=1) & (score >= params.weak_score)
    order = np.lexsort((*xyxy.T, kind, -score))
    order = order[fit[order]]
    b, score, kind = xyxy[order], score[order], kind[order]
    xfwh = np.empty_like(b)
    xfwh[:, X], xfwh[:, FOOT] = (b[:, LEFT] + b[:, RIGHT]) / 2, b[:, BOTTOM]
    xfwh[:, WIDTH:] = b[:, RIGHT:] - b[:, :RIGHT]
    margin = EDGE_SHARE * size_px.min()
    cut = np.concatenate((b[:, :RIGHT] <= margin, b[:, RIGHT:] >= size_px - margin), axis=1)
    start = np.where(kind == Kind.PEDESTRIAN, params.start_score, params.start_vehicle_score)
    sure = np.minimum(params.sure_score, start)
    weakness = np.maximum(sure - score, 0.0) / (sure - params.weak_score)
    return Boxes(xfwh, score, kind, score >= start, weakness, cut)


def xyxy_of(xfwh: Array) -> Array:
    """left, top, right, bottom [n, 4] of centre x, foot y, width, height [n, 4]."""
    xyxy = np.empty_like(xfwh)
    half = xfwh[:, WIDTH] / 2
    xyxy[:, LEFT], xyxy[:, RIGHT] = xfwh[:, X] - half, xfwh[:, X] + half
    xyxy[:, TOP], xyxy[:, BOTTOM] = xfwh[:, FOOT] - xfwh[:, HEIGHT], xfwh[:, FOOT]
    return xyxy


def near(x: Array, reach: Array, others: Array) -> tuple[Rows, Rows]:
    """All pairs (row of x, row of others) that lie no farther apart than the `reach` [n] of x [n]."""
    order = others.argsort()
    first, last = others[order].searchsorted((x - reach, x + reach))
    count = last - first
    rows = np.arange(len(x)).repeat(count)
    within = np.arange(len(rows)) - (count.cumsum() - count)[rows]
    return rows, order[first[rows] + within]


def covering(xfwh: Array, share: float) -> tuple[Rows, Rows]:
    """Pairs of different boxes that share more than `share` of the smaller one's area; each pair both ways round."""
    half, xyxy = xfwh[:, WIDTH] / 2, xyxy_of(xfwh)
    i, j = near(xfwh[:, X], half + half.max(initial=0.0), xfwh[:, X])
    i, j = i[i != j], j[i != j]
    common = np.minimum(xyxy[i, RIGHT:], xyxy[j, RIGHT:]) - np.maximum(xyxy[i, :RIGHT], xyxy[j, :RIGHT])
    area = xfwh[:, WIDTH] * xfwh[:, HEIGHT]
    much = np.maximum(common, 0.0).prod(axis=1) > share * np.minimum(area[i], area[j])
    return i[much], j[much]
