"""Redacted pictures as image files, with what is drawn over them."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from flaneur.data.geometry import Places
from flaneur.data.released import GridLine, HeatMap, RedactedImage
from flaneur.serve.drawing import INK_BGR, SHADE_BGR, Picture, draw_places, draw_text, text_height_px, text_width_px

SMALLEST_PX = 640
"""Smaller pictures are enlarged before anything is written on them."""
GRID_OPACITY = 0.45
LABEL_AT = (0.5, 0.35, 0.65, 0.2, 0.8)
"""Where along its line a label may stand, the first place that is free."""
SHIFT = 4
SUBPIXELS = 1 << SHIFT
"""OpenCV takes positions as whole parts of a pixel; coarser ones make straight lines wavy."""
HEAT_COLOURS = cv2.COLORMAP_VIRIDIS
"""Even in brightness, and the same to people with any colour vision."""
HEAT_OPACITY = (0.45, 0.9)
"""Of the coldest and the hottest cell."""


def png(image: RedactedImage) -> bytes:
    """The picture as a PNG file without metadata."""
    return cv2.imencode(".png", image.bgr)[1].tobytes()


def with_places(image: RedactedImage, places: Places) -> RedactedImage:
    """The picture with lines, zones and their names."""
    bgr = _canvas(image)
    draw_places(bgr, places)
    return RedactedImage(image.time_ns, bgr, image.fully_hidden)


def with_grid(image: RedactedImage) -> RedactedImage:
    """The picture under a grid of tenths, labelled, from which to read the positions that a site file takes."""
    bgr = _canvas(image)
    lines = bgr.copy()
    height, width = bgr.shape[:2]
    xs = [min(round(width * k / 10), width - 1) for k in range(11)]
    ys = [min(round(height * k / 10), height - 1) for k in range(11)]
    for ink, thick in ((SHADE_BGR, 3), (INK_BGR, 1)):
        for x in xs:
            cv2.line(lines, (x, 0), (x, height - 1), ink, thick)
        for y in ys:
            cv2.line(lines, (0, y), (width - 1, y), ink, thick)
    bgr = cv2.addWeighted(lines, GRID_OPACITY, bgr, 1 - GRID_OPACITY, 0).astype(np.uint8, copy=False)
    text = text_height_px(bgr)
    for k in range(11):
        label = f"{k / 10:.1f}"
        left = min(max(xs[k] - text_width_px(label, text) / 2, 2), width - text_width_px(label, text) - 2)
        base = min(max(ys[k] + text / 2, text + 2), height - 4)
        for y in (text + 4, height - 4):
            draw_text(bgr, label, left, y, text, INK_BGR, halo=True)
        if 0 < k < 10:
            for x in (3.0, width - text_width_px(label, text) - 3.0):
                draw_text(bgr, label, x, base, text, INK_BGR, halo=True)
    return RedactedImage(image.time_ns, bgr, image.fully_hidden)


def with_metres(image: RedactedImage, lines: Sequence[GridLine]) -> RedactedImage:
    """The picture under the grid of metres of its ground, labelled every few."""
    bgr = _canvas(image)
    height, width = bgr.shape[:2]
    drawn = bgr.copy()
    paths = [np.round(line.points_xy * (width - 1, height - 1) * SUBPIXELS).astype(np.int32) for line in lines]
    for shade, extra in ((SHADE_BGR, 2), (INK_BGR, 0)):
        for line, path in zip(lines, paths, strict=True):
            cv2.polylines(drawn, [path], False, shade, 1 + extra + bool(line.label), cv2.LINE_AA, SHIFT)
    bgr = cv2.addWeighted(drawn, GRID_OPACITY, bgr, 1 - GRID_OPACITY, 0).astype(np.uint8, copy=False)
    text = text_height_px(bgr)
    taken: list[tuple[float, float, float]] = []
    for line, path in zip(lines, paths, strict=True):
        if line.label:
            long = text_width_px(line.label, text)
            for share in LABEL_AT:
                x, y = (path[round(share * (len(path) - 1))] / SUBPIXELS).tolist()
                left, base = min(max(x + 3, 2), width - long - 2), min(max(y - 3, text + 2), height - 4)
                if all(left > end or left + long < begin or abs(base - at) > 1.3 * text for begin, end, at in taken):
                    taken.append((left, left + long, base))
                    draw_text(bgr, line.label, left, base, text, INK_BGR, halo=True)
                    break
    return RedactedImage(image.time_ns, bgr, image.fully_hidden)


def heat_overlay(background: RedactedImage, heat: HeatMap) -> bytes:
    """The heat map over the faded background as a PNG file, with its scale in seconds.

    Cells without a figure are clear. Colours go with the square root of the time, because a few cells where somebody
    waits would outshine all others.
    """
    bgr = _faded(_canvas(background))
    known = np.isfinite(heat.seconds)
    hottest_s = float(heat.seconds[known].max()) if known.any() else 0.0
    if hottest_s > 0.0:
        share = np.sqrt(np.where(known, heat.seconds, 0.0) / hottest_s)
        colours = cv2.applyColorMap(np.round(share * 255).astype(np.uint8), HEAT_COLOURS)
        cold, hot = HEAT_OPACITY
        opacity = np.where(known, cold + (hot - cold) * share, 0.0)
        size = (bgr.shape[1], bgr.shape[0])
        over = cv2.resize(colours, size, interpolation=cv2.INTER_NEAREST).astype(np.float32)
        weight = cv2.resize(opacity.astype(np.float32), size, interpolation=cv2.INTER_NEAREST)[:, :, None]
        bgr = np.round(bgr + (over - bgr) * weight).astype(np.uint8)
        _draw_scale(bgr, hottest_s)
    return png(RedactedImage(background.time_ns, bgr, background.fully_hidden))


def _canvas(image: RedactedImage) -> Picture:
    """A copy to draw on, enlarged by a whole factor where it is small."""
    factor = math.ceil(SMALLEST_PX / max(image.bgr.shape[:2]))
    enlarged = cv2.resize(image.bgr, None, fx=factor, fy=factor, interpolation=cv2.INTER_NEAREST)
    return enlarged.astype(np.uint8) if factor > 1 else image.bgr.copy()


def _faded(bgr: Picture) -> Picture:
    """Almost without colour and a little lighter, so that the colours over it speak."""
    grey = cv2.cvtColor(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    return cv2.addWeighted(grey, 0.75, bgr, 0.15, 24).astype(np.uint8, copy=False)


def _draw_scale(bgr: Picture, hottest_s: float) -> None:
    """A bar of the colours with its seconds in the lower right corner."""
    text = text_height_px(bgr)
    length, thick, pad = round(16 * text), round(text), round(0.8 * text)
    right, bottom = bgr.shape[1] - 2 * pad, bgr.shape[0] - 2 * pad
    left, top = max(right - length, 0), max(bottom - thick, 0)
    panel = bgr[max(round(top - 2.6 * text), 0) : bottom + pad, max(left - 2 * pad, 0) : right + pad]
    panel[:] = cv2.addWeighted(panel, 0.25, np.full_like(panel, SHADE_BGR), 0.75, 0)
    ramp: NDArray[np.uint8] = np.linspace(0, 255, right - left).astype(np.uint8)[None].repeat(bottom - top, axis=0)
    bgr[top:bottom, left:right] = cv2.applyColorMap(ramp, HEAT_COLOURS)
    for share in (0.0, 0.5, 1.0):
        label = _seconds(hottest_s * share**2)
        x = left + share * (right - left) - share * text_width_px(label, text)
        draw_text(bgr, label, x, top - 0.7 * text, text, INK_BGR)


def _seconds(value_s: float) -> str:
    return f"{value_s:.0f} s" if value_s == 0 or value_s >= 10 else f"{value_s:.2g} s"
