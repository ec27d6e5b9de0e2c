"""Real files of every shape, written and read."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from flaneur.data.notes import Note
from flaneur.data.private import Frame
from flaneur.data.time import SECOND_NS, to_ns
from flaneur.source import FileSource, SourceError, SourceParams
from support.video import PALETTE_BGR, moving_boxes, write_video

STEP_NS = SECOND_NS // 25


def read(path: Path, params: SourceParams | None = None) -> tuple[FileSource, list[Frame]]:
    with FileSource(path, params) as source:
        frames = list(source.frames())
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert all(a.time_ns < b.time_ns for a, b in pairwise(frames))
    assert all((frame.width_px, frame.height_px) == (source.info.width_px, source.info.height_px) for frame in frames)
    return source, frames


def times_s(frames: list[Frame]) -> list[float]:
    return [round(frame.time_ns / SECOND_NS, 3) for frame in frames]


def corners(width: int = 96, height: int = 64) -> NDArray[np.uint8]:
    """A colour in each corner: which way is up can be told."""
    bgr = np.full((height, width, 3), 128, np.uint8)
    h, w = height // 2, width // 2
    bgr[:h, :w], bgr[:h, w:], bgr[h:, :w], bgr[h:, w:] = PALETTE_BGR[:4]
    return bgr


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("h264.mp4", {}),
        ("h264-b.mp4", {"options": {"bf": "3", "preset": "medium"}}),
        ("hevc-10bit.mkv", {"codec": "libx265", "pix_fmt": "yuv420p10le"}),
        ("h264-422.mkv", {"pix_fmt": "yuv422p"}),
        ("h264-gray.mkv", {"pix_fmt": "gray"}),
        ("vp8.webm", {"codec": "libvpx"}),
        ("vp9.webm", {"codec": "libvpx-vp9", "options": {"deadline": "realtime", "cpu-used": "8"}}),
        ("mpeg4.avi", {"codec": "mpeg4"}),
        ("mpeg4-b.avi", {"codec": "mpeg4", "options": {"bf": "2"}}),
        ("h264-b.avi", {"options": {"bf": "2", "preset": "medium"}}),
        ("msmpeg4.avi", {"codec": "msmpeg4v2"}),
        ("mjpeg.avi", {"codec": "mjpeg", "pix_fmt": "yuvj420p"}),
        ("raw.avi", {"codec": "rawvideo", "pix_fmt": "bgr24"}),
        ("ffv1.mkv", {"codec": "ffv1"}),
        ("prores-alpha.mov", {"codec": "prores_ks", "pix_fmt": "yuva444p10le"}),
        ("qtrle-alpha.mov", {"codec": "qtrle", "pix_fmt": "argb"}),
        ("h264.ts", {}),
        ("mpeg2.mpg", {"codec": "mpeg2video"}),
        ("flv1.flv", {"codec": "flv"}),
        ("raw-stream.h264", {}),
        ("fragmented.mp4", {"container_options": {"movflags": "frag_keyframe+empty_moov"}, "options": {"g": "5"}}),
    ],
)
def test_every_container_and_codec_gives_each_picture_its_time(tmp_path: Path, name: str, how: dict[str, Any]) -> None:
    shown = list(moving_boxes(20, 160, 120))
    source, frames = read(write_video(tmp_path / name, shown, **how))
    assert source.frames_dropped == 0
    assert source.notes == [] or name == "raw-stream.h264"
    assert (source.info.name, source.info.width_px, source.info.height_px) == (name, 160, 120)
    assert source.info.rate_per_s == pytest.approx(25)
    assert times_s(frames) == [round(k / 25, 3) for k in range(20)]
    difference = np.abs(frames[-1].bgr().astype(int) - shown[-1]).mean()
    assert difference < 8 + 60 * ("gray" in name)
    assert difference < np.abs(frames[0].bgr().astype(int) - shown[-1]).mean() or "gray" in name


def test_a_palette(tmp_path: Path) -> None:
    _, frames = read(write_video(tmp_path / "a.gif", [corners()] * 3, codec="gif", pix_fmt="rgb8"))
    assert len(frames) == 3
    assert np.abs(frames[0].bgr().astype(int) - corners()).mean() < 30


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (33, 17), (641, 359)])
def test_odd_sizes(tmp_path: Path, size: tuple[int, int]) -> None:
    width, height = size
    pictures = [np.full((height, width, 3), 40 * k, np.uint8) for k in range(4)]
    mask = (np.array([[0.0, 0.0], [0.2, 0.0], [0.2, 0.2]]),)
    source, frames = read(
        write_video(tmp_path / "a.mkv", pictures, codec="ffv1", pix_fmt="yuv444p"), SourceParams(mask)
    )
    assert (source.info.width_px, source.info.height_px) == size
    assert [frame.bgr().shape for frame in frames] == [(height, width, 3)] * 4
    if width > 10:
        assert [int(frame.bgr()[-1, -1, 0]) for frame in frames] == pytest.approx([0, 40, 80, 120], abs=3)


def test_8k(tmp_path: Path) -> None:
    picture = np.zeros((4320, 7680, 3), np.uint8)
    path = write_video(tmp_path / "a.avi", [picture], codec="mjpeg", pix_fmt="yuvj420p", options={"qscale": "31"})
    _, frames = read(path)
    assert frames[0].bgr().shape == (4320, 7680, 3)


def test_a_variable_rate_keeps_each_stamp(tmp_path: Path) -> None:
    stamps = [0, 1, 2, 30, 35, 36, 100, 5000]
    _, frames = read(write_video(tmp_path / "a.mkv", moving_boxes(8), pts=stamps, time_base=Fraction(1, 50)))
    assert times_s(frames) == [stamp / 50 for stamp in stamps]


@pytest.mark.parametrize("suffix", ["mkv", "ts"])
def test_a_clock_that_does_not_begin_at_zero(tmp_path: Path, suffix: str) -> None:
    _, frames = read(write_video(tmp_path / f"a.{suffix}", moving_boxes(5), pts=[9000, 9001, 9002, 9003, 9004]))
    assert times_s(frames) == [0, 0.04, 0.08, 0.12, 0.16]


def test_a_negative_start(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.nut", moving_boxes(5), pts=[-50, -49, -48, -47, -46], codec="mpeg4")
    _, frames = read(path)
    assert times_s(frames) == [0, 0.04, 0.08, 0.12, 0.16]


def test_an_edit_list_that_skips_the_beginning(tmp_path: Path) -> None:
    plain = write_video(tmp_path / "plain.mp4", moving_boxes(50), options={"g": "10", "bf": "2", "preset": "fast"})
    with av.open(str(plain)) as source, av.open(str(tmp_path / "a.mp4"), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                shift = round(Fraction(3, 5) / packet.time_base)
                packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, stream
                target.mux(packet)
    source, frames = read(tmp_path / "a.mp4")
    assert 35 <= len(frames) <= 50
    assert times_s(frames) == [round(k / 25, 3) for k in range(len(frames))]
    assert source.frames_dropped == 0


def test_a_stamp_of_years_does_not_make_years(tmp_path: Path) -> None:
    century = 100 * 365 * 24 * 3600 * 1000
    stamps = [0, 40, 80, century, century + 40, century + 80]
    path = write_video(tmp_path / "a.nut", moving_boxes(6), pts=stamps, time_base=Fraction(1, 1000), codec="ffv1")
    source, frames = read(path)
    assert len(frames) == 6
    assert frames[-1].time_ns < SECOND_NS
    assert Note("jumps", (1,)) in source.notes


def test_recordings_joined_end_to_end(tmp_path: Path) -> None:
    """What `cat a.ts b.ts` or a camera that restarts its clock makes."""
    part = write_video(tmp_path / "part.ts", moving_boxes(50)).read_bytes()
    (tmp_path / "a.ts").write_bytes(part + part)
    source, frames = read(tmp_path / "a.ts")
    assert len(frames) + source.frames_dropped >= 99
    assert frames[-1].time_ns == pytest.approx(99 * STEP_NS, abs=3 * STEP_NS)
    assert Note("jumps", (1,)) in source.notes


def test_a_million_pictures_a_second(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.nut", moving_boxes(5, 64, 48), rate=1_000_000, codec="ffv1", pix_fmt="yuv420p")
    source, frames = read(path)
    assert [frame.time_ns for frame in frames] == [0, 1000, 2000, 3000, 4000]
    assert source.info.rate_per_s is None


def test_a_day_between_two_pictures(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", moving_boxes(3), pts=[0, 43200, 86400], time_base=Fraction(1), codec="mpeg4")
    _, frames = read(path)
    assert times_s(frames) == [0, 43200, 86400]


@pytest.mark.parametrize(("degrees", "turns"), [(0, 0), (90, 1), (180, 2), (-90, 3)])
@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_rotation_metadata(tmp_path: Path, suffix: str, degrees: int, turns: int) -> None:
    source, frames = read(write_video(tmp_path / f"a.{suffix}", [corners()] * 3, rotation_deg=degrees))
    upright = np.rot90(corners(), turns)
    assert (source.info.height_px, source.info.width_px) == upright.shape[:2]
    assert np.abs(frames[1].bgr().astype(int) - upright).mean() < 5


def test_a_mirrored_picture(tmp_path: Path) -> None:
    _, frames = read(write_video(tmp_path / "a.mp4", [corners()] * 2, rotation_deg=0, hflip=True))
    assert np.abs(frames[1].bgr().astype(int) - corners()[:, ::-1]).mean() < 5


def test_interlaced(tmp_path: Path) -> None:
    shown = list(moving_boxes(40, 320, 240, speed_px=9))
    woven = []
    for early, late in zip(shown[::2], shown[1::2], strict=True):
        picture = early.copy()
        picture[1::2] = late[1::2]
        woven.append(picture)
    source, frames = read(write_video(tmp_path / "a.mkv", woven, interlaced=True, options={"crf": "10"}))
    assert Note("interlaced", (len(frames),)) in source.notes

    def combs(bgr: NDArray[np.uint8]) -> float:
        rows = bgr.astype(int)
        return float(np.abs(2 * rows[1:-1] - rows[:-2] - rows[2:]).mean())

    assert combs(frames[10].bgr()) < 0.35 * combs(woven[10])
    assert np.abs(frames[10].bgr().astype(int) - shown[20]).mean() < 5


def test_pixels_that_are_not_square(tmp_path: Path) -> None:
    source, frames = read(write_video(tmp_path / "a.mp4", [corners()] * 2, pixel_aspect=Fraction(16, 11)))
    assert frames[0].bgr().shape == (64, 96, 3)
    assert Note("oblong_pixels", (16 / 11,)) in source.notes


def test_a_size_that_changes_on_the_way(tmp_path: Path) -> None:
    small = write_video(tmp_path / "small.ts", [corners(96, 64)] * 20).read_bytes()
    large = write_video(tmp_path / "large.ts", [corners(192, 128)] * 20, pts=list(range(20, 40))).read_bytes()
    (tmp_path / "a.ts").write_bytes(small + large)
    source, frames = read(tmp_path / "a.ts")
    assert len(frames) >= 38
    assert len(frames) + source.frames_dropped == 40  # the seam itself is damage
    assert all(np.abs(frame.bgr().astype(int) - corners()).mean() < 8 for frame in frames)
    assert any(note.key == "resized" for note in source.notes)


def test_of_several_videos_the_largest(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        streams = []
        for width, height in ((64, 48), (128, 96), (32, 24)):
            stream = container.add_stream("mpeg4", rate=25)
            stream.width, stream.height = width, height
            streams.append(stream)
        for k in range(5):
            for stream in streams:
                frame = av.VideoFrame(stream.width, stream.height, "yuv420p")
                frame.pts, frame.time_base = k, Fraction(1, 25)
                container.mux(stream.encode(frame))
        for stream in streams:
            container.mux(stream.encode(None))
    source, frames = read(path)
    assert (source.info.width_px, source.info.height_px, len(frames)) == (128, 96, 5)
    assert Note("several_videos", (3,)) in source.notes


@pytest.mark.parametrize(
    ("stated", "created"),
    [
        ("2026-05-04T10:00:00Z", datetime(2026, 5, 4, 10, tzinfo=UTC)),
        ("2026-05-04T10:00:00+02:00", datetime(2026, 5, 4, 10, tzinfo=timezone(timedelta(hours=2)))),
        ("1904-01-01T00:00:00Z", None),
        ("2026-05-04 10:00", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_when_it_was_recorded(tmp_path: Path, stated: str | None, created: datetime | None) -> None:
    metadata = {} if stated is None else {"creation_time": stated}
    source, _ = read(write_video(tmp_path / "a.mkv", moving_boxes(2), metadata=metadata))
    assert source.info.created == created


def test_masks_hide_before_anything_looks_also_in_raw_pictures(tmp_path: Path) -> None:
    left = np.array([[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]])
    shown = list(moving_boxes(6, 160, 120))
    for name, how in (("a.avi", {"codec": "rawvideo", "pix_fmt": "bgr24"}), ("b.mp4", {"options": {"g": "6"}})):
        path = write_video(tmp_path / name, shown, **how)
        _, frames = read(path, SourceParams((left,)))
        for frame, picture in zip(frames, shown, strict=True):
            assert (frame.bgr()[:, :80] == 128).all()
            assert np.abs(frame.bgr()[:, 86:].astype(int) - picture[:, 86:]).mean() < 6


def test_a_mask_that_is_no_polygon_is_a_defect_of_the_caller() -> None:
    with pytest.raises(ValueError, match="a mask must be"):
        SourceParams((np.zeros((2, 2)),))


def test_frames_outlive_the_source_and_are_read_only(tmp_path: Path) -> None:
    shown = list(moving_boxes(30, 160, 120))
    _, frames = read(write_video(tmp_path / "a.mp4", shown))  # the file is closed, no picture was converted yet
    for frame, picture in zip(frames, shown, strict=True):
        assert np.abs(frame.bgr().astype(int) - picture).mean() < 6
    with pytest.raises(ValueError, match="read-only"):
        frames[0].bgr()[0, 0] = 0


def test_memory_stays_flat_when_frames_are_let_go(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", moving_boxes(200, 1280, 720), options={"preset": "ultrafast", "crf": "40"})
    code = (
        "import sys, resource; from flaneur.source import FileSource\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "with FileSource(sys.argv[1]) as source:\n"
        "    for frame in source.frames():\n"
        "        if frame.index % 3 == 0: frame.bgr()\n"
        "        if frame.index == 20: before = peak()\n"
        "print(peak() - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 20  # MB; 180 frames would be 240 MB


def test_the_terminal_belongs_to_us(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi", moving_boxes(30), codec="mpeg4")
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 500] = bytes(500)
    path.write_bytes(content)
    code = "import sys; from flaneur.source import FileSource; print(len(list(FileSource(sys.argv[1]).frames())))"
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert int(done.stdout) > 0


def test_a_source_can_be_left_in_the_middle(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", moving_boxes(30))
    with FileSource(path) as source:
        first = next(source.frames())
    assert first.bgr().shape == (240, 320, 3)
    with pytest.raises(RuntimeError), FileSource(path):
        raise RuntimeError
    with pytest.raises(SourceError):
        FileSource(tmp_path)


def test_times_are_exact_for_rates_that_are_not_whole(tmp_path: Path) -> None:
    rate = Fraction(30000, 1001)
    _, frames = read(write_video(tmp_path / "a.mp4", moving_boxes(60, 64, 48), rate=rate))
    assert [frame.time_ns for frame in frames] == [to_ns(float(k / rate)) for k in range(60)]
