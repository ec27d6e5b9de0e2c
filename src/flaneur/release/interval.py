"""What comes together of one interval, and the figures that are told of it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flaneur.data.geometry import WHOLE_PICTURE
from flaneur.data.kinds import Kind
from flaneur.data.private import Events, Private, Samples
from flaneur.data.released import Estimate, Measurement
from flaneur.data.statistics import measure_name
from flaneur.release.sampled import estimates
from flaneur.release.specs import ROAD_USERS, AggregateParams
from flaneur.release.tally import Tally

MOST_LOOSE = 200
"""Steps whose samples wait to be put together; sorting them in at each step would cost more."""


@dataclass(slots=True, repr=False, eq=False)
class Interval(Private):
    """What has come together of one interval so far."""

    start_ns: int
    counts: list[NDArray[np.int64]]
    """Per measure [places, 2, kinds]."""
    tallies: list[Tally]
    """Per sampled measure."""
    loose: list[list[Samples]]
    """Per sampled measure, not yet in its tally."""
    present_ns: NDArray[np.float64]
    """[places, kinds] number present times how long."""
    peak: NDArray[np.int32]
    """[places, kinds]"""
    observed_ns: int = 0
    frames_seen: int = 0
    frames_dropped: int = 0

    @staticmethod
    def empty(start_ns: int, params: AggregateParams) -> "Interval":
        """Nothing yet."""
        shape = (len(params.zones) + 1, len(Kind))
        counts = [np.zeros((len(c.places), 2, len(Kind)), np.int64) for c in params.counted]
        tallies = [Tally.none(s.resolution) for s in params.sampled]
        loose: list[list[Samples]] = [[] for _ in tallies]
        return Interval(start_ns, counts, tallies, loose, np.zeros(shape), np.zeros(shape, np.int32))

    def count(self, measure: int, events: Events) -> None:
        """Count what the measure of this number told."""
        side = np.where(events.direction > 0, 0, 1)
        np.add.at(self.counts[measure], (events.place, side, events.kind), 1)

    def collect(self, measure: int, samples: Samples) -> None:
        """Keep what the sampled measure of this number told."""
        loose = self.loose[measure]
        loose.append(samples)
        if len(loose) > MOST_LOOSE:
            self.tally(measure)

    def tally(self, measure: int) -> Tally:
        """All samples of the sampled measure of this number."""
        if self.loose[measure]:
            self.tallies[measure] = self.tallies[measure].with_samples(Samples.joined(*self.loose[measure]))
            self.loose[measure] = []
        return self.tallies[measure]

    def hand_on(self, later: "Interval") -> None:
        """Give what was told of this interval to a later one, because nothing of this one was observed."""
        for mine, theirs in zip(self.counts, later.counts, strict=True):
            np.add(theirs, mine, out=theirs)
            mine[:] = 0
        for measure, empty in enumerate(self.tallies):
            later.tallies[measure] = later.tally(measure).plus(self.tally(measure))
            self.tallies[measure] = Tally.none(empty.resolution)


def figures(interval: Interval, params: AggregateParams) -> Iterator[Measurement]:
    """All figures of an interval."""
    coverage = interval.observed_ns / params.interval_ns

    def figure(measure: str, place: str, kind: str, direction: str, unit: str, told: Estimate) -> Measurement:
        told = told if interval.observed_ns else Estimate(None)
        return Measurement(
            site=params.site,
            camera=params.camera,
            measure=measure,
            place=place,
            kind=kind,
            direction=direction,
            start_ns=interval.start_ns,
            end_ns=interval.start_ns + params.interval_ns,
            value=told.value,
            unit=unit,
            coverage=coverage,
            frames_seen=interval.frames_seen,
            frames_dropped=interval.frames_dropped,
            low=told.low,
            high=told.high,
            sample_size=told.sample_size,
        )

    for measure, place, direction, by_kind in _counts(interval, params):
        for kind in params.kinds:
            told = Estimate(float(by_kind[kind]))
            yield figure(measure, place, kind.label, direction, ROAD_USERS, told)
    for n, sampled in enumerate(params.sampled):
        if sampled.whole_run_only:
            continue
        for one in estimates(interval.tally(n), sampled):
            name = measure_name(sampled.measure, one.statistic)
            yield figure(name, one.place, one.kind, one.direction, one.unit, one.estimate)


def _counts(interval: Interval, params: AggregateParams) -> Iterator[tuple[str, str, str, NDArray[np.generic]]]:
    """Measure, place, direction and number of each kind of all that is not a sample."""
    for counted, counts in zip(params.counted, interval.counts, strict=True):
        for place, labels, by_side in zip(counted.places, counted.directions, counts, strict=True):
            for label, by_kind in zip(labels, by_side, strict=False):
                yield counted.measure, place, label, by_kind
    mean = interval.present_ns / max(interval.observed_ns, 1)
    for measure, by_place in (("occupancy", mean), ("occupancy_peak", interval.peak)):
        for place, by_kind in zip((*params.zones, WHOLE_PICTURE), by_place, strict=True):
            yield measure, place, "", by_kind
