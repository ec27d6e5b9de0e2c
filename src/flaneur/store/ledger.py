"""The ledger: what every release of public figures has cost, append-only, in one SQLite file beside the site file.

The budget belongs to a camera and a moment of video. A release over [from, until) at ε is charged there, and the
charge stands on the disk before the figures exist. It is refused unless, for every span of length ρ, all releases that
touch the span cost no more than the budget together. Therefore nobody who is visible for ρ at a stretch is ever seen
by releases of more than that. It implies the rule of Privid, that a release needs its ε on every moment of
[from - ρ, until + ρ], and is stricter where two releases meet and a third one lies over the first: there each is within
the budget at its own moments, and yet one visit is seen by all three.

Times are those of the video in UTC nanoseconds, half-open; the clock on the wall decides nothing here.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from flaneur.data.errors import UserError
from flaneur.data.time import SECOND_NS
from flaneur.store.errors import StoreError, explained
from flaneur.store.ledger_seal import FIRST_SEAL, make_key, read_key, same, seal

APPLICATION_ID = int.from_bytes(b"FLLE")
VERSION = 1
LOCK_WAIT_S = 30.0
"""How long to wait for another program that is publishing."""
NANO = 10**9

_SCHEMA = """
CREATE TABLE spent (
    number INTEGER PRIMARY KEY /* 1, 2, 3, … */,
    site TEXT NOT NULL,
    camera TEXT NOT NULL,
    from_ns INTEGER NOT NULL /* moments of video, UTC nanoseconds since 1970 */,
    until_ns INTEGER NOT NULL /* not included */,
    nano_epsilon INTEGER NOT NULL /* billionths of ε that the release may tell about anybody */,
    rho_ns INTEGER NOT NULL /* under which promise: visible for so long at a stretch */,
    appearances INTEGER NOT NULL /* … so often a day */,
    nano_budget INTEGER NOT NULL /* … tells no more than so many billionths of ε */,
    seal BLOB NOT NULL /* HMAC-SHA-256 over this row and the seal of the one before */,
    CHECK (from_ns < until_ns AND nano_epsilon > 0 AND nano_epsilon <= nano_budget),
    CHECK (rho_ns > 0 AND appearances > 0)
) STRICT;
CREATE INDEX spent_when ON spent (site, camera, from_ns);
CREATE TRIGGER spent_is_never_changed BEFORE UPDATE ON spent BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER spent_is_never_deleted BEFORE DELETE ON spent BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TABLE head (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    number INTEGER NOT NULL /* of the last row of spent */,
    seal BLOB NOT NULL /* over number and the seal of that row */
) STRICT;
"""


class BudgetSpentError(UserError):
    """A release would tell more than was promised; nothing was spent and nothing may be given."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What everybody in the video was promised."""

    rho_ns: int
    appearances: int
    nano_budget: int
    """Billionths of ε."""

    def __post_init__(self) -> None:
        if min(self.rho_ns, self.appearances, self.nano_budget) < 1:
            raise ValueError("a promise of nothing protects nobody")


@dataclass(frozen=True, slots=True)
class Charge:
    """What one release costs."""

    site: str
    camera: str
    from_ns: int
    until_ns: int
    nano_epsilon: int

    def __post_init__(self) -> None:
        if self.from_ns >= self.until_ns:
            raise ValueError("a release is about some time")
        if self.nano_epsilon < 1:
            raise ValueError("a release that costs nothing tells nothing")


@dataclass(frozen=True, slots=True)
class Entry:
    """A charge as it stands in the ledger."""

    number: int
    charge: Charge
    promise: Promise


@dataclass(frozen=True, slots=True)
class Head:
    """Which state a ledger is in; a later state of the same ledger has a higher number."""

    number: int
    seal_hex: str


class Ledger:
    """An open ledger; a context manager. Every method raises StoreError when the file cannot be used or was altered."""

    def __init__(self, path: Path, connection: sqlite3.Connection, key: bytes) -> None:
        self._path = path
        self._connection = connection
        self._key = key

    @classmethod
    def open(cls, path: Path) -> Self:
        """The ledger at `path` with its key beside it; both are made where neither is there."""
        with explained(path):
            connection = _connect(path)
            try:
                with _exclusive(connection):
                    key = _key_of(path, connection)
                    _verify(path, connection, key)
            except BaseException:
                connection.close()
                raise
        return cls(path, connection, key)

    def spend(self, promise: Promise, charges: Sequence[Charge]) -> Head:
        """Charge all of `charges` or, with BudgetSpentError, none. On return they are on the disk, whatever happens."""
        with explained(self._path), _exclusive(self._connection):
            head = _verify(self._path, self._connection, self._key)
            for charge in charges:
                self.check(promise, charge)
                head = self._append(head, promise, charge)
            values = (head[0], head[1].hex())
            self._connection.execute(
                "INSERT OR REPLACE INTO head VALUES (1, ?, ?)", (head[0], seal(self._key, head[1], values))
            )
        return Head(head[0], head[1].hex())

    def check(self, promise: Promise, charge: Charge) -> None:
        """BudgetSpentError when this could not be spent now."""
        moments = charge.site, charge.camera, charge.from_ns, charge.until_ns
        (widest,) = self._connection.execute("SELECT coalesce(max(rho_ns), 0) FROM spent").fetchone()
        for entry in self._near(max(promise.rho_ns, widest), *moments):
            if entry.promise != promise:
                raise BudgetSpentError(
                    f"{_when(charge)}: figures of this time were published under another promise "
                    f"({_said(entry.promise)}; now {_said(promise)}), which cannot be changed afterwards; "
                    "nothing was spent and nothing is given"
                )
        left = promise.nano_budget - _most_seen(
            self._near(promise.rho_ns, *moments), promise.rho_ns, charge.from_ns, charge.until_ns
        )
        if charge.nano_epsilon > left:
            raise BudgetSpentError(
                f"{_when(charge)}: the figures need ε = {charge.nano_epsilon / NANO:g}, and of the budget of "
                f"{promise.nano_budget / NANO:g} there is {max(left, 0) / NANO:g} left; "
                "nothing was spent and nothing is given"
            )

    def left(self, promise: Promise, site: str, camera: str, from_ns: int, until_ns: int) -> int:
        """Billionths of ε that one more release over these moments may cost."""
        with explained(self._path):
            near = self._near(promise.rho_ns, site, camera, from_ns, until_ns)
        return max(promise.nano_budget - _most_seen(near, promise.rho_ns, from_ns, until_ns), 0)

    def entries(self) -> list[Entry]:
        """Everything that was ever spent, in that order."""
        with explained(self._path):
            return [_entry(row) for row in self._connection.execute("SELECT * FROM spent ORDER BY number")]

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _near(self, rho_ns: int, site: str, camera: str, from_ns: int, until_ns: int) -> list[Entry]:
        """Releases that a span of ρ could touch together with these moments."""
        query = "SELECT * FROM spent WHERE site = ? AND camera = ? AND from_ns <= ? AND until_ns >= ?"
        rows = self._connection.execute(query, (site, camera, until_ns + rho_ns, from_ns - rho_ns))
        return [_entry(row) for row in rows]

    def _append(self, head: tuple[int, bytes], promise: Promise, charge: Charge) -> tuple[int, bytes]:
        values = (head[0] + 1, *astuple(charge), *astuple(promise))
        sealed = seal(self._key, head[1], values)
        self._connection.execute("INSERT INTO spent VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*values, sealed))
        return head[0] + 1, sealed


def _most_seen(entries: Sequence[Entry], rho_ns: int, from_ns: int, until_ns: int) -> int:
    """The most that releases cost together which one span of length ρ touches, over the spans that touch these moments.

    The span that begins at t touches [f, u) if f - ρ <= t <= u, so the sum changes where t reaches an f - ρ.
    """
    reach = [(e.charge.from_ns - rho_ns, e.charge.until_ns, e.charge.nano_epsilon) for e in entries]
    starts = {
        max(first, from_ns - rho_ns) for first, last, _ in reach if first <= until_ns and last >= from_ns - rho_ns
    }
    return max((sum(cost for first, last, cost in reach if first <= t <= last) for t in starts), default=0)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=LOCK_WAIT_S, isolation_level=None)
    connection.execute("PRAGMA synchronous = EXTRA")  # a committed charge survives a power cut, its folder entry too
    return connection


@contextmanager
def _exclusive(connection: sqlite3.Connection) -> Iterator[None]:
    """A transaction that nobody else reads or writes beside; undone when it fails."""
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _key_of(path: Path, connection: sqlite3.Connection) -> bytes:
    """The key of a ledger; a file that is still empty becomes one."""
    key_path = path.with_name(path.name + ".key")
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if (application, tables) == (0, 0):
        for statement in _statements(_SCHEMA):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        key = make_key(key_path)
        connection.execute("INSERT INTO head VALUES (1, 0, ?)", (seal(key, FIRST_SEAL, (0, FIRST_SEAL.hex())),))
        return key
    if (application, version) != (APPLICATION_ID, VERSION):
        raise StoreError(f"{path}: is not a ledger that this version of Flaneur can read; name another with --ledger")
    return read_key(key_path)


def _verify(path: Path, connection: sqlite3.Connection, key: bytes) -> tuple[int, bytes]:
    """Number and seal of the last entry; StoreError when any was changed, added, swapped, removed or cut off."""
    number, last = 0, FIRST_SEAL
    for row in connection.execute("SELECT * FROM spent ORDER BY number"):
        number += 1
        *values, found = row
        last = seal(key, last, values)
        if values[0] != number or not same(last, found):
            raise _altered(path, f"at entry {number}")
    head = connection.execute("SELECT number, seal FROM head").fetchall()
    if len(head) != 1 or head[0][0] != number or not same(seal(key, last, (number, last.hex())), head[0][1]):
        raise _altered(path, "at its end")
    return number, last


def _altered(path: Path, where: str) -> StoreError:
    return StoreError(
        f"{path}: was altered {where}, or is sealed with another key; restore ledger and key from a backup. "
        "Nothing was spent and nothing is given"
    )


def _statements(script: str) -> Iterator[str]:
    """The statements of a script; `executescript` would end the transaction."""
    waiting = ""
    for line in script.splitlines(keepends=True):
        waiting += line
        if sqlite3.complete_statement(waiting):
            yield waiting
            waiting = ""


def _entry(row: tuple[int, str, str, int, int, int, int, int, int, bytes]) -> Entry:
    return Entry(row[0], Charge(*row[1:6]), Promise(*row[6:9]))


def _when(charge: Charge) -> str:
    def said(time_ns: int) -> str:
        return f"{datetime.fromtimestamp(time_ns // SECOND_NS, UTC):%Y-%m-%d %H:%M:%S}"

    return f"camera {charge.camera!r}, {said(charge.from_ns)} to {said(charge.until_ns)} UTC"


def _said(promise: Promise) -> str:
    return (
        f"rho_s = {promise.rho_ns / SECOND_NS:g}, appearances = {promise.appearances}, "
        f"epsilon_per_day = {promise.nano_budget / NANO:g}"
    )
