"""Cameras on loopback that are real: RTSP, HTTP and HLS servers, passwords, TLS, and every way to be lost."""

import itertools
import logging
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import av
import numpy as np
import pytest

from flaneur.data.time import SECOND_NS
from flaneur.source import Address, Clock, Credentials, FileSource, Heard, LiveSource, LostError, SourceParams
from support.live_cameras import (
    GstServer,
    RtspServer,
    broadcast,
    certificate,
    listener,
    street_file,
    street_pictures,
    tls_before,
    web_server,
)
from support.tracing import namespaces_allowed
from support.video import moving_boxes, write_video

USER, PASSWORD = "viewer one", "p@:/ä%secret"
LOGIN = Credentials(USER, PASSWORD)
STEP_NS = SECOND_NS // 10

with_gstreamer = pytest.mark.skipif(not GstServer.available(), reason="this machine has no gst-rtsp-server")


class Hasty(Clock):
    """Runs ten times as fast."""

    def now_ns(self) -> int:
        return self._anchor_ns + 10 * time.monotonic_ns()

    def wait(self, duration_ns: int, stopped: threading.Event) -> None:
        super().wait(duration_ns // 10, stopped)


def opened(
    url: str,
    login: Credentials | None = None,
    clock: Clock | None = None,
    epoch_ns: int = 0,
    open_s: float = 10.0,
    read_s: float = 5.0,
    heard: Heard | None = None,
    **how,
) -> LiveSource:
    address = Address.parse(url, folder=Path(), **how).with_credentials(login)
    clock = clock or Clock()
    return LiveSource(address, SourceParams(), clock, epoch_ns, heard=heard, open_s=open_s, read_s=read_s)


def loss(url: str, login: Credentials | None = LOGIN, do: Callable[[], None] | None = None, **how) -> LostError:
    """How the camera is lost: at once, or after `do` when the first pictures have come."""
    patience = {"open_s": 10.0 if do else 2.0, "read_s": 1.5}
    with pytest.raises(LostError) as lost, opened(url, login, **patience, **how) as source:
        frames = source.frames()
        for _ in range(3):
            next(frames)
        assert do is not None, "it is open"
        do()
        for _ in itertools.islice(frames, 600):
            pass
    return lost.value


def at_once(do: Callable, *items) -> list:
    """What `do` makes of each item, in threads: most of these tests wait for silence to last long enough."""
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(do, *items))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cameras")
    street_file(folder / "street.mp4", 2)
    street_file(folder / "h265.mp4", 2, codec="libx265")
    street_pictures(folder)
    return folder


@pytest.fixture(scope="module")
def rtsp(folder: Path) -> Iterator[RtspServer]:
    with RtspServer(folder) as server:
        yield server


@pytest.fixture(scope="module")
def web(folder: Path) -> Iterator[str]:
    with web_server(folder) as place:
        yield place


def test_rtsp_gives_the_pictures_of_the_file_at_the_moments_they_were_sent(rtsp: RtspServer, folder: Path) -> None:
    clock = Clock()
    epoch_ns = clock.now_ns() - 3600 * SECOND_NS
    begin_ns = clock.now_ns() - epoch_ns

    def check(name: str, codec: str) -> None:
        came = []
        with opened(rtsp.url(name, loop=False), clock=clock, epoch_ns=epoch_ns) as source:
            with pytest.raises(LostError, match="ended the connection"):
                came.extend(source.frames())
            assert source.info.codec == codec
            assert source.sender.used
            assert abs(source.sender.ahead_s) < 1.0
            assert (source.frames_dropped, source.notes) == (0, [])
        with FileSource(folder / name) as file:
            stored = list(file.frames())
        assert [frame.index for frame in came] == list(range(len(stored)))
        for live, kept in zip(came, stored, strict=True):
            np.testing.assert_array_equal(live.bgr(), kept.bgr())
            np.testing.assert_array_equal(live.sketch(), kept.sketch())
        times = np.array([frame.time_ns for frame in came])
        assert begin_ns - SECOND_NS < times[0] < begin_ns + 3 * SECOND_NS
        assert np.abs(np.diff(times) - STEP_NS).max() < STEP_NS // 5

    at_once(check, ("street.mp4", "h265.mp4"), ("h264", "hevc"))


def test_masks_are_painted_on_live_pictures(rtsp: RtspServer) -> None:
    mask = np.array([(0.0, 0.0), (1.0, 0.0), (1.0, 0.5), (0.0, 0.5)])
    address = Address.parse(rtsp.url("street.mp4"), folder=Path())
    with LiveSource(address, SourceParams((mask,)), Clock(), 0) as source:
        assert (next(source.frames()).bgr()[:100] == 128).all()


@with_gstreamer
def test_another_servers_rtsp_over_tcp_and_udp(folder: Path) -> None:
    def check(case: tuple[str, tuple[str, str]]) -> None:
        transport, (name, codec) = case
        with opened(server.url(name), transport=transport) as source:
            times = np.array([frame.time_ns for frame in itertools.islice(source.frames(), 15)])
            assert source.info.codec == codec
            assert source.frames_dropped == 0
        assert np.abs(np.diff(times) - STEP_NS).max() < STEP_NS // 5

    streams = ("street", "h264"), ("h265", "hevc"), ("jpeg", "mjpeg")
    with GstServer(folder) as server:
        at_once(check, list(itertools.product(("tcp", "udp"), streams)))


@with_gstreamer
def test_rtsp_with_a_password(folder: Path) -> None:
    def check(method: str) -> None:
        with GstServer(folder, method, USER, PASSWORD) as server:
            with opened(server.url("street"), LOGIN) as source:
                next(source.frames())
            wrong = loss(server.url("street"), Credentials(USER, PASSWORD + "x"))
            none = loss(server.url("street"), None)
        assert (wrong.reason, none.reason) == ("unauthorised", "unauthorised")
        assert "does not take this" in str(wrong)
        assert "asks for" in str(none)

    at_once(check, ("basic", "digest"))


@with_gstreamer
def test_udp_that_falls_silent(folder: Path) -> None:
    with GstServer(folder) as server:
        assert loss(server.url("jpeg"), transport="udp", do=server.freeze).reason == "silent"
        server.thaw()


def test_motion_jpeg_over_http(web: str) -> None:
    clock = Clock()
    with opened(f"http://{web}/mjpeg", clock=clock) as source:
        late_ns = [clock.now_ns() - frame.time_ns for frame in itertools.islice(source.frames(), 10)]
        assert (source.info.width_px, source.info.codec, source.info.rate_per_s) == (320, "mjpeg", None)
    assert max(late_ns[2:]) < SECOND_NS


def test_http_with_a_password_which_goes_to_nobody_else(folder: Path, web: str) -> None:
    with web_server(folder, (USER, PASSWORD)) as place:
        with opened(f"http://{place}/mjpeg", LOGIN) as source:
            next(source.frames())
        assert loss(f"http://{place}/mjpeg", Credentials(USER, "wrong")).reason == "unauthorised"
        with web_server(folder, ("somebody", "else")) as other:  # a redirect there does not carry the login
            assert loss(f"http://{place}/to?http://{other}/mjpeg").reason == "unauthorised"


def test_hls_is_played_at_its_own_pace(folder: Path, web: str) -> None:
    with broadcast(folder) as playlist:
        clock = Clock()
        with opened(f"http://{web}/{playlist.name}", clock=clock) as source:
            frames = [(frame.time_ns, clock.now_ns()) for frame in itertools.islice(source.frames(), 15)]
            assert source.info.codec == "h264"
    times = np.array([time_ns for time_ns, _ in frames])
    assert (np.diff(times) == STEP_NS).all()
    assert all(now_ns >= time_ns for time_ns, now_ns in frames)  # none before it is due


def test_hls_whose_encoder_begins_anew_goes_on(tmp_path: Path) -> None:
    begins_s = (100, 101, 7302, 7303, 3)  # it is switched on anew twice, and its time stamps leap forth and back
    how = {"mpegts_copyts": "1", "mpegts_flags": "initial_discontinuity"}
    for n, begin_s in enumerate(begins_s):
        pts = range(10 * begin_s, 10 * (begin_s + 1))
        write_video(tmp_path / f"{n}.ts", moving_boxes(10), rate=10, pts=pts, container_options=how)
    listed = "#EXT-X-DISCONTINUITY\n".join(f"#EXTINF:1.0,\n{n}.ts\n" for n in range(len(begins_s)))
    (tmp_path / "anew.m3u8").write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n{listed}#EXT-X-ENDLIST\n")
    clock = Hasty()
    frames = []
    with web_server(tmp_path) as place, opened(f"http://{place}/anew.m3u8", clock=clock) as source:
        with pytest.raises(LostError, match="ended the connection"):
            frames.extend((frame.time_ns, clock.now_ns()) for frame in source.frames())
        assert [(note.key, note.numbers) for note in source.notes] == [("jumps", (2,))]
    times = np.array([time_ns for time_ns, _ in frames])
    assert len(times) == 10 * len(begins_s)
    assert (np.diff(times) == STEP_NS).all()
    assert all(0 <= now_ns - time_ns < SECOND_NS for time_ns, now_ns in frames)


def test_hls_that_gets_no_further_segments_is_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flaneur.source.live.PLAYLIST_READ_S", 1.5)
    heard = Heard()
    with web_server(tmp_path) as place, ExitStack() as encoder:
        playlist = encoder.enter_context(broadcast(tmp_path))
        url = f"http://{place}/{playlist.name}"
        assert loss(url, do=encoder.close, heard=heard).reason == "silent"
        assert loss(url, heard=heard).reason == "silent"  # the last segment is not played again


def test_of_several_streams_the_smallest_that_is_large_enough_is_taken(folder: Path, web: str) -> None:
    sizes = {"small": (320, 240), "middle": (640, 480), "large": (800, 600)}
    listed = "".join(f"#EXT-X-STREAM-INF:BANDWIDTH={w * h}\n{name}.m3u8\n" for name, (w, h) in sizes.items())
    (folder / "all.m3u8").write_text(f"#EXTM3U\n{listed}")
    for name, size_px in sizes.items():
        write_video(folder / f"{name}.m3u8", moving_boxes(20, *size_px), rate=10)
    with opened(f"http://{web}/all.m3u8") as source:
        assert (source.info.width_px, source.info.height_px) == (640, 480)
        frames = []
        with pytest.raises(LostError, match="ended the connection"):
            frames.extend(source.frames())
        assert len(frames) == 20


def test_no_redirect_and_no_playlist_leads_to_a_file(folder: Path, web: str) -> None:
    (folder / "evil.m3u8").write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{folder}/street.mp4\n")
    (folder / "evil.ffconcat").write_text(f"ffconcat version 1.0\nfile 'file:{folder}/street.mp4'\n")
    paths = f"to?file://{folder}/street.mp4", f"to?{folder}/evil.ffconcat", "evil.m3u8", "evil.ffconcat"
    lost = at_once(lambda path: loss(f"http://{web}/{path}"), paths)
    assert {error.reason for error in lost} <= {"garbage", "silent", "not_found"}


def test_tls_with_a_trusted_certificate_only(
    folder: Path, rtsp: RtspServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, path = certificate(tmp_path)
    with tls_before(rtsp.port, context) as port, web_server(folder, tls=context) as place:
        urls = f"rtsps://127.0.0.1:{port}/street.mp4?play_count=0", f"https://{place}/mjpeg"
        for url in urls:
            refused = loss(url)
            assert refused.reason == "refused"
            assert "not trusted" in str(refused)
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        for url in urls:
            with opened(url) as source:
                next(source.frames())


def test_a_file_is_played_at_its_own_pace_to_its_end(folder: Path) -> None:
    clock = Hasty()
    begin_ns = clock.now_ns()
    with opened(str(folder / "street.mp4"), clock=clock, epoch_ns=begin_ns, realtime=True) as source:
        came = [(frame.time_ns, clock.now_ns() - begin_ns) for frame in source.frames()]
    with FileSource(folder / "street.mp4") as file:
        stored = [frame.time_ns for frame in file.frames()]
    assert [time_ns - came[0][0] for time_ns, _ in came] == stored
    assert all(0 <= now_ns - time_ns < SECOND_NS for time_ns, now_ns in came)


def test_a_pause_in_a_file_is_waited_out_unless_it_is_to_stop(tmp_path: Path) -> None:
    hour = range(36_000, 36_010)
    path = write_video(tmp_path / "pause.mp4", moving_boxes(20), rate=10, pts=[*range(10), *hour])
    with opened(str(path), realtime=True) as source:
        stopping = threading.Timer(3.0, source.stop)
        stopping.start()
        assert len(list(source.frames())) == 10
        stopping.join()


@pytest.mark.parametrize(("name", "reason"), [("none.mp4", "not_found"), ("evil.m3u8", "garbage")])
def test_a_file_that_cannot_be_played(folder: Path, name: str, reason: str) -> None:
    (folder / "evil.m3u8").write_text("#EXTM3U\n")
    assert loss(str(folder / name), realtime=True).reason == reason


def test_a_camera_that_is_switched_off_and_on(folder: Path) -> None:
    with RtspServer(folder) as server:
        url = server.url("street.mp4")
        assert loss(url, do=server.kill).reason == "ended"
        assert loss(url).reason == "refused"
        server.start()
        began_s = time.monotonic()
        assert loss(url, do=server.freeze).reason == "silent"
        assert time.monotonic() - began_s < 10  # 1.5 s of silence and the time to open
        server.thaw()
        with opened(url) as source:
            next(source.frames())


def test_a_camera_that_changes_its_picture(tmp_path: Path) -> None:
    street_pictures(tmp_path, 1)
    small = av.VideoFrame.from_ndarray(np.zeros((120, 160, 3), np.uint8), format="bgr24")

    def shrink() -> None:
        with av.open(str(tmp_path / "000.jpg"), "w", format="image2", options={"update": "1"}) as jpeg:
            stream = jpeg.add_stream("mjpeg", rate=1)
            stream.width, stream.height, stream.pix_fmt = 160, 120, "yuvj420p"
            jpeg.mux(stream.encode(small))
            jpeg.mux(stream.encode(None))

    with web_server(tmp_path) as place:
        assert loss(f"http://{place}/mjpeg", do=shrink).reason == "resized"


def test_a_camera_whose_pictures_break(tmp_path: Path) -> None:
    street_pictures(tmp_path, 4)
    (tmp_path / "001.jpg").write_bytes(b"\xff\xd8" + bytes(300) + b"\xff\xd9")
    with web_server(tmp_path) as place, opened(f"http://{place}/mjpeg") as source:
        frames = list(itertools.islice(source.frames(), 12))
        assert source.frames_dropped >= 2
        assert [note.key for note in source.notes] == ["undecodable"]
        assert [frame.index for frame in frames] == list(range(12))


def test_a_camera_of_which_nothing_can_be_decoded_any_more(tmp_path: Path) -> None:
    street_pictures(tmp_path, 1)

    def spoil() -> None:
        (tmp_path / "000.jpg").write_bytes(b"\xff\xd8" + bytes(300) + b"\xff\xd9")

    with web_server(tmp_path) as place:
        assert loss(f"http://{place}/mjpeg", clock=Hasty(), do=spoil).reason == "undecodable"


def test_a_camera_that_falls_silent_over_http(tmp_path: Path) -> None:
    street_pictures(tmp_path, 1)
    with web_server(tmp_path) as place:
        assert loss(f"http://{place}/mjpeg", do=(tmp_path / "silent").touch).reason == "silent"


def test_a_network_that_is_down() -> None:
    if not namespaces_allowed():
        pytest.skip("this system allows no namespaces")
    code = (
        "from pathlib import Path; from flaneur.source import *\n"
        "for url in ('rtsp://192.0.2.1/x', 'http://192.0.2.1/x'):\n"
        "    try: LiveSource(Address.parse(url, folder=Path()), SourceParams(), Clock(), 0)\n"
        "    except LostError as lost: print(lost.reason)\n"
    )
    command = ["unshare", "--net", "--map-root-user", sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, text=True).stdout.split() == ["unreachable"] * 2


NOT_FOUND = b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n"
BUSY = b"RTSP/1.0 453 Not Enough Bandwidth\r\nCSeq: 1\r\n\r\n"
TEXT = b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>"
NOISE = np.random.default_rng(1).bytes(4000)


ANSWERS = (
    ("rtsp", None, "silent"),
    ("http", None, "silent"),
    ("rtsp", BUSY, "refused"),
    ("http", NOT_FOUND, "not_found"),
    ("http", TEXT, "garbage"),
    ("rtsp", NOISE, "silent"),
    ("http", NOISE, "silent"),
)


def test_ports_where_no_camera_answers() -> None:
    def check(scheme: str, answer: bytes | None, reason: str) -> None:
        with listener(answer) as port:
            assert loss(f"{scheme}://127.0.0.1:{port}/x").reason == reason

    began_s = time.monotonic()
    at_once(check, *zip(*ANSWERS, strict=True))
    assert time.monotonic() - began_s < 10


def test_other_places_where_there_is_no_camera(rtsp: RtspServer) -> None:
    assert loss("rtsp://camera.invalid/x").reason == "unknown_host"
    assert loss(rtsp.url("none.mp4")).reason == "not_found"
    assert loss("webcam:99").reason == "not_found"
    assert "no such webcam" in str(loss("webcam:99"))


def everything_said(error: BaseException) -> Iterator[str]:
    """All that a log or a crash report could print of an error, except the values of variables."""
    yield from traceback.format_exception(error)
    while error is not None:
        yield f"{error!r} {error} {error.args} {getattr(error, '__notes__', '')} {vars(error)}"
        error = error.__cause__ or error.__context__


def test_no_failure_tells_the_password(
    rtsp: RtspServer, web: str, folder: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.NOTSET)
    said: list[str] = []
    with (
        listener() as silent,
        listener(NOISE) as noisy,
        listener(BUSY) as busy,
        web_server(folder, ("somebody", "else")) as locked,
    ):
        playlist = write_video(folder / "short.m3u8", moving_boxes(10), rate=10)
        urls = [
            rtsp.url("none.mp4") + "&token=secret",
            f"rtsp://127.0.0.1:{silent}/password=secret",
            f"rtsp://127.0.0.1:{noisy}/x",
            f"rtsp://127.0.0.1:{busy}/x",
            f"rtsps://127.0.0.1:{rtsp.port}/x",
            "rtsp://127.0.0.1:1/x",
            "rtsp://camera.invalid/x",
            f"http://{locked}/mjpeg?password=secret",
            f"http://{locked}/{playlist.name}",
            f"https://{web}/mjpeg",
            f"http://{web}/none",
            f"http://127.0.0.1:{noisy}/x",
        ]
        for error in at_once(loss, urls):
            said += everything_said(error)
        with opened(rtsp.url("street.mp4"), LOGIN) as source:
            frame = next(source.frames())
            said += [f"{source.info} {source.notes} {source.sender} {source!r} {frame!r} {frame}"]
        with opened(f"http://{web}/{playlist.name}", LOGIN) as source:
            said += [f"{source.info} {source.notes} {source!r}"]
    said += [*(f"{record.getMessage()} {record.__dict__}" for record in caplog.records), *capfd.readouterr()]
    assert len(said) > 3 * len(urls)
    for secret in (PASSWORD, "secret", USER, "viewer%20one", "dmlld2VyIG9uZT"):  # plain, in an address, in base64
        assert not [text for text in said if secret in text]
    assert av.logging.get_level() is None  # FFmpeg's own lines hold addresses as they are


def test_connections_leave_nothing_behind(rtsp: RtspServer) -> None:
    def visit() -> tuple[int, int]:
        with opened(rtsp.url("street.mp4")) as source:
            next(source.frames())
        for url in (rtsp.url("none.mp4"), "rtsp://127.0.0.1:1/x", "webcam:99"):
            loss(url)
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    first = visit()
    visit()
    assert visit() == first
