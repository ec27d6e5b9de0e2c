"""Traffic signals from a video: their lamps are in its picture, and a file beside the site file says the same."""

from pathlib import Path

import polars as pl
import pytest

import flaneur
from flaneur.data.errors import UserError
from support.figures_table import rows, total, value
from support.scene import (
    HEIGHT,
    WIDTH,
    Picture,
    ground_table,
    living_street,
    moment_in_the_middle_s,
    site_with_boards,
    write_board_detector,
)
from support.video import write_video

GREEN_S, RED_AGAIN_S = 8.0, 12.2
PHASES = f"time_s,group,state\n0,K1,red\n{GREEN_S},K1,green\n{RED_AGAIN_S},K1,red\n"
RED_BOX, GREEN_BOX = (600, 4, 616, 20), (600, 22, 616, 38)


def lamps(picture: Picture, time_s: float) -> None:
    """A signal in the upper right corner."""
    picture[0:40, 592:624] = 20
    green = GREEN_S <= time_s < RED_AGAIN_S
    left, top, right, bottom = GREEN_BOX if green else RED_BOX
    picture[top:bottom, left:right] = (120, 230, 90) if green else (40, 40, 235)


def corners(box: tuple[int, int, int, int]) -> list[list[float]]:
    x1, y1, x2, y2 = box[0] / WIDTH, box[1] / HEIGHT, box[2] / WIDTH, box[3] / HEIGHT
    return [[x1, y1], [x2, y1], [x2, y2], [x1, y2]]


def tables(ground: str = "", phases: str = "phases.csv") -> str:
    return f"""
[site]
name = "street"
[[camera]]
name = "c"
{ground}
[[camera.line]]
name = "stop"
points = [[0.5, 0.0], [0.5, 1.0]]
to_left = "east"
to_right = "west"
[[camera.signal]]
name = "by file"
stop_line = "stop"
direction = "east"
kinds = ["pedestrian"]
file = "{phases}"
group = "K1"
[[camera.signal]]
name = "by lamps"
stop_line = "stop"
direction = "east"
kinds = ["pedestrian"]
lamps = {{ red = {corners(RED_BOX)}, green = {corners(GREEN_BOX)} }}
[[camera.signal]]
name = "for cars"
stop_line = "stop"
direction = "east"
file = "{phases}"
group = "K1"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("signals")
    write_video(folder / "street.mp4", living_street(27.0, walkers=8, change=lamps), rate=10)
    write_board_detector(folder / "boards.xml")
    (folder / "phases.csv").write_text(PHASES)
    return folder


@pytest.fixture(scope="module", params=["in metres", "in the picture"])
def figures(request: pytest.FixtureRequest, folder: Path) -> pl.DataFrame:
    ground = ground_table() if request.param == "in metres" else ""
    (folder / "site.toml").write_text(site_with_boards(tables(ground), folder / "boards.xml"))
    return flaneur.measure_video(folder / "street.mp4", folder / "site.toml")


def test_the_scene_is_what_the_tests_think() -> None:
    """Eastwards walkers 0, 2, 4 and 6 cross; only the second of them on green."""
    crossings_s = [moment_in_the_middle_s(n) for n in (0, 2, 4, 6)]
    assert [GREEN_S <= at < RED_AGAIN_S for at in crossings_s] == [False, True, False, False]
    assert 1.2 < crossings_s[2] - RED_AGAIN_S < 1.8
    assert crossings_s[3] - RED_AGAIN_S > 5.2


@pytest.mark.parametrize("name", ["by file", "by lamps"])
class TestCrossings:
    def test_by_state(self, figures: pl.DataFrame, name: str) -> None:
        found = rows(figures, "signal_count", name)
        assert {d: v for d, v in zip(found["direction"], found["value"], strict=True) if v} == {"red": 3, "green": 1}

    def test_in_red_by_how_long_it_was(self, figures: pl.DataFrame, name: str) -> None:
        found = rows(figures, "red_count", name)
        assert dict(zip(found["direction"], found["value"], strict=True)) == {
            "up to 1 s": 0,
            "1 to 2 s": 1,
            "2 to 5 s": 0,
            "over 5 s": 2,
        }

    def test_the_green(self, figures: pl.DataFrame, name: str) -> None:
        assert value(figures, "phase_count", name, direction="green") == 1
        assert value(figures, "phase_mean", name, direction="green") == pytest.approx(RED_AGAIN_S - GREEN_S, abs=0.4)


def test_those_whom_a_signal_does_not_address_are_not_judged_by_it(figures: pl.DataFrame) -> None:
    assert total(figures, "signal_count", "for cars") == 0
    assert total(figures, "red_count", "for cars") == 0


def test_all_crossings_are_counted_whatever_the_signal_shows(figures: pl.DataFrame) -> None:
    assert total(figures, "crossings", "stop", kind="pedestrian", direction="east") == 4


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, r"none\.csv"),
        ("time_s,group,state\n0,K2,red\n", "no row for signal group 'K1'"),
        ("time_s,group,state\n0,K1,purple\n", "row 2: unknown state 'purple'"),
        ("time_s,group,state\n5,K1,red\n3,K1,green\n", "row 3: its time is not later"),
        ("time,group,state\n2026-05-04T08:00:00+02:00,K1,red\n", "when the video begins is not known"),
    ],
)
def test_phases_that_cannot_be_used(folder: Path, content: str | None, words: str) -> None:
    name = "none.csv" if content is None else "bad.csv"
    if content is not None:
        (folder / name).write_text(content)
    (folder / "bad.toml").write_text(site_with_boards(tables(phases=name), folder / "boards.xml"))
    with pytest.raises(UserError, match=words):
        flaneur.measure_video(folder / "street.mp4", folder / "bad.toml")
