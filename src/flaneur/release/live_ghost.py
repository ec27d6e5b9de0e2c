"""What may be seen of a camera while it is watched: the street without anybody, and a glyph for each road user."""

from collections.abc import Sequence

import numpy as np

from flaneur.data.private import Detections, Frame, Tracks
from flaneur.data.released import RedactedImage
from flaneur.data.time import SECOND_NS
from flaneur.release.background import BackgroundLearner
from flaneur.release.ghost import Ghost
from flaneur.release.redact import FLAT_BGR

PICTURES_PER_S = 2.0
STALE_NS = 10 * SECOND_NS
"""An older picture is shown no more: it would pass for now."""


class LiveGhost:
    """One camera's view. `step` is for the thread at work for the camera; any thread may ask for `picture`."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self._ghost = Ghost(BackgroundLearner(width_px, height_px), width_px, height_px, PICTURES_PER_S)
        self._size = self._ghost.height_px, self._ghost.width_px, 3
        self._latest: RedactedImage | None = None

    def step(self, frame: Frame, detections: Detections, tracks: Sequence[Tracks], *, healthy: bool) -> None:
        """Take a frame that the detector looked at, and the tracks that have become known with it.

        Nothing is shown of a camera that is not `healthy`: where it was moved, glyphs would stand in a wrong street.
        """
        images = self._ghost.step(frame, detections, tracks)
        if images or not healthy:
            self._latest = images[-1] if healthy else None

    def picture(self, now_ns: int) -> RedactedImage:
        """The latest view, about two seconds old; all flat where there is none or it is too old."""
        latest = self._latest
        if latest is None or now_ns - latest.time_ns > STALE_NS:
            return RedactedImage(now_ns, np.full(self._size, FLAT_BGR, np.uint8), fully_hidden=True)
        return latest
