"""What all measures on the ground cost together, against the number of road users, in milliseconds of processor time.

    OMP_NUM_THREADS=1 python benchmarks/all_measures.py [--tracks N ...] [--seconds S] [--parts]

Half of the road users are on a square, walking or standing about; the others are vehicles and cyclists, who follow one
another along roads and stop at red, and people who cross these roads in the meantime. More road users have more roads
and a larger square, not less room. Positions err by 0.1 m and come at 10 Hz; the motion smoother makes speeds of them.
Lines, zones, flows, queues, signals and crowds are those of a site file, and what steps them is what steps them in
every run. Only the thread's own time counts, and of three rounds the best of each step, since other load on the machine
slows the processor too.

The bar is 10 ms a step for 1,000 road users. `slowest` is the dearest step: once a second it looks at the crowd.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from flaneur.config.ground import CrowdTable, QueueTable
from flaneur.config.places import FlowTable, LineTable, ZoneTable
from flaneur.config.signals import SignalTable
from flaneur.config.site import CameraTable
from flaneur.data.kinds import FOOTPRINT_M, Kind
from flaneur.data.private import GroundTracks
from flaneur.data.signals import SignalPhases, SignalState
from flaneur.data.time import SECOND_NS
from flaneur.ground.motion import Located, MotionParams, MotionSmoother
from flaneur.measure import (
    alarm,
    conflicts,
    crowd,
    dwell,
    headways,
    passing,
    paths,
    queues,
    saturation,
    sections,
    signals,
    speeds,
    traffic,
)
from flaneur.run.on_ground import OnGround

Array = NDArray[np.float64]

RATE = 10
BAR_MS, BAR_TRACKS = 10.0, 1000
SIGMA_M = 0.1
MODULES = (
    alarm,
    conflicts,
    crowd,
    dwell,
    headways,
    passing,
    paths,
    queues,
    saturation,
    sections,
    signals,
    speeds,
    traffic,
)

ROAD_M, ROAD_EVERY_M, SETTLES_S = 240.0, 30.0, 50.0
PER_ROAD, PER_M2 = 50, 0.5
LANES_M = np.array((-8.5, -5.25, -1.75, 1.75, 5.25, 8.5))
"""Those on the right of the middle go east, the others west; the outermost are for bicycles."""
STOP_M = 118.0
"""From where each lane begins; the crossing lies between the stop lines."""
GREEN_S, AMBER_S, CYCLE_S = 20.0, 3.0, 43.0
SIZE_M = np.array([FOOTPRINT_M[kind] for kind in Kind])


class Roads:
    """Vehicles and cyclists on lanes that are as long as roads, bumper to bumper at worst; one leaves, one comes."""

    def __init__(self, rng: np.random.Generator, n: int, roads: int) -> None:
        self.lane = np.sort(np.arange(n) % (roads * len(LANES_M)))
        self.y_m = LANES_M[self.lane % len(LANES_M)] + ROAD_EVERY_M * (self.lane // len(LANES_M))
        self.east = LANES_M[self.lane % len(LANES_M)] < 0.0
        cycles = np.abs(LANES_M[self.lane % len(LANES_M)]) > 7.0
        some = rng.choice((Kind.CAR, Kind.TRUCK, Kind.BUS, Kind.MOTORCYCLE), n, p=(0.85, 0.05, 0.05, 0.05))
        self.kind = np.where(cycles, Kind.BICYCLE, some).astype(np.uint8)
        self.fastest_mps = np.where(cycles, 5.0, 13.0) * rng.normal(1.0, 0.08, n)
        first = np.flatnonzero(np.diff(self.lane, prepend=-1))
        count = np.diff(first, append=n)
        nth = (np.arange(n) - np.repeat(first, count)).astype(np.float64)
        self.at_m = nth * np.repeat(ROAD_M / count, count)
        self.ahead = np.arange(1, n + 1)
        self.ahead[np.append(first[1:], n) - 1] = first
        self.speed_mps = np.zeros(n)

    def step(self, time_s: float) -> NDArray[np.bool_]:
        """One look later; who came to the end of the road. After Treiber, Hennecke, Helbing (2000), the IDM."""
        gap = (self.at_m[self.ahead] - self.at_m) % ROAD_M
        gap[self.ahead == np.arange(len(gap))] = ROAD_M
        length = SIZE_M[self.kind, 0]
        gap -= (length + length[self.ahead]) / 2
        closing = self.speed_mps - self.speed_mps[self.ahead]
        left = STOP_M - length / 2 - self.at_m
        stops = (time_s % CYCLE_S >= GREEN_S) & (left > np.maximum(self.speed_mps**2 / 6.0, 0.1)) & (left < gap)
        gap, closing = np.where(stops, left, gap), np.where(stops, self.speed_mps, closing)
        wanted = 2.0 + np.maximum(1.2 * self.speed_mps + self.speed_mps * closing / (2 * np.sqrt(1.5 * 2.0)), 0.0)
        push = 1.5 * (1 - (self.speed_mps / self.fastest_mps) ** 4 - (wanted / np.maximum(gap, 0.1)) ** 2)
        self.speed_mps = np.maximum(self.speed_mps + np.maximum(push, -8.0) / RATE, 0.0)
        self.at_m += self.speed_mps / RATE
        over: NDArray[np.bool_] = self.at_m >= ROAD_M
        self.at_m = np.where(over, self.at_m - ROAD_M, self.at_m)
        return over

    def xy_m(self) -> Array:
        return np.stack((np.where(self.east, self.at_m, ROAD_M - self.at_m), self.y_m), axis=1)


class Crossing:
    """People who cross the roads between the stop lines while the vehicles have red."""

    kind = np.uint8(Kind.PEDESTRIAN)

    def __init__(self, rng: np.random.Generator, n: int, roads: int) -> None:
        self.x_m, self.road = rng.uniform(STOP_M + 1.0, ROAD_M - STOP_M - 1.0, n), np.arange(n) % roads
        self.side, self.goal = (a := rng.choice((-1.0, 1.0), n) * 11.0), a.copy()
        self.speed_mps = rng.normal(1.4, 0.15, n)
        self.begins_s = rng.uniform(0.0, 8.0, n)

    def step(self, time_s: float) -> NDArray[np.bool_]:
        waits = self.side == self.goal
        red_s = time_s % CYCLE_S - GREEN_S - AMBER_S
        begins = waits & (red_s >= self.begins_s) & (red_s < self.begins_s + 1.0 / RATE)
        self.goal[begins] *= -1.0
        before = waits | begins
        way = np.clip(self.goal - self.side, -self.speed_mps / RATE, self.speed_mps / RATE)
        self.side += way
        over: NDArray[np.bool_] = (self.side == self.goal) & ~before
        return over

    def xy_m(self) -> Array:
        return np.stack((self.x_m, self.side + ROAD_EVERY_M * self.road), axis=1)


class Square:
    """People on a square, of whom a third stands; they give way to one another."""

    kind = np.uint8(Kind.PEDESTRIAN)

    def __init__(self, rng: np.random.Generator, n: int, side_m: float) -> None:
        self.rng, self.side_m = rng, side_m
        self.at_m = rng.uniform(0.0, side_m, (n, 2))
        self.course = rng.uniform(-np.pi, np.pi, n)
        self.speed_mps = np.where(rng.random(n) < 1 / 3, 0.0, rng.normal(1.3, 0.2, n))

    def step(self, time_s: float) -> NDArray[np.bool_]:  # noqa: ARG002
        self.course += self.rng.normal(0.0, 0.05, len(self.course))
        way = self.speed_mps[:, None] / RATE * np.stack((np.cos(self.course), np.sin(self.course)), axis=1)
        a, b = cKDTree(self.at_m).query_pairs(0.7, output_type="ndarray").T
        apart = self.at_m[a] - self.at_m[b]
        push = apart * (0.05 / np.maximum(np.hypot(*apart.T), 0.1))[:, None]
        np.add.at(way, a, push)
        np.add.at(way, b, -push)
        self.at_m += way
        over: NDArray[np.bool_] = np.logical_or.reduce((self.at_m < 0.0) | (self.at_m > self.side_m), axis=1)
        self.at_m = np.clip(self.at_m, 0.0, self.side_m)
        self.course[over] += np.pi
        return over

    def xy_m(self) -> Array:
        return self.at_m - (self.side_m + 20.0, 0.0)


@dataclass(frozen=True)
class Scene:
    """So many road users and the places among them."""

    tracks: int

    @property
    def roads(self) -> int:
        return max(1, round(self.tracks / 2 / PER_ROAD))

    @property
    def side_m(self) -> float:
        return float(np.sqrt(self.tracks / 2 / PER_M2))

    @property
    def camera(self) -> CameraTable:
        """Gates across all roads and the square; stop lines, queues and signals on the first road's four lanes."""
        low, high, west = -12.0, ROAD_EVERY_M * self.roads, -self.side_m - 20.0
        lines = [
            LineTable(name="gate west", metres=[(20.0, low), (20.0, high)]),
            LineTable(name="gate east", metres=[(ROAD_M - 20.0, low), (ROAD_M - 20.0, high)]),
            LineTable(name="kerb", metres=[(STOP_M, -10.0), (ROAD_M - STOP_M, -10.0)]),
            LineTable(name="square", metres=[(west, self.side_m / 2), (-20.0, self.side_m / 2)]),
        ]
        zones = [
            ZoneTable(name="crossing", metres=_box(STOP_M, ROAD_M - STOP_M, -10.0, 10.0)),
            ZoneTable(
                name="whole square", metres=_box(west, -20.0, 0.0, self.side_m), crowd=CrowdTable(alarm_per_m2=[2.0])
            ),
            ZoneTable(
                name="corner",
                metres=_box(west, west + self.side_m / 2, 0.0, self.side_m / 2),
                crowd=CrowdTable(ground="waiting"),
            ),
        ]
        queued, ruled = [], []
        for n, y in enumerate(LANES_M[1:-1]):
            east = bool(y < 0.0)
            stop, far = (STOP_M, 0.0) if east else (ROAD_M - STOP_M, ROAD_M)
            lines.append(LineTable(name=f"stop {n}", metres=[(stop, y - 1.75), (stop, y + 1.75)]))
            zones.append(ZoneTable(name=f"lane {n}", metres=_box(min(stop, far), max(stop, far), y - 1.75, y + 1.75)))
            queued.append(QueueTable(name=f"queue {n}", stop_line=f"stop {n}", lane=f"lane {n}", signal=f"signal {n}"))
            way = "to right" if east else "to left"
            ruled.append(SignalTable(name=f"signal {n}", stop_line=f"stop {n}", direction=way, file="signals.csv"))
        gates = (("gate west", "gate east"), ("gate east", "gate west"), ("gate west", "stop 0"), ("lane 1", "kerb"))
        flows = [FlowTable(origin=a, destination=b) for a, b in gates]
        return CameraTable(name="all", line=lines, zone=zones, flow=flows, queue=queued, signal=ruled)

    def looks(self, seconds: float) -> Iterator[Located]:
        """Everybody's positions as they are seen."""
        rng = np.random.default_rng(0)
        on_roads = self.tracks // 2
        crossing = on_roads // 5
        parts = (
            Roads(rng, on_roads - crossing, self.roads),
            Crossing(rng, crossing, self.roads),
            Square(rng, self.tracks - on_roads, self.side_m),
        )
        for n in range(round(SETTLES_S * RATE)):
            for part in parts:
                part.step(n / RATE - SETTLES_S)
        kind = np.concatenate([np.broadcast_to(part.kind, len(part.xy_m())) for part in parts])
        ids, ended = rng.integers(2**62, size=self.tracks), np.zeros(0, np.int64)
        for n in range(round(seconds * RATE)):
            over = np.concatenate([part.step(n / RATE) for part in parts])
            ended, ids = ids[over], np.where(over, rng.integers(2**62, size=self.tracks), ids)
            xy = np.concatenate([part.xy_m() for part in parts])
            yield _seen(n * SECOND_NS // RATE, xy + rng.normal(0.0, SIGMA_M, xy.shape), kind, ids, ended)


def _box(x1: float, x2: float, y1: float, y2: float) -> list[tuple[float, float]]:
    return [(x1, y1), (x2, y1), (x2, y2), (x1, y2)]


def _seen(
    time_ns: int, xy_m: Array, kind: NDArray[np.uint8], ids: NDArray[np.int64], ended: NDArray[np.int64]
) -> Located:
    n = len(kind)
    return Located(
        time_ns=time_ns,
        xy_m=xy_m,
        sigma_m=np.full(n, SIGMA_M),
        scale_sigma=np.full(n, 0.01),
        heading_rad=np.full(n, np.nan),
        size_m=SIZE_M[kind],
        behind=np.zeros((n, 2)),
        depth_rad=np.zeros(n),
        track_id=ids,
        kind=kind,
        ended=ended,
    )


def phases(until_s: float) -> dict[str, SignalPhases]:
    start_s = np.arange(0.0, until_s + CYCLE_S, CYCLE_S)[:, None] + (0.0, GREEN_S, GREEN_S + AMBER_S)
    start_ns = np.rint(start_s.ravel() * SECOND_NS).astype(np.int64)
    state = np.tile(np.array((SignalState.GREEN, SignalState.AMBER, SignalState.RED), np.uint8), len(start_s))
    return {f"signal {n}": SignalPhases(f"signal {n}", start_ns, state) for n in range(4)}


class Clock:
    """Adds up the thread's time in the `step` of modules, each without what it calls of the others."""

    def __init__(self) -> None:
        self.spent_s: defaultdict[str, float] = defaultdict(float)
        self._inner_s = [0.0]

    def watch(self, module: ModuleType) -> None:
        module.step = partial(self.call, module.__name__.rsplit(".", 1)[-1], module.step)  # type: ignore[attr-defined]

    def call(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        self._inner_s.append(0.0)
        begin = time.thread_time()
        result = function(*args)
        took, inner = time.thread_time() - begin, self._inner_s.pop()
        self._inner_s[-1] += took
        self.spent_s[name] += took - inner
        return result


def moments(scene: Scene, seconds: float, clock: Clock) -> Iterator[GroundTracks]:
    """What the smoother makes of the looks; it is no measure, but its time is taken too."""
    smoother = MotionSmoother(MotionParams())
    for located in scene.looks(seconds):
        yield from clock.call("(motion)", smoother.step, located)


def run(scene: Scene, seconds: float, clock: Clock) -> Array:
    """Milliseconds of each step, after `WARMS_S`."""
    shown = phases(WARMS_S + seconds)
    measures = OnGround(scene.camera, scene.camera.ground_places, shown)
    took: list[float] = []
    for tracks in moments(scene, WARMS_S + seconds, clock):
        if tracks.time_ns == round(WARMS_S * SECOND_NS):
            clock.spent_s.clear()
            took.clear()
        begin = time.thread_time()
        clock.call("others", measures.step, tracks, shown)
        took.append(1e3 * (time.thread_time() - begin))
    return np.array(took)


def best(scene: Scene, seconds: float, clock: Clock) -> tuple[Array, dict[str, float]]:
    """The best that each step did in three rounds; milliseconds a step of each part in the best round."""
    rounds = []
    for _ in range(ROUNDS):
        took = run(scene, seconds, clock)
        rounds.append((took, {name: 1e3 * spent / len(took) for name, spent in clock.spent_s.items()}))
    return np.min([took for took, _ in rounds], axis=0), min(rounds, key=lambda one: float(one[0].sum()))[1]


ROUNDS = 3
WARMS_S = 8.0
"""Until ways that are compared with one another have got as long as they get."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", type=int, nargs="*", default=[20, 100, 200, 500, 1000, 2000])
    parser.add_argument("--seconds", type=float, default=20.0, help="that are timed")
    parser.add_argument("--parts", action="store_true", help="measure by measure; the watching itself costs 1 %%")
    options = parser.parse_args()
    clock = Clock()
    if options.parts:
        for module in MODULES:
            clock.watch(module)
    before: tuple[int, float] | None = None
    print(f"10 Hz, milliseconds of processor time a step; bar: {BAR_MS:g} ms for {BAR_TRACKS:,} road users")
    for n in options.tracks:
        took, parts = best(Scene(n), options.seconds, clock)
        mean = float(took.mean())
        bar = f"  {mean / BAR_MS:4.2f} of the bar" if n == BAR_TRACKS else ""
        growth = f"  grows as n^{np.log(mean / before[1]) / np.log(n / before[0]):.2f}" if before else ""
        slow = f"p95 {np.quantile(took, 0.95):6.2f}  slowest {took.max():6.2f}"
        print(f"{n:5d} road users: all measures {mean:6.2f}  {slow}  (motion {parts['(motion)']:5.2f}){bar}{growth}")
        if options.parts:
            dearest = sorted(parts.items(), key=lambda part: -part[1])
            print("      " + "  ".join(f"{name} {ms:.2f}" for name, ms in dearest))
        before = n, mean


if __name__ == "__main__":
    main()
