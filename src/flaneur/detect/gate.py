"""Whether anything moved since the detector last looked.

An empty street needs no detector. The gate compares the sketch of a frame with that of the last *detection*, not of
the last frame, so that slow movement adds up until it is seen. Where noise is strong it errs towards looking.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from flaneur.data.time import SECOND_NS

MIN_CHANGE = 9
"""Grey levels of 255 by which a cell has changed; noise of one pixel of 5 levels moves a cell by about 1."""
MIN_CELLS = 8
"""Changed cells that make movement. A person of 30 pixels in a picture of 768×576 covers about twenty."""
LONGEST_REST_NS = 2 * SECOND_NS
"""After this time the detector looks in any case."""


class MotionGate:
    """Remembers the sketch of the last detection. For one camera, frames in order."""

    def __init__(self) -> None:
        self._seen: NDArray[np.uint8] | None = None
        self._time_ns = 0

    def moved(self, sketch: NDArray[np.uint8], time_ns: int) -> bool:
        """Whether the detector should look at the frame of this sketch, uint8 [rows, columns].

        If so, it is the one that later sketches are compared with.
        """
        rested = not 0 <= time_ns - self._time_ns < LONGEST_REST_NS
        if self._seen is not None and not rested and sketch.shape == self._seen.shape:
            change = cv2.absdiff(sketch, self._seen)
            if np.count_nonzero(change >= MIN_CHANGE) < MIN_CELLS:
                return False
        self._seen, self._time_ns = sketch, time_ns
        return True
