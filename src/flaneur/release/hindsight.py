"""What a camera turns out not to have seen is taken back before it counts.

A fault of the camera must last some seconds before it is believed, and then counts from its first sign on. So what is
told of a moment waits for as long as a fault may take to show.
"""

from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from flaneur.data.private import Events, Presence, Private, Samples
from flaneur.data.released import Distribution, Measurement
from flaneur.data.time import SECOND_NS
from flaneur.release.aggregate import NO_FRAMES, IntervalAggregator
from flaneur.release.specs import Counted, Sampled

WAIT_NS = 10 * SECOND_NS
"""Longer than any fault takes to be believed."""


@dataclass(slots=True, repr=False, eq=False)
class _Moment(Private):
    """All that was told at one frame."""

    presence: Presence
    between_ns: NDArray[np.int64]
    dropped: int
    healthy: bool
    events: list[tuple[Counted, Events]] = field(default_factory=list)
    samples: list[tuple[Sampled, Samples]] = field(default_factory=list)


class Hindsight:
    """An `IntervalAggregator` that is told `WAIT_NS` late, when it is known which frames the camera really saw.

    It is called like the aggregator, which says what is done with frames that were not healthy.
    """

    def __init__(self, aggregator: IntervalAggregator) -> None:
        self._aggregator = aggregator
        self._waiting: deque[_Moment] = deque()

    def frame(
        self,
        presence: Presence,
        between_ns: NDArray[np.int64] = NO_FRAMES,
        dropped: int = 0,
        *,
        blind_since_ns: int | None = None,
    ) -> None:
        """A frame was measured; `blind_since_ns` is since when the camera has shown nothing, None when it is well."""
        if blind_since_ns is not None:
            for moment in self._waiting:
                moment.healthy &= moment.presence.time_ns < blind_since_ns
        self._waiting.append(_Moment(presence, between_ns, dropped, blind_since_ns is None))
        while self._waiting[0].presence.time_ns <= presence.time_ns - WAIT_NS:
            self._tell(self._waiting.popleft())

    def events(self, counted: Counted, events: Events) -> None:
        """What one measure told at the last frame."""
        self._waiting[-1].events.append((counted, events))

    def samples(self, sampled: Sampled, samples: Samples) -> None:
        """What one measure took at the last frame."""
        self._waiting[-1].samples.append((sampled, samples))

    def complete(self) -> list[Measurement]:
        """Figures of the intervals that have been complete since the last call, oldest first."""
        return self._aggregator.complete()

    def finish(self, after_ns: NDArray[np.int64] = NO_FRAMES, dropped: int = 0) -> list[Measurement]:
        """Figures of all that is left; after the last frame those at `after_ns` were decoded, `dropped` were lost."""
        while self._waiting:
            self._tell(self._waiting.popleft())
        return self._aggregator.finish(after_ns, dropped)

    def distributions(self) -> list[Distribution]:
        """How samples spread over all intervals that have been handed out."""
        return self._aggregator.distributions()

    @property
    def dropped(self) -> int:
        """Events and samples of moments at which the camera was not healthy."""
        return self._aggregator.dropped

    def _tell(self, moment: _Moment) -> None:
        self._aggregator.frame(moment.presence, moment.between_ns, moment.dropped, healthy=moment.healthy)
        for counted, events in moment.events:
            self._aggregator.events(counted, events)
        for sampled, samples in moment.samples:
            self._aggregator.samples(sampled, samples)
