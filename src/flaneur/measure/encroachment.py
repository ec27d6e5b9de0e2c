"""Post-encroachment time: how soon after one road user another was on the same ground.

All pairs of moments (ti, tj) at which the footprint of one at ti and that of the other at tj share ground make up a
set. The *point* PET is the least |tj - ti| in it: how soon after one the other came to some spot (SSAM; Gettman, Head,
2003); 0 if they touched. The *zone* PET, as defined by Allen, Shin, Cooper (1978), is the time from when the first has
left all the ground that they share to when the second reaches it: least tj minus greatest ti; it is negative if both
were there at once, one before the other. Both follow from the set's extremes, so no swept area is ever built.

Ways are taken as legs, straight and even (`flaneur.measure.legs`). Of two legs, the set is a convex polygon in the unit
square, cut out by four slabs (`flaneur.measure.footprint`), and its corners hold all extremes: nothing is sampled. A
second of legs at a time is compared with those of the horizon; a tree of boxes finds who came near whom.

Ground that one takes up while it goes the same way as the other, within `ALONG_RAD`, is not counted: that is following
and overtaking, about which collision courses tell. Ways that cross are at an angle of `CROSS_RAD` or more somewhere on
the common ground (30°, as SSAM tells followers from others); who turns across a cycle track begins with less.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import pair_code
from flaneur.data.private import Private
from flaneur.data.time import SECOND_NS
from flaneur.measure.encounters import UNSURE, Encounters, pair_key
from flaneur.measure.footprint import ROUNDING, SURE, Array, between, normals_and_reach, on_normals
from flaneur.measure.legs import Second
from flaneur.measure.spans import heads, spans

ALONG_RAD = np.radians(5.0)
CROSS_RAD = np.radians(30.0)
CHUNK = 4096
"""Pairs of legs at a time: what they need stays in the processor's cache."""

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Encroachments(Encounters):
    """Pairs that were on the same ground, at most the horizon after one another. `value` is the point PET."""

    FIRST: ClassVar[tuple[str, ...]] = ("enter_s",)
    LAST: ClassVar[tuple[str, ...]] = ("last_ns", "leave_s", "angle_rad")

    enter_s: Array
    """[m, 2] when each of the two first was on ground that the other was on too."""
    leave_s: Array
    """[m, 2] when it last was."""
    angle_rad: Array
    """[m] greatest between the two ways on that ground; infinite if one has none."""

    def zone_pet_s(self) -> Array:
        """[m] seconds; negative where both were in the zone at once."""
        after: Array = (self.enter_s[:, ::-1] - self.leave_s).max(axis=1)
        return after


NOBODY = Encroachments.none()


def encroachments(new: Second, old: Second) -> Encroachments:
    """What the `new` second has to tell with an `old` one or with itself; each pair of seconds is told once."""
    a, b = _near(new, old)
    parts = [_Sets.of(new, a[n : n + CHUNK], old, b[n : n + CHUNK]) for n in range(0, len(a), CHUNK)]
    told = [_table(new, old, sets) for sets in parts if len(sets.a)]
    return Encroachments.joined(told) if told else NOBODY


def _near(new: Second, old: Second) -> tuple[Rows, Rows]:
    """Legs of two seconds that may share ground, of which one is fast and which do not go the same way."""
    fast, of_fast = old.tree.query(new.boxes[new.fast_ones])
    slow_ones = np.flatnonzero(~new.fast)
    slow, of_slow = old.fast_tree.query(new.boxes[slow_ones])
    i, j = np.concatenate((new.fast_ones[fast], slow_ones[slow])), np.concatenate((of_fast, old.fast_ones[of_slow]))
    keep = (new.track_id[i] < old.track_id[j]) if old is new else (new.track_id[i] != old.track_id[j])
    keep &= ~(_angle(new.course_rad[i], old.course_rad[j]) + new.bend_rad[i] + old.bend_rad[j] < ALONG_RAD)
    i, j = i[keep], j[keep]
    one, other = new.strip.take(i, axis=1), old.strip.take(j, axis=1)
    normals, reach = normals_and_reach(one[2:], other[2:])
    meet = np.flatnonzero((np.abs(on_normals(normals, *(one[:2] - other[:2]))) <= reach + ROUNDING).all(axis=0))
    i, j = i[meet], j[meet]
    leg, a = spans(j, new.first[i], new.first[i] + new.count[i])
    a, b = spans(a, old.first[leg], old.first[leg] + old.count[leg])
    (x, y, radius), (of_x, of_y, of_radius) = new.circle.take(a, axis=1), old.circle.take(b, axis=1)
    apart_x, apart_y, reach = x - of_x, y - of_y, radius + of_radius
    near = (apart_x * apart_x + apart_y * apart_y <= reach * reach) & (new.legs.fast[a] | old.legs.fast[b])
    near &= _angle(new.legs.course_rad[a], old.legs.course_rad[b]) >= ALONG_RAD
    return a[near], b[near]


def _angle(course_a: Array, course_b: Array) -> Array:
    """Between two ways, 0 to π; infinite where one is not known."""
    turn = np.abs(course_a - course_b)
    turn = np.abs(turn - 2 * np.pi * np.rint(turn / (2 * np.pi)))
    return np.where(np.isnan(turn), np.inf, turn)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class _Sets(Private):
    """Moments at which n pairs of legs share ground: polygons in unit squares, that of a along x, that of b along y.

    They are what is left of the squares between four slabs |offset + gx x + gy y| <= width [4, n] each.
    """

    a: Rows
    """[n] leg of the new second."""
    b: Rows
    """[n] leg of the old one."""
    offset: Array
    gx: Array
    gy: Array
    width: Array

    @classmethod
    def of(cls, new: Second, a: Rows, old: Second, b: Rows) -> "_Sets":
        """Of those of the pairs (a, b) that can share ground at all."""
        one, other = new.shape.take(a, axis=1), old.shape.take(b, axis=1)
        normals, width = normals_and_reach(one[4:], other[4:])
        offset, gx, gy = (on_normals(normals, *way) for way in (one[:2] - other[:2], one[2:4], -other[2:4]))
        room = 2 * width + np.abs(gx) + np.abs(gy) - np.abs(2 * offset + gx + gy)
        may = np.flatnonzero((room >= 0.0).all(axis=0))  # a normal that is NaN has no room
        return cls(a[may], b[may], *(column.take(may, axis=1) for column in (offset, gx, gy, width)))

    def take(self, rows: Rows) -> "_Sets":
        """Some of the pairs."""
        columns = (column.take(rows, axis=1) for column in (self.offset, self.gx, self.gy, self.width))
        return _Sets(self.a[rows], self.b[rows], *columns)

    def narrower(self, by_m: Array) -> "_Sets":
        """The same for footprints that overlap by so much [n] more."""
        return replace(self, width=self.width - by_m)

    def hold(self, x: Array, y: Array) -> NDArray[np.bool_]:
        """Whether points [n] of the squares are inside."""
        inside: NDArray[np.bool_] = np.logical_and.reduce(np.abs(self.offset + self.gx * x + self.gy * y) <= self.width)
        return inside

    def corners(self) -> tuple[Array, Array]:
        """Corners (x, y) [24, n], NaN where there are none.

        Each border of a slab, or of the square, is a line; the part of it that is inside all slabs is an edge.
        """
        none, all_ = np.zeros((1, len(self.a))), np.ones((1, len(self.a)))
        offset = np.concatenate((self.offset, -all_ / 2, -all_ / 2))
        gx, gy = np.concatenate((self.gx, all_, none)), np.concatenate((self.gy, none, all_))
        width = np.concatenate((self.width, all_ / 2, all_ / 2))
        norm = np.hypot(gx, gy)
        with np.errstate(divide="ignore", invalid="ignore"):
            ux, uy = gx / norm, gy / norm
            foot = np.stack(((width - offset) / norm, (-width - offset) / norm))
            begin, end = _inside(foot, ux, uy, offset, gx, gy, width)
        outside = ~((begin <= end) & (self.width >= 0.0).all(axis=0))
        begin[outside] = end[outside] = np.nan
        edge, px, py = np.stack((begin, end)), foot * ux, foot * uy
        shape = (4 * len(ux), len(self.a))
        return (px - edge * uy).reshape(shape), (py + edge * ux).reshape(shape)


def _inside(
    foot: Array, ux: Array, uy: Array, offset: Array, gx: Array, gy: Array, width: Array
) -> tuple[Array, Array]:
    """From where to where lines are inside all slabs, which lie at `foot` [2, 6, n] along the normals (ux, uy)."""
    begin, end = np.full(foot.shape, -np.inf), np.full(foot.shape, np.inf)
    for slab in range(len(gx)):
        rate = gy[slab] * ux - gx[slab] * uy
        still = np.abs(rate) <= ROUNDING * np.hypot(gx[slab], gy[slab])
        still[slab] = False
        along = still.any()
        rate[still] = rate[slab] = 1.0
        at = offset[slab] + foot * (gx[slab] * ux + gy[slab] * uy)
        middle, half = -at / rate, np.abs(width[slab] / rate)
        half[slab] = np.inf  # its own borders are in it
        if along:
            within = np.abs(at) <= width[slab] * (1 + ROUNDING) + ROUNDING
            half = np.where(still, np.where(within, np.inf, -np.inf), half)
        np.maximum(begin, middle - half, out=begin)
        np.minimum(end, middle + half, out=end)
    return begin, end


def _table(new: Second, old: Second, sets: _Sets) -> Encroachments:
    """What the pairs of legs that do share ground make of each pair of road users, worst moments first."""
    x, y = sets.corners()
    there = ~np.isnan(x)
    hit = np.flatnonzero(there.any(axis=0))
    if not len(hit):
        return NOBODY
    x, y, there, sets = x.take(hit, axis=1), y.take(hit, axis=1), there.take(hit, axis=1), sets.take(hit)
    # where there is no corner is another one, so that nothing below need ask
    some, all_ = there.argmax(axis=0), np.arange(len(hit))
    x, y = np.where(there, x, x[some, all_]), np.where(there, y, y[some, all_])
    time_a, time_b = (
        legs.start_s[rows] + corner * legs.length_s[rows]
        for legs, rows, corner in ((new.legs, sets.a, x), (old.legs, sets.b, y))
    )
    lag = time_a - time_b
    away = np.abs(lag)
    worst = away.argmin(axis=0)
    pet = np.where(lag.min(axis=0) * lag.max(axis=0) <= 0.0, 0.0, away[worst, all_])
    spread = SURE * np.hypot(new.legs.sigma_m[sets.a], old.legs.sigma_m[sets.b])
    sure = _sure(sets, x, y, there, spread)

    id_a, id_b = new.legs.track_id[sets.a], old.legs.track_id[sets.b]
    key = pair_key(np.minimum(id_a, id_b), np.maximum(id_a, id_b))
    order = np.lexsort((pet + UNSURE * ~sure, key))
    first = heads(key[order])
    of = order[first]
    swaps = id_a > id_b

    def extreme(worst: np.ufunc) -> Array:
        """When each of the two was first or last there, of the lower id first [n, 2]."""
        of_a, of_b = worst.reduce(time_a), worst.reduce(time_b)
        times = np.where(swaps, (of_b, of_a), (of_a, of_b))
        return worst.reduceat(times.take(order, axis=1), first, axis=1).T

    angle = _angle(new.legs.course_rad[sets.a], old.legs.course_rad[sets.b])
    worst = worst[of]
    a, b = new.legs.take(sets.a[of]), old.legs.take(sets.b[of])
    where_a, where_b = (leg.xy_m + at[worst, of][:, None] * leg.way_m for leg, at in ((a, x), (b, y)))
    return Encroachments(
        key=key[of],
        pair=np.sort(np.stack((a.track_id, b.track_id), axis=1), axis=1),
        kind=pair_code(a.kind, b.kind),
        last_ns=np.full(len(of), round(new.end_s * SECOND_NS)),
        time_ns=np.rint(np.maximum(time_a[worst, of], time_b[worst, of]) * SECOND_NS).astype(np.int64),
        xy_m=between(where_a, where_b, a.heading_rad, b.heading_rad, a.half_m, b.half_m),
        value=pet[of],
        badness=pet[of],
        noise=np.hypot(a.delay_s(), b.delay_s()),
        bias=np.zeros(len(of)),
        sure=sure[of],
        enter_s=extreme(np.minimum),
        leave_s=extreme(np.maximum),
        angle_rad=np.maximum.reduceat(angle[order], first),
    )


def _sure(sets: _Sets, x: Array, y: Array, there: NDArray[np.bool_], spread_m: Array) -> NDArray[np.bool_]:
    """Whether the footprints at some moment overlap by `spread_m` [n] at least; (x, y) are the corners of the sets."""
    number = there.sum(axis=0)
    middle_x, middle_y = (np.where(there, corner, 0.0).sum(axis=0) / number for corner in (x, y))
    narrow = sets.narrower(spread_m)
    # where the middle of the corners is inside, nothing else need be asked
    sure: NDArray[np.bool_] = narrow.hold(middle_x, middle_y) | (spread_m == 0.0)
    rest = np.flatnonzero(~sure)
    if len(rest):
        sure[rest] = ~np.isnan(narrow.take(rest).corners()[0]).all(axis=0)
    return sure
