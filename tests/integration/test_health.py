"""Camera health from video to report: what the camera did not show is missing from the figures, and is no 0."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from support.figures_table import rows
from support.page import Page
from support.program import flaneur
from support.scene import Picture, living_street, moment_in_the_middle_s, site_with_boards, write_board_detector
from support.video import write_video

RATE = 4
SECONDS = 150.0
FROZEN_S, COVERED_S = (20.0, 40.0), (50.0, 125.0)
SITE = """
[site]
name = "street"
[[camera]]
name = "c"
[[camera.line]]
name = "middle"
points = [[0.5, 0.0], [0.5, 1.0]]
[[camera.zone]]
name = "half"
polygon = [[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]]
"""


def faulty() -> Callable[[Picture, float], None]:
    """A camera that hangs for 20 s, and before which somebody holds a hand for 75 s."""
    last: list[Picture] = []

    def change(picture: Picture, time_s: float) -> None:
        if FROZEN_S[0] <= time_s < FROZEN_S[1]:
            picture[:] = last[0]
        elif COVERED_S[0] <= time_s < COVERED_S[1]:
            picture[:] = 70 + picture // 32
        last[:] = [picture.copy()]

    return change


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("health")
    write_video(folder / "street.mp4", living_street(SECONDS, RATE, change=faulty()), rate=RATE)
    model = write_board_detector(folder / "boards.xml")
    (folder / "site.toml").write_text(site_with_boards(SITE, model) + "rate_per_s = 4\n")
    return folder


@pytest.fixture(scope="module")
def summary(folder: Path) -> dict[str, Any]:
    """What the program says of the video, as JSON."""
    arguments = ("--site", folder / "site.toml", "--out", folder / "out", "--no-video", "--json")
    ran = flaneur("run", folder / "street.mp4", *arguments, home=folder / "home")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


@pytest.fixture(scope="module")
def figures(folder: Path, summary: dict[str, Any]) -> pl.DataFrame:
    return pl.read_parquet(folder / "out" / "figures.parquet")


def seen(from_s: float, to_s: float) -> int:
    """Walkers who really cross the line in this time."""
    return sum(from_s <= moment_in_the_middle_s(n) < to_s for n in range(100))


def test_coverage_falls_by_what_was_not_shown(figures: pl.DataFrame) -> None:
    coverage = figures.unique(["start_s", "coverage"]).sort("start_s")["coverage"].to_list()
    usable_s = 60 - (FROZEN_S[1] - FROZEN_S[0]) - (60 - COVERED_S[0])
    assert 60 * coverage[0] == pytest.approx(usable_s, abs=4.0)
    assert coverage[1] == 0.0
    assert 60 * coverage[2] == pytest.approx(SECONDS - COVERED_S[1], abs=4.0)


def test_a_minute_under_the_hand_has_no_figures_at_all(figures: pl.DataFrame) -> None:
    """They would be 0, and lies: thirty people walked by."""
    covered = figures.filter(pl.col("start_s") == 60)
    assert len(covered)
    assert covered["value"].null_count() == len(covered)
    assert seen(60, 120) == 30


def test_counts_are_those_of_the_time_that_was_observed(figures: pl.DataFrame) -> None:
    crossings = rows(figures, "crossings", "middle", kind="pedestrian").group_by("start_s").agg(pl.sum("value"))
    found = dict(crossings.filter(pl.col("start_s") != 60).iter_rows())
    before, after = seen(0, FROZEN_S[0]) + seen(FROZEN_S[1], COVERED_S[0]), seen(COVERED_S[1], SECONDS)
    assert before - 3 <= found[0] <= before + 1
    assert after - 3 <= found[120] <= after + 1


def test_the_mean_number_of_people_is_not_diluted(figures: pl.DataFrame) -> None:
    """Somebody is in the picture all the time, five of them on the average, each for 11.3 s."""
    for value in rows(figures, "occupancy", "whole picture").filter(pl.col("start_s") != 60)["value"].to_list():
        assert 3.0 < value < 6.5


def test_the_summary_and_the_report_name_the_faults(folder: Path, summary: dict[str, Any]) -> None:
    lasted = {note["key"]: note["numbers"][0] for note in summary["notes"]}
    assert lasted["frozen"] == pytest.approx(FROZEN_S[1] - FROZEN_S[0], abs=4.0)
    assert lasted["covered"] == pytest.approx(COVERED_S[1] - COVERED_S[0], abs=4.0)
    assert summary["observed_s"] == pytest.approx(55.0, abs=8.0)
    text = Page((folder / "out" / "report.html").read_text()).text
    assert "covered" in text
    assert "frozen" in text
