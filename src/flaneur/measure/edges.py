"""Who enters and leaves by which edge of the picture: counts for a camera without lines or zones.

A track enters by an edge when its first box is cut by that edge, or had come from beyond it within `REACH_S` before at
the track's own speed; it leaves likewise. Of several such edges it is the one that the box passes first. Tracks that
appear or vanish in the middle of the picture count nowhere, nor do those that are there when the video begins, or
still there when it ends. Nor do those that never move: a parked car at the edge that the detector loses now and then
has not left.

Only observed boxes are looked at, so what a tracker carries on beyond the last sight of somebody plays no part.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from flaneur.data.geometry import EDGES, IN, OUT
from flaneur.data.private import Events, Private, Tracks
from flaneur.data.time import SECOND_NS
from flaneur.measure.memory import NO_EVENTS, TrackTable, admit, evict, put, rows_of
from flaneur.measure.segments import EDGE_MARGIN, Array

REACH_S = 1.0
"""How long before its first or after its last sight a box may reach the edge."""
GONE_S = 5.0
"""A box cut by the upper edge still stands in the picture with its feet; it leaves only if they follow within this."""
SLOW_HEIGHTS = 0.1
"""Box heights a second; a box cut by an edge that moves inwards faster than this is not leaving there."""
MOVED_HEIGHTS = 0.25
"""Box heights by which the middle of a box must once have been away from where it was first seen."""
SPEED_NS = SECOND_NS // 2
"""Shortest time over which a speed is taken, where the track lasts so long."""
START_NS = SECOND_NS
"""Tracks that begin within this after the video's start were there before."""
FIRST, OLD, NEW, LAST = range(4)
"""Boxes remembered of each track: its first, one from half to one second ago, a later one, the last observed."""


@dataclass(frozen=True, slots=True)
class PictureSize:
    """Size of the picture in pixels."""

    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class EdgeTracks(TrackTable):
    """Four boxes of each live track, in the order `FIRST, OLD, NEW, LAST`."""

    kind: NDArray[np.uint8]
    """[m]"""
    xyxy_px: Array
    """[m, 4, 4]"""
    seen_ns: NDArray[np.int64]
    """[m, 4]"""
    judged: NDArray[np.bool_]
    """[m] whether it has been decided where the track came from."""
    moved: NDArray[np.bool_]
    """[m] whether the track was ever somewhere else than at its beginning."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class EdgeState(Private):
    """What must be known of live tracks to say by which edge they came and went."""

    start_ns: int | None
    """Time of the first step; None before it."""
    tracks: EdgeTracks


def start(params: PictureSize) -> EdgeState:  # noqa: ARG001
    """Nobody has been seen yet."""
    none = np.zeros(0, np.int64)
    never = none.astype(bool)
    boxes, times = np.zeros((0, 4, 4)), np.zeros((0, 4), np.int64)
    return EdgeState(None, EdgeTracks(none, none.astype(np.uint8), boxes, times, never, never))


def step(state: EdgeState, tracks: Tracks, params: PictureSize) -> tuple[EdgeState, Events]:
    """One frame; `place` is the index into `EDGES`, the direction `IN` or `OUT` of the picture.

    An entry is told once the track has moved and its speed is known, after half a second at the earliest; an exit once
    the track has ended.
    """
    start_ns = tracks.time_ns if state.start_ns is None else state.start_ns
    table = _look(state.tracks, tracks, start_ns)
    ended = rows_of(table, tracks.ended)
    known = table.moved & (table.seen_ns[:, LAST] - table.seen_ns[:, FIRST] >= SPEED_NS)
    known[ended] = True
    due = np.flatnonzero(known & ~table.judged)
    entries = _events(table, due, FIRST, LAST, params)
    if len(due):
        table = replace(table, judged=put(table.judged, due, True))
    if not len(ended):
        return EdgeState(start_ns, table), entries
    still_there = np.isin(table.track_id[ended], tracks.track_id)
    exits = _events(table, ended[~still_there], LAST, OLD, params)
    return EdgeState(start_ns, evict(table, ended)), _joined(entries, exits)


def finish(state: EdgeState, params: PictureSize) -> Events:
    """The entries of tracks that were too young to be judged; whoever is still there has not left."""
    return _events(state.tracks, np.flatnonzero(~state.tracks.judged), FIRST, LAST, params)


def _look(table: EdgeTracks, tracks: Tracks, start_ns: int) -> EdgeTracks:
    table, row, known = admit(table, tracks.track_id)
    box, seen = table.xyxy_px.copy(), table.seen_ns.copy()
    new = row[~known]
    box[new] = tracks.xyxy_px[~known][:, None]
    seen[new] = tracks.time_ns
    looked = known & tracks.observed
    at = row[looked]
    box[at, LAST] = tracks.xyxy_px[looked]
    seen[at, LAST] = tracks.time_ns
    shift = at[seen[at, LAST] - seen[at, NEW] >= SPEED_NS]
    box[shift, OLD], seen[shift, OLD] = box[shift, NEW], seen[shift, NEW]
    box[shift, NEW], seen[shift, NEW] = box[shift, LAST], seen[shift, LAST]
    middle = box[at, LAST].reshape(-1, 2, 2).sum(axis=1) - box[at, FIRST].reshape(-1, 2, 2).sum(axis=1)
    away = np.hypot(*middle.T) / 2 >= MOVED_HEIGHTS * (box[at, LAST, 3] - box[at, LAST, 1])
    return replace(
        table,
        kind=put(table.kind, row, tracks.kind),
        xyxy_px=box,
        seen_ns=seen,
        judged=put(table.judged, new, tracks.time_ns - start_ns < START_NS),
        moved=put(table.moved, at, table.moved[at] | away),
    )


def _events(table: EdgeTracks, rows: NDArray[np.intp], at: int, other: int, params: PictureSize) -> Events:
    """Passages of the edges by the boxes numbered `at`, with the speed away from the boxes numbered `other`.

    An entry is an exit seen backwards in time: the speed then points from the later box to the first.
    """
    rows = rows[table.moved[rows]]
    if not len(rows):
        return NO_EVENTS
    box, seen = table.xyxy_px[rows], table.seen_ns[rows]
    apart_s = np.abs(seen[:, at] - seen[:, other]) / SECOND_NS
    velocity = (box[:, at] - box[:, other]) / np.where(apart_s > 0.0, apart_s, 1.0)[:, None]
    edge = _edge(box[:, at], velocity, params)
    found = np.flatnonzero(edge >= 0)
    direction = np.full(len(found), IN if at == FIRST else OUT, np.int8)
    return Events(seen[found, at], edge[found].astype(np.int32), direction, table.kind[rows[found]])


def _edge(box: Array, velocity: Array, params: PictureSize) -> NDArray[np.intp]:
    """Index of the edge through which each box [k, 4] goes with the velocity of its sides [k, 4]; -1 for none."""
    x1, y1, x2, y2 = box.T
    vx1, vy1, vx2, vy2 = velocity.T
    w, h = params.width_px, params.height_px
    gap = np.stack((x1, y1, w - x2, h - y2), axis=1)
    # the side of the box that is farther from the edge is never cut by it, so its speed is the road user's
    rest = np.stack((x2, y2, w - x1, h - y1), axis=1)
    speed = np.stack((-vx2, -vy2, vx1, vy1), axis=1)
    cut = gap <= EDGE_MARGIN * np.array((w, h, w, h))
    slow = SLOW_HEIGHTS * (y2 - y1)[:, None]
    gone_s = rest / np.maximum(speed, 1e-9)
    possible = np.where(cut, speed > -slow, (speed > slow) & (gap <= REACH_S * speed))
    top = EDGES.index("top")
    possible[:, top] &= gone_s[:, top] <= GONE_S
    edge = np.where(possible, gone_s, np.inf).argmin(axis=1)
    return np.where(possible.any(axis=1), edge, -1)


def _joined(a: Events, b: Events) -> Events:
    return Events(
        np.concatenate((a.time_ns, b.time_ns)),
        np.concatenate((a.place, b.place)),
        np.concatenate((a.direction, b.direction)),
        np.concatenate((a.kind, b.kind)),
    )
