"""How road users and traffic signals get along: crossings of stop lines by state, phases, and use of green.

A road user crosses with its front, in the direction that the signal rules; which state it meets is decided by the
moment at which the way of the front meets the line (`flaneur.measure.crossings` says when that counts). While the
state is unknown or the signal is off, crossings count neither way: `SignalPhases.seconds` says how much of an
interval that was, and the figures' coverage falls by it.

Use of green is the degree of saturation of SCATS (Sims and Dobinson, The Sydney coordinated adaptive traffic system,
IEEE Trans. Veh. Technol. 29, 1980) by crossings instead of occupied loops: the green time less all of it that gaps
between crossings leave unused beyond a saturation headway. 1 means that somebody crossed every 2 s to the end. One
stop line per lane gives the use of the lane; over several lanes it says how long any of them was in use.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import ALL_KINDS, Kind
from flaneur.data.private import Events, Feet, GroundTracks, Private, Samples
from flaneur.data.signals import RULING, SignalPhases, SignalState
from flaneur.data.time import SECOND_NS
from flaneur.measure import crossings
from flaneur.measure.crossings import CrossingState, Lines
from flaneur.measure.feet import ground_feet
from flaneur.measure.memory import Passes

STATES = tuple(state.label for state in RULING)
"""Groups of `SignalSamples.crossings` and `phases`."""
RED_CLASSES_S = (1.0, 2.0, 5.0)
"""Borders between the groups of `SignalSamples.red`: up to 1 s people misjudge amber, beyond 5 s they disregard red."""
RED_CLASSES = ("up to 1 s", "1 to 2 s", "2 to 5 s", "over 5 s")
_GROUP = np.full(len(SignalState), -1, np.int8)
_GROUP[list(RULING)] = np.arange(len(RULING))

SATURATION_HEADWAY_S = 2.0
"""1,800 vehicles per hour of green and lane; the Highway Capacity Manual's base is 1,900 passenger cars, 1.9 s."""
SETTLE_NS = SECOND_NS
"""A crossing is judged so long after it happened, for lamps are believed, and fronts clear the line, after a moment."""
MAX_GAP_NS = SECOND_NS
"""Who crossed in a longer gap between two moments was not seen."""
LONGEST_GREEN_NS = 600 * SECOND_NS
"""Of longer greens the use is not told, so that memory has an end."""


@dataclass(frozen=True, slots=True, eq=False)
class StopLine:
    """What a signal rules at one line."""

    direction: int
    """`TO_RIGHT` or `TO_LEFT` across the line."""
    kinds: tuple[Kind, ...]
    """Whom the signal addresses: someone on foot does not run the cars' red."""
    phases: SignalPhases
    """All that is known by now; those of lamps grow from moment to moment, and the past must not change by more than
    `SETTLE_NS`."""


@dataclass(frozen=True, slots=True, eq=False)
class SignalParams:
    """Stop lines in the unit of the feet; `place` of all samples is the index of the line."""

    lines: Lines
    stops: tuple[StopLine, ...]
    """One per line."""

    def __post_init__(self) -> None:
        if len(self.lines) != len(self.stops):
            raise ValueError(f"{len(self.lines)} lines but signals for {len(self.stops)}")


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class SignalSamples(Private):
    """What was settled by one moment."""

    crossings: Samples
    """One per crossing; group: the state, of `STATES`; value: s since it began."""
    red: Samples
    """Of these the ones in red; group: the class, of `RED_CLASSES`; value: s since red began."""
    phases: Samples
    """One per phase whose beginning and end are known; group: the state; all kinds; value: its duration in s."""
    green_use: Samples
    """One per green of these that was watched throughout, but for people on foot; all kinds; value: share in use."""


NOTHING = SignalSamples(Samples.none(), Samples.none(), Samples.none(), Samples.none())


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class StopLineState(Private):
    """Fronts near the lines, crossings that wait to be judged, and those in greens that are not over."""

    lines: CrossingState
    waiting: Events
    in_green: Events
    time_ns: int | None = None
    judged_ns: int = 0
    """What happened by then was told, but for crossings that settle late."""
    watched_ns: int = 0
    """Since when there was no gap."""


@dataclass(frozen=True, slots=True)
class _Phase:
    place: int
    state: int
    start_ns: int
    end_ns: int


def fronts(tracks: GroundTracks) -> Feet:
    """Where the fronts are: half a length ahead of the middle along the heading; of people on foot the foot.

    Whose heading is not known yet has no front.
    """
    vehicle = np.flatnonzero(tracks.kind != Kind.PEDESTRIAN)
    heading, ahead_m = tracks.heading_rad[vehicle], tracks.size_m[vehicle, 0] / 2
    feet = ground_feet(tracks)
    xy = feet.xy.copy()
    xy[vehicle, 0] += ahead_m * np.cos(heading)
    xy[vehicle, 1] += ahead_m * np.sin(heading)
    rows = np.flatnonzero(np.isfinite(xy[:, 0]))
    return Feet(feet.time_ns, xy.take(rows, axis=0), feet.clear[rows], feet.track_id[rows], feet.kind[rows], feet.ended)


def start(params: SignalParams) -> StopLineState:
    """Nobody has been seen yet."""
    return StopLineState(crossings.start(params.lines), Events.none(), Events.none())


def step(state: StopLineState, feet: Feet, params: SignalParams) -> tuple[StopLineState, SignalSamples]:
    """One moment. `feet` are `fronts`, or in the picture feet; `params` may know more phases than the last time."""
    lines, passes, _ = crossings.advance(state.lines, feet, params.lines)
    if state.time_ns is None:
        state = replace(state, judged_ns=feet.time_ns - SETTLE_NS, watched_ns=feet.time_ns)
    elif feet.time_ns - state.time_ns > MAX_GAP_NS:
        state = replace(state, watched_ns=feet.time_ns)
    waiting = _joined(state.waiting, _ruled(passes, params)) if len(passes) else state.waiting
    state = replace(state, lines=lines, waiting=waiting, time_ns=feet.time_ns)
    return _judged(state, feet.time_ns - SETTLE_NS, params)


def finish(state: StopLineState, params: SignalParams) -> SignalSamples:
    """What the end of the video cuts off."""
    if state.time_ns is None:
        return _judged(state, 0, params)[1]
    waiting = _joined(state.waiting, _ruled(crossings.settle(state.lines), params))
    return _judged(replace(state, waiting=waiting), state.time_ns, params)[1]


def _ruled(passes: Passes, params: SignalParams) -> Events:
    """Those that go the way, and are of the kinds, that the signal is for."""
    events = passes.events()
    rows = np.zeros(len(events), np.bool_)
    for n, stop in enumerate(params.stops):
        rows |= (events.place == n) & (events.direction == stop.direction) & np.isin(events.kind, stop.kinds)
    return _taken(events, rows)


def _judged(state: StopLineState, until_ns: int, params: SignalParams) -> tuple[StopLineState, SignalSamples]:
    """Tells what happened up to `until_ns`."""
    ready = state.waiting.time_ns <= until_ns
    ended = list(_ended(params, state.judged_ns, until_ns))
    if not ready.any() and not ended:
        return replace(state, judged_ns=until_ns), NOTHING
    events = _taken(state.waiting, ready)
    shown, since_s = _met(events, params)
    in_green = _joined(state.in_green, _taken(events, shown == SignalState.GREEN))
    red = shown == SignalState.RED
    told = SignalSamples(
        _samples(events, _GROUP[shown], since_s),
        _samples(_taken(events, red), np.digitize(since_s[red], RED_CLASSES_S).astype(np.int8), since_s[red]),
        _durations(ended),
        _green_use(ended, in_green, state.watched_ns, params),
    )
    in_green = _taken(in_green, in_green.time_ns > until_ns - LONGEST_GREEN_NS)
    waiting = _taken(state.waiting, ~ready)
    return replace(state, waiting=waiting, in_green=in_green, judged_ns=until_ns), told


def _met(events: Events, params: SignalParams) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Which state each crossing met, and for how many seconds that had been shown; both [n]."""
    shown, since_ns = np.zeros(len(events), np.uint8), np.zeros(len(events), np.int64)
    for place in np.unique(events.place):
        rows = events.place == place
        shown[rows], since_ns[rows] = params.stops[place].phases.at(events.time_ns[rows])
    return shown, since_ns / SECOND_NS


def _ended(params: SignalParams, after_ns: int, until_ns: int) -> Iterator[_Phase]:
    """Phases of which all is known that ended after the one moment and not after the other."""
    for place, stop in enumerate(params.stops):
        start_ns, state = stop.phases.start_ns, stop.phases.state
        first, beyond = start_ns.searchsorted((after_ns, until_ns), "right")
        for number in range(max(first - 1, 1), beyond - 1):
            if _GROUP[state[number]] >= 0 and state[number - 1] and state[number + 1]:
                yield _Phase(place, int(state[number]), int(start_ns[number]), int(start_ns[number + 1]))


def _durations(ended: list[_Phase]) -> Samples:
    rows = [(p.end_ns, p.place, int(_GROUP[p.state]), (p.end_ns - p.start_ns) / SECOND_NS) for p in ended]
    return _of_all_kinds(rows)


def _green_use(ended: list[_Phase], in_green: Events, watched_ns: int, params: SignalParams) -> Samples:
    rows = []
    for phase in ended:
        length_ns = phase.end_ns - phase.start_ns
        on_foot = set(params.stops[phase.place].kinds) == {Kind.PEDESTRIAN}
        if phase.state != SignalState.GREEN or on_foot or watched_ns > phase.start_ns or length_ns > LONGEST_GREEN_NS:
            continue
        here = (in_green.place == phase.place) & (in_green.kind != Kind.PEDESTRIAN)
        here &= (in_green.time_ns >= phase.start_ns) & (in_green.time_ns < phase.end_ns)
        gaps_s = np.diff(np.sort(in_green.time_ns[here]), prepend=phase.start_ns) / SECOND_NS
        used_s = np.minimum(gaps_s, SATURATION_HEADWAY_S).sum()
        rows.append((phase.end_ns, phase.place, 0, float(used_s) * SECOND_NS / length_ns))
    return _of_all_kinds(rows)


def _samples(events: Events, group: NDArray[np.int8], since_s: NDArray[np.float64]) -> Samples:
    """One for each event; without those whose group is -1."""
    rows = group >= 0
    exact = np.zeros(int(rows.sum()))
    return Samples(
        events.time_ns[rows], events.place[rows], group[rows], events.kind[rows], since_s[rows], exact, exact
    )


def _of_all_kinds(rows: list[tuple[int, int, int, float]]) -> Samples:
    """Samples of (time_ns, place, group, value)."""
    if not rows:
        return Samples.none()
    time_ns, place, group, value = zip(*rows, strict=True)
    exact = np.zeros(len(rows))
    return Samples(
        np.array(time_ns, np.int64),
        np.array(place, np.int32),
        np.array(group, np.int8),
        np.full(len(rows), ALL_KINDS, np.uint8),
        np.array(value, np.float64),
        exact,
        exact,
    )


def _taken(events: Events, rows: NDArray[np.bool_]) -> Events:
    if rows.all():
        return events
    return Events(events.time_ns[rows], events.place[rows], events.direction[rows], events.kind[rows])


def _joined(first: Events, second: Events) -> Events:
    if not len(first) or not len(second):
        return second if not len(first) else first
    columns = ("time_ns", "place", "direction", "kind")
    return Events(*(np.concatenate((getattr(first, name), getattr(second, name))) for name in columns))
