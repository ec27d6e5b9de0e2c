"""From a decoded frame to an upright colour picture with the privacy masks painted."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from av.filter import Graph
from cv2.typing import MatLike
from numpy.typing import NDArray

from flaneur.source.opening import BROKEN, SourceError

MASK_BGR = (128, 128, 128)
MASK_MARGIN_PX = 1
"""Masks reach at least this much further, so that neither rounding nor scaling leaves a strip of what they hide."""
SMALLEST_INTERLACED_PX = 16
"""Smaller pictures hold no field worth interpolating."""
ABORTING_FORMATS = frozenset({"yaf32be", "yaf32le"})
"""FFmpeg's scaler ends the whole process on these."""


SKETCH_CELLS = 192
"""Along the longer side of a sketch."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One of the eight ways in which a stored picture can lie: transpose first, then mirror."""

    transpose: bool = False
    mirror_x: bool = False
    mirror_y: bool = False

    @staticmethod
    def from_matrix(matrix: NDArray[np.int32]) -> "Turn":
        """Nearest turn of a display matrix, int32 [9] as in ISO 14496-12: (x, y) = (a p + c q, b p + d q)."""
        a, b, c, d = (int(matrix[k]) for k in (0, 1, 3, 4))
        if abs(b) + abs(c) > abs(a) + abs(d):
            return Turn(True, c < 0, b < 0)
        return Turn(False, a < 0, d < 0)

    @staticmethod
    def from_degrees(clockwise: int) -> "Turn":
        """The turn that a `rotate` tag of 0, 90, 180 or 270 asks for."""
        quarter = clockwise // 90 % 4
        return Turn(quarter % 2 == 1, quarter in (1, 2), quarter in (2, 3))

    def apply(self, bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The upright picture; also for pictures of one channel."""
        turned = cv2.transpose(bgr) if self.transpose else bgr
        if self.mirror_x or self.mirror_y:
            turned = cv2.flip(turned, -1 if self.mirror_x and self.mirror_y else int(self.mirror_x))
        return np.asarray(turned, dtype=np.uint8)


def turn_of(first: av.VideoFrame, tags: Mapping[str, str]) -> Turn:
    """How the pictures of a video must be turned, by its display matrix or an old `rotate` tag."""
    try:
        matrix: Any = first.side_data.get("DISPLAYMATRIX")
    except ValueError:  # beside it lies a kind of data that this PyAV cannot name; the angle is still to be had
        return Turn.from_degrees(-90 * round(first.rotation / 90))
    if matrix is not None:
        return Turn.from_matrix(np.frombuffer(bytes(matrix), np.int32))
    degrees = next((value for tag, value in tags.items() if tag.lower() == "rotate"), "0")
    return Turn.from_degrees(int(degrees)) if degrees.lstrip("-").isdecimal() else Turn()


class Easel:
    """Paints decoded frames of one video as upright BGR pictures of one size, masks over them."""

    def __init__(
        self, stored_width_px: int, stored_height_px: int, turn: Turn, masks: Sequence[NDArray[np.float64]]
    ) -> None:
        self._stored = stored_width_px, stored_height_px
        self._turn = turn
        self.width_px, self.height_px = (stored_height_px, stored_width_px) if turn.transpose else self._stored
        size = np.array((self.width_px, self.height_px))
        self._masks_px = [np.round(mask * size - 0.5).astype(np.int32) for mask in masks]
        cells = np.maximum(1, np.round(size * min(1.0, SKETCH_CELLS / size.max())))
        self._masks_cells = [np.round(mask * cells - 0.5).astype(np.int32) for mask in masks]
        self._cells: tuple[int, int] = tuple(cells.astype(int).tolist())

    def paint(self, frame: av.VideoFrame) -> NDArray[np.uint8]:
        """uint8 [height_px, width_px, 3], a fresh array; one of `BROKEN` when the frame cannot be converted."""
        if frame.format.name in ABORTING_FORMATS:
            raise ValueError("unknown to FFmpeg's scaler")
        if is_interlaced(frame):
            frame = _one_field(frame)
        width, height = self._stored
        # Conversion runs where the frame is looked at; more threads would take them from the detector and be slower.
        converted = frame.reformat(width=width, height=height, format="bgr24", threads=1)
        bgr: NDArray[np.uint8] = converted.to_ndarray().view(np.uint8)
        if self._masks_px and converted is frame:
            bgr = bgr.copy()  # the decoder's own buffer, which later frames may be built from
        bgr = np.ascontiguousarray(self._turn.apply(bgr))
        _paint_over(bgr, self._masks_px)
        return bgr

    def sketch(self, frame: av.VideoFrame) -> NDArray[np.uint8]:
        """The sketch of a frame by its brightness plane; where it has none, by its colours."""
        luma = _luma(frame)
        if luma is None:
            return self.sketch_painted(self.paint(frame))
        stored = self._cells[::-1] if self._turn.transpose else self._cells
        return self._finished(self._turn.apply(_shrunk(luma, stored)))

    def sketch_painted(self, bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The sketch of a picture that `paint` has made."""
        return self._finished(_shrunk(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), self._cells))

    def _finished(self, cells: NDArray[np.uint8]) -> NDArray[np.uint8]:
        cells = np.ascontiguousarray(cells)
        _paint_over(cells, self._masks_cells)
        return np.asarray(cv2.blur(cells, (3, 3)), dtype=np.uint8)


def _shrunk(grey: MatLike, cells: tuple[int, int]) -> NDArray[np.uint8]:
    """Means of four samples or more for each of (columns, rows) cells: 8K must not cost more than 480p."""
    (height, width), (columns, rows) = grey.shape, cells
    stride = max(1, min(width // (2 * columns), height // (2 * rows)))
    samples = np.ascontiguousarray(grey[::stride, ::stride])
    return np.asarray(cv2.resize(samples, cells, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _paint_over(picture: NDArray[np.uint8], masks_px: Sequence[NDArray[np.int32]]) -> None:
    for mask_px in masks_px:  # one at a time: together, overlaps would cancel out
        cv2.fillPoly(picture, [mask_px], MASK_BGR)
        cv2.polylines(picture, [mask_px], True, MASK_BGR, thickness=1 + 2 * MASK_MARGIN_PX)


def _luma(frame: av.VideoFrame) -> NDArray[np.uint8] | None:
    """The decoder's own brightness plane uint8 [h, w], not copied; None where the format has none of 8 bits."""
    first = frame.format.components[0]
    if not (frame.format.is_planar and first.is_luma and first.bits == 8) or frame.format.has_palette:
        return None
    plane = frame.planes[first.plane]
    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: frame.height, : frame.width]


class Loader:
    """Converts one frame when it is first looked at, from any thread, and then lets the decoded one go."""

    __slots__ = ("_bgr", "_easel", "_frame", "_lock")

    def __init__(self, easel: Easel, frame: av.VideoFrame) -> None:
        self._easel = easel
        self._frame: av.VideoFrame | None = frame
        self._bgr: NDArray[np.uint8] | None = None
        self._lock = threading.Lock()

    def sketch(self) -> NDArray[np.uint8]:
        """The picture's sketch; SourceError when it cannot be converted."""
        with self._lock:
            if self._frame is None:
                assert self._bgr is not None
                return self._easel.sketch_painted(self._bgr)
            with _told(self._frame):
                return self._easel.sketch(self._frame)

    def __call__(self) -> NDArray[np.uint8]:
        """The picture, the same array however often it is asked for; SourceError when it cannot be converted."""
        with self._lock:
            if self._bgr is None:
                assert self._frame is not None
                with _told(self._frame):
                    self._bgr = self._easel.paint(self._frame)
                self._frame = None
            return self._bgr


@contextmanager
def _told(frame: av.VideoFrame) -> Iterator[None]:
    """Says what to do when a frame is of a kind that FFmpeg cannot convert."""
    try:
        yield
    except BROKEN as error:
        raise SourceError(
            f"a picture of the video in pixel format {frame.format.name} cannot be converted "
            f"({error}); convert the video to H.264 first."
        ) from None


def is_interlaced(frame: av.VideoFrame) -> bool:
    """Whether the frame is flagged as two fields of different moments."""
    return frame.interlaced_frame and min(frame.width, frame.height) >= SMALLEST_INTERLACED_PX


def _one_field(frame: av.VideoFrame) -> av.VideoFrame:
    """The first field of a frame, at half its height; scaling back interpolates the other one.

    Filters like yadif weave in neighbouring frames, which would have to be kept and decoded for every frame that
    is looked at. One field is one moment: what moves keeps clean edges, what stands loses some vertical detail.
    """
    graph = Graph()
    graph.threads = 1
    graph.link_nodes(
        graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or Fraction(1, 25)
        ),
        graph.add("field", "type=top"),
        graph.add("buffersink"),
    ).configure()
    graph.vpush(frame)
    return graph.vpull()
