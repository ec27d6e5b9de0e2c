"""All figures of a small street to the letter: names, units, groups and values, so that no change of meaning goes
unnoticed. Four people cross a street on foot, before four cars that have to wait for them.

To write the table anew after a change that is meant: python tests/golden/test_trajectory_figures.py
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

import flaneur
from support.sites import LIGHT_AND_QUEUE
from support.trajectory_files import Ride, drive, stand, then, write_csv

TABLE = Path(__file__).with_name("trajectories.csv")
SITE = (
    """
[site]
name = "street"
[[camera]]
name = "c"
[[camera.line]]
name = "stop"
metres = [[-3.0, 3.0], [-3.0, -3.0]]
to_left = "in"
to_right = "out"
[[camera.line]]
name = "exit"
metres = [[20.0, 3.0], [20.0, -3.0]]
[[camera.zone]]
name = "crossing"
metres = [[-2.0, -4.0], [2.0, -4.0], [2.0, 4.0], [-2.0, 4.0]]
crowd = { ground = "walkway", alarm_per_m2 = [0.1] }
[[camera.zone]]
name = "lane"
metres = [[-60.0, -2.0], [-3.0, -2.0], [-3.0, 2.0], [-60.0, 2.0]]
[[camera.flow]]
name = "straight on"
origin = "stop"
destination = "exit"
"""
    + LIGHT_AND_QUEUE
)
PHASES = "time_s,group,state\n0,light,red\n14,light,red-amber\n15,light,green\n28,light,amber\n31,light,red\n"


def table() -> str:
    walkers = [Ride(drive((-1.0 + 0.7 * n, -8.0), (0.0, 1.4), 11.0), "pedestrian", 2.0) for n in range(4)]
    cars = [
        Ride(
            then(drive((-50.0 - 7 * n, 0.0), (8.0, 0.0), 5.0), stand((0, 0), 10.0 + 1.5 * n), drive((0, 0), (8, 0), 6))
        )
        for n in range(4)
    ]
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "phases.csv").write_text(PHASES)
        (folder / "site.toml").write_text(SITE)
        figures = flaneur.measure_trajectories(write_csv(folder / "w.csv", [*walkers, *cars]), folder / "site.toml")
    rounded = figures.with_columns(pl.col("value", "low", "high", "coverage").round(2) + 0.0)  # no -0.0
    columns = ("measure", "place", "direction", "kind", "value", "low", "high", "unit", "sample_size", "coverage")
    return rounded.select(columns).sort(columns[:4]).write_csv()


def test_every_figure_is_what_it_was() -> None:
    assert table() == TABLE.read_text()


if __name__ == "__main__":
    TABLE.write_text(table())
