"""Brings to the disk what must not be lost, through troubles that pass, and gives up loudly on those that last."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from flaneur.data.errors import UserError
from flaneur.data.released import Measurement, RunFacts
from flaneur.store.errors import StoreError
from flaneur.store.store import Store

PATIENCE_S = 600.0
"""A trouble that lasts longer will not go away by itself."""
FIRST_RETRY_S, LAST_RETRY_S = 0.2, 10.0
LOCK_WAIT_S = 1.0
ALARM_S = 5.0
"""A trouble that lasts longer than this is told."""

log: Any = structlog.get_logger()

Task = Callable[[], None]


class Keeper:
    """Does tasks one after the other on a thread of its own: figures to the store, entries to the audit log.

    A task that fails with something that may pass is tried again until it works, and those behind it wait, for
    `patience_s` at most; then, or at once for what will not pass, `failure` says why and nothing more is done.
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
        self._tasks: deque[Task] = deque()
        self._changed = threading.Condition()
        self._deadline_s: float | None = None
        self._kept: deque[Measurement] = deque()
        self._trouble_s: float | None = None
        self.failure: UserError | None = None
        self.refused = 0
        """Figures that the store had already: measured by an earlier run, or before the clock was set back."""
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
        self._thread.start()

    def figures(self, measurements: Sequence[Measurement], facts: RunFacts) -> None:
        """Store figures, and how they came about."""
        self.do(lambda: self._write(measurements, facts))

    def do(self, task: Task) -> None:
        """Do something that raises UserError when it does not work."""
        with self._changed:
            self._tasks.append(task)
            self._changed.notify()

    def alone(self, task: Task) -> None:
        """Do something that needs the store to be closed. When that does not work it is told, and no more."""
        self.do(lambda: self._beside(task))

    def kept(self) -> list[Measurement]:
        """Figures that have reached the disk since the last call."""
        kept: list[Measurement] = []
        while self._kept:
            kept.append(self._kept.popleft())
        return kept

    @property
    def in_trouble(self) -> bool:
        """Whether nothing could be written for a while."""
        since_s = self._trouble_s
        return since_s is not None and time.monotonic() - since_s > ALARM_S

    def close(self, timeout_s: float) -> int:
        """Finish the tasks within this time; the number of those that were not done."""
        with self._changed:
            self._deadline_s = time.monotonic() + timeout_s
            self._changed.notify()
        self._thread.join(timeout_s + LOCK_WAIT_S)
        return len(self._tasks)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._tasks or self._deadline_s is not None)
                if not self._tasks:
                    break
                task = self._tasks[0]
            if not self._done(task):
                break
            with self._changed:
                self._tasks.popleft()
        self._close()

    def _done(self, task: Task) -> bool:
        """Try a task until it works; False when it never will."""
        retry_s = FIRST_RETRY_S
        while True:
            try:
                task()
            except UserError as error:
                if not self._may_go_on(error):
                    return False
            except Exception as error:  # noqa: BLE001  # a defect of ours: told by whoever waits for us, as a failure
                self.failure = StoreError(f"{self._path}: {type(error).__name__}: {str(error).splitlines()[0]}")
                return False
            else:
                if self._trouble_s is not None:
                    self._trouble_s = None
                    log.info("store works again", waiting=len(self._tasks))
                return True
            self._pause(retry_s)
            retry_s = min(2 * retry_s, LAST_RETRY_S)

    def _may_go_on(self, error: UserError) -> bool:
        now_s = time.monotonic()
        if self._trouble_s is None:
            self._trouble_s = now_s
            log.warning("store does not work", message=str(error))
        may_pass = getattr(error, "may_pass", False)
        if self._deadline_s is not None and now_s > self._deadline_s:
            may_pass = False
        if not may_pass or now_s - self._trouble_s > self._patience_s:
            self.failure = error
            return False
        self._close()  # whatever was wrong with it, the next attempt begins with the file as it then is
        return True

    def _pause(self, wait_s: float) -> None:
        if self._deadline_s is None:
            with self._changed:
                self._changed.wait_for(lambda: self._deadline_s is not None, wait_s)
        else:
            time.sleep(FIRST_RETRY_S)

    def _write(self, measurements: Sequence[Measurement], facts: RunFacts) -> None:
        store = self._open()
        new = store.add(measurements) if measurements else []
        store.write_run(facts)
        self.refused += len(measurements) - len(new)
        self._kept.extend(new)

    def _beside(self, task: Task) -> None:
        self._close()
        try:
            task()
        except UserError as error:
            log.warning("not done", message=str(error))

    def _open(self) -> Store:
        if self._store is None:
            self._store = Store.append(self._path, LOCK_WAIT_S)
        return self._store

    def _close(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            with suppress(UserError):  # what was written is whole; the next to open the store tells what is wrong
                store.close()
