"""Shows the street without its people: the learned background with plain glyphs where road users are.

No pixel of the video's current picture is shown, so nobody whom the detector misses can be seen. The glyphs tell as
little as they can: their size depends on where they stand and not on who stands there, and their way is averaged over
a second, which is longer than a step.
"""

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from flaneur.data.private import Detections, Frame, Tracks
from flaneur.data.released import RedactedImage
from flaneur.data.time import SECOND_NS
from flaneur.release.background import BackgroundLearner
from flaneur.release.glyphs import ASPECT, SHAPE_OF_KIND, draw_glyph
from flaneur.release.redact import FLAT_BGR, MAX_GAP_NS, PATIENCE_NS, SLACK_NS, Boxes

HALF_WINDOW_NS = SECOND_NS // 2
"""Glyphs stand at the mean of where their road user was so long before and after; a step takes half a second."""
FORGET = 0.999
"""Share of what is known of sizes that each moment keeps."""
EVEN_PRIOR = 20.0
"""As many road users' worth of belief that all are equally large everywhere in the picture."""
EDGE = 0.01
"""Share of the picture; boxes that come nearer to its edge are cut and tell no size."""
SMALLEST_PX = 10
LARGEST = 0.6
"""Heights of a glyph, the largest as a share of the picture's height."""


class Ghost:
    """Takes a video frame by frame with what was found in it and hands out the street with a glyph for each road user.

    The pictures come in order, half a second after the tracks, each as large as the background's. One is all flat, and
    counted, when the tracker did not look within one second before it and after it: an empty street would be a lie.
    """

    def __init__(self, background: BackgroundLearner, width_px: int, height_px: int, most_per_s: float = 12.5) -> None:
        """For frames of `width_px` × `height_px`; at most `most_per_s` pictures a second."""
        self._background = background
        self.width_px, self.height_px = background.width_px, background.height_px
        self.pictures = 0
        """Pictures handed out so far."""
        self.fully_hidden = 0
        """How many of them were hidden whole."""
        self._min_interval_ns = round(SECOND_NS / most_per_s)
        self._interval = -1
        self._scale = self.width_px / width_px, self.height_px / height_px
        self._sizes = _Sizes(width_px, height_px)
        self._waiting: deque[int] = deque()
        self._tracks: deque[Tracks] = deque()

    def step(self, frame: Frame, detections: Detections | None, tracks: Sequence[Tracks]) -> list[RedactedImage]:
        """Take the next frame, its detections and the tracks that the tracker has given since the frame before.

        `detections` is None where the detector did not look or failed; elsewhere the background learns from the frame.
        """
        if detections is not None:
            self._background.step(frame, detections)
        interval = (frame.time_ns + SLACK_NS) // self._min_interval_ns
        if interval != self._interval:
            self._interval = interval
            self._waiting.append(frame.time_ns)
        self._take(tracks)
        return self._due(frame.time_ns)

    def finish(self, tracks: Sequence[Tracks]) -> list[RedactedImage]:
        """The pictures still owed at the end of the video, given the last tracks."""
        self._take(tracks)
        return self._due(None)

    def _take(self, tracks: Sequence[Tracks]) -> None:
        for each in tracks:
            self._tracks.append(each)
            self._sizes.learn(each)

    def _due(self, now_ns: int | None) -> list[RedactedImage]:
        """The pictures of which enough is known; all that are left when the video has ended (None)."""
        out = []
        while self._waiting and (now_ns is None or self._is_due(self._waiting[0], now_ns)):
            time_ns = self._waiting.popleft()
            self._forget(time_ns)
            bgr = self._drawn(time_ns, at_end=now_ns is None)
            hidden = bgr is None
            if bgr is None:
                bgr = np.full((self.height_px, self.width_px, 3), FLAT_BGR, np.uint8)
            self.pictures += 1
            self.fully_hidden += hidden
            out.append(RedactedImage(time_ns, bgr, hidden))
        return out

    def _is_due(self, time_ns: int, now_ns: int) -> bool:
        reached = bool(self._tracks) and self._tracks[-1].time_ns >= time_ns + HALF_WINDOW_NS
        return reached or now_ns - time_ns > PATIENCE_NS

    def _forget(self, time_ns: int) -> None:
        """Drop the tracks that no picture from this time on needs: all but the last of those too long ago."""
        while len(self._tracks) > 1 and self._tracks[1].time_ns < time_ns - HALF_WINDOW_NS:
            self._tracks.popleft()

    def _drawn(self, time_ns: int, *, at_end: bool) -> NDArray[np.uint8] | None:
        """The street and its glyphs; None when nobody knows who was there."""
        times_ns = np.array([each.time_ns for each in self._tracks], np.int64) - time_ns
        before, after = times_ns[times_ns <= 0], times_ns[times_ns >= 0]
        if not before.size or before[-1] < -MAX_GAP_NS:
            return None
        if not at_end and (not after.size or after[0] > MAX_GAP_NS):
            return None
        reach_ns = max(HALF_WINDOW_NS, -before[-1], after[0] if after.size else 0)
        near = [each for each in self._tracks if abs(each.time_ns - time_ns) <= reach_ns]
        boxes, shape = _standing(near, time_ns, reach_ns, is_last=not after.size)
        bgr = self._background.filled(boxes)
        x, y = (boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]
        heights = self._sizes.heights_px(shape, boxes) * self._scale[1]
        heights = np.clip(heights, SMALLEST_PX, LARGEST * self.height_px)
        for k in np.argsort(y).tolist():  # who is nearer stands in front
            draw_glyph(bgr, int(shape[k]), x[k] * self._scale[0], y[k] * self._scale[1], round(heights[k]))
        return bgr


def _standing(near: Sequence[Tracks], time_ns: int, reach_ns: int, *, is_last: bool) -> tuple[Boxes, NDArray[np.intp]]:
    """Mean box [n, 4] and shape [n] of each road user who is there before and after a time, none of them cut short."""
    boxes = np.concatenate([each.xyxy_px for each in near])
    ids = np.concatenate([each.track_id for each in near])
    kinds = np.concatenate([each.kind for each in near])
    offset = np.concatenate([np.full(len(each), each.time_ns - time_ns) for each in near])
    unique, newest, owner = np.unique(ids[::-1], return_index=True, return_inverse=True)
    owner = owner[::-1]
    n = len(unique)
    weight = 1.001 - np.abs(offset) / reach_ns
    total = np.bincount(owner, weight, n)
    mean = np.stack([np.bincount(owner, weight * boxes[:, c], n) for c in range(4)], axis=1) / total[:, None]
    there = (np.bincount(owner, offset <= 0, n) > 0) & (is_last | (np.bincount(owner, offset >= 0, n) > 0))
    return mean[there].astype(np.float32), SHAPE_OF_KIND[kinds[::-1][newest[there]]]


class _Sizes:
    """How large road users of each shape are, by where they stand: a plane through all who were seen so far.

    Ridge regression (Hoerl and Kennard 1970) of the square root of a box's area on the place of its foot, with the
    slopes held towards none while little is known, and older road users counting less and less.
    """

    def __init__(self, width_px: int, height_px: int) -> None:
        self._size = np.array((width_px, height_px), float)
        self._products = np.zeros((len(ASPECT), 3, 3))
        self._sums = np.zeros((len(ASPECT), 3))
        self._narrow = np.sqrt([ASPECT[shape] for shape in range(len(ASPECT))])

    def learn(self, tracks: Tracks) -> None:
        """Take up the boxes of one moment that the picture's edge does not cut."""
        boxes = tracks.xyxy_px
        margin = EDGE * self._size
        whole = (boxes[:, :2] > margin).all(axis=1) & (boxes[:, 2:] < self._size - margin).all(axis=1)
        whole &= tracks.observed
        self._products *= FORGET
        self._sums *= FORGET
        place, size = self._places(boxes[whole]), _size_of(boxes[whole])
        shape = SHAPE_OF_KIND[tracks.kind[whole]]
        np.add.at(self._products, shape, place[:, :, None] * place[:, None, :])
        np.add.at(self._sums, shape, place * size[:, None])

    def heights_px(self, shape: NDArray[np.intp], xyxy_px: Boxes) -> NDArray[np.float64]:
        """Heights [n] of glyphs of shapes [n] that stand where the boxes [n, 4] do.

        Of a shape that was never seen whole, its own box is all there is to go by.
        """
        prior = np.diag((1e-9, EVEN_PRIOR, EVEN_PRIOR))
        planes = np.linalg.solve(self._products + prior, self._sums[:, :, None])[:, :, 0]
        fitted = (self._places(xyxy_px) * planes[shape]).sum(axis=1)
        seen = self._products[shape, 0, 0] > 0
        heights: NDArray[np.float64] = np.where(seen, fitted, _size_of(xyxy_px)) / self._narrow[shape]
        return heights

    def _places(self, xyxy_px: Boxes) -> NDArray[np.float64]:
        """Feet [n, 3] as 1, x, y, the latter two from -1/2 to 1/2 over the picture."""
        x, y = (xyxy_px[:, 0] + xyxy_px[:, 2]) / 2, xyxy_px[:, 3]
        return np.stack((np.ones(len(x)), x / self._size[0] - 0.5, y / self._size[1] - 0.5), axis=1)


def _size_of(xyxy_px: Boxes) -> NDArray[np.float64]:
    """Square root of each box's area."""
    sides = np.maximum(xyxy_px[:, 2:] - xyxy_px[:, :2], 0).astype(float)
    size: NDArray[np.float64] = np.sqrt(sides[:, 0] * sides[:, 1])
    return size
