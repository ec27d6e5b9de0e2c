"""Laws of all measures together, through the file that a user gives: the world's axes, the names of road users and
how the recording is cut change no figure."""

import math
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import flaneur
from flaneur.config.load import parse_site

Moved = Callable[[np.ndarray], np.ndarray]
KINDS = ("pedestrian", "pedestrian", "bicycle", "car", "car")
MPS = {"pedestrian": 1.4, "bicycle": 4.5, "car": 9.0}
LINE, OTHER = [[0.0, -12.0], [0.0, 12.0]], [[8.0, 12.0], [8.0, -12.0]]
ZONE, LANE = [[-6.0, -6.0], [6.0, -6.0], [6.0, 6.0], [-6.0, 6.0]], [[-40, -3], [0, -3], [0, 3], [-40, 3]]
SEEDS = st.integers(0, 10_000)
FEW = settings(max_examples=2, deadline=None, derandomize=True, phases=[Phase.generate])
TOTALS = r"^(crossings|passages|flow|\w+_count)$"
NO_TOTALS = ("alarm_change_count",)
"""Where a recording begins, a level of alarm begins."""


def scene(seed: int, from_s: float, looks_per_s: float = 5.0) -> pl.DataFrame:
    """A dozen road users within 25 s, all of them gone by `from_s` + 35 s; some stand for a while."""
    rng = np.random.default_rng(seed)
    parts = []
    for number in range(12):
        kind = str(rng.choice(KINDS))
        heading, aside = rng.uniform(0, 2 * math.pi), rng.uniform(-4, 4)
        ahead = np.array((math.cos(heading), math.sin(heading)))
        length_m = min(14.0, 3.0 * MPS[kind])
        speed = MPS[kind] * rng.uniform(0.8, 1.2)
        time_s = np.arange(0, 2 * length_m / speed, 1 / looks_per_s)
        way = np.where(time_s < time_s[-1] / 2, time_s, np.maximum(time_s[-1] / 2, time_s - rng.choice((0.0, 2.0))))
        xy = (speed * way - length_m)[:, None] * ahead + aside * np.array((-ahead[1], ahead[0]))
        begin_s = from_s + round(rng.uniform(0, 12) * looks_per_s) / looks_per_s
        parts.append(
            pl.DataFrame(
                {"time_s": begin_s + time_s, "id": f"{seed}-{number}", "x_m": xy[:, 0], "y_m": xy[:, 1], "kind": kind},
            )
        )
    return pl.concat(parts).sort("time_s", maintain_order=True)


def site(moved: Moved = lambda xy: xy) -> str:
    def at(points: list[list[float]]) -> str:
        return str(moved(np.array(points, float)).tolist())

    return f"""
[site]
name = "s"
[[camera]]
name = "c"
[[camera.line]]
name = "line"
metres = {at(LINE)}
[[camera.line]]
name = "other"
metres = {at(OTHER)}
[[camera.zone]]
name = "zone"
metres = {at(ZONE)}
crowd = {{ alarm_per_m2 = [0.03] }}
[[camera.zone]]
name = "lane"
metres = {at(LANE)}
[[camera.flow]]
origin = "line"
destination = "other"
[[camera.queue]]
name = "queue"
stop_line = "line"
lane = "lane"
"""


def measured(rows: pl.DataFrame, sited: str | None = None) -> pl.DataFrame:
    with TemporaryDirectory() as folder:
        rows.write_parquet(Path(folder) / "w.parquet")
        return flaneur.measure_trajectories(Path(folder) / "w.parquet", parse_site(sited or site(), "site"))


def assert_alike(one: pl.DataFrame, other: pl.DataFrame, tolerance: float) -> None:
    """The same rows; values are kept in steps of 0.01 at most, so rounding may move them by one."""
    names = ["measure", "place", "direction", "kind", "start_s"]
    one, other = one.sort(names), other.sort(names)
    assert one.select(*names, "sample_size").equals(other.select(*names, "sample_size"))
    for column in ("value", "low", "high"):
        a, b = one[column].to_numpy(), other[column].to_numpy()
        off = ~np.isclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True)
        assert not off.any(), one.filter(pl.Series(off)).select(*names, column)


@FEW
@given(SEEDS)
def test_names_of_road_users_mean_nothing(seed: int) -> None:
    rows = scene(seed, 0.0)
    names = rows["id"].unique().sort()
    others = dict(zip(names, np.random.default_rng(seed).permutation(10**6 + np.arange(len(names))), strict=True))
    relabelled = rows.with_columns(id=pl.Series([int(others[name]) for name in rows["id"]]))
    assert_alike(measured(rows), measured(relabelled), 1e-9)


@FEW
@given(SEEDS, st.floats(0.1, 6.2), st.floats(-500, 500), st.floats(-500, 500))
def test_the_axes_of_the_world_mean_nothing(seed: int, angle: float, x: float, y: float) -> None:
    turn = np.array(((math.cos(angle), -math.sin(angle)), (math.sin(angle), math.cos(angle))))

    def moved(xy: np.ndarray) -> np.ndarray:
        return xy @ turn.T + (x, y)

    rows = scene(seed, 0.0)
    xy = moved(rows.select("x_m", "y_m").to_numpy())
    turned = rows.with_columns(x_m=pl.Series(xy[:, 0]), y_m=pl.Series(xy[:, 1]))
    assert_alike(measured(rows), measured(turned, site(moved)), 0.011)


@FEW
@given(SEEDS, SEEDS)
def test_a_recording_may_be_cut_where_nobody_is_there(seed: int, other: int) -> None:
    first, second = scene(seed, 0.0), scene(other + 20_000, 90.0)
    names = ["measure", "place", "direction", "kind"]

    def totals(*figures: pl.DataFrame) -> dict[tuple[str, ...], float]:
        counts = pl.col("measure").str.contains(TOTALS) & ~pl.col("measure").is_in(NO_TOTALS)
        table = pl.concat(figures).filter(counts & pl.col("value").is_not_null())
        summed = table.group_by(names).agg(pl.sum("value")).filter(pl.col("value") != 0)
        return {tuple(key): value for *key, value in summed.iter_rows()}

    whole = totals(measured(pl.concat((first, second))))
    assert whole
    assert whole == totals(measured(first), measured(second))


@FEW
@given(SEEDS)
def test_time_that_runs_backwards_swaps_directions(seed: int) -> None:
    rows = scene(seed, 0.0)
    last_s = rows["time_s"].max()
    backwards = rows.with_columns(time_s=last_s - pl.col("time_s")).sort("time_s", maintain_order=True)

    def crossings(figures: pl.DataFrame) -> dict[tuple[str, str, str], float]:
        counts = figures.filter(pl.col("measure").is_in(("crossings", "passages")))
        table = counts.group_by("place", "direction", "kind").agg(pl.sum("value"))
        return {(place, direction, kind): value for place, direction, kind, value in table.iter_rows()}

    swapped = {"to left": "to right", "to right": "to left", "in": "out", "out": "in"}
    expected = {(place, swapped[way], kind): n for (place, way, kind), n in crossings(measured(rows)).items()}
    assert crossings(measured(backwards)) == expected


def test_nobody_is_missing_and_not_0(tmp_path: Path) -> None:
    """Between two groups nobody was seen, and nobody looked: no row of the file says so."""
    rows = pl.concat((scene(1, 0.0), scene(2, 180.0)))
    figures = measured(rows)
    silent = figures.filter(pl.col("start_s") == 60)
    assert len(silent)
    assert silent["value"].null_count() == len(silent)
    assert set(silent["coverage"]) == {0.0}
