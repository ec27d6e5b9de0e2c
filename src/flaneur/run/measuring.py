"""All measures of one camera, from tracks to the figures of complete intervals."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from flaneur.data.errors import UserError
from flaneur.data.geometry import GROUND_POINT
from flaneur.data.kinds import Kind
from flaneur.data.notes import Note
from flaneur.data.private import Events, Frame, Tracks
from flaneur.data.released import CameraHealth, Distribution, Measurement, PlaceMap
from flaneur.data.signals import SignalPhases
from flaneur.ground.locate import ALIKE_S, locate
from flaneur.ground.motion import MotionParams, MotionSmoother
from flaneur.ground.plane import GroundPlane
from flaneur.measure import edges, passing
from flaneur.measure.crossings import Lines
from flaneur.measure.edges import PictureSize
from flaneur.measure.feet import picture_feet
from flaneur.measure.health import Fault
from flaneur.measure.passing import Passed, Places
from flaneur.measure.presence import presence
from flaneur.run.calibrating import on_ground
from flaneur.run.collecting import Collector, counted_of
from flaneur.run.figures import Told
from flaneur.run.job import Job
from flaneur.run.on_ground import OnGround
from flaneur.run.signalling import Signalling, stop_lines
from flaneur.run.watching import Watcher


class Measuring:
    """Takes the tracks of each frame that the detector looked at, and gives figures when an interval is complete."""

    def __init__(
        self,
        job: Job,
        width_px: int,
        height_px: int,
        kinds: tuple[Kind, ...],
        phases: Mapping[str, SignalPhases],
        plane: GroundPlane | None,
    ) -> None:
        """With a `plane` for pictures of this size, in metres too. `phases` are those of signals that are in files.

        UserError for places that cannot be on the plane, and for those that are in no picture at all.
        """
        camera = job.camera
        if camera.in_metres:
            raise UserError(
                f"camera {camera.name!r}: its lines and zones are in metres, as for trajectories; "
                "for a video give them as `points` and `polygon` in the picture"
            )
        self._start_ns = job.start_ns
        self._by_edges = not camera.line and not camera.zone
        self._anchor = GROUND_POINT if self._by_edges else camera.anchor
        self._places = Places.in_picture(camera.places, width_px, height_px)
        self._passing = passing.start(self._places)
        self._size = PictureSize(width_px, height_px)
        self._edges = edges.start(self._size)
        self._watcher = Watcher(camera, width_px, height_px, phases)
        self._metric = None if plane is None else _Metric(job, plane, self._watcher)
        lines = stop_lines(camera, camera.places.lines)
        self._signals = Signalling(camera, Lines.in_picture(lines, width_px, height_px), self._watcher.phases)
        sampled = self._metric.on_ground.sampled if self._metric else self._signals.sampled
        self._collector = Collector(job, kinds, counted_of(job), sampled, self._watcher.is_blind)

    @property
    def counts(self) -> dict[tuple[str, str], int]:
        """(place, direction) -> events so far, over all kinds."""
        return self._collector.counts

    def watch(self, frame: Frame) -> bool:
        """Look at a frame that the detector looks at, before its tracks are known; whether the camera is well again.

        Nobody is followed over a time in which nothing was seen, so the tracker must then be flushed.
        """
        was_blind = bool(self.faults)
        self._watcher.step(frame)
        return was_blind and not self.faults

    def step(self, tracks: Tracks, between_ns: NDArray[np.int64], dropped: int) -> list[Measurement]:
        """One frame; since the one before, those at `between_ns` were only decoded, and `dropped` were lost."""
        feet = picture_feet(tracks, self._anchor)
        self._passing, passed = passing.step(self._passing, feet, self._places)
        if self._by_edges:
            self._edges, event = edges.step(self._edges, tracks, self._size)
            events: tuple[Events, ...] = (event,)
        else:
            events = _events(passed)
        samples = self._metric.step(tracks) if self._metric else self._signals.step(feet, self._watcher.phases)
        return self._collector.step(presence(feet, passed.inside), events, samples, between_ns, dropped)

    def silence(self, until_ns: int) -> list[Measurement]:
        """Nobody looked between the last frame, whose tracks have ended, and `until_ns`, `JUDGED_NS` ago or earlier."""
        return self._collector.silence(until_ns, self._metric.pause() if self._metric else [])

    def finish(self, after_ns: NDArray[np.int64], dropped: int) -> list[Measurement]:
        """The end of the video; those at `after_ns` came after the last frame, and `dropped` were lost."""
        if self._by_edges:
            events: tuple[Events, ...] = (edges.finish(self._edges, self._size),)
        else:
            events = _events(passing.finish(self._passing, self._places))
        samples = self._metric.finish() if self._metric else self._signals.finish()
        return self._collector.finish(events, samples, after_ns, dropped)

    def distributions(self) -> list[Distribution]:
        """How values in metres spread over the whole run."""
        return self._collector.distributions()

    def maps(self) -> list[PlaceMap]:
        """Where near misses were."""
        return self._metric.on_ground.maps() if self._metric else []

    def bad_health(self) -> list[CameraHealth]:
        """When the camera showed nothing of use."""
        return self._watcher.bad_health(self._start_ns)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with the camera at the latest frame; empty when all is well."""
        return self._watcher.faults

    @property
    def alarm_levels(self) -> dict[str, int]:
        """Zone -> level of its density alarm by now; -1 where it is not known."""
        return self._metric.on_ground.alarm_levels if self._metric else {}

    def notes(self) -> list[Note]:
        """What the reader of the figures must know of the camera and its ground."""
        return self._watcher.notes() + (self._metric.notes() if self._metric else [])


class _Metric:
    """The same road users on the ground."""

    def __init__(self, job: Job, plane: GroundPlane, watcher: Watcher) -> None:
        self._plane = plane
        self._watcher = watcher
        self._smoother = MotionSmoother(MotionParams(alike_s=ALIKE_S))
        self._out_of_reach = 0
        self.on_ground = OnGround(job.camera, on_ground(job.camera, plane), watcher.phases)

    def step(self, tracks: Tracks) -> Told:
        located, left_out = locate(tracks, self._plane)
        self._out_of_reach += left_out
        told: Told = []
        for moment in self._smoother.step(located):
            told += self.on_ground.step(moment, self._watcher.phases).samples
        return told

    def pause(self) -> Told:
        """Tell what waits for later moments, because none will come for a while."""
        told: Told = []
        for moment in self._smoother.flush():
            told += self.on_ground.step(moment, self._watcher.phases).samples
        return told

    def finish(self) -> Told:
        return self.pause() + self.on_ground.finish()[-1]

    def notes(self) -> list[Note]:
        notes = implausible_notes(self._smoother.seen, self._smoother.implausible)
        return notes + ([Note("out_of_reach", (self._out_of_reach,))] if self._out_of_reach else [])


def implausible_notes(seen: NDArray[np.int64], implausible: NDArray[np.int64]) -> list[Note]:
    """A note where road users seemed faster than anybody is: then the calibration or the unit is wrong."""
    number = int(implausible.sum())
    return [Note("implausible", (number, int(seen.sum())))] if number else []


def _events(passed: Passed) -> tuple[Events, Events, Events]:
    return passed.lines.events(), passed.zones.events(), passed.flows
