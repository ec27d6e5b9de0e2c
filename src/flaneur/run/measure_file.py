"""The main job: one video file to a folder of results."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Protocol

from flaneur.data.language import Language
from flaneur.data.notes import Note
from flaneur.data.released import CameraHealth, Distribution, GroundFacts, Measurement, PlaceMap, RunFacts
from flaneur.data.time import to_ns, to_s
from flaneur.detect.protocol import Detector
from flaneur.ground.plane import GroundPlane
from flaneur.run import results
from flaneur.run.calibrating import facts_of, ground_of
from flaneur.run.clock import StageClock
from flaneur.run.job import Job
from flaneur.run.measuring import Measuring
from flaneur.run.metre_grid import metre_grid
from flaneur.run.opening import open_job_detector, open_source
from flaneur.run.pictures import Pictures
from flaneur.run.pipeline import Moment, run_pipeline
from flaneur.run.results import ResultsFolder
from flaneur.run.software import software
from flaneur.run.watching import phases_of_files
from flaneur.serve.picture import heat_overlay, png, with_metres, with_places
from flaneur.serve.report import Metres, render_report, write_report
from flaneur.serve.tables import write_tables
from flaneur.source import FileSource
from flaneur.store.store import Store


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run found."""

    facts: RunFacts
    measurements: tuple[Measurement, ...]
    distributions: tuple[Distribution, ...] = ()
    """Of values in metres over the whole run."""
    ground: GroundFacts | None = None
    """How the camera's ground plane came about; None without one."""
    maps: tuple[PlaceMap, ...] = ()
    """Where near misses were."""
    health: tuple[CameraHealth, ...] = ()
    """When the camera showed nothing of use."""


class Shows(Protocol):
    """Something that shows how far a run is."""

    def show(self, moment: Moment) -> None:
        """Called for every frame."""


def measure_file(
    job: Job,
    folder: Path,
    *,
    overwrite: bool,
    with_video: bool,
    language: Language,
    stop: Event,
    display: Callable[[int | None], AbstractContextManager[Shows]],
) -> Outcome:
    """Measure the job's video and put everything into `folder`.

    UserError, and no results, when the video, the model or the folder cannot be used. When `stop` is set, what was
    measured so far is kept and the facts say that it is not complete.
    """
    begin_s = time.monotonic()
    clock = StageClock()
    with open_source(job) as source, ResultsFolder(folder, overwrite=overwrite) as out:
        detector = open_job_detector(job)
        size_px = source.info.width_px, source.info.height_px
        plane, phases = ground_of(job, detector), phases_of_files(job)
        measuring = Measuring(job, *size_px, detector.facts.kinds, phases, plane)
        pictures = Pictures(job, source.info, clock, out.path(results.VIDEO) if with_video else None, language)
        moment = Moment(0, 0, {})
        with Store.create(out.path(results.STORE)) as store:
            with pictures, display(source.info.frames_estimate) as shown:
                keep = store.write_interval
                for moment in run_pipeline(source, detector, job, measuring, keep, clock, stop, pictures):
                    shown.show(moment)
            measurements = tuple(store.measurements())
            notes = measuring.notes() + pictures.notes
            facts = _facts(job, source, detector, moment, measurements, notes, clock, begin_s, not stop.is_set())
            store.write_run(facts)
        outcome = Outcome(
            facts,
            measurements,
            tuple(measuring.distributions()),
            facts_of(plane) if plane else None,
            tuple(measuring.maps()),
            tuple(measuring.bad_health()),
        )
        write_tables(out.path(results.CSV), out.path(results.PARQUET), measurements, dated=job.dated)
        _write_report(out, job, outcome, pictures, plane, language)
        out.publish()
    return outcome


def _facts(
    job: Job,
    source: FileSource,
    detector: Detector,
    moment: Moment,
    measurements: Sequence[Measurement],
    notes: list[Note],
    clock: StageClock,
    begin_s: float,
    complete: bool,
) -> RunFacts:
    observed_s = {m.start_ns: m.coverage * to_s(m.end_ns - m.start_ns) for m in measurements}
    length_ns = moment.time_ns + moment.time_ns // max(moment.frames - 1, 1) + to_ns(source.missing_s)
    if not complete:  # what was left out belongs to the video too
        length_ns = max(length_ns, to_ns(source.info.duration_s or 0.0))
    return RunFacts(
        source=source.info.name,
        site=job.site.name,
        camera=job.camera.name,
        timezone=job.site.timezone,
        dated=job.dated,
        start_ns=job.start_ns,
        end_ns=job.start_ns + length_ns,
        width_px=source.info.width_px,
        height_px=source.info.height_px,
        frames_seen=moment.frames,
        frames_dropped=source.frames_dropped,
        observed_s=sum(observed_s.values()),
        complete=complete,
        detector=detector.facts.name,
        detector_licence=detector.facts.licence,
        detector_sha256=detector.facts.sha256,
        detections_per_s=job.detector.rate_per_s,
        kinds=tuple(kind.label for kind in detector.facts.kinds),
        software=software(),
        wall_s=time.monotonic() - begin_s,
        stage_ms_per_frame=clock.ms_per_frame(moment.frames),
        notes=tuple(source.notes + notes),
    )


def _write_report(
    out: ResultsFolder,
    job: Job,
    outcome: Outcome,
    pictures: Pictures,
    plane: GroundPlane | None,
    language: Language,
) -> None:
    heat, place = pictures.heat_map(), pictures.background()
    metres = Metres(
        ground=outcome.ground,
        ground_png=png(with_metres(place, metre_grid(plane))) if plane else None,
        distributions=outcome.distributions,
        maps=outcome.maps,
    )
    report = render_report(
        outcome.facts,
        outcome.measurements,
        heat=heat,
        heat_png=heat_overlay(with_places(place, job.camera.places), heat),
        flows=job.camera.places.flows,
        metres=metres,
        health=outcome.health,
        language=language,
    )
    write_report(out.path(results.REPORT), report)
