"""Passages through the borders of zones, and who is in them.

A track is in a zone when its foot is. It has entered or left once its foot is away from the border by what `Feet.clear`
says, or half the radius of the largest circle that fits into the zone if that is less, or once it ends on the other
side; the moment is that of the last way through the border. A track that is born inside does
not enter, and one that ends inside does not leave. One that is so fast that it is never seen inside still enters and
leaves, if its straight way leads through the zone and not just over a corner of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from flaneur.data.geometry import IN, OUT, GroundZone, Zone
from flaneur.data.private import Events, Feet
from flaneur.measure.memory import NO_PASSES, NO_ROWS, Passes, TrackTable, admit, evict, put, rows_of
from flaneur.measure.segments import Array, cross, distance, open_polygon

FLAT = 1e-100
"""In pixels or metres: no foot is level with a side that rises by less, and its slope would overflow."""
FOUND = 0
"""Direction of a pass that is no movement: the track was inside from its beginning."""


@dataclass(frozen=True, slots=True, eq=False)
class Zones:
    """Zones in the unit of the feet, as the s sides of all of them, zone by zone."""

    start: Array
    """[s, 2]"""
    end: Array
    """[s, 2]"""
    first: NDArray[np.intp]
    """[zones] first side of each zone."""
    slope: Array
    """[2, s] so that a side lies at x = slope[0] · y + slope[1]."""
    low: Array
    """[zones, 2] lower corner of the box around each zone."""
    high: Array
    """[zones, 2] its upper corner."""
    clear: Array
    """[zones] no foot needs to be farther than this from the border."""

    @classmethod
    def in_picture(cls, zones: Sequence[Zone], width_px: int, height_px: int) -> "Zones":
        """Zones in fractions, for a picture of this size in pixels."""
        size = (width_px, height_px)
        rings = [zone.polygon_xy * size for zone in zones]
        return cls._of([open_polygon(zone.polygon_xy) * size for zone in zones], rings)

    @classmethod
    def on_ground(cls, zones: Sequence[GroundZone]) -> "Zones":
        """Zones in metres."""
        rings = [zone.polygon_m for zone in zones]
        return cls._of(rings, rings)

    @classmethod
    def _of(cls, borders: list[Array], rings: list[Array]) -> "Zones":
        """`borders` are what feet pass; the room in a zone is that in its ring as it was drawn."""
        start = np.concatenate([np.zeros((0, 2)), *borders])
        end = np.concatenate([np.zeros((0, 2)), *(np.roll(border, -1, axis=0) for border in borders)])
        sizes = np.array([len(border) for border in borders], np.intp)
        dx, dy = (end - start).T
        slope = np.divide(dx, dy, out=np.zeros_like(dx), where=np.abs(dy) > FLAT)
        radius = [shapely.maximum_inscribed_circle(shapely.Polygon(ring)).length for ring in rings]
        line = np.stack((slope, start[:, 0] - slope * start[:, 1]))
        low, high = (np.array([end(border, axis=0) for border in borders]).reshape(-1, 2) for end in (np.min, np.max))
        return cls(start, end, np.cumsum(sizes) - sizes, line, low, high, np.array(radius, np.float64) / 2)

    def __len__(self) -> int:
        return len(self.first)

    def inside(self, foot: Array) -> NDArray[np.bool_]:
        """Whether each foot [n, 2] is in each zone, [n, zones], by the even-odd rule."""
        if not len(self):
            return np.zeros((len(foot), 0), np.bool_)
        x, y = np.ascontiguousarray(foot.T)
        crossed = (self.start[:, 1:] > y) != (self.end[:, 1:] > y)  # side by side, which is several times faster
        crossed &= x < self.slope[0][:, None] * y + self.slope[1][:, None]
        odd: NDArray[np.bool_] = np.bitwise_xor.reduceat(crossed, self.first, axis=0)
        return np.ascontiguousarray(odd.T)

    def border(self, foot: Array) -> Array:
        """Distance of each foot [n, 2] from the border of each zone, [n, zones]."""
        away: Array = np.minimum.reduceat(distance(foot, self.start, self.end), self.first, axis=1)
        return away


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ZoneState(TrackTable):
    """Each live track's last foot, and on which side of each border it is."""

    foot: Array
    """[m, 2]"""
    time_ns: NDArray[np.int64]
    """[m] of that foot."""
    kind: NDArray[np.uint8]
    """[m]"""
    inside: NDArray[np.bool_]
    """[m, zones] whether that foot is inside."""
    counted: NDArray[np.bool_]
    """[m, zones] whether the track counts as inside: changes only when the foot is clear of the border."""
    last_ns: NDArray[np.int64]
    """[m, zones] when the path last went through the border."""


def start(params: Zones) -> ZoneState:
    """Nobody has been seen yet."""
    flags = np.zeros((0, len(params)), np.bool_)
    none = np.zeros(0, np.int64)
    return ZoneState(none, np.zeros((0, 2)), none, none.astype(np.uint8), flags, flags, flags.astype(np.int64))


def step(state: ZoneState, feet: Feet, params: Zones) -> tuple[ZoneState, Events]:
    """One frame; the entries (`IN`) and exits (`OUT`) that are settled by it. `place` is the index of the zone."""
    state, passes, _ = advance(state, feet, params.inside(feet.xy), params)
    return state, passes.events()


def finish(state: ZoneState, params: Zones) -> Events:  # noqa: ARG001
    """The passages of paths that the end of the video cuts off behind a border."""
    return settle(state).events()


def advance(state: ZoneState, feet: Feet, inside: NDArray[np.bool_], params: Zones) -> tuple[ZoneState, Passes, Passes]:
    """Like `step`, given who is `inside` [n, zones], and says whose passages they are.

    Tracks that begin inside are reported as `FOUND`. What comes last is whose ways led through a border since the
    frame before, settled or not.
    """
    if not len(params):
        return state, NO_PASSES, NO_PASSES
    old, row, known = admit(state, feet.track_id)
    state = ZoneState(
        old.track_id,
        put(old.foot, row, feet.xy),
        put(old.time_ns, row, feet.time_ns),
        put(old.kind, row, feet.kind),
        put(old.inside, row, inside),
        old.counted.copy(),
        old.last_ns.copy(),
    )
    clear = np.minimum(feet.clear[:, None], params.clear)
    found = NO_PASSES
    if known.all():
        leapt, met = _follow(old, state, row, clear, params)
    else:
        found = _begin(state, row[~known])
        leapt, met = _follow(old, state, row[known], clear[known], params)
    moved = _clear(state, row, clear, params)
    passed = _passes(state, *moved, np.where(state.inside[moved], IN, OUT))
    state.counted[moved] = state.inside[moved]
    ended = rows_of(state, feet.ended)
    return evict(state, ended), Passes.joined(found, leapt, passed, _unsettled(state, ended)), met


def settle(state: ZoneState) -> Passes:
    """Whatever is unsettled, as passages."""
    return _unsettled(state, np.arange(len(state)))


def _unsettled(state: ZoneState, rows: NDArray[np.intp]) -> Passes:
    if not len(rows):
        return NO_PASSES
    i, zone = np.nonzero(state.inside[rows] != state.counted[rows])
    return _passes(state, rows[i], zone, np.where(state.inside[rows[i], zone], IN, OUT))


def _begin(state: ZoneState, new: NDArray[np.intp]) -> Passes:
    """Fill in the rows of tracks that begin now."""
    state.counted[new] = state.inside[new]
    state.last_ns[new] = state.time_ns[new][:, None]
    i, zone = state.inside[new].nonzero()
    return _passes(state, new[i], zone, np.full(len(i), FOUND))


def _follow(
    old: ZoneState, state: ZoneState, row: NDArray[np.intp], clear: Array, params: Zones
) -> tuple[Passes, Passes]:
    """Fill in when the ways from the last feet to these went through borders: entries by leaps; all that met a border.

    A way that leads into a zone and out again between two frames, and is clear of the border in between, enters here;
    that it left is settled like every exit.
    """
    inside, counted = state.inside.take(row, axis=0), state.counted.take(row, axis=0)
    changed = inside != old.inside.take(row, axis=0)
    way_x, way_y = (state.foot.take(row, axis=0) - old.foot.take(row, axis=0)).T
    way_m = np.sqrt(way_x * way_x + way_y * way_y)
    fast = np.flatnonzero(way_m >= 2 * clear.min(axis=1))
    leaping = np.zeros(changed.shape, np.bool_)
    if len(fast):
        leaps = way_m[fast, None] >= 2 * clear.take(fast, axis=0)
        leaps &= ~(inside | changed | counted).take(fast, axis=0)
        leaps &= _near(old.foot.take(row[fast], axis=0), state.foot.take(row[fast], axis=0), params)
        leaping[fast] = leaps
    either = changed | leaping
    if not either.any():
        return NO_PASSES, NO_PASSES
    i, zone = either.nonzero()
    before, after = old.foot.take(row[i], axis=0), state.foot.take(row[i], axis=0)
    pair = (np.arange(len(i)), zone)
    shares = [share[pair] for share in _ways_through(before, after, params)]
    since = old.time_ns[row[i]]
    first_ns, last_ns = (since + np.rint(share * (state.time_ns[row[i]] - since)).astype(np.int64) for share in shares)
    entered = leaping[i, zone]
    if entered.any():
        middle = before + (0.5 * (shares[0] + shares[1]))[:, None] * (after - before)
        entered &= params.inside(middle)[pair] & (params.border(middle)[pair] >= clear[i, zone])
    leapt = (row[i][entered], zone[entered])
    state.last_ns[leapt] = first_ns[entered]
    passes = _passes(state, *leapt, np.full(entered.sum(), IN))
    state.counted[leapt] = True
    through = entered | changed[i, zone]
    met = (row[i][through], zone[through])
    state.last_ns[met] = last_ns[through]
    return passes, _passes(state, *met, np.where(state.inside[met], IN, OUT))


def _near(old: Array, new: Array, params: Zones) -> NDArray[np.bool_]:
    """Whether each step old -> new [n, 2] may lead through each zone, [n, zones]: whether their boxes meet."""
    low, high = np.minimum(old, new)[..., None], np.maximum(old, new)[..., None]
    (x1, y1), (x2, y2) = params.low.T, params.high.T
    meet: NDArray[np.bool_] = (low[:, 0] <= x2) & (high[:, 0] >= x1) & (low[:, 1] <= y2) & (high[:, 1] >= y1)
    return meet


def _clear(
    state: ZoneState, row: NDArray[np.intp], clear: Array, params: Zones
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and zones where the foot has left the border behind, on the side where the track is not counted yet."""
    differs = (state.inside != state.counted).take(row, axis=0)
    if not differs.any():
        return NO_ROWS, NO_ROWS
    near = np.flatnonzero(differs.any(axis=1))
    i, zone = np.nonzero((params.border(state.foot.take(row[near], axis=0)) >= clear[near]) & differs[near])
    return row[near[i]], zone


def _ways_through(old: Array, new: Array, params: Zones) -> tuple[Array, Array]:
    """Shares of each step old -> new [k, 2] at which it first and last meets each border, [k, zones]; 1 if it does not.

    A step that changes sides may meet no border only by rounding, at its end.
    """
    path, side = (new - old)[:, None], params.end - params.start
    offset = params.start - old[:, None]
    turn = cross(path, side)
    turn = np.where(turn == 0.0, np.nan, turn)
    share, along = cross(offset, side) / turn, cross(offset, path) / turn
    met = (share >= 0.0) & (share <= 1.0) & (along >= 0.0) & (along <= 1.0)
    first: Array = np.minimum.reduceat(np.where(met, share, 1.0), params.first, axis=1)
    last: Array = np.maximum.reduceat(np.where(met, share, -1.0), params.first, axis=1)
    return first, np.where(last < 0.0, 1.0, last)


def _passes(state: ZoneState, row: NDArray[np.intp], zone: NDArray[np.intp], direction: NDArray[np.generic]) -> Passes:
    if not len(row):
        return NO_PASSES
    return Passes(
        state.track_id[row], state.last_ns[row, zone], zone.astype(np.int32), direction.astype(np.int8), state.kind[row]
    )
