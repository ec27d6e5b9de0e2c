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
    xyxy = detections.xyxy_px.astype(np.float64)
    score = detections.score.astype(np.float64)
    sound = (xyxy[:, RIGHT] > xyxy[:, LEFT]) & (xyxy[:, BOTTOM] > xyxy[:, TOP])
    keep = np.flatnonzero(sound & np.isfinite(xyxy).all(axis=1) & (score >= params.weak_score))
    keep = keep[np.lexsort((*xyxy[keep].T, detections.kind[keep], -score[keep]))]
    b = xyxy[keep]
    xfwh = np.stack(
        ((b[:, LEFT] + b[:, RIGHT]) / 2, b[:, BOTTOM], b[:, RIGHT] - b[:, LEFT], b[:, BOTTOM] - b[:, TOP]), 1
    )
    margin = EDGE_SHARE * size_px.min()
    cut = np.concatenate((b[:, :2] <= margin, b[:, 2:] >= size_px - margin), axis=1)
    score, kind = score[keep], detections.kind[keep]
    start = np.where(kind == Kind.PEDESTRIAN, params.start_score, params.start_vehicle_score)
    sure = np.minimum(params.sure_score, start)
    weakness = np.maximum(sure - score, 0.0) / (sure - params.weak_score)
    return Boxes(xfwh, score, kind, score >= start, weakness, cut)


def xyxy_of(xfwh: Array) -> Array:
    """left, top, right, bottom [n, 4] of centre x, foot y, width, height [n, 4]."""
    half = xfwh[:, WIDTH] / 2
    return np.stack((xfwh[:, X] - half, xfwh[:, FOOT] - xfwh[:, HEIGHT], xfwh[:, X] + half, xfwh[:, FOOT]), axis=1)


def covered(xfwh: Array) -> Array:
    """Share [n, n] of the smaller of two boxes that the other covers."""
    xyxy = xyxy_of(xfwh)
    low = np.maximum(xyxy[:, None, :2], xyxy[None, :, :2])
    high = np.minimum(xyxy[:, None, 2:], xyxy[None, :, 2:])
    area = xfwh[:, WIDTH] * xfwh[:, HEIGHT]
    share: Array = np.maximum(high - low, 0.0).prod(axis=2) / np.minimum(area[:, None], area[None])
    return share
