from fractions import Fraction
from io import FileIO
from pathlib import Path

import av
import pytest

from flaneur.source import decoding, opening
from flaneur.source.damage import Damage
from support.video import moving_boxes, write_video


class FailingDisk(FileIO):
    """A file whose second half cannot be read for some attempts, once it was opened."""

    failures_left = 0

    def read(self, size: int | None = -1, /) -> bytes:
        if self.failures_left and self.tell() > Path(str(self.name)).stat().st_size // 2:
            self.failures_left -= 1
            raise OSError(5, "Input/output error")
        return super().read(size)


def decode(path: Path, failures: int = 0) -> tuple[int, int, Damage]:
    """Sound pictures, all pictures, damage."""
    damage = Damage()
    with FailingDisk(path) as file, opening.open_container(file, damage) as container:
        file.failures_left = failures
        stream = opening.best_video(container, str(path))
        decoding.prepare(stream)
        packets = decoding.file_packets(container, stream, damage)
        pictures = list(decoding.decode(packets, stream, 25, damage))
    return sum(picture is not None for picture in pictures), len(pictures), damage


def test_a_disk_that_fails_for_good_ends_the_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    sound, _, damage = decode(write_video(tmp_path / "a.mkv", moving_boxes(120), codec="ffv1"), failures=10**9)
    assert 20 < sound < 120
    assert 1 <= damage.unreadable <= 3
    assert capfd.readouterr().err == ""


def test_a_bad_block_is_read_past(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = write_video(tmp_path / "a.ts", moving_boxes(250), options={"g": "5", "crf": "1", "preset": "ultrafast"})
    sound, _, damage = decode(path, failures=1)
    assert damage.unreadable == 1
    assert 150 < sound < 250
    assert capfd.readouterr().err == ""


def test_nothing_is_left_in_the_decoder(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", moving_boxes(30), options={"bf": "3", "preset": "medium"})
    assert decode(path)[:2] == (30, 30)


@pytest.mark.parametrize(
    ("format_name", "first", "then", "expected_ns"),
    [
        ("matroska,webm", (0, 0), (3, 1), 3_000_000),  # when it is shown
        ("avi", (0, 0), (3, 1), 1_000_000),  # AVI knows no more than the order of decoding
        ("whatever", (None, 0), (None, 7), 7_000_000),
        ("whatever", (None, None), (5, 7), 5_000_000),
        ("whatever", (0, 0), (None, 7), None),
    ],
)
def test_which_stamp_is_read_is_decided_by_the_first_picture(
    format_name: str, first: tuple[int | None, int | None], then: tuple[int | None, int | None], expected_ns: int | None
) -> None:
    def picture(pts: int | None, dts: int | None) -> av.VideoFrame:
        frame = av.VideoFrame(16, 16, "gray")
        frame.pts, frame.dts = pts, dts
        return frame

    stamp = decoding.stamp_reader(format_name, picture(*first), Fraction(1, 1000))
    assert stamp(picture(*then)) == expected_ns


@pytest.mark.parametrize("ticks", [0, 1, 2, 299, 10**12])
def test_stamps_are_rounded_to_the_nearest_nanosecond(ticks: int) -> None:
    frame = av.VideoFrame(16, 16, "gray")
    frame.pts = ticks
    base = Fraction(1001, 30000)
    stamp = decoding.stamp_reader("nut", frame, base)(frame)
    assert stamp is not None
    assert abs(Fraction(stamp) - ticks * base * 10**9) <= Fraction(1, 2)
