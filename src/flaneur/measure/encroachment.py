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

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import pair_code
from flaneur.data.time import SECOND_NS
from flaneur.measure.encounters import Encounters, pair_key
from flaneur.measure.footprint import ROUNDING, SURE, Array, along, axes, between, reach, slabs
from flaneur.measure.legs import Legs, Second
from flaneur.measure.spans import spans

ALONG_RAD = np.radians(5.0)
CROSS_RAD = np.radians(30.0)

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


def encroachments(new: Second, olds: Sequence[Second]) -> Encroachments:
    """What the `new` second, with those of the horizon and itself, has to tell; each pair of seconds is told once."""
    found = [_near(new, old) for old in (*olds, new)]
    a = Legs.joined([new.legs.take(rows) for rows, _ in found])
    b = Legs.joined([old.legs.take(rows) for (_, rows), old in zip(found, (*olds, new), strict=True)])
    x, y = _shared(a, b, np.zeros(len(a)))
    hit = np.flatnonzero(~np.isnan(x).all(axis=1))
    a, b, x, y = a.take(hit), b.take(hit), x[hit], y[hit]
    if not len(a):
        return Encroachments.none()
    return _table(a, b, x, y, new.end_s)


def _near(new: Second, old: Second) -> tuple[Rows, Rows]:
    """Legs of two seconds that may share ground, of which one is fast and which do not go the same way."""
    i, j = old.tree.query(new.boxes)
    other = (new.track_id[i] < old.track_id[j]) if old is new else (new.track_id[i] != old.track_id[j])
    keep = other & (new.fast[i] | old.fast[j])
    i, j = i[keep], j[keep]
    at, a = spans(j, new.first[i], new.first[i] + new.count[i])
    a, b = spans(a, old.first[at], old.first[at] + old.count[at])
    apart = new.middle_m[a] - old.middle_m[b]
    near = apart[:, 0] ** 2 + apart[:, 1] ** 2 <= (new.radius_m[a] + old.radius_m[b]) ** 2
    near &= new.legs.fast[a] | old.legs.fast[b]
    a, b = a[near], b[near]
    crossing = _angle(new.legs.course_rad[a], old.legs.course_rad[b]) >= ALONG_RAD
    return a[crossing], b[crossing]


def _angle(course_a: Array, course_b: Array) -> Array:
    """Between two ways, 0 to π; infinite where one is not known."""
    turn = np.abs((course_a - course_b + np.pi) % (2 * np.pi) - np.pi)
    return np.nan_to_num(turn, nan=np.inf)


def _table(a: Legs, b: Legs, x: Array, y: Array, now_s: float) -> Encroachments:
    """Pairs of legs that share ground at the corners (x, y) [n, 24] of their sets of moments."""
    time_a, time_b = (leg.start_s[:, None] + at * leg.length_s[:, None] for leg, at in ((a, x), (b, y)))
    lag = time_a - time_b
    row, worst = np.arange(len(a)), np.nanargmin(np.abs(lag), axis=1)
    touch = np.nanmin(lag, axis=1) * np.nanmax(lag, axis=1) <= 0.0
    pet = np.where(touch, 0.0, np.abs(lag[row, worst]))
    spread = np.hypot(a.sigma_m, b.sigma_m)
    sure = spread == 0.0
    doubt = np.flatnonzero(~sure)
    inner, _ = _shared(a.take(doubt), b.take(doubt), SURE * spread[doubt])
    sure[doubt] = ~np.isnan(inner).all(axis=1)
    where_a, where_b = (leg.xy_m + at[row, worst, None] * leg.way_m for leg, at in ((a, x), (b, y)))
    low, high = np.minimum(a.track_id, b.track_id), np.maximum(a.track_id, b.track_id)
    times = np.where((a.track_id == low)[:, None, None], np.stack((time_a, time_b), 1), np.stack((time_b, time_a), 1))
    return Encroachments(
        key=pair_key(low, high),
        pair=np.stack((low, high), axis=1),
        kind=pair_code(a.kind, b.kind),
        last_ns=np.full(len(a), round(now_s * SECOND_NS)),
        time_ns=np.rint(np.maximum(time_a[row, worst], time_b[row, worst]) * SECOND_NS).astype(np.int64),
        xy_m=between(where_a, where_b, a.heading_rad, b.heading_rad, a.half_m, b.half_m),
        value=pet,
        badness=pet,
        noise=np.hypot(a.delay_s(), b.delay_s()),
        bias=np.zeros(len(a)),
        sure=sure,
        enter_s=np.nanmin(times, axis=2),
        leave_s=np.nanmax(times, axis=2),
        angle_rad=_angle(a.course_rad, b.course_rad),
    )


def _shared(a: Legs, b: Legs, narrower_m: Array) -> tuple[Array, Array]:
    """Corners of the sets of moments at which legs a and b share ground, as shares of the legs [n, 24]; NaN is none."""
    angles = axes(a.heading_rad, b.heading_rad)
    width = reach(a.heading_rad, a.half_m, angles) + reach(b.heading_rad, b.half_m, angles) - narrower_m[:, None]
    offset, gx, gy = along(a.xy_m - b.xy_m, angles), along(a.way_m, angles), -along(b.way_m, angles)
    way = np.abs(gx) + np.abs(gy)
    may = np.flatnonzero((np.abs(2 * offset + gx + gy) <= 2 * width + way).all(axis=1) & (width >= 0.0).all(axis=1))
    x, y = np.full((2, len(a), 24), np.nan)
    x[may], y[may] = _corners(offset[may].T, gx[may].T, gy[may].T, width[may].T)
    return x, y


def _corners(offset: Array, gx: Array, gy: Array, width: Array) -> tuple[Array, Array]:
    """Corners (x, y) [n, 24] of what is left of unit squares between slabs |offset + gx x + gy y| <= width [4, n].

    Each border of a slab, or of the square, is a line; the part of it that is inside all slabs is an edge.
    """
    none, all_ = np.zeros((1, offset.shape[1])), np.ones((1, offset.shape[1]))
    offset = np.concatenate((offset, -all_ / 2, -all_ / 2))
    gx, gy = np.concatenate((gx, all_, none)), np.concatenate((gy, none, all_))
    width = np.concatenate((width, all_ / 2, all_ / 2))
    norm = np.hypot(gx, gy)
    with np.errstate(divide="ignore", invalid="ignore"):
        ux, uy = np.tile(gx / norm, (2, 1)), np.tile(gy / norm, (2, 1))
        foot = np.concatenate(((width - offset) / norm, (-width - offset) / norm))
    px, py = foot * ux, foot * uy
    rate = gy[:, None] * ux - gx[:, None] * uy
    rate[np.abs(rate) <= ROUNDING * norm[:, None]] = 0.0
    enter, leave = slabs(offset[:, None] + gx[:, None] * px + gy[:, None] * py, rate, width[:, None])
    begin, end = enter.max(axis=0), leave.min(axis=0)
    outside = ~(begin <= end)
    begin[outside] = end[outside] = np.nan
    edge = np.concatenate((begin, end))
    return (np.tile(px, (2, 1)) - edge * np.tile(uy, (2, 1))).T, (np.tile(py, (2, 1)) + edge * np.tile(ux, (2, 1))).T
