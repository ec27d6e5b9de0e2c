"""`flaneur trajectories` and `flaneur.measure_trajectories`: small files whose figures anybody can work out."""

import bz2
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import flaneur
from flaneur.data.errors import UserError
from support.cameras import SIZE_PX, projected
from support.command import command, refused
from support.figures_table import rows, total, value
from support.sites import LIGHT_AND_QUEUE
from support.trajectory_files import Ride, drive, stand, then, write_csv

LANE = (
    """
[site]
name = "street"
[[camera]]
name = "c"
[[camera.line]]
name = "stop"
metres = [[80.0, 3.0], [80.0, -3.0]]
to_left = "in"
to_right = "out"
[[camera.zone]]
name = "lane"
metres = [[0.0, -2.0], [80.0, -2.0], [80.0, 2.0], [0.0, 2.0]]
"""
    + LIGHT_AND_QUEUE
)
PHASES = "time_s,group,state\n0,light,red\n25,light,green\n41,light,amber\n44,light,red\n"
SQUARE = """
[site]
name = "square"
[[camera]]
name = "c"
[[camera.zone]]
name = "square"
metres = [[2.0, 2.0], [7.0, 2.0], [7.0, 6.0], [2.0, 6.0]]
crowd = { alarm_per_m2 = [0.5, 2.0] }
"""
CARS, GAP_M, LENGTH_M, MPS = 10, 2.5, 4.5, 8.0


def queue() -> list[Ride]:
    """Ten cars stand, the first 1 m from the line, 2.5 m from one another; each starts 1.2 s after the one before."""
    step = GAP_M + LENGTH_M
    return [
        Ride(then(stand((79.0 - LENGTH_M / 2 - step * k, 0.0), 30.0 + 1.2 * k), drive((0, 0), (MPS, 0), 14.0)))
        for k in range(CARS)
    ]


@pytest.fixture(scope="module")
def lane(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lane")
    (folder / "site.toml").write_text(LANE)
    (folder / "phases.csv").write_text(PHASES)
    write_csv(folder / "cars.csv", queue())
    return folder


@pytest.fixture(scope="module")
def at_the_light(lane: Path) -> pl.DataFrame:
    return flaneur.measure_trajectories(lane / "cars.csv", lane / "site.toml")


class TestQueue:
    def test_its_length_and_count(self, at_the_light: pl.DataFrame) -> None:
        whole_m = 1.0 + CARS * LENGTH_M + (CARS - 1) * GAP_M
        assert value(at_the_light, "queue_length_max", "queue") == pytest.approx(whole_m, abs=0.1)
        assert value(at_the_light, "queue_count_max", "queue") == CARS

    def test_how_fast_it_is_let_go(self, at_the_light: pl.DataFrame) -> None:
        headway_s = 1.2 + (GAP_M + LENGTH_M) / MPS
        assert value(at_the_light, "headway_mean", "stop", direction="in") == pytest.approx(headway_s, abs=0.02)
        assert value(at_the_light, "gap_mean", "stop", direction="in") == pytest.approx(
            headway_s - LENGTH_M / MPS, abs=0.03
        )
        assert value(at_the_light, "saturation_flow_mean", "queue") == pytest.approx(3600 / headway_s, rel=0.01)
        assert value(at_the_light, "saturation_flow_count", "queue") == 1
        # The fourth is at the line 11.35 s after green began; at saturation it would be there after four headways.
        fourth_s = 30.0 + 3 * 1.2 + (1.0 + 3 * (GAP_M + LENGTH_M)) / MPS - 25.0
        assert value(at_the_light, "lost_time_mean", "queue") == pytest.approx(fourth_s - 4 * headway_s, abs=0.05)

    def test_crossings_by_what_the_signal_showed(self, at_the_light: pl.DataFrame) -> None:
        """Car k is at the line at 30.125 + 2.075 k s: six on green, one on amber, three on red."""
        found = {d: value(at_the_light, "signal_count", "light", direction=d) for d in ("green", "amber", "red")}
        assert found == {"green": 6, "amber": 1, "red": 3}
        classes = rows(at_the_light, "red_count", "light")
        assert dict(zip(classes["direction"], classes["value"], strict=True)) == {
            "up to 1 s": 1,  # 44.65
            "1 to 2 s": 0,
            "2 to 5 s": 2,  # 46.73 and 48.8
            "over 5 s": 0,
        }

    def test_all_crossed_the_line_and_left_the_lane(self, at_the_light: pl.DataFrame) -> None:
        assert value(at_the_light, "crossings", "stop", direction="in", kind="car") == CARS
        assert value(at_the_light, "crossings", "stop", direction="out", kind="car") == 0
        assert value(at_the_light, "passages", "lane", direction="out", kind="car") == CARS


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """People a metre apart, around the square and in it, who leave after a minute; then one who walks by."""
    folder = tmp_path_factory.mktemp("crowd")
    (folder / "site.toml").write_text(SQUARE)
    people = [
        Ride(then(stand((x + 0.5, y + 0.5), 59.5, 2), drive((0, 0), (1.3, 0), 20, 2)), "pedestrian")
        for x in range(9)
        for y in range(8)
    ]
    late = Ride(drive((-30.0, 20.0), (1.0, 0.0), 60, 2), "pedestrian", 60.0)
    write_csv(folder / "people.csv", [*people, late], rate=2)
    return flaneur.measure_trajectories(folder / "people.csv", folder / "site.toml")


class TestCrowd:
    def test_one_person_per_square_metre(self, crowd: pl.DataFrame) -> None:
        for measure in ("density_mean", "density_max", "density_voronoi_mean", "density_voronoi_max"):
            assert rows(crowd, measure, "square")["value"][0] == pytest.approx(1.0, abs=0.01), measure

    def test_it_is_level_d_of_service(self, crowd: pl.DataFrame) -> None:
        """Fruin: 0.93 to 1.39 m² a person."""
        shares = rows(crowd, "los_share", "square", start_s=0)
        assert dict(zip(shares["direction"], shares["value"], strict=True)) == {"D": 1.0} | dict.fromkeys("ABCEF", 0.0)

    def test_all_stand(self, crowd: pl.DataFrame) -> None:
        assert rows(crowd, "standing_mean", "square")["value"][0] == 1.0

    def test_the_alarm_begins_once_and_ends_with_the_crowd(self, crowd: pl.DataFrame) -> None:
        assert rows(crowd, "alarm_share", "square", direction="level 1 from 0.5/m²")["value"][0] == 1.0
        assert total(crowd, "alarm_change_count", "square", direction="level 1 from 0.5/m²") == 1
        assert total(crowd, "alarm_change_count", "square", direction="level 2 from 2/m²") == 0
        assert rows(crowd, "alarm_share", "square", direction="none")["value"][1] > 0.7

    def test_nobody_there_has_no_speed_and_is_no_standing_crowd(self, crowd: pl.DataFrame) -> None:
        (during, after) = rows(crowd, "standing_mean", "square")["sample_size"].to_list()[:2]
        assert during == 60
        assert after < 15, "moments with nobody in the square tell nothing of how they stand"


class TestNearMisses:
    def crossing(self, folder: Path, delay_s: float) -> pl.DataFrame:
        """Two cars at 10 m/s cross at right angles, the second `delay_s` after the first."""
        cars = [Ride(drive((-50.0, 0.0), (10.0, 0.0), 10)), Ride(drive((0.0, -50.0 - 10 * delay_s), (0.0, 10.0), 13))]
        return flaneur.measure_trajectories(write_csv(folder / "cars.csv", cars))

    def test_post_encroachment(self, tmp_path: Path) -> None:
        """The first leaves the common ground 0.315 s after its middle, the second enters as much before its own."""
        figures = self.crossing(tmp_path, 1.63)
        counts = rows(figures, "pet_count", "whole picture", kind="car × car").filter(pl.col("value") > 0)
        assert dict(zip(counts["direction"], counts["value"], strict=True)) == {"serious": 1}
        assert total(figures, "ttc_count", "whole picture") == 0

    def test_far_apart_is_no_near_miss(self, tmp_path: Path) -> None:
        assert total(self.crossing(tmp_path, 8.0), "pet_count", "whole picture") == 0

    def test_one_that_would_hit_another_who_stands(self, tmp_path: Path) -> None:
        """At 10 m/s towards a car that stands; 12 m short of it, it swerves by a lane."""
        rides = [
            Ride(then(drive((0.0, -20.0), (0.0, 5.0), 4), stand((0, 0), 8))),
            Ride(
                then(drive((-60.0, 0.0), (10.0, 0.0), 4.6), drive((0, 0), (10.0, 7.0), 1.0), drive((0, 0), (10, 0), 4))
            ),
        ]
        figures = flaneur.measure_trajectories(write_csv(tmp_path / "cars.csv", rides))
        found = rows(figures, "ttc_count", "whole picture").filter(pl.col("value") > 0)
        assert found["direction"].to_list() == ["serious"] or found["direction"].to_list() == ["slight"]
        assert found["value"].to_list() == [1]


class TestForms:
    def walkers(self, rate: float = 10.0) -> list[np.ndarray]:
        return [drive((0.0, 1.5 * k), (1.5, 0.0), 10.0, rate) for k in range(4)]

    def speed(self, figures: pl.DataFrame) -> float | None:
        return value(figures, "speed_mean", "whole picture")

    def test_csv_parquet_and_tsv_say_the_same(self, tmp_path: Path) -> None:
        csv = write_csv(tmp_path / "w.csv", [Ride(path, "pedestrian") for path in self.walkers()])
        table = pl.read_csv(csv)
        table.write_parquet(tmp_path / "w.parquet")
        table.write_csv(tmp_path / "w.tsv", separator="\t")
        first = flaneur.measure_trajectories(csv)
        assert self.speed(first) == pytest.approx(1.5, abs=0.001)
        for name in ("w.parquet", "w.tsv"):
            assert flaneur.measure_trajectories(tmp_path / name).equals(first), name

    def test_pedpy_text(self, tmp_path: Path) -> None:
        lines = [f"{n} {k} {x:.3f} {y:.3f} 0" for n, w in enumerate(self.walkers()) for k, (x, y) in enumerate(w)]
        (tmp_path / "w.txt").write_text("# framerate: 10\n# id frame x/m y/m z/m\n" + "\n".join(lines))
        assert self.speed(flaneur.measure_trajectories(tmp_path / "w.txt")) == pytest.approx(1.5, abs=0.001)

    def test_frame_numbers_and_another_kind(self, tmp_path: Path) -> None:
        lines = [f"{k},{n},{x},{y}" for n, path in enumerate(self.walkers()) for k, (x, y) in enumerate(path)]
        (tmp_path / "w.csv").write_text("frame,id,x,y\n" + "\n".join(lines))
        figures = flaneur.measure_trajectories(tmp_path / "w.csv", fps=20, kind="bicycle")
        assert value(figures, "speed_mean", "whole picture", kind="bicycle") == pytest.approx(3.0, abs=0.001)

    def test_looks_two_seconds_apart_are_no_gaps(self, tmp_path: Path) -> None:
        walkers = [Ride(drive((0.0, n), (1.4, 0.0), 118, 0.5), "pedestrian") for n in range(4)]
        figures = flaneur.measure_trajectories(write_csv(tmp_path / "w.csv", walkers, rate=0.5))
        assert figures["coverage"].min() == pytest.approx(1.0, abs=0.04)
        assert rows(figures, "speed_mean", "whole picture")["value"].to_list()[-1] == pytest.approx(1.4, abs=0.01)

    def test_looks_rarer_than_figures_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match="50 s apart"):
            flaneur.measure_trajectories(
                write_csv(tmp_path / "w.csv", [Ride(drive((0, 0), (0.01, 0), 500, 0.02))], 0.02)
            )

    def test_ottrk(self, tmp_path: Path) -> None:
        path = tmp_path / "w.ottrk"
        path.write_bytes(bz2.compress(json.dumps(self.ottrk()).encode()))
        (tmp_path / "site.toml").write_text(self.ground())
        figures = flaneur.measure_trajectories(path, tmp_path / "site.toml")
        found = rows(figures, "speed_mean", "whole picture", kind="pedestrian").row(0, named=True)
        assert found["low"] <= 1.5 <= found["high"]
        assert found["value"] == pytest.approx(1.5, rel=0.03)
        assert value(figures, "crossings", "line", kind="pedestrian", direction="to left") == 4

    def test_ottrk_needs_a_ground_and_phases(self, tmp_path: Path) -> None:
        path = tmp_path / "w.ottrk"
        path.write_bytes(bz2.compress(json.dumps(self.ottrk()).encode()))
        with pytest.raises(UserError, match=r"\[camera.ground\]"):
            flaneur.measure_trajectories(path)
        lamps = """[[camera.signal]]
name = "light"
stop_line = "line"
direction = "to left"
lamps = { red = [[0, 0], [0.1, 0], [0.1, 0.1]], green = [[0, 0.1], [0.1, 0.1], [0.1, 0.2]] }
"""
        (tmp_path / "site.toml").write_text(self.ground() + lamps)
        with pytest.raises(UserError, match=r"'light': its lamps lie in a picture"):
            flaneur.measure_trajectories(path, tmp_path / "site.toml")

    @staticmethod
    def ottrk() -> dict[str, object]:
        """Four people at 1.5 m/s along x, 20 m and more before the camera of `support.cameras`."""
        start_s, detections = 1_577_836_800.0, []
        for k in range(60):
            for n in range(4):
                x, y = -2.0 + 0.075 * k, 18.0 + n
                foot, head = projected([(x, y, 0.0), (x, y, 1.7)])
                box = {"x": foot[0] - 8, "y": head[1], "w": 16.0, "h": foot[1] - head[1]}
                shared = {"class": "pedestrian", "confidence": 0.9, "interpolated-detection": False}
                detections.append(shared | box | {"track-id": n, "frame": k + 1, "occurrence": start_s + k / 20.0})
        video = {"width": SIZE_PX[0], "height": SIZE_PX[1], "recorded_start_date": start_s}
        return {"metadata": {"video": video, "otdet_version": "1.2"}, "data": {"detections": detections}}

    @staticmethod
    def ground() -> str:
        metres = [(-6.0, 12.0), (6.0, 12.0), (9.0, 30.0), (-9.0, 30.0), (0.0, 15.0), (3.0, 21.0)]
        picture = projected([(x, y, 0.0) for x, y in metres]) / SIZE_PX
        line = projected([(0.0, 30.0, 0.0), (0.0, 12.0, 0.0)]) / SIZE_PX
        return f"""
[site]
name = "street"
[[camera]]
name = "c"
[camera.ground]
picture = {picture.tolist()}
metres = {[list(point) for point in metres]}
[[camera.line]]
name = "line"
points = {line.tolist()}
"""


class TestProgram:
    def test_all_results_are_written_and_agree(
        self, lane: Path, at_the_light: pl.DataFrame, capsys: pytest.CaptureFixture[str]
    ) -> None:
        out = lane / "out"
        said = command(capsys, "trajectories", lane / "cars.csv", "--site", lane / "site.toml", "--out", out, "--json")
        assert said.code == 0, said.err
        assert said.err == ""
        assert {path.name for path in out.iterdir()} == {
            "flaneur.sqlite", "figures.csv", "figures.parquet", "report.html"
        }  # fmt: skip
        found = json.loads(said.out)
        assert found["complete"] is True
        (length,) = (one for one in found["distributions"] if one["measure"] == "queue_length")
        assert length["statistics"]["max"]["value"] == pytest.approx(68.5, abs=0.1)
        parquet, csv = pl.read_parquet(out / "figures.parquet"), pl.read_csv(out / "figures.csv")
        assert parquet.equals(at_the_light)
        assert csv["value"].to_list() == parquet["value"].round_sig_figs(9).to_list()
        assert "queue" in (out / "report.html").read_text()

    def test_in_german(self, lane: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        arguments = ("--site", lane / "site.toml", "--out", tmp_path / "out", "--language", "de")
        said = command(capsys, "trajectories", lane / "cars.csv", *arguments)
        assert said.code == 0
        assert "Ergebnisse in" in said.out
        assert '<html lang="de"' in (tmp_path / "out" / "report.html").read_text()

    def test_times_since_1970_are_no_half_century_of_silence(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        walkers = [Ride(drive((0.0, n), (1.4, 0.0), 30), "pedestrian", 1.7e9) for n in range(3)]
        write_csv(tmp_path / "w.csv", walkers)
        said = command(capsys, "trajectories", tmp_path / "w.csv", "--out", tmp_path / "out", "--json")
        found = json.loads(said.out)
        assert found["duration_s"] == pytest.approx(30.0, abs=0.2)
        assert found["observed_s"] == pytest.approx(30.0, abs=0.2)


HEADER = "time_s,id,x_m,y_m\n"
STEPS = "".join(f"{k / 10},a,{0.14 * k:.2f},0\n" for k in range(20))
BAD_FILES = {
    "no rows": (HEADER, ("has no rows",)),
    "no file": (None, ("no such file",)),
    "no times": ("id,x_m,y_m\n1,0,0\n", ("'time_s'",)),
    "frames without a rate": ("frame,id,x,y\n0,1,0,0\n1,1,0,0\n", ("frames a second",)),
    "NaN": (HEADER + "0,a,0,0\n0.1,a,nan,0\n", ("row 2", "'x_m'")),
    "a time twice": (HEADER + STEPS + "1.9,a,3,0\n", ("row 21", "same time", "row 20")),
    "unsorted": (HEADER + STEPS + "0.05,a,3,0\n", ("row 21", "earlier", "sort")),
    "millimetres": (
        HEADER + "".join(f"{k / 10},{n},{140 * k},{1000 * n}\n" for n in range(3) for k in range(10)),
        ("in metres",),
    ),
    "milliseconds": (
        HEADER + "".join(f"{k / 10000:.4f},{n},{0.14 * k},{n}\n" for n in range(3) for k in range(10)),
        ("times in seconds",),
    ),
    "one id for two": (
        HEADER + STEPS + "2.0,a,300,0\n" + "".join(f"{k / 10},{n},{0.1 * k},5\n" for n in range(3) for k in range(9)),
        ("one id given to two",),
    ),
    "degrees": ("time_s,id,lon,lat\n0,1,13.4,52.5\n", ("must be in metres",)),
    "a kind that nobody knows": ("time_s,id,x,y,kind\n0,1,0,0,unicorn\n", ("'unicorn'", "pedestrian")),
}


@pytest.mark.parametrize("what", BAD_FILES)
def test_bad_files_are_refused(what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content, words = BAD_FILES[what]
    if content is not None:
        (tmp_path / "bad.csv").write_text(content)
    said = command(capsys, "trajectories", tmp_path / "bad.csv", "--out", tmp_path / "out", "--quiet")
    assert all("bad.csv" in line for line in said.err.splitlines())
    refused(said, "bad.csv", *words)
    assert {path.name for path in tmp_path.iterdir()} <= {"bad.csv"}


def test_places_in_a_picture_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "site.toml").write_text(
        '[site]\nname="s"\n[[camera]]\nname="c"\n[[camera.line]]\nname="l"\npoints=[[0.5,0],[0.5,1]]\n'
    )
    write_csv(tmp_path / "w.csv", [Ride(drive((0, 0), (1, 0), 2), "pedestrian")])
    said = command(
        capsys, "trajectories", tmp_path / "w.csv", "--site", tmp_path / "site.toml", "--out", tmp_path / "out", "-q"
    )
    refused(said, "give them in `metres`")
    assert not (tmp_path / "out").exists()


def test_a_kind_that_nobody_knows(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="unicorn"):
        flaneur.measure_trajectories(tmp_path / "w.csv", kind="unicorn")


def test_the_report_has_the_matrix_of_flows_in_metres(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = "".join(
        f'[[camera.line]]\nname = "{name}"\nmetres = [[{x}, 3.0], [{x}, -3.0]]\n'
        for name, x in (("west", 0.0), ("middle", 20.0), ("east", 40.0))
    )
    flows = "".join(f'[[camera.flow]]\norigin = "west"\ndestination = "{end}"\n' for end in ("middle", "east"))
    (tmp_path / "site.toml").write_text('[site]\nname = "s"\n[[camera]]\nname = "c"\n' + lines + flows)
    file = write_csv(tmp_path / "w.csv", [Ride(drive((-20.0, 0.0), (8.0, 0.0), 10.0))])
    command(capsys, "trajectories", file, "--site", tmp_path / "site.toml", "--out", tmp_path / "out", "-q")
    assert 'class="matrix"' in (tmp_path / "out" / "report.html").read_text()
