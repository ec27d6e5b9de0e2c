"""The audit log: a text file with one signed line per entry, to which lines are only ever added.

A line is written in one piece and reaches the disk before the head that is remembered beside the key, so after a crash
the log is as long as what is remembered, or longer. Several processes may add to one log; a file lock keeps them apart.
"""

import fcntl
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from flaneur.data.time import SECOND_NS
from flaneur.store.audit.entries import Entry, Opened, Record, Repaired
from flaneur.store.audit.errors import AuditError, explained
from flaneur.store.audit.heads import Head, head_path, recall, remember, sync_folder
from flaneur.store.audit.key import SiteKey, new_file, public_path
from flaneur.store.audit.reading import Look, Read, about, check_end, check_owner, follow, locked, look_on

MILLISECOND_NS = SECOND_NS // 1000
READABLE = 0o640


def time_text(time_ns: int) -> str:
    """Nanoseconds since 1970 as the log writes time: UTC, milliseconds.

    >>> time_text(1_500_000_000)
    '1970-01-01T00:00:01.500Z'
    """
    seconds, rest_ns = divmod(time_ns, SECOND_NS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest_ns // MILLISECOND_NS:03d}Z"


class AuditLog:
    """An open log; a context manager.

    `clock_ns` gives nanoseconds since 1970. Every method raises AuditError when the log is not what it was, and then
    adds nothing to it.
    """

    def __init__(self, path: Path, key_path: Path, clock_ns: Callable[[], int]) -> None:
        self._path, self._clock_ns = path, clock_ns
        self._key = SiteKey.load(key_path)
        self._heads = head_path(key_path)
        self._read = Read()
        self._one_thread = threading.Lock()  # the lock on the file is the whole process's
        with explained(path):
            self._fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)

    @classmethod
    def create(cls, path: Path, key_path: Path, site: str, software: str, clock_ns: Callable[[], int]) -> Self:
        """Begin a log and its key, both in new files; AuditError when one of them is there already."""
        heads = head_path(key_path)
        if heads.exists():
            raise AuditError(f"{heads}: exists already; a log is never begun anew over an old one")
        made: list[Path] = []  # by us, and not by another program that begins a log at this moment
        try:
            new_file(path, b"", READABLE)
            made.append(path)
            key = SiteKey.create(key_path)
            made += [key_path, public_path(key_path), heads]
            log = cls(path, key_path, clock_ns)
            try:
                with locked(log._fd, path, fcntl.LOCK_EX):
                    log._add(Opened(site=site, public_key=key.public.hex, software=software))
                sync_folder(path)
            except AuditError:
                log.close()
                raise
        except AuditError:
            for file in made:
                file.unlink(missing_ok=True)
            raise
        return log

    @classmethod
    def open(cls, path: Path, key_path: Path, clock_ns: Callable[[], int], look: Look = look_on) -> Self:
        """Open a log to go on with it; all of it is judged first, and `look` is called with each of its records."""
        log = cls(path, key_path, clock_ns)
        try:
            with locked(log._fd, path, fcntl.LOCK_EX):
                log._catch_up(look)
        except BaseException:
            log.close()
            raise
        return log

    @property
    def head(self) -> Head:
        """The head after the last entry that this process knows."""
        return self._read.chain.head

    def append(self, entry: Entry) -> Head:
        """Add an entry and make sure that it is on the disk; the head that now covers it.

        When this raises, the entry is not recorded, or the head that covers it could not be remembered.
        """
        with self._one_thread, locked(self._fd, self._path, fcntl.LOCK_EX):
            self._catch_up()
            self._add(entry)
            return self.head

    def close(self) -> None:
        """Let go of the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _catch_up(self, look: Look = look_on) -> None:
        """Judge what others have added; remove a torn last line."""
        self._check_same_file()
        head = recall(self._heads)
        if head is None:
            raise AuditError(
                f"{self._heads}: is missing, so nobody can say whether the log's end was cut off; "
                "write the last head that you remember there, as `flaneur audit verify` told it"
            )
        public = self._key.public

        def see(record: Record) -> None:
            check_owner(record, public)
            look(record)

        with about(self._path):
            read = follow(self._fd, self._read, [head], see)
            if read.end > self._read.end or not read.end:
                check_end(read, public)
        self._read = read
        if read.torn:
            with explained(self._path):
                os.ftruncate(self._fd, read.end)
            self._add(Repaired(torn_bytes=read.torn))

    def _check_same_file(self) -> None:
        with explained(self._path):
            here, opened = self._path.stat(), os.fstat(self._fd)
        if (here.st_dev, here.st_ino) != (opened.st_dev, opened.st_ino):
            raise AuditError(f"{self._path}: is another file than before: it was replaced while in use")
        if opened.st_size < self._read.end:
            raise AuditError(f"{self._path}: has become shorter while in use: entries were deleted")

    def _add(self, entry: Entry) -> None:
        text = self._read.chain.next_line(entry, time_text(self._clock_ns()), self._key)
        chain = self._read.chain.after(text)
        try:
            with explained(self._path):
                _write_all(self._fd, text + b"\n")
                os.fsync(self._fd)
        except AuditError as error:
            with suppress(OSError):  # what then stays is a torn line, which the next program removes
                os.ftruncate(self._fd, self._read.end)
            raise AuditError(f"{error}; nothing was recorded", may_pass=error.may_pass) from None
        self._read = Read(chain, self._read.end + len(text) + 1)
        remember(self._heads, chain.head)


def _write_all(fd: int, content: bytes) -> None:
    while content:
        content = content[os.write(fd, content) :]
