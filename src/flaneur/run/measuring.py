"""All measures of one camera, from tracks to the figures of complete intervals."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flaneur.config.site import CameraTable
from flaneur.data.geometry import GROUND_POINT
from flaneur.data.kinds import Kind
from flaneur.data.private import Events, Tracks
from flaneur.data.released import Measurement
from flaneur.data.time import SECOND_NS
from flaneur.measure import crossings, edges, flows, zones
from flaneur.measure.anchor import anchored
from flaneur.measure.crossings import LinesPx
from flaneur.measure.edges import PictureSize
from flaneur.measure.flows import FlowsPx
from flaneur.measure.presence import presence
from flaneur.measure.zones import ZonesPx
from flaneur.release.aggregate import AggregateParams, Counted, IntervalAggregator
from flaneur.run.job import Job


@dataclass(slots=True)
class _Measure:
    """One stateful measure with the state that it is in."""

    counted: Counted
    params: Any
    state: Any
    step: Callable[[Any, Tracks, Any], tuple[Any, Events]]
    finish: Callable[[Any, Any], Events]

    @classmethod
    def of(cls, module: ModuleType, params: Any, counted: Counted) -> "_Measure":
        return cls(counted, params, module.start(params), module.step, module.finish)


class Measuring:
    """Takes the tracks of each frame that the detector looked at, and gives figures when an interval is complete."""

    def __init__(self, job: Job, width_px: int, height_px: int, kinds: tuple[Kind, ...]) -> None:
        camera = job.camera
        self._anchor = camera.anchor if camera.line or camera.zone else GROUND_POINT
        self._zones = ZonesPx.of(camera.places.zones, width_px, height_px)
        self._measures = list(_measures(camera, self._zones, width_px, height_px))
        self._aggregator = IntervalAggregator(
            AggregateParams(
                site=job.site.name,
                camera=camera.name,
                kinds=kinds,
                counted=tuple(measure.counted for measure in self._measures),
                zones=tuple(zone.name for zone in camera.zone),
                start_ns=job.start_ns,
                interval_ns=job.site.interval_s * SECOND_NS,
            )
        )
        self._counts: defaultdict[tuple[str, str], int] = defaultdict(int)

    @property
    def counts(self) -> dict[tuple[str, str], int]:
        """(place, direction) -> events so far, over all kinds."""
        return dict(self._counts)

    def step(self, tracks: Tracks, between_ns: NDArray[np.int64], dropped: int) -> list[Measurement]:
        """One frame; since the one before, those at `between_ns` were only decoded, and `dropped` were lost."""
        tracks = anchored(tracks, self._anchor)
        self._aggregator.frame(presence(tracks, self._zones), between_ns, dropped)
        for measure in self._measures:
            measure.state, events = measure.step(measure.state, tracks, measure.params)
            self._add(measure.counted, events)
        return self._aggregator.complete()

    def finish(self, after_ns: NDArray[np.int64], dropped: int) -> list[Measurement]:
        """The end of the video; those at `after_ns` came after the last frame, and `dropped` were lost."""
        for measure in self._measures:
            self._add(measure.counted, measure.finish(measure.state, measure.params))
        return self._aggregator.finish(after_ns, dropped)

    def _add(self, counted: Counted, events: Events) -> None:
        if not len(events):
            return
        self._aggregator.events(counted, events)
        for place, direction in zip(events.place, np.where(events.direction > 0, 0, 1), strict=True):
            self._counts[counted.places[place], counted.directions[place][direction]] += 1


def _measures(camera: CameraTable, zones_px: ZonesPx, width_px: int, height_px: int) -> Iterator[_Measure]:
    """The measures that the site file asks for; the picture's edges where it names no place at all."""
    places = camera.places
    if places.lines:
        names = tuple((line.name, line.to_right, line.to_left) for line in camera.line)
        yield _Measure.of(crossings, LinesPx.of(places.lines, width_px, height_px), Counted.lines(names))
    if places.zones:
        yield _Measure.of(zones, zones_px, Counted.zones(tuple(zone.name for zone in places.zones)))
    if places.flows:
        counted = Counted.flows(tuple(flow.name for flow in places.flows))
        yield _Measure.of(flows, FlowsPx.of(places, width_px, height_px), counted)
    if not places.lines and not places.zones:
        yield _Measure.of(edges, PictureSize(width_px, height_px), Counted.edges())
