"""`flaneur redact`: a video in, the same video with every road user hidden out."""

import itertools
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Event
from typing import Literal

import numpy as np

from flaneur.data.errors import UserError
from flaneur.data.geometry import Places
from flaneur.data.time import MINUTE_NS
from flaneur.release.background import BackgroundLearner
from flaneur.release.ghost import Ghost
from flaneur.release.redact import Redactor, RedactParams
from flaneur.run.clock import StageClock
from flaneur.run.job import Job
from flaneur.run.looking import look
from flaneur.run.measure_file import Shows
from flaneur.run.opening import open_job_detector, open_source
from flaneur.run.pipeline import Moment
from flaneur.serve.video import RedactedVideoWriter
from flaneur.source import SourceInfo
from flaneur.track.params import TrackParams
from flaneur.track.tracker import Tracker

Style = Literal["fill", "ghost"]
"""Flat colour over each road user; or the street without anybody and a glyph for each."""

PARAMS = RedactParams(longest_px=1920, most_per_s=30.0)
"""Full HD and the usual rate; more would need gigabytes for the pictures that wait for their delay to pass."""
WARM_UP_NS = 2 * MINUTE_NS
"""So much of a video is looked at beforehand, so that ghosts walk on a street from the first picture on."""


def redact_file(
    job: Job,
    out: Path,
    *,
    style: Style,
    overwrite: bool,
    stop: Event,
    display: Callable[[int | None], AbstractContextManager[Shows]],
) -> tuple[int, int]:
    """Write the job's video to `out` with every road user hidden; how many pictures there are, and how many all flat.

    Only pictures are written: no sound, no subtitles, no place, no camera's name. UserError when the video, the model
    or `out` cannot be used, or when `stop` is set: half of a video would pass for the whole.
    """
    if out.suffix.lower() != ".mp4":
        raise UserError(f"{out}: the redacted video is an MP4 file; give it a name that ends in .mp4")
    if out.exists() and not overwrite:
        raise UserError(f"{out}: exists already; name another file, or replace it with --overwrite")
    with open_source(job) as source:
        if out.exists() and out.samefile(job.video):
            raise UserError(f"{out}: is the video itself; name another file")
        info = source.info
        painter = _painter(job, info, style, stop)
        tracker = Tracker(TrackParams(), info.width_px, info.height_px, np.random.default_rng())
        detector = open_job_detector(job)
        rate_per_s = job.detector.rate_per_s
        size = painter.width_px, painter.height_px
        with RedactedVideoWriter(out, *size, Places()) as writer, display(info.frames_estimate) as shown:
            frames = source.frames()
            for frame, detections in look(frames, rate_per_s, PARAMS.most_per_s, detector, StageClock()):
                if stop.is_set():
                    raise UserError(f"stopped; {out} was not written")
                tracks = tracker.step(frame.index, frame.time_ns, detections) if detections is not None else []
                for image in painter.step(frame, detections, tracks):
                    writer.write(image)
                shown.show(Moment(frame.index + 1, frame.time_ns, {}))
            for image in painter.finish(tracker.flush()):
                writer.write(image)
    return painter.pictures, painter.fully_hidden


def _painter(job: Job, info: SourceInfo, style: Style, stop: Event) -> Redactor | Ghost:
    if style == "fill":
        return Redactor(info.width_px, info.height_px, PARAMS)
    return Ghost(_learned(job, info, stop), info.width_px, info.height_px, PARAMS.most_per_s)


def _learned(job: Job, info: SourceInfo, stop: Event) -> BackgroundLearner:
    """The place of the video's beginning, as far as it is seen empty."""
    background = BackgroundLearner(info.width_px, info.height_px)
    with open_source(job) as source:
        beginning = itertools.takewhile(lambda frame: frame.time_ns < WARM_UP_NS, source.frames())
        for frame, detections in look(beginning, job.detector.rate_per_s, 0.0, open_job_detector(job), StageClock()):
            if stop.is_set():
                break
            if detections is not None:
                background.step(frame, detections)
    background.rewind()
    return background
