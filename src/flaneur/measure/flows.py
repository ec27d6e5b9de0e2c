"""Flows: the ordered pairs of lines or zones that tracks pass, at most one for each track.

A track passes a line when it crosses it, in either direction, and a zone when it enters it or is in it from its
beginning. A flow is possible when the track's first pass of the origin comes before its last pass of the destination;
of the possible flows the one with the longest time between both counts, the first defined if several are as long.
This is known when the track ends; the event's time is that last pass of the destination.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flaneur.data.geometry import OUT, Places
from flaneur.data.private import Events, Private, Tracks
from flaneur.measure import crossings, zones
from flaneur.measure.memory import NO_EVENTS, Passes, TrackTable, admit, evict, put, rows_of

NEVER_NS = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, eq=False)
class FlowsPx:
    """Flows between places in pixels; only lines and zones at which a flow begins or ends are held."""

    lines: crossings.LinesPx
    zones: zones.ZonesPx
    ends: NDArray[np.intp]
    """[flows, 2] origin and destination as indices into the lines, then the zones."""

    @classmethod
    def of(cls, places: Places, width_px: int, height_px: int) -> "FlowsPx":
        """The flows of `places` for a picture of this size; ValueError if one names a place that is not there."""
        used = {name for flow in places.flows for name in (flow.origin, flow.destination)}
        lines = [line for line in places.lines if line.name in used]
        areas = [zone for zone in places.zones if zone.name in used]
        names = [line.name for line in lines] + [zone.name for zone in areas]
        number = {name: n for n, name in enumerate(names)}
        if missing := used - number.keys():
            raise ValueError(f"flows name {', '.join(sorted(missing))}, which is no line or zone")
        ends = [(number[flow.origin], number[flow.destination]) for flow in places.flows]
        return cls(
            crossings.LinesPx.of(lines, width_px, height_px),
            zones.ZonesPx.of(areas, width_px, height_px),
            np.array(ends, np.intp).reshape(-1, 2),
        )


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class PassedPlaces(TrackTable):
    """When each live track that passed anything first and last passed each place."""

    BLANK = {"first_ns": NEVER_NS, "last_ns": -NEVER_NS}  # noqa: RUF012

    kind: NDArray[np.uint8]
    """[m]"""
    first_ns: NDArray[np.int64]
    """[m, places]"""
    last_ns: NDArray[np.int64]
    """[m, places]"""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class FlowState(Private):
    """What must be known of live tracks to name their flow."""

    crossing: crossings.CrossingState
    zone: zones.ZoneState
    passed: PassedPlaces


def start(params: FlowsPx) -> FlowState:
    """Nobody has been seen yet."""
    times = np.zeros((0, len(params.lines.first) + len(params.zones.first)), np.int64)
    passed = PassedPlaces(np.zeros(0, np.int64), np.zeros(0, np.uint8), times, times)
    return FlowState(crossings.start(params.lines), zones.start(params.zones), passed)


def step(state: FlowState, tracks: Tracks, params: FlowsPx) -> tuple[FlowState, Events]:
    """One frame; the flows of tracks that end with it. `place` is the index of the flow, the direction always +1."""
    if not len(params.ends):
        return state, NO_EVENTS
    crossing, lines = crossings.advance(state.crossing, tracks, params.lines)
    zone, areas = zones.advance(state.zone, tracks, params.zones)
    passed = _remember(state.passed, lines, areas, params)
    if not len(passed):
        return FlowState(crossing, zone, passed), NO_EVENTS
    rows, at = _both(passed, tracks)
    kind = put(passed.kind, rows, tracks.kind[at])
    passed = PassedPlaces(passed.track_id, kind, passed.first_ns, passed.last_ns)
    ended = rows_of(passed, tracks.ended)
    return FlowState(crossing, zone, evict(passed, ended)), _flows(passed, ended, params)


def finish(state: FlowState, params: FlowsPx) -> Events:
    """The flows of tracks that the end of the video cuts off."""
    if not len(params.ends):
        return NO_EVENTS
    passed = _remember(state.passed, crossings.settle(state.crossing), zones.settle(state.zone), params)
    return _flows(passed, np.arange(len(passed)), params)


def _remember(passed: PassedPlaces, lines: Passes, areas: Passes, params: FlowsPx) -> PassedPlaces:
    if not len(lines) and not len(areas):
        return passed
    entered = areas.direction != OUT
    track_id = np.concatenate((lines.track_id, areas.track_id[entered]))
    place = np.concatenate((lines.place, areas.place[entered] + len(params.lines.first)))
    when = np.concatenate((lines.time_ns, areas.time_ns[entered]))
    passed, _, _ = admit(passed, np.unique(track_id))
    at = (np.searchsorted(passed.track_id, track_id), place)
    first_ns, last_ns = passed.first_ns.copy(), passed.last_ns.copy()
    np.minimum.at(first_ns, at, when)
    np.maximum.at(last_ns, at, when)
    kind = put(passed.kind, at[0], np.concatenate((lines.kind, areas.kind[entered])))
    return PassedPlaces(passed.track_id, kind, first_ns, last_ns)


def _both(passed: PassedPlaces, tracks: Tracks) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows of the tracks that are in the table and in this frame, in either."""
    row = passed.track_id.searchsorted(tracks.track_id)
    at = np.flatnonzero(passed.track_id.take(row, mode="clip") == tracks.track_id)
    return row[at], at


def _flows(passed: PassedPlaces, rows: NDArray[np.intp], params: FlowsPx) -> Events:
    if not len(rows):
        return NO_EVENTS
    left = passed.first_ns[rows][:, params.ends[:, 0]]
    reached = passed.last_ns[rows][:, params.ends[:, 1]]
    possible = (left != NEVER_NS) & (reached > left)
    between = np.where(possible, reached - np.where(possible, left, 0), -1)
    best = between.argmax(axis=1)
    counted = np.flatnonzero(possible[np.arange(len(rows)), best])
    best = best[counted]
    return Events(
        reached[counted, best],
        best.astype(np.int32),
        np.ones(len(best), np.int8),
        passed.kind[rows[counted]],
    )
