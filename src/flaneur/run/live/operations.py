"""Health, metrics, messages and alarms of a running site: one event loop on a thread of its own."""

import asyncio
import logging
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import structlog
from starlette.types import ASGIApp

from flaneur.config.site import SiteFile
from flaneur.data.errors import UserError
from flaneur.data.live import Alarm, CameraStatus
from flaneur.data.released import Measurement
from flaneur.data.time import SECOND_NS
from flaneur.run.live.notify import notify
from flaneur.run.live.services import LISTEN, Plan, Services, ServiceSecrets
from flaneur.run.results import STORE
from flaneur.serve.live.board import Board, SiteFacts
from flaneur.serve.live.http import Access, make_app
from flaneur.serve.live.metrics import ChannelCount
from flaneur.serve.live.views import Look
from flaneur.store.archive import Archive
from flaneur.store.errors import StoreError

__all__ = ["Operations", "ServiceSecrets"]

SILENT_S = 15.0
"""Who says nothing of the cameras for so long does not watch them any more."""
CLOSE_S = 1.8
RECALL_NS = 86_400 * SECOND_NS
"""Series that had a figure in the last day of the store are known from the start."""
PROBE_BYTES = 4096

log = structlog.get_logger()


class Operations:
    """Serves what the site file asks for under `[serve]`, `[mqtt]` and `[[webhook]]`.

    Every method returns at once (`close` within two seconds) and may be called from any one thread.
    """

    def __init__(self, site: SiteFile, folder: Path, secrets: ServiceSecrets, look: Look | None = None) -> None:
        """`folder` holds the site's store; `look` shows the live view. UserError when the port is taken or a secret is
        missing."""
        self._site, self._folder, self._secrets = site, folder, secrets
        plan = Plan.of(site, secrets)
        self._listener = _listener(site)
        self._heard_s: float | None = None
        self._loop = asyncio.new_event_loop()
        self._inside = _Inside(site, folder, self._silence, look)
        self._thread = threading.Thread(target=self._run, name="operations", daemon=True)
        self._thread.start()
        self._call(self._inside.start, plan, self._listener)

    def statuses(self, statuses: Sequence[CameraStatus]) -> None:
        """How all cameras are now; about once a second, which is also what tells systemd that we are alive."""
        watched = sum(status.state == "watching" for status in statuses)
        ready = () if self._heard_s is not None else ("READY=1",)
        notify(*ready, "WATCHDOG=1", f"STATUS={watched} of {len(statuses)} cameras are watched")
        self._heard_s = time.monotonic()
        self._call(self._inside.seen, tuple(statuses))

    def completed(self, measurements: Sequence[Measurement]) -> None:
        """Figures of intervals that are complete and in the store."""
        self._call(self._inside.complete, tuple(measurements))

    def alarm(self, alarm: Alarm) -> None:
        """Something began, got worse or is over."""
        self._call(self._inside.alarmed, alarm)

    def reload(self, site: SiteFile, secrets: ServiceSecrets | None = None) -> None:
        """The site file was read anew, and perhaps its secrets.

        UserError, and nothing changed, when a port is taken or a secret missing.
        """
        secrets = secrets or self._secrets
        plan = Plan.of(site, secrets)
        old = None
        if _address(site) != _address(self._site):
            old, self._listener = self._listener, _listener(site, self._listener)
        same = (_services(site), secrets) == (_services(self._site), self._secrets)
        self._site, self._secrets = site, secrets
        self._call(self._inside.move, site, None if same else plan, self._listener, old)

    def close(self) -> None:
        """Say goodbye to brokers and readers and stop, within two seconds."""
        notify("STOPPING=1")
        if self._thread.is_alive():
            self._call(self._inside.end)
            self._thread.join(CLOSE_S)
        if self._listener is not None:
            self._listener.close()

    def _silence(self) -> float:
        """Seconds since anything was heard of the cameras; 0 before the first time."""
        return 0.0 if self._heard_s is None else time.monotonic() - self._heard_s

    def _call(self, what: Callable[..., object], *given: object) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(what, *given)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells addresses, which may hold secrets
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()


class _Inside:
    """What happens on the loop, and nowhere else: the board, and the services that tell from it."""

    def __init__(self, site: SiteFile, folder: Path, silence: Callable[[], float], look: Look | None) -> None:
        self._folder = folder
        self._look = look
        self._silence = silence
        self._archive = Archive(folder / STORE)
        self._board = Board(_facts(site))
        self._services: Services
        """Those of the latest plan; while the ones before stop they hold what is told."""
        self._replacing = asyncio.Lock()
        self._waiting: set[asyncio.Task[None]] = set()

    def start(self, plan: Plan, listener: socket.socket | None) -> None:
        with suppress(StoreError):  # there is none yet
            self._board.recall(self._archive.latest(RECALL_NS, until_ns=time.time_ns()))
        self._services = self._made(plan, listener)
        self._services.start()

    def seen(self, statuses: Sequence[CameraStatus]) -> None:
        self._board.seen(statuses)
        self._services.states(statuses)

    def complete(self, figures: Sequence[Measurement]) -> None:
        if not figures:
            return
        known = self._board.series().keys()
        self._services.intervals(self._board.complete(figures))
        held = self._board.series()
        self._services.withdraw(known - held.keys())
        self._services.announce(sorted({series.camera for series in held.keys() - known}), held)

    def alarmed(self, alarm: Alarm) -> None:
        self._board.alarmed(alarm)
        self._services.alarm(alarm)

    def move(
        self, site: SiteFile, plan: Plan | None, listener: socket.socket | None, old: socket.socket | None
    ) -> None:
        cameras, facts = self._board.site.cameras, _facts(site)
        self._services.forget(set(cameras) - set(facts.cameras), self._board.series())
        self._board.move(facts)
        if plan is None:
            self._services.announce(sorted(set(facts.cameras) - set(cameras)), self._board.series())
        else:
            before, self._services = self._services, self._made(plan, listener)
            self._later(self._replace(before, self._services))
        if old is not None:
            old.close()  # the server that stops has one of its own

    def end(self) -> None:
        self._later(self._end())

    def _later(self, what: Any) -> None:
        task = asyncio.get_running_loop().create_task(what)
        self._waiting.add(task)  # the loop itself holds tasks only weakly
        task.add_done_callback(self._waiting.discard)

    def _made(self, plan: Plan, listener: socket.socket | None) -> Services:
        services = Services(plan, self._board.site, listener, self._app)
        services.announce(self._board.site.cameras, self._board.series())
        services.states(self._board.statuses.values())
        return services

    def _app(self, access: Access, counts: Callable[[], Iterable[ChannelCount]]) -> ASGIApp:
        return make_app(self._board, counts, self._archive, self._wrong, access, self._look)

    async def _replace(self, before: Services, now: Services) -> None:
        async with self._replacing:  # one after the other, so that each is stopped by the one that follows it
            await before.stop()
            now.start(before)

    async def _end(self) -> None:
        async with self._replacing:
            await self._services.stop()
        asyncio.get_running_loop().stop()

    async def _wrong(self) -> list[str]:
        """What is wrong with the process, in sentences."""
        wrong = ["the store cannot be written" for concern in self._board.alarms if concern[1] == "store"]
        if (silent_s := self._silence()) > SILENT_S:
            wrong.append(f"nothing has been heard of the cameras for {silent_s:.0f} s")
        cannot = await asyncio.to_thread(_cannot_write, self._folder)
        return wrong + ([] if cannot is None else [cannot])


def _facts(site: SiteFile) -> SiteFacts:
    return SiteFacts(
        name=site.site.name,
        cameras=tuple(camera.name for camera in site.camera),
        version=version("flaneur"),
        detector=Path(site.detector.model).name,
        position=site.serve.position if site.serve else None,
        country=site.serve.country if site.serve else "ZZ",
    )


def _services(site: SiteFile) -> tuple[object, ...]:
    """All that services are made of; where it is the same they go on."""
    return site.site.name, site.detector.model, site.serve, site.mqtt, site.webhook


def _address(site: SiteFile) -> tuple[str, int] | None:
    return (site.serve.host, site.serve.port) if site.serve else None


def _listener(site: SiteFile, ours: socket.socket | None = None) -> socket.socket | None:
    """The socket to serve on; UserError when there is no such address or another program has it.

    `ours` still serves, perhaps on the same port of another host.
    """
    address = _address(site)
    if address is None:
        return None
    host, port = address
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    beside = ours is not None and ours.getsockname()[1] == port
    try:
        with _shared(ours if beside else None):
            listener = socket.create_server(address, family=family, backlog=LISTEN, reuse_port=beside)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 0)
            listener.setblocking(False)  # or a copy of it would make all others block
            return listener
    except OSError as error:
        raise UserError(
            f"[serve] {host} port {port}: cannot be served on: {error.strerror or error}; take another host or port"
        ) from None


@contextmanager
def _shared(listener: socket.socket | None) -> Iterator[None]:
    """Meanwhile another socket of this program may take the same port, so that nothing is lost when it cannot."""
    if listener is None:
        yield
        return
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        yield
    finally:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 0)


def _cannot_write(folder: Path) -> str | None:
    """Why nothing can be written where the store is; None while it can. Leaves nothing there."""
    store = folder / STORE
    if store.exists() and not os.access(store, os.W_OK):
        return f"{store}: may not be written by this account"
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            file.write(bytes(PROBE_BYTES))
    except OSError as error:
        return f"{folder}: cannot be written: {error.strerror}"
    return None
