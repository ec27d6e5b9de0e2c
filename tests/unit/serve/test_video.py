import resource
from collections.abc import Sequence
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from flaneur.data.geometry import Line, Places, Zone
from flaneur.data.released import RedactedImage
from flaneur.serve.atomic import WriteError
from flaneur.serve.video import RedactedVideoWriter

NO_PLACES = Places()
PLACES = Places(
    lines=(Line("Übergang", np.array([[0.1, 0.9], [0.9, 0.5]])),),
    zones=(Zone("Platz", np.array([[0.5, 0.1], [0.9, 0.1], [0.9, 0.4]])),),
)


def image_at(time_s: float, width: int = 160, height: int = 120, shade: int = 90) -> RedactedImage:
    return RedactedImage(round(time_s * 1e9), np.full((height, width, 3), (shade, 140, 60), np.uint8), False)


def write(
    path: Path, images: Sequence[RedactedImage], places: Places = NO_PLACES, captions: Sequence[str] = ()
) -> None:
    height, width = images[0].bgr.shape[:2]
    with RedactedVideoWriter(path, width, height, places) as writer:
        for image in images:
            writer.write(image, captions)


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def read(path: Path) -> list[tuple[float, np.ndarray]]:
    with av.open(str(path)) as container:
        return [(float(frame.time or 0), frame.to_ndarray(format="bgr24")) for frame in container.decode(video=0)]


def test_times_frames_and_size_come_back(tmp_path: Path) -> None:
    times = [0.0, 0.04, 0.08, 0.5, 0.6, 7.25, 7.251]
    write(tmp_path / "v.mp4", [image_at(t, shade=40 + 20 * k) for k, t in enumerate(times)])
    frames = read(tmp_path / "v.mp4")
    assert [t for t, _ in frames] == pytest.approx(times, abs=1e-4)
    for k, (_, bgr) in enumerate(frames):
        assert bgr.shape == (120, 160, 3)
        assert np.abs(bgr.astype(int) - (40 + 20 * k, 140, 60)).mean() < 6
    assert names(tmp_path) == ["v.mp4"]


@pytest.mark.parametrize(("width", "height"), [(161, 121), (1, 1), (2, 33), (1280, 719)])
def test_odd_sizes_are_padded(tmp_path: Path, width: int, height: int) -> None:
    write(tmp_path / "v.mp4", [image_at(0, width, height), image_at(0.1, width, height)])
    (_, first), _ = read(tmp_path / "v.mp4")
    assert first.shape == (height + height % 2, width + width % 2, 3)


def test_a_browser_can_play_it_while_it_loads(tmp_path: Path) -> None:
    write(tmp_path / "v.mp4", [image_at(k / 10) for k in range(20)])
    with av.open(str(tmp_path / "v.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert len(container.streams) == 1
        assert stream.start_time == 0
    data = (tmp_path / "v.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_the_file_says_nothing_about_where_and_when_it_was_made(tmp_path: Path) -> None:
    write(tmp_path / "v.mp4", [image_at(0), image_at(1)])
    with av.open(str(tmp_path / "v.mp4")) as container:
        told = container.metadata | container.streams.video[0].metadata
    assert set(told) <= {"major_brand", "minor_version", "compatible_brands", "language", "handler_name"}
    data = (tmp_path / "v.mp4").read_bytes()
    assert b"Lav" not in data
    assert str(tmp_path).encode() not in data


def test_places_and_captions_are_drawn_and_the_pictures_kept_clean(tmp_path: Path) -> None:
    images = [image_at(k / 10, 640, 480) for k in range(3)]
    write(tmp_path / "plain.mp4", images)
    write(tmp_path / "drawn.mp4", images, PLACES, ["Übergang  to right 12", "Platz 3"])
    assert all((image.bgr == image_at(0, 640, 480).bgr).all() for image in images)
    (_, plain), *_ = read(tmp_path / "plain.mp4")
    (_, drawn), *_ = read(tmp_path / "drawn.mp4")
    changed = np.abs(drawn.astype(int) - plain).max(axis=2) > 40
    assert changed[:30, :100].mean() > 0.5  # the captions' panel
    for x, y in ((0.2, 0.85), (0.5, 0.7), (0.7, 0.1), (0.9, 0.25)):
        near = changed[round(y * 480) - 3 : round(y * 480) + 4, round(x * 640) - 3 : round(x * 640) + 4]
        assert near.any()
    assert not changed[460:, :].any()


def test_nothing_is_left_after_an_error(tmp_path: Path) -> None:
    def fail() -> None:
        with RedactedVideoWriter(tmp_path / "v.mp4", 160, 120, NO_PLACES) as writer:
            writer.write(image_at(0))
            raise KeyError("something else went wrong")

    with pytest.raises(KeyError, match="something else"):
        fail()
    assert names(tmp_path) == []


def test_an_earlier_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    path.write_bytes(b"earlier")
    with RedactedVideoWriter(path, 160, 120, NO_PLACES) as writer:
        writer.write(image_at(0))
        assert path.read_bytes() == b"earlier"
    assert len(read(path)) == 1


def test_no_picture_no_file(tmp_path: Path) -> None:
    with RedactedVideoWriter(tmp_path / "v.mp4", 160, 120, NO_PLACES):
        pass
    assert names(tmp_path) == []


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with (
        pytest.raises(WriteError, match=r"v\.mp4: cannot be written: No such file"),
        RedactedVideoWriter(tmp_path / "none" / "v.mp4", 160, 120, NO_PLACES),
    ):
        pass


def noise_film(path: Path) -> None:
    rng = np.random.default_rng(1)
    with RedactedVideoWriter(path, 320, 240, NO_PLACES) as writer:
        for k in range(60):
            bgr = rng.integers(0, 255, (240, 320, 3), dtype=np.uint8)
            writer.write(RedactedImage(k * 10**8, cv2.blur(bgr, (3, 3)).astype(np.uint8), False))


def test_a_disk_that_takes_no_more_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(WriteError, match=r"v\.mp4: cannot be written"):
            noise_film(tmp_path / "v.mp4")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(tmp_path) == []


def test_a_picture_of_another_size_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="does not fit"),
        RedactedVideoWriter(tmp_path / "v.mp4", 160, 120, NO_PLACES) as writer,
    ):
        writer.write(image_at(0, 120, 160))
