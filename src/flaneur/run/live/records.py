"""What the watch records in the site's audit log. A site file without `[audit]` has none."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Self

from flaneur.data.live import Alarm
from flaneur.run.audit import Write, log_paths, name_text
from flaneur.run.live.setup import CameraSetup, SiteSetup
from flaneur.run.software import software
from flaneur.store.audit.entries import ConfigurationChanged, Entry, HealthChanged, Record, Started, Stopped, Viewed
from flaneur.store.audit.log import AuditLog, time_text

Task = Callable[[], None]


class Records:
    """Makes entries as tasks, each of which writes one and raises AuditError when it cannot."""

    def __init__(self, log: AuditLog | None, known: str | None) -> None:
        """`known` is the SHA-256 of the site file that the log heard of last."""
        self._log = log
        self._known = known

    @classmethod
    @contextmanager
    def open(cls, setup: SiteSetup) -> Iterator[Self]:
        """Open the log; AuditError when it is not what it was."""
        if setup.site.audit is None:
            yield cls(None, None)
            return
        known: list[str] = []

        def look(record: Record) -> None:
            if isinstance(record.entry, ConfigurationChanged):
                known[:] = [record.entry.after]

        with AuditLog.open(*log_paths(setup.path), time.time_ns, look) as log:
            yield cls(log, known[0] if known else None)

    @property
    def write(self) -> Write | None:
        """Writes an entry at once; None where there is no log."""
        return None if self._log is None else partial(_write, self._log)

    def configured(self, setup: SiteSetup) -> list[Task]:
        """This site file holds from now on."""
        if setup.digest == self._known:
            return []
        before, self._known = self._known, setup.digest
        return self._tasks(ConfigurationChanged(before=before, after=setup.digest))

    def started(self, setup: SiteSetup, camera: CameraSetup) -> list[Task]:
        """A camera is watched from now on."""
        return self._tasks(
            Started(
                command="live",
                camera=name_text(camera.name),
                source=name_text(camera.address.shown),
                configuration=setup.digest,
                software=software(),
            )
        )

    def stopped(self, camera: str) -> list[Task]:
        """A camera is watched no more."""
        return self._tasks(Stopped(command="live", camera=name_text(camera), outcome="complete"))

    def viewed(self, user: str, camera: str) -> list[Task]:
        """Somebody looks at a camera's live view."""
        return self._tasks(Viewed(account=name_text(user), camera=name_text(camera), view="ghost"))

    def of_alarms(self, alarms: Sequence[Alarm]) -> list[Task]:
        """Cameras that began or ceased to show what they were set up to show."""
        return [task for alarm in alarms if alarm.what in ("lost", "blind") for task in self._tasks(_health(alarm))]

    def _tasks(self, entry: Entry) -> list[Task]:
        return [] if self._log is None else [partial(_write, self._log, entry)]


def _write(log: AuditLog, entry: Entry) -> None:
    log.append(entry)


def _health(alarm: Alarm) -> HealthChanged:
    faults: tuple[str, ...] = ()
    if alarm.level:
        faults = ("offline",) if alarm.what == "lost" else (alarm.reason or "covered",)
    return HealthChanged.model_validate(
        {"camera": name_text(alarm.camera), "since": time_text(alarm.time_ns), "faults": faults}
    )
