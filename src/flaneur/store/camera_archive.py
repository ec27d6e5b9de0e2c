"""Reads the figures of one camera by time, while another connection may be writing them."""

import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from flaneur.data.released import Measurement
from flaneur.store.archive import COLUMNS, connected
from flaneur.store.errors import explained

_WITHIN = "FROM measurement WHERE camera = ? AND start_ns >= ? AND start_ns < ?"


@dataclass(frozen=True, slots=True)
class CameraArchive:
    """The figures of a camera in the store at `path`. Every method raises StoreError when it cannot be read.

    The table is in the order of time, so each method reads no more than the time that it is asked about.
    """

    path: Path
    camera: str

    def between(self, start_ns: int, end_ns: int) -> Iterator[Measurement]:
        """Figures of intervals that begin at `start_ns` or later and before `end_ns`, in the order of time."""
        with explained(self.path), closing(connected(self.path)) as connection:
            connection.text_factory = _shared
            query = f"SELECT {COLUMNS} {_WITHIN} ORDER BY start_ns"
            for row in connection.execute(query, (self.camera, start_ns, end_ns)):
                yield Measurement(*row)

    def count(self, start_ns: int, end_ns: int) -> int:
        """How many figures `between` gives."""
        return self._number(f"SELECT count(*) {_WITHIN}", start_ns, end_ns) or 0

    def first_ns(self, since_ns: int = -(2**63)) -> int | None:
        """Where the first interval begins of those that begin at `since_ns` or later; None where there is none."""
        return self._number(f"SELECT start_ns {_WITHIN} ORDER BY start_ns LIMIT 1", since_ns, 2**63 - 1)

    def last_ns(self) -> int | None:
        """Where the latest interval begins; None where there is none."""
        return self._number(f"SELECT start_ns {_WITHIN} ORDER BY start_ns DESC LIMIT 1", -(2**63), 2**63 - 1)

    def _number(self, query: str, start_ns: int, end_ns: int) -> int | None:
        with explained(self.path), closing(connected(self.path)) as connection:
            row = connection.execute(query, (self.camera, start_ns, end_ns)).fetchone()
        return None if row is None else int(row[0])


def _shared(text: bytes) -> str:
    """Names come again in each row; one of each is enough."""
    return sys.intern(text.decode())
