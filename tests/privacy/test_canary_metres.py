"""The canary in metres: what figures of the street and of trajectories tell of single road users.

That neither pixels nor ids come out is searched for in `test_canary.py`; here it is about values and places.
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from support.canary import FAR_M, Canary
from support.program import Ran

FEWEST = 3
VALUES = re.compile(r"^(speed|section_speed|acceleration|travel_time|headway|gap|dwell|waiting)_(?!count|share)")
"""Figures about values of road users, and not of moments."""


def withheld(figures: pl.DataFrame) -> Iterator[dict[str, object]]:
    """Rows that tell a value of fewer than three road users."""
    for row in figures.iter_rows(named=True):
        if VALUES.match(row["measure"]) and row["value"] is not None and row["sample_size"] < FEWEST:
            yield row


class TestStreet:
    def test_it_was_measured(self, canary: Canary) -> None:
        figures = pl.read_parquet(canary.work / "run" / "figures.parquet")
        told = {row["measure"] for row in figures.iter_rows(named=True) if row["value"]}
        assert told >= {"speed_mean", "density_mean", "alarm_share", "signal_count", "crossings"}
        assert "queue_length_max" in figures["measure"].to_list()

    def test_no_value_is_about_fewer_than_three(self, canary: Canary) -> None:
        figures = pl.read_parquet(canary.work / "run" / "figures.parquet")
        few = figures.filter((pl.col("measure") == "speed_mean") & (pl.col("sample_size") < FEWEST))
        assert len(few)
        assert list(withheld(figures)) == []


@pytest.fixture(scope="module")
def rides(canary: Canary) -> tuple[Ran, Path]:
    """Nine cars queue and go; two people walk by, and two cyclists."""
    return canary.ran["trajectories 1"], canary.work / "rides"


def stored(path: Path) -> Iterator[object]:
    """Every value of every table."""
    with sqlite3.connect(path) as store:
        for (table,) in store.execute("select name from sqlite_master where type = 'table'").fetchall():
            for row in store.execute(f"select * from {table}"):
                yield from row


class TestTrajectories:
    def test_they_were_measured(self, rides: tuple[Ran, Path]) -> None:
        figures = pl.read_parquet(rides[1] / "figures.parquet")
        longest = figures.filter(pl.col("measure") == "queue_length_max")["value"].max()
        assert longest == pytest.approx(1 + 9 * 4.5 + 8 * 2.5, abs=0.2)

    def test_no_position_is_in_any_file(self, rides: tuple[Ran, Path]) -> None:
        ran, out = rides
        values = list(stored(out / "flaneur.sqlite"))
        table = pl.read_parquet(out / "figures.parquet").select(pl.col(pl.Float64), pl.col(pl.Int64))
        values += [value for column in table for value in column.to_list()]
        numbers = [value for value in values if isinstance(value, int | float)]
        assert numbers
        assert not [value for value in numbers if FAR_M - 50 <= abs(value) < FAR_M + 200]
        assert not re.search(r"\b7[34]\d\d\.\d", ran.out + (out / "figures.csv").read_text())

    def test_values_of_two_are_withheld_from_every_output(self, rides: tuple[Ran, Path]) -> None:
        ran, out = rides
        figures = pl.read_parquet(out / "figures.parquet")
        assert list(withheld(figures)) == []
        two = figures.filter((pl.col("measure") == "speed_mean") & (pl.col("kind") == "bicycle"))
        assert two["value"].null_count() == len(two) > 0
        for one in json.loads(ran.out)["distributions"]:
            if one["sample_size"] < FEWEST and VALUES.match(one["measure"] + "_"):
                told = [name for name, s in one["statistics"].items() if s["value"] is not None]
                assert set(told) <= {"count", "share"}, one
        written = (out / "report.html").read_text() + ran.out
        assert "4.32" not in written, "the cyclists' speed in m/s"
        assert "15.6" not in written, "the cyclists' speed in km/h"

    def test_all_kinds_together_do_not_give_the_two_away(self, rides: tuple[Ran, Path]) -> None:
        """The mean of all would tell that of the cyclists, if that of the cars is known."""
        figures = pl.read_parquet(rides[1] / "figures.parquet")
        passed = figures.filter((pl.col("measure") == "speed_mean") & (pl.col("place") == "stop"))
        by_kind = {row["kind"]: row for row in passed.iter_rows(named=True) if row["value"] is not None}
        assert by_kind["all"]["sample_size"] - by_kind["car"]["sample_size"] not in (1, 2)
