"""Real cameras on loopback: servers in processes of their own, which a test may kill, freeze and start again.

    with RtspServer(folder) as server:                  # every H.264 or H.265 .mp4 and .mkv of the folder is a stream
        LiveSource(Address.parse(server.url("a.mp4"), ...), ...)
        server.freeze(); server.thaw(); server.kill(); server.start()       # the port stays the same

Write its videos without B frames (`street_file`): the server stamps pictures in the order of decoding.
"""

import base64
import functools
import http.server
import itertools
import os
import selectors
import signal
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Self

import av
import cv2
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from support.video import moving_boxes, write_video

START_S = 20.0

SERVE_RTSP = """
import asyncio, concurrent.futures, contextlib, logging, sys
import aio_rtsp_toolkit.server as server
from aio_rtsp_toolkit.server_streaming import RtspStreamingMixin
server.logger = logging.getLogger("aio_rtsp_toolkit")   # its own one prints
logging.disable()
def put(self, loop, queue, item, stop):   # its own one sends a picture twice when it has to wait for room
    waiting = asyncio.run_coroutine_threadsafe(queue.put(item), loop)
    while not stop.is_set():
        with contextlib.suppress(concurrent.futures.TimeoutError):
            waiting.result(0.05)
            return True
    return not waiting.cancel()
RtspStreamingMixin._threadsafe_queue_put = put
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


def street_pictures(folder: Path, count: int = 30) -> None:
    """Files 000.jpg, 001.jpg, ... of moving boxes, for `web_server` to send as motion JPEG."""
    for k, bgr in enumerate(moving_boxes(count)):
        cv2.imwrite(str(folder / f"{k:03}.jpg"), bgr)


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


class GstServer(Server):
    """gst-rtsp-server, where the machine has it (`available`): UDP and TCP, MJPEG at /jpeg, passwords."""

    PYTHON = "/usr/bin/python3"

    def __init__(self, folder: Path, *login: str) -> None:
        """`login`: "basic" or "digest", user, password."""
        script = str(Path(__file__).with_name("gst_rtsp.py"))
        port = free_port()
        super().__init__([self.PYTHON, script, str(port), str(folder), *login], port)

    @classmethod
    def available(cls) -> bool:
        if os.environ.get("FLANEUR_REQUIRE_GSTREAMER") == "1":
            return True  # and its absence makes tests fail
        check = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
        return (
            Path(cls.PYTHON).exists() and not subprocess.run([cls.PYTHON, "-c", check], capture_output=True).returncode
        )

    def url(self, name: str) -> str:
        return f"rtsp://127.0.0.1:{self.port}/{name}"


class _Pages(http.server.SimpleHTTPRequestHandler):
    """A folder, `/mjpeg` as motion JPEG of its .jpg files, and `/to?PLACE`, which sends elsewhere.

    While a file `silent` is in the folder, no picture is sent.
    """

    protocol_version = "HTTP/1.1"
    login: tuple[str, str] | None = None
    tls: ssl.SSLContext | None = None

    def do_GET(self) -> None:
        given = self.headers.get("Authorization", "")
        if self.login and given != "Basic " + base64.b64encode(":".join(self.login).encode()).decode():
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="camera"')
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path == "/mjpeg":
            self._motion_jpeg()
        elif self.path.startswith("/to?"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to?"))
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            super().do_GET()

    def _motion_jpeg(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=picture")
        self.end_headers()
        pictures = sorted(Path(self.directory).glob("*.jpg"))
        while not self.server.stopped.wait(0.1):
            if Path(self.directory, "silent").exists():
                continue
            jpeg = pictures[int(time.monotonic() * 10) % len(pictures)].read_bytes()
            head = f"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            self.wfile.write(head.encode() + jpeg + b"\r\n")

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def web_server(folder: Path, login: tuple[str, str] | None = None, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """`host:port` of a web server on loopback that serves a folder, with a password and over TLS where given."""

    class Pages(_Pages):
        pass

    Pages.login = login
    handler = functools.partial(Pages, directory=str(folder))

    class Quiet(http.server.ThreadingHTTPServer):
        daemon_threads = True
        stopped = threading.Event()

        def handle_error(self, *_: object) -> None:  # clients hang up when they have seen enough
            pass

    with Quiet(("127.0.0.1", 0), handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.stopped.set()
            server.shutdown()
            thread.join()


@contextmanager
def broadcast(folder: Path, *, rate: int = 10) -> Iterator[Path]:
    """A live HLS broadcast that FFmpeg writes into `folder`, segments of a second; yields its playlist.

    At the end it only falls silent.
    """
    playlist, stopped, lively = folder / "live.m3u8", threading.Event(), threading.Event()

    def write() -> None:
        options = {"hls_time": "1", "hls_list_size": "4", "hls_flags": "delete_segments+omit_endlist"}
        begin_s = time.monotonic()
        with av.open(str(playlist), "w", format="hls", options=options) as container:
            stream = container.add_stream("libx264", rate=rate, options={"preset": "ultrafast", "g": str(rate)})
            stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
            for k, bgr in enumerate(itertools.chain.from_iterable(moving_boxes(100) for _ in itertools.count())):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(bgr, format="bgr24")))
                if playlist.exists():
                    lively.set()
                if stopped.wait(max(begin_s + k / rate - time.monotonic(), 0)):
                    return

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert lively.wait(START_S)
        yield playlist
    finally:
        stopped.set()
        thread.join()


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's side of TLS with a certificate that the camera at 127.0.0.1 has made for itself, and that."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "camera")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path, private = folder / "camera.pem", folder / "camera.key"
    path.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, private)
    return context, path


@contextmanager
def tls_before(port: int, tls: ssl.SSLContext) -> Iterator[int]:
    """A port that speaks TLS and hands all on to `port`, as a camera with RTSPS does."""

    def carry(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while content := source.recv(65536):
                sink.sendall(content)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with (
                suppress(OSError),
                tls.wrap_socket(self.request, server_side=True) as outside,
                socket.create_connection(("127.0.0.1", port)) as inside,
            ):
                back = threading.Thread(target=carry, args=(inside, outside))
                back.start()
                carry(outside, inside)
                back.join()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


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
