"""The watch over a site: it starts cameras and workers, looks after them every half second, and ends them.

    camera threads ─ Frame ─> mailboxes ─ turns ─> workers (detector, tracker, measures) ─ figures ─> keeper ─> store

Everything here happens on one thread, that of `watch_site`.
"""

import fcntl
import math
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from flaneur.config.keep import KeepTable
from flaneur.config.site import SiteFile
from flaneur.data.errors import UserError
from flaneur.data.live import Alarm, CameraStatus
from flaneur.data.released import RedactedImage
from flaneur.data.time import SECOND_NS, to_s
from flaneur.detect.detector import DetectParams, open_detector
from flaneur.detect.protocol import Detector
from flaneur.release.aggregate import LONGEST_SILENCE
from flaneur.run.crashing import described
from flaneur.run.live.alarms import SITE, Alarms
from flaneur.run.live.camera import Camera
from flaneur.run.live.keeper import Keeper
from flaneur.run.live.machine import PERIOD_S, Load, memory_mb, workers_of
from flaneur.run.live.operations import Operations
from flaneur.run.live.records import Records
from flaneur.run.live.setup import CameraSetup, SiteSetup, read_setup
from flaneur.run.live.turns import Turns
from flaneur.run.live.viewing import Viewing
from flaneur.run.results import STORE
from flaneur.run.retention import let_go
from flaneur.source.live_clock import Clock
from flaneur.store.errors import StoreError
from flaneur.store.store import Store

JUMP_NS = 2 * SECOND_NS
"""The system's clock was set when it differs by more from one that nobody sets."""
DAY_S = 86_400.0
LET_GO_AGAIN_S = 600.0
"""When old figures could not be let go, for instance while somebody reads the store."""
TURN_S = 1.5
"""So long the end of a camera waits for a turn that is going on …"""
CLOSE_S = 3.0
"""… and that of the program for turns and the store; with what services need it must be over in five seconds."""
RECORD_S = 3.0
"""Whoever wants to see the live view waits so long for its record."""


log: Any = structlog.get_logger()


class Watch:
    """A site that is being watched, from its making to the end of `run`."""

    def __init__(self, setup: SiteSetup, new_clock: Callable[[], Clock] = Clock) -> None:
        """UserError when something that it needs cannot be used; then nothing is left behind."""
        self._setup = setup
        self._new_clock = new_clock
        self._clock = new_clock()
        self._alarms = Alarms()
        self._load = Load()
        self._turns: Turns[Camera] = Turns()
        self._cameras: dict[str, Camera] = {}
        self._retention_s = time.monotonic()
        with ExitStack() as stack:
            stack.enter_context(_only_one(setup.folder))
            self._detector = open_site_detector(setup)
            self._records = stack.enter_context(Records.open(setup))
            self._keeper = Keeper(setup.folder / STORE)
            stack.callback(self._keeper.close, 0.0)
            self._viewing = Viewing(setup.services.viewers, self._picture, self._viewed)
            look = self._viewing.look if setup.services.viewers else None
            self._operations = Operations(setup.site, setup.folder, setup.services, look)
            self._left_behind = stack.pop_all()
        self._workers = new_workers(setup, self._turns)

    def run(self, stop: threading.Event, reload: threading.Event) -> None:
        """Watch until `stop` is set or all cameras were files that have ended; read the site file anew at `reload`.

        UserError when figures can be kept, or pictures be looked at, no longer.
        """
        with self._left_behind:
            try:
                self._begin()
                while not (stop.is_set() or self._keeper.failure or self._is_over):
                    if reload.is_set():
                        reload.clear()
                        self._reload()
                    self._look_after()
                    stop.wait(PERIOD_S)
                if not self._keeper.failure:  # whose alarm somebody must still look at
                    self._tell(self._alarms.forget_all(self._clock.now_ns()))
            finally:
                self._end()
        if self._keeper.failure:
            raise self._keeper.failure

    def statuses(self) -> list[CameraStatus]:
        """How all cameras are now; any thread may ask."""
        now_ns = self._clock.now_ns()
        return [camera.vitals.status(now_ns) for camera in list(self._cameras.values())]

    def _begin(self) -> None:
        self._record(self._records.configured(self._setup))
        for worker in self._workers:
            worker.start()
        ends_ns = _ends_ns(self._setup, self._clock.now_ns())
        for camera in self._setup.cameras:
            self._start(camera, ends_ns[camera.name])
        log.info("watching", site=self._setup.site.site.name, cameras=len(self._cameras), workers=len(self._workers))

    def _start_again(self, setups: Sequence[CameraSetup], gone: Sequence[Camera]) -> None:
        """Start cameras while others are watched: one that cannot be started must not end those."""
        before = {camera.name: camera for camera in gone}
        for setup in setups:
            old = before.get(setup.name)
            try:
                self._start(setup, None if old is None else old.end_ns, old)
            except UserError as error:  # a file that it names has gone since it was checked
                log.error("camera cannot be watched", camera=setup.name, message=str(error))
            except Exception as error:  # noqa: BLE001  # a defect of ours
                log.error("camera cannot be watched", camera=setup.name, **described(error))

    def _start(self, setup: CameraSetup, resume_ns: int | None, before: Camera | None = None) -> None:
        camera = Camera(setup, self._detector, self._turns, self._clock, self._keeper.figures, resume_ns, before)
        self._cameras[camera.name] = camera
        self._record(self._records.started(self._setup, setup))

    def _finish(self, camera: Camera) -> None:
        camera.finish(TURN_S)
        del self._cameras[camera.name]
        self._tell(self._alarms.forget(camera.name, self._clock.now_ns()))
        self._record(self._records.stopped(camera.name))

    @property
    def _is_over(self) -> bool:
        return bool(self._cameras) and all(camera.is_over for camera in self._cameras.values())

    def _look_after(self) -> None:
        if not all(worker.is_alive() for worker in self._workers):
            raise UserError("a worker has ended by a defect of Flaneur, so cameras are watched no more; start it again")
        self._check_clock()
        now_ns = self._clock.now_ns()
        for camera in self._cameras.values():
            camera.tick()
        statuses = self.statuses()
        told = self._alarms.of_cameras(statuses, now_ns)
        for camera in self._cameras.values():
            told += self._alarms.of_densities(camera.name, camera.alarm_levels, now_ns)
        told += self._alarms.judge(SITE, "store", "", int(self._keeper.in_trouble), None, now_ns)
        overtaken = sum(camera.overtaken for camera in self._cameras.values())
        is_much = self._load.is_too_much(overtaken, sum(status.looks for status in statuses))
        is_large = self._is_large()
        told += self._alarms.judge(SITE, "overload", "", int(is_much or is_large), None, now_ns)
        self._tell(told)
        self._operations.statuses(statuses)
        self._operations.completed(self._keeper.kept())
        self._let_go()

    def _is_large(self) -> bool:
        """Whether the program takes more memory than it may; then frames that wait are dropped."""
        limit_mb = self._setup.site.watch.memory_mb
        if limit_mb is None or memory_mb() <= limit_mb:
            return False
        for camera in self._cameras.values():
            camera.shed()
        return True

    def _tell(self, alarms: Sequence[Alarm]) -> None:
        for alarm in alarms:
            about = {"camera": alarm.camera, "reason": alarm.reason, "place": alarm.place}
            log.warning(
                "alarm" if alarm.level else "alarm over",
                what=alarm.what,
                alarm_level=alarm.level,
                **{name: value for name, value in about.items() if value},
            )
            self._operations.alarm(alarm)
        self._record(self._records.of_alarms(alarms))

    def _record(self, tasks: Sequence[Callable[[], None]]) -> None:
        for task in tasks:
            self._keeper.do(task)

    def _picture(self, name: str) -> RedactedImage | None:
        camera = self._cameras.get(name)
        return None if camera is None else camera.picture

    def _viewed(self, user: str, name: str) -> bool:
        """Record that somebody looks at a camera; whether that is on the disk."""
        written = threading.Event()
        self._record([*self._records.viewed(user, name), written.set])
        return written.wait(RECORD_S)

    def _check_clock(self) -> None:
        """When the system's clock was set, all cameras begin anew with the right time.

        What the store has already of an interval that is measured twice stays as it is.
        """
        jumped_ns = self._clock.jumped_ns()
        if abs(jumped_ns) <= JUMP_NS:
            return
        log.warning("clock was set", by_s=round(to_s(jumped_ns), 3))
        cameras = list(self._cameras.values())
        for camera in cameras:
            camera.stop()
        for camera in cameras:
            self._finish(camera)
        self._clock = self._new_clock()
        now_ns = self._clock.now_ns()
        self._tell([Alarm(SITE, "clock", "clock", "", level, now_ns) for level in (1, 0)])
        self._start_again([camera.setup for camera in cameras], cameras)

    def _let_go(self) -> None:
        """Once a day figures that are old enough go, where the site file in force says so."""
        keep = self._setup.site.keep
        if keep is None or time.monotonic() < self._retention_s:
            return
        self._retention_s = math.inf  # until it is known what became of it
        self._keeper.alone("letting go of old figures", partial(self._age, keep))

    def _age(self, keep: KeepTable) -> None:
        """On the keeper's thread. The file is not read again: it may have been refused, and what goes is gone."""
        store, site = self._setup.folder / STORE, self._setup.site.site.name
        wait_s = LET_GO_AGAIN_S
        try:
            aged = let_go(store, site, keep, self._clock.now_ns(), self._records.write)
            wait_s = DAY_S
        finally:
            self._retention_s = time.monotonic() + wait_s
        if aged:
            log.info("old figures let go", deleted=aged.deleted, coarsened=aged.coarsened, dropped=aged.dropped)

    def _reload(self) -> None:
        """Take over a changed site file; cameras that are the same in it go on undisturbed."""
        try:
            new = read_setup(self._setup.path)
            _check_fixed(self._setup, new)
            detector = open_site_detector(new) if new.site.detector != self._setup.site.detector else self._detector
            self._operations.reload(new.site, new.services)
        except UserError as error:
            log.error("site file refused; nothing changed", message=str(error))
            return
        except Exception as error:  # noqa: BLE001  # a defect of ours must not end what is watched
            log.error("site file refused; nothing changed", **described(error))
            return
        self._setup, self._detector = new, detector
        self._viewing.renew(new.services.viewers)
        self._record(self._records.configured(new))
        wanted = {setup.name: setup for setup in new.cameras}
        gone = [
            camera
            for camera in self._cameras.values()
            if camera.name not in wanted or not camera.setup.same_as(wanted[camera.name])
        ]
        for camera in gone:
            camera.stop()
        for camera in gone:
            self._finish(camera)
        begun = [setup for setup in new.cameras if setup.name not in self._cameras]
        self._start_again(begun, gone)
        log.info("site file read anew", ended=[camera.name for camera in gone], begun=[setup.name for setup in begun])

    def _end(self) -> None:
        begin_s = time.monotonic()
        for camera in self._cameras.values():
            camera.stop()
        self._turns.close()
        for worker in self._workers:
            worker.join(max(begin_s + TURN_S - time.monotonic(), 0.0))
        for camera in list(self._cameras.values()):
            camera.finish(max(begin_s + TURN_S - time.monotonic(), 0.0))
        for name in self._cameras:  # behind all figures, which are then written at once
            self._record(self._records.stopped(name))
        statuses = self.statuses()
        left = self._keeper.close(max(begin_s + CLOSE_S - time.monotonic(), 0.0))
        self._operations.completed(self._keeper.kept())
        self._operations.statuses(statuses)
        self._operations.close()
        log.info(
            "stopped",
            cameras=len(self._cameras),
            refused=self._keeper.refused,
            unwritten=left,
            failures=sum(camera.failures for camera in self._cameras.values()),
        )


def new_workers(setup: SiteSetup, turns: Turns[Camera]) -> list[threading.Thread]:
    """Threads that are not started yet, each of which will take one turn after the other."""
    return [
        threading.Thread(target=work, args=(turns,), name=f"worker {n}", daemon=True) for n in range(workers_of(setup))
    ]


def work(turns: Turns[Camera]) -> None:
    """A worker: one camera's turn after the other, whatever becomes of it."""
    while (turn := turns.take()) is not None:
        box, waiting = turn
        try:
            box.owner.work(waiting)
        except Exception as error:  # noqa: BLE001  # a defect of ours must not end what all cameras share
            log.error("turn failed", camera=box.owner.name, **described(error))
        finally:
            turns.done(box)


def open_site_detector(setup: SiteSetup) -> Detector:
    """The detector that all cameras of the site share; ModelError when it cannot be used."""
    table = setup.site.detector
    return open_detector(DetectParams(table.model, table.layout, table.kinds, table.licence, workers_of(setup)))


def _ends_ns(setup: SiteSetup, now_ns: int) -> dict[str, int | None]:
    """Camera -> until when the store knows it, not looking back longer than gaps are told."""
    since_ns = now_ns - LONGEST_SILENCE * setup.site.site.interval_s * SECOND_NS
    names, site = [camera.name for camera in setup.cameras], setup.site.site.name
    try:
        with Store.open(setup.folder / STORE, read_only=True) as store:
            return {name: store.known_until_ns(site, name, since_ns) for name in names}
    except StoreError as error:
        if not error.may_pass:
            raise
        log.warning("gap before this start is not told", message=str(error))
        return dict.fromkeys(names)


def _check_fixed(before: SiteSetup, now: SiteSetup) -> None:
    """UserError for a change that a running program cannot follow."""
    old, new = before.site, now.site
    fixed = {
        "site.name": (old.site.name, new.site.name),
        "audit": (old.audit, new.audit),
        "watch": (old.watch, new.watch),
        "serve.viewers": (_has_viewers(old), _has_viewers(new)),
    }
    for name, (was, is_now) in fixed.items():
        if was != is_now:
            raise UserError(f"{now.path}: [{name}] cannot change while the site is watched; restart flaneur watch")


def _has_viewers(site: SiteFile) -> bool:
    """Whether there is a live view; who may see it can change."""
    return bool(site.serve and site.serve.viewers)


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Two programs that measure into one store would only waste their work; UserError for the second one."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise UserError(f"{folder}: cannot be used for results: {error.strerror}") from None
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"{folder}: another flaneur watch is writing there; stop it or name another folder"
            ) from None
        yield
    finally:
        os.close(fd)
