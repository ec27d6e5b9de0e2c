"""Whatever the bytes are: a clear refusal or frames in order, never a crash, a hang or another error."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.reading import read, reading_process
from support.video import moving_boxes, write_video

KINDS: dict[str, dict[str, Any]] = {
    "a.mp4": {"options": {"bf": "2", "preset": "fast"}, "rotation_deg": 90},
    "b.avi": {"codec": "mpeg4", "options": {"g": "5"}},
    "c.mkv": {"codec": "ffv1"},
    "d.ts": {},
    "e.mov": {"codec": "qtrle", "pix_fmt": "rgb24"},
    "f.mkv": {"codec": "mpeg2video", "interlaced": True},
}
HANGS_S = 60

words = st.sampled_from([b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00"])
places = st.floats(0, 1) | st.floats(0, 0.05) | st.floats(0.9, 1)
edits = st.tuples(places, st.integers(0, 60), st.binary(max_size=8) | words)


@pytest.fixture(scope="module")
def process() -> Iterator[ProcessPoolExecutor]:
    with reading_process() as pool:
        yield pool


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("originals")
    return {
        name: write_video(folder / name, moving_boxes(12, 64, 48), **how).read_bytes() for name, how in KINDS.items()
    }


def edited(content: bytes, changes: list[tuple[float, int, bytes]], keep: float) -> bytes:
    """Replace stretches of a file, each given by its place as a share, its length and what comes there; then cut."""
    for place, length, new in changes:
        at = int(place * len(content))
        content = content[:at] + new + content[at + length :]
    return content[: int(keep * len(content))]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(sorted(KINDS)),
    changes=st.lists(edits, min_size=1, max_size=6),
    keep=st.just(1.0) | st.floats(0, 1),
)
def test_a_mutated_video(
    name: str,
    changes: list[tuple[float, int, bytes]],
    keep: float,
    originals: dict[str, bytes],
    process: ProcessPoolExecutor,
    tmp_path: Path,
) -> None:
    path = tmp_path / name
    path.write_bytes(edited(originals[name], changes, keep))
    result = process.submit(read, path).result(timeout=HANGS_S)
    if result.refused is not None:
        assert str(path) in result.refused
        assert "\n" not in result.refused
        assert not result.times_ns
    else:
        assert result.times_ns[0] == 0
        assert all(a < b for a, b in pairwise(result.times_ns))
        assert result.shapes == {result.stated_shape}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=300),
    suffix=st.sampled_from(["mp4", "avi", "mkv", "ts", "h264", "yuv", "txt", "", "m3u8"]),
)
def test_arbitrary_bytes(content: bytes, suffix: str, process: ProcessPoolExecutor, tmp_path: Path) -> None:
    path = tmp_path / f"thing.{suffix}"
    path.write_bytes(content)
    result = process.submit(read, path).result(timeout=HANGS_S)
    assert result.refused is None or str(path) in result.refused


def test_the_originals_are_sound(originals: dict[str, bytes], process: ProcessPoolExecutor, tmp_path: Path) -> None:
    for name, content in originals.items():
        (tmp_path / name).write_bytes(content)
        result = process.submit(read, tmp_path / name).result(timeout=HANGS_S)
        assert (result.refused, len(result.times_ns), result.dropped) == (None, 12, 0)
