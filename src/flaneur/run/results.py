"""The folder that a run leaves behind. It appears whole or not at all."""

import fcntl
import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

from flaneur.data.errors import UserError

STORE = "flaneur.sqlite"
CSV = "figures.csv"
PARQUET = "figures.parquet"
REPORT = "report.html"
VIDEO = "redacted.mp4"
OURS = frozenset({STORE, CSV, PARQUET, REPORT, VIDEO})
OF_A_REPORT = frozenset({CSV, PARQUET, REPORT})
"""What a report on a store leaves behind."""


class ResultsError(UserError):
    """The results cannot be written there; the message says why and what to do."""


class ResultsFolder:
    """Collects results in a hidden folder beside `out` and puts them in place when `publish` is called.

    Leaving the context without `publish` removes what was collected. ResultsError when `out` holds something that
    would be mixed with the new results or cannot be written. `names` are the files that may be replaced; a folder in
    which there is a store, which may be in use, is no place for a report on one.
    """

    def __init__(self, out: Path, *, overwrite: bool, names: frozenset[str] = OURS) -> None:
        self.out = out.absolute()
        self._overwrite = overwrite
        self._names = names
        self.staging = self.out.with_name(f".{self.out.name}.partial")
        self._lock_fd = -1
        self._check()

    def _check(self) -> None:
        if not self.out.exists():
            return
        if not self.out.is_dir():
            raise ResultsError(f"{self.out}: is a file; name a folder with --out")
        held = {path.name for path in self.out.iterdir()}
        is_ours = STORE in held if STORE in self._names else self._names <= held and STORE not in held
        if held and not is_ours:
            raise ResultsError(f"{self.out}: holds other files; name an empty or new folder with --out")
        if held and not self._overwrite:
            raise ResultsError(
                f"{self.out}: holds the results of an earlier run; name another folder with --out, "
                "or replace them with --overwrite"
            )

    def __enter__(self) -> Self:
        try:
            self.out.parent.mkdir(parents=True, exist_ok=True)
            self.staging.mkdir(exist_ok=True)
            self._lock_fd = os.open(self.staging, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise ResultsError(f"{self.out}: cannot be written: {error.strerror}") from None
        try:
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock_fd)
            raise ResultsError(f"{self.out}: another run is writing its results there") from None
        for leftover in self.staging.iterdir():  # of a run that was killed
            leftover.unlink()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.staging, ignore_errors=True)
        os.close(self._lock_fd)

    def path(self, name: str) -> Path:
        """Where the file called `name` is to be written."""
        return self.staging / name

    def publish(self) -> None:
        """Put the results in place of what `out` held; files that are not ours stay."""
        if self.out.exists():
            for path in self.out.iterdir():
                if not self._is_replaced(path.name):
                    path.rename(self.staging / path.name)
            replaced = self.out.with_name(f".{self.out.name}.replaced")
            shutil.rmtree(replaced, ignore_errors=True)
            self.out.rename(replaced)
            self.staging.rename(self.out)
            shutil.rmtree(replaced, ignore_errors=True)
        else:
            self.staging.rename(self.out)

    def _is_replaced(self, name: str) -> bool:
        """Whether a file of this name goes, as those do that lie beside a store."""
        return name in self._names or (STORE in self._names and name.startswith(STORE))
