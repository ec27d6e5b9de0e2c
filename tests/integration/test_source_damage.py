"""Files that are damaged at the end or in the middle: what is sound is read, what is not is counted."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from flaneur.data.private import Frame
from flaneur.data.time import SECOND_NS
from flaneur.source import FileSource
from flaneur.source.file import DISTRUST_S
from support.video import moving_boxes, write_video

FRAMES, GROUP = 100, 20
STEP_NS = SECOND_NS // 25
GROUPS = {"options": {"g": str(GROUP), "preset": "veryfast", "crf": "20"}}


def overwrite(path: Path, begin: float, end: float, seed: int = 1) -> Path:
    """Replace a stretch of a file, given as shares of its length, with noise."""
    content = bytearray(path.read_bytes())
    a, b = int(begin * len(content)), int(end * len(content))
    content[a:b] = np.random.default_rng(seed).bytes(b - a)
    path.write_bytes(content)
    return path


def read(path: Path) -> tuple[FileSource, list[Frame]]:
    with FileSource(path) as source:
        frames = list(source.frames())
    assert all(a.time_ns < b.time_ns for a, b in pairwise(frames))
    return source, frames


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("a.mp4", GROUPS),
        ("a.ts", GROUPS),
        ("b.mp4", {"codec": "mpeg4", "options": {"g": str(GROUP)}}),
        ("a.mkv", {"codec": "mpeg4", "options": {"g": str(GROUP)}, "container_options": {"cluster_time_limit": "400"}}),
        ("a.mpg", {"codec": "mpeg2video", "options": {"g": str(GROUP)}}),
    ],
)
def test_reading_goes_on_after_damage_in_the_middle(tmp_path: Path, name: str, how: dict[str, Any]) -> None:
    path = write_video(tmp_path / name, moving_boxes(FRAMES), **how)
    sound, whole = read(path)
    assert (len(whole), sound.frames_dropped) == (FRAMES, 0)

    source, frames = read(overwrite(path, 0.48, 0.53))
    assert source.frames_dropped > 0
    assert len(source.notes) > 0
    times = [round(frame.time_ns / STEP_NS) for frame in frames]
    assert times[:40] == list(range(40))  # all before the damage
    assert times[-25:] == list(range(75, 100))  # and all after it, at their own time
    assert max(b - a for a, b in pairwise(times)) >= 2  # the gap shows
    assert len(frames) + source.frames_dropped <= FRAMES


def test_pictures_built_from_a_lost_one_are_not_measured(tmp_path: Path) -> None:
    """FFmpeg shows them without a word: what it predicts from a wrong picture looks valid to it."""
    shown = list(moving_boxes(FRAMES, speed_px=6))
    path = overwrite(write_video(tmp_path / "a.mp4", shown, **GROUPS), 0.42, 0.44)

    def worst(pictures: list[tuple[int, Any]]) -> float:
        return max(float(np.abs(bgr.astype(int) - shown[k]).mean()) for k, bgr in pictures)

    with av.open(str(path)) as container:
        plain = [(round(frame.time * 25), frame.to_ndarray(format="bgr24")) for frame in container.decode(video=0)]
    source, frames = read(path)
    assert any(note.key == "suspect" for note in source.notes)
    ours = [(round(frame.time_ns / STEP_NS), frame.bgr()) for frame in frames]
    assert worst(ours) < 3.5 < worst(plain)


def test_a_stream_without_key_frames_is_trusted_again_after_a_while(tmp_path: Path) -> None:
    without = {"g": "10000", "sc_threshold": "1000000000", "qscale": "2"}
    path = write_video(tmp_path / "a.avi", moving_boxes(50 * DISTRUST_S, 160, 120), codec="mpeg4", options=without)
    source, frames = read(overwrite(path, 0.3, 0.33))
    gap_s = max(b.time_ns - a.time_ns for a, b in pairwise(frames)) / SECOND_NS
    assert DISTRUST_S - 1 <= gap_s <= DISTRUST_S + 2
    assert source.frames_dropped >= 25 * (DISTRUST_S - 1)


def test_pictures_without_prediction_lose_nothing_but_themselves(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mov", moving_boxes(FRAMES), codec="png", pix_fmt="rgb24")
    source, frames = read(overwrite(path, 0.5, 0.503))
    assert (len(frames), source.frames_dropped) == (FRAMES - 1, 1)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("a.ts", GROUPS),
        ("a.avi", {"codec": "mpeg4", "options": {"g": str(GROUP)}}),
        ("a.mkv", GROUPS | {"container_options": {"cluster_time_limit": "400"}}),
        ("fragmented.mp4", GROUPS | {"container_options": {"movflags": "frag_keyframe+empty_moov"}}),
        ("faststart.mp4", GROUPS | {"container_options": {"movflags": "faststart"}}),
    ],
)
def test_a_file_that_was_cut_off_is_read_to_the_cut(tmp_path: Path, name: str, how: dict[str, Any]) -> None:
    path = write_video(tmp_path / name, moving_boxes(FRAMES), **how)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    source, frames = read(path)
    assert 30 <= len(frames) <= 75
    assert [round(frame.time_ns / STEP_NS) for frame in frames] == list(range(len(frames)))
    if name in ("a.mkv", "faststart.mp4"):
        (ended_s, missing) = next(note.numbers for note in source.notes if note.key == "ended_early")
        assert ended_s == pytest.approx((FRAMES - len(frames)) / 25, abs=0.1)
        assert missing == pytest.approx(FRAMES - len(frames), abs=2)


def test_a_stream_that_begins_between_key_frames(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.ts", moving_boxes(FRAMES), **GROUPS)
    content = path.read_bytes()
    begin = len(content) * 3 // 10 // 188 * 188
    path.write_bytes(content[begin:])
    source, frames = read(path)
    assert frames[0].time_ns == 0
    assert 40 <= len(frames) <= 80
    assert source.frames_dropped + len(frames) <= 80
