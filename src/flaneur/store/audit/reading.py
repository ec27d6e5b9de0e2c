"""Reading the log from the disk and judging it."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flaneur.store.audit.chain import LONGEST_LINE, Chain
from flaneur.store.audit.entries import Opened, Record
from flaneur.store.audit.errors import AuditError, explained
from flaneur.store.audit.heads import Head
from flaneur.store.audit.key import PublicKey

LOCK_WAIT_S = 5.0
"""How long to wait for another program that is writing its entry."""
_LOCK_STEP_S = 0.01

Look = Callable[[Record], None]


def look_on(_record: Record) -> None:
    """What most readers do with a record."""


@dataclass(frozen=True, slots=True)
class Read:
    """How far a log was read, all of it whole."""

    chain: Chain = field(default_factory=Chain)
    end: int = 0
    """Bytes of the file up to the end of the last whole line."""
    torn: int = 0
    """Bytes after it: what a crash in the middle of an entry leaves."""


def follow(fd: int, before: Read, heads: Sequence[Head], look: Look = look_on) -> Read:
    """Read what was added since `before`; AuditError at the first line that is not what it was.

    `heads` that lie in what is read, or beyond its end, must agree with it.
    """
    chain, end = before.chain, before.end
    by_size = {head.size: head.root for head in heads}
    if len(by_size) < len(set(heads)):
        raise AuditError("two different heads of one size are remembered: one of them is of another log")
    with os.fdopen(os.dup(fd), "rb") as file:
        file.seek(end)
        while (text := file.readline(LONGEST_LINE)).endswith(b"\n"):
            chain, end = chain.after(text[:-1]), end + len(text)
            assert chain.last is not None
            look(chain.last.record)
            size = chain.tree.size
            if size in by_size and by_size[size] != chain.tree.root():
                raise AuditError(f"the first {size} entries are not those that are remembered: history was changed")
        torn = os.fstat(fd).st_size - end
    if len(text) == LONGEST_LINE:
        raise AuditError(f"entry {chain.tree.size} is not as Flaneur writes it: it was changed")
    longest = max(by_size, default=0)
    if longest > chain.tree.size:
        raise AuditError(
            f"has {chain.tree.size} whole entries where {longest} are remembered: the end was cut off or destroyed"
        )
    return Read(chain, end, torn)


def check_end(read: Read, key: PublicKey) -> None:
    """AuditError unless the log was begun and its last line signed with this key, which covers all lines before."""
    if not read.chain.tree.size:
        raise AuditError("holds no entry: its beginning was cut off, or `flaneur audit init` was interrupted")
    read.chain.check_signature(key)


def check_owner(record: Record, key: PublicKey) -> None:
    """AuditError when the log was begun with another key."""
    if isinstance(record.entry, Opened) and record.entry.public_key != key.hex:
        raise AuditError(
            f"was begun with the key {record.entry.public_key[:16]}…, and this is {key.hex[:16]}…: "
            "the key or the log is another site's, or was replaced"
        )


@dataclass(frozen=True, slots=True)
class Verified:
    """What is known of a log that is whole."""

    head: Head
    signature: str
    """By the site's key, of the head."""
    first: Record
    last: Record
    checked: tuple[Head, ...]
    """Remembered heads that it agrees with. Without one, nobody can say whether its end was cut off."""


def verify(path: Path, key: PublicKey, heads: Sequence[Head] = (), look: Look = look_on) -> Verified:
    """Judge all of the log at `path`; AuditError with the first thing that is wrong with it.

    `look` is called with each record in order, before the end has been judged.
    """
    first: list[Record] = []

    def see(record: Record) -> None:
        if not first:
            check_owner(record, key)
            first.append(record)
        look(record)

    with explained(path):
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with locked(fd, path, fcntl.LOCK_SH), about(path):
            read = follow(fd, Read(), heads, see)
            check_end(read, key)
    finally:
        os.close(fd)
    if read.torn:
        raise AuditError(
            f"{path}: ends in the middle of an entry, after {read.chain.tree.size} whole ones: writing it was cut off "
            "by a crash, or somebody changed it; the next entry that Flaneur writes repairs this and says so"
        )
    assert read.chain.last is not None
    last = read.chain.last
    return Verified(read.chain.head, last.signature, first[0], last.record, tuple(heads))


@contextmanager
def about(path: Path) -> Iterator[None]:
    """Say in which log something is wrong."""
    try:
        yield
    except AuditError as error:
        raise AuditError(f"{path}: {error}") from None


@contextmanager
def locked(fd: int, path: Path, how: int) -> Iterator[None]:
    """Hold the lock on the log; AuditError when another program does not let go of it."""
    until = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(fd, how | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() >= until:
                raise AuditError(f"{path}: is locked by another program; close that program and try again") from None
            time.sleep(_LOCK_STEP_S)
    try:
        yield
    finally:
        fcntl.flock(fd, fcntl.LOCK_UN)
