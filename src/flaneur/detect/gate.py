"""Whether anything moved since the detector last looked.

An empty street needs no detector. The gate compares a small grey picture with the one of the last *detection*, not of
the last frame, so that slow movement adds up until it is seen. Where noise is strong it errs towards looking.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from flaneur.data.time import SECOND_NS

SAMPLES = (256, 192)
"""Columns and rows of pixels that are looked at, evenly over the picture."""
CELLS = (128, 96)
"""Columns and rows of the small picture: means of four samples, smoothed, so that single noisy pixels vanish."""
MIN_CHANGE = 8
"""Grey levels of 255 by which a cell has changed; noise of one pixel of 5 levels moves a cell by about 1."""
MIN_CELLS = 4
"""Changed cells that make movement. A person of 30 pixels in a picture of 768×576 covers about ten."""
LONGEST_REST_NS = 2 * SECOND_NS
"""After this time the detector looks in any case."""


class MotionGate:
    """Remembers the small picture of the last detection. For one camera, frames in order."""

    def __init__(self) -> None:
        self._seen: NDArray[np.uint8] | None = None
        self._shape: tuple[int, ...] = ()
        self._time_ns = 0

    def moved(self, bgr: NDArray[np.uint8], time_ns: int) -> bool:
        """Whether the detector should look at this picture uint8 [h, w, 3].

        If so, it is the one that later pictures are compared with.
        """
        small = _small(bgr)
        rested = not 0 <= time_ns - self._time_ns < LONGEST_REST_NS
        if self._seen is not None and bgr.shape == self._shape and not rested:
            change = cv2.absdiff(small, self._seen)
            if np.count_nonzero(change >= MIN_CHANGE) < MIN_CELLS:
                return False
        self._seen, self._shape, self._time_ns = small, bgr.shape, time_ns
        return True


def _small(bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    samples = cv2.cvtColor(cv2.resize(bgr, SAMPLES, interpolation=cv2.INTER_NEAREST), cv2.COLOR_BGR2GRAY)
    cells = cv2.resize(samples, CELLS, interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(cells, (3, 3), 0).astype(np.uint8, copy=False)
