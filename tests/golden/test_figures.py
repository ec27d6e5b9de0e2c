"""The table of figures to the letter: whoever reads it with a program must not be surprised by a new version."""

from dataclasses import replace
from pathlib import Path

from flaneur.data.released import Measurement
from flaneur.data.time import MINUTE_NS, SECOND_NS
from flaneur.serve.tables import figures_table, write_csv

NOON_NS = 1_780_142_400 * SECOND_NS  # 2026-05-30 12:00 UTC


def figures(start_ns: int) -> list[Measurement]:
    def one(measure: str, place: str, direction: str, value: float | None, coverage: float, minute: int) -> Measurement:
        begin_ns = start_ns + minute * MINUTE_NS
        ends_ns = begin_ns + MINUTE_NS
        return Measurement(
            "Markt", "Süd", measure, place, "car", direction, begin_ns, ends_ns, value, "road users", coverage, 600, 2
        )

    speed = replace(one("speed_v85", "Brücke, Ost", "to left", 0.0, 1.0, 0), kind="all", unit="m/s")
    return [
        one("crossings", "Brücke, Ost", "to left", 3.0, 1.0, 0),
        one("crossings", "Brücke, Ost", "to right", 0.0, 1.0, 0),
        one("crossings", "Brücke, Ost", "to left", None, 0.0, 1),
        one("flow", "=1+1", "", 12.0, 0.25, 0),
        one("occupancy", "whole picture", "", 1 / 3, 0.5, 0),
        replace(speed, value=13.94, low=13.0, high=15.5, sample_size=40),
        replace(speed, kind="pedestrian × car", value=None, sample_size=2),
    ]


def test_a_dated_video(tmp_path: Path) -> None:
    write_csv(tmp_path / "figures.csv", figures_table(figures(NOON_NS), dated=True))
    assert (tmp_path / "figures.csv").read_text() == Path(__file__).with_name("dated.csv").read_text()


def test_an_undated_video(tmp_path: Path) -> None:
    write_csv(tmp_path / "figures.csv", figures_table(figures(0), dated=False))
    assert (tmp_path / "figures.csv").read_text() == Path(__file__).with_name("undated.csv").read_text()
