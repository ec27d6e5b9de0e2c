"""Writes redacted pictures as a video that every browser plays."""

from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import cv2
import numpy as np
from av.video.stream import VideoStream

from flaneur.data.geometry import Places
from flaneur.data.released import RedactedImage
from flaneur.serve.atomic import WriteError
from flaneur.serve.drawing import Picture, draw_panel, draw_places

TICKS_PER_S = 90_000
"""The usual time base of H.264, exact for the usual frame rates."""
NOMINAL_RATE = 25
"""Only for the encoder's rate control; pictures keep their own times."""
KEY_FRAME_EVERY = 60
"""Pictures: a player can jump to about every five seconds."""
BT601, BT709, LIMITED_RANGE = 6, 1, 1
"""Codes of H.264 for what OpenCV's conversion does, and for the colours of usual screens."""
ENCODER_OPTIONS = {"preset": "veryfast", "crf": "25", "bf": "0", "rc-lookahead": "10"}
"""No B-frames, so that decoding times are the pictures' times and the first is 0."""
CONTAINER_OPTIONS = {"movflags": "+faststart", "fflags": "+bitexact"}
"""The index comes first, so that a browser plays while it loads; no name and version of the library in the file."""


class RedactedVideoWriter:
    """An MP4 file of H.264 pictures, with places and captions drawn on them.

    The file appears under its name when the context is left without an error and had at least one picture; until then
    it grows under another name beside it, and that is removed on any error. WriteError when the disk refuses.
    """

    def __init__(self, path: Path, width_px: int, height_px: int, places: Places) -> None:
        self._path = path
        self._beside = path.with_name(f".{path.name}.partial")
        self._size = (height_px, width_px)
        self._places = places
        self._pictures = 0

    def __enter__(self) -> Self:
        try:
            self._container = av.open(str(self._beside), "w", format="mp4", options=CONTAINER_OPTIONS)
            self._stream = self._open_stream()
            self._container.start_encoding()
        except OSError as error:
            self._beside.unlink(missing_ok=True)
            raise self._refused(error) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and self._pictures:
                self._container.mux(self._stream.encode(None))
                self._container.close()
                self._beside.replace(self._path)
        except OSError as refusal:
            raise self._refused(refusal) from None
        finally:
            self._abandon()

    def write(self, image: RedactedImage, captions: Sequence[str] = ()) -> None:
        """Append a picture with lines of text on it. ValueError when its size or its time does not fit the video's."""
        if image.bgr.shape[:2] != self._size:
            raise ValueError(f"a picture of {image.bgr.shape[:2]} does not fit a video of {self._size} (height, width)")
        bgr: Picture = image.bgr.copy()
        draw_places(bgr, self._places)
        draw_panel(bgr, captions)
        height, width = self._size
        bgr = cv2.copyMakeBorder(bgr, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)  # type: ignore[assignment]
        i420 = cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420).astype(np.uint8, copy=False)
        frame = av.VideoFrame.from_ndarray(i420, format="yuv420p")
        frame.pts = image.time_ns * TICKS_PER_S // 1_000_000_000
        frame.time_base = Fraction(1, TICKS_PER_S)
        try:
            self._container.mux(self._stream.encode(frame))
        except OSError as error:
            raise self._refused(error) from None
        self._pictures += 1

    def _open_stream(self) -> VideoStream:
        height, width = self._size
        stream = self._container.add_stream("libx264", rate=NOMINAL_RATE, options=ENCODER_OPTIONS)
        stream.width, stream.height = width + width % 2, height + height % 2
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, TICKS_PER_S)
        stream.codec_context.gop_size = KEY_FRAME_EVERY
        stream.codec_context.colorspace = BT601
        stream.codec_context.color_primaries = stream.codec_context.color_trc = BT709
        stream.codec_context.color_range = LIMITED_RANGE
        return stream

    def _abandon(self) -> None:
        """Close what is open and remove what lies beside; after success there is nothing left to do."""
        with suppress(OSError):
            self._container.close()
        self._beside.unlink(missing_ok=True)

    def _refused(self, error: OSError) -> WriteError:
        return WriteError(f"{self._path}: cannot be written: {error.strerror or error}")
