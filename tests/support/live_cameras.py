"""Real cameras on loopback: servers in processes of their own, which a test may kill, freeze and start again.

    with RtspServer(folder) as server:                  # every H.264 or H.265 .mp4 and .mkv of the folder is a stream
        LiveSource(Address.parse(server.url("a.mp4"), ...), ...)
        server.freeze(); server.thaw(); server.kill(); server.start()       # the port stays the same

Write its videos without B frames (`street_file`): the server stamps pictures in the order of decoding.
"""

import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from support.video import moving_boxes, write_video

START_S = 20.0

SERVE_RTSP = """
import asyncio, concurrent.futures, logging, sys
import aio_rtsp_toolkit.server as server
server.logger = logging.getLogger("aio_rtsp_toolkit")   # its own one prints
logging.disable()
async def serve(folder, port):
    asyncio.get_running_loop().set_default_executor(concurrent.futures.ThreadPoolExecutor(128))
    rtsp = server.RtspServer(folder, "127.0.0.1", port)
    await rtsp.start()
    print("ready", flush=True)
    await rtsp.serve_forever()
asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
"""


def free_port() -> int:
    """A TCP port that nobody listens to now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def street_file(path: Path, seconds: float = 20, *, rate: int = 10, codec: str = "libx264", size_px=(320, 240)) -> Path:
    """Moving boxes with a key frame each second and no B frames, as cameras send them."""
    quick = {"preset": "ultrafast", "crf": "20", "g": str(rate), "bf": "0"}
    if codec == "libx265":
        quick["x265-params"] = f"log-level=none:bframes=0:keyint={rate}"
    return write_video(path, moving_boxes(round(seconds * rate), *size_px), rate=rate, codec=codec, options=quick)


class Server:
    """A process that serves on `port` until it is stopped; `command` must print a line when it is ready."""

    def __init__(self, command: list[str], port: int) -> None:
        self.port = port
        self._command = command
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Begin to serve, again after `stop` or `kill`."""
        assert self._process is None
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True, env=kept)
        with selectors.DefaultSelector() as ready:
            ready.register(self._process.stdout, selectors.EVENT_READ)
            if not ready.select(START_S) or not self._process.stdout.readline():
                self.kill()
                raise RuntimeError(f"{self._command[0]} did not start to serve")

    def stop(self) -> None:
        """A camera that is switched off in an orderly way."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """A camera that loses power; the machine it runs on still resets its connections."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Connections stay open and nothing more comes."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.send_signal(signal.SIGCONT)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()


class RtspServer(Server):
    """aio-rtsp-toolkit: every file of `folder`, each client from its beginning; TCP only, no password."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        port = port or free_port()
        super().__init__([sys.executable, "-c", SERVE_RTSP, str(folder), str(port)], port)

    def url(self, name: str, *, loop: bool = True) -> str:
        """The stream of one file; over and over, or once."""
        return f"rtsp://127.0.0.1:{self.port}/{name}" + ("?play_count=0" if loop else "")


@contextmanager
def listener(answer: bytes | None = None) -> Iterator[int]:
    """A TCP port that takes connections and never answers (half open), or answers anything with `answer`."""
    stopped = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        held: list[socket.socket] = []

        def serve() -> None:
            while not stopped.is_set():
                with suppress(TimeoutError):
                    connection, _ = server.accept()
                    held.append(connection)
                    if answer is not None:
                        connection.settimeout(2)
                        with suppress(OSError):
                            connection.recv(4096)
                            connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            stopped.set()
            thread.join()
            for connection in held:
                connection.close()


def wait_until(true, longest_s: float = 20.0) -> None:
    """Until `true()`; AssertionError when it never is."""
    end = time.monotonic() + longest_s
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)
