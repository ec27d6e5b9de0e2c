"""From what measures tell moment by moment to figures, with the moments left out at which the camera saw nothing."""

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import Kind
from flaneur.data.private import Events, Presence
from flaneur.data.released import Distribution, Measurement
from flaneur.data.time import SECOND_NS
from flaneur.release.aggregate import AggregateParams, Counted, IntervalAggregator, Sampled
from flaneur.run.figures import Told
from flaneur.run.job import Job

JUDGED_NS = 10 * SECOND_NS
"""By then it is known whether the camera was healthy: a picture must stand still for 8 s to be a frozen one."""


@dataclass(slots=True)
class _Moment:
    presence: Presence
    between_ns: NDArray[np.int64]
    dropped: int
    events: Sequence[Events]
    samples: Told


class Collector:
    """Takes moments in order, keeps them until it is known whether they can be trusted, and gives complete figures."""

    def __init__(
        self,
        job: Job,
        kinds: tuple[Kind, ...],
        counted: tuple[Counted, ...],
        sampled: tuple[Sampled, ...],
        is_blind: Callable[[int], bool],
        max_gap_ns: int = SECOND_NS,
    ) -> None:
        """`is_blind` tells of a moment `JUDGED_NS` ago or earlier whether the camera showed nothing of use then.

        Moments further apart than `max_gap_ns` have something between them that nobody observed.
        """
        self._counted = counted
        self._is_blind = is_blind
        self._waiting: deque[_Moment] = deque()
        self._counts: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._aggregator = IntervalAggregator(
            AggregateParams(
                site=job.site.name,
                camera=job.camera.name,
                kinds=kinds,
                counted=counted,
                sampled=sampled,
                zones=tuple(zone.name for zone in job.camera.zone),
                start_ns=job.start_ns,
                interval_ns=job.site.interval_s * SECOND_NS,
                max_gap_ns=max_gap_ns,
            )
        )

    @property
    def counts(self) -> dict[tuple[str, str], int]:
        """(place, direction) -> events so far, over all kinds."""
        return dict(self._counts)

    def step(
        self,
        presence: Presence,
        events: Sequence[Events],
        samples: Told,
        between_ns: NDArray[np.int64],
        dropped: int,
    ) -> list[Measurement]:
        """One moment: `events` in the order of what is counted; since the one before, frames at `between_ns` were only
        decoded, and `dropped` were lost."""
        self._count(events)
        self._waiting.append(_Moment(presence, between_ns, dropped, events, samples))
        self._settle(presence.time_ns - JUDGED_NS)
        return self._aggregator.complete()

    def silence(self, until_ns: int, samples: Told) -> list[Measurement]:
        """No moment came between the last one and `until_ns`, nor will; `samples` are what was told late."""
        self._settle(until_ns)
        if not self._waiting:
            self._aggregator.silence(until_ns)
        self._tell((Events.none(),) * len(self._counted), samples)
        return self._aggregator.complete()

    def finish(
        self,
        events: Sequence[Events],
        samples: Told,
        after_ns: NDArray[np.int64],
        dropped: int,
    ) -> list[Measurement]:
        """The end; frames at `after_ns` came after the last moment, and `dropped` were lost."""
        self._count(events)
        if self._waiting:
            self._settle(self._waiting[-1].presence.time_ns)
        self._tell(events, samples)
        return self._aggregator.finish(after_ns, dropped)

    def distributions(self) -> list[Distribution]:
        """How samples spread over the whole run."""
        return self._aggregator.distributions()

    def _settle(self, until_ns: int) -> None:
        while self._waiting and self._waiting[0].presence.time_ns <= until_ns:
            moment = self._waiting.popleft()
            healthy = not self._is_blind(moment.presence.time_ns)
            self._aggregator.frame(moment.presence, moment.between_ns, moment.dropped, healthy=healthy)
            self._tell(moment.events, moment.samples)

    def _tell(self, events: Sequence[Events], samples: Told) -> None:
        for counted, told in zip(self._counted, events, strict=True):
            self._aggregator.events(counted, told)
        for sampled, taken in samples:
            self._aggregator.samples(sampled, taken)

    def _count(self, events: Sequence[Events]) -> None:
        for counted, told in zip(self._counted, events, strict=True):
            for place, direction in zip(told.place, np.where(told.direction > 0, 0, 1), strict=True):
                self._counts[counted.places[place], counted.directions[place][direction]] += 1


def counted_of(job: Job) -> tuple[Counted, ...]:
    """Lines, zones and flows of the site file; the picture's edges where it names no place at all."""
    camera = job.camera
    if not camera.line and not camera.zone:
        return (Counted.edges(),)
    return (
        Counted.lines(tuple((line.name, line.to_right, line.to_left) for line in camera.line)),
        Counted.zones(tuple(zone.name for zone in camera.zone)),
        Counted.flows(tuple(flow.label for flow in camera.flow)),
    )
