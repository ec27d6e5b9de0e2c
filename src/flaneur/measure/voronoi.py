"""The ground that each person has for themselves: Voronoi cells, as areas.

A person's cell is all ground that is nearer to them than to anybody else, within the walkable area and not farther
than the cut-off radius. One over its area is the individual density, and a zone's density is the sum of the shares of
all cells that lie in it over the zone's area (Steffen & Seyfried 2010, Physica A 389, 1902–1910). It scatters far less
than the number of people over the area, which jumps whenever somebody steps over the border.

The cut-off is a true circle: areas are exact, where a polygon of 12 corners loses 4.5 % of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from flaneur.data.private import Private

Array = NDArray[np.float64]

SAME_SPOT_M = 1e-3
"""People nearer to one another than about this share one cell in equal parts: no position is that exact, and a
tessellation of points much nearer is at the mercy of rounding."""
FAR = 10.0
"""Four points at so many half widths of the scene close the outermost cells far outside of it."""
TINY_M = 1e-6
"""Sides are taken to be no shorter: corners of which there is a choice differ by rounding, and no figure by this."""
CORNERS = 16
"""Segments per quarter of the polygon around the cut-off circle; it only has to part what the circle parts."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class OwnGround(Private):
    """The areas of n people's cells."""

    area_m2: Array
    """[n] NaN for somebody who has no cell: outside the walkable area, or without a position."""
    overlap_m2: Array
    """[n, zones] how much of it lies in each zone; 0 for somebody without a cell."""

    def share(self) -> Array:
        """Which share of each person counts as in each zone, [n, zones]; 0 for somebody without a cell."""
        held = self.area_m2[:, None] > 0.0
        share: Array = np.divide(self.overlap_m2, self.area_m2[:, None], out=np.zeros_like(self.overlap_m2), where=held)
        return share


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class _Cells(Private):
    """One cell for each of m different positions."""

    spot: Array
    """[m, 2] in metres from the middle of them all, where floating point resolves best."""
    point: NDArray[np.object_]
    """[m] the same as shapely points."""
    shape: NDArray[np.object_]
    """[m] polygons, not yet cut by the circle."""
    reach: Array
    """[m] how far each reaches from its spot at most; 0 for an empty one."""
    cutoff_m: float

    @classmethod
    def of(cls, spot: Array, point: NDArray[np.object_], shape: NDArray[np.object_], cutoff_m: float) -> "_Cells":
        """These polygons."""
        corner, owner = shapely.get_coordinates(shape, return_index=True)
        reach = np.zeros(len(spot))
        x, y = (corner - spot.take(owner, axis=0)).T
        np.maximum.at(reach, owner, np.sqrt(x * x + y * y))
        return cls(spot, point, shape, np.minimum(reach, cutoff_m), cutoff_m)

    def at(self, border: shapely.Geometry) -> NDArray[np.intp]:
        """Rows of the cells that may reach over a border."""
        return np.flatnonzero(self.reach >= shapely.distance(self.point, border))


def own_ground(
    xy_m: Array, zones: NDArray[np.object_], cutoff_m: float, walkable: shapely.Geometry | None = None
) -> OwnGround:
    """Cells of people at `xy_m` [n, 2], and how they share `zones`, an array of valid shapely polygons.

    `cutoff_m` may be infinite if there is a walkable area; otherwise ValueError. Where walls cut a cell into parts,
    only the part that the person stands on is theirs.
    """
    if walkable is None and not np.isfinite(cutoff_m):
        raise ValueError("cells need a walkable area or a cut-off radius to have an end")
    ground = OwnGround(np.full(len(xy_m), np.nan), np.zeros((len(xy_m), len(zones))))
    there = np.isfinite(xy_m[:, 0]) & np.isfinite(xy_m[:, 1])
    if walkable is not None:
        there[there] = shapely.intersects_xy(walkable, *xy_m[there].T)
    who = np.flatnonzero(there)
    if not len(who):
        return ground
    first, cell, people = _spots(xy_m[who])
    origin = 0.5 * (xy_m[who].min(axis=0) + xy_m[who].max(axis=0))
    cells = _tessellation(xy_m[who[first]] - origin, cutoff_m, walkable)
    if walkable is not None:
        cells = _walled(cells, _moved(walkable, origin))
    area = _area_within(cells.shape, cells.spot, cutoff_m)
    ground.area_m2[who] = (np.where(area > 0.0, area, np.nan) / people)[cell]
    overlap = _overlap(cells, area, [_moved(zone, origin) for zone in zones])
    ground.overlap_m2[who] = (overlap / people[:, None]).take(cell, axis=0)
    return ground


def _spots(xy_m: Array) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Different positions: the first row at each [m]; the spot of each row [n]; how many rows each spot has [m]."""
    grid = np.rint((xy_m - xy_m.min(axis=0)) / SAME_SPOT_M).astype(np.int64)
    key = grid[:, 0] << 32 | grid[:, 1]
    _, first, spot, rows = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
    return first, spot, rows


def _moved(polygon: shapely.Geometry, origin: Array) -> shapely.Geometry:
    moved: shapely.Geometry = shapely.transform(polygon, lambda xy: xy - origin)
    shapely.prepare(moved)
    return moved


def _tessellation(spot: Array, cutoff_m: float, walkable: shapely.Geometry | None) -> _Cells:
    """Convex cells around `spot` [m, 2], correct as far as the cut-off or the walkable area reaches."""
    width = np.abs(spot).max()
    if walkable is not None:
        x1, y1, x2, y2 = walkable.bounds
        width = max(width, x2 - x1, y2 - y1)
    if np.isfinite(cutoff_m):
        width += cutoff_m
    corners = FAR * width * np.array(((-1, -1), (-1, 1), (1, 1), (1, -1)))
    cells = shapely.voronoi_polygons(shapely.multipoints(np.concatenate((spot, corners))), ordered=True)
    # four people on one circle make corners that differ by rounding only; a hull is valid all the same
    shape = shapely.convex_hull(shapely.get_parts(cells)[: len(spot)])
    return _Cells.of(spot, shapely.points(spot), shape, cutoff_m)


def _walled(cells: _Cells, walkable: shapely.Geometry) -> _Cells:
    """Cells without what lies outside the walkable area or behind its walls."""
    rows = cells.at(walkable.boundary)
    cut = shapely.intersection(cells.shape[rows], walkable)
    if np.isfinite(cells.cutoff_m):
        # around the circle, not in it, so that the exact circle can be cut out later
        around = cells.cutoff_m / np.cos(np.pi / (4 * CORNERS))
        cut = shapely.intersection(cut, shapely.buffer(cells.point[rows], around, quad_segs=CORNERS))
    part, owner = shapely.get_parts(cut, return_index=True)
    ours = (shapely.get_type_id(part) == shapely.GeometryType.POLYGON) & shapely.intersects(
        part, cells.point[rows[owner]]
    )
    shape = cells.shape.copy()
    shape[rows] = shapely.Polygon()
    shape[rows[owner[ours]]] = part[ours]
    return _Cells.of(cells.spot, cells.point, shape, cells.cutoff_m)


def _overlap(cells: _Cells, area: Array, zones: Sequence[shapely.Geometry]) -> Array:
    """Area of each cell in each zone [m, zones]; only those that may reach over a border are really cut."""
    overlap = np.zeros((len(area), len(zones)))
    if not len(zones):
        return overlap
    for n, zone in enumerate(zones):
        overlap[:, n] = np.where(shapely.intersects_xy(zone, *cells.spot.T), area, 0.0)
    rows = [cells.at(zone.boundary) for zone in zones]
    row, of = np.concatenate(rows), np.repeat(np.arange(len(zones)), [len(one) for one in rows])
    cut = shapely.intersection(cells.shape[row], np.array(zones, np.object_)[of])
    overlap[row, of] = _area_within(cut, cells.spot.take(row, axis=0), cells.cutoff_m)
    return overlap


def _area_within(shape: NDArray[np.object_], spot: Array, cutoff_m: float) -> Array:
    """Area of each geometry that is within `cutoff_m` of its `spot` [m, 2]; holes are left out."""
    if not np.isfinite(cutoff_m):
        area: Array = shapely.area(shape)
        return area
    ring, owner, sign = shape, np.arange(len(shape)), np.ones(len(shape))
    plain = shapely.get_type_id(shape) == shapely.GeometryType.POLYGON
    if not plain.all() or shapely.get_num_interior_rings(shape).any():
        ring, owner, sign = _rings(shape)
    corner, of_ring = shapely.get_coordinates(ring, return_index=True)
    side = np.flatnonzero(of_ring[1:] == of_ring[:-1])
    corner -= spot.take(owner[of_ring], axis=0)
    swept = _swept(corner.take(side, axis=0), corner.take(side + 1, axis=0), cutoff_m)
    held = sign * np.abs(np.bincount(of_ring[side], weights=swept, minlength=len(ring)))
    # a geometry that lies wholly outside the circle comes out as 0 but for rounding
    return np.maximum(np.bincount(owner, weights=held, minlength=len(spot)), 0.0)


def _rings(shape: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.intp], Array]:
    """The rings of all polygons in the geometries, whose they are, and -1 for those of holes."""
    part, owner = shapely.get_parts(shape, return_index=True)
    flat = shapely.get_type_id(part) == shapely.GeometryType.POLYGON
    ring, of_part = shapely.get_rings(part[flat], return_index=True)
    return ring, owner[flat][of_part], np.where(np.diff(of_part, prepend=-1) > 0, 1.0, -1.0)


def _swept(a: Array, b: Array, radius: float) -> Array:
    """Signed area between the origin and each side a–b [k, 2] within a circle of `radius` around the origin.

    The sum over the sides of a polygon is the area that it shares with the circle: a side counts as a triangle where
    it runs inside the circle, and as a sector where outside.
    """
    (ax, ay), (bx, by) = a.T, b.T
    x, y = bx - ax, by - ay
    # a + t · way is on the circle at t = middle ± half
    length2 = np.maximum(x * x + y * y, TINY_M**2)
    middle = -(ax * x + ay * y) / length2
    inner = middle * middle - (ax * ax + ay * ay - radius**2) / length2
    half = np.sqrt(np.maximum(inner, 0.0))
    enter, leave = np.clip(middle - half, 0.0, 1.0), np.clip(middle + half, 0.0, 1.0)
    enter_x, enter_y, leave_x, leave_y = ax + enter * x, ay + enter * y, ax + leave * x, ay + leave * y
    # nearly all sides run inside the circle from one end to the other and sweep no sector
    sectors = np.zeros(len(a))
    rows = np.flatnonzero((enter > 0.0) | (leave < 1.0))
    sectors[rows] = _angle(ax[rows], ay[rows], enter_x[rows], enter_y[rows])
    sectors[rows] += _angle(leave_x[rows], leave_y[rows], bx[rows], by[rows])
    swept: Array = 0.5 * (radius**2 * sectors + enter_x * leave_y - enter_y * leave_x)
    return swept


def _angle(ux: Array, uy: Array, vx: Array, vy: Array) -> Array:
    """From u to v, counter-clockwise."""
    angle: Array = np.arctan2(ux * vy - uy * vx, ux * vx + uy * vy)
    return angle
