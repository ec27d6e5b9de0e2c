"""Heads of the log: a size and the root over so many entries. Who remembers one can tell whether history was changed.

The log itself cannot show that its end was cut off, since what is left was whole once. A head that is kept elsewhere
can: Flaneur keeps the latest one beside the key, and people may keep any on paper.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from flaneur.store.audit.errors import AuditError, explained
from flaneur.store.audit.merkle import HASH_BYTES

_PURPOSE = b"flaneur audit tree head 1\x00"
_TEXT = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Head:
    """A size of the log, and its root at that size."""

    size: int
    root: bytes

    def __post_init__(self) -> None:
        if self.size < 1 or len(self.root) != HASH_BYTES:
            raise ValueError("a head is of one entry or more and of 32 bytes")

    def __str__(self) -> str:
        return f"{self.size}:{self.root.hex()}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The head that was written as `17:3fa9…`; AuditError when that is none."""
        found = _TEXT.fullmatch(text.strip())
        if not found:
            raise AuditError(f"{text.strip()[:90]!r} is not a head; one looks like 17: and 64 digits from 0 to f")
        return cls(int(found[1]), bytes.fromhex(found[2]))

    @property
    def message(self) -> bytes:
        """What is signed; its beginning keeps the signature from being taken for one of anything else."""
        return _PURPOSE + self.size.to_bytes(8) + self.root


def head_path(key: Path) -> Path:
    """Where the head that Flaneur remembers lies: beside the key, not beside the log."""
    return key.with_name(f"{key.name}.head")


def remember(path: Path, head: Head) -> None:
    """Write down the latest head; the file is the old one or the new one, also after a crash."""
    beside = path.with_name(f".{path.name}.partial")
    try:
        with explained(path):
            with beside.open("w") as file:
                file.write(f"{head}\n")
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
            sync_folder(path)
    except AuditError as error:
        raise AuditError(f"{error}; the last entry is recorded, but its head {head} could not be remembered") from None
    finally:
        beside.unlink(missing_ok=True)


def recall(path: Path) -> Head | None:
    """The head that was written down; None when there is no such file."""
    if not path.exists():
        return None
    with explained(path), path.open(errors="replace") as file:
        text = file.read(1000)
    try:
        return Head.parse(text)
    except AuditError:
        raise AuditError(f"{path}: holds no head; write the last one that you remember there, as in 17:3fa9…") from None


def sync_folder(path: Path) -> None:
    """Make sure that the name of a new file survives a power cut."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
