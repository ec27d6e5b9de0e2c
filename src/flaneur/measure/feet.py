"""Which point of each road user crosses lines and is in zones, in the picture or on the ground."""

import numpy as np

from flaneur.data.geometry import GROUND_POINT
from flaneur.data.private import Feet, GroundTracks, Tracks

CLEAR_HEIGHTS = 0.25
"""In the picture: how many box heights a foot must be away from a border before it can count there again."""
CLEAR_M = 0.4
"""On the ground: how far a foot must be away at least. It is a quarter of a person's height, as in the picture."""
CLEAR_SIGMAS = 3.0
"""On the ground: and so many standard deviations of its position, so that trembling alone hardly ever gets there."""


def picture_feet(tracks: Tracks, anchor: tuple[float, float] = GROUND_POINT) -> Feet:
    """The point of each box, in pixels, that lies at `anchor`, in shares of the box's width and height.

    Any other anchor than the middle of the lower edge is for lines that were drawn for another program.
    """
    x1, y1, x2, y2 = tracks.xyxy_px.T.astype(np.float64)
    x, y = anchor
    foot = np.empty((len(tracks), 2))
    foot[:, 0] = (1.0 - x) * x1 + x * x2
    foot[:, 1] = (1.0 - y) * y1 + y * y2
    return Feet(tracks.time_ns, foot, CLEAR_HEIGHTS * (y2 - y1), tracks.track_id, tracks.kind, tracks.ended)


def ground_feet(tracks: GroundTracks) -> Feet:
    """The middle of each footprint, in metres."""
    clear_m = np.maximum(CLEAR_SIGMAS * tracks.sigma_m, CLEAR_M)
    return Feet(tracks.time_ns, tracks.xy_m, clear_m, tracks.track_id, tracks.kind, tracks.ended)
