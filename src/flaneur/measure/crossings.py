"""Crossings of directed lines by the foot of each track.

The signed intersections of a track's foot path with a line are summed until the foot is `CLEAR_HEIGHTS` box heights
away from the line or the track ends. If the sum is not zero, that is one crossing, at the moment of its last
intersection. So swaying on a line, standing on it and turning back on it count nothing, and a path that ends or
breaks just behind the line counts.

Directions are `TO_RIGHT` and `TO_LEFT` of `flaneur.data.geometry`. A foot exactly on a line is on its right.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flaneur.data.geometry import Line
from flaneur.data.private import Events, Tracks
from flaneur.measure.memory import NO_PASSES, NO_ROWS, Passes, TrackTable, admit, evict, put, rows_of
from flaneur.measure.segments import CLEAR_HEIGHTS, Array, cross, distance, feet, open_line

NUDGE_PX = 1e-6
"""Lines are moved to their left by this, and half as much forward: far below any box's accuracy, far above rounding.
So a foot exactly on a line or a joint has one definite side, the same for all segments of the line."""


@dataclass(frozen=True, slots=True, eq=False)
class LinesPx:
    """Lines in pixels, as the s segments of all of them, line by line."""

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
    def of(cls, lines: Sequence[Line], width_px: int, height_px: int) -> "LinesPx":
        """Lines in fractions, for a picture of this size."""
        paths = [_nudged(open_line(line.points_xy) * (width_px, height_px)) for line in lines]
        start = np.concatenate([np.zeros((0, 2)), *(path[:-1] for path in paths)])
        end = np.concatenate([np.zeros((0, 2)), *(path[1:] for path in paths)])
        sizes = np.array([len(path) - 1 for path in paths], np.intp)
        dx, dy = (end - start).T
        plane = np.stack((-dy, dx, dy * start[:, 0] - dx * start[:, 1]))
        return cls(start, end, np.cumsum(sizes) - sizes, np.repeat(np.arange(len(lines)), sizes), plane)

    def side(self, foot_px: Array) -> Array:
        """>= 0 to the right of each segment's straight line, [n, s]; its size is proportional to the distance."""
        side: Array = foot_px[:, :1] * self.plane[0] + foot_px[:, 1:] * self.plane[1] + self.plane[2]
        return side


def _nudged(path: Array) -> Array:
    forward = path[-1] - path[0]
    if not forward.any():
        forward = path[1] - path[0]
    length = np.hypot(*forward)
    if not length:
        raise ValueError("a line without length has no sides")
    forward = forward / length
    left = np.array((forward[1], -forward[0]))
    moved: Array = path + NUDGE_PX * (left + 0.5 * forward)
    return moved


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class CrossingState(TrackTable):
    """Each live track's last foot and its unsettled intersections."""

    foot_px: Array
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


def start(params: LinesPx) -> CrossingState:
    """Nobody has been seen yet."""
    lines, segments = len(params.first), len(params.line)
    return CrossingState(
        np.zeros(0, np.int64),
        np.zeros((0, 2)),
        np.zeros(0, np.int64),
        np.zeros(0, np.uint8),
        np.zeros((0, segments), np.bool_),
        np.zeros((0, lines), np.int16),
        np.zeros((0, lines), np.int64),
    )


def step(state: CrossingState, tracks: Tracks, params: LinesPx) -> tuple[CrossingState, Events]:
    """One frame; the crossings that are settled by it. `place` is the index of the line."""
    state, passes = advance(state, tracks, params)
    return state, passes.events()


def finish(state: CrossingState, params: LinesPx) -> Events:  # noqa: ARG001
    """The crossings of paths that the end of the video cuts off behind a line."""
    return settle(state).events()


def advance(state: CrossingState, tracks: Tracks, params: LinesPx) -> tuple[CrossingState, Passes]:
    """Like `step`, and says whose crossings they are."""
    if not len(params.first):
        return state, NO_PASSES
    state, row, known = admit(state, tracks.track_id)
    foot = feet(tracks)
    right = params.side(foot) >= 0.0
    net, last_ns = state.net.copy(), state.last_ns.copy()
    changed = right != state.right[row]
    changed[~known] = False
    if changed.any():
        at, sign, when = _intersections(state, row, foot, tracks.time_ns, changed, params)
        np.add.at(net, at, sign)
        np.maximum.at(last_ns, at, when)
    state = CrossingState(
        state.track_id,
        put(state.foot_px, row, foot),
        put(state.time_ns, row, tracks.time_ns),
        put(state.kind, row, tracks.kind),
        put(state.right, row, right),
        net,
        last_ns,
    )
    clear = _clear(state, row, foot, tracks.xyxy_px, params)
    counted = _passes(state, *clear)
    net[clear] = 0
    ended = rows_of(state, tracks.ended)
    cut_off, line = net[ended].nonzero()
    return evict(state, ended), Passes.joined(counted, _passes(state, ended[cut_off], line))


def settle(state: CrossingState) -> Passes:
    """Whatever is unsettled, as crossings."""
    return _passes(state, *np.nonzero(state.net))


def _intersections(
    state: CrossingState,
    row: NDArray[np.intp],
    foot: Array,
    time_ns: int,
    changed: NDArray[np.bool_],
    params: LinesPx,
) -> tuple[tuple[NDArray[np.intp], NDArray[np.intp]], NDArray[np.int16], NDArray[np.int64]]:
    """Where the ways from the last feet to these meet segments whose side `changed` [n, s]: (row, line), sign, time."""
    i, s = changed.nonzero()
    old, new = state.foot_px[row[i]], foot[i]
    way = new - old
    hit = (cross(way, params.start[s] - new) >= 0.0) != (cross(way, params.end[s] - new) >= 0.0)
    i, s, old, new = i[hit], s[hit], old[hit], new[hit]
    a, b, c = params.plane[:, s]
    before, after = old[:, 0] * a + old[:, 1] * b + c, new[:, 0] * a + new[:, 1] * b + c
    since = state.time_ns[row[i]]
    when = since + np.rint(before / (before - after) * (time_ns - since)).astype(np.int64)
    return (row[i], params.line[s]), np.where(after >= 0.0, 1, -1).astype(np.int16), when


def _clear(
    state: CrossingState, row: NDArray[np.intp], foot: Array, xyxy_px: NDArray[np.float32], params: LinesPx
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and lines whose intersections can be settled, since the foot has left the line behind."""
    if not state.net.any():
        return NO_ROWS, NO_ROWS
    open_rows = np.flatnonzero(state.net[row].any(axis=1))
    if not len(open_rows):
        return NO_ROWS, NO_ROWS
    box = xyxy_px[open_rows].astype(np.float64)
    away = np.minimum.reduceat(distance(foot[open_rows], params.start, params.end), params.first, axis=1)
    far = away + 2 * NUDGE_PX >= CLEAR_HEIGHTS * (box[:, 3] - box[:, 1])[:, None]
    i, line = np.nonzero(far & (state.net[row[open_rows]] != 0))
    return row[open_rows[i]], line


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
