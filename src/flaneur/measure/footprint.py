"""Footprints on the ground and when moving ones meet: rectangles, and octagons for those who have no direction.

Two convex shapes that are their own mirror image in their middle share ground exactly if on every normal of a side
their middles are no further apart than their reaches together (separating axes: Gottschalk, Lin, Manocha, 1996).
While they move straight, each of these conditions holds from one moment to another: a slab that a ray enters and
leaves (Kay, Kajiya, 1986). So whether and when two footprints meet is a closed form, without steps in time.

A pair needs four normals. Those of two rectangles are their own. A pedestrian, and whoever has not yet moved, is as
wide in every direction; beside a rectangle it is the octagon around this circle with four sides along the rectangle,
at most 8 % of its radius too large, and only at its corners. Of two without a direction nothing is ever said.
"""

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import Kind
from flaneur.data.private import GroundTracks

Array = NDArray[np.float64]

ROUNDING = 1e-9
"""Relative to a reach: who touches to within this is inside the slab."""


HALF_TURN = np.sqrt(0.5)
"""Cosine and sine of 45°."""
SURE = 1.645
"""Standard deviations of the distance of two middles, by which footprints must overlap: one-sided 95 %."""


def headings(tracks: GroundTracks) -> Array:
    """Where the rectangles point to [n], radians; NaN for those that are as wide in every direction."""
    return np.where(tracks.kind == Kind.PEDESTRIAN, np.nan, tracks.heading_rad)


def normals_and_reach(one: Array, other: Array) -> tuple[Array, Array]:
    """The four normals of each pair, and how far both footprints together extend along them from their middles.

    Each of a pair comes as cosine and sine of its heading, and half its length and width, [4, ...]. Of the normals
    come the headings [2, 2, ...]: the other two are what is left of these. The reach is [4, ...]. Where there is no
    heading the footprint is as wide in every direction; where neither has one, all is NaN.
    """
    (ax, ay), (bx, by) = one[:2], other[:2]
    a, b = np.isnan(ax), np.isnan(bx)
    ax, ay = np.where(a, (bx - by) * HALF_TURN, ax), np.where(a, (by + bx) * HALF_TURN, ay)
    bx, by = np.where(b, (ax - ay) * HALF_TURN, bx), np.where(b, (ay + ax) * HALF_TURN, by)
    (along_a, across_a), (along_b, across_b) = one[2:], other[2:]
    along_a, along_b = np.where(a, across_a, along_a), np.where(b, across_b, along_b)
    cos, sin = np.abs(ax * bx + ay * by), np.abs(ax * by - ay * bx)
    wide_a, wide_b = (
        np.where(round_, across, np.array((cos * along + sin * across, sin * along + cos * across)))
        for round_, along, across in ((a, along_a, across_a), (b, along_b, across_b))
    )
    own = np.array((along_a, across_a)), np.array((along_b, across_b))
    return np.array(((ax, ay), (bx, by))), np.concatenate((own[0] + wide_b, own[1] + wide_a))


def on_normals(normals: Array, x: Array, y: Array) -> Array:
    """Components of vectors (x, y) [...] on the four normals of each pair, [4, ...]."""
    (ax, ay), (bx, by) = normals
    return np.array((x * ax + y * ay, y * ax - x * ay, x * bx + y * by, y * bx - x * by))


def slabs(offset: Array, rate: Array, width: Array) -> tuple[Array, Array]:
    """From when to when |offset + rate · t| <= width; (inf, -inf) where never, (-inf, inf) where always."""
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (-width - offset) / rate, (width - offset) / rate
    still = rate == 0.0
    if still.any():
        inside = np.abs(offset) <= width * (1 + ROUNDING) + ROUNDING
        one = np.where(still, np.where(inside, -np.inf, np.inf), one)
        other = np.where(still, -one, other)
        return np.where(still, one, np.minimum(one, other)), np.where(still, other, np.maximum(one, other))
    return np.minimum(one, other), np.maximum(one, other)


def between(xy_a: Array, xy_b: Array, heading_a: Array, heading_b: Array, half_a: Array, half_b: Array) -> Array:
    """Where footprints touch [n, 2]: amid the points of each that are nearest to the middle of the other."""
    both = (
        np.concatenate(columns) for columns in ((xy_a, xy_b), (heading_a, heading_b), (half_a, half_b), (xy_b, xy_a))
    )
    points = _nearest(*both)
    middle: Array = (points[: len(xy_a)] + points[len(xy_a) :]) / 2
    return middle


def _nearest(xy: Array, heading: Array, half_m: Array, to: Array) -> Array:
    """The point of each footprint [n, 2] that is nearest to `to` [n, 2]."""
    way = to - xy
    round_ = np.isnan(heading)
    cos, sin = np.cos(heading), np.sin(heading)
    (x, y), (length, width) = way.T, half_m.T
    along, across = np.clip(x * cos + y * sin, -length, length), np.clip(y * cos - x * sin, -width, width)
    corner = np.stack((along * cos - across * sin, along * sin + across * cos), axis=1)
    shrink = np.minimum(1.0, width / np.maximum(np.hypot(x, y), ROUNDING))
    point: Array = xy + np.where(round_[:, None], way * shrink[:, None], corner)
    return point
