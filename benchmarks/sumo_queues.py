"""Queues and saturation flow of a simulated crossing beside SUMO's own, and what they cost.

    python benchmarks/sumo_queues.py [--data DIR] [--cost N ...]

DIR/README.md defines the references. In these a vehicle halts below 0.1 m/s, so tails are judged by that, at every
tenth second and lane: once with the speeds that SUMO writes down, which tests the measure alone, and once with speeds
found from positions. By default one stands below 1 m/s until one is faster than 2 m/s. That is compared too, with what
the formula of the references makes of SUMO's speeds below 1 m/s, and with the references as they are. Saturation flows
are compared with those from SUMO's list of passings of the stop lines.
"""

import argparse
import gzip
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from flaneur.data.geometry import GroundLine, GroundZone
from flaneur.data.kinds import FOOTPRINT_M, Kind
from flaneur.data.private import GroundTracks, Samples
from flaneur.data.time import SECOND_NS, to_ns
from flaneur.ground.motion import Located
from flaneur.ground.trajectories import Trajectories, read_trajectories
from flaneur.measure import dwell, passing, queues, saturation
from flaneur.measure.dwell import DwellParams
from flaneur.measure.feet import ground_feet
from flaneur.measure.passing import Places
from flaneur.measure.queues import Approach, Lanes, QueueParams
from flaneur.measure.saturation import STARTING, SaturationParams
from flaneur.measure.standing import STANDING, Standing
from sumo_conflicts import looks, numbers

DATA = Path(__file__).parents[2] / "shared" / "data" / "sumo"
BAR_M, REACH_M, STEP_S, NOISE_M, SHORTEST_QUEUE = 5.0, 125.0, 0.2, 0.3, 6
HALTING = Standing(0.1, 0.1)
LANES = {"bicycle": 1, "main": 2, "left": 3}
"""Number of SUMO's lane by the name in queues.csv."""


def approaches(geometry: dict) -> dict[tuple[str, str], Approach]:
    """By arm and name of the lane."""
    out = {}
    for arm, where in geometry["arms"].items():
        line = GroundLine(arm, np.array(where["stop_line"], np.float64))
        for name, number in LANES.items():
            lane = where["lanes_in"][f"{arm}_in_{number}"]
            far, near = np.array(lane["centreline"], np.float64)
            back = (far - near) / np.hypot(*(far - near)) * REACH_M
            side = np.array((-back[1], back[0])) / REACH_M * lane["width_m"] / 2
            corners = np.array((near + side, near - side, near - side + back, near + side + back))
            out[arm, name] = Approach(line, GroundZone(f"{arm} {name}", corners))
    return out


def moments(path: Path, noise_m: float = 0.0) -> list[GroundTracks]:
    """All road users at each step, their positions shaken."""
    rng = np.random.default_rng(0)

    def shaken() -> Iterator[Located]:
        for look in read_trajectories(path):
            at = look.xy_m + rng.normal(0.0, noise_m, look.xy_m.shape)
            yield replace(look, xy_m=at, sigma_m=np.maximum(look.sigma_m, noise_m))

    return list(Trajectories(shaken(), STEP_S, tuple(Kind)).moments())


Tails = dict[tuple[int, str, str], tuple[float, float]]
"""By second, arm and name of the lane: stop line to the rear of the last who stands, and how many stand."""


def told(path: Path) -> Tails:
    """SUMO's tails; its numbers are those of the two motor lanes together, so that each has that of both."""
    out = {}
    for row in pl.read_csv(path).iter_rows(named=True):
        for name in LANES:
            kind = "bicycle" if name == "bicycle" else "motor"
            out[row["time_s"], row["arm"], name] = (row[f"tail_{name}_m"], row[f"halting_{kind}_front_behind_line"])
    return out


def by_formula(scene: Sequence[GroundTracks], lanes: dict[tuple[str, str], Approach], below_mps: float) -> Tails:
    """The same as the references define it, from the speeds of these moments: whoever is slower, behind the line."""
    params, out = Lanes.of(tuple(lanes.values())), {}
    for tracks in scene:
        if tracks.time_ns % (10 * SECOND_NS):
            continue
        front, rear = params.ends(tracks)
        stands = params.inside(tracks.xy_m, tracks.kind) & (np.hypot(*tracks.velocity_mps.T) < below_mps)[:, None]
        stands &= front > 0.0
        tail, number = np.where(stands, rear, 0.0).max(axis=0, initial=0.0), stands.sum(axis=0)
        time_s = tracks.time_ns // SECOND_NS
        for n, (arm, name) in enumerate(lanes):
            motor = [m for m, lane in enumerate(lanes) if lane[0] == arm and lane[1] != "bicycle"]
            out[time_s, arm, name] = (float(tail[n]), float(number[motor].sum() if n in motor else number[n]))
    return out


def tails(
    scene: Sequence[GroundTracks], lanes: dict[tuple[str, str], Approach], standing: Standing, wanted: Tails
) -> None:
    params = QueueParams(Lanes.of(tuple(lanes.values())), standing)
    state, seen = queues.start(params), {}
    for tracks in scene:
        state, now = queues.step(state, tracks, params)
        for place, length, count in zip(now.length_m.place, now.length_m.value, now.count.value, strict=True):
            seen[tracks.time_ns // SECOND_NS, *list(lanes)[place]] = (length, count)
    pairs, counts = [], []
    for (time_s, arm, name), (tail, number) in wanted.items():
        at = {lane: seen.get((time_s, arm, lane), (0.0, 0.0)) for lane in LANES}
        pairs.append((at[name][0], tail))
        if name == "bicycle":
            counts.append((at[name][1], number))
        elif name == "main":
            counts.append((at["main"][1] + at["left"][1], number))
    here, sumo = np.array(pairs).T
    near, queue, both = np.abs(here - sumo) <= BAR_M, (here > 0.0) | (sumo > 0.0), (here > 0.0) & (sumo > 0.0)
    print(
        f"  tail within {BAR_M:g} m: {near.mean():.1%} of {len(near)} (bar 100 %), {near[queue].mean():.1%} of"
        f" {queue.sum()} with a queue, {near[both].mean():.1%} of {both.sum()} where both see one"
    )
    here, sumo = np.array(counts).T
    off = np.abs(here - sumo)
    print(f"  number equal: {(off == 0).mean():.1%} of {len(off)}, within 1: {(off <= 1).mean():.1%}")
    print(f"  road users in a queue, mean: {here.mean():.2f}, SUMO {sumo.mean():.2f}")


def flows(scene: Sequence[GroundTracks], lanes: dict[tuple[str, str], Approach], data: Path) -> None:
    signals, names = pl.read_csv(data / "signals.csv").filter(pl.col("state") == "green"), list(lanes)
    groups = [f"{arm}_{'left' if name == 'left' else 'main'}" for arm, name in names]
    greens = tuple(
        signals.filter(pl.col("group") == g)["time_s"].map_elements(to_ns, pl.Int64).to_numpy() for g in groups
    )
    params = SaturationParams(QueueParams(Lanes.of(tuple(lanes.values()))), greens, SHORTEST_QUEUE)
    state, parts = saturation.start(params), []
    for tracks in scene:
        state, told = saturation.step(state, tracks, params)
        parts.append(told)
    parts.append(saturation.finish(state, params))
    flow, lost = (Samples.joined(*(getattr(p, name) for p in parts)) for name in ("flow_per_h", "lost_s"))
    passed, gaps = pl.read_csv(data / "stopline_crossings.csv"), []
    for place, end_ns, value in zip(flow.place, flow.time_ns, flow.value, strict=True):
        arm, name = names[place]
        at = passed.filter(pl.col("lane") == f"{arm}_in_{LANES[name]}")["time_s"].sort().to_numpy()
        last = np.abs(at - end_ns / SECOND_NS).argmin()
        breaks = np.flatnonzero(np.diff(at[: last + 1]) > params.longest_headway_s)
        first = breaks[-1] + 1 if len(breaks) else 0
        after = last - first - STARTING + 1
        gaps.append(abs(value / (3600 * after / (at[last] - at[first + STARTING - 1])) - 1))
    shown = ", ".join(f"{v:.0f}" for v in flow.value)
    print(f"saturation flow of {len(flow)} queues of {SHORTEST_QUEUE} or more: {shown} per hour and lane")
    print(
        f"  off SUMO's passings by {max(gaps, default=np.nan):.2%} at most; lost times {lost.value.round(1).tolist()} s"
    )


def crowd(n: int, frames: int, lanes: dict[tuple[str, str], Approach]) -> list[GroundTracks]:
    """n cars on the lanes at 10 frames a second; half of them stand, some come and go."""
    rng, polygons = np.random.default_rng(0), [a.lane.polygon_m for a in lanes.values()]
    corners = np.array(polygons)[rng.integers(0, len(polygons), n)]
    share = rng.uniform(0.0, 1.0, (n, 1))
    xy, ahead = corners[:, 0] * (1 - share) + corners[:, 3] * share, corners[:, 0] - corners[:, 3]
    ahead /= np.hypot(*ahead.T)[:, None]
    velocity, none = ahead * (rng.uniform(0, 1, (n, 1)) < 0.5) * 8.0, np.zeros(n)
    size, ids, out = np.tile(FOOTPRINT_M[Kind.CAR], (n, 1)), np.arange(n), []
    for frame in range(frames):
        gone = rng.integers(0, n, n // 100)
        ended, ids = ids[gone], ids.copy()
        ids[gone] = ids.max() + 1 + np.arange(len(gone))
        kind, heading = np.full(n, Kind.CAR, np.uint8), np.arctan2(ahead[:, 1], ahead[:, 0])
        moved = xy + velocity * (frame / 10 % 5)
        out.append(
            GroundTracks(
                frame * SECOND_NS // 10,
                moved,
                velocity,
                0 * velocity,
                heading,
                size,
                none,
                none,
                none,
                ids,
                kind,
                ended,
            )
        )
    return out


def cost(numbers: Sequence[int], lanes: dict[tuple[str, str], Approach], frames: int = 200) -> None:
    behind = QueueParams(Lanes.of(tuple(lanes.values())))
    places = Places.on_ground(zones=[a.lane for a in lanes.values()])
    flow, stay = SaturationParams(behind), DwellParams(places.zones, STANDING)

    def ms(run: Callable[[], object]) -> float:
        begin = time.process_time()
        run()
        return (time.process_time() - begin) / frames * 1e3

    for n in numbers:
        scene = crowd(n, frames, lanes)
        at, passed = passing.start(places), []
        for tracks in scene:
            at, now = passing.step(at, ground_feet(tracks), places)
            passed.append(now)

        def queue(scene: Sequence[GroundTracks] = scene) -> None:
            state = queues.start(behind)
            for tracks in scene:
                state, _ = queues.step(state, tracks, behind)

        def saturate(scene: Sequence[GroundTracks] = scene) -> None:
            state = saturation.start(flow)
            for tracks in scene:
                state, _ = saturation.step(state, tracks, flow)

        def dwells(scene: Sequence[GroundTracks] = scene, passed: Sequence[passing.Passed] = passed) -> None:
            state = dwell.start(stay)
            for tracks, now in zip(scene, passed, strict=True):
                state, _ = dwell.step(state, tracks, ground_feet(tracks), now, stay)

        print(
            f"{n:5d} road users, {len(lanes)} lanes: queues {ms(queue):.3f}, saturation (with its queues)"
            f" {ms(saturate):.3f}, stays {ms(dwells):.3f} ms a step at 10 Hz (bar 1)"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--cost", type=int, nargs="*", help="only the cost for so many road users", metavar="N")
    args = parser.parse_args()
    if not (args.data / "queues.csv").is_file():
        print(f"skipped: {args.data} holds no queues.csv")
        return
    lanes = approaches(json.loads((args.data / "geometry.json").read_text()))
    if args.cost is None:
        path, wanted = args.data / "trajectories.csv.gz", told(args.data / "queues.csv")
        rows = pl.read_csv(gzip.decompress(path.read_bytes()))
        exact, own = moments(path), list(looks(rows, numbers(rows)))
        slower = by_formula(own, lanes, STANDING.below_mps)
        shaken = moments(path, NOISE_M)
        for name, scene, standing, reference in (
            ("below 0.1 m/s as in the references, speeds by SUMO: judged", own, HALTING, wanted),
            ("below 0.1 m/s, speeds found from positions", exact, HALTING, wanted),
            ("below 1 m/s until 2 m/s (default), against the references' formula for 1 m/s", exact, STANDING, slower),
            (f"the same, positions shaken by {NOISE_M:g} m", shaken, STANDING, slower),
            ("below 1 m/s until 2 m/s (default), against the references as they are", exact, STANDING, wanted),
            (f"the same, positions shaken by {NOISE_M:g} m", shaken, STANDING, wanted),
        ):
            print(f"who stands: {name}")
            tails(scene, lanes, standing, reference)
        flows(exact, lanes, args.data)
    cost(args.cost or (100, 300, 1000), lanes)


if __name__ == "__main__":
    main()
