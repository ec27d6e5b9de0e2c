"""`flaneur ground`: what it says of a calibration, and the picture that it draws."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from support.command import command, refused
from support.scene import (
    ground_points,
    ground_table,
    in_picture,
    living_street,
    magenta_share,
    markers_in,
    site_with_boards,
    write_board_detector,
)
from support.video import write_video

HEAD = '[site]\nname = "street"\n[[camera]]\nname = "c"\n'
WALKERS = 6
PICTURE, METRES = ground_points()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nobody stays where they are, so the place without people can be seen in half a minute."""
    folder = tmp_path_factory.mktemp("ground")
    write_video(folder / "street.mp4", living_street(24.0, walkers=WALKERS), rate=10)
    write_video(folder / "short.mp4", living_street(2.0), rate=10)
    write_board_detector(folder / "boards.xml")
    return folder


def site(folder: Path, table: str, name: str = "site.toml") -> Path:
    (folder / name).write_text(site_with_boards(HEAD + table, folder / "boards.xml"))
    return folder / name


class TestMeasuredPoints:
    def test_what_it_says(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        arguments = ("--site", site(folder, ground_table()), "--picture", folder / "said.png")
        said = command(capsys, "ground", folder / "short.mp4", *arguments)
        assert said.code == 0, said.err
        assert "8.0 m above the ground and looks down by 30°" in said.out
        assert "Ground from measured points." in said.out
        assert "disagrees" not in said.out
        assert f"flaneur run {folder / 'short.mp4'} --site" in said.out

    def test_the_picture_has_a_grid_and_nobody_in_it(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        arguments = ("--site", site(folder, ground_table()), "--picture", folder / "grid.png")
        assert command(capsys, "ground", folder / "street.mp4", *arguments).code == 0
        shown, (empty,) = cv2.imread(str(folder / "grid.png")), living_street(0.1, walkers=0)
        assert not markers_in(shown) & set(range(WALKERS))
        assert magenta_share(shown) == 0.0
        drawn = np.abs(shown.astype(int) - empty).max(axis=2) > 40
        assert 0.02 < drawn.mean() < 0.5, "lines of metres are drawn, and the street is still to be seen"

    def test_a_point_that_disagrees_is_named(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        wrong = [[x + (1.5 if n == 5 else 0.0), y] for n, (x, y) in enumerate(METRES)]
        table = ground_table((PICTURE, wrong))
        said = command(
            capsys, "ground", folder / "short.mp4", "--site", site(folder, table), "--picture", folder / "p.png"
        )
        assert said.code == 0
        assert "Point 6 lies 1." in said.out
        assert "disagrees, left out" in said.out

    def test_four_points_are_not_checked_by_anything(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        table = ground_table((PICTURE[:4], METRES[:4]))
        said = command(
            capsys, "ground", folder / "short.mp4", "--site", site(folder, table), "--picture", folder / "four.png"
        )
        assert said.code == 0
        assert "Four points always fit" in said.out

    def test_in_german(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        arguments = ("--site", site(folder, ground_table()), "--picture", folder / "de.png", "--language", "de")
        said = command(capsys, "ground", folder / "short.mp4", *arguments)
        assert said.code == 0
        assert "Boden aus gemessenen Punkten." in said.out
        assert "8,0 m über dem Boden" in said.out
        assert "Weiter mit: flaneur run" in said.out

    def test_a_place_above_the_horizon_is_named_and_the_grid_still_drawn(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        far = [[-6.0, 18.0], [6.0, 18.0], [8.0, 35.0], [-8.0, 35.0], [0.0, 25.0], [3.0, 30.0]]
        table = ground_table(([in_picture(x, y, np.radians(15.0)) for x, y in far], far))
        line = '[[camera.line]]\nname = "middle"\npoints = [[0.5, 0.0], [0.5, 1.0]]\n'
        said = command(
            capsys, "ground", folder / "short.mp4", "--site", site(folder, table + line), "--picture", folder / "h.png"
        )
        assert said.code == 0
        assert "line 'middle' touches the horizon" in said.out
        assert "flaneur run" not in said.out
        assert (folder / "h.png").exists()


class TestWithoutPoints:
    def test_it_says_how_to_begin(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """The boards are all of one size, near and far, so their sizes do not tell the ground either."""
        said = command(
            capsys, "ground", folder / "short.mp4", "--site", site(folder, ""), "--picture", folder / "n.png"
        )
        assert said.code == 0
        assert "[camera.ground]" in said.out
        assert "picture = " in said.out
        assert "metres = " in said.out
        assert (folder / "n.png").exists()


class TestBadInput:
    def test_bad_points_draw_nothing(self, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        table = ground_table((PICTURE, [[-x, y] for x, y in METRES]))
        said = command(
            capsys, "ground", folder / "short.mp4", "--site", site(folder, table), "--picture", tmp_path / "p.png"
        )
        refused(said, "the other way")
        assert list(tmp_path.iterdir()) == []

    def test_an_earlier_picture_is_kept(self, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "mine.png").write_text("mine")
        said = command(capsys, "ground", folder / "short.mp4", "--picture", tmp_path / "mine.png")
        assert said.code == 2
        assert "--overwrite" in said.err
        assert (tmp_path / "mine.png").read_text() == "mine"

    def test_no_video(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        refused(command(capsys, "ground", tmp_path / "no.mp4", "--picture", tmp_path / "p.png"), "no.mp4")
        assert list(tmp_path.iterdir()) == []
