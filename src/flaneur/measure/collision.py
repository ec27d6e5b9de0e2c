"""Collision courses: what would happen if everybody went on as now.

Time to collision (Hayward, 1972): the time until two footprints touch if both go on as now. "As now" is with constant
velocity or, where a vehicle is turning, with constant speed and turn rate (v × a / |v|²). The turn rate counts from
`TURN_MPS` on, holds for at most a quarter turn and then goes straight on, and is limited by `LATERAL_MPS2`, which
hardly any driver exceeds: beyond these, it is noise. Pedestrians turn on the spot, so no turn is foreseen of them.
Straight courses are exact. Arcs are taken in chords of `CHORD_S`, which deviate by less than 5 mm.

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
from flaneur.measure.footprint import SURE, Array, between, headings, normals_and_reach, on_normals, slabs
from flaneur.measure.spans import spans

TURN_MPS = 2.0
"""Slower than this, the direction of a smoothed velocity is too uncertain for a turn rate."""
LATERAL_MPS2 = 4.0
"""Greatest sideways acceleration: 0.4 g, the edge of what drivers accept (AASHTO side friction is half of it)."""
TURN_AT_LEAST = 0.1
"""Radians within the horizon; less is as good as straight."""
CHORD_S = 0.1
COARSE_S = 0.5
FEW = 50
"""So few pairs on arcs are looked at in short chords at once."""
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
    speed_mps: Array
    """[n]"""
    course_rad: Array
    """[n] direction of the velocity."""
    turn_radps: Array
    """[n] counter-clockwise."""

    @classmethod
    def of(cls, tracks: GroundTracks, turning: bool, horizon_s: float) -> "Moving":
        """Everybody whose velocity is known; straight on unless `turning`."""
        tracks = tracks.take(np.flatnonzero(np.isfinite(tracks.velocity_mps).all(axis=1)))
        vx, vy = tracks.velocity_mps.T
        speed = np.hypot(vx, vy)
        turn = np.zeros(len(tracks))
        if turning:
            ax, ay = np.nan_to_num(tracks.acceleration_mps2).T
            limit = LATERAL_MPS2 / np.maximum(speed, TURN_MPS)
            rate = np.clip((vx * ay - vy * ax) / np.maximum(speed, TURN_MPS) ** 2, -limit, limit)
            steady = (tracks.kind != Kind.PEDESTRIAN) & (speed >= TURN_MPS)
            turn = np.where(steady & (np.abs(rate) * horizon_s >= TURN_AT_LEAST), rate, 0.0)
        return cls(tracks, headings(tracks), tracks.size_m / 2, speed, np.arctan2(vy, vx), turn)

    def turned(self, rows: Rows, t_s: Array) -> Array:
        """How far each of `rows` [p] has turned after `t_s` [k] or [p, k], radians [p, k]."""
        return np.clip(self.turn_radps[rows, None] * t_s, -np.pi / 2, np.pi / 2)

    def way_m(self, rows: Rows, t_s: Array) -> Array:
        """How far each of `rows` [p] has come after `t_s` [k] or [p, k], metres [2, p, k]."""
        turned, rate, course = self.turned(rows, t_s), self.turn_radps[rows, None], self.course_rad[rows, None]
        cos, sin = np.cos(course + turned), np.sin(course + turned)
        rate = np.where(rate == 0.0, 1.0, rate)
        straight_s = t_s - turned / rate
        x = (sin - np.sin(course)) / rate + straight_s * cos
        y = (np.cos(course) - cos) / rate + straight_s * sin
        return np.stack((x, y)) * self.speed_mps[rows, None]

    def bounds_m(self, horizon_s: float) -> tuple[Array, Array]:
        """Lower and upper corner [n, 2] of all ground that each footprint reaches within the horizon."""
        radius = np.hypot(*self.half_m.T)
        way = self.tracks.velocity_mps * horizon_s
        low, high = np.minimum(way, 0.0), np.maximum(way, 0.0)
        bent = np.flatnonzero(self.turn_radps)
        if len(bent):
            t_s = np.linspace(0.0, horizon_s, 7)
            points = self.way_m(bent, t_s)
            low[bent], high[bent] = points.min(axis=2).T, points.max(axis=2).T
            radius[bent] += LATERAL_MPS2 * (t_s[1] - t_s[0]) ** 2 / 8
        return self.tracks.xy_m + low - radius[:, None], self.tracks.xy_m + high + radius[:, None]


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
        return Contacts(*(getattr(self, f.name)[rows] for f in fields(self)))


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
    heading_a: Array
    """[m]"""
    heading_b: Array
    """[m]"""

    def take(self, rows: Rows) -> "_Chords":
        """Some of them."""
        return _Chords(*(getattr(self, f.name)[..., rows] for f in fields(self)))


def contacts(moving: Moving, a: Rows, b: Rows, horizon_s: float) -> Contacts:
    """Which of the pairs (a, b) touch within the horizon, and how."""
    if not len(a):
        return Contacts.none()
    bent = (moving.turn_radps[a] != 0.0) | (moving.turn_radps[b] != 0.0)
    chords = _straight(moving, a, b, np.flatnonzero(~bent), horizon_s)
    if bent.any():
        arcs = _bent(moving, a, b, np.flatnonzero(bent), horizon_s)
        both = ((getattr(chords, f.name), getattr(arcs, f.name)) for f in fields(_Chords))
        chords = _Chords(*(np.concatenate(columns, axis=-1) for columns in both))
    return _first(moving, a, b, chords) if len(chords.pair) else Contacts.none()


def _straight(moving: Moving, a: Rows, b: Rows, pair: Rows, horizon_s: float) -> _Chords:
    """Those that come near one another, of pairs that both go straight on."""
    a, b = a[pair], b[pair]
    xy, velocity, radius = moving.tracks.xy_m, moving.tracks.velocity_mps, np.hypot(*moving.half_m.T)
    apart, rate = (xy[b] - xy[a]).T, (velocity[b] - velocity[a]).T
    near = np.flatnonzero(_near(apart, rate, horizon_s, radius[a] + radius[b]))
    a, b, all_ = a[near], b[near], np.ones(len(near))
    heading = moving.heading_rad
    return _Chords(
        pair[near], 0.0 * all_, horizon_s * all_, np.inf * all_, apart[:, near], rate[:, near], heading[a], heading[b]
    )


def _bent(moving: Moving, a: Rows, b: Rows, pair: Rows, horizon_s: float) -> _Chords:
    """Those chords in which they come near one another, of pairs of which one turns."""
    radius = np.hypot(*moving.half_m.T)
    if len(pair) > FEW:
        apart, rate, _ = _relative(moving, a[pair], b[pair], horizon_s, COARSE_S)
        aside = radius + LATERAL_MPS2 * COARSE_S**2 / 8
        pair = pair[_near(apart, rate, COARSE_S, (aside[a] + aside[b])[pair, None]).any(axis=1)]
    a, b = a[pair], b[pair]
    apart, rate, ends = _relative(moving, a, b, horizon_s, CHORD_S)
    length = float(ends[1])
    row, chord = _near(apart, rate, length, (radius[a] + radius[b])[:, None]).nonzero()
    a, b, begin, all_ = a[row], b[row], ends[chord], np.ones(len(row))
    heading_a, heading_b = (
        moving.heading_rad[rows] + moving.turned(rows, (begin + length / 2)[:, None])[:, 0] for rows in (a, b)
    )
    return _Chords(
        pair[row], begin, length * all_, length * all_, apart[:, row, chord], rate[:, row, chord], heading_a, heading_b
    )


def _relative(moving: Moving, a: Rows, b: Rows, horizon_s: float, chord_s: float) -> tuple[Array, Array, Array]:
    """Where b is from a when each chord begins [2, p, k], how fast it moves there, and the ends of the k chords."""
    ends = np.linspace(0.0, horizon_s, math.ceil(horizon_s / chord_s) + 1)
    there = np.zeros(len(moving.tracks), np.bool_)
    there[a] = there[b] = True
    who, at = np.flatnonzero(there), there.cumsum() - 1
    where = moving.tracks.xy_m[who].T[..., None] + moving.way_m(who, ends)
    apart = where[:, at[b]] - where[:, at[a]]
    return apart[..., :-1], np.diff(apart, axis=-1) / ends[1], ends


def _near(apart: Array, rate: Array, length_s: float, radius: Array) -> NDArray[np.bool_]:
    """Whether circles about the footprints come to overlap within a chord: far cheaper, and true of few."""
    (dx, dy), (vx, vy) = apart, rate
    with np.errstate(divide="ignore", invalid="ignore"):
        closest = np.fmin(np.fmax(-(dx * vx + dy * vy) / (vx * vx + vy * vy), 0.0), length_s)
    x, y = dx + closest * vx, dy + closest * vy
    near: NDArray[np.bool_] = x * x + y * y <= radius * radius
    return near


def _first(moving: Moving, a: Rows, b: Rows, chords: _Chords) -> Contacts:
    """First contacts of the pairs (a, b) on the given ways."""
    one, other = (
        np.concatenate((np.stack((np.cos(heading), np.sin(heading))), moving.half_m[rows[chords.pair]].T))
        for heading, rows in ((chords.heading_a, a), (chords.heading_b, b))
    )
    normals, width = normals_and_reach(one, other)
    offset, rate = on_normals(normals, *chords.apart_m), on_normals(normals, *chords.velocity_mps)
    enter, leave = slabs(offset, rate, width)
    touch = np.flatnonzero(_touch(enter, leave, chords.length_s))
    if not len(touch):
        return Contacts.none()
    chords, offset, rate, width = chords.take(touch), offset[:, touch], rate[:, touch], width[:, touch]
    first = np.flatnonzero(np.diff(chords.pair, prepend=-1))
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
    where_a, where_b = (tracks.xy_m[rows] + moving.way_m(rows, ttc[:, None])[..., 0].T for rows in (a, b))
    spot = between(where_a, where_b, moving.heading_rad[a], moving.heading_rad[b], moving.half_m[a], moving.half_m[b])
    return Contacts(a, b, ttc, noise, bias, np.minimum(drac, GRAVITY_MPS2), drac_noise, closing, spot, sure)


def _sigma(sigma: Array, a: Rows, b: Rows) -> Array:
    """Standard deviation of the difference of two; what is not known counts as 0."""
    return np.nan_to_num(np.hypot(sigma[a], sigma[b]))


def _touch(enter: Array, leave: Array, length_s: Array) -> NDArray[np.bool_]:
    """Whether all slabs [4, m] are passed at once at some time from 0 to `length_s` [m]."""
    first, last = np.maximum(enter.max(axis=0), 0.0), np.minimum(leave.min(axis=0), length_s)
    touch: NDArray[np.bool_] = first <= last
    return touch


def may_meet(low: Array, high: Array, mover: NDArray[np.bool_]) -> tuple[Rows, Rows]:
    """Pairs of boxes that overlap, at least one of them a `mover`: a sweep along one axis, then a look at the other.

    Boxes are `low` to `high` [n, 2]. Who is no mover is never compared with another such one.
    """
    if not mover.any():
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    # the axis along which fewer boxes overlap: that across a street
    along = (high - low).sum(axis=0) / np.maximum(high.max(axis=0) - low.min(axis=0), np.finfo(np.float64).tiny)
    axis = int(along.argmin())
    order = low[:, axis].argsort(kind="stable")
    start, end = low[order, axis], high[order, axis]
    moves = mover[order]
    movers, others = np.flatnonzero(moves), np.flatnonzero(~moves)
    last = np.searchsorted(start, end, "right")
    by_mover = spans(movers, movers + 1, last[movers])
    row, at = spans(others, np.searchsorted(movers, others), np.searchsorted(start[movers], end[others], "right"))
    i, j = np.concatenate((by_mover[0], row)), np.concatenate((by_mover[1], movers[at]))
    i, j = order[i], order[j]
    low, high = low[:, 1 - axis], high[:, 1 - axis]
    meet = (low[i] <= high[j]) & (low[j] <= high[i])
    return i[meet], j[meet]
