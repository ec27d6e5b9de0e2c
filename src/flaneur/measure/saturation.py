"""Queues of lanes as `flaneur.measure.queues` has them, and the saturation flow and start-up lost time of these.

After *Highway Capacity Manual*, 7th edition (2022), chapters 19 and 31: the first four road users lose time by starting
up; from then on they follow one another at the saturation headway, up to the last who had queued. It is the time from
the fourth to the last, shared among those that came after the fourth. The saturation flow is what would pass in an hour
at this headway, and what the first four needed more than four such headways, counted from the start of green, is the
start-up lost time. Front ends count at the stop line. Several lanes that are given as one have the flow of all.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import ALL_KINDS
from flaneur.data.private import GroundTracks, Private, Samples
from flaneur.data.time import SECOND_NS, to_ns
from flaneur.measure import queues
from flaneur.measure.memory import TrackTable, admit, evict, find, put
from flaneur.measure.queues import NEVER, Queued, QueueParams, QueueState

HOUR_S = 3600.0
STARTING = 4
"""Road users of a queue that lose time by starting up."""


@dataclass(frozen=True, slots=True, eq=False)
class SaturationParams:
    """The lanes, their signals if they are known, and which queues are long enough."""

    queues: QueueParams
    """Each lane should hold one row of road users."""
    green_ns: tuple[NDArray[np.int64], ...] | None = None
    """Starts of green for each lane, increasing; without them there is no start-up lost time."""
    shortest_queue: int = 8
    """Queues of fewer road users give no sample: their few headways are not worth a flow."""
    longest_headway_s: float = 6.0
    """A longer one is no saturation: the signal, or somebody who gave way, stopped the queue."""

    def __post_init__(self) -> None:
        if self.green_ns is not None and len(self.green_ns) != len(self.queues.lanes):
            raise ValueError(f"{len(self.queues.lanes)} lanes, but starts of green for {len(self.green_ns)}")
        if self.shortest_queue <= STARTING:
            raise ValueError(
                f"a queue of {self.shortest_queue} ends before its flow is saturated; 5 at least are needed"
            )


class Passing(NamedTuple):
    """A road user at the stop line."""

    time_ns: int
    error_s: float
    """Standard deviation of the moment, random."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Discharge(Private):
    """A queue that passes the stop line of one lane."""

    passed: int = 0
    queued: int = 0
    """How many had passed with the last of the queue."""
    first: Passing | None = None
    fourth: Passing | None = None
    last: Passing | None = None
    """Of those who had queued."""
    latest_ns: int = 0
    """When the latest of all passed."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Fronts(TrackTable):
    """The front end of each track in a lane, as it was last seen."""

    seen_ns: NDArray[np.int64]
    """[m]"""
    front_m: NDArray[np.float64]
    """[m, lanes] distance upstream from the stop line."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class SaturationState(Private):
    """The queues, everybody's front end, and what goes on at each stop line."""

    queues: QueueState
    fronts: Fronts
    discharges: tuple[Discharge, ...]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Saturation(Private):
    """A sample of each queue that was long enough; `place` is the index of the lane. And the queues themselves."""

    length_m: Samples
    """As in `queues.Queued`."""
    count: Samples
    """As in `queues.Queued`."""
    flow_per_h: Samples
    """Road users per hour of green."""
    lost_s: Samples
    """Start-up lost time of the queues whose start of green is known."""


NONE = Samples.none()


def start(params: SaturationParams) -> SaturationState:
    """Nobody has been seen yet."""
    lanes, ids = len(params.queues.lanes), np.zeros(0, np.int64)
    fronts = Fronts(ids, ids, np.zeros((0, lanes)))
    return SaturationState(queues.start(params.queues), fronts, (Discharge(),) * lanes)


def step(state: SaturationState, tracks: GroundTracks, params: SaturationParams) -> tuple[SaturationState, Saturation]:
    """One frame; the queues that are known to have passed by it."""
    behind, queued_now = queues.step(state.queues, tracks, params.queues)
    near = _in_lanes(state.queues, tracks.track_id)
    if behind.second != state.queues.second:
        near |= _in_lanes(behind, tracks.track_id)
    tracks = tracks.take(near)
    fronts, row, known = admit(state.fronts, tracks.track_id)
    front_m, _ = params.queues.lanes.ends(tracks)
    i, lane = np.nonzero((fronts.front_m[row] > 0.0) & (front_m <= 0.0) & known[:, None])
    discharges, over = list(state.discharges), []
    if len(i):
        before, after = fronts.front_m[row[i], lane], front_m[i, lane]
        since_ns = fronts.seen_ns[row[i]]
        way_ns = tracks.time_ns - since_ns
        when_ns = since_ns + np.rint(before / (before - after) * way_ns).astype(np.int64)
        error_s = tracks.sigma_m[i] / (before - after) * way_ns / SECOND_NS
        here, queued = _queued(state.queues, tracks.track_id[i], lane)
        for n in np.flatnonzero(here)[np.argsort(when_ns[here], kind="stable")]:
            passing = Passing(int(when_ns[n]), float(error_s[n]))
            over += _close(discharges, passing.time_ns, params, (int(lane[n]),))
            discharges[lane[n]] = _passed(discharges[lane[n]], passing, bool(queued[n]))
    over += _close(discharges, tracks.time_ns, params, range(len(discharges)))
    fronts = Fronts(fronts.track_id, put(fronts.seen_ns, row, tracks.time_ns), put(fronts.front_m, row, front_m))
    fronts = evict(fronts, np.flatnonzero(~_in_lanes(behind, fronts.track_id)))
    return SaturationState(behind, fronts, tuple(discharges)), _tell(over, queued_now, params)


def finish(state: SaturationState, params: SaturationParams) -> Saturation:
    """The queues that were passing when the video ended."""
    return _tell(list(enumerate(state.discharges)), queues.finish(state.queues, params.queues), params)


def _in_lanes(state: QueueState, track_id: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each of `track_id` [n] was in any of the lanes at the last whole second, behind its stop line."""
    row, known = find(state.queuers, track_id)
    known[known] = np.logical_or.reduce(state.queuers.inside.take(row[known], axis=0), axis=1)
    return known


def _queued(
    state: QueueState, track_id: NDArray[np.int64], lane: NDArray[np.intp]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether each of `track_id` [n] was in `lane` [n] at the last whole second, and in its queue."""
    behind, row, _ = admit(state.queuers, track_id)
    return behind.inside[row, lane], behind.held_ns[row, lane] != NEVER


def _passed(discharge: Discharge, passing: Passing, queued: bool) -> Discharge:
    """With one more; who passes a line at which no queue stood before is none."""
    if not discharge.passed and not queued:
        return discharge
    number = discharge.passed + 1
    return Discharge(
        number,
        number if queued else discharge.queued,
        discharge.first or passing,
        passing if number == STARTING else discharge.fourth,
        passing if queued else discharge.last,
        passing.time_ns,
    )


def _close(
    discharges: list[Discharge], now_ns: int, params: SaturationParams, lanes: Iterable[int]
) -> list[tuple[int, Discharge]]:
    """Take out those of `lanes` after which nobody has passed for too long."""
    longest_ns = to_ns(params.longest_headway_s)
    over = [n for n in lanes if discharges[n].passed and now_ns - discharges[n].latest_ns > longest_ns]
    taken = [(n, discharges[n]) for n in over]
    for n in over:
        discharges[n] = Discharge()
    return taken


def _tell(over: list[tuple[int, Discharge]], now: Queued, params: SaturationParams) -> Saturation:
    """The samples of queues that have passed, and of those that stand."""
    flows, losses = [], []
    for lane, queue in over:
        if queue.queued < params.shortest_queue or not queue.first or not queue.fourth or not queue.last:
            continue
        after = queue.queued - STARTING
        headway_s = (queue.last.time_ns - queue.fourth.time_ns) / SECOND_NS / after
        error_s = np.hypot(queue.fourth.error_s, queue.last.error_s) / after
        flow_per_h = HOUR_S / headway_s
        flows.append((queue.last.time_ns, lane, flow_per_h, flow_per_h * error_s / headway_s))
        green_ns = _green_before(queue.first.time_ns, lane, params)
        if green_ns is not None:
            lost_s = (queue.fourth.time_ns - green_ns) / SECOND_NS - STARTING * headway_s
            losses.append((queue.last.time_ns, lane, lost_s, np.hypot(queue.fourth.error_s, STARTING * error_s)))
    return Saturation(now.length_m, now.count, _samples(flows) if flows else NONE, _samples(losses) if losses else NONE)


def _green_before(time_ns: int, lane: int, params: SaturationParams) -> int | None:
    """When green began for a queue whose head passed now; None if unknown, or if something else had stopped it."""
    if params.green_ns is None:
        return None
    began_ns = params.green_ns[lane]
    n = int(np.searchsorted(began_ns, time_ns, "right")) - 1
    if n < 0 or time_ns - began_ns[n] > to_ns(params.longest_headway_s):
        return None
    return int(began_ns[n])


def _samples(rows: list[tuple[int, int, float, float]]) -> Samples:
    """Samples of (time, lane, value, noise) for all kinds together."""
    time_ns, place, value, noise = zip(*rows, strict=True)
    n = len(rows)
    return Samples(
        np.array(time_ns, np.int64),
        np.array(place, np.int32),
        np.zeros(n, np.int8),
        np.full(n, ALL_KINDS, np.uint8),
        np.array(value, np.float64),
        np.array(noise, np.float64),
        np.zeros(n),
    )
