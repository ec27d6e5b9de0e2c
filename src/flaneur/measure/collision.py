"""Collision courses: what would happen if everybody went on as now.

Time to collision (Hayward, 1972): the time until two footprints touch if both go on as now. "As now" is with constant
velocity or, where a vehicle is turning, with constant speed and turn rate (v × a / |v|²). The turn rate counts from
`TURN_MPS` on, holds for at most a quarter turn and then goes straight on, and is limited by `LATERAL_MPS2`, which
hardly any driver exceeds: beyond these, it is noise. Pedestrians turn on the spot, so no turn is foreseen of them.
Straight courses are exact. Arcs are taken in chords of 0.1 s, which deviate by less than 5 mm.

Deceleration rate to avoid the crash, DRAC: the constant braking along the normal of the first contact that just avoids
it. With the gap g, the closing speed w and TTC = g / w it is w² / 2g = w / (2 TTC) as for vehicles that follow one
another (Almqvist, Hydén, Risser, 1991). If one has left the other's path after T < 2 TTC, one need only arrive later
than T, and 2 (w T - g) / T² = 2 w (T - TTC) / T² is enough. The two agree at T = 2 TTC.
"""

import math
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import Kind
from flaneur.data.private import GroundTracks, Private
from flaneur.measure.footprint import ROUNDING, SURE, Array, between, headings, normals_and_reach, on_normals, slabs
from flaneur.measure.spans import heads, spans

TURN_MPS = 2.0
"""Slower than this, the direction of a smoothed velocity is too uncertain for a turn rate."""
LATERAL_MPS2 = 4.0
"""Greatest sideways acceleration: 0.4 g, the edge of what drivers accept (AASHTO side friction is half of it)."""
TURN_AT_LEAST = 0.1
"""Radians within the horizon; less is as good as straight."""
COARSE_S = 0.5
"""Arcs are first looked at in chords of this, and only where the two come near one another in short ones."""
CHORDS = 5
"""Short chords in a coarse one."""
GRAVITY_MPS2 = 9.81
"""Nobody brakes harder than this, so a higher DRAC says no more than that the crash cannot be avoided by braking."""

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Moving(Private):
    """Road users whose velocity is known, and the way that each is going on."""

    tracks: GroundTracks
    heading_rad: Array
    """[n] NaN where the footprint has no direction."""
    half_m: Array
    """[n, 2]"""
    radius_m: Array
    """[n] of the circle about the footprint."""
    speed_mps: Array
    """[n]"""
    course_rad: Array
    """[n] direction of the velocity."""
    turn_radps: Array
    """[n] counter-clockwise."""
    ends_s: Array
    """[k + 1] from 0 to the horizon: where coarse chords end."""
    ends_m: Array
    """[k + 1, 2, n] where everybody's middle is then."""

    @classmethod
    def of(cls, tracks: GroundTracks, turning: bool, horizon_s: float) -> "Moving":
        """Everybody whose velocity is known; straight on unless `turning`."""
        known = np.isfinite(tracks.velocity_mps[:, 0] + tracks.velocity_mps[:, 1])
        if not known.all():
            tracks = tracks.take(known)
        vx, vy = tracks.velocity_mps.T
        speed = np.sqrt(vx * vx + vy * vy)
        turn = np.zeros(len(tracks))
        if turning:
            ax, ay = tracks.acceleration_mps2.T
            fast = np.maximum(speed, TURN_MPS)
            rate, limit = (vx * ay - vy * ax) / (fast * fast), LATERAL_MPS2 / fast
            steady = (
                (tracks.kind != Kind.PEDESTRIAN) & (speed >= TURN_MPS) & (np.abs(rate) * horizon_s >= TURN_AT_LEAST)
            )
            turn[steady] = np.clip(rate[steady], -limit[steady], limit[steady])
        half = tracks.size_m / 2
        radius = np.hypot(half[:, 0], half[:, 1])
        ends = np.linspace(0.0, horizon_s, math.ceil(horizon_s / COARSE_S) + 1)
        where = tracks.xy_m.T + tracks.velocity_mps.T * ends[:, None, None]
        moving = cls(tracks, headings(tracks), half, radius, speed, np.arctan2(vy, vx), turn, ends, where)
        bent = np.flatnonzero(turn)
        if len(bent):
            where[..., bent] = (tracks.xy_m.take(bent, axis=0).T[..., None] + moving.way_m(bent, ends)).transpose(
                2, 0, 1
            )
        return moving

    def turned(self, rows: Rows, t_s: Array) -> Array:
        """How far each of `rows` [p] has turned after `t_s` [k] or [p, k], radians [p, k]."""
        return np.clip(self.turn_radps[rows, None] * t_s, -np.pi / 2, np.pi / 2)

    def way_m(self, rows: Rows, t_s: Array) -> Array:
        """How far each of `rows` [p] has come after `t_s` [k] or [p, k], metres [2, p, k]."""
        turned, rate, course = self.turned(rows, t_s), self.turn_radps[rows, None], self.course_rad[rows, None]
        towards = course + turned
        cos, sin = np.cos(towards), np.sin(towards)
        rate = np.where(rate == 0.0, 1.0, rate)
        straight_s = t_s - turned / rate
        x = (sin - np.sin(course)) / rate + straight_s * cos
        y = (np.cos(course) - cos) / rate + straight_s * sin
        return np.array((x, y)) * self.speed_mps[rows, None]

    def aside_m(self, t_s: float) -> Array:
        """How far from the straight way each can be after `t_s` [n]; from the chord of that time it is a quarter."""
        return self.speed_mps * np.abs(self.turn_radps) * (t_s * t_s / 2)

    def bounds_m(self) -> tuple[Array, Array]:
        """Lower and upper corner [2, n] of all ground that each footprint reaches within the horizon."""
        radius = self.radius_m + self.aside_m(self.ends_s[1]) / 4
        return self.ends_m.min(axis=0) - radius, self.ends_m.max(axis=0) + radius


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Contacts(Private):
    """First contacts that pairs of `Moving` would have, n rows."""

    a: Rows
    """[n] row of one."""
    b: Rows
    """[n] row of the other."""
    ttc_s: Array
    """[n] 0 where the footprints overlap by now."""
    ttc_noise_s: Array
    """[n] standard deviation."""
    ttc_bias_s: Array
    """[n] standard deviation that comes from the scale: an error of it moves the middles, not the footprints."""
    drac_mps2: Array
    """[n] NaN where the footprints overlap by now."""
    drac_noise_mps2: Array
    """[n] standard deviation."""
    closing_mps: Array
    """[n] relative speed along the normal of the contact."""
    xy_m: Array
    """[n, 2] where they would touch."""
    sure: NDArray[np.bool_]
    """[n] still a contact if the middles are apart by their error at the 95 % level."""

    @staticmethod
    def none() -> "Contacts":
        """Nobody touches anybody."""
        rows, no = np.zeros(0, np.intp), np.zeros(0)
        return Contacts(rows, rows, no, no, no, no, no, no, np.zeros((0, 2)), np.zeros(0, np.bool_))

    def take(self, rows: NDArray[np.bool_]) -> "Contacts":
        """The rows that a boolean array selects."""
        at = np.flatnonzero(rows)
        return Contacts(*(getattr(self, f.name).take(at, axis=0) for f in fields(self)))


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class _Chords(Private):
    """Straight pieces of the relative ways of pairs, m rows; those of one pair follow one another."""

    pair: Rows
    """[m] which pair."""
    begin_s: Array
    """[m]"""
    length_s: Array
    """[m]"""
    until_s: Array
    """[m] how long it goes on like this, for whoever asks whether it is sure."""
    apart_m: Array
    """[2, m] from a to b when the piece begins."""
    velocity_mps: Array
    """[2, m] of b as seen from a."""
    ahead_a: Array
    """[2, m] unit vectors along the heading of a; NaN where there is none."""
    ahead_b: Array
    """[2, m]"""

    def take(self, rows: Rows) -> "_Chords":
        """Some of them."""
        return _Chords(*(getattr(self, f.name).take(rows, axis=-1) for f in fields(self)))


def contacts(moving: Moving, a: Rows, b: Rows) -> Contacts:
    """Which of the pairs (a, b) touch within the horizon, and how."""
    if not len(a):
        return Contacts.none()
    horizon_s = float(moving.ends_s[-1])
    apart = moving.ends_m[0].take(b, axis=1) - moving.ends_m[0].take(a, axis=1)
    velocity = np.ascontiguousarray(moving.tracks.velocity_mps.T)
    rate = velocity.take(b, axis=1) - velocity.take(a, axis=1)
    reach = moving.radius_m + moving.aside_m(horizon_s)
    near = np.flatnonzero(_near(apart, rate, horizon_s, reach[a] + reach[b]))
    bends = moving.turn_radps != 0.0
    bent = bends[a[near]] | bends[b[near]]
    arcs, near = near[bent], near[~bent]
    all_ = np.ones(len(near))
    ahead = (_ahead(moving.heading_rad[rows[near]]) for rows in (a, b))
    chords = _Chords(near, 0.0 * all_, horizon_s * all_, np.inf * all_, apart[:, near], rate[:, near], *ahead)
    chords = _beside(moving, a, b, chords)
    if len(arcs):
        bent_ones = _short(moving, a, b, _coarse(moving, a, b, arcs))
        both = ((getattr(chords, f.name), getattr(bent_ones, f.name)) for f in fields(_Chords))
        chords = _Chords(*(np.concatenate(columns, axis=-1) for columns in both))
    return _first(moving, a, b, chords) if len(chords.pair) else Contacts.none()


def _ahead(heading_rad: Array) -> Array:
    return np.array((np.cos(heading_rad), np.sin(heading_rad)))


def _coarse(moving: Moving, a: Rows, b: Rows, pair: Rows) -> _Chords:
    """Those coarse chords in which they may touch, of pairs of which one turns."""
    length = float(moving.ends_s[1])
    apart = moving.ends_m.take(b[pair], axis=2) - moving.ends_m.take(a[pair], axis=2)
    rate = (apart[1:] - apart[:-1]) / length
    aside = moving.aside_m(length) / 4
    reach = moving.radius_m + aside
    near = _near(apart[:-1].transpose(1, 2, 0), rate.transpose(1, 2, 0), length, (reach[a] + reach[b])[pair, None])
    row, chord = near.nonzero()
    pair, begin = pair[row], moving.ends_s[chord]
    chords = _pieces(moving, a, b, pair, begin, length, apart[chord, :, row].T, rate[chord, :, row].T)
    # half of what they turn meanwhile may be to one side
    turn = np.abs(moving.turn_radps) * (length / 2)
    far = reach[a] + reach[b] + moving.radius_m[b]
    return _beside(moving, a, b, chords, (aside[a] + aside[b] + (turn[a] + turn[b]) * far)[pair])


def _short(moving: Moving, a: Rows, b: Rows, coarse: _Chords) -> _Chords:
    """Those short chords in which they may touch, of coarse ones."""
    length = float(moving.ends_s[1]) / CHORDS
    at_s = coarse.begin_s[:, None] + length * np.arange(CHORDS + 1)
    apart = _apart(moving, a[coarse.pair], b[coarse.pair], at_s)
    rate = (apart[..., 1:] - apart[..., :-1]) / length
    radius = (moving.radius_m[a] + moving.radius_m[b])[coarse.pair, None]
    row, part = _near(apart[..., :-1], rate, length, radius).nonzero()
    begin = at_s[row, part]
    chords = _pieces(moving, a, b, coarse.pair[row], begin, length, apart[:, row, part], rate[:, row, part])
    return _beside(moving, a, b, chords)


def _pieces(
    moving: Moving, a: Rows, b: Rows, pair: Rows, begin_s: Array, length_s: float, apart: Array, rate: Array
) -> _Chords:
    """Chords of one length, with the headings in their middle."""
    rows, middle = np.concatenate((a[pair], b[pair])), np.tile(begin_s + length_s / 2, 2)
    ahead = _ahead(moving.heading_rad[rows] + moving.turned(rows, middle[:, None])[:, 0])
    length, n = np.full(len(pair), length_s), len(pair)
    return _Chords(pair, begin_s, length, length, apart, rate, ahead[:, :n], ahead[:, n:])


def _apart(moving: Moving, a: Rows, b: Rows, t_s: Array) -> Array:
    """Where b is from a after `t_s` [p, k], [2, p, k]."""
    where_a, where_b = np.split(_where(moving, np.concatenate((a, b)), np.concatenate((t_s, t_s))), 2, axis=1)
    return where_b - where_a


def _where(moving: Moving, rows: Rows, t_s: Array) -> Array:
    """Where each of `rows` [p] is after `t_s` [p, k], [2, p, k]."""
    way = moving.tracks.velocity_mps.take(rows, axis=0).T[..., None] * t_s
    bent = np.flatnonzero(moving.turn_radps[rows])
    if len(bent):
        way[:, bent] = moving.way_m(rows[bent], t_s[bent])
    where: Array = moving.tracks.xy_m.take(rows, axis=0).T[..., None] + way
    return where


def _near(apart: Array, rate: Array, length_s: float, radius: Array) -> NDArray[np.bool_]:
    """Whether circles about the footprints come to overlap within a chord: far cheaper, and true of few."""
    (dx, dy), (vx, vy) = apart, rate
    with np.errstate(divide="ignore", invalid="ignore"):
        closest = np.fmin(np.fmax(-(dx * vx + dy * vy) / (vx * vx + vy * vy), 0.0), length_s)
    x, y = dx + closest * vx, dy + closest * vy
    near: NDArray[np.bool_] = x * x + y * y <= radius * radius
    return near


def _beside(moving: Moving, a: Rows, b: Rows, chords: _Chords, slack_m: Array | float = 0.0) -> _Chords:
    """Without those in which b stays beside a by more than the slack, as in the next lane; that is most of them."""
    (ax, ay), (bx, by) = chords.ahead_a, chords.ahead_b
    half_a, half_b = (moving.half_m.take(rows[chords.pair], axis=0) for rows in (a, b))
    (x, y), (vx, vy) = chords.apart_m, chords.velocity_mps
    begin = ax * y - ay * x
    end = begin + (ax * vy - ay * vx) * chords.length_s
    room = half_a[:, 1] + np.abs(ax * by - ay * bx) * half_b[:, 0] + np.abs(ax * bx + ay * by) * half_b[:, 1]
    beside = np.minimum(np.abs(begin), np.abs(end)) > room + slack_m + ROUNDING  # never for NaN: who has no heading
    beside &= (begin < 0.0) == (end < 0.0)
    return chords.take(np.flatnonzero(~beside))


def _first(moving: Moving, a: Rows, b: Rows, chords: _Chords) -> Contacts:
    """First contacts of the pairs (a, b) on the given ways."""
    one, other = (
        np.concatenate((ahead, moving.half_m.take(rows[chords.pair], axis=0).T))
        for ahead, rows in ((chords.ahead_a, a), (chords.ahead_b, b))
    )
    normals, width = normals_and_reach(one, other)
    offset, rate = on_normals(normals, *chords.apart_m), on_normals(normals, *chords.velocity_mps)
    enter, leave = slabs(offset, rate, width)
    touch = np.flatnonzero(_touch(enter, leave, chords.length_s))
    if not len(touch):
        return Contacts.none()
    chords, offset, rate, width = chords.take(touch), offset[:, touch], rate[:, touch], width[:, touch]
    first = heads(chords.pair)
    a, b, at = a[chords.pair[first]], b[chords.pair[first]], touch[first]
    normal = enter[:, at].argmax(axis=0)
    ttc = chords.begin_s[first] + np.maximum(enter[normal, at], 0.0)
    clear = chords.begin_s[first] + leave[normal ^ 1, at]

    spread = np.hypot(_sigma(moving.tracks.sigma_m, a, b), ttc * _sigma(moving.tracks.sigma_mps, a, b))
    narrow = width - SURE * np.repeat(spread, np.diff(first, append=len(touch)))
    still = _touch(*slabs(offset, rate, narrow), chords.until_s) & (narrow >= 0.0).all(axis=0)
    sure = np.logical_or.reduceat(still, first)
    closing, wide = np.abs(rate[normal, first]), width[normal, first]
    return _figures(moving, a, b, ttc, clear, closing, wide, sure)


def _figures(
    moving: Moving, a: Rows, b: Rows, ttc: Array, clear: Array, closing: Array, wide: Array, sure: NDArray[np.bool_]
) -> Contacts:
    """Figures of contacts after `ttc`, at speeds `closing`, of footprints `wide` m along the normal [n]."""
    tracks = moving.tracks
    sigma, sigma_v = _sigma(tracks.sigma_m, a, b), _sigma(tracks.sigma_mps, a, b)
    scale = np.maximum(tracks.scale_sigma[a], tracks.scale_sigma[b])
    with np.errstate(divide="ignore", invalid="ignore"):
        drac = np.where(clear < 2 * ttc, 2 * closing * (clear - ttc) / clear**2, closing / (2 * ttc))
        drac_noise = drac * np.hypot(2 * sigma_v / closing, sigma / (closing * ttc))
        noise, bias = np.hypot(sigma, ttc * sigma_v) / closing, scale * wide / closing
    drac[ttc == 0.0] = np.nan
    where = _where(moving, np.concatenate((a, b)), np.tile(ttc, 2)[:, None])[..., 0].T
    where_a, where_b = where[: len(a)], where[len(a) :]
    spot = between(where_a, where_b, moving.heading_rad[a], moving.heading_rad[b], moving.half_m[a], moving.half_m[b])
    return Contacts(a, b, ttc, noise, bias, np.minimum(drac, GRAVITY_MPS2), drac_noise, closing, spot, sure)


def _sigma(sigma: Array, a: Rows, b: Rows) -> Array:
    """Standard deviation of the difference of two; what is not known counts as 0."""
    both = np.hypot(sigma[a], sigma[b])
    return np.where(np.isnan(both), 0.0, both)


def _touch(enter: Array, leave: Array, length_s: Array) -> NDArray[np.bool_]:
    """Whether all slabs [4, m] are passed at once at some time from 0 to `length_s` [m]."""
    first, last = np.maximum(enter.max(axis=0), 0.0), np.minimum(leave.min(axis=0), length_s)
    touch: NDArray[np.bool_] = first <= last
    return touch


def may_meet(low: Array, high: Array, mover: NDArray[np.bool_]) -> tuple[Rows, Rows]:
    """Pairs of boxes that overlap, at least one of them a `mover`: a sweep along one axis, then a look at the other.

    Boxes are `low` to `high` [2, n]. Who is no mover is never compared with another such one.
    """
    if not mover.any():
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    # the axis along which fewer boxes overlap: that across a street
    along = (high - low).sum(axis=1) / np.maximum(high.max(axis=1) - low.min(axis=1), np.finfo(np.float64).tiny)
    axis = int(along.argmin())
    order = low[axis].argsort(kind="stable")
    start, end = low[axis, order], high[axis, order]
    moves = mover[order]
    movers, others = np.flatnonzero(moves), np.flatnonzero(~moves)
    last = np.searchsorted(start, end[movers], "right")
    by_mover = spans(movers, movers + 1, last)
    row, at = spans(others, np.searchsorted(movers, others), np.searchsorted(start[movers], end[others], "right"))
    i, j = np.concatenate((by_mover[0], row)), np.concatenate((by_mover[1], movers[at]))
    low, high = low[1 - axis, order], high[1 - axis, order]
    meet = np.flatnonzero((low[i] <= high[j]) & (low[j] <= high[i]))
    return order[i[meet]], order[j[meet]]
