"""`flaneur redact` as a user runs it, on a street whose walkers can be read by machine."""

import hashlib
from pathlib import Path

import av
import numpy as np
import pytest

from support.program import Ran, flaneur
from support.scene import HEIGHT, WIDTH, magenta_share, markers_in, site_with_boards, street, write_board_detector
from support.video import write_video

SITE = """
[site]
name = "footage"
[[camera]]
name = "c"
"""
FRAMES, RATE = 80, 10


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("redact")
    video = write_video(folder / "street.mp4", street(FRAMES, walkers=2), rate=RATE)
    site = folder / "site.toml"
    site.write_text(site_with_boards(SITE, write_board_detector(folder / "boards.xml")))
    return video, site


@pytest.fixture(scope="module")
def done(footage: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Ran, Path]:
    video, site = footage
    folder = tmp_path_factory.mktemp("out")
    out = folder / "hidden.mp4"
    ran = flaneur("redact", video, out, "--site", site, home=folder / "home", cut_off=True)
    assert ran.code == 0, ran.err
    return ran, out


def test_every_picture_is_there_and_shows_the_street_but_nobody(done: tuple[Ran, Path]) -> None:
    with av.open(str(done[1])) as container:
        frames = [(frame.time, frame.to_ndarray(format="bgr24")) for frame in container.decode(video=0)]
    assert [time for time, _ in frames] == pytest.approx([n / RATE for n in range(FRAMES)], abs=1e-3)
    assert all(bgr.shape == (HEIGHT, WIDTH, 3) for _, bgr in frames)
    for number, (_, bgr) in enumerate(frames):
        assert not markers_in(bgr), f"picture {number} shows a marker"
        assert magenta_share(bgr) == 0.0, f"picture {number} shows a part of a walker"
    assert np.median([len(np.unique(bgr)) for _, bgr in frames]) > 30, "the street is to be seen"


def test_nothing_but_pictures_comes_out(done: tuple[Ran, Path]) -> None:
    ran, out = done
    with av.open(str(out)) as container:
        assert [stream.type for stream in container.streams] == ["video"]
        names = {*container.metadata, *container.streams[0].metadata}
    assert names <= {"major_brand", "minor_version", "compatible_brands", "language", "handler_name", "vendor_id"}
    assert {path.name for path in out.parent.iterdir()} == {"hidden.mp4", "home", "home-events.json"}
    assert [event for event in ran.events if event[0] != "write"] == []
    assert ran.stray_files == []


def test_ghosts_walk_on_the_empty_street_from_the_first_picture_on(footage: tuple[Path, Path], tmp_path: Path) -> None:
    video, site = footage
    out = tmp_path / "ghosts.mp4"
    ran = flaneur("redact", video, out, "--style", "ghost", "--site", site, home=tmp_path / "home", cut_off=True)
    assert ran.code == 0, ran.err
    with av.open(str(out)) as container:
        frames = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    assert len(frames) == FRAMES
    for number, bgr in enumerate(frames):
        assert not markers_in(bgr), f"picture {number} shows a marker"
        assert magenta_share(bgr) == 0.0, f"picture {number} shows a part of a walker"
    grey = [(np.abs(bgr.astype(int) - 128).max(axis=2) < 3).mean() for bgr in frames]
    assert np.median(grey) < 0.8, "some of the street is known"


def test_an_earlier_file_and_the_video_itself_are_safe(footage: tuple[Path, Path], tmp_path: Path) -> None:
    video, site = footage
    before = hashlib.sha256(video.read_bytes()).hexdigest()
    for arguments, sentence in (
        ((video, video), "exists already"),
        ((video, video, "--overwrite"), "is the video itself"),
        ((video, tmp_path / "out.avi"), "ends in .mp4"),
        ((tmp_path / "none.mp4", tmp_path / "out.mp4"), "no such file"),
        ((video, tmp_path / "none" / "out.mp4"), "cannot be written"),
    ):
        ran = flaneur("redact", *arguments, "--site", site, home=tmp_path / "home")
        assert ran.code == 1
        assert sentence in ran.err
        assert "Traceback" not in ran.err
    assert hashlib.sha256(video.read_bytes()).hexdigest() == before
    assert not list(tmp_path.glob("*.mp4"))
