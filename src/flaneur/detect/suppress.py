"""Suppression of boxes that show the same road user twice."""

import cv2
import numpy as np
from numpy.typing import NDArray

from flaneur.data.private import Detections

MAX_IOU = 0.6
"""Two boxes of one kind that overlap more are one road user."""

MAX_CANDIDATES = 1000
"""The cost grows with the square; a picture with more good boxes than this has gone wrong."""


def suppress(xyxy_px: NDArray[np.float32], score: NDArray[np.float32], kind: NDArray[np.uint8]) -> Detections:
    """Non-maximum suppression within each kind. Boxes that are empty or not finite are dropped."""
    sizes = xyxy_px[:, 2:] - xyxy_px[:, :2]
    sound = np.isfinite(xyxy_px).all(axis=1) & np.isfinite(score) & (sizes > 0).all(axis=1)
    rows = np.flatnonzero(sound)
    if len(rows) > MAX_CANDIDATES:
        rows = rows[np.argsort(-score[rows], kind="stable")[:MAX_CANDIDATES]]
    xywh = np.concatenate((xyxy_px[rows, :2], sizes[rows]), axis=1)
    kept = cv2.dnn.NMSBoxesBatched(xywh, score[rows], kind[rows].astype(np.int32), 0.0, MAX_IOU)  # type: ignore[arg-type]  # OpenCV takes arrays; its type stubs do not know
    rows = rows[np.asarray(kept, np.intp)]
    return Detections(xyxy_px[rows], score[rows], kind[rows])
