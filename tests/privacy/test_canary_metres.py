"""The canary in metres: with a ground, crowds, signals and queues, in pictures of calibrations, and from trajectories
whose ids and places could be recognised anywhere. Nothing of anybody may come out.
"""

import base64
import json
import re
import sqlite3
import struct
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import polars as pl
import pytest

from support.program import Ran, flaneur
from support.scene import (
    board,
    ground_table,
    living_street,
    magenta_share,
    markers_in,
    site_with_boards,
    write_board_detector,
)
from support.trajectory_files import Ride, drive, stand, then, write_csv
from support.video import write_video

WALKERS = 6
STREET = f"""
[site]
name = "canary"
[[camera]]
name = "c"
{ground_table()}
[[camera.line]]
name = "stop"
points = [[0.5, 0.0], [0.5, 1.0]]
[[camera.zone]]
name = "lane"
polygon = [[0.1, 0.1], [0.5, 0.1], [0.5, 0.98], [0.1, 0.98]]
crowd = {{ alarm_per_m2 = [0.01, 0.02] }}
[[camera.signal]]
name = "light"
stop_line = "stop"
direction = "to left"
kinds = ["pedestrian"]
file = "phases.csv"
[[camera.queue]]
name = "queue"
stop_line = "stop"
lane = "lane"
signal = "light"
"""
PHASES = "time_s,group,state\n0,light,red\n8,light,green\n12,light,red\n"
FEWEST = 3
VALUES = re.compile(r"^(speed|section_speed|acceleration|travel_time|headway|gap|dwell|waiting)_(?!count|share)")
"""Figures about values of road users, and not of moments."""


def pictures_of(html: str) -> list[np.ndarray]:
    images = re.findall(r"data:image/(?:png|jpeg);base64,([A-Za-z0-9+/=]+)", html)
    return [cv2.imdecode(np.frombuffer(base64.b64decode(i), np.uint8), cv2.IMREAD_COLOR) for i in images]


def shows_nobody(bgr: np.ndarray) -> bool:
    return not markers_in(bgr) & set(range(WALKERS)) and magenta_share(bgr) == 0.0


def withheld(figures: pl.DataFrame) -> Iterator[dict[str, object]]:
    """Rows that tell a value of fewer than three road users."""
    for row in figures.iter_rows(named=True):
        if VALUES.match(row["measure"]) and row["value"] is not None and row["sample_size"] < FEWEST:
            yield row


def stray_writes(ran: Ran, out: Path) -> list[str]:
    place = str(out.with_name(f".{out.name}"))
    return [path for event, path in ran.events if event == "write" and not path.startswith((place, "/dev/"))]


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ran, Path]:
    folder = tmp_path_factory.mktemp("street")
    video = write_video(folder / "scene.mp4", living_street(24.0, walkers=WALKERS), rate=10)
    (folder / "phases.csv").write_text(PHASES)
    (folder / "site.toml").write_text(site_with_boards(STREET, write_board_detector(folder / "boards.xml")))
    arguments = ("--site", folder / "site.toml", "--out", folder / "out", "--no-video")
    ran = flaneur("run", video, *arguments, home=folder / "home", cut_off=True)
    assert ran.code == 0, ran.err
    return ran, folder


class TestStreet:
    def test_it_was_measured(self, street: tuple[Ran, Path]) -> None:
        figures = pl.read_parquet(street[1] / "out" / "figures.parquet")
        told = {row["measure"] for row in figures.iter_rows(named=True) if row["value"]}
        assert told >= {"speed_mean", "density_mean", "alarm_share", "signal_count", "crossings"}
        assert "queue_length_max" in figures["measure"].to_list()

    def test_no_walker_is_in_a_picture_of_the_report(self, street: tuple[Ran, Path]) -> None:
        images = pictures_of((street[1] / "out" / "report.html").read_text())
        assert len(images) >= 2, "the place, and the place under a grid of metres"
        assert all(shows_nobody(bgr) for bgr in images)

    def test_no_raw_pixels_are_in_any_file(self, street: tuple[Ran, Path]) -> None:
        pieces = [board(number)[y, 4:20].tobytes() for number in range(WALKERS) for y in range(8, 44, 4)]
        for path in (street[1] / "out").iterdir():
            content = path.read_bytes()
            assert not any(piece in content for piece in pieces), path.name

    def test_nothing_else_was_written_said_or_sent(self, street: tuple[Ran, Path]) -> None:
        ran, folder = street
        assert ran.stray_files == []
        assert stray_writes(ran, folder / "out") == []
        assert [event for event in ran.events if event[0] != "write"] == []
        assert not re.search(r"\b\d{12,}\b", ran.out + ran.err), "an id of a track would be a long number"
        for name in ("figures.csv", "report.html"):
            plain = re.sub(r"base64,[A-Za-z0-9+/=]+|[0-9a-f]{64}", "", (folder / "out" / name).read_text())
            assert not re.search(r"(?<![.\d])\d{17,}", plain), name

    def test_no_value_is_about_fewer_than_three(self, street: tuple[Ran, Path]) -> None:
        figures = pl.read_parquet(street[1] / "out" / "figures.parquet")
        assert list(withheld(figures)) == []

    def test_a_grid_of_metres_shows_nobody(self, street: tuple[Ran, Path], tmp_path: Path) -> None:
        arguments = ("--site", street[1] / "site.toml", "--picture", tmp_path / "grid.png")
        ran = flaneur("ground", street[1] / "scene.mp4", *arguments, home=tmp_path / "home", cut_off=True)
        assert ran.code == 0, ran.err
        assert shows_nobody(cv2.imread(str(tmp_path / "grid.png")))
        assert ran.stray_files == []
        assert stray_writes(ran, tmp_path / "grid.png") == []
        assert [event for event in ran.events if event[0] != "write"] == []


FIRST_ID = 987_654_321_000
FAR_M = 7391.0
CROSSING = f"""
[site]
name = "canary"
[[camera]]
name = "c"
[[camera.line]]
name = "stop"
metres = [[{FAR_M + 80}, 3.0], [{FAR_M + 80}, -3.0]]
[[camera.zone]]
name = "lane"
metres = [[{FAR_M}, -2.0], [{FAR_M + 80}, -2.0], [{FAR_M + 80}, 2.0], [{FAR_M}, 2.0]]
crowd = {{ alarm_per_m2 = [0.01] }}
[[camera.queue]]
name = "queue"
stop_line = "stop"
lane = "lane"
"""


@pytest.fixture(scope="module")
def rides(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ran, Path]:
    """Nine cars queue and go; two people walk by, and two cyclists."""
    folder = tmp_path_factory.mktemp("rides")
    cars = [Ride(then(stand((FAR_M + 76.75 - 7 * k, 0), 20 + 1.2 * k), drive((0, 0), (8, 0), 14))) for k in range(9)]
    walkers = [Ride(drive((FAR_M + 60, 1.0 + n), (1.234 + n / 10, 0), 30), "pedestrian") for n in range(2)]
    cyclists = [Ride(drive((FAR_M + 20, 1.5 - n), (4.321, 0), 20), "bicycle", 5.0 + 3 * n) for n in range(2)]
    everybody = [*cars, *walkers, *cyclists]
    (folder / "site.toml").write_text(CROSSING)
    write_csv(folder / "rides.csv", everybody, ids=range(FIRST_ID, FIRST_ID + len(everybody)))
    arguments = ("--site", folder / "site.toml", "--out", folder / "out", "--json")
    ran = flaneur("trajectories", folder / "rides.csv", *arguments, home=folder / "home", cut_off=True)
    assert ran.code == 0, ran.err
    return ran, folder


def stored(path: Path) -> Iterator[object]:
    """Every value of every table."""
    with sqlite3.connect(path) as store:
        for (table,) in store.execute("select name from sqlite_master where type = 'table'").fetchall():
            for row in store.execute(f"select * from {table}"):
                yield from row


class TestTrajectories:
    def test_they_were_measured(self, rides: tuple[Ran, Path]) -> None:
        figures = pl.read_parquet(rides[1] / "out" / "figures.parquet")
        longest = figures.filter(pl.col("measure") == "queue_length_max")["value"].max()
        assert longest == pytest.approx(1 + 9 * 4.5 + 8 * 2.5, abs=0.2)

    def test_no_id_is_in_any_file_in_any_form(self, rides: tuple[Ran, Path]) -> None:
        ran, folder = rides
        for path in (folder / "out").iterdir():
            content = path.read_bytes()
            for number in range(FIRST_ID, FIRST_ID + 13):
                forms = [str(number).encode(), struct.pack("<q", number), struct.pack(">q", number)[2:]]
                forms += [struct.pack("<d", number), struct.pack(">d", number)]
                assert not any(form in content for form in forms), path.name
        assert str(FIRST_ID)[:9] not in ran.out + ran.err

    def test_no_position_is_in_any_file(self, rides: tuple[Ran, Path]) -> None:
        ran, folder = rides
        out = folder / "out"
        values = list(stored(out / "flaneur.sqlite"))
        table = pl.read_parquet(out / "figures.parquet").select(pl.col(pl.Float64), pl.col(pl.Int64))
        values += [value for column in table for value in column.to_list()]
        numbers = [value for value in values if isinstance(value, int | float)]
        assert numbers
        assert not [value for value in numbers if FAR_M - 50 <= abs(value) < FAR_M + 200]
        assert not re.search(r"\b7[34]\d\d\.\d", ran.out + (out / "figures.csv").read_text())

    def test_values_of_two_are_withheld_from_every_output(self, rides: tuple[Ran, Path]) -> None:
        ran, folder = rides
        figures = pl.read_parquet(folder / "out" / "figures.parquet")
        assert list(withheld(figures)) == []
        two = figures.filter((pl.col("measure") == "speed_mean") & (pl.col("kind") == "bicycle"))
        assert two["value"].null_count() == len(two) > 0
        for one in json.loads(ran.out)["distributions"]:
            if one["sample_size"] < FEWEST and VALUES.match(one["measure"] + "_"):
                told = [name for name, s in one["statistics"].items() if s["value"] is not None]
                assert set(told) <= {"count", "share"}, one
        written = (folder / "out" / "report.html").read_text() + ran.out
        assert "4.32" not in written, "the cyclists' speed in m/s"
        assert "15.6" not in written, "the cyclists' speed in km/h"

    def test_all_kinds_together_do_not_give_the_two_away(self, rides: tuple[Ran, Path]) -> None:
        """The mean of all would tell that of the cyclists, if that of the cars is known."""
        figures = pl.read_parquet(rides[1] / "out" / "figures.parquet")
        passed = figures.filter((pl.col("measure") == "speed_mean") & (pl.col("place") == "stop"))
        by_kind = {row["kind"]: row for row in passed.iter_rows(named=True) if row["value"] is not None}
        assert by_kind["all"]["sample_size"] - by_kind["car"]["sample_size"] not in (1, 2)

    def test_nothing_else_was_written_said_or_sent(self, rides: tuple[Ran, Path]) -> None:
        ran, folder = rides
        assert ran.stray_files == []
        assert ran.err == ""
        assert stray_writes(ran, folder / "out") == []
        assert [event for event in ran.events if event[0] != "write"] == []
