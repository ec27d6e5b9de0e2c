"""Everything of a run that can be looked at: the redacted video, the background, the heat map."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from flaneur.data.notes import Note
from flaneur.data.private import Detections, Frame, Tracks
from flaneur.data.released import HeatMap, RedactedImage
from flaneur.data.time import SECOND_NS
from flaneur.release.background import BackgroundLearner
from flaneur.release.heatmap import HeatMapAccumulator
from flaneur.release.redact import Redactor, RedactParams
from flaneur.run.clock import StageClock
from flaneur.run.job import Job
from flaneur.run.looking import Cadence
from flaneur.serve.formats import Words
from flaneur.serve.video import RedactedVideoWriter
from flaneur.source import SourceInfo

Counts = Mapping[tuple[str, str], int]
"""(place, direction) -> events so far."""


REPORT_SAMPLES_NS = SECOND_NS
LEARNED_PER_S = 2.5
"""The report shows the place once, at the end: its background need not be learned in haste, nor from every look."""
CAPTIONS = 6
"""Lines of running counts in the video; more would hide the street."""


class Pictures:
    """Learns the empty place and where road users spend their time; writes the redacted video if it has a path."""

    def __init__(self, job: Job, info: SourceInfo, clock: StageClock, video: Path | None, language: str) -> None:
        self._clock = clock
        self._words = Words(language)
        self._learns = Cadence(LEARNED_PER_S)
        self._background = BackgroundLearner(info.width_px, info.height_px, REPORT_SAMPLES_NS)
        self._heat = HeatMapAccumulator(info.width_px, info.height_px)
        self._params = RedactParams()
        self._redactor = Redactor(info.width_px, info.height_px, self._params)
        self._places = job.camera.places
        self._path = video
        self._writer: RedactedVideoWriter | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        if self._path is not None:
            size = self._redactor.width_px, self._redactor.height_px
            self._writer = self._stack.enter_context(RedactedVideoWriter(self._path, *size, self._places))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    @property
    def rate_per_s(self) -> float:
        """Pictures a second that are wanted besides those that the detector looks at."""
        return self._params.most_per_s if self._path is not None else 0.0

    @property
    def notes(self) -> list[Note]:
        """What the reader of the report must know about the pictures."""
        hidden = self._redactor.fully_hidden
        return [Note("hidden_pictures", (hidden, self._redactor.pictures))] if hidden else []

    def step(self, frame: Frame, detections: Detections | None, tracks: Sequence[Tracks], counts: Counts) -> None:
        """Take a frame, what was seen in it, and the tracks of earlier frames that have become known with it."""
        if detections is not None and self._learns.due(frame.time_ns):
            with self._clock.stage("background"):
                self._background.step(frame, detections)
        self._add_heat(tracks)
        if self._writer is not None:
            with self._clock.stage("redact"):
                images = self._redactor.step(frame, detections, tracks)
            self._write(images, counts)

    def finish(self, tracks: Sequence[Tracks], counts: Counts) -> None:
        """The end of the video."""
        self._add_heat(tracks)
        if self._writer is not None:
            self._write(self._redactor.finish(tracks), counts)

    def heat_map(self) -> HeatMap:
        """Where road users spent their time so far."""
        return self._heat.finish()

    def background(self) -> RedactedImage:
        """The place without people, as far as it was seen empty."""
        return self._background.image()

    def _add_heat(self, tracks: Sequence[Tracks]) -> None:
        with self._clock.stage("heat map"):
            for each in tracks:
                self._heat.step(each)

    def _write(self, images: Sequence[RedactedImage], counts: Counts) -> None:
        assert self._writer is not None
        with self._clock.stage("encode"):
            for image in images:
                self._writer.write(image, self._captions(counts))

    def _captions(self, counts: Counts) -> list[str]:
        """The largest counts so far, one line each, in an order that stays."""
        largest = sorted(sorted(counts, key=lambda key: -counts[key])[:CAPTIONS])
        return [
            f"{self._words.place(place)} {self._words.direction(way)}".strip() + f"  {counts[place, way]}"
            for place, way in largest
        ]
