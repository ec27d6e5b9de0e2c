"""The seal of a ledger: every entry carries a keyed hash over itself and the entry before.

Whoever has the file but not the key can neither change, add, swap nor remove an entry unnoticed, nor cut off the last
ones, because the head, which says how many there are, is sealed as well. Somebody who puts back an older copy of the
whole file is not noticed by this; the head in every publication and in the audit log tells of it.
"""

import hmac
import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from flaneur.store.errors import StoreError

KEY_BYTES = 32
FIRST_SEAL = b""
"""Stands for the entry before the first one."""
Value = str | int


def seal(key: bytes, before: bytes, values: Sequence[Value]) -> bytes:
    """The seal of an entry, HMAC-SHA-256."""
    text = json.dumps(list(values), ensure_ascii=True, separators=(",", ":"))
    return hmac.digest(key, before + b"\n" + text.encode(), "sha256")


def same(a: bytes, b: bytes) -> bool:
    """Whether two seals are equal, told in constant time."""
    return hmac.compare_digest(a, b)


def read_key(path: Path) -> bytes:
    """The key of a ledger; StoreError when it is not there or is none."""
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        raise StoreError(f"{path}: the key of the ledger is missing; restore it from a backup") from None
    except OSError as error:
        raise StoreError(f"{path}: the key of the ledger cannot be read: {error.strerror}") from None
    if len(key) != KEY_BYTES:
        raise StoreError(f"{path}: is not the key of a ledger; restore it from a backup")
    return key


def make_key(path: Path) -> bytes:
    """A new key, on the disk when this returns, readable by its owner only. StoreError when there is one already."""
    key = secrets.token_bytes(KEY_BYTES)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise StoreError(
            f"{path}: there is a key but its ledger is gone or empty; restore the ledger from a backup. "
            "Beginning anew would spend the same budget again. If nothing was ever published, remove the key"
        ) from None
    except OSError as error:
        raise StoreError(f"{path}: the key of the ledger cannot be written: {error.strerror}") from None
    return key
