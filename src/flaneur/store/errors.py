"""What a person can do when the store cannot be used."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from flaneur.data.errors import UserError


class StoreError(UserError):
    """The store cannot be opened, read or written; the message says why and what to do."""

    def __init__(self, message: str, *, may_pass: bool = False) -> None:
        super().__init__(message)
        self.may_pass = may_pass
        """True when the same may work later, with nothing done to the store itself: locked, full, read-only."""


_SENTENCES = {
    sqlite3.SQLITE_NOTADB: "is not a database; name the flaneur.sqlite of an earlier run",
    sqlite3.SQLITE_CORRUPT: "is damaged; restore it from a copy or run the video again",
    sqlite3.SQLITE_BUSY: "is locked by another program; close that program and try again",
    sqlite3.SQLITE_LOCKED: "is locked by another program; close that program and try again",
    sqlite3.SQLITE_FULL: "the disk is full; free some space and run again",
    sqlite3.SQLITE_READONLY: "is read-only; change its permissions or name another folder",
    sqlite3.SQLITE_PERM: "may not be used by this account; change its permissions or name another folder",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; check that its folder exists and may be written",
    sqlite3.SQLITE_IOERR: "cannot be read or written; the disk is full, failing or no longer connected",
}
"""By SQLite's primary result code. Everything else, such as a violated check, is a defect of ours and stays one."""


_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR,
}


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors about the file at `path`, and the system's, into sentences."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"{path}: cannot be used: {error.strerror or error}", may_pass=True) from None
    except (sqlite3.Error, DBAPIError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        sentence = _SENTENCES.get(code)
        if sentence is None:
            raise
        raise StoreError(f"{path}: {sentence}", may_pass=code in _PASSING) from None
