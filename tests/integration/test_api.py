"""Flaneur from Python: the same figures as the program gives, and every frame once."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import flaneur
from flaneur.config.load import parse_site
from flaneur.data.errors import UserError
from flaneur.data.kinds import Kind
from flaneur.data.private import Tracks
from flaneur.detect import DetectParams
from support.scene import BOARD_W, site_with_boards, street, write_board_detector
from support.video import write_video

SITE = """
[site]
name = "test"
[[camera]]
name = "c"
[[camera.line]]
name = "middle"
points = [[0.5, 0.0], [0.5, 1.0]]
[[camera.zone]]
name = "left half"
polygon = [[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("api")
    write_video(folder / "scene.mp4", street(160, walkers=3), rate=10)
    write_board_detector(folder / "boards.xml")
    return folder


def detector(folder: Path) -> DetectParams:
    return DetectParams(str(folder / "boards.xml"), "yolov8", {0: Kind.PEDESTRIAN})


def counts(figures: pl.DataFrame) -> dict[tuple[str, str, str], float]:
    seen = figures.filter(pl.col("measure").is_in(["crossings", "passages"]) & pl.col("value").is_not_null())
    rows = seen.group_by("measure", "place", "direction").agg(pl.sum("value")).iter_rows()
    return {(measure, place, direction): value for measure, place, direction, value in rows}


@pytest.fixture(scope="module")
def frames(folder: Path) -> list[tuple[int, int, Tracks]]:
    return list(flaneur.track_video(folder / "scene.mp4", detector=detector(folder)))


def test_every_frame_comes_once_and_in_order(frames: list[tuple[int, int, Tracks]]) -> None:
    assert [index for index, _, _ in frames] == list(range(160))
    assert [time_ns for _, time_ns, _ in frames] == [k * 100_000_000 for k in range(160)]


def test_each_walker_is_one_track_in_its_place(frames: list[tuple[int, int, Tracks]]) -> None:
    ids = {int(i) for _, _, tracks in frames for i in tracks.track_id}
    assert len(ids) == 3
    index, _, tracks = frames[60]
    assert (index, len(tracks)) == (60, 3)
    # Walker 0 is at 60 px/s · 6 s − its own width.
    assert np.sort(np.abs(tracks.xyxy_px[:, 0] - (360 - BOARD_W)))[0] < 4


def test_ids_are_random_from_run_to_run(folder: Path, frames: list[tuple[int, int, Tracks]]) -> None:
    again = {
        int(i) for _, _, t in flaneur.track_video(folder / "scene.mp4", detector=detector(folder)) for i in t.track_id
    }
    assert not again & {int(i) for _, _, tracks in frames for i in tracks.track_id}


@pytest.fixture(scope="module")
def figures(folder: Path) -> pl.DataFrame:
    return flaneur.measure_video(folder / "scene.mp4", parse_site(site_with_boards(SITE, folder / "boards.xml"), "t"))


def test_lines_and_zones_are_counted(figures: pl.DataFrame) -> None:
    found = {key: value for key, value in counts(figures).items() if value}
    assert found == {
        ("crossings", "middle", "to left"): 2,
        ("crossings", "middle", "to right"): 1,
        ("passages", "left half", "in"): 1,
        ("passages", "left half", "out"): 2,
    }


def test_figures_do_not_change_from_run_to_run(folder: Path, figures: pl.DataFrame) -> None:
    again = flaneur.measure_video(folder / "scene.mp4", parse_site(site_with_boards(SITE, folder / "boards.xml"), "t"))
    assert again.equals(figures)


def test_a_film_run_backwards_swaps_directions(folder: Path, figures: pl.DataFrame) -> None:
    backwards = write_video(folder / "backwards.mp4", list(street(160, walkers=3))[::-1], rate=10)
    swapped = counts(flaneur.measure_video(backwards, parse_site(site_with_boards(SITE, folder / "boards.xml"), "t")))
    other = {"to left": "to right", "to right": "to left", "in": "out", "out": "in"}
    assert {(m, p, other[d]): v for (m, p, d), v in swapped.items()} == counts(figures)


def test_a_mask_hides_what_is_under_it_from_every_figure(folder: Path) -> None:
    masked = SITE.replace('name = "c"', 'name = "c"\nmasks = [[[0, 0.5], [1, 0.5], [1, 1], [0, 1]]]')
    figures = flaneur.measure_video(
        folder / "scene.mp4", parse_site(site_with_boards(masked, folder / "boards.xml"), "t")
    )
    assert sum(counts(figures)["crossings", "middle", d] for d in ("to left", "to right")) == 2  # the third walks there


def test_a_site_file_may_be_named(folder: Path, figures: pl.DataFrame) -> None:
    (folder / "site.toml").write_text(site_with_boards(SITE, folder / "boards.xml"))
    assert flaneur.measure_video(folder / "scene.mp4", folder / "site.toml").equals(figures)


def test_what_cannot_be_used_is_an_error_for_people(folder: Path) -> None:
    with pytest.raises(UserError, match=r"missing\.mp4"):
        flaneur.measure_video(folder / "missing.mp4")
    with pytest.raises(UserError, match=r"missing\.mp4"):
        next(iter(flaneur.track_video(folder / "missing.mp4")))


def test_there_is_nothing_else() -> None:
    with pytest.raises(AttributeError, match="no attribute 'identify'"):
        flaneur.identify  # noqa: B018
