"""Counts, speeds, travel times and headways on SUMO's crossing, beside what SUMO and its tables say.

    python benchmarks/sumo_counts.py [--data DIR]

The README of the data defines every reference. Counts are compared row by row and must be exact.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from flaneur.data.geometry import Flow, GroundLine, GroundZone
from flaneur.data.kinds import Kind, kind_from_label
from flaneur.data.private import GroundTracks
from flaneur.data.time import SECOND_NS, to_ns
from flaneur.measure import traffic
from flaneur.measure.headways import LONGEST_GAP_S
from flaneur.measure.passing import Places
from flaneur.measure.traffic import Traffic

ARMS = "NESW"
STEP_S = 0.2


def moments(table: pl.DataFrame) -> Iterator[GroundTracks]:
    """The file as road users on the ground, moment by moment."""
    ids = {name: n for n, name in enumerate(table["id"].unique(maintain_order=True), 1)}
    codes = {label: int(kind_from_label(label)) for label in table["kind"].unique()}
    table = table.with_columns(
        pl.col("id").replace_strict(ids, return_dtype=pl.Int64).alias("number"),
        pl.col("kind").replace_strict(codes, return_dtype=pl.UInt8).alias("code"),
        (pl.col("speed_mps").diff().over("id") / STEP_S).fill_null(0.0).alias("mps2"),
    ).sort("time_s", "number")
    before = np.zeros(0, np.int64)
    for (time_s,), rows in table.group_by(["time_s"], maintain_order=True):
        angle = np.radians(90.0 - rows["angle_deg"].to_numpy())
        ahead = np.stack((np.cos(angle), np.sin(angle)), axis=1)
        track_id, none = rows["number"].to_numpy(), np.zeros(len(rows))
        yield GroundTracks(
            to_ns(float(time_s)),
            rows.select("x_m", "y_m").to_numpy(),
            ahead * rows["speed_mps"].to_numpy()[:, None],
            ahead * rows["mps2"].to_numpy()[:, None],
            angle,
            rows.select("length_m", "width_m").to_numpy(),
            none,
            none,
            none,
            track_id,
            rows["code"].to_numpy(),
            np.setdiff1d(before, track_id),
        )
        before = track_id


class Scene:
    """Lines and flows of the crossing: the counting lines, the lanes at their stop lines, all turning movements."""

    def __init__(self, geometry: dict) -> None:
        self.lines, self.positive = [], {}
        for name, line in geometry["counting_lines"].items():
            points = np.array(line["line"], np.float64)
            self.lines.append(GroundLine(name, points))
            along, across = points[1] - points[0], np.array(line["positive_direction"])
            self.positive[name] = 1 if along[0] * across[1] - along[1] * across[0] < 0 else -1
        for arm in geometry["arms"].values():
            for name, lane in arm["lanes_in"].items():
                if lane["use"] != "sidewalk":
                    before, end = np.array(lane["centreline"][-2:], np.float64)
                    ahead = (end - before) / np.hypot(*(end - before))
                    half = lane["width_m"] / 2 * np.array((ahead[1], -ahead[0]))
                    self.lines.append(GroundLine(name, np.stack((end + half, end - half))))
        self.zone = GroundZone("junction", np.array(geometry["junction_polygon"], np.float64))
        self.flows = [Flow(f"{a}{b}", f"{a}_in", f"{b}_out") for a in ARMS for b in ARMS if a != b]
        self.places = Places.on_ground(self.lines, [self.zone], self.flows)


def play(scene: Scene, frames: Iterator[GroundTracks]) -> list[Traffic]:
    state, told = traffic.start(scene.places), []
    for tracks in frames:
        state, out, _ = traffic.step(state, tracks, scene.places)
        told.append(out)
    return [*told, traffic.finish(state, scene.places)]


def rows(told: list[Traffic], measure: str) -> pl.DataFrame:
    """All samples or events of one measure."""
    parts = [getattr(out, measure) for out in told]
    names = [name for name in ("time_ns", "place", "direction", "group", "kind", "value") if hasattr(parts[0], name)]
    return pl.DataFrame({name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def differences(what: str, ours: Counter, theirs: Counter) -> bool:
    """Print where two tables of counts differ; True if nowhere."""
    ours, theirs = +ours, +theirs
    wrong = {key: (ours[key], theirs[key]) for key in ours | theirs if ours[key] != theirs[key]}
    here, there = sum(ours.values()), sum(theirs.values())
    print(f"{what}: {here} here, {there} there, {len(wrong)} cells of {len(theirs)} differ (bar: 0)")
    for key, (here, there) in sorted(wrong.items()):
        print(f"    {key}: {here} here, {there} there")
    return not wrong


def errors(what: str, ours: np.ndarray, theirs: np.ndarray, unit: str) -> None:
    if len(ours) != len(theirs):
        print(f"{what}: {len(ours)} here, {len(theirs)} there, not compared")
        return
    off = np.abs(ours - theirs)
    mean = f"mean {ours.mean():.3f} against {theirs.mean():.3f}"
    print(
        f"{what}: {len(ours)} pairs, {mean} {unit}; off by {np.median(off):.4f} median, "
        f"{np.quantile(off, 0.95):.4f} p95, {off.max():.4f} max"
    )


def check_crossings(scene: Scene, told: list[Traffic], data: Path) -> bool:
    names = [line.name for line in scene.lines]
    ours = (
        rows(told, "crossings")
        .with_columns(
            pl.col("place").map_elements(names.__getitem__, return_dtype=pl.String).alias("line"),
            pl.col("kind").map_elements(lambda code: Kind(code).label, return_dtype=pl.String),
        )
        .filter(
            pl.col("line").is_in(list(scene.positive)),
            pl.col("line").str.starts_with("X_") == (pl.col("kind") == "pedestrian"),
        )
        .with_columns(
            (pl.col("direction") == pl.col("line").replace_strict(scene.positive, return_dtype=pl.Int8)).alias("ahead"),
            time_s=pl.col("time_ns") / SECOND_NS,
        )
        .with_columns(direction=pl.when("ahead").then(pl.lit("positive")).otherwise(pl.lit("negative")))
    )
    here = Counter(
        (line, kind, way, int(time_s >= 300))
        for line, kind, way, time_s in ours.select("line", "kind", "direction", "time_s").rows()
    )
    there = Counter()
    for row in pl.read_csv(data / "crossings.csv").rows(named=True):
        for half, column in enumerate(("n_0_300", "n_300_600")):
            there[row["line"], row["kind"], row["direction"], half] = row[column]
    exact = differences("line crossings", here, there)
    events = pl.read_csv(data / "crossing_events.csv")
    order = ["line", "kind", "direction", "time_s"]
    errors("  their moments", ours.sort(order)["time_s"].to_numpy(), events.sort(order)["time_s"].to_numpy(), "s")
    return exact


def check_turning(scene: Scene, told: list[Traffic], data: Path) -> bool:
    flows = rows(told, "flows")
    here = Counter(
        (scene.flows[place].name, Kind(kind).label, int(time_ns >= 300 * SECOND_NS))
        for time_ns, place, kind in flows.select("time_ns", "place", "kind").rows()
    )
    there = Counter()
    for row in pl.read_csv(data / "turning.csv").rows(named=True):
        there[row["from"] + row["to"], row["kind"], int(row["interval_start_s"] >= 300)] += row["count"]
    return differences("turning movements", here, there)


def check_spot_speed(scene: Scene, told: list[Traffic], data: Path) -> None:
    """The speeds that SUMO itself had there."""
    names = [line.name for line in scene.lines]
    spots = (
        rows(told, "spot_speed")
        .with_columns(pl.col("place").map_elements(names.__getitem__, return_dtype=pl.String).alias("line"))
        .filter(pl.col("line").is_in([name for name in scene.positive if not name.startswith("X_")]))
    )
    events = pl.read_csv(data / "crossing_events.csv").filter(~pl.col("line").str.starts_with("X_"))
    ours, theirs = spots.sort("line", "time_ns")["value"], events.sort("line", "time_s")["speed_mps"]
    errors("spot speed at lines (SUMO's own)", ours.to_numpy(), theirs.to_numpy(), "m/s")


def check_sections(scene: Scene, told: list[Traffic], table: pl.DataFrame, data: Path) -> None:
    """Travel times against the table; speeds against the plain length of the way between both moments."""
    vehicles = pl.read_csv(data / "turning_vehicles.csv", null_values=["", "nan"]).filter(pl.col("completed") == 1)
    way = table.sort("id", "time_s").with_columns(
        ((pl.col("x_m").diff() ** 2 + pl.col("y_m").diff() ** 2).sqrt().fill_null(0.0)).cum_sum().over("id").alias("m")
    )
    by_id = {key[0]: (part["time_s"].to_numpy(), part["m"].to_numpy()) for key, part in way.group_by(["id"])}
    number = {flow.name: n for n, flow in enumerate(scene.flows)}
    theirs = []
    for row in vehicles.rows(named=True):
        time_s, path_m = by_id[row["id"]]
        begin, end = np.interp((row["t_in_line_s"], row["t_out_line_s"]), time_s, path_m)
        took_s = row["t_out_line_s"] - row["t_in_line_s"]
        theirs.append((number[row["from"] + row["to"]], row["t_out_line_s"], took_s, (end - begin) / took_s))
    theirs.sort()
    for measure, column, unit in (("travel_time", 2, "s"), ("section_speed", 3, "m/s")):
        ours = rows(told, measure).sort("place", "time_ns")["value"].to_numpy()
        errors(measure.replace("_", " "), ours, np.array([row[column] for row in theirs]), unit)


def check_following(scene: Scene, told: list[Traffic], table: pl.DataFrame, data: Path) -> None:
    """Headways and gaps at the stop lines, lane by lane, against the exact moments of front and rear bumpers."""
    crossed = pl.read_csv(data / "stopline_crossings.csv")
    headways, gaps = rows(told, "headway"), rows(told, "gap").select("place", "group", "time_ns", gap="value")
    both = headways.join(gaps, ["place", "group", "time_ns"], "left").filter(pl.col("group") == 0).sort("time_ns")
    parts = []
    for place, line in enumerate(scene.lines):
        lane = crossed.filter(pl.col("lane") == line.name).sort("time_s")
        here = both.filter(pl.col("place") == place).select("value", "gap")
        if not len(lane):
            continue
        fronts = lane["time_s"].to_numpy()
        rears = np.array([rear_s(table.filter(pl.col("id") == name), line) for name in lane["id"]])
        there = pl.DataFrame({"their headway": np.diff(fronts), "their gap": fronts[1:] - rears[:-1]})
        parts.append(here.hstack(there[: len(here)]))  # a front may cross before 600 s whose middle does not
    pairs = pl.concat(parts)
    errors("headways at stop lines", pairs["value"].to_numpy(), pairs["their headway"].to_numpy(), "s")
    missed = pairs.filter(pl.col("gap").is_null(), pl.col("their gap").is_between(1.0, LONGEST_GAP_S - 1.0))
    pairs = pairs.filter(pl.col("gap").is_not_null())
    errors("gaps at stop lines", pairs["gap"].to_numpy(), pairs["their gap"].to_numpy(), "s")
    print(f"    {len(missed)} more there, behind road users that stopped on the line")


def rear_s(way: pl.DataFrame, line: GroundLine) -> float:
    """When the rear bumper crosses the straight line through a stop line; NaN if it never does."""
    angle = np.radians(90.0 - way["angle_deg"].to_numpy())
    half = way["length_m"].to_numpy() / 2
    rear = way.select("x_m", "y_m").to_numpy() - half[:, None] * np.stack((np.cos(angle), np.sin(angle)), axis=1)
    (ax, ay), along = line.points_m[0], line.points_m[1] - line.points_m[0]
    side = along[1] * (rear[:, 0] - ax) - along[0] * (rear[:, 1] - ay)
    at = np.flatnonzero((side[:-1] < 0.0) & (side[1:] >= 0.0))
    if not len(at):
        return np.nan
    return float(np.interp(0.0, side[at[0] : at[0] + 2], way["time_s"].to_numpy()[at[0] : at[0] + 2]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/sumo"))
    data = parser.parse_args().data
    if not (data / "trajectories.csv.gz").exists():
        print(f"skipped: {data} holds no trajectories.csv.gz")
        return 0
    table = pl.read_csv(data / "trajectories.csv.gz")
    scene = Scene(json.loads((data / "geometry.json").read_text()))
    told = play(scene, moments(table))
    exact = [check_crossings(scene, told, data), check_turning(scene, told, data)]
    check_spot_speed(scene, told, data)
    check_sections(scene, told, table, data)
    check_following(scene, told, table, data)
    return 0 if all(exact) else 1


if __name__ == "__main__":
    sys.exit(main())
