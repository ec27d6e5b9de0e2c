"""All measures on the ground of one camera: from road users in metres to the samples that figures are made of."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from flaneur.config.site import CameraTable
from flaneur.data.errors import UserError
from flaneur.data.geometry import GroundPlaces
from flaneur.data.private import Events, GroundTracks, Presence, Samples
from flaneur.data.released import PlaceMap
from flaneur.data.signals import SignalState
from flaneur.measure import alarm, conflicts, crowd, levels, saturation, signals, traffic
from flaneur.measure.alarm import AlarmParams
from flaneur.measure.conflicts import ConflictParams
from flaneur.measure.crossings import Lines
from flaneur.measure.crowd import CrowdZones
from flaneur.measure.near_misses import SEVERITIES, Spots
from flaneur.measure.passing import Places
from flaneur.measure.queues import Approach, Lanes, QueueParams
from flaneur.measure.saturation import SaturationParams
from flaneur.release.placemap import PlaceMapAccumulator
from flaneur.release.specs import Sampled
from flaneur.run import figures
from flaneur.run.figures import Specs, Told, told_of
from flaneur.run.signalling import Phases, Signalling, stop_lines

GROUND = {"walkway": levels.WALKWAY, "stairs": levels.STAIRS, "waiting": levels.WAITING}
UNCERTAIN = SEVERITIES.index("uncertain")
ALARM_PEOPLE = 3
"""No alarm for fewer: it is told at once and not after a minute, as figures are."""
ALARM_ENDS = 0.85
"""Share of its threshold below which an alarm level ends."""


@dataclass(slots=True)
class _Measure:
    """One stateful measure, the state that it is in, and the figures that are made of what it tells."""

    specs: Specs
    params: Any
    state: Any
    step: Callable[[Any, Any, Any], tuple[Any, Any]]
    finish: Callable[[Any, Any], Any]

    def next(self, tracks: Any) -> Any:
        self.state, what = self.step(self.state, tracks, self.params)
        return what


@dataclass(slots=True)
class _Alarm:
    """Watches the density of one zone."""

    specs: Specs
    place: str
    zone: int
    params: AlarmParams
    state: alarm.AlarmState = field(default_factory=lambda: alarm.start(1))

    def told(self, density: Samples) -> Told:
        rows = np.flatnonzero(density.place == self.zone)
        if not len(rows):
            return []
        row = rows[-1]
        self.state, alarms = alarm.step(
            self.state, int(density.time_ns[row]), density.value[row : row + 1], self.params
        )
        return told_of(self.specs, alarms)


@dataclass(frozen=True, slots=True)
class Moment:
    """What one moment told."""

    presence: Presence
    """In each zone and in all."""
    crossings: Events
    passages: Events
    flows: Events
    samples: Told


class OnGround:
    """Steps every measure that the site file asks for over the road users of each moment."""

    def __init__(self, camera: CameraTable, places: GroundPlaces, phases: Phases) -> None:
        """`places` are those of the site file in metres; `phases` of its signals may be replaced as they grow."""
        self._places = Places.on_ground(places.lines, places.zones, places.flows)
        self._traffic_state = traffic.start(self._places)
        self._traffic_specs = figures.of_traffic(camera)
        self._crowd = _crowd(camera, places)
        self._alarms = list(_alarms(camera, places))
        self._conflicts = _measure(
            conflicts, ConflictParams(places.zones), figures.of_conflicts([zone.name for zone in camera.zone])
        )
        self._queues = list(_queues(camera, places, phases))
        self._signals = Signalling(camera, Lines.on_ground(stop_lines(camera, places.lines)), phases)
        self._map = PlaceMapAccumulator("near misses")

    @property
    def sampled(self) -> tuple[Sampled, ...]:
        """All figures that samples are told for."""
        measures = (self._crowd, self._conflicts, *self._queues, *self._alarms)
        told = (one for measure in measures if measure for one in measure.specs.values())
        return (*self._traffic_specs.values(), *told, *self._signals.sampled)

    def step(self, tracks: GroundTracks, phases: Phases) -> Moment:
        """One moment, later than all before."""
        tracks = tracks.take(tracks.track_id.argsort())  # measures keep rows by id and find them faster in order
        self._traffic_state, what, presence = traffic.step(self._traffic_state, tracks, self._places)
        told = told_of(self._traffic_specs, what)
        for measure in (self._conflicts, *self._queues):
            what_else = measure.next(tracks)
            told += told_of(measure.specs, what_else)
            if measure is self._conflicts:
                self._locate(what_else.spots)
        if self._crowd:
            seen = self._crowd.next(tracks)
            told += told_of(self._crowd.specs, seen)
            for watch in self._alarms:
                told += watch.told(seen.voronoi_density)
        told += self._signals.step(signals.fronts(tracks), phases)
        return Moment(presence, what.crossings, what.passages, what.flows, told)

    def finish(self) -> tuple[Events, Events, Events, Told]:
        """What the end of the video cuts off: crossings, passages, flows, samples."""
        what = traffic.finish(self._traffic_state, self._places)
        told = told_of(self._traffic_specs, what)
        for measure in filter(None, (self._conflicts, *self._queues, self._crowd)):
            last = measure.finish(measure.state, measure.params)
            told += told_of(measure.specs, last)
            if measure is self._conflicts:
                self._locate(last.spots)
        return what.crossings, what.passages, what.flows, told + self._signals.finish()

    @property
    def alarm_levels(self) -> dict[str, int]:
        """Zone -> level of its density alarm by now; `alarm.UNKNOWN` where it is not known."""
        return {watch.place: int(watch.state.level[0]) for watch in self._alarms}

    def maps(self) -> list[PlaceMap]:
        """Where near misses were so far."""
        found = self._map.finish()
        return [found] if found else []

    def _locate(self, spots: Spots) -> None:
        self._map.add(spots.cell[spots.group != UNCERTAIN])


def _measure(module: Any, params: Any, specs: Specs) -> _Measure:
    return _Measure(specs, params, module.start(params), module.step, module.finish)


def _crowd(camera: CameraTable, places: GroundPlaces) -> _Measure | None:
    numbers = [n for n, zone in enumerate(camera.zone) if zone.crowd]
    if not numbers:
        return None
    tables = [GROUND[zone.crowd.ground] for zone in camera.zone if zone.crowd]
    params = CrowdZones.of([places.zones[n] for n in numbers], tables)
    return _measure(crowd, params, figures.of_crowd([camera.zone[n].name for n in numbers]))


def _alarms(camera: CameraTable, places: GroundPlaces) -> Iterator[_Alarm]:
    """UserError for a threshold that one or two people reach: their coming would be told at the second."""
    watched = [(zone, ground) for zone, ground in zip(camera.zone, places.zones, strict=True) if zone.crowd]
    for number, (zone, ground) in enumerate(watched):
        assert zone.crowd is not None
        up = tuple(zone.crowd.alarm_per_m2)
        if up:
            least = ALARM_PEOPLE / shapely.area(shapely.Polygon(ground.polygon_m))
            if up[0] < least:
                raise UserError(
                    f"zone {zone.name!r}: at {up[0]:g} people per m² fewer than {ALARM_PEOPLE} would raise its alarm, "
                    f"and single passers-by be told at the second; give {math.ceil(1000 * least) / 1000:g} or more"
                )
            params = AlarmParams(up, tuple(ALARM_ENDS * level for level in up))
            yield _Alarm(figures.of_alarms(zone.name, up), zone.name, number, params)


def _queues(camera: CameraTable, places: GroundPlaces, phases: Phases) -> Iterator[_Measure]:
    if not camera.queue:
        return
    lines, zones = {line.name: line for line in places.lines}, {zone.name: zone for zone in places.zones}
    names = [queue.name for queue in camera.queue]
    lanes = Lanes.of([Approach(lines[queue.stop_line], zones[queue.lane]) for queue in camera.queue])
    greens = [phases.get(queue.signal) if queue.signal else None for queue in camera.queue]
    starts = tuple(one.start_ns[one.state == SignalState.GREEN] for one in greens if one is not None)
    known = starts if len(starts) == len(greens) else None
    specs = {**figures.of_queues(names), **figures.of_saturation(names)}
    yield _measure(saturation, SaturationParams(QueueParams(lanes), known), specs)
