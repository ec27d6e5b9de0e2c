"""Synthetic videos: a writer over PyAV and a tiny scene of moving boxes.

    write_video(tmp_path / "street.mp4", moving_boxes(50, boxes=3))

The container follows from the file's suffix (.mp4, .avi, .mkv, .ts, .mov, .webm, .gif, …).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

PALETTE_BGR = ((40, 40, 220), (40, 200, 40), (220, 120, 40), (40, 200, 220), (220, 40, 200), (200, 200, 40))


def write_video(
    path: Path | str,
    frames_bgr: Iterable[Picture],
    *,
    rate: int | Fraction = 25,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    pts: Sequence[int] | None = None,
    time_base: Fraction | None = None,
    options: Mapping[str, str] | None = None,
    metadata: Mapping[str, str] | None = None,
    rotation_deg: float | None = None,
    hflip: bool = False,
    interlaced: bool = False,
    pixel_aspect: Fraction | None = None,
    container_options: Mapping[str, str] | None = None,
) -> Path:
    """Encode `frames_bgr` (uint8 [h, w, 3], all of one size) and return the path.

    Args:
        path: where to; the suffix chooses the container.
        frames_bgr: the pictures; read one by one, so that a generator may be long.
        rate: pictures per second.
        codec: an encoder's name: libx264, mpeg4, ffv1, mjpeg, libvpx, rawvideo, ...
        pix_fmt: the encoder's pixel format.
        pts: one time stamp per picture in units of `time_base`; 0, 1, 2, ... when None.
        time_base: seconds per tick of `pts`, 1/rate when None.
        options: of the encoder, e.g. {"g": "12", "bf": "2"}; without any, fast and near lossless for libx264.
        metadata: of the container, e.g. {"creation_time": "2026-05-04T10:00:00Z"}.
        rotation_deg: display matrix, counter-clockwise turn that makes the picture upright.
        hflip: display matrix also mirrors left and right.
        interlaced: encode in fields and flag the pictures so (libx264, mpeg2video).
        pixel_aspect: width to height of a pixel.
        container_options: of the muxer, e.g. {"movflags": "faststart"}.
    """
    path = Path(path)
    with av.open(str(path), "w", container_options=dict(container_options or {})) as container:
        container.metadata.update(metadata or {})
        stream: Any = None
        for k, bgr in enumerate(frames_bgr):
            if stream is None:
                stream = container.add_stream(codec, rate=rate, options=dict(options or _quick(codec)))
                stream.height, stream.width = bgr.shape[:2]
                stream.pix_fmt = pix_fmt
                stream.codec_context.time_base = time_base or 1 / Fraction(rate)
                _flag(stream, rotation_deg, hflip, interlaced, pixel_aspect)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(bgr), format="bgr24").reformat(format=pix_fmt)
            frame.pts = k if pts is None else pts[k]
            frame.time_base = time_base or 1 / Fraction(rate)
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode(None))
    return path


def _quick(codec: str) -> dict[str, str]:
    if codec == "libx265":
        return {"preset": "ultrafast", "crf": "12", "x265-params": "log-level=none"}
    if codec == "libx264":
        return {"preset": "ultrafast", "crf": "12"}
    return {"qscale": "2", "qmin": "1"} if codec in ("mpeg4", "mpeg2video", "mjpeg") else {}


def _flag(
    stream: Any, rotation_deg: float | None, hflip: bool, interlaced: bool, pixel_aspect: Fraction | None
) -> None:
    if rotation_deg is not None or hflip:
        stream.set_display_rotation(rotation_deg or 0.0, hflip=hflip)
    if interlaced:
        stream.codec_context.flags |= av.codec.context.Flags.interlaced_dct | av.codec.context.Flags.interlaced_me
    if pixel_aspect is not None:
        stream.sample_aspect_ratio = pixel_aspect


def moving_boxes(
    frames: int,
    width_px: int = 320,
    height_px: int = 240,
    *,
    boxes: int = 3,
    speed_px: float = 2.0,
    size_px: tuple[int, int] = (24, 48),
) -> Iterator[Picture]:
    """A grey square that `boxes` flat boxes cross left to right and back, each in its own colour.

    Yields uint8 [height_px, width_px, 3]. Where the boxes are is said by `box_xyxy_px`.
    """
    ground = _ground(width_px, height_px)
    for k in range(frames):
        picture = ground.copy()
        for n, (x1, y1, x2, y2) in enumerate(box_xyxy_px(k, width_px, height_px, boxes, speed_px, size_px)):
            picture[y1:y2, x1:x2] = PALETTE_BGR[n % len(PALETTE_BGR)]
        yield picture


def box_xyxy_px(
    frame: int,
    width_px: int = 320,
    height_px: int = 240,
    boxes: int = 3,
    speed_px: float = 2.0,
    size_px: tuple[int, int] = (24, 48),
) -> NDArray[np.int64]:
    """Left, top, right, bottom of each box of `moving_boxes` at a frame, int64 [boxes, 4]."""
    width, height = min(size_px[0], width_px), min(size_px[1], height_px)
    span = max(width_px - width, 1)
    row = np.arange(boxes)
    way = speed_px * frame + row * span / max(boxes, 1)
    x1 = np.abs((way + span) % (2 * span) - span).astype(np.int64)  # there and back: a triangle wave
    x1 = np.minimum(x1, width_px - width)
    y1 = ((height_px - height) * (row + 1) / (boxes + 1)).astype(np.int64)
    return np.stack((x1, y1, x1 + width, y1 + height), axis=1)


def _ground(width_px: int, height_px: int) -> Picture:
    """A slope of grey with a mild pattern, so that an encoder and a motion gate have something to see."""
    y, x = np.mgrid[0:height_px, 0:width_px]
    grey = 90 + 60 * y / max(height_px, 1) + 8 * ((x // 16 + y // 16) % 2)
    return np.repeat(grey.astype(np.uint8)[:, :, None], 3, axis=2)
