"""The canary: walkers with machine-readable markers go through the program, and nothing of them may come out.

The scene and its detector are in `support.scene`; the program runs as a user runs it, in a process of its own.
"""

import base64
import re
import sqlite3
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from support.program import Ran, flaneur
from support.scene import (
    HEIGHT,
    WIDTH,
    board,
    magenta_share,
    markers_in,
    site_with_boards,
    street,
    write_board_detector,
)
from support.video import write_video

WALKERS = 4
SITE = """
[site]
name = "canary"
[[camera]]
name = "c"
masks = [[[0.0, 0.7], [1.0, 0.7], [1.0, 1.0], [0.0, 1.0]]]   # hides the last walker
[[camera.line]]
name = "middle"
points = [[0.5, 0.0], [0.5, 1.0]]
[[camera.zone]]
name = "half"
polygon = [[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]]
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ran, Path]:
    folder = tmp_path_factory.mktemp("canary")
    video = write_video(folder / "scene.mp4", street(220, walkers=WALKERS), rate=10)
    model = write_board_detector(folder / "boards.xml")
    site = folder / "site.toml"
    site.write_text(site_with_boards(SITE, model))
    ran = flaneur("run", video, "--site", site, "--out", folder / "out", home=folder / "home", cut_off=True)
    assert ran.code == 0, ran.err
    return ran, folder


def pictures(video: Path) -> list[np.ndarray]:
    with av.open(str(video)) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


def test_the_scene_would_give_its_walkers_away(run: tuple[Ran, Path]) -> None:
    seen: set[int] = set()
    for bgr in pictures(run[1] / "scene.mp4")[::10]:
        seen |= markers_in(bgr)
    assert seen == set(range(WALKERS))


def test_the_walkers_were_measured(run: tuple[Ran, Path]) -> None:
    with sqlite3.connect(run[1] / "out" / "flaneur.sqlite") as store:
        query = "select direction, sum(value) from measurement where place = 'middle' group by direction"
        counted = dict(store.execute(query).fetchall())
    assert sum(counted.values()) == WALKERS - 1, "three walkers cross; the fourth is under the mask"


def test_no_walker_is_in_the_redacted_video(run: tuple[Ran, Path]) -> None:
    shown = pictures(run[1] / "out" / "redacted.mp4")
    assert len(shown) > 150
    for number, bgr in enumerate(shown):
        assert not markers_in(bgr), f"picture {number} shows a marker"
        assert magenta_share(bgr) == 0.0, f"picture {number} shows a part of a walker"


def test_the_redacted_video_shows_the_street(run: tuple[Ran, Path]) -> None:
    """Hiding everything would pass the other tests."""
    shown = pictures(run[1] / "out" / "redacted.mp4")
    street_pixels = [float((np.ptp(bgr[: int(HEIGHT * 0.65)].astype(int), axis=2) < 30).mean()) for bgr in shown]
    assert shown[0].shape == (HEIGHT, WIDTH, 3)
    assert np.median(street_pixels) > 0.6
    last = shown[-1][: int(HEIGHT * 0.65), :, 0]
    assert len(np.unique(last)) > 30, "the empty street at the end is to be seen"


def test_no_walker_is_in_a_picture_of_the_report(run: tuple[Ran, Path]) -> None:
    html = (run[1] / "out" / "report.html").read_text()
    images = re.findall(r"data:image/(?:png|jpeg);base64,([A-Za-z0-9+/=]+)", html)
    assert images
    for image in images:
        bgr = cv2.imdecode(np.frombuffer(base64.b64decode(image), np.uint8), cv2.IMREAD_COLOR)
        assert not markers_in(bgr)
        assert magenta_share(bgr) == 0.0


def test_no_raw_pixels_are_in_any_file(run: tuple[Ran, Path]) -> None:
    pieces = [board(number)[y, 4:20].tobytes() for number in range(WALKERS) for y in range(8, 44, 4)]
    written = [path for path in (run[1] / "out").rglob("*") if path.is_file()]
    assert {path.name for path in written} == {
        "flaneur.sqlite",
        "figures.csv",
        "figures.parquet",
        "report.html",
        "redacted.mp4",
    }
    for path in written:
        content = path.read_bytes()
        assert not any(piece in content for piece in pieces), path.name


def test_nothing_else_was_written_or_said(run: tuple[Ran, Path]) -> None:
    ran, folder = run
    assert ran.stray_files == []
    out = str(folder / ".out.partial")
    elsewhere = [path for event, path in ran.events if event == "write" and not path.startswith((out, "/dev/"))]
    assert elsewhere == []
    assert not re.search(r"\b\d{12,}\b", ran.out + ran.err), "an id of a track would be a long number"
    assert {p.name for p in folder.iterdir()} == {
        "scene.mp4",
        "boards.xml",
        "boards.bin",
        "site.toml",
        "out",
        "home",
        "home-events.json",
    }


def test_no_connection_was_tried_and_no_process_started(run: tuple[Ran, Path]) -> None:
    assert [event for event in run[0].events if event[0] != "write"] == []


def test_the_figures_have_no_row_about_one_walker(run: tuple[Ran, Path]) -> None:
    with sqlite3.connect(run[1] / "out" / "flaneur.sqlite") as store:
        tables = [name for (name,) in store.execute("select name from sqlite_master where type = 'table'")]
        assert sorted(tables) == ["measurement", "run"]
        shortest = store.execute("select min(end_ns - start_ns) from measurement").fetchone()[0]
        largest = store.execute("select max(value) from measurement").fetchone()[0]
    assert shortest >= 60_000_000_000
    assert largest <= WALKERS
