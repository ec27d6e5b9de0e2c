"""Figures from trajectories that another program, a simulation or a survey has made, without any video."""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Event

import numpy as np

from flaneur.data.errors import UserError
from flaneur.data.geometry import GroundPlaces
from flaneur.data.language import Language
from flaneur.data.private import Events
from flaneur.data.released import Measurement, RunFacts
from flaneur.data.time import SECOND_NS, to_ns, to_s
from flaneur.ground.plane import GroundPlane
from flaneur.ground.trajectories import Trajectories, read_trajectories
from flaneur.ground.trajectories_ottrk import OttrkFile
from flaneur.ground.trajectories_table import TrajectoryParams
from flaneur.run import results
from flaneur.run.calibrating import StatedGround, facts_of, on_ground
from flaneur.run.collecting import Collector, counted_of
from flaneur.run.job import Job
from flaneur.run.measure_file import Outcome, Shows
from flaneur.run.measuring import implausible_notes
from flaneur.run.on_ground import OnGround
from flaneur.run.pipeline import Moment
from flaneur.run.results import ResultsFolder
from flaneur.run.software import software
from flaneur.run.watching import phases_of_files
from flaneur.serve.report import Metres, render_report, write_report
from flaneur.serve.tables import write_tables
from flaneur.store.store import Store

NO_FRAMES = np.zeros(0, np.int64)
GAP_STEPS = 1.5
"""Looks further apart than so many usual steps have something between them that nobody observed."""


class Measured:
    """Steps all measures on the ground over a file's moments."""

    def __init__(self, job: Job, params: TrajectoryParams) -> None:
        """UserError when the file, its places or its signals cannot be used."""
        self.plane, places = _ground(job)
        self.trajectories: Trajectories = read_trajectories(job.video, params, self.plane)
        self._phases = phases_of_files(job)
        self.on_ground = OnGround(job.camera, places, self._phases)
        self._has_places = bool(job.camera.line or job.camera.zone)
        counted = counted_of(job) if self._has_places else ()
        self.collector = Collector(
            job,
            self.trajectories.kinds,
            counted,
            self.on_ground.sampled,
            lambda _: False,
            _max_gap_ns(job, self.trajectories.step_s),
        )
        self.moments = 0
        self.begin_ns = self.end_ns = 0

    def run(self, keep: Callable[[list[Measurement]], None], stop: Event) -> Iterator[Moment]:
        """Measure the file to its end or until `stop` is set; hands the figures of complete intervals to `keep`."""
        for tracks in self.trajectories.moments():
            if stop.is_set():
                break
            told = self.on_ground.step(tracks, self._phases)
            events = self._events(told.crossings, told.passages, told.flows)
            figures = self.collector.step(told.presence, events, told.samples, NO_FRAMES, 0)
            if figures:
                keep(figures)
            self.begin_ns = tracks.time_ns if not self.moments else self.begin_ns
            self.moments, self.end_ns = self.moments + 1, tracks.time_ns
            yield Moment(self.moments, tracks.time_ns, self.collector.counts)
        crossings, passages, flows, samples = self.on_ground.finish()
        keep(self.collector.finish(self._events(crossings, passages, flows), samples, NO_FRAMES, 0))
        yield Moment(self.moments, self.end_ns, self.collector.counts)

    def _events(self, *events: Events) -> tuple[Events, ...]:
        return events if self._has_places else ()


def measure_trajectories(
    job: Job,
    folder: Path,
    params: TrajectoryParams,
    *,
    overwrite: bool,
    language: Language,
    stop: Event,
    display: Callable[[int | None], AbstractContextManager[Shows]],
) -> Outcome:
    """Measure the job's trajectories and put everything into `folder`, as `measure_file` does for a video.

    UserError, and no results, when the file or the folder cannot be used.
    """
    begin_s = time.monotonic()
    measured = Measured(job, params)
    with ResultsFolder(folder, overwrite=overwrite) as out:
        with Store.create(out.path(results.STORE)) as store:
            with display(None) as shown:
                for moment in measured.run(store.write_interval, stop):
                    shown.show(moment)
            measurements = tuple(store.measurements())
            facts = _facts(job, measured, measurements, begin_s, not stop.is_set())
            store.write_run(facts)
        outcome = Outcome(
            facts,
            measurements,
            tuple(measured.collector.distributions()),
            facts_of(measured.plane) if measured.plane else None,
            tuple(measured.on_ground.maps()),
        )
        write_tables(out.path(results.CSV), out.path(results.PARQUET), measurements, dated=job.dated)
        metres = Metres(ground=outcome.ground, distributions=outcome.distributions, maps=outcome.maps)
        flows = job.camera.ground_places.flows
        report = render_report(facts, measurements, flows=flows, metres=metres, language=language)
        write_report(out.path(results.REPORT), report)
        out.publish()
    return outcome


def _ground(job: Job) -> tuple[GroundPlane | None, GroundPlaces]:
    """The plane for a file in pixels, and the places on the ground."""
    camera = job.camera
    if not job.video.name.lower().endswith(".ottrk"):
        if (camera.line or camera.zone) and not camera.in_metres:
            raise UserError(
                f"camera {camera.name!r}: its lines and zones lie in a picture, and {job.video.name} has none; "
                "give them in `metres`"
            )
        return None, camera.ground_places
    for signal in camera.signal:
        if signal.lamps:
            raise UserError(
                f"signal {signal.name!r}: its lamps lie in a picture, and {job.video.name} has none; "
                "give a `file` of its phases"
            )
    if camera.ground is None:
        raise UserError(f"{job.video}: holds pixels; give the camera a [camera.ground], so that they become metres")
    if camera.ground.from_sizes:
        raise UserError(f"{job.video}: the ground cannot be found from sizes without the video; give points or a file")
    file = OttrkFile(job.video)
    plane = StatedGround.read(camera.ground, job.folder).plane(file.width_px, file.height_px)
    return plane, on_ground(camera, plane)


def _max_gap_ns(job: Job, step_s: float) -> int:
    """UserError where looks are too rare to tell what went on in an interval."""
    if step_s * GAP_STEPS >= job.site.interval_s:
        raise UserError(
            f"{job.video}: looks are {step_s:g} s apart, which is too rare for figures of {job.site.interval_s} s"
        )
    return to_ns(max(1.0, GAP_STEPS * step_s)) if step_s > 0.0 else SECOND_NS


def _facts(
    job: Job, measured: Measured, measurements: tuple[Measurement, ...], begin_s: float, complete: bool
) -> RunFacts:
    observed_s = {m.start_ns: m.coverage * to_s(m.end_ns - m.start_ns) for m in measurements}
    step_ns = (measured.end_ns - measured.begin_ns) // max(measured.moments - 1, 1)
    return RunFacts(
        source=job.video.name,
        site=job.site.name,
        camera=job.camera.name,
        timezone=job.site.timezone,
        dated=job.dated,
        start_ns=job.start_ns + measured.begin_ns,
        end_ns=job.start_ns + measured.end_ns + step_ns,
        width_px=0,
        height_px=0,
        frames_seen=measured.moments,
        frames_dropped=0,
        observed_s=sum(observed_s.values()),
        complete=complete,
        detector="",
        detector_licence="",
        detector_sha256=hashlib.sha256(job.video.read_bytes()).hexdigest(),
        detections_per_s=SECOND_NS / step_ns if step_ns else 0.0,
        kinds=tuple(kind.label for kind in measured.trajectories.kinds),
        software=software(),
        wall_s=time.monotonic() - begin_s,
        stage_ms_per_frame=(),
        notes=tuple(implausible_notes(measured.trajectories.seen, measured.trajectories.implausible)),
    )
