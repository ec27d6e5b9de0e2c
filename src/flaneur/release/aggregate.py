"""The boundary for figures: events, samples and presence of single frames -> figures about places and intervals.

What leaves here is about at least a minute and about nobody in particular; nothing is kept per track.

Intervals tile time from the epoch. A frame is good for the time until the next one, half-open, if that comes within
`max_gap_ns`. Before a longer gap, and at the end of the video, it is good for as long as the latest step between two
frames that was no gap, at most to the end of its interval. The rest of the interval was not observed, and road users
that were present before a gap are not carried over it.

A frame at which the camera was not healthy (covered, say) ends what the frame before is good for and is good for
nothing itself: coverage falls, and it counts among the frames that could not be used. Events and samples of a moment
from then to the next healthy frame are dropped and counted, because a count must fit its coverage.

An interval is handed out `hold_ns` after its end, when what trackers and measures tell late has arrived. An event that
comes later still (somebody stood on a line for long; a flow is known when the track ends) counts in the earliest
interval that is still open, so that none is lost and none counts twice. So does an event that falls into an interval
of which nothing was observed. Samples are treated alike.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import FIRST_PAIR, Kind
from flaneur.data.private import Events, Presence, Private, Samples
from flaneur.data.released import Distribution, Measurement
from flaneur.data.time import interval_start_ns
from flaneur.release.interval import Interval, figures
from flaneur.release.sampled import WholeRun
from flaneur.release.specs import AggregateParams, Counted, Sampled

__all__ = ["AggregateParams", "Counted", "IntervalAggregator", "Sampled"]

NO_FRAMES = np.zeros(0, np.int64)
ALL_ROWS = slice(None)
Rows = slice | NDArray[np.intp]
LONGEST_SILENCE = 1500
"""Intervals without any frame that get rows of their own; a longer hole, as from a wrong clock, gets none."""


@dataclass(slots=True, repr=False, eq=False)
class _Last(Private):
    """The latest healthy frame, whose time of validity is not known before the next one."""

    time_ns: int
    count: NDArray[np.int32]
    step_ns: int = 0
    """The latest step between two frames that was no gap."""


class IntervalAggregator:
    """Collects what one camera's measures tell frame by frame, and gives the figures of intervals that are complete.

    Call `frame` once for each frame that was measured, in order, then `events` and `samples` for each measure that
    told something at it; `complete` whenever figures are wanted, and `finish` at the end. Not every decoded frame need
    be measured. All times given are the video's own.
    """

    def __init__(self, params: AggregateParams) -> None:
        self._params = params
        self._open: deque[Interval] = deque()
        self._now_ns: int | None = None
        self._last: _Last | None = None
        self._step_ns = 0
        """The latest step before a silence, which is the ordinary one after it."""
        self._blind: deque[tuple[int, int]] = deque()
        """Stretches of time from an unhealthy frame to the next healthy one; the last may still be going on."""
        self._counted = {counted: n for n, counted in enumerate(params.counted)}
        self._sampled = {sampled: n for n, sampled in enumerate(params.sampled)}
        self._runs = [WholeRun(sampled) for sampled in params.sampled]
        self._unknown_kinds = np.array([kind not in params.kinds for kind in Kind])
        self.dropped = 0
        """Events and samples of moments at which the camera was not healthy."""

    def frame(
        self, presence: Presence, between_ns: NDArray[np.int64] = NO_FRAMES, dropped: int = 0, *, healthy: bool = True
    ) -> None:
        """A frame was measured; since the one before, those at `between_ns` were only decoded, and `dropped` were lost.

        Where it is not `healthy`, it and those before it could not be used. ValueError if it is not later than the last
        one, or holds a kind that the detector cannot tell.
        """
        time_ns = self._params.start_ns + presence.time_ns
        if presence.count[-1, self._unknown_kinds].any():
            raise ValueError("a kind is present that the detector cannot tell")
        if self._now_ns is not None and time_ns <= self._now_ns:
            raise ValueError(f"frame at {time_ns} ns is not later than the last one")
        self._now_ns = time_ns
        self._reach(interval_start_ns(time_ns, self._params.interval_ns))
        interval = self._open[-1]
        if healthy:
            self._last = self._after(time_ns, presence.count)
            self._end_blindness(time_ns)
            interval.frames_seen += 1
            interval.frames_dropped += dropped
            np.maximum(interval.peak, presence.count, out=interval.peak)
            self._count(between_ns)
        else:
            self._begin_blindness(time_ns)
            interval.frames_dropped += dropped + 1 + len(between_ns)

    def silence(self, time_ns: int) -> None:
        """Nobody has looked since the last frame, up to this moment of the video; so intervals end in silence too.

        Nothing happens if it is not later than that frame.
        """
        now_ns = self._params.start_ns + time_ns
        if self._now_ns is not None and now_ns <= self._now_ns:
            return
        if self._last is not None:
            self._credit_alone(self._last)
            self._step_ns, self._last = self._last.step_ns, None
        self._now_ns = now_ns
        self._reach(interval_start_ns(now_ns, self._params.interval_ns))

    def events(self, counted: Counted, events: Events) -> None:
        """What one measure told; ValueError for a moment that no frame has reached or an impossible kind."""
        if len(events):
            if self._unknown_kinds[events.kind].any():
                raise ValueError(f"{counted.measure}: a kind was counted that the detector cannot tell")
            for interval, rows in self._placed(counted.measure, events.time_ns):
                interval.count(self._counted[counted], _take(events, rows))

    def samples(self, sampled: Sampled, samples: Samples) -> None:
        """What one measure took; ValueError for a moment that no frame has reached or an impossible kind."""
        if len(samples):
            single = samples.kind[samples.kind < FIRST_PAIR]
            if self._unknown_kinds[single].any():
                raise ValueError(f"{sampled.measure}: a kind was sampled that the detector cannot tell")
            for interval, rows in self._placed(sampled.measure, samples.time_ns):
                interval.collect(self._sampled[sampled], _taken(samples, rows))

    def complete(self) -> list[Measurement]:
        """Figures of the intervals that have been complete since the last call, oldest first."""
        out: list[Measurement] = []
        if self._now_ns is not None:
            due_ns = self._now_ns - self._params.hold_ns - self._params.interval_ns
            while self._open[0].start_ns <= due_ns:
                out += self._close()
        return out

    def finish(self, after_ns: NDArray[np.int64] = NO_FRAMES, dropped: int = 0) -> list[Measurement]:
        """Figures of all that is left; the last interval is observed up to the end of the last frame.

        After the last frame that was measured, those at `after_ns` were decoded and `dropped` were lost.
        """
        if self._now_ns is None:
            return []
        self._open[-1].frames_dropped += dropped
        self._count(after_ns)
        if self._last is not None:
            self._credit_alone(self._last)
        self._last = self._now_ns = None
        out: list[Measurement] = []
        while self._open:
            out += self._close()
        return out

    def distributions(self) -> list[Distribution]:
        """How samples spread over all intervals that have been handed out."""
        return [one for run in self._runs for one in run.distributions()]

    def _after(self, time_ns: int, count: NDArray[np.int32]) -> _Last:
        """The frame that follows the last one, which is now known to be good until it, or for an ordinary step."""
        last = self._last
        if last is None:
            return _Last(time_ns, count, self._step_ns)
        step_ns = time_ns - last.time_ns
        if step_ns > self._params.max_gap_ns:
            step_ns = last.step_ns
            self._credit_alone(last)
        else:
            self._credit(last, step_ns)
        return _Last(time_ns, count, step_ns)

    def _begin_blindness(self, time_ns: int) -> None:
        if self._last is not None:
            self._after(time_ns, self._last.count)
            self._last = None
        if not self._blind or self._blind[-1][1] >= 0:
            self._blind.append((time_ns, -1))

    def _end_blindness(self, time_ns: int) -> None:
        if self._blind and self._blind[-1][1] < 0:
            self._blind[-1] = (self._blind[-1][0], time_ns)
        while self._blind and self._blind[0][1] <= self._open[0].start_ns:
            self._blind.popleft()

    def _placed(self, measure: str, video_ns: NDArray[np.int64]) -> Iterator[tuple[Interval, Rows]]:
        """Rows of things that happened at `video_ns`, by the interval in which they count."""
        time_ns = self._params.start_ns + video_ns
        if self._now_ns is None or time_ns.max() > self._now_ns:
            raise ValueError(f"{measure}: an event lies after the last frame")
        starts = [interval.start_ns for interval in self._open]
        at = np.searchsorted(starts, time_ns - time_ns % self._params.interval_ns)
        if not self._blind and (at == at[0]).all():
            yield self._open[at[0]], ALL_ROWS
            return
        blind = np.zeros(len(time_ns), bool)
        for begin_ns, end_ns in self._blind:
            blind |= (time_ns >= begin_ns) & ((time_ns < end_ns) | (end_ns < 0))
        self.dropped += int(blind.sum())
        for n in np.unique(at[~blind]):
            yield self._open[n], np.flatnonzero((at == n) & ~blind)

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
            self._open.append(Interval.empty(at_ns, self._params))

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
            interval.hand_on(self._open[0])
        for n, run in enumerate(self._runs):
            tally = interval.tally(n)
            run.add(tally)
        return list(figures(interval, self._params))


def _take(events: Events, rows: Rows) -> Events:
    if rows is ALL_ROWS:
        return events
    return Events(events.time_ns[rows], events.place[rows], events.direction[rows], events.kind[rows])


def _taken(samples: Samples, rows: Rows) -> Samples:
    if rows is ALL_ROWS:
        return samples
    return Samples(
        samples.time_ns[rows],
        samples.place[rows],
        samples.group[rows],
        samples.kind[rows],
        samples.value[rows],
        samples.noise[rows],
        samples.bias[rows],
    )
