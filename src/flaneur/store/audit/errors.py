"""What a person can do when the audit log cannot be used."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flaneur.data.errors import UserError


class AuditError(UserError):
    """The audit log or its key cannot be used, or is not what it was; the message says why and what to do."""

    def __init__(self, message: str, *, may_pass: bool = False) -> None:
        super().__init__(message)
        self.may_pass = may_pass
        """True when the same may work later, with nothing done to the log itself: a full or failing disk."""


_SENTENCES = {
    errno.ENOENT: "is not there; `flaneur audit init` begins a log",
    errno.EEXIST: "exists already; a log is never begun anew over an old one",
    errno.EISDIR: "is a folder, not a file",
    errno.EACCES: "may not be used by this account; change its permissions",
    errno.EPERM: "may not be used by this account; change its permissions",
    errno.EROFS: "lies on a read-only disk",
    errno.ENOSPC: "the disk is full; free some space and try again",
    errno.EDQUOT: "the disk is full; free some space and try again",
    errno.EFBIG: "cannot grow; the file is as large as this system allows",
}

_PASSING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM})


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn the system's errors about the file at `path` into sentences."""
    try:
        yield
    except OSError as error:
        sentence = _SENTENCES.get(error.errno or 0, f"cannot be used: {error.strerror or error}")
        raise AuditError(f"{path}: {sentence}", may_pass=error.errno in _PASSING) from None
