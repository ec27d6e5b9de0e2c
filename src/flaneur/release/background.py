"""A picture of the place without its people, learned while the video runs, for the report.

A pixel is learned only where, for a while before and after, nothing was detected and nothing moved. Motion alone
would learn people who stand still, as the background models of the libraries do; detections alone would learn whom
the detector missed. What was never seen empty stays flat.
"""

from collections import deque
from collections.abc import Sequence

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from flaneur.data.private import Detections, Frame
from flaneur.data.released import RedactedImage
from flaneur.data.time import SECOND_NS
from flaneur.release.cells import Cells, Mask
from flaneur.release.redact import FLAT_BGR

LONGEST_PX = 960
MOST_CELLS = 192
"""Along the longer side; what is hidden here a little too widely is learned a little later."""
SAMPLE_INTERVAL_NS = SECOND_NS
MIN_SCORE = 0.2
GROW = 0.15
"""Share of its width and height by which a box grows on each side."""
EMPTY_BEFORE_NS = 3 * SECOND_NS // 2
EMPTY_AFTER_NS = SECOND_NS
"""A cell is empty when nothing was seen there for this long before and after."""
SKETCH_INTERVAL_NS = 3 * SECOND_NS // 10
"""Motion is looked for this often: what moves hides its place for longer than that anyway."""
MOTION_LAGS_NS = (2 * SECOND_NS // 10, SECOND_NS)
MOTION_GREY_LEVELS = 7
SAME_GREY_LEVELS = 20
"""A sample that differs less from what was learned, in each colour, is more of the same."""
SAMPLES_TO_SHOW = 6
NEW_SHARE = 0.25
"""Of a new sample in the colour that is shown."""
MOST_SAMPLES = 30
"""A pixel forgets after as many contrary samples that a car has left, say, or the light has changed."""

STILL_SAMPLES = 15
"""Pictures that `still` takes into account."""


class BackgroundLearner:
    """Learns the empty place from the frames that the detector looked at."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self._frame_size = (width_px, height_px)
        self._cells = Cells(width_px, height_px, LONGEST_PX, MOST_CELLS)
        shape = (self._cells.height_px, self._cells.width_px)
        self._colour: NDArray[np.uint8] = np.zeros((*shape, 3), np.uint8)
        self._samples = np.zeros(shape, np.uint8)
        self._one, self._most = np.ones(shape, np.uint8), np.full(shape, MOST_SAMPLES, np.uint8)
        self._busy_until_ns = np.full((self._cells.rows, self._cells.columns), np.iinfo(np.int64).min, np.int64)
        self._sketches: deque[tuple[int, MatLike]] = deque()
        self._waiting: deque[tuple[int, NDArray[np.uint8]]] = deque()
        self._sampled_ns: int | None = None
        self._first_ns: int | None = None
        self._last_ns = 0

    def step(self, frame: Frame, detections: Detections) -> None:
        """Take a frame that the detector looked at; where it saw that nothing has moved, with what it saw last."""
        if (frame.width_px, frame.height_px) != self._frame_size:
            return
        if self._first_ns is None:
            self._first_ns = frame.time_ns
        self._last_ns = frame.time_ns
        busy = self._maybe_road_users(detections)
        if not self._sketches or frame.time_ns - self._sketches[-1][0] >= SKETCH_INTERVAL_NS:
            busy |= self._moved(frame)
        self._busy_until_ns[busy] = frame.time_ns + EMPTY_BEFORE_NS
        if self._sampled_ns is None or frame.time_ns - self._sampled_ns >= SAMPLE_INTERVAL_NS:
            self._sampled_ns = frame.time_ns
            self._waiting.append((frame.time_ns, self._cells.shrink(frame.bgr())))
        while self._waiting and self._waiting[0][0] <= frame.time_ns - EMPTY_AFTER_NS:
            sampled_ns, sample = self._waiting.popleft()
            if sampled_ns >= self._first_ns + EMPTY_BEFORE_NS:
                self._learn(sample, self._cells.pixels(self._busy_until_ns < sampled_ns))

    @property
    def known(self) -> float:
        """Share of the picture that is shown."""
        return float((self._samples >= SAMPLES_TO_SHOW).mean())

    def image(self) -> RedactedImage:
        """What was learned so far, flat where that is nothing."""
        bgr = self._colour.copy()
        bgr[self._samples < SAMPLES_TO_SHOW] = FLAT_BGR
        return RedactedImage(self._last_ns, bgr, self.known == 0.0)

    def _maybe_road_users(self, detections: Detections) -> Mask:
        boxes = detections.xyxy_px[~(detections.score < MIN_SCORE)]
        return self._cells.under(boxes, GROW * (boxes[:, 2] - boxes[:, 0]), GROW * (boxes[:, 3] - boxes[:, 1]))

    def _moved(self, frame: Frame) -> Mask:
        """Cells that differ from one of the pictures before."""
        size = (self._cells.columns, self._cells.rows)
        time_ns, sketch = frame.time_ns, cv2.resize(frame.sketch(), size, interpolation=cv2.INTER_AREA)
        change = np.zeros_like(sketch)
        for lag_ns in MOTION_LAGS_NS:
            earlier = [old for seen_ns, old in self._sketches if seen_ns <= time_ns - lag_ns]
            if earlier:
                change = np.maximum(change, cv2.absdiff(sketch, earlier[-1]))
        self._sketches.append((time_ns, sketch))
        while len(self._sketches) > 1 and self._sketches[1][0] <= time_ns - max(MOTION_LAGS_NS):
            self._sketches.popleft()
        moved = (change > MOTION_GREY_LEVELS).view(np.uint8)
        moved = cv2.morphologyEx(moved, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))  # type: ignore[assignment]
        return cv2.dilate(moved, np.ones((5, 5), np.uint8)).view(bool)

    def _learn(self, picture: NDArray[np.uint8], empty: NDArray[np.uint8]) -> None:
        """Take up the pixels of `picture` where `empty`, uint8 [h, w], is not 0.

        In OpenCV's saturating arithmetic, since numpy's costs several times as much on whole pictures.
        """
        alike = cv2.inRange(cv2.absdiff(picture, self._colour), (0, 0, 0), (SAME_GREY_LEVELS - 1,) * 3)
        same = cv2.bitwise_and(alike, empty)
        other = cv2.bitwise_xor(empty, same)
        samples = cv2.min(cv2.add(self._samples, cv2.min(same, self._one)), self._most)
        samples = cv2.subtract(samples, cv2.min(other, self._one))
        fresh = cv2.bitwise_and(cv2.compare(samples, self._one, cv2.CMP_LT), other)
        self._samples = np.asarray(cv2.add(samples, cv2.min(fresh, self._one)), np.uint8)
        cv2.copyTo(cv2.addWeighted(picture, NEW_SHARE, self._colour, 1 - NEW_SHARE, 0), same, self._colour)
        cv2.copyTo(picture, fresh, self._colour)


def still(images: Sequence[RedactedImage]) -> RedactedImage:
    """One picture of the place from redacted pictures of one size, for setting up lines and zones after a short look.

    Each pixel has the median colour of the moments at which it was shown; it stays flat where it was hidden in more
    than three of four pictures. ValueError when there is no picture.
    """
    if not images:
        raise ValueError("there are no pictures to make one from")
    spread = np.unique(np.linspace(0, len(images) - 1, STILL_SAMPLES, dtype=int)).tolist()
    chosen: list[RedactedImage] = [images[k] for k in spread]
    shown = [image.bgr for image in chosen if not image.fully_hidden]
    if not shown:
        return chosen[-1]
    pictures = np.stack(shown)
    hidden = (pictures == FLAT_BGR).all(axis=3)
    pictures[hidden] = 255
    pictures.sort(axis=0)
    seen = len(shown) - hidden.sum(axis=0)
    middle = np.maximum(seen - 1, 0) // 2
    bgr: NDArray[np.uint8] = np.take_along_axis(pictures, middle[None, :, :, None], axis=0)[0]
    bgr[seen * 4 < len(shown)] = FLAT_BGR
    return RedactedImage(chosen[-1].time_ns, bgr, fully_hidden=False)
