"""Phases of traffic signals from a CSV file.

    time_s,group,state                    time,until,group,state
    0,north,red                           2026-05-04T08:00:00+02:00,2026-05-04T08:00:31+02:00,north,red
    31.5,north,green                      2026-05-04T08:00:31+02:00,2026-05-04T08:00:52+02:00,north,green

One row for each change. `time_s` counts seconds from the first frame of the video; `time` is a date and time with its
offset from UTC. With a column `until_s` or `until` a row says when its state ends; what lies between two rows is then
unknown. Without one, a state lasts to the next row of its group, and the last one at most `LONGEST_PHASE_NS`, so that
a record that stops does not leave the signal red for the rest of the day. Other columns are passed over.
"""

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Self

import numpy as np

from flaneur.data.errors import UserError
from flaneur.data.signals import SignalPhases, SignalState
from flaneur.data.time import SECOND_NS, to_ns

LONGEST_PHASE_NS = 300 * SECOND_NS
"""Far above the 120 s at which signal cycles are capped in practice (FGSV, RiLSA 2015)."""
YEARS = range(1970, 2200)
"""Whose nanoseconds since 1970 have room in 64 bits."""
STATES = {state.label: state for state in SignalState} | {
    "yellow": SignalState.AMBER,
    "red-yellow": SignalState.RED_AMBER,
    "flashing-amber": SignalState.OFF,
    "flashing-yellow": SignalState.OFF,
    "dark": SignalState.OFF,
}


@dataclass(slots=True)
class _Record:
    """The rows of one group so far."""

    start_ns: list[int] = field(default_factory=list)
    state: list[SignalState] = field(default_factory=list)
    row: int = 0
    """Line of the file that was read last."""
    until_ns: int | None = None

    def add(self, where: str, row: int, start_ns: int, until_ns: int | None, state: SignalState) -> None:
        if self.start_ns and start_ns <= self.start_ns[-1]:
            raise UserError(
                f"{where}, row {row}: its time is not later than that of row {self.row} for the same group; "
                "sort the rows by time and leave one for each change."
            )
        if self.until_ns is not None and start_ns < self.until_ns:
            raise UserError(f"{where}, row {row}: it begins before row {self.row} of the same group ends; mend one.")
        if until_ns is not None and until_ns <= start_ns:
            raise UserError(f"{where}, row {row}: it ends before it begins.")
        if self.until_ns is not None and start_ns > self.until_ns:
            self.start_ns.append(self.until_ns)
            self.state.append(SignalState.UNKNOWN)
        self.start_ns.append(start_ns)
        self.state.append(state)
        self.row, self.until_ns = row, until_ns

    def phases(self, group: str) -> SignalPhases:
        end_ns = self.start_ns[-1] + LONGEST_PHASE_NS if self.until_ns is None else self.until_ns
        start_ns = np.array([*self.start_ns, end_ns], np.int64)
        return SignalPhases.merged(group, start_ns, np.array([*self.state, SignalState.UNKNOWN], np.uint8))


@dataclass(frozen=True, slots=True, eq=False)
class SignalFile:
    """What a file tells, for videos that begin at any time."""

    name: str
    is_dated: bool
    groups: Mapping[str, SignalPhases]
    """In UTC nanoseconds since 1970 where the file has dates, else since the video's first frame."""

    @classmethod
    def read(cls, path: Path | str) -> Self:
        """UserError with file and row for everything that cannot be read or contradicts itself."""
        where = Path(path).name
        try:
            with Path(path).open(newline="", encoding="utf-8-sig") as file:
                header = next(file, "")
                names = [name.strip().lower() for name in next(csv.reader([header], delimiter=_delimiter(header)), [])]
                clock = _Clock.of(where, names)
                records = _records(where, names, clock, csv.reader(file, delimiter=_delimiter(header)))
        except OSError as error:
            raise UserError(f"signal file {path}: {error.strerror}.") from None
        except (UnicodeDecodeError, csv.Error) as error:
            raise UserError(f"{where} is no CSV text ({error}); save it as CSV in UTF-8.") from None
        return cls(where, clock.is_dated, {group: record.phases(group) for group, record in records.items()})

    def phases(self, group: str, first_frame_ns: int | None = None) -> SignalPhases:
        """The phases of a group on the clock of a video that begins at `first_frame_ns` (UTC since 1970).

        UserError for a group that the file does not know, and for one with dates when it is not known when the video
        begins.
        """
        if group not in self.groups:
            raise UserError(
                f"{self.name} has no row for signal group {group!r}; "
                f"it knows {', '.join(map(repr, sorted(self.groups))) or 'none'}."
            )
        phases = self.groups[group]
        if not self.is_dated:
            return phases
        if first_frame_ns is None:
            raise UserError(
                f"{self.name} gives dates, but when the video begins is not known: "
                "state its start, or give 'time_s' in seconds from its first frame."
            )
        return replace(phases, start_ns=phases.start_ns - first_frame_ns)


def _records(where: str, names: list[str], clock: "_Clock", rows: Iterator[list[str]]) -> dict[str, _Record]:
    for name in ("group", "state"):
        if name not in names:
            raise UserError(f"{where}: no column {name!r} in its first row ({', '.join(names) or 'empty'}).")
    group_at, state_at = names.index("group"), names.index("state")
    records: dict[str, _Record] = {}
    for row, cells in enumerate(rows, 2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(names):
            raise UserError(f"{where}, row {row}: {len(cells)} columns where the first row names {len(names)}.")
        start_ns, until_ns = clock.read(row, cells)
        state = _state(where, row, cells[state_at])
        records.setdefault(cells[group_at].strip(), _Record()).add(where, row, start_ns, until_ns, state)
    return records


def _delimiter(header: str) -> str:
    return ";" if ";" in header else ","


def _state(where: str, row: int, cell: str) -> SignalState:
    label = cell.strip().lower().replace("_", "-").replace(" ", "-")
    if label not in STATES:
        raise UserError(f"{where}, row {row}: unknown state {cell.strip()!r}; known are {', '.join(STATES)}.")
    return STATES[label]


@dataclass(frozen=True, slots=True)
class _Clock:
    """Where a file's times stand and how they are read."""

    where: str
    start_at: int
    until_at: int | None
    is_dated: bool
    """Whether they are dates, not seconds."""

    @classmethod
    def of(cls, where: str, names: list[str]) -> "_Clock":
        if "time_s" in names:
            until = names.index("until_s") if "until_s" in names else None
            return cls(where, names.index("time_s"), until, is_dated=False)
        if "time" not in names:
            raise UserError(f"{where}: no column 'time_s' or 'time' in its first row ({', '.join(names) or 'empty'}).")
        until = names.index("until") if "until" in names else None
        return cls(where, names.index("time"), until, is_dated=True)

    def read(self, row: int, cells: list[str]) -> tuple[int, int | None]:
        """Start and end."""
        until = self.until_at
        return self._ns(row, cells[self.start_at]), None if until is None else self._ns(row, cells[until])

    def _ns(self, row: int, cell: str) -> int:
        if not self.is_dated:
            return self._counted_ns(row, cell)
        try:
            moment = datetime.fromisoformat(cell.strip())
        except ValueError:
            raise UserError(
                f"{self.where}, row {row}: {cell.strip()!r} is no date and time such as 2026-05-04T08:00:31+02:00."
            ) from None
        if moment.tzinfo is None:
            raise UserError(f"{self.where}, row {row}: {cell.strip()} says no offset from UTC; add Z or +02:00.")
        if moment.year not in YEARS:
            raise UserError(f"{self.where}, row {row}: {cell.strip()} is not between {YEARS[0]} and {YEARS[-1]}.")
        return to_ns(int(moment.timestamp())) + moment.microsecond * 1000

    def _counted_ns(self, row: int, cell: str) -> int:
        try:
            seconds = float(cell)
        except ValueError:
            seconds = math.nan
        if not abs(seconds) < 1e9:
            raise UserError(f"{self.where}, row {row}: {cell.strip()!r} is no number of seconds.")
        return to_ns(seconds)
