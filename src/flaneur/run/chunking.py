"""Chunk isolation: what a video yields for public figures when it is looked at anew every few seconds.

Detector cadence, motion gate, repeated answers, tracker and counters begin afresh with each chunk and end with it, so
what a chunk yields depends on its own frames and on nothing before or after. Time is cut on the grid of UTC.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile
from threading import Event

import numpy as np
from numpy.typing import NDArray

from flaneur.data.geometry import Places
from flaneur.data.private import Frame, Tracks
from flaneur.data.time import SECOND_NS
from flaneur.detect.protocol import Detector
from flaneur.measure import passing
from flaneur.measure.feet import picture_feet
from flaneur.measure.memory import Passes
from flaneur.measure.presence import presence
from flaneur.release.chunks import ChunkRows, PublicOccupancy, PublicTable, Tally
from flaneur.run.clock import StageClock
from flaneur.run.looking import look
from flaneur.track.params import TrackParams
from flaneur.track.tracker import Tracker

MAX_GAP_NS = SECOND_NS
"""A frame is good for the time until the next one, but for no longer than this."""


@dataclass(frozen=True, slots=True)
class ChunkParams:
    """What is measured of each chunk; takes frames of one size."""

    places: Places
    anchor: tuple[float, float]
    tables: Sequence[PublicTable]
    rate_per_s: float
    """Looks a second."""
    width_px: int
    height_px: int
    start_ns: int
    """UTC of the video's first frame."""
    chunk_ns: int


def chunk_rows(frames: Iterable[Frame], detector: Detector, params: ChunkParams, stop: Event) -> Iterator[ChunkRows]:
    """The rows of each chunk that has frames, in the order of time; none of a chunk in which `stop` was set."""
    until_stop = takewhile(lambda _: not stop.is_set(), frames)
    for chunk, held in groupby(until_stop, lambda frame: (params.start_ns + frame.time_ns) // params.chunk_ns):
        rows = _rows(held, chunk * params.chunk_ns, detector, params)
        if stop.is_set():
            return
        yield rows


def _rows(frames: Iterable[Frame], start_ns: int, detector: Detector, params: ChunkParams) -> ChunkRows:
    """What one chunk yields. Everything that remembers anything is made here and forgotten at the end."""
    times_ns: list[int] = []
    tracker = Tracker(TrackParams(), params.width_px, params.height_px, np.random.default_rng())
    counting = _Counting(params)
    for frame, detections in look(_timed(frames, times_ns), params.rate_per_s, 0.0, detector, StageClock()):
        for tracks in tracker.step(frame.index, frame.time_ns, detections):
            counting.step(tracks)
    for tracks in tracker.flush():
        counting.step(tracks)
    until_ns = start_ns + params.chunk_ns - params.start_ns
    return ChunkRows(start_ns, _observed_ns(times_ns, until_ns), counting.finish())


class _Counting:
    """What happens at the places during one chunk."""

    def __init__(self, params: ChunkParams) -> None:
        self._params = params
        self._places = passing.Places.in_picture(params.places, params.width_px, params.height_px)
        self._state = passing.start(self._places)
        self._line_names = [line.name for line in params.places.lines]
        self._zone_names = [zone.name for zone in params.places.zones]
        self._lines: list[Passes] = []
        self._zones: list[Passes] = []
        self._present: list[NDArray[np.int32]] = []

    def step(self, tracks: Tracks) -> None:
        feet = picture_feet(tracks, self._params.anchor)
        self._state, passed = passing.step(self._state, feet, self._places)
        self._lines.append(passed.lines)
        self._zones.append(passed.zones)
        self._present.append(presence(feet, passed.inside).count)

    def finish(self) -> tuple[Tally, ...]:
        passed = passing.finish(self._state, self._places)
        lines = Passes.joined(*self._lines, passed.lines)
        zones = Passes.joined(*self._zones, passed.zones)
        return tuple(self._tally(table, lines, zones) for table in self._params.tables)

    def _tally(self, table: PublicTable, lines: Passes, zones: Passes) -> Tally:
        if isinstance(table, PublicOccupancy):
            zone = self._zone_names.index(table.place)
            return table.rows(np.stack([count[zone] for count in self._present]))
        of_lines = table.measure == "crossings"
        passes, names = (lines, self._line_names) if of_lines else (zones, self._zone_names)
        at = np.flatnonzero(passes.place == names.index(table.place))
        at = at[np.argsort(passes.time_ns[at], kind="stable")]
        return table.rows(passes.track_id[at], passes.direction[at], passes.kind[at])


def _timed(frames: Iterable[Frame], times_ns: list[int]) -> Iterator[Frame]:
    """The frames; notes their times."""
    for frame in frames:
        times_ns.append(frame.time_ns)
        yield frame


def _observed_ns(times_ns: Sequence[int], until_ns: int) -> int:
    """How long frames were good for; each until the next one, the last one as long as the one before."""
    steps = np.minimum(np.diff(times_ns), MAX_GAP_NS)
    last = min(int(steps[-1]) if len(steps) else 0, until_ns - times_ns[-1])
    return int(steps.sum()) + last
