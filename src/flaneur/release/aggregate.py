"""The boundary for counts: events and presence of single frames -> figures about places and intervals.

What leaves here is about at least a minute and about nobody in particular; nothing is kept per track.

Intervals tile time from the epoch. A frame is good for the time until the next one, half-open, if that comes within
`max_gap_ns`. Before a longer gap, and at the end of the video, it is good for as long as the latest step between two
frames that was no gap, at most to the end of its interval. The rest of the interval was not observed, and road users
that were present before a gap are not carried over it.

An interval is handed out `hold_ns` after its end, when what trackers and measures tell late has arrived. An event that
comes later still (somebody stood on a line for long; a flow is known when the track ends) counts in the earliest
interval that is still open, so that none is lost and none counts twice. So does an event that falls into an interval
of which nothing was observed.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flaneur.data.geometry import EDGE_PLACES, WHOLE_PICTURE
from flaneur.data.kinds import Kind
from flaneur.data.private import Events, Presence, Private
from flaneur.data.released import SHORTEST_INTERVAL_NS, Measurement
from flaneur.data.time import SECOND_NS, interval_start_ns

UNIT = "road users"
NO_FRAMES = np.zeros(0, np.int64)
LONGEST_SILENCE = 1500
"""Intervals without any frame that get rows of their own; a longer hole, as from a wrong clock, gets none."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Events of one measure: its places in the order of `Events.place`, and what the directions are called there."""

    measure: str
    places: tuple[str, ...]
    directions: tuple[tuple[str, ...], ...]
    """Per place the label of +1 and, where the measure has two directions, that of -1."""

    def __post_init__(self) -> None:
        if len(self.places) != len(self.directions):
            raise ValueError(f"{self.measure}: {len(self.places)} places but directions for {len(self.directions)}")

    @classmethod
    def lines(cls, lines: tuple[tuple[str, str, str], ...]) -> "Counted":
        """Crossings of lines, each given as its name and its names for to the right and to the left."""
        return cls("crossings", tuple(name for name, _, _ in lines), tuple((r, left) for _, r, left in lines))

    @classmethod
    def zones(cls, names: tuple[str, ...]) -> "Counted":
        """Passages into and out of zones."""
        return cls("passages", names, (("in", "out"),) * len(names))

    @classmethod
    def edges(cls) -> "Counted":
        """Passages into and out of the picture."""
        return cls.zones(EDGE_PLACES)

    @classmethod
    def flows(cls, names: tuple[str, ...]) -> "Counted":
        """Flows, which have no direction besides their own."""
        return cls("flow", names, (("",),) * len(names))


@dataclass(frozen=True, slots=True)
class AggregateParams:
    """What figures are made of what."""

    site: str
    camera: str
    kinds: tuple[Kind, ...]
    """Those that the detector can tell."""
    counted: tuple[Counted, ...]
    zones: tuple[str, ...] = ()
    """Places of `Presence` in order, without the whole picture."""
    start_ns: int = 0
    """UTC of the video's first frame; 0 when its date is unknown."""
    interval_ns: int = SHORTEST_INTERVAL_NS
    max_gap_ns: int = SECOND_NS
    hold_ns: int = 10 * SECOND_NS

    def __post_init__(self) -> None:
        if self.interval_ns < SHORTEST_INTERVAL_NS:
            raise ValueError("an interval of less than 60 s must not leave the process")
        keys = [(c.measure, place) for c in self.counted for place in c.places]
        keys += [("occupancy", place) for place in (*self.zones, WHOLE_PICTURE)]
        for key in keys:
            if keys.count(key) > 1:
                raise ValueError(f"two places of {key[0]} are called {key[1]!r}")
        if not 0 < self.max_gap_ns < self.interval_ns:
            raise ValueError("max_gap_ns must be longer than 0 and shorter than the interval")


@dataclass(slots=True, repr=False, eq=False)
class _Interval(Private):
    """What has come together of one interval so far."""

    start_ns: int
    counts: list[NDArray[np.int64]]
    """Per measure [places, 2, kinds]."""
    present_ns: NDArray[np.float64]
    """[places, kinds] number present times how long."""
    peak: NDArray[np.int32]
    """[places, kinds]"""
    observed_ns: int = 0
    frames_seen: int = 0
    frames_dropped: int = 0


@dataclass(slots=True, repr=False, eq=False)
class _Last(Private):
    """The latest frame, whose time of validity is not known before the next one."""

    time_ns: int
    count: NDArray[np.int32]
    step_ns: int = 0
    """The latest step between two frames that was no gap."""


class IntervalAggregator:
    """Collects what one camera's measures tell frame by frame, and gives the figures of intervals that are complete.

    Call `frame` once for each frame that was measured, in order, then `events` for each measure that told something at
    it; `complete` whenever figures are wanted, and `finish` at the end. Not every decoded frame need be measured. All
    times given are the video's own.
    """

    def __init__(self, params: AggregateParams) -> None:
        self._params = params
        self._open: deque[_Interval] = deque()
        self._last: _Last | None = None
        self._number = {counted: n for n, counted in enumerate(params.counted)}
        self._unknown_kinds = np.array([kind not in params.kinds for kind in Kind])

    def frame(self, presence: Presence, between_ns: NDArray[np.int64] = NO_FRAMES, dropped: int = 0) -> None:
        """A frame was measured; since the one before, those at `between_ns` were only decoded, and `dropped` were lost.

        ValueError if it is not later than the last one, or holds a kind that the detector cannot tell.
        """
        time_ns = self._params.start_ns + presence.time_ns
        if presence.count[-1, self._unknown_kinds].any():
            raise ValueError("a kind is present that the detector cannot tell")
        last = self._last
        if last is not None and time_ns <= last.time_ns:
            raise ValueError(f"frame at {time_ns} ns is not later than the last one")
        self._reach(interval_start_ns(time_ns, self._params.interval_ns))
        step_ns = 0
        if last is not None:
            step_ns = time_ns - last.time_ns
            if step_ns <= self._params.max_gap_ns:
                self._credit(last, step_ns)
            else:
                step_ns = last.step_ns
                self._credit_alone(last)
        interval = self._open[-1]
        interval.frames_seen += 1
        interval.frames_dropped += dropped
        self._count(between_ns)
        np.maximum(interval.peak, presence.count, out=interval.peak)
        self._last = _Last(time_ns, presence.count, step_ns)

    def events(self, counted: Counted, events: Events) -> None:
        """What one measure told; ValueError for a moment that no frame has reached or an impossible kind."""
        if not len(events):
            return
        time_ns = self._params.start_ns + events.time_ns
        if self._last is None or time_ns.max() > self._last.time_ns:
            raise ValueError(f"{counted.measure}: an event lies after the last frame")
        if self._unknown_kinds[events.kind].any():
            raise ValueError(f"{counted.measure}: a kind was counted that the detector cannot tell")
        starts = np.array([interval.start_ns for interval in self._open])
        at = np.searchsorted(starts, time_ns - time_ns % self._params.interval_ns)
        side = np.where(events.direction > 0, 0, 1)
        for n in np.unique(at):
            rows = at == n
            counts = self._open[n].counts[self._number[counted]]
            np.add.at(counts, (events.place[rows], side[rows], events.kind[rows]), 1)

    def complete(self) -> list[Measurement]:
        """Figures of the intervals that have been complete since the last call, oldest first."""
        out: list[Measurement] = []
        if self._last is not None:
            due_ns = self._last.time_ns - self._params.hold_ns - self._params.interval_ns
            while self._open[0].start_ns <= due_ns:
                out += self._close()
        return out

    def finish(self, after_ns: NDArray[np.int64] = NO_FRAMES, dropped: int = 0) -> list[Measurement]:
        """Figures of all that is left; the last interval is observed up to the end of the last frame.

        After the last frame that was measured, those at `after_ns` were decoded and `dropped` were lost.
        """
        if self._last is None:
            return []
        self._open[-1].frames_dropped += dropped
        self._count(after_ns)
        self._credit_alone(self._last)
        self._last = None
        out: list[Measurement] = []
        while self._open:
            out += self._close()
        return out

    def _count(self, decoded_ns: NDArray[np.int64]) -> None:
        """Count frames that were decoded and not measured, each in the interval of its own time."""
        starts = np.array([interval.start_ns for interval in self._open])
        at = np.searchsorted(starts, self._params.start_ns + decoded_ns, "right") - 1
        for n, count in zip(*np.unique(np.maximum(at, 0), return_counts=True), strict=True):
            self._open[n].frames_seen += int(count)

    def _reach(self, start_ns: int) -> None:
        """Open the interval that begins at `start_ns`, and those that were passed over in silence."""
        length_ns = self._params.interval_ns
        next_ns = self._open[-1].start_ns + length_ns if self._open else start_ns
        if start_ns - next_ns > LONGEST_SILENCE * length_ns:
            next_ns = start_ns
        for at_ns in range(next_ns, start_ns + 1, length_ns):
            self._open.append(self._interval(at_ns))

    def _interval(self, start_ns: int) -> _Interval:
        shape = (len(self._params.zones) + 1, len(Kind))
        counts = [np.zeros((len(c.places), 2, len(Kind)), np.int64) for c in self._params.counted]
        return _Interval(start_ns, counts, np.zeros(shape), np.zeros(shape, np.int32))

    def _credit(self, last: _Last, step_ns: int) -> None:
        """Count the frame `last` as good for `step_ns`, which may reach into the next interval."""
        for interval in self._open:
            from_ns = max(last.time_ns, interval.start_ns)
            to_ns = min(last.time_ns + step_ns, interval.start_ns + self._params.interval_ns)
            if to_ns > from_ns:
                interval.observed_ns += to_ns - from_ns
                interval.present_ns += last.count * float(to_ns - from_ns)

    def _credit_alone(self, last: _Last) -> None:
        """Count the frame `last` as good for an ordinary step, since no other follows in time."""
        end_ns = interval_start_ns(last.time_ns, self._params.interval_ns) + self._params.interval_ns
        self._credit(last, min(last.step_ns, end_ns - last.time_ns))

    def _close(self) -> list[Measurement]:
        interval = self._open.popleft()
        if not interval.observed_ns and self._open:
            for later, counts in zip(self._open[0].counts, interval.counts, strict=True):
                np.add(later, counts, out=later)
        return list(_figures(interval, self._params))


def _figures(interval: _Interval, params: AggregateParams) -> Iterator[Measurement]:
    coverage = interval.observed_ns / params.interval_ns

    def figure(measure: str, place: str, kind: Kind, direction: str, value: float) -> Measurement:
        return Measurement(
            site=params.site,
            camera=params.camera,
            measure=measure,
            place=place,
            kind=kind.label,
            direction=direction,
            start_ns=interval.start_ns,
            end_ns=interval.start_ns + params.interval_ns,
            value=float(value) if interval.observed_ns else None,
            unit=UNIT,
            coverage=coverage,
            frames_seen=interval.frames_seen,
            frames_dropped=interval.frames_dropped,
        )

    for counted, counts in zip(params.counted, interval.counts, strict=True):
        for place, labels, by_side in zip(counted.places, counted.directions, counts, strict=True):
            for label, by_kind in zip(labels, by_side, strict=False):
                for kind in params.kinds:
                    yield figure(counted.measure, place, kind, label, by_kind[kind])
    mean = interval.present_ns / max(interval.observed_ns, 1)
    for measure, by_place in (("occupancy", mean), ("occupancy_peak", interval.peak)):
        for place, by_kind in zip((*params.zones, WHOLE_PICTURE), by_place, strict=True):
            for kind in params.kinds:
                yield figure(measure, place, kind, "", by_kind[kind])
