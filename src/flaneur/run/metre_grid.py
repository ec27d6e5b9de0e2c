"""The 1 m grid of a ground plane, as paths in the picture."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from flaneur.data.released import GridLine
from flaneur.ground.plane import GroundPlane

FARTHEST_M = 100.0
"""From the point of the ground that is nearest to the camera."""
MIN_SPACING_PX = 4.0
"""Where a metre is smaller in the picture there are no lines."""
STEP_M = 0.25
BOLD_EVERY = 5


def metre_grid(plane: GroundPlane) -> list[GridLine]:
    """Lines of whole metres in x and y, where they can be told apart in the picture."""
    seen = _ground_in_view(plane)
    if not len(seen):
        return []
    low, high = np.floor(seen.min(axis=0)), np.ceil(seen.max(axis=0))
    along = [np.arange(low[axis], high[axis] + STEP_M, STEP_M) for axis in (0, 1)]
    lines: list[GridLine] = []
    for axis in (0, 1):
        for value in np.arange(low[axis], high[axis] + 1.0):
            points = np.empty((len(along[1 - axis]), 2))
            points[:, axis], points[:, 1 - axis] = value, along[1 - axis]
            lines += _pieces(plane, points, "xy"[axis], int(value))
    return lines


def _ground_in_view(plane: GroundPlane) -> NDArray[np.float64]:
    """Points of the ground [n, 2] that are to be seen, near enough and large enough."""
    x, y = (np.arange(64) + 0.5) / 64 * plane.width_px, (np.arange(64) + 0.5) / 64 * plane.height_px
    px = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    metres = plane.to_ground(px[_large(plane, px)])
    if not len(metres):
        return metres
    away: NDArray[np.float64] = np.linalg.norm(metres - plane.camera_m, axis=1)
    near: NDArray[np.float64] = metres[away < away.min() + FARTHEST_M]
    return near


def _large(plane: GroundPlane, px: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether a metre is large enough at pixels [n, 2], in the direction in which it is smaller."""
    jacobian = np.nan_to_num(plane.jacobian(px), nan=np.inf)
    finite = np.isfinite(jacobian).all(axis=(1, 2))
    large = np.zeros(len(px), np.bool_)
    if finite.any():
        metre_per_px = np.linalg.svd(jacobian[finite], compute_uv=False)[:, 0]
        large[finite] = metre_per_px * MIN_SPACING_PX <= 1.0
    return large


def _pieces(plane: GroundPlane, points_m: NDArray[np.float64], axis: str, value: int) -> Iterator[GridLine]:
    """The parts of one line that are in the picture."""
    size = np.array((plane.width_px, plane.height_px), np.float64)
    px = plane.to_picture(points_m)
    shown: NDArray[np.bool_] = np.asarray(np.isfinite(px).all(axis=1))
    shown[shown] = ((px[shown] >= 0) & (px[shown] <= size)).all(axis=1) & _large(plane, px[shown])
    borders = np.flatnonzero(np.diff(np.concatenate(([False], shown, [False])).astype(np.int8)))
    for first, end in borders.reshape(-1, 2):
        if end - first > 1:
            bold = value % BOLD_EVERY == 0
            yield GridLine(px[first:end] / size, f"{axis} = {value} m" if bold else "")
