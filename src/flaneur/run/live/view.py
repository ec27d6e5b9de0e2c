"""One camera's way from frames to figures, as the loop in `run/pipeline.py`, for a camera that comes and goes."""

import time

import cv2
import numpy as np
from numpy.typing import NDArray

from flaneur.data.private import Detections, Frame, Tracks
from flaneur.data.released import Measurement, RedactedImage, RunFacts
from flaneur.data.time import to_s
from flaneur.detect.gate import MotionGate
from flaneur.detect.protocol import Detector
from flaneur.release.live_ghost import LiveGhost
from flaneur.run.clock import StageClock
from flaneur.run.collecting import JUDGED_NS
from flaneur.run.job import Job
from flaneur.run.live.camera_files import CameraFiles
from flaneur.run.live.turns import Waiting
from flaneur.run.live.vitals import Vitals
from flaneur.run.pipeline import Passed
from flaneur.run.software import software
from flaneur.source.live_clock import Clock
from flaneur.track.params import TrackParams
from flaneur.track.tracker import Tracker

LONG_AGO_NS = -(10**18)


class View:
    """Takes what waits of one camera, turn by turn, and gives the figures of complete intervals.

    For one thread at a time.
    """

    def __init__(
        self,
        job: Job,
        files: CameraFiles,
        detector: Detector,
        vitals: Vitals,
        clock: Clock,
        source: str,
        resume_ns: int | None = None,
        dropped: int = 0,
        *,
        shows: bool = False,
    ) -> None:
        """`source` is how the camera may be called in what is stored. Frames count from `job.start_ns`. Where the view
        `shows`, there is a picture of it.

        Since `resume_ns`, UTC, nobody has looked: intervals from then on are told, without values. `dropped` frames
        were dropped before.
        """
        self._job = job
        self._files = files
        self._detector = detector
        self._vitals = vitals
        self._clock = clock
        self._source = source
        self._stages = StageClock()
        self._begin_ns = clock.now_ns()
        self._shows = shows
        self._ghost: LiveGhost | None = None
        self._size_px: tuple[int, int] | None = None
        """Of the first picture; later ones of another size are brought to it."""
        self._measuring = files.measuring(job, detector.facts.kinds)
        self._connection = 0
        self._tracker: Tracker | None = None
        self._gate = MotionGate()
        self._seen: Detections | None = None
        self._passed = Passed()
        self.dropped = dropped
        """Frames that were dropped by the latest turn, in all."""
        self._dropped_before = dropped
        self._late = 0
        """Frames that came too late to be measured."""
        self._reached_ns = LONG_AGO_NS
        """Frames up to this moment come too late."""
        self._observed_s = 0.0
        since_ns = self._begin_ns if resume_ns is None else min(resume_ns, self._begin_ns)
        self._measuring.silence(since_ns - job.start_ns)

    @property
    def alarm_levels(self) -> dict[str, int]:
        """Zone -> level of its density alarm by now; -1 where it is not known."""
        return self._measuring.alarm_levels

    @property
    def picture(self) -> RedactedImage | None:
        """What may be seen of the camera now; None where that is nothing. Any thread may ask."""
        return None if self._ghost is None else self._ghost.picture(self._now_ns)

    def step(self, waiting: Waiting) -> list[Measurement]:
        """One turn."""
        for index, time_ns, dropped in waiting.in_order():
            self.dropped = dropped
            self._passed.add(index, time_ns, self._unused)
        figures: list[Measurement] = []
        if waiting.frame is not None:
            figures += self._look(waiting.frame, waiting.connection)
        elif waiting.silent_ns is not None:
            figures += self._silence(waiting.silent_ns - self._job.start_ns)
        return self._summed(figures)

    def finish(self) -> list[Measurement]:
        """The end: figures of all that is left, the running interval included."""
        figures = self._pause()
        if self._now_ns - self._reached_ns >= JUDGED_NS:
            figures += self._measuring.silence(self._now_ns)
        figures += self._measuring.finish(*self._passed.rest(self._unused))
        return self._summed(figures)

    def facts(self, *, complete: bool) -> RunFacts:
        """How the figures so far came about."""
        detector = self._detector.facts
        width_px, height_px = self._size_px or (0, 0)
        status = self._vitals.status(self._clock.now_ns())
        return RunFacts(
            source=self._source,
            site=self._job.site.name,
            camera=self._job.camera.name,
            timezone=self._job.site.timezone,
            dated=True,
            start_ns=self._begin_ns,
            end_ns=max(self._clock.now_ns(), self._begin_ns),
            width_px=width_px,
            height_px=height_px,
            frames_seen=status.frames_seen,
            frames_dropped=status.frames_dropped,
            observed_s=self._observed_s,
            complete=complete,
            detector=detector.name,
            detector_licence=detector.licence,
            detector_sha256=detector.sha256,
            detections_per_s=self._job.detector.rate_per_s,
            kinds=tuple(kind.label for kind in detector.kinds),
            software=software(),
            wall_s=to_s(self._clock.now_ns() - self._begin_ns),
            stage_ms_per_frame=self._stages.ms_per_frame(status.frames_seen),
            notes=tuple(self._measuring.notes()),
        )

    @property
    def _unused(self) -> int:
        """Frames that were dropped or late since it began."""
        return self.dropped - self._dropped_before + self._late

    @property
    def _now_ns(self) -> int:
        return self._clock.now_ns() - self._job.start_ns

    def _look(self, frame: Frame, connection: int) -> list[Measurement]:
        figures = self._pause() if connection != self._connection else []
        self._connection = connection
        if frame.time_ns <= self._reached_ns:
            self._late += 1
            return figures
        self._reached_ns = frame.time_ns
        if self._size_px is None:
            figures += self._meet(frame)
        assert self._size_px is not None
        assert self._tracker is not None
        index, time_ns = frame.index, frame.time_ns
        begin_ns = time.perf_counter_ns()
        frame = _sized(frame, self._size_px)
        detections = self._detect(frame)
        detect_s = to_s(time.perf_counter_ns() - begin_ns)
        with self._stages.stage("watch"):
            well_again = self._measuring.watch(frame)
        if well_again:
            figures += self._pause()
        with self._stages.stage("track"):
            known = self._tracker.step(index, time_ns, detections)
        if self._ghost is not None:
            with self._stages.stage("ghost"):
                self._ghost.step(frame, detections, known, healthy=not self._measuring.faults)
        figures += self._measure(known)
        self._vitals.looked(connection, self._clock.now_ns(), self._now_ns - time_ns, detect_s, self._measuring.faults)
        return figures

    def _detect(self, frame: Frame) -> Detections:
        """What is in a frame; the same as before where nothing has moved since."""
        with self._stages.stage("gate"):
            moved = self._gate.moved(frame.sketch(), frame.time_ns)
        if moved or self._seen is None:
            with self._stages.stage("convert"):
                bgr = frame.bgr()
            with self._stages.stage("detect"):
                self._seen = self._detector.detect(bgr)
        return self._seen

    def _measure(self, known: list[Tracks]) -> list[Measurement]:
        figures: list[Measurement] = []
        with self._stages.stage("measure"):
            for tracks in known:
                figures += self._measuring.step(tracks, *self._passed.before(tracks.frame_index))
        return figures

    def _meet(self, frame: Frame) -> list[Measurement]:
        """The first picture tells the size for which everything is set up; before it nobody looked."""
        before = self._measuring
        figures = before.silence(frame.time_ns - 1) + before.finish(np.zeros(0, np.int64), 0)
        self._size_px = frame.width_px, frame.height_px
        self._measuring = self._files.measuring(self._job, self._detector.facts.kinds, self._size_px)
        self._tracker = Tracker(TrackParams(), *self._size_px, np.random.default_rng())
        self._ghost = LiveGhost(*self._size_px) if self._shows else None
        return [one for one in figures if one.end_ns <= self._job.start_ns + frame.time_ns]

    def _pause(self) -> list[Measurement]:
        """The camera was lost: road users are not followed over that, and nothing is known to stand still."""
        self._gate, self._seen = MotionGate(), None
        return self._measure(self._tracker.flush()) if self._tracker else []

    def _silence(self, now_ns: int) -> list[Measurement]:
        """Nothing came for a while."""
        figures = self._pause()
        until_ns = now_ns - JUDGED_NS
        if until_ns > self._reached_ns:
            self._reached_ns = until_ns
            figures += self._measuring.silence(until_ns)
        return figures

    def _summed(self, figures: list[Measurement]) -> list[Measurement]:
        observed_s = {one.start_ns: one.coverage * to_s(one.end_ns - one.start_ns) for one in figures}
        self._observed_s += sum(observed_s.values())
        return figures


def _sized(frame: Frame, size_px: tuple[int, int]) -> Frame:
    """The frame in a picture of this size: a camera may change its own, and places are shares of the picture."""
    if (frame.width_px, frame.height_px) == size_px:
        return frame

    def load() -> NDArray[np.uint8]:
        return cv2.resize(frame.bgr(), size_px, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)

    return Frame(frame.index, frame.time_ns, *size_px, load, lambda: frame.sketch().copy())
