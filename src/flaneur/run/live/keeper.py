"""Brings to the disk what must not be lost, through troubles that pass, and gives up loudly on those that last."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from flaneur.data.errors import UserError
from flaneur.data.released import Measurement, RunFacts
from flaneur.run.crashing import described
from flaneur.store.errors import StoreError, explained
from flaneur.store.store import Store

PATIENCE_S = 600.0
"""A trouble that lasts longer will not go away by itself."""
FIRST_RETRY_S, LAST_RETRY_S = 0.2, 10.0
LOCK_WAIT_S = 1.0
ALARM_S = 5.0
"""When nothing could be written for longer than this, it is told."""

log: Any = structlog.get_logger()

Task = Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Figures:
    """To be stored, with how they came about."""

    measurements: Sequence[Measurement]
    facts: RunFacts


class Keeper:
    """Does tasks one after the other on a thread of its own: figures to the store, entries to the audit log.

    Figures that wait one behind the other are stored in one transaction, because a slow disk takes as long for one
    camera's as for a hundred's. A task that fails with something that may pass is tried again until it works, and those
    behind it wait, for `patience_s` at most; then, or at once for what will not pass, `failure` says why and nothing
    more is done.
    """

    def __init__(self, path: Path, patience_s: float = PATIENCE_S) -> None:
        """`path` is the store's; it is made where there is none. StoreError when it cannot be used.

        One that is there and full or locked may be usable later; that is no error.
        """
        self._path = path
        self._patience_s = patience_s
        try:
            Store.append(path, LOCK_WAIT_S).close()
        except StoreError as error:
            if not (error.may_pass and path.exists()):
                raise
        self._store: Store | None = None  # SQLite wants a file used by the thread that opened it
        self._tasks: deque[Task | _Figures] = deque()
        self._changed = threading.Condition()
        self._deadline_s: float | None = None
        self._kept: deque[Measurement] = deque()
        self._begun_s: float | None = None
        """When what is to be written now was tried first …"""
        self._trouble: UserError | None = None
        """… and why it has not been written yet."""
        self.failure: UserError | None = None
        self.refused = 0
        """Figures that the store had already: measured by an earlier run, or before the clock was set back."""
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
        self._thread.start()

    def figures(self, measurements: Sequence[Measurement], facts: RunFacts) -> None:
        """Store figures, and how they came about."""
        self._put(_Figures(measurements, facts))

    def do(self, task: Task) -> None:
        """Do something that raises UserError when it does not work."""
        self._put(task)

    def alone(self, what: str, task: Task) -> None:
        """Do something that needs the store to be closed and may take long. When it does not work, that is told, and no
        more; `what` says in the log what was not done."""
        self._put(partial(self._beside, what, task))

    def kept(self) -> list[Measurement]:
        """Figures that have reached the disk since the last call."""
        kept: list[Measurement] = []
        while self._kept:
            kept.append(self._kept.popleft())
        return kept

    @property
    def in_trouble(self) -> bool:
        """Whether nothing could be written for a while: it fails again and again, or does not come back."""
        since_s = self._begun_s
        return since_s is not None and time.monotonic() - since_s > ALARM_S

    def close(self, timeout_s: float) -> int:
        """Finish the tasks within this time; the number of those that were not done, and `failure` says why."""
        with self._changed:
            self._deadline_s = time.monotonic() + timeout_s
            self._changed.notify()
        self._thread.join(timeout_s)
        left = len(self._tasks)
        if left and self.failure is None:
            slow = StoreError(f"{self._path}: the disk is too slow; not everything was written at the end")
            self.failure = self._trouble or slow
        return left

    def _put(self, task: Task | _Figures) -> None:
        with self._changed:
            self._tasks.append(task)
            self._changed.notify()

    def _run(self) -> None:
        try:
            while (following := self._next()) is not None:
                task, count = following
                if not self._done(task):
                    break
                with self._changed:
                    for _ in range(count):
                        self._tasks.popleft()
        except Exception as error:  # noqa: BLE001  # a defect of ours: told by whoever waits for us, as a failure
            log.error("keeper failed", **described(error))
            self.failure = StoreError(f"{self._path}: cannot be written: {type(error).__name__}; the log says where")
        self._close()

    def _next(self) -> tuple[Task, int] | None:
        """What is to be done next and how many tasks that is; None when the end has come and nothing is left."""
        with self._changed:
            self._changed.wait_for(lambda: self._tasks or self._deadline_s is not None)
            figures: list[_Figures] = []
            for task in self._tasks:
                if isinstance(task, _Figures):
                    figures.append(task)
                elif figures:
                    break
                else:
                    return task, 1
            return (partial(self._write, figures), len(figures)) if figures else None

    def _done(self, task: Task) -> bool:
        """Try a task until it works; False when it never will."""
        self._begun_s = begun_s = time.monotonic()
        retry_s = FIRST_RETRY_S
        while True:
            try:
                task()
            except UserError as error:
                if self._trouble is None:
                    log.warning("store does not work", message=str(error))
                self._trouble = error
                if not self._may_pass(error, begun_s):
                    self.failure = error
                    return False
            else:
                self._begun_s = None
                if self._trouble is not None:
                    self._trouble = None
                    log.info("store works again", waiting=len(self._tasks))
                return True
            self._close()  # whatever was wrong with it, the next attempt begins with the file as it then is
            self._pause(retry_s)
            retry_s = min(2 * retry_s, LAST_RETRY_S)

    def _may_pass(self, error: UserError, begun_s: float) -> bool:
        """Whether it is worth while to try again what was tried first at `begun_s`."""
        now_s = time.monotonic()
        if self._deadline_s is not None and now_s > self._deadline_s:
            return False
        return getattr(error, "may_pass", False) and now_s - begun_s <= self._patience_s

    def _pause(self, wait_s: float) -> None:
        if self._deadline_s is None:
            with self._changed:
                self._changed.wait_for(lambda: self._deadline_s is not None, wait_s)
        else:
            time.sleep(FIRST_RETRY_S)

    def _write(self, waiting: Sequence[_Figures]) -> None:
        measurements = [one for each in waiting for one in each.measurements]
        new = self._open().add(measurements, [each.facts for each in waiting])
        self.refused += len(measurements) - len(new)
        self._kept.extend(new)

    def _beside(self, what: str, task: Task) -> None:
        self._begun_s = None  # a large store is written anew; that takes its time and is no trouble
        self._close()
        try:
            task()
        except UserError as error:
            log.warning("not done", what=what, message=str(error))
        except Exception as error:  # noqa: BLE001  # a defect of ours there must not end the measuring
            log.error("not done", what=what, **described(error))

    def _open(self) -> Store:
        if self._store is None:
            with explained(self._path):
                if not self._path.exists():  # where its disk was, a new one would take figures that nobody would find
                    raise StoreError(
                        f"{self._path}: is not there any more; bring its disk or the file back", may_pass=True
                    )
            self._store = Store.append(self._path, LOCK_WAIT_S)
        return self._store

    def _close(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            with suppress(UserError):  # what was written is whole; the next to open the store tells what is wrong
                store.close()
