"""Files that appear whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from flaneur.data.errors import UserError


class WriteError(UserError):
    """A result file cannot be written; the message says which and why."""


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Give a file beside `path` to write to; at the end it takes its place. WriteError when the disk refuses."""
    beside = path.with_name(f".{path.name}.partial")
    try:
        with beside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise WriteError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        beside.unlink(missing_ok=True)
