"""Passages through the borders of zones, and who is in them.

A track is in a zone when its foot is. It has entered or left once its foot is away from the border by
`CLEAR_HEIGHTS` box heights, or half the radius of the largest circle that fits into the zone if that is less, or once
it ends on the other side; the moment is that of the last way through the border. A track that is born inside does
not enter, and one that ends inside does not leave.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from flaneur.data.geometry import IN, OUT, Zone
from flaneur.data.private import Events, Tracks
from flaneur.measure.memory import NO_PASSES, NO_ROWS, Passes, TrackTable, admit, evict, put, rows_of
from flaneur.measure.segments import CLEAR_HEIGHTS, Array, cross, distance, feet, open_polygon

FOUND = 0
"""Direction of a pass that is no movement: the track was inside from its beginning."""


@dataclass(frozen=True, slots=True, eq=False)
class ZonesPx:
    """Zones in pixels, as the s sides of all of them, zone by zone."""

    start: Array
    """[s, 2]"""
    end: Array
    """[s, 2]"""
    first: NDArray[np.intp]
    """[zones] first side of each zone."""
    slope: Array
    """[2, s] so that a side lies at x = slope[0] · y + slope[1]."""
    clear_px: Array
    """[zones] no foot needs to be farther than this from the border."""

    @classmethod
    def of(cls, zones: Sequence[Zone], width_px: int, height_px: int) -> "ZonesPx":
        """Zones in fractions, for a picture of this size."""
        size = (width_px, height_px)
        rings = [open_polygon(zone.polygon_xy) * size for zone in zones]
        start = np.concatenate([np.zeros((0, 2)), *rings])
        end = np.concatenate([np.zeros((0, 2)), *(np.roll(ring, -1, axis=0) for ring in rings)])
        sizes = np.array([len(ring) for ring in rings], np.intp)
        dx, dy = (end - start).T
        slope = np.divide(dx, dy, out=np.zeros_like(dx), where=dy != 0.0)
        radius = [shapely.maximum_inscribed_circle(shapely.Polygon(zone.polygon_xy * size)).length for zone in zones]
        line = np.stack((slope, start[:, 0] - slope * start[:, 1]))
        return cls(start, end, np.cumsum(sizes) - sizes, line, np.array(radius, np.float64) / 2)

    def inside(self, foot_px: Array) -> NDArray[np.bool_]:
        """Whether each foot [n, 2] is in each zone, [n, zones], by the even-odd rule."""
        if not len(self.first):
            return np.zeros((len(foot_px), 0), np.bool_)
        x, y = foot_px[:, :1], foot_px[:, 1:]
        level = (self.start[:, 1] > y) != (self.end[:, 1] > y)
        crossed = level & (x < self.slope[0] * y + self.slope[1])
        odd: NDArray[np.bool_] = np.bitwise_xor.reduceat(crossed, self.first, axis=1)
        return odd

    def border_px(self, foot_px: Array) -> Array:
        """Distance of each foot [n, 2] from the border of each zone, [n, zones]."""
        away: Array = np.minimum.reduceat(distance(foot_px, self.start, self.end), self.first, axis=1)
        return away


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ZoneState(TrackTable):
    """Each live track's last foot, and on which side of each border it is."""

    foot_px: Array
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


def start(params: ZonesPx) -> ZoneState:
    """Nobody has been seen yet."""
    flags = np.zeros((0, len(params.first)), np.bool_)
    none = np.zeros(0, np.int64)
    return ZoneState(none, np.zeros((0, 2)), none, none.astype(np.uint8), flags, flags, flags.astype(np.int64))


def step(state: ZoneState, tracks: Tracks, params: ZonesPx) -> tuple[ZoneState, Events]:
    """One frame; the entries (`IN`) and exits (`OUT`) that are settled by it. `place` is the index of the zone."""
    state, passes = advance(state, tracks, params)
    return state, passes.events()


def finish(state: ZoneState, params: ZonesPx) -> Events:  # noqa: ARG001
    """The passages of paths that the end of the video cuts off behind a border."""
    return settle(state).events()


def advance(state: ZoneState, tracks: Tracks, params: ZonesPx) -> tuple[ZoneState, Passes]:
    """Like `step`, and says whose passages they are; tracks that begin inside are reported as `FOUND`."""
    if not len(params.first):
        return state, NO_PASSES
    state, row, known = admit(state, tracks.track_id)
    foot = feet(tracks)
    inside = params.inside(foot)
    counted, last_ns = state.counted.copy(), state.last_ns.copy()
    found = NO_PASSES
    if not known.all():
        new = row[~known]
        counted[new] = inside[~known]
        last_ns[new] = tracks.time_ns
    changed = inside != state.inside[row]
    changed[~known] = False
    if changed.any():
        i, zone = changed.nonzero()
        share = _last_way_through(state.foot_px[row[i]], foot[i], params)[np.arange(len(i)), zone]
        since = state.time_ns[row[i]]
        last_ns[row[i], zone] = since + np.rint(share * (tracks.time_ns - since)).astype(np.int64)
    state = ZoneState(
        state.track_id,
        put(state.foot_px, row, foot),
        put(state.time_ns, row, tracks.time_ns),
        put(state.kind, row, tracks.kind),
        put(state.inside, row, inside),
        counted,
        last_ns,
    )
    if not known.all():
        i, zone = (inside & ~known[:, None]).nonzero()
        found = _passes(state, row[i], zone, np.zeros(len(i)))
    moved = _clear(state, row, foot, tracks.xyxy_px, params)
    passed = _passes(state, *moved, np.where(state.inside[moved], IN, OUT))
    counted[moved] = state.inside[moved]
    ended = rows_of(state, tracks.ended)
    return evict(state, ended), Passes.joined(found, passed, _unsettled(state, ended))


def settle(state: ZoneState) -> Passes:
    """Whatever is unsettled, as passages."""
    return _unsettled(state, np.arange(len(state)))


def _unsettled(state: ZoneState, rows: NDArray[np.intp]) -> Passes:
    if not len(rows):
        return NO_PASSES
    i, zone = np.nonzero(state.inside[rows] != state.counted[rows])
    return _passes(state, rows[i], zone, np.where(state.inside[rows[i], zone], IN, OUT))


def _clear(
    state: ZoneState, row: NDArray[np.intp], foot: Array, xyxy_px: NDArray[np.float32], params: ZonesPx
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and zones where the foot has left the border behind, on the side where the track is not counted yet."""
    differs = state.inside[row] != state.counted[row]
    if not differs.any():
        return NO_ROWS, NO_ROWS
    near = np.flatnonzero(differs.any(axis=1))
    box = xyxy_px[near].astype(np.float64)
    clear_px = np.minimum(CLEAR_HEIGHTS * (box[:, 3] - box[:, 1])[:, None], params.clear_px)
    i, zone = np.nonzero((params.border_px(foot[near]) >= clear_px) & differs[near])
    return row[near[i]], zone


def _last_way_through(old: Array, new: Array, params: ZonesPx) -> Array:
    """Share of each step old -> new [k, 2] at which it last meets each border, [k, zones]; 1 if rounding hides it."""
    path, side = (new - old)[:, None], params.end - params.start
    offset = params.start - old[:, None]
    turn = cross(path, side)
    turn = np.where(turn == 0.0, np.nan, turn)
    share, along = cross(offset, side) / turn, cross(offset, path) / turn
    met = (share >= 0.0) & (share <= 1.0) & (along >= 0.0) & (along <= 1.0)
    last: Array = np.maximum.reduceat(np.where(met, share, -1.0), params.first, axis=1)
    return np.where(last < 0.0, 1.0, last)


def _passes(state: ZoneState, row: NDArray[np.intp], zone: NDArray[np.intp], direction: NDArray[np.generic]) -> Passes:
    if not len(row):
        return NO_PASSES
    return Passes(
        state.track_id[row], state.last_ns[row, zone], zone.astype(np.int32), direction.astype(np.int8), state.kind[row]
    )
