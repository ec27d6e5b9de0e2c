"""What a running site tells, for tests: statuses, alarms, a broker and a receiver of webhooks that are real."""

import os
import select
import shutil
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from flaneur.data.live import Alarm, CameraStatus
from support.figures import MONDAY_7H_NS

STATUS = CameraStatus(
    camera="north",
    state="watching",
    reason=None,
    since_ns=MONDAY_7H_NS,
    frames_seen=600,
    frames_dropped=3,
    looks=300,
    detect_s=2.5,
    reconnections=1,
    lag_s=0.25,
    rate_per_s=5.0,
    clock_ahead_s=0.04,
    clock_used=True,
)
ALARM = Alarm("north", "lost", "silent", "", 1, MONDAY_7H_NS)


def status(**changes: Any) -> CameraStatus:
    return replace(STATUS, **changes)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def soon(what: Callable[[], Any], seconds: float = 10.0) -> Any:
    """The first true answer of `what`, which is asked again and again; fails after `seconds`."""
    end = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < end, "did not happen"
        time.sleep(0.02)
    return answer


@dataclass
class RunningBroker:
    """A mosquitto on loopback."""

    port: int
    folder: Path
    user: str | None = None
    password: str | None = None
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        if not Path(program).exists():
            if os.environ.get("FLANEUR_REQUIRE_BROKER"):
                pytest.fail("there is no mosquitto, and this machine must have one")
            pytest.skip("there is no mosquitto on this machine")
        config = self.folder / "mosquitto.conf"
        lines = [f"listener {self.port} 127.0.0.1", "persistence false"]
        if self.user is None:
            lines.append("allow_anonymous true")
        else:
            passwords = self.folder / "passwords"
            made = ["mosquitto_passwd", "-b", "-c", str(passwords), self.user, str(self.password)]
            subprocess.run(made, check=True, capture_output=True)
            passwords.chmod(0o644)
            self.folder.chmod(0o755)
            lines += ["allow_anonymous false", f"password_file {passwords}", "user root"]
        config.write_text("\n".join(lines) + "\n")
        self.process = subprocess.Popen([program, "-c", str(config)], stderr=subprocess.DEVNULL)
        soon(self._answers)

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 0.5).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def broker(folder: Path, user: str | None = None, password: str | None = None) -> Iterator[RunningBroker]:
    running = RunningBroker(free_port(), folder, user, password)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@dataclass
class Relay:
    """On the way to a broker; hangs up instead of passing on what has one of `marks` in it, so often as it says."""

    port: int = 0
    marks: dict[bytes, int] = field(default_factory=dict)

    def refuses(self, data: bytes) -> bool:
        mark = next((one for one, times in self.marks.items() if times and one in data), None)
        if mark is not None:
            self.marks[mark] -= 1
        return mark is not None


@contextmanager
def relay(broker_port: int) -> Iterator[Relay]:
    way = Relay()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", broker_port)) as there:
                other = {self.request: there, there: self.request}
                while True:
                    for side in select.select(list(other), [], [])[0]:
                        data = side.recv(65536)
                        if not data or (side is self.request and way.refuses(data)):
                            return
                        other[side].sendall(data)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server, _serving(server):
        way.port = server.server_address[1]
        yield way


@dataclass
class Receiver:
    """Takes webhooks; answers with the statuses of `answers`, then with 204."""

    answers: list[int] = field(default_factory=list)
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0


@contextmanager
def receiver(*answers: int) -> Iterator[Receiver]:
    book = Receiver(list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            book.taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(book.answers.pop(0) if book.answers else 204)
            self.send_header("content-length", "0")
            self.send_header("location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server, _serving(server):
        book.port = server.server_address[1]
        yield book


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[None]:
    """The server works on a thread of its own meanwhile."""
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
