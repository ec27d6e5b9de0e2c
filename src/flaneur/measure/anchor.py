"""Which point of a box stands for a road user."""

from dataclasses import replace

import numpy as np

from flaneur.data.geometry import GROUND_POINT
from flaneur.data.private import Tracks


def anchored(tracks: Tracks, anchor: tuple[float, float]) -> Tracks:
    """The same tracks with boxes moved so that their ground point lies where `anchor` was.

    `anchor` is in shares of a box's width and height. So measures need to know one point only, and other programs'
    lines, drawn for the middle of boxes, say, count as they did there.
    """
    if anchor == GROUND_POINT:
        return tracks
    x1, y1, x2, y2 = tracks.xyxy_px.T
    by = np.stack(((anchor[0] - GROUND_POINT[0]) * (x2 - x1), (anchor[1] - GROUND_POINT[1]) * (y2 - y1)), axis=1)
    return replace(tracks, xyxy_px=tracks.xyxy_px + np.tile(by, 2).astype(np.float32))
