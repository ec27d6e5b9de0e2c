"""Plain figures that stand for road users. One flat shape for each group of kinds; nothing of anybody is in them."""

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import TWO_WHEELERS, Kind

Picture = NDArray[np.uint8]
Points = Sequence[tuple[float, float]]

GLYPH_BGR = (0, 159, 230)
"""Orange of Okabe and Ito's colours: people with any colour vision tell it from streets and lawns."""
RIM_BGR = (24, 20, 16)
RIM = 0.035
"""Width of the dark rim in heights of a glyph, so that it stands out from any ground."""
TYRE = 0.05
"""Width of a bicycle's tyre in the same unit."""
FINENESS = 8
"""Shapes are drawn so many times as large and reduced, which gives smooth edges."""

FIGURE, CYCLIST, CAR, VAN = range(4)
"""The shapes there are: who walks, who rides, a car, anything larger."""
_SHAPE_OF_KIND = {
    Kind.PEDESTRIAN: FIGURE,
    **dict.fromkeys(TWO_WHEELERS, CYCLIST),
    Kind.CAR: CAR,
    Kind.TRUCK: VAN,
    Kind.BUS: VAN,
    Kind.TRAIN: VAN,
}
SHAPE_OF_KIND: NDArray[np.intp] = np.array([_SHAPE_OF_KIND[kind] for kind in Kind])
"""Code of `Kind` -> shape."""

ASPECT = {FIGURE: 0.42, CYCLIST: 0.95, CAR: 2.1, VAN: 2.0}
"""Width in heights."""
# In heights of the glyph from its upper left corner: circles (x, y, radius), strokes (points, width), polygons.
_CIRCLES: dict[int, Sequence[tuple[float, float, float]]] = {
    FIGURE: ((0.21, 0.11, 0.10),),
    CYCLIST: ((0.52, 0.10, 0.09),),
    CAR: ((0.45, 0.82, 0.17), (1.65, 0.82, 0.17)),
    VAN: ((0.45, 0.87, 0.12), (1.55, 0.87, 0.12)),
}
_RINGS: dict[int, Sequence[tuple[float, float, float]]] = {CYCLIST: ((0.23, 0.76, 0.19), (0.72, 0.76, 0.19))}
_STROKES: dict[int, Sequence[tuple[Points, float]]] = {
    FIGURE: (
        (((0.15, 0.62), (0.15, 0.94)), 0.11),
        (((0.27, 0.62), (0.27, 0.94)), 0.11),
        (((0.065, 0.32), (0.065, 0.56)), 0.08),
        (((0.355, 0.32), (0.355, 0.56)), 0.08),
    ),
    CYCLIST: (
        (((0.46, 0.29), (0.36, 0.50)), 0.14),
        (((0.47, 0.29), (0.66, 0.42)), 0.07),
        (((0.36, 0.52), (0.52, 0.58), (0.47, 0.78)), 0.08),
        (((0.23, 0.76), (0.36, 0.54), (0.64, 0.50), (0.72, 0.76)), 0.04),
    ),
}
_POLYGONS: dict[int, Sequence[Points]] = {
    FIGURE: (((0.04, 0.30), (0.09, 0.25), (0.33, 0.25), (0.38, 0.30), (0.335, 0.64), (0.085, 0.64)),),
    CAR: (
        (
            *((0.04, 0.80), (0.06, 0.48), (0.36, 0.42), (0.62, 0.06), (1.38, 0.06)),
            *((1.70, 0.42), (2.02, 0.50), (2.06, 0.80)),
        ),
    ),
    VAN: (((0.05, 0.86), (0.05, 0.08), (0.10, 0.03), (1.90, 0.03), (1.95, 0.08), (1.95, 0.86)),),
}


_WINDOWS: dict[int, Sequence[Points]] = {
    CAR: (
        ((0.52, 0.42), (0.70, 0.17), (0.97, 0.17), (0.97, 0.42)),
        ((1.08, 0.42), (1.08, 0.17), (1.32, 0.17), (1.52, 0.42)),
    ),
    VAN: tuple(((x, 0.42), (x, 0.16), (x + 0.36, 0.16), (x + 0.36, 0.42)) for x in (0.16, 0.60, 1.04, 1.48)),
}


def draw_glyph(picture: Picture, shape: int, foot_x_px: float, foot_y_px: float, height_px: int) -> None:
    """Draw a shape on `picture` so that it stands on a point, as far as it is inside."""
    colours, opacity = _stamp(shape, height_px)
    rows, columns = opacity.shape[:2]
    left, top = round(foot_x_px - columns / 2), round(foot_y_px) - rows
    x1, y1 = max(left, 0), max(top, 0)
    x2, y2 = min(left + columns, picture.shape[1]), min(top + rows, picture.shape[0])
    if x1 >= x2 or y1 >= y2:
        return
    part = np.s_[y1 - top : y2 - top, x1 - left : x2 - left]
    under = picture[y1:y2, x1:x2]
    under[:] = np.rint(under + opacity[part] * (colours[part] - under))


@lru_cache(maxsize=512)
def _stamp(shape: int, height_px: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Colours [h, w, 3] and opacity [h, w, 1] of a shape with its rim."""
    large = height_px * FINENESS
    rim = max(RIM * large, FINENESS)
    margin = int(np.ceil(rim / FINENESS)) * FINENESS
    size = (large + 2 * margin, round(ASPECT[shape] * height_px) * FINENESS + 2 * margin)
    ink = _ink(shape, size, large, margin)
    ellipse = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(rim) + 1,) * 2)
    opaque = cv2.dilate(ink, ellipse)
    for window in _WINDOWS.get(shape, ()):
        cv2.fillPoly(ink, [_at(window, large, margin)], 0)
    colours = np.where(ink[:, :, None] > 0, np.array(GLYPH_BGR, np.float32), np.array(RIM_BGR, np.float32))
    small = size[1] // FINENESS, size[0] // FINENESS
    weight = opaque[:, :, None].astype(np.float32) / 255
    opacity = cv2.resize(weight, small, interpolation=cv2.INTER_AREA)[:, :, None]
    mixed = cv2.resize(colours * weight, small, interpolation=cv2.INTER_AREA) / np.maximum(opacity, 1e-6)
    return mixed.astype(np.float32), opacity.astype(np.float32)


def _ink(shape: int, size: tuple[int, int], scale: int, margin: int) -> NDArray[np.uint8]:
    """The shape alone, uint8 [h, w], 255 where it is."""
    ink = np.zeros(size, np.uint8)

    for polygon in _POLYGONS.get(shape, ()):
        cv2.fillPoly(ink, [_at(polygon, scale, margin)], 255)
    for points, width in _STROKES.get(shape, ()):
        cv2.polylines(ink, [_at(points, scale, margin)], False, 255, max(1, round(width * scale)), cv2.LINE_8)
    for x, y, radius in _CIRCLES[shape]:
        cv2.circle(ink, _at([(x, y)], scale, margin)[0].tolist(), round(radius * scale), 255, -1)
    for x, y, radius in _RINGS.get(shape, ()):
        cv2.circle(
            ink, _at([(x, y)], scale, margin)[0].tolist(), round(radius * scale), 255, max(1, round(0.05 * scale))
        )
    return ink


def _at(points: Points, scale: int, margin: int) -> NDArray[np.int32]:
    pixels: NDArray[np.int32] = np.rint(np.array(points) * scale + margin).astype(np.int32)
    return pixels
