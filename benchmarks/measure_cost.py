"""What the measures cost for each frame that is measured, in milliseconds of processor time.

    python benchmarks/measure_cost.py [--tracks N ...] [--frames N]

Synthetic road users walk through a picture with 10 lines of 3 segments, 5 zones of 6 sides and 6 flows; some begin
and end in every second, many linger at lines. On the ground they pass 4 lines, 3 zones and 6 flows. The best of three
rounds counts.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np

from flaneur.data.geometry import Flow, GroundLine, GroundZone, Line, Places, Zone
from flaneur.data.kinds import Kind
from flaneur.data.private import GroundTracks, Tracks
from flaneur.data.time import SECOND_NS
from flaneur.measure import edges, passing, traffic
from flaneur.measure.feet import picture_feet
from flaneur.measure.presence import presence
from flaneur.release.aggregate import AggregateParams, Counted, IntervalAggregator

W, H, RATE = 1280, 720, 25
PX_PER_M = 30.0
ENDS = (
    ("line 0", "line 1"),
    ("line 1", "line 0"),
    ("line 2", "zone 0"),
    ("zone 0", "zone 1"),
    ("line 3", "line 4"),
    ("zone 2", "line 3"),
)


def places(rng: np.random.Generator) -> Places:
    bends = rng.uniform(0.2, 0.8, (10, 1, 2)) + np.cumsum(rng.uniform(-0.1, 0.1, (10, 4, 2)), axis=1)
    angles = np.linspace(0, 2 * np.pi, 6, endpoint=False)
    ring = 0.15 * np.stack((np.cos(angles), np.sin(angles)), axis=1)
    return Places(
        tuple(Line(f"line {n}", bend) for n, bend in enumerate(bends)),
        tuple(Zone(f"zone {n}", rng.uniform(0.2, 0.8, 2) + ring) for n in range(5)),
        tuple(Flow(f"{a} → {b}", a, b) for a, b in ENDS),
    )


def walkers(rng: np.random.Generator, n: int, frames: int) -> list[Tracks]:
    foot, speed = rng.uniform((0, 100), (W, H), (n, 2)), rng.normal(0, 60, (n, 2))
    ids, ended, out = np.arange(1, n + 1), np.zeros(0, np.int64), []
    kind, score, observed = np.full(n, Kind.PEDESTRIAN, np.uint8), np.ones(n, np.float32), np.ones(n, np.bool_)
    for frame in range(frames):
        foot += speed / RATE + rng.normal(0, 0.5, (n, 2))
        box = np.tile(foot, 2) + np.array((-12, -60, 12, 0))
        time_ns = frame * SECOND_NS // RATE
        out.append(Tracks(frame, time_ns, box.astype(np.float32), ids.copy(), kind, score, observed, ended))
        gone = ((foot < 0) | (foot > (W, H))).any(axis=1)
        ended = ids[gone]
        ids[gone] += 10_000
        foot[gone], speed[gone] = rng.uniform((0, 100), (W, H), (gone.sum(), 2)), rng.normal(0, 60, (gone.sum(), 2))
    return out


def on_the_ground(tracks: Tracks) -> GroundTracks:
    """The same road users, as if the picture were a map."""
    n, rng = len(tracks), np.random.default_rng(tracks.frame_index)
    heading, sigma = rng.uniform(-np.pi, np.pi, n), np.full(n, 0.05)
    return GroundTracks(
        tracks.time_ns,
        tracks.foot_px().astype(np.float64) / PX_PER_M,
        rng.normal(0.0, 2.0, (n, 2)),
        rng.normal(0.0, 0.5, (n, 2)),
        heading,
        np.full((n, 2), 0.5),
        sigma,
        sigma,
        sigma,
        tracks.track_id,
        tracks.kind,
        tracks.ended,
    )


def costs(where: Places, frames: list[Tracks]) -> dict[str, Callable[[], None]]:
    """What is timed, by name; each goes through all frames."""
    placed = passing.Places.in_picture(where, W, H)
    counted = Counted.lines(tuple((line.name, "right", "left") for line in where.lines))
    params = AggregateParams("site", "camera", tuple(Kind), (counted,), tuple(zone.name for zone in where.zones))
    told, state = [], passing.start(placed)
    for tracks in frames:
        feet = picture_feet(tracks)
        state, passed = passing.step(state, feet, placed)
        told.append((presence(feet, passed.inside), passed.lines.events()))

    def count() -> None:
        state = passing.start(placed)
        for tracks in frames:
            feet = picture_feet(tracks)
            state, passed = passing.step(state, feet, placed)
            presence(feet, passed.inside)

    def watch_edges() -> None:
        size = edges.PictureSize(W, H)
        state = edges.start(size)
        for tracks in frames:
            state, _ = edges.step(state, tracks, size)

    def aggregate() -> None:
        collector = IntervalAggregator(params)
        for there, events in told:
            collector.frame(there)
            collector.events(counted, events)
            collector.complete()

    on_ground = passing.Places.on_ground(
        [GroundLine(line.name, line.points_xy[[0, -1]] * (W, H) / PX_PER_M) for line in where.lines[:4]],
        [GroundZone(zone.name, zone.polygon_xy * (W, H) / PX_PER_M) for zone in where.zones[:3]],
        [flow for flow in where.flows if flow.name != "line 3 → line 4"],
    )
    metres = [on_the_ground(tracks) for tracks in frames]

    def measure_on_ground() -> None:
        state = traffic.start(on_ground)
        for tracks in metres:
            state, _, _ = traffic.step(state, tracks, on_ground)

    return {
        "lines, zones, flows, presence": count,
        "edges": watch_edges,
        "aggregate": aggregate,
        "on the ground": measure_on_ground,
    }


def best_ms(run: Callable[[], None], frames: int) -> float:
    rounds = []
    for _ in range(3):
        begin = time.process_time()
        run()
        rounds.append(time.process_time() - begin)
    return min(rounds) / frames * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", type=int, nargs="*", default=[20, 100, 1000])
    parser.add_argument("--frames", type=int, default=500)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    where = places(rng)
    for n in args.tracks:
        timed = {name: best_ms(run, args.frames) for name, run in costs(where, walkers(rng, n, args.frames)).items()}
        figures = "  ".join(f"{name} {ms:.3f}" for name, ms in timed.items())
        print(f"{n:5d} tracks: {figures}  together {sum(timed.values()):.3f}")


if __name__ == "__main__":
    main()
