"""The program as a user meets it: in a process of its own, with good and bad input."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from support.program import Ran, environment, flaneur
from support.scene import site_with_boards, street, write_board_detector
from support.video import moving_boxes, write_video

SITE = """
[site]
name = "test"
timezone = "Europe/Berlin"
[[camera]]
name = "c"
start = 2026-10-25T02:59:30+02:00    # thirty seconds before the clock goes back
[[camera.line]]
name = "middle"
points = [[0.5, 0.0], [0.5, 1.0]]
[[camera.line]]
name = "right"
points = [[0.8, 0.0], [0.8, 1.0]]
[[camera.flow]]
name = "east"
origin = "middle"
destination = "right"
"""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with scene.mp4, its detector and site.toml."""
    folder = tmp_path_factory.mktemp("scene")
    write_video(folder / "scene.mp4", street(160, walkers=3), rate=10)
    model = write_board_detector(folder / "boards.xml")
    (folder / "site.toml").write_text(site_with_boards(SITE, model))
    return folder


@pytest.fixture(scope="module")
def done(scene: Path) -> Ran:
    return flaneur(
        "run", scene / "scene.mp4", "--site", scene / "site.toml", "--out", scene / "out", home=scene / "home"
    )


def refused(ran: Ran, *words: str) -> None:
    """One clear sentence, exit code 1, no traceback, nothing written."""
    assert ran.code == 1, ran.err
    assert "Traceback" not in ran.err
    assert ran.err.startswith("error: ") or "\nerror: " in ran.err
    for word in words:
        assert word in ran.err
    assert ran.stray_files == []


class TestRun:
    def test_it_measures_and_says_where_the_results_are(self, scene: Path, done: Ran) -> None:
        assert done.code == 0, done.err
        assert "middle" in done.out
        assert str(scene / "out" / "report.html") in done.out.replace("\n", "")
        assert "observed" in done.out

    def test_lines_and_flows_are_counted(self, scene: Path, done: Ran) -> None:
        figures = pl.read_parquet(scene / "out" / "figures.parquet")
        counts = (
            figures.filter(pl.col("kind") == "pedestrian")
            .group_by("measure", "place", "direction")
            .agg(pl.sum("value"))
        )
        found = {(m, p, d): v for m, p, d, v in counts.iter_rows() if m in ("crossings", "flow")}
        # Walkers 0 and 2 go right, walker 1 goes left; a line drawn downwards has the picture's left on its right.
        assert found == {
            ("crossings", "middle", "to left"): 2,
            ("crossings", "middle", "to right"): 1,
            ("crossings", "right", "to left"): 2,
            ("crossings", "right", "to right"): 1,
            ("flow", "east", ""): 2,
        }

    def test_intervals_are_utc_across_the_end_of_summer_time(self, scene: Path, done: Ran) -> None:
        figures = pl.read_parquet(scene / "out" / "figures.parquet")
        starts = [f"{start:%H:%M}" for start in figures["start"].unique().sort()]
        assert starts[0] == "00:59"
        coverage = figures.unique(["start", "coverage"])["coverage"].sum()
        assert coverage == pytest.approx(16.0 / 60, abs=0.01)

    def test_csv_and_parquet_and_store_agree(self, scene: Path, done: Ran) -> None:
        csv = pl.read_csv(scene / "out" / "figures.csv")
        parquet = pl.read_parquet(scene / "out" / "figures.parquet")
        assert csv["value"].to_list() == parquet["value"].to_list()
        assert csv.columns == parquet.columns

    def test_an_earlier_run_is_not_mixed_in(self, scene: Path, done: Ran) -> None:
        before = (scene / "out" / "figures.csv").read_bytes()
        ran = flaneur("run", scene / "scene.mp4", "--out", scene / "out", home=scene / "home2")
        refused(ran, "earlier run", "--overwrite")
        assert (scene / "out" / "figures.csv").read_bytes() == before

    def test_the_video_changes_no_figure(self, scene: Path, done: Ran) -> None:
        arguments = ("run", scene / "scene.mp4", "--site", scene / "site.toml", "--out", scene / "plain", "--no-video")
        assert flaneur(*arguments, home=scene / "home3").code == 0
        assert not (scene / "plain" / "redacted.mp4").exists()
        assert (scene / "plain" / "figures.csv").read_text() == (scene / "out" / "figures.csv").read_text()

    def test_json_is_all_there_is_on_standard_output(self, scene: Path) -> None:
        arguments = ("run", scene / "scene.mp4", "--site", scene / "site.toml", "--out", scene / "json", "--no-video")
        ran = flaneur(*arguments, "--json", home=scene / "home4")
        summary = json.loads(ran.out)
        assert summary["frames_seen"] == 160
        assert summary["complete"] is True
        assert {
            "measure": "flow",
            "place": "east",
            "direction": "",
            "kind": "pedestrian",
            "value": 2.0,
            "unit": "road users",
        } in summary["figures"]
        assert ran.err == ""

    def test_quiet_is_quiet(self, scene: Path) -> None:
        arguments = (
            "run",
            scene / "scene.mp4",
            "--site",
            scene / "site.toml",
            "--out",
            scene / "quiet",
            "--no-video",
            "-q",
        )
        ran = flaneur(*arguments, home=scene / "home5")
        assert (ran.code, ran.out, ran.err) == (0, "", "")

    def test_german(self, scene: Path) -> None:
        arguments = (
            "run",
            scene / "scene.mp4",
            "--site",
            scene / "site.toml",
            "--out",
            scene / "de",
            "--language",
            "de",
        )
        ran = flaneur(*arguments, home=scene / "home6")
        assert "Ergebnisse in" in ran.out
        assert '<html lang="de"' in (scene / "de" / "report.html").read_text()

    def test_ctrl_c_keeps_what_was_measured(self, scene: Path, tmp_path: Path) -> None:
        long = write_video(tmp_path / "long.mp4", street(1500, walkers=3), rate=10)
        command = [
            sys.executable,
            "-m",
            "flaneur",
            "run",
            long,
            "--site",
            scene / "site.toml",
            "--out",
            tmp_path / "out",
        ]
        process = subprocess.Popen(
            list(map(str, command)),
            env=environment(tmp_path / "home"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        store = tmp_path / ".out.partial" / "flaneur.sqlite"
        deadline = time.monotonic() + 60
        while not store.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 130, err
        assert "Traceback" not in err
        assert "Stopped early" in out
        figures = pl.read_parquet(tmp_path / "out" / "figures.parquet")
        observed_s = 60 * figures.unique(["start", "coverage"])["coverage"].sum()
        assert 0 < observed_s < 149
        assert "of 2:30 observed" in out


class TestBadVideos:
    @pytest.fixture
    def home(self, tmp_path: Path) -> Path:
        return tmp_path / "home"

    def run(self, video: Path, home: Path) -> Ran:
        ran = flaneur("run", video, "--out", video.with_name("out"), home=home)
        assert not video.with_name("out").exists()
        assert not video.with_name(".out.partial").exists()
        return ran

    def test_missing(self, tmp_path: Path, home: Path) -> None:
        refused(self.run(tmp_path / "no.mp4", home), "no.mp4")

    def test_a_folder(self, tmp_path: Path, home: Path) -> None:
        (tmp_path / "folder.mp4").mkdir()
        refused(self.run(tmp_path / "folder.mp4", home), "folder.mp4")

    def test_empty(self, tmp_path: Path, home: Path) -> None:
        (tmp_path / "empty.mp4").touch()
        refused(self.run(tmp_path / "empty.mp4", home), "empty.mp4")

    def test_text(self, tmp_path: Path, home: Path) -> None:
        (tmp_path / "letter.mp4").write_text("Dear Sir or Madam, " * 100)
        refused(self.run(tmp_path / "letter.mp4", home), "letter.mp4")

    def test_cut_off_before_its_index(self, tmp_path: Path, home: Path) -> None:
        whole = write_video(tmp_path / "whole.mp4", moving_boxes(50))
        (tmp_path / "cut.mp4").write_bytes(whole.read_bytes()[:2000])
        refused(self.run(tmp_path / "cut.mp4", home), "cut.mp4")

    def test_one_pixel(self, tmp_path: Path, home: Path) -> None:
        video = write_video(
            tmp_path / "dot.avi", [np.zeros((1, 1, 3), np.uint8)] * 20, codec="rawvideo", pix_fmt="bgr24", rate=10
        )
        ran = flaneur("run", video, "--out", tmp_path / "out", home=home)
        assert ran.code == 0, ran.err


class TestBadOutput:
    @pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small disk")
    def test_a_full_disk(self, scene: Path, tmp_path: Path) -> None:
        disk = tmp_path / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", disk], capture_output=True)
        if mounted.returncode:
            pytest.skip("the system allows no mounts")
        try:
            ran = flaneur(
                "run", scene / "scene.mp4", "--site", scene / "site.toml", "--out", disk / "out", home=tmp_path / "home"
            )
            refused(ran)
            assert list(disk.iterdir()) == []
        finally:
            subprocess.run(["umount", disk], check=True)

    def test_a_place_that_cannot_be(self, scene: Path, tmp_path: Path) -> None:
        ran = flaneur("run", scene / "scene.mp4", "--out", "/proc/none/out", home=tmp_path / "home")
        refused(ran, "cannot be written")


class TestSite:
    def test_check(self, scene: Path, tmp_path: Path) -> None:
        ran = flaneur("site", "check", scene / "site.toml", home=tmp_path / "home")
        assert ran.code == 0
        assert "2 lines, 0 zones, 1 flow" in ran.out

    def test_check_names_place_and_remedy(self, tmp_path: Path) -> None:
        (tmp_path / "site.toml").write_text('[site]\nnam = "x"\n[[camera]]\nname = "c"\n')
        ran = flaneur("site", "check", tmp_path / "site.toml", home=tmp_path / "home")
        refused(ran, "site.nam: unknown key; did you mean 'name'?", "site.name: is missing")

    def test_init_gives_a_file_that_works_and_a_picture(self, scene: Path, tmp_path: Path) -> None:
        site = tmp_path / "site.toml"
        ran = flaneur("site", "init", scene / "scene.mp4", "--site", site, home=tmp_path / "home")
        assert ran.code == 0, ran.err
        assert flaneur("site", "check", site, home=tmp_path / "home").code == 0
        assert (tmp_path / "site.png").read_bytes().startswith(b"\x89PNG")

    def test_init_replaces_nothing(self, scene: Path, tmp_path: Path) -> None:
        (tmp_path / "site.toml").write_text("mine")
        ran = flaneur("site", "init", scene / "scene.mp4", "--site", tmp_path / "site.toml", home=tmp_path / "home")
        refused(ran, "exists already")
        assert (tmp_path / "site.toml").read_text() == "mine"

    def test_import(self, scene: Path, tmp_path: Path) -> None:
        sections = [
            {"id": i, "name": name, "type": "line", "coordinates": [{"x": x, "y": 0}, {"x": x, "y": 480}]}
            for i, name, x in (("1", "West", 200), ("2", "Ost", 400))
        ]
        flows = [{"id": "1", "name": "W → O", "start": "1", "end": "2", "distance": None}]
        (tmp_path / "a.otflow").write_text(json.dumps({"sections": sections, "flows": flows}))
        arguments = (
            "site",
            "import",
            tmp_path / "a.otflow",
            "--video",
            scene / "scene.mp4",
            "--site",
            tmp_path / "site.toml",
        )
        ran = flaneur(*arguments, home=tmp_path / "home")
        assert ran.code == 0, ran.err
        checked = flaneur("site", "check", tmp_path / "site.toml", home=tmp_path / "home")
        assert "2 lines, 0 zones, 1 flow" in checked.out


class TestModels:
    def test_the_list_names_licences(self, tmp_path: Path) -> None:
        ran = flaneur("models", home=tmp_path / "home")
        assert ran.code == 0
        assert "nanodet" in ran.out
        assert "Apache-2.0" in ran.out
        assert "GPL-3.0" in ran.out

    def test_a_model_that_is_not_there(self, scene: Path, tmp_path: Path) -> None:
        (tmp_path / "site.toml").write_text('[site]\nname="x"\n[[camera]]\nname="c"\n[detector]\nmodel="no.onnx"\n')
        ran = flaneur(
            "run",
            scene / "scene.mp4",
            "--site",
            tmp_path / "site.toml",
            "--out",
            tmp_path / "o",
            home=tmp_path / "home",
        )
        refused(ran, "no.onnx")
        assert not (tmp_path / "o").exists()


def test_version_and_help(tmp_path: Path) -> None:
    assert flaneur("--version", home=tmp_path / "home").out.startswith("flaneur ")
    ran = flaneur("--help", home=tmp_path / "home")
    assert "run" in ran.out


def test_wrong_usage_is_exit_code_2(tmp_path: Path) -> None:
    ran = flaneur("run", home=tmp_path / "home")
    assert ran.code == 2
    assert "Traceback" not in ran.err
