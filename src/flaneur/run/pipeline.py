"""The loop: the way of a frame, from the source to figures and redacted pictures.

source ─ Frame ─> look (detect) ─ Detections ─> track ─ Tracks ─> measure ─> release ─> keep
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from threading import Event

import numpy as np
from numpy.typing import NDArray

from flaneur.data.private import Frame, Tracks
from flaneur.data.released import Measurement
from flaneur.detect.protocol import Detector
from flaneur.run.clock import StageClock
from flaneur.run.job import Job
from flaneur.run.looking import look
from flaneur.run.measuring import Measuring
from flaneur.run.pictures import Pictures
from flaneur.source import FileSource
from flaneur.track.params import TrackParams
from flaneur.track.tracker import Tracker


@dataclass(frozen=True, slots=True)
class Moment:
    """How far a run is."""

    frames: int
    """Decoded so far."""
    time_ns: int
    """Of the latest frame, since the video's first one."""
    counts: Mapping[tuple[str, str], int]
    """(place, direction) -> crossings, passages and flows so far, over all kinds."""


class Passed:
    """Remembers the frames that went by at the source until the ones around them are measured."""

    def __init__(self) -> None:
        self.frames = 0
        self.last_ns = 0
        self._waiting: deque[tuple[int, int, int]] = deque()
        self._dropped = 0

    def add(self, index: int, time_ns: int, dropped: int) -> None:
        """A frame was decoded; `dropped` were lost so far."""
        self.frames, self.last_ns = index + 1, time_ns
        self._waiting.append((index, time_ns, dropped))

    def before(self, frame_index: int) -> tuple[NDArray[np.int64], int]:
        """Times of the frames since the last call and before this one, and how many were lost up to this one."""
        between_ns = []
        dropped = self._dropped
        while self._waiting and self._waiting[0][0] <= frame_index:
            index, time_ns, dropped = self._waiting.popleft()
            if index < frame_index:
                between_ns.append(time_ns)
        lost, self._dropped = dropped - self._dropped, dropped
        return np.array(between_ns, np.int64), lost

    def rest(self, dropped: int) -> tuple[NDArray[np.int64], int]:
        """Times of the frames since the last call, and how many were lost since, given `dropped` in all."""
        between_ns, lost = self.before(self.frames)
        return between_ns, lost + dropped - self._dropped


def run_pipeline(
    source: FileSource,
    detector: Detector,
    job: Job,
    measuring: Measuring,
    keep: Callable[[list[Measurement]], None],
    clock: StageClock,
    stop: Event,
    pictures: Pictures | None = None,
) -> Iterator[Moment]:
    """Measure `source` to its end or until `stop` is set; hands the figures of each complete interval to `keep`.

    Figures do not depend on `pictures`: only frames that the detector looked at are measured.
    """
    info = source.info
    tracker = Tracker(TrackParams(), info.width_px, info.height_px, np.random.default_rng())
    passed = Passed()

    def measure(tracks: Tracks) -> None:
        with clock.stage("measure"):
            figures = measuring.step(tracks, *passed.before(tracks.frame_index))
        if figures:
            with clock.stage("store"):
                keep(figures)

    rate_per_s = job.detector.rate_per_s
    frames = _decoded(source, passed, clock, stop)
    for frame, detections in look(frames, rate_per_s, pictures.rate_per_s if pictures else 0.0, detector, clock):
        known: list[Tracks] = []
        if detections is not None:
            with clock.stage("watch"):
                well_again = measuring.watch(frame)
            with clock.stage("track"):
                if well_again:
                    known = tracker.flush()
                known += tracker.step(frame.index, frame.time_ns, detections)
            for tracks in known:
                measure(tracks)
        if pictures is not None:
            pictures.step(frame, detections, known, measuring.counts)
        yield Moment(passed.frames, passed.last_ns, measuring.counts)
    known = tracker.flush()
    for tracks in known:
        measure(tracks)
    if pictures is not None:
        pictures.finish(known, measuring.counts)
    keep(measuring.finish(*passed.rest(source.frames_dropped)))
    yield Moment(passed.frames, passed.last_ns, measuring.counts)


def _decoded(source: FileSource, passed: Passed, clock: StageClock, stop: Event) -> Iterator[Frame]:
    """The source's frames, counted and timed, until `stop` is set."""
    frames = source.frames()
    while not stop.is_set():
        with clock.stage("decode"):
            frame = next(frames, None)
        if frame is None:
            return
        passed.add(frame.index, frame.time_ns, source.frames_dropped)
        yield frame
