"""Lets figures go when they are old: deleted, or added up into longer intervals; nothing of them stays in the file.

All changes are one transaction. After it the file is written anew (`VACUUM`) with SQLite's `secure_delete`, because
copies of a row can stay in the gaps of pages that it was moved from, which `secure_delete` alone does not reach.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from flaneur.data.time import SECOND_NS, to_ns
from flaneur.store import store
from flaneur.store.errors import StoreError, explained

DAY_NS = 86_400 * SECOND_NS
EARLIEST_NS = to_ns(315_532_800)
"""1 January 1980: what begins earlier counts from a video's first frame and has no date."""
IN_MEMORY_BYTES = 256_000_000
"""Up to this size the file is rebuilt in memory; a larger one in a temporary file, of what is kept."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How old figures may be; moments in nanoseconds since 1970."""

    delete_before_ns: int | None = None
    """What ended before is deleted."""
    coarsen_before_ns: int | None = None
    """What lies in longer intervals that ended before is added up."""
    coarsen_to_ns: int = 3600 * SECOND_NS

    def __post_init__(self) -> None:
        if self.coarsen_to_ns <= 0 or DAY_NS % self.coarsen_to_ns:
            raise ValueError(f"intervals of {self.coarsen_to_ns} ns do not tile a day")


@dataclass(frozen=True, slots=True)
class Aged:
    """What became of figures that had grown too old."""

    deleted: int = 0
    """Figures beyond `delete_before_ns`."""
    coarsened: int = 0
    """Figures that were added up …"""
    into: int = 0
    """… into so many."""
    dropped: int = 0
    """Figures of the same time that cannot be added up."""
    dropped_measures: tuple[str, ...] = ()
    """Which those were of."""
    runs: int = 0
    """Runs whose description was deleted."""

    def __bool__(self) -> bool:
        return bool(self.deleted or self.coarsened or self.dropped or self.runs)


def age(path: Path, limits: Limits, announce: Callable[[Aged], None]) -> Aged:
    """Apply `limits` to the store at `path`, and wipe what went.

    `announce` is called before anything is lost, and not when nothing is too old; if it raises, nothing has happened.
    StoreError when the store cannot be used, is open anywhere else (also in this process), or holds figures whose age
    is not known: then nothing has happened either. If the message says that old figures are deleted but still lie in
    gaps of the file, the same call finishes the work.
    """
    store.Store.open(path).close()  # says what is wrong with the file; brings in what a crash has left beside it
    with _alone(path) as connection:
        with explained(path):
            _check_dated(connection, path)
            connection.execute("BEGIN IMMEDIATE")
            try:
                aged = _age(connection, limits)
                if aged:
                    announce(aged)
                connection.execute("COMMIT")
            except BaseException:
                connection.rollback()
                raise
        try:
            with explained(path):
                _wipe(connection, path)
        except StoreError as error:
            raise StoreError(f"{error}; old figures are deleted but still lie in gaps of the file") from None
    return aged


@contextmanager
def _alone(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection beside which there is no other, so that no reader keeps old pages in the file."""
    with explained(path):
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=store.LOCK_WAIT_S, isolation_level=None
        )
    try:
        with explained(path):
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA journal_mode = WAL")  # a rollback journal would be one more copy of old pages
            connection.execute("PRAGMA temp_store = MEMORY")  # no temporary file gets to see what is to go
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
        yield connection
    finally:
        with suppress(sqlite3.Error):  # the first error is the one to tell
            connection.execute("PRAGMA journal_mode = DELETE")
        connection.close()


def _wipe(connection: sqlite3.Connection, path: Path) -> None:
    if path.stat().st_size > IN_MEMORY_BYTES:
        connection.execute("PRAGMA temp_store = FILE")
    connection.execute("VACUUM")
    (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise StoreError(f"{path}: is locked by another program; close that program and try again")
    connection.execute("PRAGMA journal_mode = DELETE")


def _check_dated(connection: sqlite3.Connection, path: Path) -> None:
    (undated,) = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM run WHERE dated = 0) OR EXISTS (SELECT 1 FROM measurement WHERE start_ns < ?)",
        (EARLIEST_NS,),
    ).fetchone()
    if undated:
        raise StoreError(
            f"{path}: holds figures of a video without a date, so nobody can say how old they are; delete the file "
            "when its time has come, and give the camera a `start` in the site file"
        )


def _age(connection: sqlite3.Connection, limits: Limits) -> Aged:
    deleted = runs = coarsened = into = dropped = 0
    measures: set[str] = set()
    if limits.delete_before_ns is not None:
        before = (limits.delete_before_ns,)
        deleted = connection.execute("DELETE FROM measurement WHERE end_ns <= ?", before).rowcount
        runs = connection.execute("DELETE FROM run WHERE end_ns <= ?", before).rowcount
    if limits.coarsen_before_ns is not None:
        length_ns = limits.coarsen_to_ns
        for span in _days(connection, limits.coarsen_before_ns - limits.coarsen_before_ns % length_ns):
            had, kept, rows = _coarsen(connection, {"length": length_ns, **span})
            coarsened, into = coarsened + sum(kept.values()), into + rows
            dropped += sum(had.values()) - sum(kept.values())
            measures |= {measure for measure in had if had[measure] > kept.get(measure, 0)}
    return Aged(deleted, coarsened, into, dropped, tuple(sorted(measures)), runs)


def _days(connection: sqlite3.Connection, before_ns: int) -> Iterator[dict[str, int]]:
    """Spans of a day at most, up to `before_ns`, so that memory holds the figures of one day only."""
    (first_ns,) = connection.execute("SELECT min(start_ns) FROM measurement").fetchone()
    if first_ns is not None:
        for begin_ns in range(first_ns - first_ns % DAY_NS, before_ns, DAY_NS):
            yield {"begin": begin_ns, "end": min(begin_ns + DAY_NS, before_ns)}


def _coarsen(connection: sqlite3.Connection, span: dict[str, int]) -> tuple[dict[str, int], dict[str, int], int]:
    """Add up the figures of a span; how many there were, and how many of them were used, by measure; rows that came."""
    connection.execute(_FINE, span)
    had = dict(connection.execute("SELECT measure, count(*) FROM fine GROUP BY measure"))
    connection.execute(_COARSE, span)
    connection.execute(_FORGET, span)
    connection.execute(_LATE)
    kept = dict(connection.execute("SELECT measure, sum(parts) FROM coarse GROUP BY measure"))
    rows = connection.execute(_INSERT).rowcount
    connection.execute("DROP TABLE temp.coarse")
    connection.execute("DROP TABLE temp.fine")
    return had, kept, rows


_FINE = """
CREATE TEMP TABLE fine AS
SELECT *, start_ns - start_ns % :length AS at, end_ns - start_ns AS ns
FROM measurement WHERE start_ns >= :begin AND start_ns < :end AND end_ns - start_ns < :length
"""

_FORGET = "DELETE FROM measurement WHERE start_ns >= :begin AND start_ns < :end AND end_ns - start_ns < :length"

_COARSE = """
CREATE TEMP TABLE coarse AS
WITH part AS (  -- intervals of a camera, whatever was measured in them
    SELECT *, coalesce(max(end_ns) OVER (
        PARTITION BY site, camera ORDER BY start_ns ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) > start_ns, 0) AS overlaps
    FROM (
        SELECT site, camera, at, start_ns, end_ns, ns, max(coverage) AS coverage,
            max(frames_seen) AS frames_seen, max(frames_dropped) AS frames_dropped
        FROM fine GROUP BY site, camera, start_ns, end_ns
    )
),
seen AS (
    SELECT site, camera, at, min(1.0, sum(coverage * ns) / :length) AS coverage,
        sum(frames_seen) AS frames_seen, sum(frames_dropped) AS frames_dropped
    FROM part GROUP BY site, camera, at HAVING max(overlaps) = 0 AND max(end_ns) <= at + :length
)
SELECT fine.at AS start_ns, fine.at + :length AS end_ns, site, camera, measure, place, kind, direction,
    CASE measure
        WHEN 'occupancy' THEN sum(value * fine.coverage * ns) / sum(iif(value IS NULL, NULL, fine.coverage * ns))
        WHEN 'occupancy_peak' THEN max(value)
        ELSE sum(value)
    END AS value,
    min(unit) AS unit, seen.coverage AS coverage, seen.frames_seen AS frames_seen,
    seen.frames_dropped AS frames_dropped, count(*) AS parts
FROM fine JOIN seen USING (site, camera, at)
WHERE measure IN ('crossings', 'passages', 'flow', 'occupancy', 'occupancy_peak') OR measure GLOB '*_count'
GROUP BY site, camera, at, measure, place, kind, direction
HAVING sum(value IS NULL AND fine.coverage > 0) = 0 AND (sum(value) IS NOT NULL OR seen.coverage = 0)
"""
"""Numbers add up, a mean over time is weighted with the time that was observed, a peak is the highest peak. Other
statistics (a median, a v85) cannot be had from those of parts, nor anything from intervals that overlap."""

_LATE = """
DELETE FROM temp.coarse WHERE EXISTS (
    SELECT 1 FROM measurement AS m
    WHERE (m.start_ns, m.site, m.camera, m.measure, m.place, m.kind, m.direction)
        = (coarse.start_ns, coarse.site, coarse.camera, coarse.measure, coarse.place, coarse.kind, coarse.direction)
)
"""
"""Figures that were written after their longer interval had been added up are not added to it a second time."""

_INSERT = """
INSERT INTO measurement (start_ns, end_ns, site, camera, measure, place, kind, direction, value, unit, coverage,
    frames_seen, frames_dropped)
SELECT start_ns, end_ns, site, camera, measure, place, kind, direction, value, unit, coverage,
    frames_seen, frames_dropped
FROM temp.coarse
"""
