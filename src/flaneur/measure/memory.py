"""What a measure remembers of each live track: columns of arrays, one row per track, sorted by id."""

from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from flaneur.data.private import Events, Private, Samples

Table = TypeVar("Table", bound="TrackTable")


NO_ROWS = np.zeros(0, np.intp)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class TrackTable(Private):
    """Base of all per-track states. Every field is an array whose first dimension is the track.

    Their names are in `__match_args__`; `dataclasses.fields` takes longer than most of what is done to them.
    """

    BLANK: ClassVar[dict[str, Any]] = {}
    """What a column holds for a new track where that is not 0."""

    track_id: NDArray[np.int64]
    """[m] strictly increasing."""

    def __len__(self) -> int:
        return len(self.track_id)


def admit(table: Table, track_id: NDArray[np.int64]) -> tuple[Table, NDArray[np.intp], NDArray[np.bool_]]:
    """The table with a row for every `track_id` [n]; the row of each; and True where it was there before."""
    row, known = find(table, track_id)
    if known.all():
        return table, row, known
    new = np.sort(track_id[~known])
    row += new.searchsorted(track_id)
    at = table.track_id.searchsorted(new) + np.arange(len(new))
    held = np.ones(len(table) + len(new), np.bool_)
    held[at] = False
    source = held.cumsum() - 1

    def grown(name: str) -> NDArray[Any]:
        column: NDArray[Any] = getattr(table, name)
        blank = table.BLANK.get(name, 0)
        if not len(table):
            return np.full((len(new), *column.shape[1:]), blank, column.dtype)
        column = column.take(source, axis=0, mode="clip")
        column[at] = blank
        return column

    columns = {name: grown(name) for name in table.__match_args__}
    columns["track_id"][at] = new
    return type(table)(**columns), row, known


def find(table: TrackTable, track_id: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """The row of each `track_id` [n], and whether it is there; where it is not, the row before which it belongs."""
    row = table.track_id.searchsorted(track_id)
    if not len(table):
        return row, np.zeros(len(track_id), np.bool_)
    known: NDArray[np.bool_] = table.track_id.take(row, mode="clip") == track_id
    return row, known


def put(column: NDArray[Any], row: NDArray[np.intp] | tuple[NDArray[Any], ...], values: Any) -> NDArray[Any]:
    """A copy of `column` with `values` at `row`, or row and column: states are never changed in place."""
    if isinstance(values, np.ndarray) and column.ndim > 1 and values.shape == column.shape and _every(row):
        return values.astype(column.dtype)  # some ten times faster
    out = column.copy()
    out[row] = values
    return out


def _every(row: NDArray[np.intp] | tuple[NDArray[Any], ...]) -> bool:
    """Whether these are all rows in order, which they are where everybody is seen and comes in order of the ids."""
    return isinstance(row, np.ndarray) and len(row) > 0 and bool((row[1:] > row[:-1]).all())


def rows_of(table: TrackTable, track_id: NDArray[np.int64]) -> NDArray[np.intp]:
    """Rows of those of `track_id` that the table holds, increasing, each once."""
    if not len(track_id) or not len(table):
        return NO_ROWS
    row, known = find(table, track_id)
    held = np.zeros(len(table), np.bool_)
    held[row[known]] = True
    return np.flatnonzero(held)


def evict(table: Table, rows: NDArray[np.intp]) -> Table:
    """The table without `rows`."""
    if not len(rows):
        return table
    stays = np.ones(len(table), np.bool_)
    stays[rows] = False
    rest = np.flatnonzero(stays)
    return type(table)(**{name: getattr(table, name).take(rest, axis=0) for name in table.__match_args__})


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Passes(Private):
    """Passages of tracks through places: events that still know whose they are."""

    track_id: NDArray[np.int64]
    """[n]"""
    time_ns: NDArray[np.int64]
    """[n]"""
    place: NDArray[np.int32]
    """[n] index into the places of the measure."""
    direction: NDArray[np.int8]
    """[n] +1 or -1, or 0 for a track that was in a zone from its beginning."""
    kind: NDArray[np.uint8]
    """[n]"""

    def __len__(self) -> int:
        return len(self.track_id)

    def events(self) -> Events:
        """The same without the tracks' ids, and without what is no movement."""
        if not len(self):
            return NO_EVENTS
        moved = self.direction != 0
        return Events(self.time_ns[moved], self.place[moved], self.direction[moved], self.kind[moved])

    @staticmethod
    def joined(*parts: "Passes") -> "Passes":
        """All rows of `parts`."""
        full = [part for part in parts if len(part)]
        if len(full) < 2:
            return full[0] if full else NO_PASSES
        return Passes(*(np.concatenate([getattr(part, f.name) for part in full]) for f in fields(Passes)))


NO_EVENTS = Events.none()
NO_PASSES = Passes(np.zeros(0, np.int64), NO_EVENTS.time_ns, NO_EVENTS.place, NO_EVENTS.direction, NO_EVENTS.kind)
NO_SAMPLES = Samples.none()
