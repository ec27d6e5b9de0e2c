"""Flows: the ordered pairs of lines or zones that tracks pass, at most one for each track.

A track passes a line when it crosses it, in either direction, and a zone when it enters it or is in it from its
beginning. A flow is possible when the track's first pass of the origin comes before its last pass of the destination;
of the possible flows the one with the longest time between both counts, the first defined if several are as long.
This is known when the track ends; the event's time is that last pass of the destination.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flaneur.data.geometry import OUT, Flow
from flaneur.data.private import Events, Feet
from flaneur.measure.memory import NO_EVENTS, Passes, TrackTable, admit, evict, find, put, rows_of

NEVER_NS = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, eq=False)
class Flows:
    """Flows between lines and zones."""

    lines: int
    """How many lines there are."""
    used: NDArray[np.bool_]
    """[lines + zones] whether a flow begins or ends there."""
    ends: NDArray[np.intp]
    """[flows, 2] origin and destination as indices into the lines, then the zones."""

    @classmethod
    def of(cls, flows: Sequence[Flow], lines: Sequence[str], zones: Sequence[str]) -> "Flows":
        """Flows between places of these names; ValueError if one names a place that is not there."""
        number = {name: n for n, name in enumerate((*lines, *zones))}
        if missing := {name for flow in flows for name in (flow.origin, flow.destination)} - number.keys():
            raise ValueError(f"flows name {', '.join(sorted(missing))}, which is no line or zone")
        ends = np.array([(number[flow.origin], number[flow.destination]) for flow in flows], np.intp).reshape(-1, 2)
        used = np.zeros(len(number), np.bool_)
        used[ends] = True
        return cls(len(lines), used, ends)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class FlowState(TrackTable):
    """When each live track that passed anything first and last passed each place."""

    BLANK = {"first_ns": NEVER_NS, "last_ns": -NEVER_NS}  # noqa: RUF012

    kind: NDArray[np.uint8]
    """[m]"""
    first_ns: NDArray[np.int64]
    """[m, places]"""
    last_ns: NDArray[np.int64]
    """[m, places]"""


def start(params: Flows) -> FlowState:
    """Nobody has been seen yet."""
    times = np.zeros((0, len(params.used)), np.int64)
    return FlowState(np.zeros(0, np.int64), np.zeros(0, np.uint8), times, times)


def step(state: FlowState, feet: Feet, lines: Passes, zones: Passes, params: Flows) -> tuple[FlowState, Events]:
    """One frame and what was passed in it; the flows of tracks that end with it.

    `place` is the index of the flow, the direction always +1.
    """
    if not len(params.ends):
        return state, NO_EVENTS
    state = _remember(state, lines, zones, params)
    if not len(state):
        return state, NO_EVENTS
    rows, at = _both(state, feet)
    state = FlowState(state.track_id, put(state.kind, rows, feet.kind[at]), state.first_ns, state.last_ns)
    ended = rows_of(state, feet.ended)
    return evict(state, ended), _flows(state, ended, params)


def finish(state: FlowState, lines: Passes, zones: Passes, params: Flows) -> Events:
    """The flows of tracks that the end of the video cuts off, after what was passed at the very end."""
    if not len(params.ends):
        return NO_EVENTS
    state = _remember(state, lines, zones, params)
    return _flows(state, np.arange(len(state)), params)


def _remember(state: FlowState, lines: Passes, zones: Passes, params: Flows) -> FlowState:
    if not len(lines) and not len(zones):
        return state
    place = np.concatenate((lines.place, zones.place + params.lines))
    counts = params.used[place]
    counts[len(lines) :] &= zones.direction != OUT
    if not counts.any():
        return state
    place = place[counts]
    track_id = np.concatenate((lines.track_id, zones.track_id))[counts]
    when = np.concatenate((lines.time_ns, zones.time_ns))[counts]
    state, _, _ = admit(state, np.unique(track_id))
    at = (np.searchsorted(state.track_id, track_id), place)
    first_ns, last_ns = state.first_ns.copy(), state.last_ns.copy()
    np.minimum.at(first_ns, at, when)
    np.maximum.at(last_ns, at, when)
    kind = put(state.kind, at[0], np.concatenate((lines.kind, zones.kind))[counts])
    return FlowState(state.track_id, kind, first_ns, last_ns)


def _both(state: FlowState, feet: Feet) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows of the tracks that are in the table and in this frame, in either."""
    row, known = find(state, feet.track_id)
    at = np.flatnonzero(known)
    return row[at], at


def _flows(state: FlowState, rows: NDArray[np.intp], params: Flows) -> Events:
    if not len(rows):
        return NO_EVENTS
    left = state.first_ns[rows][:, params.ends[:, 0]]
    reached = state.last_ns[rows][:, params.ends[:, 1]]
    possible = (left != NEVER_NS) & (reached > left)
    between = np.where(possible, reached - np.where(possible, left, 0), -1)
    best = between.argmax(axis=1)
    counted = np.flatnonzero(possible[np.arange(len(rows)), best])
    best = best[counted]
    return Events(
        reached[counted, best],
        best.astype(np.int32),
        np.ones(len(best), np.int8),
        state.kind[rows[counted]],
    )
