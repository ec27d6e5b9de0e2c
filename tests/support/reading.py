"""Reads a video in a process of its own, because a crash in a C library would take the test run with it."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from flaneur.data.notes import Note
from flaneur.source import FileSource, SourceError


@dataclass(frozen=True)
class Read:
    """What came of reading a video to its end."""

    refused: str | None
    times_ns: tuple[int, ...] = ()
    dropped: int = 0
    notes: tuple[Note, ...] = ()
    shapes: frozenset[tuple[int, ...]] = frozenset()
    stated_shape: tuple[int, ...] = ()


def read(path: Path, look_every: int = 1) -> Read:
    """Read all frames and look at every `look_every`th."""
    try:
        with FileSource(path) as source:
            times_ns, shapes = [], set()
            for frame in source.frames():
                times_ns.append(frame.time_ns)
                if frame.index % look_every == 0:
                    shapes.add(frame.bgr().shape)
            stated = (source.info.height_px, source.info.width_px, 3)
            return Read(None, tuple(times_ns), source.frames_dropped, tuple(source.notes), frozenset(shapes), stated)
    except SourceError as error:
        return Read(str(error))


@contextmanager
def reading_process() -> Iterator[ProcessPoolExecutor]:
    """A process to submit `read` to; BrokenProcessPool says that it crashed."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield pool
