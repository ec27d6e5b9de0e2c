"""Writes and reads the figures of a site in one SQLite file."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import closing, suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Engine, Select, Table, create_engine, event, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.pool import NullPool

from flaneur.data.notes import Note
from flaneur.data.released import Measurement, RunFacts
from flaneur.store.errors import StoreError, explained
from flaneur.store.schema import APPLICATION_ID, VERSION, measurement, metadata, run

LOCK_WAIT_S = 5.0
"""How long to wait for another program that is writing."""

_LISTS = ("kinds", "stage_ms_per_frame", "notes")


class Store:
    """An open store; a context manager.

    While it is open for writing, others can read the last whole interval. After `close` the figures are in the one
    file and nothing lies beside it. Every method raises StoreError when the file cannot be used.
    """

    def __init__(self, path: Path, engine: Engine, *, read_only: bool) -> None:
        self._path = path
        self._engine = engine
        self._read_only = read_only
        with explained(path):
            self._connection = engine.connect()
            opened = path.stat()
        self._file = opened.st_dev, opened.st_ino

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a new, empty store; StoreError when there is a file already."""
        if path.exists():
            raise StoreError(f"{path}: exists already; name another file or remove it")
        engine = _engine(path, "rwc")
        try:
            with explained(path), engine.begin() as connection:  # all tables and the version, or none
                metadata.create_all(connection)
                connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.exec_driver_sql(f"PRAGMA user_version = {VERSION}")
        except StoreError:
            path.unlink(missing_ok=True)
            raise
        return cls(path, engine, read_only=False)

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> Self:
        """Open an existing store; StoreError when it is none or another version wrote it."""
        if not path.is_file():
            raise StoreError(f"{path}: is not a file; name the flaneur.sqlite of an earlier run")
        _check_format(path)
        return cls(path, _engine(path, "ro" if read_only else "rw"), read_only=read_only)

    @classmethod
    def append(cls, path: Path, lock_wait_s: float = LOCK_WAIT_S) -> Self:
        """Open a store to go on with it; make a new one where there is none. StoreError as with `open`.

        `lock_wait_s` is how long each write waits for another program.
        """
        with explained(path):
            if not path.exists():
                begun = path.with_name(f".{path.name}.begun")  # so that a crash leaves no half of a store
                begun.unlink(missing_ok=True)
                cls.create(begun).close()
                begun.rename(path)
        _check_format(path, lock_wait_s)
        return cls(path, _engine(path, "rw", lock_wait_s), read_only=False)

    def add(self, measurements: Sequence[Measurement], runs: Sequence[RunFacts] = ()) -> list[Measurement]:
        """Write figures and how they came about in one transaction, all or nothing; returns the figures that were new.

        A figure that is there already, or comes earlier in `measurements`, stays as it is: the same interval was
        measured first before a restart, or before the clock was set back. Of a run the last facts hold.
        """
        with explained(self._path), self._connection.begin():
            self._check_same_file()
            known = self._known({(one.start_ns, one.site, one.camera) for one in measurements})
            new: dict[tuple[Any, ...], Measurement] = {}
            for one in measurements:
                if (key := _key(one)) not in known:
                    new.setdefault(key, one)
            if new:
                self._connection.execute(insert(measurement), [asdict(one) for one in new.values()])
            self._upsert(run, [_row(facts) for facts in runs])
        return list(new.values())

    def known_until_ns(self, site: str, camera: str, since_ns: int) -> int | None:
        """Until when figures tell of a camera, or when a run began that has left none.

        Only of what began at `since_ns` or later; None where there is nothing.
        """

        def latest(table: Table, column: str) -> Select[Any]:
            of_it = (table.c.start_ns >= since_ns, table.c.site == site, table.c.camera == camera)
            return select(table.c[column]).where(*of_it).order_by(table.c.start_ns.desc()).limit(1)

        with explained(self._path), self._engine.connect() as connection:
            found: int | None = connection.execute(latest(measurement, "end_ns")).scalar()
            if found is None:
                found = connection.execute(latest(run, "start_ns")).scalar()
        return found

    def _known(self, intervals: Set[tuple[int, str, str]]) -> set[tuple[Any, ...]]:
        """Keys of the figures of these intervals that are in the store."""
        table = measurement.c
        found: set[tuple[Any, ...]] = set()
        for start_ns, site, camera in intervals:
            of_it = (table.start_ns == start_ns, table.site == site, table.camera == camera)
            found |= {tuple(row) for row in self._connection.execute(select(*measurement.primary_key).where(*of_it))}
        return found

    def _check_same_file(self) -> None:
        """StoreError when the file was removed or replaced while it was open: what is written would be lost."""
        try:
            here = self._path.stat()
        except OSError:
            here = None
        if here is None or (here.st_dev, here.st_ino) != self._file:
            raise StoreError(f"{self._path}: was removed or replaced while in use", may_pass=True)

    def write_interval(self, measurements: Iterable[Measurement]) -> None:
        """Write the figures of an interval in one transaction: all of them or none.

        A figure that is there already is replaced, so writing an interval again changes nothing.
        """
        with explained(self._path), self._connection.begin():
            self._upsert(measurement, [asdict(one) for one in measurements])

    def write_run(self, facts: RunFacts) -> None:
        """Write how the figures came about; replaces what was known about the same run."""
        with explained(self._path), self._connection.begin():
            self._upsert(run, [_row(facts)])

    def _upsert(self, table: Table, rows: list[dict[str, Any]]) -> None:
        if not rows:
            return
        statement = insert(table)
        rest = {column.name: statement.excluded[column.name] for column in table.c if not column.primary_key}
        statement = statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=rest)
        self._connection.execute(statement, rows)

    def measurements(self) -> Iterator[Measurement]:
        """All figures as they are at the first call of `next`, in the order of time, then of place and kind."""
        names = Measurement.__dataclass_fields__
        query = select(*(measurement.c[name] for name in names)).order_by(*measurement.primary_key)
        with explained(self._path), self._engine.connect() as connection:
            for row in connection.execute(query):
                yield Measurement(*row)

    def runs(self) -> list[RunFacts]:
        """How the figures came about, one entry per run, in the order of time."""
        with explained(self._path), self._engine.connect() as connection:
            rows = connection.execute(select(run).order_by(run.c.start_ns, run.c.site, run.c.camera)).mappings().all()
        return [_facts(dict(row)) for row in rows]

    def close(self) -> None:
        """Bring everything into the one file. StoreError when that fails; what was written is then still beside it."""
        if self._connection.closed:
            return
        try:
            if not self._read_only:
                with explained(self._path):
                    _leave_wal(self._connection)
        finally:
            self._connection.close()
            self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:  # the first error is the one to tell
            with suppress(StoreError):
                self.close()


def _key(one: Measurement) -> tuple[Any, ...]:
    return tuple(getattr(one, column.name) for column in measurement.primary_key)


def _engine(path: Path, mode: str, lock_wait_s: float = LOCK_WAIT_S) -> Engine:
    """Connections to `path`; `mode` as in SQLite's file URIs: ro, rw, rwc."""

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=lock_wait_s,
            isolation_level=None,  # transactions begin where SQLAlchemy says so, also for CREATE TABLE
        )
        try:
            connection.execute("PRAGMA secure_delete = ON")  # a replaced figure is overwritten, not only forgotten
            connection.execute("PRAGMA synchronous = FULL")  # a committed interval survives a power cut
            if mode != "ro":
                connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def _check_format(path: Path, lock_wait_s: float = LOCK_WAIT_S) -> None:
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with explained(path), closing(sqlite3.connect(uri, uri=True, timeout=lock_wait_s)) as connection:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise StoreError(f"{path}: is a database, but not one of Flaneur's")
    if version > VERSION:
        raise StoreError(
            f"{path}: was written by a newer Flaneur (format {version}, this one reads {VERSION}); update Flaneur"
        )
    if version < VERSION:
        raise StoreError(
            f"{path}: was written by an older Flaneur (format {version}, this one reads {VERSION}); measure the video "
            "again, or use the figures.csv beside it"
        )


def _leave_wal(connection: Connection) -> None:
    """Move all pages into the main file and make it one that can be read from a read-only disk, too.

    A reader that is still there keeps the file in WAL mode; the figures are whole all the same.
    """
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        driver.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise


def _row(facts: RunFacts) -> dict[str, Any]:
    row = asdict(facts)
    return row | {name: json.dumps(row[name], ensure_ascii=False) for name in _LISTS}


def _facts(row: dict[str, Any]) -> RunFacts:
    lists = {name: json.loads(row[name]) for name in _LISTS}
    return RunFacts(
        **row
        | {
            "dated": bool(row["dated"]),
            "complete": bool(row["complete"]),
            "kinds": tuple(lists["kinds"]),
            "stage_ms_per_frame": tuple((stage, ms) for stage, ms in lists["stage_ms_per_frame"]),
            "notes": tuple(Note(note["key"], tuple(note["numbers"])) for note in lists["notes"]),
        }
    )
