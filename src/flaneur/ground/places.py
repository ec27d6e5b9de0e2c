"""Lines and zones that were drawn in the picture, on the ground."""

import numpy as np

from flaneur.data.errors import UserError
from flaneur.data.geometry import GroundLine, GroundZone, Line, Zone
from flaneur.ground.lens import Array
from flaneur.ground.plane import GroundPlane

HORIZON_MARGIN = 0.005
"""Nearer to the horizon than this share of the picture's height a pixel is many metres long: it touches it."""
PIECE = 0.02
"""Longest piece of a line, in picture widths, that is taken as straight where the lens bends."""


def ground_line(plane: GroundPlane, line: Line) -> GroundLine:
    """`line` in metres; its right hand stays its right hand. UserError where it touches the horizon."""
    return GroundLine(line.name, _on_ground(plane, f"line {line.name!r}", line.points_xy, closed=False))


def ground_zone(plane: GroundPlane, zone: Zone) -> GroundZone:
    """`zone` in metres. UserError where it touches the horizon."""
    return GroundZone(zone.name, _on_ground(plane, f"zone {zone.name!r}", zone.polygon_xy, closed=True))


def _on_ground(plane: GroundPlane, owner: str, points_xy: Array, *, closed: bool) -> Array:
    corners = points_xy * (plane.width_px, plane.height_px)
    # The ground in view is convex for a lens that does not bend, so corners tell about edges.
    below = plane.below_horizon(corners, HORIZON_MARGIN * plane.height_px)
    path = _in_pieces(corners, PIECE * plane.width_px, closed) if plane.lens.distortion.any() else corners
    if not below.all() or not plane.below_horizon(path).all():
        numbers = ", ".join(str(n + 1) for n in np.flatnonzero(~below)) or "between its points"
        y = plane.horizon_px()[:, 1].mean() / plane.height_px
        where = f", which is at {100 * y:.0f} % of the picture's height from the top" if np.isfinite(y) else ""
        raise UserError(
            f"{owner} touches the horizon or lies above it (points: {numbers}){where}: there is no ground there; "
            "draw it lower, or check the calibration"
        )
    return plane.to_ground(path)


def _in_pieces(corners: Array, longest: float, closed: bool) -> Array:
    """The same path with points between corners, no more than `longest` apart."""
    ends = np.roll(corners, -1, axis=0) if closed else corners[1:]
    pieces = []
    for a, b in zip(corners, ends, strict=False):
        count = max(1, int(np.ceil(np.linalg.norm(b - a) / longest)))
        pieces.append(a + (b - a) * (np.arange(count) / count)[:, None])
    if not closed:
        pieces.append(corners[-1:])
    return np.concatenate(pieces)
