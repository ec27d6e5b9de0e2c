"""Reads the time series of a store, while another connection may be writing it."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from flaneur.data.released import Measurement
from flaneur.data.series import Series
from flaneur.store.errors import explained
from flaneur.store.schema import measurement
from flaneur.store.store import LOCK_WAIT_S, Store

COLUMNS = ", ".join(Measurement.__dataclass_fields__)
_SERIES = ", ".join(Series._fields)
_KEY = tuple(column.name for column in measurement.primary_key)


@dataclass(frozen=True, slots=True)
class Archive:
    """The figures in the store at `path`, series by series. Every method raises StoreError when it cannot be read."""

    path: Path

    def latest(self, within_ns: int | None = None, *, until_ns: int = 2**63 - 1) -> list[Measurement]:
        """The latest figure of each series that begins by `until_ns`, if it is among the last `within_ns` of these."""
        # SQLite takes bare columns from the row that holds the maximum.
        last = "SELECT max(start_ns) FROM measurement WHERE start_ns <= :until_ns"
        since = "" if within_ns is None else f"AND start_ns >= ({last}) - :within_ns "
        return list(
            self._figures(
                f"SELECT {COLUMNS}, max(start_ns) FROM measurement "  # noqa: S608
                f"WHERE start_ns <= :until_ns {since}GROUP BY {_SERIES}",
                {"within_ns": within_ns, "until_ns": until_ns},
            )
        )

    def page(
        self, series: Series | None, top: int, skip: int = 0, *, beyond_ns: int | None = None, newest_first: bool = True
    ) -> list[Measurement]:
        """`top` figures of a series, or of all, after the first `skip`; only those that begin beyond a moment."""
        order, sign = ("DESC", "<") if newest_first else ("ASC", ">")
        bound = "" if beyond_ns is None else f"AND start_ns {sign} :beyond_ns "
        key = ", ".join(f"{name} {order}" for name in _KEY)
        return list(
            self._figures(
                f"SELECT {COLUMNS} FROM measurement WHERE {_where(series)} {bound}"  # noqa: S608
                f"ORDER BY {key} LIMIT :top OFFSET :skip",
                _names(series) | {"beyond_ns": beyond_ns, "top": top, "skip": skip},
            )
        )

    def count(self, series: Series | None) -> int:
        """How many figures a series has, or all together."""
        with explained(self.path), closing(self._connect()) as connection:
            query = f"SELECT count(*) FROM measurement WHERE {_where(series)}"  # noqa: S608
            (number,) = connection.execute(query, _names(series)).fetchone()
        return int(number)

    def one(self, series: Series, start_ns: int) -> Measurement | None:
        """The figure of the interval that begins at `start_ns`."""
        query = f"SELECT {COLUMNS} FROM measurement WHERE start_ns = :start_ns AND {_where(series)}"  # noqa: S608
        return next(self._figures(query, _names(series) | {"start_ns": start_ns}), None)

    def by_series(self) -> Iterator[Measurement]:
        """All figures, one series after the other, each in the order of time."""
        return self._figures(f"SELECT {COLUMNS} FROM measurement ORDER BY {_SERIES}, start_ns", {})  # noqa: S608

    def by_time(self) -> Iterator[Measurement]:
        """All figures in the order of time."""
        return self._figures(f"SELECT {COLUMNS} FROM measurement ORDER BY {', '.join(_KEY)}", {})  # noqa: S608

    def sites(self) -> list[str]:
        """Names of the sites that there are figures of."""
        with explained(self.path), closing(self._connect()) as connection:
            return [name for (name,) in connection.execute("SELECT DISTINCT site FROM measurement ORDER BY site")]

    def damage(self) -> str:
        """What SQLite finds wrong with the file, in its words; empty where all is well. Reads the whole file."""
        with explained(self.path), closing(self._connect()) as connection:
            found = [text for (text,) in connection.execute("PRAGMA quick_check(3)")]
        return "" if found == ["ok"] else "; ".join(found)

    def dated(self) -> bool:
        """Whether the intervals are moments of the calendar in all that is stored."""
        with Store.open(self.path, read_only=True) as store:
            return all(run.dated for run in store.runs())

    def _figures(self, query: str, values: dict[str, str | int | None]) -> Iterator[Measurement]:
        with explained(self.path), closing(self._connect()) as connection:
            for row in connection.execute(query, values):
                yield _figure(row)

    def _connect(self) -> sqlite3.Connection:
        return connected(self.path)


def connected(path: Path) -> sqlite3.Connection:
    """A connection to the store at `path` that only reads."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=LOCK_WAIT_S)


def _where(series: Series | None) -> str:
    return "TRUE" if series is None else " AND ".join(f"{name} = :{name}" for name in Series._fields)


def _names(series: Series | None) -> dict[str, str | int | None]:
    return {} if series is None else dict(series._asdict())


def _figure(row: Sequence[object]) -> Measurement:
    return Measurement(*row[: len(Measurement.__dataclass_fields__)])  # type: ignore[arg-type]
