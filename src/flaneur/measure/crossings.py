"""Crossings of directed lines by the foot of each track, in the picture or on the ground.

The signed intersections of a track's foot path with a line are summed until the foot is as far away from the line as
`Feet.clear` says, or the track ends. If the sum is not zero, that is one crossing, at the moment of its last
intersection. So swaying on a line, standing on it and turning back on it count nothing, and a path that ends or
breaks just behind the line counts.

Directions are `TO_RIGHT` and `TO_LEFT` of `flaneur.data.geometry`. A foot exactly on a line is on its right.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from flaneur.data.geometry import GroundLine, Line
from flaneur.data.private import Events, Feet
from flaneur.measure.memory import NO_PASSES, NO_ROWS, Passes, TrackTable, admit, evict, put, rows_of
from flaneur.measure.segments import Array, cross, distance, open_line

NUDGE = 1e-6
"""Lines are moved to their left by this, and half as much forward, in pixels or metres: far below any accuracy, far
above rounding. So a foot exactly on a line or a joint has one definite side, the same for all segments of the line."""


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Lines in the unit of the feet, as the s segments of all of them, line by line."""

    start: Array
    """[s, 2] nudged."""
    end: Array
    """[s, 2] nudged."""
    first: NDArray[np.intp]
    """[lines] first segment of each line."""
    line: NDArray[np.intp]
    """[s] line of each segment."""
    plane: Array
    """[3, s] so that plane · (x, y, 1) >= 0 to the right of the segment."""

    @classmethod
    def in_picture(cls, lines: Sequence[Line], width_px: int, height_px: int) -> "Lines":
        """Lines in fractions, for a picture of this size in pixels; ValueError for one without length."""
        return cls._of([open_line(line.points_xy) * (width_px, height_px) for line in lines], 1.0)

    @classmethod
    def on_ground(cls, lines: Sequence[GroundLine]) -> "Lines":
        """Lines in metres; ValueError for one without length."""
        return cls._of([line.points_m for line in lines], -1.0)

    @classmethod
    def _of(cls, paths: list[Array], down: float) -> "Lines":
        """`down` is 1 where y points down and -1 where it points up, which is what makes a side the right one."""
        paths = [_nudged(path, down) for path in paths]
        start = np.concatenate([np.zeros((0, 2)), *(path[:-1] for path in paths)])
        end = np.concatenate([np.zeros((0, 2)), *(path[1:] for path in paths)])
        sizes = np.array([len(path) - 1 for path in paths], np.intp)
        dx, dy = down * (end - start).T
        plane = np.stack((-dy, dx, dy * start[:, 0] - dx * start[:, 1]))
        return cls(start, end, np.cumsum(sizes) - sizes, np.repeat(np.arange(len(paths)), sizes), plane)

    def __len__(self) -> int:
        return len(self.first)

    def side(self, foot: Array) -> Array:
        """>= 0 to the right of each segment's straight line, [n, s]; its size is proportional to the distance."""
        a, b, c = self.plane[..., None]
        side: Array = a * foot[:, 0] + b * foot[:, 1] + c  # segment by segment, which is several times faster
        return side.T


def _nudged(path: Array, down: float) -> Array:
    forward = path[-1] - path[0]
    if not forward.any():
        forward = path[1] - path[0]
    length = np.hypot(*forward)
    if not length:
        raise ValueError("a line without length has no sides")
    forward = forward / length
    left = down * np.array((forward[1], -forward[0]))
    moved: Array = path + NUDGE * (left + 0.5 * forward)
    return moved


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class CrossingState(TrackTable):
    """Each live track's last foot and its unsettled intersections."""

    foot: Array
    """[m, 2]"""
    time_ns: NDArray[np.int64]
    """[m] of that foot."""
    kind: NDArray[np.uint8]
    """[m]"""
    right: NDArray[np.bool_]
    """[m, s] whether that foot is on the right of the segment's straight line."""
    net: NDArray[np.int16]
    """[m, lines] sum of signed intersections since the foot was last clear of the line."""
    last_ns: NDArray[np.int64]
    """[m, lines] moment of the last of them."""


def start(params: Lines) -> CrossingState:
    """Nobody has been seen yet."""
    lines, segments = len(params), len(params.line)
    return CrossingState(
        np.zeros(0, np.int64),
        np.zeros((0, 2)),
        np.zeros(0, np.int64),
        np.zeros(0, np.uint8),
        np.zeros((0, segments), np.bool_),
        np.zeros((0, lines), np.int16),
        np.zeros((0, lines), np.int64),
    )


def step(state: CrossingState, feet: Feet, params: Lines) -> tuple[CrossingState, Events]:
    """One frame; the crossings that are settled by it. `place` is the index of the line."""
    state, passes, _ = advance(state, feet, params)
    return state, passes.events()


def finish(state: CrossingState, params: Lines) -> Events:  # noqa: ARG001
    """The crossings of paths that the end of the video cuts off behind a line."""
    return settle(state).events()


def advance(state: CrossingState, feet: Feet, params: Lines) -> tuple[CrossingState, Passes, Passes]:
    """Like `step`, and says whose crossings they are; and what met a line since the frame before, settled or not."""
    if not len(params):
        return state, NO_PASSES, NO_PASSES
    state, row, known = admit(state, feet.track_id)
    right = params.side(feet.xy) >= 0.0
    net, last_ns, met = state.net, state.last_ns, NO_PASSES
    changed = right != state.right.take(row, axis=0)
    changed[~known] = False
    if changed.any():
        net, last_ns = net.copy(), last_ns.copy()
        met = _intersections(state, row, feet, changed, params)
        at = (state.track_id.searchsorted(met.track_id), met.place)
        np.add.at(net, at, met.direction)
        np.maximum.at(last_ns, at, met.time_ns)
    state = CrossingState(
        state.track_id,
        put(state.foot, row, feet.xy),
        put(state.time_ns, row, feet.time_ns),
        put(state.kind, row, feet.kind),
        put(state.right, row, right),
        net,
        last_ns,
    )
    clear = _clear(state, row, feet, params)
    counted = _passes(state, *clear)
    if len(counted):
        net = net.copy()
        net[clear] = 0
        state = replace(state, net=net)
    ended = rows_of(state, feet.ended)
    if not len(ended):
        return state, counted, met
    cut_off, line = state.net[ended].nonzero()
    return evict(state, ended), Passes.joined(counted, _passes(state, ended[cut_off], line)), met


def settle(state: CrossingState) -> Passes:
    """Whatever is unsettled, as crossings."""
    return _passes(state, *np.nonzero(state.net))


def _intersections(
    state: CrossingState, row: NDArray[np.intp], feet: Feet, changed: NDArray[np.bool_], params: Lines
) -> Passes:
    """Where the ways from the last feet to these meet segments whose side `changed` [n, s]."""
    i, s = changed.nonzero()
    old, new = state.foot.take(row[i], axis=0), feet.xy.take(i, axis=0)
    way = new - old
    hit = (cross(way, params.start[s] - new) >= 0.0) != (cross(way, params.end[s] - new) >= 0.0)
    i, s, old, new = i[hit], s[hit], old[hit], new[hit]
    a, b, c = params.plane[:, s]
    before, after = old[:, 0] * a + old[:, 1] * b + c, new[:, 0] * a + new[:, 1] * b + c
    since = state.time_ns[row[i]]
    when = since + np.rint(before / (before - after) * (feet.time_ns - since)).astype(np.int64)
    sign = np.where(after >= 0.0, 1, -1).astype(np.int8)
    return Passes(feet.track_id[i], when, params.line[s].astype(np.int32), sign, feet.kind[i])


def _clear(
    state: CrossingState, row: NDArray[np.intp], feet: Feet, params: Lines
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and lines whose intersections can be settled, since the foot has left the line behind."""
    if not state.net.any():
        return NO_ROWS, NO_ROWS
    near = np.flatnonzero((state.net != 0).any(axis=1)[row])
    if not len(near):
        return NO_ROWS, NO_ROWS
    away = np.minimum.reduceat(distance(feet.xy[near], params.start, params.end), params.first, axis=1)
    far = away + 2 * NUDGE >= feet.clear[near, None]
    i, line = np.nonzero(far & (state.net[row[near]] != 0))
    return row[near[i]], line


def _passes(state: CrossingState, row: NDArray[np.intp], line: NDArray[np.intp]) -> Passes:
    if not len(row):
        return NO_PASSES
    return Passes(
        state.track_id[row],
        state.last_ns[row, line],
        line.astype(np.int32),
        np.sign(state.net[row, line]).astype(np.int8),
        state.kind[row],
    )
