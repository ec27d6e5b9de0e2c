"""`flaneur run` with a ground: a rendered street, a real detector for its walkers, and speeds that are known."""

import sqlite3
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import flaneur
from support.command import command, refused
from support.figures_table import rows, value
from support.page import Page
from support.program import Ran
from support.program import flaneur as program
from support.scene import (
    ground_points,
    ground_table,
    in_picture,
    living_street,
    site_with_boards,
    walking_mps,
    write_board_detector,
)
from support.video import write_video

WALKERS = 8
SECONDS = 27.0
PLACES = """
[[camera.line]]
name = "middle"
points = [[0.5, 0.0], [0.5, 1.0]]
to_left = "east"
to_right = "west"
[[camera.line]]
name = "right"
points = [[0.8, 0.0], [0.8, 1.0]]
[[camera.flow]]
name = "eastwards"
origin = "middle"
destination = "right"
[[camera.zone]]
name = "most of it"
polygon = [[0.2, 0.1], [0.8, 0.1], [0.8, 0.95], [0.2, 0.95]]
"""
HEAD = """
[site]
name = "street"
[[camera]]
name = "c"
"""
EAST = range(0, WALKERS, 2)
WEST = range(1, WALKERS, 2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("metres")
    write_video(folder / "street.mp4", living_street(SECONDS, walkers=WALKERS), rate=10)
    write_video(folder / "short.mp4", living_street(3.0), rate=10)
    model = write_board_detector(folder / "boards.xml")
    (folder / "site.toml").write_text(site_with_boards(HEAD + ground_table() + PLACES, model))
    return folder


@pytest.fixture(scope="module")
def ran(folder: Path) -> Ran:
    arguments = ("--site", folder / "site.toml", "--out", folder / "out", "--no-video")
    ran = program("run", folder / "street.mp4", *arguments, home=folder / "home")
    assert ran.code == 0, ran.err
    return ran


@pytest.fixture(scope="module")
def figures(folder: Path, ran: Ran) -> pl.DataFrame:
    return pl.read_parquet(folder / "out" / "figures.parquet")


class TestSpeeds:
    @pytest.mark.parametrize(("direction", "walkers"), [("east", EAST), ("west", WEST)])
    def test_where_walkers_cross_a_line(self, figures: pl.DataFrame, direction: str, walkers: range) -> None:
        true_mps = np.mean([walking_mps(n) for n in walkers])
        found = rows(figures, "speed_mean", "middle", direction=direction).row(0, named=True)
        assert found["low"] <= true_mps <= found["high"]
        assert found["value"] == pytest.approx(true_mps, rel=0.02)
        assert found["sample_size"] == 4
        assert found["high"] - found["low"] < 0.3 * true_mps, "a band that holds anything tells nothing"

    def test_in_a_zone_and_between_two_lines(self, figures: pl.DataFrame) -> None:
        everybody = np.mean([walking_mps(n) for n in range(WALKERS)])
        assert value(figures, "speed_mean", "most of it") == pytest.approx(everybody, rel=0.02)
        eastwards = np.mean([walking_mps(n) for n in EAST])
        assert value(figures, "section_speed_mean", "eastwards") == pytest.approx(eastwards, rel=0.03)
        assert value(figures, "travel_time_mean", "eastwards") == pytest.approx(0.3 * 640 / 60, abs=0.1)

    def test_times_between_walkers(self, figures: pl.DataFrame) -> None:
        """One sets out to the east every 4 s, and those further away do not come earlier for that."""
        found = rows(figures, "headway_mean", "middle", direction="east").row(0, named=True)
        assert found["low"] <= 4.0 <= found["high"]

    def test_standard_figures_stay_as_they_are(self, figures: pl.DataFrame) -> None:
        assert value(figures, "crossings", "middle", direction="east", kind="pedestrian") == 4
        assert value(figures, "crossings", "middle", direction="west", kind="pedestrian") == 4
        assert value(figures, "flow", "eastwards", kind="pedestrian") == 4

    def test_nobody_came_near_anybody(self, figures: pl.DataFrame) -> None:
        assert rows(figures, "ttc_count", "whole picture", direction="serious")["value"].sum() == 0


class TestResults:
    def test_csv_store_and_table_agree(self, folder: Path, figures: pl.DataFrame) -> None:
        csv = pl.read_csv(folder / "out" / "figures.csv")
        for column in ("value", "low"):
            assert csv[column].to_list() == figures[column].round_sig_figs(9).to_list()
        with sqlite3.connect(folder / "out" / "flaneur.sqlite") as store:
            query = "select value, low, high, sample_size from measurement where measure = 'speed_mean' and place = ?"
            stored = store.execute(query + " and kind = 'all' and direction = 'east'", ("middle",)).fetchall()
        columns = ("value", "low", "high", "sample_size")
        assert stored == [
            tuple(rows(figures, "speed_mean", "middle", direction="east").row(0, named=True)[c] for c in columns)
        ]

    def test_the_same_rows_from_python(self, folder: Path, figures: pl.DataFrame) -> None:
        again = flaneur.measure_video(folder / "street.mp4", folder / "site.toml")
        key = ["measure", "place", "direction", "kind", "start_s"]
        assert again.select(key).equals(figures.select(key))
        for column in ("value", "low", "high", "coverage"):
            a, b = (table[column].cast(pl.Float64).fill_null(-1.0).to_numpy() for table in (again, figures))
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4, err_msg=column)

    def test_the_report_and_the_terminal_tell_them(self, folder: Path, ran: Ran) -> None:
        page = Page((folder / "out" / "report.html").read_text())
        mps = float(np.mean([walking_mps(n) for n in WEST]))
        cells = [cell for row in page.table("Speed").rows for cell in row]
        assert any(cell.startswith((f"{mps:.2f} ", f"{3.6 * mps:.1f} ")) for cell in cells), cells
        assert "points in the picture and on the ground" in page.text
        assert "Speed" in ran.out
        assert "middle" in ran.out

    def test_a_healthy_video_is_observed_throughout(self, figures: pl.DataFrame, ran: Ran) -> None:
        assert figures["coverage"].to_list() == [pytest.approx(SECONDS / 60, abs=0.005)] * len(figures)
        assert "Note:" not in ran.out


class TestWithoutGround:
    def test_the_report_says_what_is_missing_and_how_to_add_it(
        self, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "site.toml").write_text(site_with_boards(HEAD + PLACES, folder / "boards.xml"))
        arguments = ("--site", tmp_path / "site.toml", "--out", tmp_path / "out", "--no-video", "-q")
        assert command(capsys, "run", folder / "short.mp4", *arguments).code == 0
        text = Page((tmp_path / "out" / "report.html").read_text()).text
        assert "no ground plane" in text
        assert "flaneur ground" in text
        figures = pl.read_parquet(tmp_path / "out" / "figures.parquet")
        assert not [name for name in figures["measure"].unique() if name.startswith(("speed", "ttc", "dwell"))]


PICTURE, METRES = ground_points()
FAR = [[-6.0, 18.0], [6.0, 18.0], [8.0, 35.0], [-8.0, 35.0], [0.0, 25.0], [3.0, 30.0]]
HORIZON_IN_SIGHT = [in_picture(x, y, np.radians(15.0)) for x, y in FAR], FAR
BAD_GROUNDS = {
    "sizes of too few": ("[camera.ground]\nfrom_sizes = true\n", ("pedestrians and cars", "four points")),
    "a line above the horizon": (ground_table(HORIZON_IN_SIGHT), ("'middle'", "horizon")),
    "points on one line": (ground_table((PICTURE, [[n, 2.0 * n] for n in range(6)])), ("one line in metres",)),
    "points on one line of the picture": (ground_table(([[x, 0.5] for x, _ in PICTURE], METRES)), ("in the picture",)),
    "wrong order": (ground_table((PICTURE, [METRES[n] for n in (0, 2, 4, 1, 3, 5)])), ("order",)),
    "mirrored": (ground_table((PICTURE, [[-x, y] for x, y in METRES])), ("the other way",)),
    "two swapped": (ground_table((PICTURE, [METRES[n] for n in (0, 1, 3, 2, 4, 5)])), ("points 3 and 4", "swapped")),
    "one too few": (ground_table((PICTURE, METRES[:-1])), ("6 points in `picture` but 5 in `metres`",)),
    "three points": (ground_table((PICTURE[:3], METRES[:3])), ("3 points do not tell", "4 at least")),
    "millimetres": (ground_table((PICTURE, [[1000 * x, 1000 * y] for x, y in METRES])), ("metres", "millimetres")),
    "the same point twice": (ground_table((PICTURE + PICTURE[:1], METRES + METRES[:1])), ("points 1 and 7",)),
    "no camera file": ('[camera.ground]\nfile = "none.xml"\n', ("none.xml",)),
}


def test_places_in_metres_are_not_for_videos(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody would ever cross a line that is in no picture: the count would be 0."""
    line = '[[camera.line]]\nname = "middle"\nmetres = [[0.0, 0.0], [0.0, 5.0]]\n'
    (tmp_path / "site.toml").write_text(site_with_boards(HEAD + line, folder / "boards.xml"))
    arguments = ("--site", tmp_path / "site.toml", "--out", tmp_path / "out", "-q")
    refused(command(capsys, "run", folder / "short.mp4", *arguments), "in metres", "`points`")
    assert [path.name for path in tmp_path.iterdir()] == ["site.toml"]


@pytest.mark.parametrize("what", BAD_GROUNDS)
def test_a_bad_ground_is_one_sentence(
    what: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, words = BAD_GROUNDS[what]
    (tmp_path / "site.toml").write_text(site_with_boards(HEAD + table + PLACES, folder / "boards.xml"))
    arguments = ("--site", tmp_path / "site.toml", "--out", tmp_path / "out", "-q")
    said = command(capsys, "run", folder / "short.mp4", *arguments)
    refused(said, *words)
    assert [path.name for path in tmp_path.iterdir()] == ["site.toml"], "nothing is half written"
