"""Straight segments, and what happens to places that reach the picture's edge.

A foot never leaves the picture: when a box is cut by the lower edge, its foot sticks to that edge, and smoothing
leaves it a little before. Places are therefore adapted within `EDGE_MARGIN` of the edge: what runs along the edge is
a border that feet can reach or never cross, whichever the place needs; what runs into the edge is carried on beyond.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

EDGE_MARGIN = 0.015
"""Share of the picture's width or height from which on a point counts as lying on the picture's edge."""


def cross(u: Array, v: Array) -> Array:
    """z of the cross product of plane vectors [..., 2]; > 0 where v points to the right of u in the picture,
    to the left on the ground."""
    z: Array = u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]
    return z


def distance(points: Array, start: Array, end: Array) -> Array:
    """Distance of each point [k, 2] from each segment start–end [s, 2], as [k, s]."""
    along_x, along_y = (end - start).T
    x, y = points[:, :1] - start[:, 0], points[:, 1:] - start[:, 1]
    length2 = np.maximum(along_x * along_x + along_y * along_y, np.finfo(np.float64).tiny)
    t = np.clip((x * along_x + y * along_y) / length2, 0.0, 1.0)
    x -= t * along_x
    y -= t * along_y
    away: Array = np.sqrt(x * x + y * y)
    return away


def _outward(points_xy: Array) -> Array:
    """Per point and axis -1 or +1 where it lies on the picture's edge on that side, otherwise 0; [k, 2]."""
    return (points_xy >= 1.0 - EDGE_MARGIN).astype(np.float64) - (points_xy <= EDGE_MARGIN)


def open_line(points_xy: Array) -> Array:
    """A line [k, 2] in fractions as feet can cross it, [k or more, 2].

    Segments that run along the picture's edge are moved inside by the margin, since no foot gets behind them
    otherwise; a first or last segment that runs into the edge is carried on outside, straight through the edge.
    """
    outward = _outward(points_xy)
    steps = np.diff(points_xy, axis=0)
    flat = np.abs(steps) < np.abs(steps[:, ::-1])
    along = (outward[1:] == outward[:-1]) & (outward[1:] != 0.0) & flat
    on_edge = np.zeros(points_xy.shape, np.bool_)
    on_edge[1:] |= along
    on_edge[:-1] |= along
    inside = np.where(outward > 0.0, 1.0 - EDGE_MARGIN, EDGE_MARGIN)
    points = np.where(on_edge, inside, points_xy)
    # only an end that points outwards is carried on: both ends of a short line may lie near the same edge
    leaving = np.stack((-steps[0], steps[-1])) * outward[[0, -1]] > 0.0
    beyond = outward[[0, -1]] * (leaving & ~on_edge[[0, -1]])
    parts = [points[:1] + beyond[:1], points, points[-1:] + beyond[1:]]
    return np.concatenate(parts[not beyond[0].any() : 3 - (not beyond[1].any())])


def open_polygon(polygon_xy: Array) -> Array:
    """A polygon [k, 2] in fractions with those borders that run along the picture's edge moved far outside."""
    outward = _outward(polygon_xy)
    after = (outward == np.roll(outward, -1, axis=0)) * outward
    before = np.roll(after, 1, axis=0)
    points: list[Array] = []
    for point, incoming, outgoing in zip(polygon_xy, before, after, strict=True):
        push = np.where(incoming != 0.0, incoming, outgoing)
        if not push.any():
            points.append(point)
        elif incoming.any() and outgoing.any():
            points.append(point + push)
        else:
            points.extend((point + push, point) if incoming.any() else (point, point + push))
    return np.array(points)
