"""What one chunk of video may contribute to public figures: a bounded number of bounded rows, as whole numbers.

There are two ways to bound it:
- per *chunk*: so many rows at most, whatever the chunk shows. One event may then change a chunk that it touches in any
  way at all, the worst case of Privid. Where rows have a direction, they may go from one to the other, which changes
  both.
- per *track*: so many events of each track at most, and as many tracks as there are. One event then changes a chunk by
  no more than that, *assuming* that whoever passes is one track in a chunk and changes no other track.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import ALL_KINDS
from flaneur.data.private import Private
from flaneur.release.sensitivity import Protection, of_sum, rows_influenced

Tally = NDArray[np.int64]
STEPS = 1000
"""Occupancy is told in thousandths of a road user."""


@dataclass(frozen=True, slots=True)
class RowLimit:
    """Rows of a chunk at most."""

    rows: int


@dataclass(frozen=True, slots=True)
class TrackLimit:
    """Events of a track in a chunk at most."""

    events: int


@dataclass(frozen=True, slots=True)
class PublicCount:
    """Crossings of a line or passages of a zone's border, by direction; a row is an event."""

    measure: str
    place: str
    kind: int
    """Code of a kind, or `ALL_KINDS`."""
    directions: tuple[str, str]
    """Labels of +1 and of -1."""
    limit: RowLimit | TrackLimit

    def l1(self, protection: Protection) -> int:
        """How much one event can change the sums of any number of chunks."""
        if isinstance(self.limit, RowLimit):
            return 2 * rows_influenced(protection, self.limit.rows)
        return rows_influenced(protection, self.limit.events)

    def reach(self, chunks: int) -> tuple[int, int | None]:
        """What a direction's sum over so many chunks can be at the least and, where that is limited, at the most."""
        return 0, chunks * self.limit.rows if isinstance(self.limit, RowLimit) else None

    def rows(self, track_id: NDArray[np.int64], direction: NDArray[np.int8], kind: NDArray[np.uint8]) -> Tally:
        """A chunk's events at the place in the order of time, clipped to the limit: int64 [2], one for each direction.

        Direction 0 is no movement and no event.
        """
        counts = (direction != 0) & ((kind == self.kind) | (self.kind == ALL_KINDS))
        track_id, direction = track_id[counts], direction[counts]
        if isinstance(self.limit, RowLimit):
            kept = direction[: self.limit.rows]
        else:
            kept = direction[_ordinal(track_id) < self.limit.events]
        return np.array((np.count_nonzero(kept > 0), np.count_nonzero(kept < 0)), np.int64)


@dataclass(frozen=True, slots=True)
class PublicOccupancy:
    """Road users in a zone, averaged over a chunk; a chunk yields one row."""

    place: str
    kind: int
    clip: tuple[float, float] | None
    """[lo, hi] of a chunk's row; None where road users are bounded by the assumption of a track limit."""

    measure = "occupancy"
    directions = ("",)

    def l1(self, protection: Protection) -> int:
        """How much one event can change the sums of any number of chunks."""
        low, high = (0, STEPS) if self.clip is None else self._clip_steps(self.clip)
        return of_sum(rows_influenced(protection, 1), low, high)

    def reach(self, chunks: int) -> tuple[int, int | None]:
        """What the sum over so many chunks can be at the least and, where that is limited, at the most."""
        if self.clip is None:
            return 0, None
        low, high = self._clip_steps(self.clip)
        return chunks * low, chunks * high

    def rows(self, present: NDArray[np.int32]) -> Tally:
        """The row of a chunk with so many `present` [moments, kinds] in the zone; `lo` where nothing was looked at."""
        of_kind = present if self.kind == ALL_KINDS else present[:, self.kind]
        total, moments = int(of_kind.sum()), max(len(present), 1)
        mean = (2 * STEPS * total + moments) // (2 * moments)  # rounded without floating point: one more is one more
        if self.clip is not None:
            low, high = self._clip_steps(self.clip)
            mean = min(max(mean, low), high)
        return np.array((mean,), np.int64)

    @staticmethod
    def _clip_steps(clip: tuple[float, float]) -> tuple[int, int]:
        return round(STEPS * clip[0]), round(STEPS * clip[1])


PublicTable = PublicCount | PublicOccupancy


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ChunkRows(Private):
    """What one chunk yields."""

    start_ns: int
    """UTC."""
    observed_ns: int
    """Time for which there were pictures, whatever they show."""
    tallies: tuple[Tally, ...]
    """One for each table."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class WindowRows(Private):
    """What the chunks of one window yield together: exact, and so not to be told."""

    start_ns: int
    """UTC."""
    from_ns: int
    until_ns: int
    """The chunks of the window that the video reaches, UTC."""
    chunks: int
    """How many had pictures."""
    observed_ns: int
    tallies: tuple[Tally, ...]
    """One for each table."""


def windows(chunks: Iterable[ChunkRows], protection: Protection, window_ns: int) -> list[WindowRows]:
    """The windows of chunks that come in the order of time."""
    out = []
    for start_ns, group in groupby(chunks, lambda chunk: chunk.start_ns - chunk.start_ns % window_ns):
        held = list(group)
        out.append(
            WindowRows(
                start_ns=start_ns,
                from_ns=held[0].start_ns,
                until_ns=held[-1].start_ns + protection.chunk_ns,
                chunks=len(held),
                observed_ns=sum(chunk.observed_ns for chunk in held),
                tallies=_summed([chunk.tallies for chunk in held]),
            )
        )
    return out


def _summed(tallies: Sequence[tuple[Tally, ...]]) -> tuple[Tally, ...]:
    return tuple(np.sum(table, axis=0, dtype=np.int64) for table in zip(*tallies, strict=True))


def _ordinal(track_id: NDArray[np.int64]) -> NDArray[np.intp]:
    """How many earlier entries are equal, for each."""
    order = np.argsort(track_id, kind="stable")
    ordered = track_id[order]
    first = np.searchsorted(ordered, ordered)
    out = np.empty(len(track_id), np.intp)
    out[order] = np.arange(len(track_id)) - first
    return out
