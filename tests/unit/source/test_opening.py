import os
import socket
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from flaneur.source import FileSource, SourceError
from flaneur.source.opening import open_file
from support.video import moving_boxes, write_video


def refusal(path: Path | str) -> str:
    with pytest.raises(SourceError) as caught:
        FileSource(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    return message


def write_sound(path: Path, cover: bool = False) -> Path:
    with av.open(str(path), "w") as container:
        sound = container.add_stream("aac", rate=48000)
        picture = container.add_stream("mjpeg", rate=1) if cover else None
        if picture is not None:
            picture.width, picture.height, picture.pix_fmt = 32, 32, "yuvj420p"
            picture.disposition = av.stream.Disposition.attached_pic
            frame = av.VideoFrame(32, 32, "yuvj420p")
            frame.pts = 0
            container.mux(picture.encode(frame))
            container.mux(picture.encode(None))
        tone = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), format="fltp", layout="mono")
        tone.rate = 48000
        container.mux(sound.encode(tone))
        container.mux(sound.encode(None))
    return path


@pytest.mark.parametrize("name", ["none.mp4", "no/such/folder.mp4", "a\x00b.mp4", "x" * 400 + ".mp4"])
def test_a_file_that_is_not_there(tmp_path: Path, name: str) -> None:
    assert "check the name" in refusal(f"{tmp_path}/{name}")


def test_a_directory(tmp_path: Path) -> None:
    assert "is a directory" in refusal(tmp_path)


def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    assert "not a regular file" in refusal(tmp_path / "pipe.mp4")


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    assert "is empty" in refusal(tmp_path / "empty.mp4")


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_video(tmp_path / "secret.mp4", moving_boxes(2, 64, 48))
    path.chmod(0)
    if os.access(path, os.R_OK):  # root may read everything, so the system's answer is put in its mouth

        def deny(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", deny)
    assert "may not be read" in refusal(path)


@pytest.mark.parametrize(
    "address",
    ["rtsp://admin:hunter2@cam.local/1", "http://127.0.0.1:9/a.mp4", "webcam:0", "RTSP://x", "file:///etc/passwd"],
)
def test_an_address_is_not_a_file_and_its_password_is_not_repeated(address: str) -> None:
    for given in (address, Path(address)):
        message = refusal(given)
        assert "flaneur watch" in message
        assert "hunter2" not in message


def test_a_file_whose_name_looks_like_an_address_or_a_pattern_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = write_video(tmp_path / "made.mp4", moving_boxes(2, 64, 48)).read_bytes()
    for name in ("http:street.mp4", "concat:a|b.mp4", "frame%03d.mp4", "webcam:0", "-", "späti 🚲.mp4"):
        Path(name).write_bytes(made)
        with FileSource(name) as source:
            assert source.info.name == name
            assert len(list(source.frames())) == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [("notes.txt", b"a street\n" * 200), ("fish.png", None), ("fish.mp4", None), ("art.ans", b"\x1b[31mred" * 99)],
)
def test_a_text_or_a_picture(tmp_path: Path, name: str, content: bytes | None) -> None:
    path = tmp_path / name
    path.write_bytes(content or _png(tmp_path))
    assert "is not a video but a picture or a text" in refusal(path)


def test_sound_alone(tmp_path: Path) -> None:
    assert "no video track" in refusal(write_sound(tmp_path / "song.m4a"))


def test_a_cover_picture_is_no_video(tmp_path: Path) -> None:
    assert "only a cover picture" in refusal(write_sound(tmp_path / "song.mp4", cover=True))


@pytest.mark.parametrize("content", [b"\x00" * 4096, b"hello " * 400, bytes(range(256)) * 16])
def test_something_else(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "thing.mp4").write_bytes(content)
    assert "is not a video that FFmpeg can read" in refusal(tmp_path / "thing.mp4")


def test_an_mp4_that_lost_its_index(tmp_path: Path) -> None:
    path = write_video(tmp_path / "cut.mp4", moving_boxes(25))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    assert "has no usable index" in refusal(path)


@pytest.mark.parametrize("suffix", ["avi", "mkv"])
def test_a_header_that_was_cut(tmp_path: Path, suffix: str) -> None:
    path = write_video(tmp_path / f"cut.{suffix}", moving_boxes(5), codec="mpeg4")
    path.write_bytes(path.read_bytes()[:60])
    assert "has a damaged header" in refusal(path)


def test_a_video_of_which_nothing_can_be_decoded(tmp_path: Path) -> None:
    path = write_video(tmp_path / "noise.avi", moving_boxes(5), codec="mjpeg", pix_fmt="yuvj420p")
    content = bytearray(path.read_bytes())
    begin = content.index(b"movi") + 12
    content[begin : content.rindex(b"idx1")] = bytes(content.rindex(b"idx1") - begin)
    path.write_bytes(content)
    assert "could be decoded" in refusal(path)


def test_a_header_that_states_an_absurd_size(tmp_path: Path) -> None:
    path = write_video(tmp_path / "huge.avi", moving_boxes(2, 64, 48), codec="rawvideo", pix_fmt="bgr24")
    content = bytearray(path.read_bytes())
    header = content.index(b"strf") + 8
    content[header + 4 : header + 12] = (16_000).to_bytes(4, "little") * 2
    path.write_bytes(content)
    assert "16000×16000" in refusal(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("live.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:{port}/a.ts\n#EXT-X-ENDLIST\n"),
        (
            "renamed.mp4",
            "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:{port}/a.ts\n#EXT-X-ENDLIST\n",
        ),
        ("all.ffconcat", "ffconcat version 1.0\nfile 'http://127.0.0.1:{port}/a.mp4'\n"),
        ("cam.sdp", "v=0\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {port} RTP/AVP 96\na=rtpmap:96 H264/90000\n"),
        ("local.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:1,\nreal.ts\n#EXT-X-ENDLIST\n"),
        ("local.ffconcat", "ffconcat version 1.0\nfile real.ts\n"),
    ],
)
def test_a_playlist_opens_neither_a_connection_nor_another_file(
    tmp_path: Path, name: str, text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    write_video(tmp_path / "real.ts", moving_boxes(25, 64, 48))
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        (tmp_path / name).write_text(text.format(port=port))
        assert "is a playlist" in refusal(tmp_path / name)
        assert capfd.readouterr().err == ""
        with pytest.raises(TimeoutError):
            server.accept()


def test_the_listener_would_notice_what_plain_ffmpeg_does(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        path = tmp_path / "all.ffconcat"
        path.write_text(f"ffconcat version 1.0\nfile 'tcp://127.0.0.1:{server.getsockname()[1]}'\n")
        with pytest.raises(av.FFmpegError):
            av.open(str(path), options={"safe": "0", "protocol_whitelist": "file,tcp"}, timeout=0.3)
        server.accept()[0].close()


def test_a_refused_file_is_closed(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for name in ("a.mp4", "b.txt"):
        (tmp_path / name).write_bytes(b"hello " * 99)
        refusal(tmp_path / name)
    refusal(write_sound(tmp_path / "song.m4a"))
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_open_file_reads_from_the_beginning(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    with open_file(tmp_path / "a") as file:
        assert file.read() == b"abc"


def test_an_absurd_rate_is_not_believed(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "fast.mkv",
        moving_boxes(5, 64, 48),
        rate=Fraction(1_000_000),
        codec="mpeg4",
        pts=[0, 1, 2, 3, 4],
        time_base=Fraction(1, 1000),
    )
    with FileSource(path) as source:
        assert source.info.rate_per_s is None or source.info.rate_per_s <= 1000
        assert len(list(source.frames())) == 5


def _png(folder: Path) -> bytes:
    frame = av.VideoFrame(32, 32, "rgb24")
    codec = av.CodecContext.create("png", "w")
    codec.width, codec.height, codec.pix_fmt, codec.time_base = 32, 32, "rgb24", Fraction(1, 25)
    return b"".join(bytes(packet) for packet in [*codec.encode(frame), *codec.encode(None)])
