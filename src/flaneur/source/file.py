"""A video file as a stream of frames."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from numpy.typing import NDArray

from flaneur.data.notes import Note
from flaneur.data.private import Frame
from flaneur.data.time import SECOND_NS, to_s
from flaneur.source import decoding, opening
from flaneur.source.damage import Damage
from flaneur.source.opening import SourceError, SourceInfo
from flaneur.source.picture import Easel, Loader, is_interlaced, turn_of
from flaneur.source.timeline import Timeline

USUAL_RATE_PER_S = Fraction(25)
"""Taken where frames have no time stamps and the file states no rate that can be true."""
DISTRUST_S = 10
"""After damage, pictures are dropped until the next key frame, but no longer than this: some cameras send
none for hours and mend the picture bit by bit."""
EARLY_END_S = 1.0
"""A header may round its length; less than this is not worth a note."""


@dataclass(frozen=True, slots=True, eq=False)
class SourceParams:
    """What is done to each picture before anything looks at it."""

    masks: tuple[NDArray[np.float64], ...] = ()
    """Polygons that are painted over, each float64 [k, 2], k >= 3, in fractions of the upright picture."""

    def __post_init__(self) -> None:
        for mask in self.masks:
            if mask.dtype != np.float64 or mask.ndim != 2 or mask.shape[1] != 2 or len(mask) < 3:
                raise ValueError(f"a mask must be float64 [k, 2] with k >= 3, not {mask.dtype} {mask.shape}")


class FileSource:
    """A video file: `with FileSource(path) as source: for frame in source.frames(): ...`.

    Raises SourceError at once for what cannot be used. Damage further on raises nothing: it is counted in
    `frames_dropped`, told in `notes`, and shows as a gap in the times of the frames.
    """

    info: SourceInfo

    def __init__(self, path: Path | str, params: SourceParams | None = None) -> None:
        masks = params.masks if params else ()
        self._damage = Damage()
        with ExitStack() as stack:
            file = stack.enter_context(opening.open_file(path))
            container = stack.enter_context(opening.open_container(file, self._damage))
            stream = opening.best_video(container, str(path))
            rate = opening.average_rate(stream) or USUAL_RATE_PER_S
            self._timeline = Timeline(round(SECOND_NS / rate))
            decoding.prepare(stream)
            packets = decoding.file_packets(container, stream, self._damage)
            pictures = decoding.decode(packets, stream, round(DISTRUST_S * rate) + 1, self._damage)
            first = next((picture for picture in pictures if picture is not None), None)
            if first is None:
                raise SourceError(f"no picture in {path} could be decoded; copy it again from where it was recorded.")
            self._easel = Easel(first.width, first.height, turn_of(first, stream.metadata), masks)
            Loader(self._easel, first)()  # what FFmpeg cannot convert is told now, not in the middle of a run
            self.info = opening.describe(
                container, stream, Path(path).name, self._easel.width_px, self._easel.height_px
            )
            self._remarks = opening.remarks(container, stream)
            self._length_is_stated = container.format.name in opening.LENGTH_IN_HEADER
            stamp = decoding.stamp_reader(container.format.name, first, stream.time_base or 1 / rate)
            self._frames = self._read(chain((first,), pictures), stamp, (first.width, first.height))
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def frames_dropped(self) -> int:
        """Frames so far that are known to exist and could not be used."""
        return self._damage.frames_dropped

    @property
    def missing_s(self) -> float:
        """How much earlier the pictures ended than the header promises; known when all were read."""
        return self._damage.ended_early_s

    @property
    def notes(self) -> list[Note]:
        """What a reader of the figures must know about the file so far: at most a dozen notes."""
        return self._remarks + self._damage.notes()

    def frames(self) -> Iterator[Frame]:
        """The frames, once: times strictly increase from 0, index counts from 0.

        A frame's picture is converted when it is first looked at, from any thread, and stays valid after later
        frames were read and the file was closed. A frame that is let go frees its memory.
        """
        return self._frames

    def _read(
        self,
        pictures: Iterable[av.VideoFrame | None],
        stamp: Callable[[av.VideoFrame], int | None],
        size_px: tuple[int, int],
    ) -> Iterator[Frame]:
        index = 0
        for picture in pictures:
            if picture is None:
                self._timeline.skip()
                continue
            time_ns = self._timeline.stamp(stamp(picture))
            self._damage.guessed, self._damage.jumps = self._timeline.guessed, self._timeline.jumps
            if time_ns is None:
                self._damage.late += 1
                continue
            self._damage.resized += (picture.width, picture.height) != size_px
            self._damage.interlaced += is_interlaced(picture)
            loader = Loader(self._easel, picture)
            yield Frame(index, time_ns, self._easel.width_px, self._easel.height_px, loader, loader.sketch)
            index += 1
        if self._length_is_stated:
            missing_s = (self.info.duration_s or 0.0) - to_s(self._timeline.end_ns)
            if missing_s > EARLY_END_S:
                self._damage.ended_early_s = missing_s
                self._damage.missing = round(missing_s * (self.info.rate_per_s or USUAL_RATE_PER_S))
