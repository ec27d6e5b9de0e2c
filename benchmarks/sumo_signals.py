"""Crossings of stop lines by signal state against SUMO's own record of a signalised crossing.

    python benchmarks/sumo_signals.py [--data DIR]

Vehicles: the front crosses the stop line of its signal group (stopline_crossings.csv, redlight.csv). SUMO moves a
vehicle in the step labelled t under the signal of t, so a crossing within 0.2 s of a change may be called either way.
People on foot: the first position on a crossing (pedestrian_crossing_entries.csv), against entries over its two kerbs.
Some waiting people stroll over a kerb and back, or jump, on SUMO's walking areas, which reach into the crossings: these
entries are measured and SUMO has none, or another one later. The paths have 5 positions a second.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
from scipy.optimize import linear_sum_assignment

from flaneur.data.geometry import TO_RIGHT, GroundLine
from flaneur.data.kinds import Kind, kind_from_label
from flaneur.data.private import GroundTracks
from flaneur.data.time import SECOND_NS
from flaneur.measure import signals
from flaneur.measure.crossings import Lines
from flaneur.measure.signals import STATES, SignalParams, StopLine
from flaneur.source.signal_file import SignalFile

AMBIGUOUS_S = 0.2
TOLERANCE_S = 0.45
VEHICLES = tuple(kind for kind in Kind if kind != Kind.PEDESTRIAN)
LABELS = {"yellow": "amber"}


def moments(path: Path) -> Iterator[GroundTracks]:
    """Trajectories as the ground stage would give them, without any error."""
    rows = pl.read_csv(path).sort("time_s")
    number = {name: n for n, name in enumerate(rows["id"].unique(maintain_order=True))}
    codes = {label: int(kind_from_label(label)) for label in rows["kind"].unique()}
    last_s = dict(rows.group_by("id").agg(pl.col("time_s").max()).iter_rows())
    ending: dict[float, list[int]] = {}
    for name, time_s in last_s.items():
        ending.setdefault(time_s, []).append(number[name])
    ended: list[int] = []
    for (time_s,), part in rows.group_by("time_s", maintain_order=True):
        angle = np.radians(90.0 - part["angle_deg"].to_numpy())
        velocity = part["speed_mps"].to_numpy()[:, None] * np.stack((np.cos(angle), np.sin(angle)), axis=1)
        none = np.zeros(len(part))
        yield GroundTracks(
            round(time_s * SECOND_NS),
            part.select("x_m", "y_m").to_numpy(),
            velocity,
            np.zeros((len(part), 2)),
            angle,
            part.select("length_m", "width_m").to_numpy(),
            none,
            none,
            none,
            np.array([number[name] for name in part["id"]], np.int64),
            np.array([codes[label] for label in part["kind"]], np.uint8),
            np.array(ended, np.int64),
        )
        ended = ending.get(time_s, [])


def across(name: str, middle: np.ndarray, onward: np.ndarray, half_m: float) -> GroundLine:
    """A line that is crossed to the right by who goes `onward`."""
    along = np.array((-onward[1], onward[0])) * half_m
    return GroundLine(name, np.stack((middle - along, middle + along)))


def vehicle_lines(scene: dict) -> Iterator[tuple[str, GroundLine]]:
    """(signal group, its stop line)."""
    for group, facts in scene["signal_groups"].items():
        if facts["type"] != "vehicle":
            continue
        arm = scene["arms"][facts["arm"]]
        onward = np.array(arm["inbound_direction"], float)
        sides = []
        for lane in facts["lanes"]:
            end, half = np.array(arm["lanes_in"][lane]["centreline"][-1]), arm["lanes_in"][lane]["width_m"] / 2
            sides += [end - half * np.array((-onward[1], onward[0])), end + half * np.array((-onward[1], onward[0]))]
        order = np.argsort(np.array(sides) @ np.array((-onward[1], onward[0])))
        yield group, GroundLine(group, np.array(sides)[order[[0, -1]]])


def kerb_lines(scene: dict) -> Iterator[tuple[str, GroundLine]]:
    """(signal group, one of the two kerbs of its crossing); to SUMO a person of 0.215 m is on it with its front."""
    for group, facts in scene["crossings"].items():
        axis = np.array(facts["axis"])
        for end, other in (axis, axis[::-1]):
            onward = (other - end) / np.linalg.norm(other - end)
            yield group, across(group, end - 0.1075 * onward, onward, facts["width_m"] / 2)


def measured(data: Path, lines: list[tuple[str, GroundLine]], kinds: tuple[Kind, ...]) -> tuple[pl.DataFrame, Counter]:
    groups = [group for group, _ in lines]
    file = SignalFile.read(data / "signals.csv")
    phases = [file.phases(group) for group in groups]
    stops = tuple(StopLine(TO_RIGHT, kinds, phase) for phase in phases)
    params = SignalParams(Lines.on_ground([line for _, line in lines]), stops)
    state, parts, sums = signals.start(params), [], Counter()

    def collect(told: signals.SignalSamples) -> None:
        got = told.crossings
        parts.append(
            pl.DataFrame(
                {
                    "time_s": got.time_ns / SECOND_NS,
                    "group": [groups[n] for n in got.place],
                    "kind": [Kind(code).label for code in got.kind],
                    "state": [STATES[n] for n in got.group],
                    "since_s": got.value,
                },
                schema={
                    "time_s": pl.Float64,
                    "group": pl.Utf8,
                    "kind": pl.Utf8,
                    "state": pl.Utf8,
                    "since_s": pl.Float64,
                },
            )
        )
        for label, group in zip(signals.RED_CLASSES, range(4), strict=True):
            sums[label] += int((told.red.group == group).sum())
        for place, use in zip(told.green_use.place, told.green_use.value, strict=True):
            sums[f"{groups[place]} greens"] += 1
            sums[f"{groups[place]} use"] += use

    for tracks in moments(data / "trajectories.csv.gz"):
        state, told = signals.step(state, signals.fronts(tracks), params)
        collect(told)
    collect(signals.finish(state, params))
    return pl.concat(parts).sort("time_s"), sums


def pairs(ours: pl.DataFrame, theirs: pl.DataFrame, by: list[str]) -> np.ndarray:
    """Rows [n, 2] of those with equal `by` and at most `TOLERANCE_S` between them, as many and as near as can be."""
    off_s = np.abs(ours["time_s"].to_numpy()[:, None] - theirs["time_s"].to_numpy())
    for name in by:
        off_s[ours[name].to_numpy()[:, None] != theirs[name].to_numpy()] = np.inf
    rows = np.stack(linear_sum_assignment(np.minimum(off_s, 1e3)), axis=1)
    return rows[off_s[tuple(rows.T)] <= TOLERANCE_S]


def compare(name: str, ours: pl.DataFrame, theirs: pl.DataFrame, by: list[str]) -> None:
    mine, other = pairs(ours, theirs, by).T
    off_s = (ours["time_s"][mine] - theirs["time_s"][other]).abs()
    differs = (ours["state"][mine] != theirs["state"][other]).to_numpy()
    since_s = np.minimum(ours["since_s"][mine].to_numpy(), theirs["since_s"][other].to_numpy())
    print(
        f"{name}: {len(ours)} measured, {len(theirs)} by SUMO, {len(mine)} the same; "
        f"time differs by {off_s.median():.3f} s at the median, {off_s.max():.3f} s at most\n"
        f"  state differs for {differs.sum()}, but for those within {AMBIGUOUS_S} s of a change: "
        f"{(differs & (since_s > AMBIGUOUS_S)).sum()} (bar: 0)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(__file__).resolve().parents[2] / "shared/data/sumo"
    parser.add_argument("--data", type=Path, default=default)
    data = parser.parse_args().data
    if not data.exists():
        raise SystemExit(f"{data} is missing; nothing to compare with")
    scene = json.loads((data / "geometry.json").read_text())
    label = pl.col("state").replace(LABELS)

    ours, sums = measured(data, list(vehicle_lines(scene)), VEHICLES)
    theirs = pl.read_csv(data / "stopline_crossings.csv").with_columns(label)
    theirs = theirs.rename({"seconds_since_state_change": "since_s"})
    compare("stop lines", ours, theirs, ["group", "kind"])
    red = pl.read_csv(data / "redlight.csv").rename({"seconds_since_red": "since_s"})
    red = red.with_columns(state=pl.lit("red"))
    compare("in red", ours.filter(pl.col("state") == "red"), red, ["group", "kind"])
    print("  in red by class:", ", ".join(f"{name} {sums[name]}" for name in signals.RED_CLASSES))
    for name in sorted(name[:-7] for name in sums if name.endswith(" greens")):
        greens = sums[f"{name} greens"]
        print(f"  green use {name}: {sums[f'{name} use'] / greens:.2f} over {greens} greens")

    ours, _ = measured(data, list(kerb_lines(scene)), (Kind.PEDESTRIAN,))
    theirs = pl.read_csv(data / "pedestrian_crossing_entries.csv").with_columns(label)
    theirs = theirs.rename({"crossing": "group", "seconds_since_state_change": "since_s"})
    compare("people on foot", ours, theirs, ["group"])


if __name__ == "__main__":
    main()
