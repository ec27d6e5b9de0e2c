"""All measures of one camera, from tracks to the figures of complete intervals."""

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from flaneur.config.site import CameraTable
from flaneur.data.geometry import GROUND_POINT
from flaneur.data.kinds import Kind
from flaneur.data.private import Events, Tracks
from flaneur.data.released import Measurement
from flaneur.data.time import SECOND_NS
from flaneur.measure import edges, passing
from flaneur.measure.edges import PictureSize
from flaneur.measure.feet import picture_feet
from flaneur.measure.passing import Passed, Places
from flaneur.measure.presence import presence
from flaneur.release.aggregate import AggregateParams, Counted, IntervalAggregator
from flaneur.run.job import Job


class Measuring:
    """Takes the tracks of each frame that the detector looked at, and gives figures when an interval is complete."""

    def __init__(self, job: Job, width_px: int, height_px: int, kinds: tuple[Kind, ...]) -> None:
        camera = job.camera
        self._by_edges = not camera.line and not camera.zone
        self._anchor = GROUND_POINT if self._by_edges else camera.anchor
        self._places = Places.in_picture(camera.places, width_px, height_px)
        self._passing = passing.start(self._places)
        self._size = PictureSize(width_px, height_px)
        self._edges = edges.start(self._size)
        self._counted = _counted(camera)
        self._aggregator = IntervalAggregator(
            AggregateParams(
                site=job.site.name,
                camera=camera.name,
                kinds=kinds,
                counted=self._counted,
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
        feet = picture_feet(tracks, self._anchor)
        self._passing, passed = passing.step(self._passing, feet, self._places)
        self._aggregator.frame(presence(feet, passed.inside), between_ns, dropped)
        if self._by_edges:
            self._edges, events = edges.step(self._edges, tracks, self._size)
            self._add(events)
        else:
            self._add(*_events(passed))
        return self._aggregator.complete()

    def finish(self, after_ns: NDArray[np.int64], dropped: int) -> list[Measurement]:
        """The end of the video; those at `after_ns` came after the last frame, and `dropped` were lost."""
        if self._by_edges:
            self._add(edges.finish(self._edges, self._size))
        else:
            self._add(*_events(passing.finish(self._passing, self._places)))
        return self._aggregator.finish(after_ns, dropped)

    def _add(self, *told: Events) -> None:
        """What happened, measure by measure in the order of `_counted`."""
        for counted, events in zip(self._counted, told, strict=True):
            if not len(events):
                continue
            self._aggregator.events(counted, events)
            for place, direction in zip(events.place, np.where(events.direction > 0, 0, 1), strict=True):
                self._counts[counted.places[place], counted.directions[place][direction]] += 1


def _counted(camera: CameraTable) -> tuple[Counted, ...]:
    """What the site file asks for, in the order of `_events`; the picture's edges where it names no place at all."""
    if not camera.line and not camera.zone:
        return (Counted.edges(),)
    places = camera.places
    return (
        Counted.lines(tuple((line.name, line.to_right, line.to_left) for line in camera.line)),
        Counted.zones(tuple(zone.name for zone in places.zones)),
        Counted.flows(tuple(flow.name for flow in places.flows)),
    )


def _events(passed: Passed) -> tuple[Events, Events, Events]:
    return passed.lines.events(), passed.zones.events(), passed.flows
