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
        """How far each of `rows` [p] has come after `t_s` [k] or [p, k], metres [p, k, 2]."""
        turned = self.turned(rows, t_s)
        rate = self.turn_radps[rows, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            on_arc_s = np.where(rate == 0.0, t_s, np.minimum(t_s, np.abs(np.pi / 2 / rate)))
        chord = on_arc_s * np.sinc(turned / (2 * np.pi))
        course, end = self.course_rad[rows, None] + turned / 2, self.course_rad[rows, None] + turned
        straight = t_s - on_arc_s
        way = np.stack(
            (chord * np.cos(course) + straight * np.cos(end), chord * np.sin(course) + straight * np.sin(end)), axis=-1
        )
        out: Array = way * self.speed_mps[rows, None, None]
        return out

    def bounds_m(self, horizon_s: float) -> tuple[Array, Array]:
        """Lower and upper corner [n, 2] of all ground that each footprint reaches within the horizon."""
        radius = np.hypot(*self.half_m.T)
        way = self.tracks.velocity_mps * horizon_s
        low, high = np.minimum(way, 0.0), np.maximum(way, 0.0)
        bent = np.flatnonzero(self.turn_radps)
        if len(bent):
            t_s = np.linspace(0.0, horizon_s, 7)
            points = self.way_m(bent, t_s)
            low[bent], high[bent] = points.min(axis=1), points.max(axis=1)
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
    """Relative ways of p pairs in k straight pieces one after another."""

    begin_s: Array
    """[k]"""
    length_s: float
    apart_m: Array
    """[p, k, 2] from a to b when the piece begins."""
    velocity_mps: Array
    """[p, k, 2] of b as seen from a."""
    heading_a: Array
    """[p, k]"""
    heading_b: Array
    """[p, k]"""

    def take(self, rows: Rows) -> "_Chords":
        """Some of the pairs."""
        columns = (self.apart_m, self.velocity_mps, self.heading_a, self.heading_b)
        return _Chords(self.begin_s, self.length_s, *(column[rows] for column in columns))


def contacts(moving: Moving, a: Rows, b: Rows, horizon_s: float) -> Contacts:
    """Which of the pairs (a, b) touch within the horizon, and how."""
    if not len(a):
        return Contacts.none()
    bent = (moving.turn_radps[a] != 0.0) | (moving.turn_radps[b] != 0.0)
    found = [_first(moving, a[~bent], b[~bent], _straight(moving, a[~bent], b[~bent], horizon_s))]
    if bent.any():
        found.append(_first(moving, a[bent], b[bent], _bent(moving, a[bent], b[bent], horizon_s)))
    full = [part for part in found if len(part.a)]
    if len(full) < 2:
        return full[0] if full else found[0]
    return Contacts(*(np.concatenate([getattr(part, f.name) for part in full]) for f in fields(Contacts)))


def _straight(moving: Moving, a: Rows, b: Rows, horizon_s: float) -> _Chords:
    xy, velocity = moving.tracks.xy_m, moving.tracks.velocity_mps
    apart, rate = xy[b] - xy[a], velocity[b] - velocity[a]
    heading_a, heading_b = moving.heading_rad[a], moving.heading_rad[b]
    return _Chords(np.zeros(1), horizon_s, apart[:, None], rate[:, None], heading_a[:, None], heading_b[:, None])


def _bent(moving: Moving, a: Rows, b: Rows, horizon_s: float) -> _Chords:
    ends = np.linspace(0.0, horizon_s, round(np.ceil(horizon_s / CHORD_S)) + 1)
    begin, length = ends[:-1], float(ends[1])
    who, at = np.unique(np.concatenate((a, b)), return_inverse=True)
    where = moving.tracks.xy_m[who, None] + moving.way_m(who, ends)
    heading = moving.heading_rad[who, None] + moving.turned(who, begin + length / 2)
    at_a, at_b = at[: len(a)], at[len(a) :]
    apart = where[at_b] - where[at_a]
    return _Chords(begin, length, apart[:, :-1], np.diff(apart, axis=1) / length, heading[at_a], heading[at_b])


def _first(moving: Moving, a: Rows, b: Rows, chords: _Chords) -> Contacts:
    """First contacts on the given ways."""
    radius = np.hypot(*moving.half_m.T)
    near = np.flatnonzero(_near(chords, radius[a] + radius[b]))
    if not len(near):
        return Contacts.none()
    a, b, chords = a[near], b[near], chords.take(near)
    one, other = _shape(chords.heading_a, moving.half_m[a]), _shape(chords.heading_b, moving.half_m[b])
    normals, width = normals_and_reach(one, other)
    offset, rate = (on_normals(normals, way[..., 0], way[..., 1]) for way in (chords.apart_m, chords.velocity_mps))
    enter, leave = slabs(offset, rate, width)
    touch = _touch(enter, leave, chords.length_s)
    hit = np.flatnonzero(touch.any(axis=1))
    if not len(hit):
        return Contacts.none()
    a, b, chord, row = a[hit], b[hit], touch[hit].argmax(axis=1), np.arange(len(hit))
    offset, rate, width = offset[:, hit], rate[:, hit], width[:, hit]
    enter, leave = enter[:, hit, chord], leave[:, hit, chord]
    normal = enter.argmax(axis=0)
    ttc = chords.begin_s[chord] + np.maximum(enter[normal, row], 0.0)
    clear = chords.begin_s[chord] + leave[normal ^ 1, row]

    spread = np.hypot(_sigma(moving.tracks.sigma_m, a, b), ttc * _sigma(moving.tracks.sigma_mps, a, b))
    narrow = width - SURE * spread[:, None]
    until = chords.length_s if len(chords.begin_s) > 1 else np.inf
    sure = (_touch(*slabs(offset, rate, narrow), until) & (narrow >= 0.0).all(axis=0)).any(axis=1)
    closing, wide = np.abs(rate[normal, row, chord]), width[normal, row, chord]
    return _figures(moving, a, b, ttc, clear, closing, wide, sure)


def _shape(heading: Array, half_m: Array) -> Array:
    """Cosine and sine of headings [p, k], and half the sizes [p, 2], as [4, p, k]."""
    half = np.broadcast_to(half_m.T[..., None], (2, *heading.shape))
    return np.concatenate((np.stack((np.cos(heading), np.sin(heading))), half))


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
    where_a, where_b = (tracks.xy_m[rows] + moving.way_m(rows, ttc[:, None])[:, 0] for rows in (a, b))
    spot = between(where_a, where_b, moving.heading_rad[a], moving.heading_rad[b], moving.half_m[a], moving.half_m[b])
    return Contacts(a, b, ttc, noise, bias, np.minimum(drac, GRAVITY_MPS2), drac_noise, closing, spot, sure)


def _sigma(sigma: Array, a: Rows, b: Rows) -> Array:
    """Standard deviation of the difference of two; what is not known counts as 0."""
    return np.nan_to_num(np.hypot(sigma[a], sigma[b]))


def _near(chords: _Chords, radius: Array) -> NDArray[np.bool_]:
    """Whether circles about the footprints come to overlap: far cheaper, and true of few."""
    dx, dy = chords.apart_m[..., 0], chords.apart_m[..., 1]
    vx, vy = chords.velocity_mps[..., 0], chords.velocity_mps[..., 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        closest = np.nan_to_num(np.clip(-(dx * vx + dy * vy) / (vx * vx + vy * vy), 0.0, chords.length_s))
    apart = (dx + closest * vx) ** 2 + (dy + closest * vy) ** 2
    near: NDArray[np.bool_] = apart.min(axis=1) <= radius**2
    return near


def _touch(enter: Array, leave: Array, length_s: float) -> NDArray[np.bool_]:
    """Whether all slabs [4, p, k] are passed at once at some time from 0 to `length_s`, [p, k]."""
    first, last = np.maximum(enter.max(axis=0), 0.0), np.minimum(leave.min(axis=0), length_s)
    touch: NDArray[np.bool_] = first <= last
    return touch


def may_meet(low: Array, high: Array, mover: NDArray[np.bool_]) -> tuple[Rows, Rows]:
    """Pairs of boxes that overlap, at least one of them a `mover`: a sweep along x, then a look at y.

    Boxes are `low` to `high` [n, 2]. Who is no mover is never compared with another such one.
    """
    order = low[:, 0].argsort(kind="stable")
    start, end = low[order, 0], high[order, 0]
    moves = mover[order]
    movers, others = np.flatnonzero(moves), np.flatnonzero(~moves)
    last = np.searchsorted(start, end, "right")
    by_mover = spans(movers, movers + 1, last[movers])
    row, at = spans(others, np.searchsorted(movers, others), np.searchsorted(start[movers], end[others], "right"))
    i, j = np.concatenate((by_mover[0], row)), np.concatenate((by_mover[1], movers[at]))
    i, j = order[i], order[j]
    meet = (low[i, 1] <= high[j, 1]) & (low[j, 1] <= high[i, 1])
    return i[meet], j[meet]
