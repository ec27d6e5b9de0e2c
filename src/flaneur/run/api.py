"""Flaneur from Python, for notebooks and evaluation. Everything stays in this process."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import numpy as np

from flaneur.config.site import SiteFile
from flaneur.data.errors import UserError
from flaneur.data.kinds import kind_from_label
from flaneur.data.private import Tracks
from flaneur.data.released import Measurement
from flaneur.detect.detector import DetectParams, open_detector
from flaneur.ground.trajectories_table import TrajectoryParams
from flaneur.run.calibrating import ground_of
from flaneur.run.clock import StageClock
from flaneur.run.crashing import forgetting
from flaneur.run.job import Job, load_job, plan_job
from flaneur.run.looking import EVERY_FRAME, look
from flaneur.run.measure_trajectories import Measured
from flaneur.run.measuring import Measuring
from flaneur.run.opening import open_job_detector, open_source
from flaneur.run.pipeline import run_pipeline
from flaneur.run.watching import phases_of_files
from flaneur.serve.tables import figures_table
from flaneur.source import FileSource
from flaneur.track.params import TrackParams
from flaneur.track.tracker import Tracker

if TYPE_CHECKING:
    import polars


def track_video(
    path: str | Path, *, detector: DetectParams | None = None, rate_per_s: float = 5.0
) -> Iterator[tuple[int, int, Tracks]]:
    """The road users in each frame of a video as (frame_index, time_ns, Tracks), in order, every frame once.

    `frame_index` counts from 0 and `time_ns` from the first frame. The detector looks `rate_per_s` times a second;
    boxes of the frames between are interpolated. UserError when the video or the model cannot be used.
    """
    network = open_detector(detector or DetectParams())
    with FileSource(path) as source:
        tracker = Tracker(TrackParams(), source.info.width_px, source.info.height_px, np.random.default_rng())
        for frame, detections in look(source.frames(), rate_per_s, EVERY_FRAME, network, StageClock()):
            for tracks in tracker.step(frame.index, frame.time_ns, detections):
                yield tracks.frame_index, tracks.time_ns, tracks
        for tracks in tracker.flush():
            yield tracks.frame_index, tracks.time_ns, tracks


@forgetting()
def measure_video(path: str | Path, site: str | Path | SiteFile | None = None) -> "polars.DataFrame":
    """The figures of a video as a table, the same rows and columns as `figures.csv`.

    `site` is a site file or the path of one; without it the whole picture is measured. UserError when the video, the
    site file or the model cannot be used.
    """
    job = _job(Path(path), site)
    figures: list[Measurement] = []
    with open_source(job) as source:
        detector = open_job_detector(job)
        size_px = source.info.width_px, source.info.height_px
        plane, phases = ground_of(job, detector), phases_of_files(job)
        measuring = Measuring(job, *size_px, detector.facts.kinds, phases, plane)
        for _ in run_pipeline(source, detector, job, measuring, figures.extend, StageClock(), Event()):
            pass
    return figures_table(figures, dated=job.dated)


@forgetting()
def measure_trajectories(
    path: str | Path,
    site: str | Path | SiteFile | None = None,
    *,
    fps: float | None = None,
    kind: str = "pedestrian",
) -> "polars.DataFrame":
    """The figures of trajectories that another program has made, the same rows and columns as `figures.csv`.

    `path` is a CSV, Parquet or PedPy text in metres, or an `.ottrk`; `site` a site file with places in metres, or the
    path of one. `fps` and `kind` say what the file leaves open: frames a second where it has frame numbers, and the
    label of the kind of all its road users. UserError when one of the files cannot be used, or for an unknown kind.
    """
    try:
        params = TrajectoryParams(fps=fps, kind=kind_from_label(kind))
    except ValueError as error:
        raise UserError(str(error)) from None
    job = _job(Path(path), site)
    measured = Measured(job, params)
    figures: list[Measurement] = []
    for _ in measured.run(figures.extend, Event()):
        pass
    return figures_table(figures, dated=job.dated)


def _job(path: Path, site: str | Path | SiteFile | None) -> Job:
    if isinstance(site, SiteFile):
        return plan_job(path, site)
    return load_job(path, None if site is None else Path(site))
