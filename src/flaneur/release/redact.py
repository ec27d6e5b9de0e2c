"""Hides every road user in a video under one flat colour.

Blur, pixelation and silhouettes can be undone or recognised; a flat colour cannot (docs/redaction.md). A detector
misses people for some frames now and then, so three signals that fail differently are put together: whatever may be a
road user, grown and held for a while before and after; the confirmed tracks, which bridge gaps; and whatever moved.
The pictures run about one second behind the video, because what was found later hides what came before. Live pictures
come at once; they do without the tracks, which are a second late, and hold detections longer instead.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import Kind
from flaneur.data.private import Detections, Frame, Tracks
from flaneur.data.released import RedactedImage
from flaneur.data.time import SECOND_NS
from flaneur.release.cells import Cells, Mask

FLAT_BGR = (128, 128, 128)
"""The colour of everything hidden, here and in the background."""

MOST_CELLS = 384
"""Along the longer side: fine enough to follow a box, coarse enough to cost little."""
SLACK_NS = SECOND_NS // 1000
"""Time stamps are rounded by containers; a frame a hair early belongs to the next interval."""

HOLD_NS = 450 * SECOND_NS // 1000
"""How long a detection hides before and after it was seen; always until the looks next to it, as a track does."""
LIVE_HOLD_NS = 800 * SECOND_NS // 1000
"""The same in live pictures, which know only what was before."""
EDGE_HOLD_NS = 800 * SECOND_NS // 1000
"""The same at the picture's edge, up to the edge: who comes in or leaves is in sight in part before and after."""
EDGE_REACH = 0.4
"""Share of a box's size; nearer to the edge than this, it is at the edge."""
MAX_GAP_NS = SECOND_NS
"""A picture is hidden whole when detector or tracker did not look within this time before it, or after it."""
PATIENCE_NS = 5 * SECOND_NS // 2
"""A picture is hidden whole when this much of the video has gone by and the tracker has not answered."""

MIN_SCORE = 0.3
MIN_VEHICLE_SCORE = 0.35
"""Weaker vehicles are mostly street furniture; one that drives is hidden by its motion."""
GROW_X, GROW_Y = 0.1, 0.05
"""Share of its width and height by which a box grows on each side, for arms and legs."""
GROW_PICTURE = 1 / 600
"""And by this share of the picture's longer side, because small boxes are no more exact than large ones."""

MOTION_LAGS_NS = (3 * SECOND_NS // 10, 8 * SECOND_NS // 10)
"""Something moved where a picture differs both from the one this long before and from the one this long after; in
live pictures and at the ends of a video, from the one that there is."""
MOTION_GREY_LEVELS = 8
DELAY_NS = max(HOLD_NS, EDGE_HOLD_NS, *MOTION_LAGS_NS)
"""What must be known after a picture, besides its tracks."""
MAX_MOTION = 0.5
"""Share of the picture. When more of it moves, the camera or the light does, and the picture is hidden whole."""


Boxes = NDArray[np.float32]
NO_BOXES: Boxes = np.zeros((0, 4), np.float32)


@dataclass(frozen=True, slots=True)
class RedactParams:
    """How large and how many pictures are; what waits for its delay to pass lies in memory."""

    longest_px: int = 1280
    """Larger pictures are reduced to this longer side."""
    most_per_s: float = 12.5
    """Of each interval of this rate only the first frame becomes a picture."""
    live: bool = False
    """Hand out each picture at once."""


class Redactor:
    """Takes a video frame by frame with what was found in it and hands out redacted pictures.

    The pictures come in order, as late as the tracks, which is about one second of video, or at once when live; each
    is `width_px` × `height_px`. In doubt a picture is hidden whole:
    before the first detection, where detector or tracker did not look in time, when a frame has another size than
    the video, when half of the picture moves at once.
    """

    def __init__(self, width_px: int, height_px: int, params: RedactParams | None = None) -> None:
        params = params or RedactParams()
        self._frame_size = (width_px, height_px)
        self._cells = Cells(width_px, height_px, params.longest_px, MOST_CELLS)
        self._min_interval_ns = round(SECOND_NS / params.most_per_s)
        self.width_px, self.height_px = self._cells.width_px, self._cells.height_px
        self.pictures = 0
        """Pictures handed out so far."""
        self.fully_hidden = 0
        """How many of them were hidden whole."""
        self._flat = np.full((self.height_px, self.width_px, 3), FLAT_BGR, np.uint8)
        self._waiting: deque[tuple[int, NDArray[np.uint8] | None]] = deque()
        self._live = params.live
        self._detected = _Looks(LIVE_HOLD_NS if params.live else HOLD_NS)
        self._at_edge = _Looks(EDGE_HOLD_NS)
        self._tracked = _Looks(hold_ns=0)
        self._motion = _Motion(self._cells)
        self._interval = -1

    def step(self, frame: Frame, detections: Detections | None, tracks: Sequence[Tracks]) -> list[RedactedImage]:
        """Take the next frame, its detections and the tracks that the tracker has given since the frame before.

        `detections` is None where the detector did not look or failed. Where it need not look because nothing has
        moved, give what it saw last. Tracks of some of the frames are enough.
        """
        fits = (frame.width_px, frame.height_px) == self._frame_size
        interval = (frame.time_ns + SLACK_NS) // self._min_interval_ns
        if interval != self._interval:
            self._interval = interval
            picture = self._cells.shrink(frame.bgr()) if fits else None
            self._waiting.append((frame.time_ns, picture))
            if picture is not None:
                self._motion.add(frame.time_ns, picture)
        if detections is not None and fits:
            boxes = _maybe_road_users(detections)
            self._detected.add(frame.time_ns, boxes)
            self._at_edge.add(frame.time_ns, _up_to_the_edge(boxes, self._frame_size))
        if not self._live:
            self._take(tracks)
        return self._due(frame.time_ns)

    def finish(self, tracks: Sequence[Tracks]) -> list[RedactedImage]:
        """The pictures still owed at the end of the video, given the last tracks."""
        self._take(tracks)
        return self._due(None)

    def _take(self, tracks: Sequence[Tracks]) -> None:
        for each in tracks:
            self._tracked.add(each.time_ns, each.xyxy_px)

    def _under(self, xyxy_px: Boxes) -> Mask:
        """Cells under grown boxes."""
        width, height = xyxy_px[:, 2] - xyxy_px[:, 0], xyxy_px[:, 3] - xyxy_px[:, 1]
        anyhow = np.float32(GROW_PICTURE * max(self._frame_size))
        return self._cells.under(xyxy_px, GROW_X * width + anyhow, GROW_Y * height + anyhow)

    def _due(self, now_ns: int | None) -> list[RedactedImage]:
        """The pictures of which enough is known; all that are left when the video has ended (None)."""
        out = []
        while self._waiting and (now_ns is None or self._is_due(self._waiting[0][0], now_ns)):
            time_ns, picture = self._waiting.popleft()
            hidden = self._hidden(time_ns, at_end=now_ns is None)
            if picture is None or hidden is None or hidden.all():
                out.append(RedactedImage(time_ns, self._flat.copy(), fully_hidden=True))
                self.fully_hidden += 1
            else:
                out.append(RedactedImage(time_ns, self._painted(picture, hidden), fully_hidden=False))
            self.pictures += 1
        return out

    def _is_due(self, time_ns: int, now_ns: int) -> bool:
        age_ns = now_ns - time_ns
        return self._live or age_ns > PATIENCE_NS or (age_ns >= DELAY_NS and self._tracked.reach(time_ns))

    def _hidden(self, time_ns: int, *, at_end: bool) -> Mask | None:
        """Cells to hide; None when nobody can tell."""
        at_end = at_end or self._live  # nothing comes after the latest picture
        detected = self._detected.around(time_ns, at_end=at_end)
        at_edge = self._at_edge.around(time_ns, at_end=at_end)
        tracked = NO_BOXES if self._live else self._tracked.around(time_ns, at_end=at_end)
        moved = self._motion.around(time_ns)
        if detected is None or at_edge is None or tracked is None or moved is None or moved.mean() > MAX_MOTION:
            return None
        return self._under(np.concatenate((detected, at_edge, tracked))) | moved

    def _painted(self, picture: NDArray[np.uint8], hidden: Mask) -> NDArray[np.uint8]:
        painted = picture.copy()
        cv2.copyTo(self._flat, self._cells.pixels(hidden), painted)
        return painted


def _maybe_road_users(detections: Detections) -> Boxes:
    is_vehicle = detections.kind >= Kind.CAR
    # Written as a negation so that a score that is no number counts as a road user.
    return detections.xyxy_px[~(detections.score < np.where(is_vehicle, MIN_VEHICLE_SCORE, MIN_SCORE))]


def _up_to_the_edge(xyxy_px: Boxes, frame_size: tuple[int, int]) -> Boxes:
    """Those of the boxes [n, 4] that are at an edge of the picture, drawn out to it."""
    low, high = xyxy_px[:, :2], xyxy_px[:, 2:]
    reach = EDGE_REACH * (high - low)
    size = np.array(frame_size, np.float32)
    at_low, at_high = low < reach, size - high < reach
    drawn_out = np.concatenate((np.where(at_low, 0, low), np.where(at_high, size, high)), axis=1)
    at_edge: Boxes = drawn_out[(at_low | at_high).any(axis=1)].astype(np.float32, copy=False)
    return at_edge


class _Looks:
    """What one signal saw at the moments at which it looked."""

    def __init__(self, hold_ns: int) -> None:
        self._hold_ns = hold_ns
        self._looks: deque[tuple[int, Boxes]] = deque()

    def add(self, time_ns: int, xyxy_px: Boxes) -> None:
        self._looks.append((time_ns, xyxy_px))

    def reach(self, time_ns: int) -> bool:
        """Whether there was a look at this time or later."""
        return bool(self._looks) and self._looks[-1][0] >= time_ns

    def around(self, time_ns: int, *, at_end: bool) -> Boxes | None:
        """All boxes that were seen within the hold of `time_ns`, and by the last look before it and the first after it.

        None when there was no look for too long before, or after unless the video has ended. Times never go back.
        """
        while len(self._looks) > 1 and self._looks[0][0] < time_ns - self._hold_ns and self._looks[1][0] < time_ns:
            self._looks.popleft()
        times = np.array([seen_ns for seen_ns, _ in self._looks], np.int64)
        before, after = int(np.searchsorted(times, time_ns)), int(np.searchsorted(times, time_ns, "right"))
        seen_before = after > 0 and time_ns - times[after - 1] <= MAX_GAP_NS
        seen_after = before < len(times) and times[before] - time_ns <= MAX_GAP_NS
        if not seen_before or not (seen_after or at_end):
            return None
        near = np.abs(times - time_ns) <= self._hold_ns
        near[max(before - 1, 0) : after + 1] = True
        return np.concatenate([boxes for (_, boxes), counts in zip(self._looks, near, strict=True) if counts])


class _Motion:
    """Where pictures differ from those a little before and a little after."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._sketches: deque[tuple[int, NDArray[np.uint8]]] = deque()

    def add(self, time_ns: int, picture: NDArray[np.uint8]) -> None:
        self._sketches.append((time_ns, self._cells.sketch(picture)))

    def around(self, time_ns: int) -> Mask | None:
        """Cells that moved; None for a moment of which there is no picture. Times never go back."""
        longest_ns = max(MOTION_LAGS_NS)
        while len(self._sketches) > 1 and self._sketches[1][0] <= time_ns - longest_ns:
            self._sketches.popleft()
        times = np.array([seen_ns for seen_ns, _ in self._sketches], np.int64)
        here = int(np.searchsorted(times, time_ns))
        if here == len(times) or times[here] != time_ns:
            return None
        change = np.zeros((self._cells.rows, self._cells.columns), np.uint8)
        for lag_ns in MOTION_LAGS_NS:
            before = int(np.searchsorted(times, time_ns - lag_ns, "right")) - 1
            after = int(np.searchsorted(times, time_ns + lag_ns))
            others = [k for k in (before, after) if 0 <= k < len(times)]
            if others:
                sketch = self._sketches[here][1]
                first, last = (cv2.absdiff(sketch, self._sketches[k][1]) for k in (others[0], others[-1]))
                cv2.max(change, cv2.min(first, last), change)
        moved = (change > MOTION_GREY_LEVELS).view(np.uint8)
        moved = cv2.morphologyEx(moved, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))  # type: ignore[assignment]
        return cv2.dilate(moved, np.ones((5, 5), np.uint8)).view(bool)
