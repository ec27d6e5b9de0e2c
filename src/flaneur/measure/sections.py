"""Sections: from one line or zone to another, how long it takes and how fast it goes, standing included.

A section begins when a track crosses its first line, in either direction, or leaves its first zone, and ends when it
crosses the second line or enters the second zone. Of several beginnings the last before the end counts, and each ends
once: who circles and comes back is measured anew. Within one step of a track, what begins comes before what ends. So a
flow with its times is a turning movement with its travel time. The ends must lie apart: a beginning that is settled
only after the end, since the two lines meet there, is too late.

Section speed is the way along the path over the travel time (HCM 2010, chapter 4: average travel speed); it is not the
mean of the spot speeds at both ends.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from flaneur.data.geometry import IN, OUT
from flaneur.data.private import Samples
from flaneur.data.time import SECOND_NS
from flaneur.measure.flows import Flows
from flaneur.measure.memory import NO_SAMPLES, TrackTable, admit, evict, rows_of
from flaneur.measure.paths import Moments
from flaneur.measure.segments import Array

NEVER_NS = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Begun(TrackTable):
    """Where tracks began sections that they have not ended."""

    BLANK = {"begun_ns": NEVER_NS}  # noqa: RUF012

    begun_ns: NDArray[np.int64]
    """[m, sections]"""
    path_m: Array
    """[m, sections] way then."""
    sigma_m: Array
    """[m, sections] error of the position then."""


def start(params: Flows) -> Begun:
    """Nobody is on any section."""
    none = np.zeros((0, len(params.ends)))
    return Begun(np.zeros(0, np.int64), none.astype(np.int64), none, none)


def step(
    state: Begun, at_lines: Moments, at_zones: Moments, ended: NDArray[np.int64], params: Flows
) -> tuple[Begun, Samples, Samples]:
    """One frame: speed in m/s and travel time in s of each section that is ended in it; `place` is the flow's index."""
    state, speed, time = _pass(state, at_lines, at_zones, params)
    return evict(state, rows_of(state, ended)), speed, time


def finish(state: Begun, at_lines: Moments, at_zones: Moments, params: Flows) -> tuple[Samples, Samples]:
    """The sections whose end is settled only by the end of the video."""
    return _pass(state, at_lines, at_zones, params)[1:]


def _pass(state: Begun, at_lines: Moments, at_zones: Moments, params: Flows) -> tuple[Begun, Samples, Samples]:
    if not len(at_lines) and not len(at_zones):
        return state, NO_SAMPLES, NO_SAMPLES
    every = Moments.joined(at_lines, at_zones)
    place = np.concatenate((at_lines.place, at_zones.place + params.lines))
    begins, ends = (np.concatenate((np.ones(len(at_lines), np.bool_), at_zones.direction == way)) for way in (OUT, IN))
    i, section = np.nonzero(begins[:, None] & (place[:, None] == params.ends[:, 0]))
    state = _begin(state, every, i, section)
    i, section = np.nonzero(ends[:, None] & (place[:, None] == params.ends[:, 1]))
    return _end(state, every, i, section)


def _begin(state: Begun, at: Moments, i: NDArray[np.intp], section: NDArray[np.intp]) -> Begun:
    if not len(i):
        return state
    order = np.argsort(at.time_ns[i], kind="stable")  # of several beginnings the last stays
    i, section = i[order], section[order]
    state, _, _ = admit(state, np.unique(at.track_id[i]))
    begun = (state.track_id.searchsorted(at.track_id[i]), section)
    begun_ns, path_m, sigma_m = state.begun_ns.copy(), state.path_m.copy(), state.sigma_m.copy()
    begun_ns[begun], path_m[begun], sigma_m[begun] = at.time_ns[i], at.path_m[i], at.sigma_m[i]
    return Begun(state.track_id, begun_ns, path_m, sigma_m)


def _end(state: Begun, at: Moments, i: NDArray[np.intp], section: NDArray[np.intp]) -> tuple[Begun, Samples, Samples]:
    if not len(i) or not len(state):
        return state, NO_SAMPLES, NO_SAMPLES
    row = np.minimum(state.track_id.searchsorted(at.track_id[i]), len(state) - 1)
    due = (state.track_id[row] == at.track_id[i]) & (state.begun_ns[row, section] < at.time_ns[i])
    i, row, section = i[due], row[due], section[due]
    begun = (row, section)
    time_ns, place, none = at.time_ns[i], section.astype(np.int32), np.zeros(len(i), np.int8)
    time_s = (time_ns - state.begun_ns[begun]) / SECOND_NS
    way_m = np.maximum(at.path_m[i] - state.path_m[begun], 0.0)  # velocities may contradict positions
    spread_m = np.hypot(state.sigma_m[begun], at.sigma_m[i])
    speed = way_m / time_s
    # a place that is passed too early or too late by an error of the position changes the time by that share
    share = np.divide(spread_m, np.maximum(way_m, spread_m), out=np.zeros(len(i)), where=spread_m > 0.0)
    speeds = Samples(time_ns, place, none, at.kind[i], speed, spread_m / time_s, speed * at.scale_sigma[i])
    times = Samples(time_ns, place, none, at.kind[i], time_s, time_s * share, np.zeros(len(i)))
    begun_ns = state.begun_ns.copy()
    begun_ns[begun] = NEVER_NS
    return replace(state, begun_ns=begun_ns), speeds, times
