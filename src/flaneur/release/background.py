"""A picture of the place without its people, learned while the video runs: for the report and under the ghosts.

A cell of the picture is learned only where, for a while before and after, nothing was detected and nothing moved.
Motion alone would learn people who stand still, as the background models of the libraries do; detections alone would
learn whom the detector missed. Evidence is counted: each moment at which a colour is seen empty speaks for it, each
at which it is seen in a sure detection that stays speaks against it, also beforehand. So who stands for minutes and is
missed now and then is not learned, and who was learned is forgotten. What was never seen empty stays flat.
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
from flaneur.release.redact import FLAT_BGR, Boxes

LONGEST_PX = 960
MOST_CELLS = 240
"""Along the longer side; what is hidden here a little too widely is learned a little later."""
SAMPLE_INTERVAL_NS = SECOND_NS // 2
SLOW_INTERVAL_NS = 3 * SECOND_NS // 2
SETTLED = 0.01
"""Samples are taken slowly while less than this share of the picture has something new to tell."""
BLEND_EVERY = 4
"""Samples between those that the picture shown takes up where it is known already."""

MIN_SCORE = 0.2
SURE_SCORE = 0.45
"""From here on a detection counts however still it is; what weaker ones hold may be street furniture."""
STILL_GREY_LEVELS = 6
STIRRED = 0.1
"""A weak detection stirs when more than this share of its cells differs by more grey levels from what was seen before.
Nobody stands as still as a cone; what does not stir is learned, but slowly."""
GROW = 0.15
"""Share of its width and height by which a box grows on each side."""
EMPTY_BEFORE_NS = SECOND_NS
EMPTY_AFTER_NS = 8 * SECOND_NS // 10
"""A cell is empty when nothing was seen there for this long before and after."""
SKETCH_INTERVAL_NS = 3 * SECOND_NS // 10
"""Motion is looked for this often: what moves hides its place for longer than that anyway."""
MOTION_LAGS_NS = (2 * SECOND_NS // 10, SECOND_NS)
MOTION_GREY_LEVELS = 7

SAME_GREY_LEVELS = 12
"""A cell that differs less from what was seen before, in each colour, shows the same."""
EMPTY, WEAK, OCCUPIED, CONTRARY = 3, 1, -4, -15
"""Evidence for a colour that is seen where nobody is, in a weak detection, where somebody surely was, also in the
sample before, and for a colour in whose place another one is seen where nobody is."""
TO_SHOW = 24
"""Evidence that a colour needs where nothing is shown yet ..."""
TO_REPLACE = 120
"""... and where another one is: whom the detector misses must stand there for at least 20 s."""
MOST_EVIDENCE = 150
MOST_DOUBT = 60
"""Evidence against a colour that is remembered: who was surely seen for 15 s is not learned when missed for 10 s on
end after that. The ground beside them, seen in their box, takes 10 s longer to be shown when they have left."""
JUMP = 0.5
"""When more than this share of what is shown and quiet looks different at once, the light has changed or the camera has
turned, and nobody stands there: all is replaced as quickly as it was learned."""
NEW_SHARE = 0.25
"""Of a new sample in the colour that is shown."""

FILL_GROW = 0.3
KNOWN_TO_FILL = 0.75
FAR_SHARE = 1e-3
"""Of what is far away in a guess, and of the whole picture in that, for where nothing near is known."""

STILL_SAMPLES = 15
"""Pictures that `still` takes into account."""


class BackgroundLearner:
    """Learns the empty place from the frames that the detector looked at."""

    def __init__(self, width_px: int, height_px: int, sample_interval_ns: int = SAMPLE_INTERVAL_NS) -> None:
        """Samples that are rarer cost less and show the place later."""
        self._frame_size = (width_px, height_px)
        self._cells = Cells(width_px, height_px, LONGEST_PX, MOST_CELLS)
        self.width_px, self.height_px = self._cells.width_px, self._cells.height_px
        grid = (self._cells.rows, self._cells.columns)
        self._bgr: NDArray[np.uint8] = np.full((self.height_px, self.width_px, 3), FLAT_BGR, np.uint8)
        self._shown = np.zeros(grid, bool)
        self._shown_colour = np.zeros((*grid, 3), np.uint8)
        self._stale = np.zeros(grid, bool)
        """Shown as it was before everything looked different."""
        self._colour = np.zeros((*grid, 3), np.uint8)
        """What each cell is thought to look like, shown or not yet ..."""
        self._evidence = np.zeros(grid, np.int16)
        """... and how much speaks for it."""
        self._guess: NDArray[np.uint8] | None = None
        self._samples = 0
        self._usual_interval_ns = self._interval_ns = sample_interval_ns
        self._occupied = np.zeros(grid, bool)
        """Where somebody sure was in the sample before."""
        self._busy_until_ns = np.full(grid, np.iinfo(np.int64).min, np.int64)
        self._weak: deque[tuple[int, Boxes]] = deque()
        self._sketches: deque[tuple[int, MatLike]] = deque()
        self._waiting: deque[tuple[int, NDArray[np.uint8], Mask]] = deque()
        self._sampled_ns: int | None = None
        self._first_ns: int | None = None
        self._last_ns = 0

    def step(self, frame: Frame, detections: Detections) -> None:
        """Take a frame that the detector looked at; where it saw that nothing has moved, with what it saw last."""
        if (frame.width_px, frame.height_px) != self._frame_size:
            return
        now_ns = self._last_ns = frame.time_ns
        if self._first_ns is None:
            self._first_ns = now_ns
        sure, weak = _sure_and_weak(detections)
        occupied = self._under(sure, GROW)
        busy = occupied.copy()
        if not self._sketches or now_ns - self._sketches[-1][0] >= SKETCH_INTERVAL_NS:
            busy |= self._moved(frame)
        self._busy_until_ns[busy] = now_ns + EMPTY_BEFORE_NS
        self._weak.append((now_ns, weak))
        if self._sampled_ns is None or now_ns - self._sampled_ns >= self._interval_ns:
            self._sampled_ns = now_ns
            self._waiting.append((now_ns, self._cells.shrink(frame.bgr()), occupied))
        while self._waiting and self._waiting[0][0] <= now_ns - EMPTY_AFTER_NS:
            sampled_ns, sample, occupied = self._waiting.popleft()
            while self._weak[0][0] < sampled_ns - EMPTY_BEFORE_NS:
                self._weak.popleft()
            if sampled_ns >= self._first_ns + EMPTY_BEFORE_NS:
                weak = np.concatenate([boxes for _, boxes in self._weak])
                self._learn(sample, self._busy_until_ns < sampled_ns, occupied, weak)

    @property
    def known(self) -> float:
        """Share of the picture that is shown."""
        return float(self._shown.mean())

    def image(self) -> RedactedImage:
        """What was learned so far, flat where that is nothing."""
        return RedactedImage(self._last_ns, self._bgr.copy(), not self._shown.any())

    def filled(self, xyxy_px: Boxes) -> NDArray[np.uint8]:
        """The same, uint8 [h, w, 3], with a guess at small gaps and at the ground under road users: those in the
        boxes [n, 4] and whoever was detected or moved within the last second.

        The guess is made of what is shown around it. A parked car hides its ground for as long as it stands there.
        """
        bgr = self._bgr.copy()
        closed = cv2.morphologyEx(self._shown.view(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        busy = self._busy_until_ns > self._last_ns
        gap = (self._under(xyxy_px, FILL_GROW) | busy | (closed > 0)) & ~self._shown
        if self.known >= KNOWN_TO_FILL and gap.any():
            if self._guess is None:
                self._guess = self._guessed()
            cv2.copyTo(self._guess, self._cells.pixels(gap), bgr)
        return bgr

    def rewind(self) -> None:
        """The video begins again: keep what is known of the place, forget what was seen when."""
        self._busy_until_ns[:] = np.iinfo(np.int64).min
        self._occupied = np.zeros_like(self._occupied)
        for each in (self._weak, self._sketches, self._waiting):
            each.clear()
        self._sampled_ns = self._first_ns = None

    def _under(self, xyxy_px: Boxes, grow: float) -> Mask:
        """Cells under boxes that grow by a share of their size on each side."""
        width, height = xyxy_px[:, 2] - xyxy_px[:, 0], xyxy_px[:, 3] - xyxy_px[:, 1]
        return self._cells.under(xyxy_px, grow * width, grow * height)

    def _guessed(self) -> NDArray[np.uint8]:
        """For each cell a mean of the shown cells, the nearest of which count most, uint8 [h, w, 3]."""
        weight = self._shown.astype(np.float32)
        near, far = (MOST_CELLS // 24 | 1,) * 2, (MOST_CELLS // 4 | 1,) * 2
        colours = self._shown_colour * weight[:, :, None]
        total, weights = (
            cv2.blur(each, near) + FAR_SHARE * cv2.blur(each, far) + FAR_SHARE**2 * each.mean(axis=(0, 1))
            for each in (colours, weight)
        )
        mean: NDArray[np.uint8] = np.clip(total / weights[:, :, None], 0, 255).astype(np.uint8)
        return cv2.resize(mean, (self.width_px, self.height_px), interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]

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

    def _learn(self, sample: NDArray[np.uint8], quiet: Mask, occupied: Mask, weak_px: Boxes) -> None:
        """Weigh what a sample says where all was quiet around its time, and where somebody was sure to be."""
        colour = self._cells.means(sample)
        same, still = (_within(colour, self._colour, levels) for levels in (SAME_GREY_LEVELS, STILL_GREY_LEVELS))
        weak = self._under(weak_px, GROW)
        stirring = self._under(weak_px[self._stirs(weak_px, ~still)], GROW)
        comparable = quiet & self._shown
        unlike = comparable & ~_within(colour, self._shown_colour, SAME_GREY_LEVELS)
        if unlike.sum() > JUMP * comparable.sum():
            self._stale |= self._shown
            self._evidence[unlike & ~same] = 0
        taken, other = quiet & same, quiet & ~same
        alike = taken & ~stirring
        stays = occupied & self._occupied & ~quiet
        self._occupied = occupied
        suspect = stays & ~same & ~self._shown & (self._evidence <= 0)
        evidence = self._evidence + np.where(weak, WEAK, EMPTY) * alike
        evidence += CONTRARY * other + OCCUPIED * (stays & same)
        fresh = other & (evidence <= 0)
        evidence[fresh] = 0
        evidence[suspect] = OCCUPIED
        self._evidence = np.clip(evidence, -MOST_DOUBT, MOST_EVIDENCE).astype(np.int16, copy=False)
        _blend(colour, self._colour, taken.view(np.uint8), NEW_SHARE)
        cv2.copyTo(colour, (fresh | suspect).view(np.uint8), self._colour)
        self._show(sample, quiet, alike)

    def _stirs(self, xyxy_px: Boxes, changed: Mask) -> NDArray[np.bool_]:
        """In which of the boxes [n, 4] too much has changed for a thing, bool [n]."""
        none = np.zeros(len(xyxy_px), np.float32)
        x1, y1, x2, y2 = self._cells.corners(xyxy_px, none, none).T
        sums = cv2.integral(changed.view(np.uint8))
        inside = sums[y2, x2] - sums[y1, x2] - sums[y2, x1] + sums[y1, x1]
        stirs: NDArray[np.bool_] = inside > STIRRED * (x2 - x1) * (y2 - y1)
        return stirs

    def _show(self, sample: NDArray[np.uint8], quiet: Mask, alike: Mask) -> None:
        """Show what enough speaks for, where the sample shows it, and no more what is doubted."""
        known = self._shown & _within(self._colour, self._shown_colour, SAME_GREY_LEVELS)
        follow = known & alike
        new = alike & ~known & (self._evidence >= np.where(self._shown & ~self._stale, TO_REPLACE, TO_SHOW))
        doubted = known & (self._evidence <= 0)
        self._shown = (self._shown | new) & ~doubted
        self._stale &= ~(follow | new)
        self._guess = None
        cv2.copyTo(self._colour, (follow | new).view(np.uint8), self._shown_colour)
        self._samples += 1
        if self._samples % BLEND_EVERY == 0:
            _blend(sample, self._bgr, self._cells.pixels(follow), NEW_SHARE)
        if new.any():
            cv2.copyTo(sample, self._cells.pixels(new), self._bgr)
        if doubted.any():
            self._bgr[self._cells.pixels(doubted) > 0] = FLAT_BGR
        settled = (quiet & ~known).mean() < SETTLED
        self._interval_ns = SLOW_INTERVAL_NS if settled else self._usual_interval_ns


def _within(one: NDArray[np.uint8], other: NDArray[np.uint8], levels: int) -> Mask:
    """Where two pictures differ by less than `levels` in each colour, bool [h, w]."""
    return np.asarray(cv2.inRange(cv2.absdiff(one, other), (0, 0, 0), (levels - 1,) * 3)) > 0


def _blend(new: NDArray[np.uint8], into: NDArray[np.uint8], where: NDArray[np.uint8], share: float) -> None:
    cv2.copyTo(cv2.addWeighted(new, share, into, 1 - share, 0), where, into)


def _sure_and_weak(detections: Detections) -> tuple[Boxes, Boxes]:
    """Boxes to take seriously and boxes that may be furniture; what is no number is taken seriously."""
    sure = ~(detections.score < SURE_SCORE) | ~np.isfinite(detections.xyxy_px).all(axis=1)
    return detections.xyxy_px[sure], detections.xyxy_px[~sure & (detections.score >= MIN_SCORE)]


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
