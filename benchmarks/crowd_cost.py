"""What crowd figures cost against the number of people, in milliseconds of processor time, and beside PedPy.

    OMP_NUM_THREADS=1 python benchmarks/crowd_cost.py [--people N ...] [--per-m2 D]

People stand and walk anywhere on a square with five zones; frames come at 10 Hz and one in ten is looked at. `look` is
one look with all figures, `cells` the part of it that divides the ground, and `step` the mean over the frames. The bar
is 25 ms for a look at 1,000 people, and 10 ms a step for all measures together. PedPy does the cells, the Voronoi
density and the classic density of the same zones from a table of one frame. The best of five rounds counts.
"""

import argparse
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import pedpy

from flaneur.data.geometry import GroundZone
from flaneur.data.kinds import Kind
from flaneur.data.private import GroundTracks
from flaneur.data.time import SECOND_NS
from flaneur.measure import crowd
from flaneur.measure.crowd import CUTOFF_M, CrowdZones
from flaneur.measure.voronoi import own_ground

CORNERS = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float64)
ZONES = ((0.1, 0.1, 0.2), (0.5, 0.1, 0.4), (0.1, 0.5, 0.3), (0.6, 0.6, 0.3), (0.2, 0.2, 0.4))
"""x, y and width as shares of the square."""
FRAMES = 10


def zones(side_m: float) -> tuple[GroundZone, ...]:
    return tuple(
        GroundZone(f"zone {n}", side_m * (np.array((x, y)) + width * CORNERS)) for n, (x, y, width) in enumerate(ZONES)
    )


def second(people: int, side_m: float) -> list[GroundTracks]:
    rng = np.random.default_rng(0)
    xy, velocity = rng.uniform(0, side_m, (people, 2)), rng.normal(0, 0.8, (people, 2))
    same, ids = np.full(people, 0.1), np.arange(people)
    kind, ended = np.full(people, Kind.PEDESTRIAN, np.uint8), np.zeros(0, np.int64)
    heading, size = np.arctan2(*velocity.T[::-1]), np.full((people, 2), 0.5)
    return [
        GroundTracks(
            n * SECOND_NS // FRAMES,
            xy + velocity * n / FRAMES,
            velocity,
            np.zeros((people, 2)),
            heading,
            size,
            same,
            same,
            0.3 * same,
            ids,
            kind,
            ended,
        )
        for n in range(FRAMES)
    ]


def best_ms(run: Callable[[], object]) -> float:
    rounds = []
    for _ in range(5):
        begin = time.process_time()
        run()
        rounds.append(time.process_time() - begin)
    return min(rounds) * 1e3


def ours(people: int, side_m: float) -> tuple[float, float, float]:
    """Look, cells, and mean of a step."""
    params, frames = CrowdZones.of(zones(side_m)), second(people, side_m)
    start = crowd.start(params)

    def steps() -> None:
        state = start
        for tracks in frames:
            state, _ = crowd.step(state, tracks, params)

    return (
        best_ms(lambda: crowd.step(start, frames[0], params)),
        best_ms(lambda: own_ground(frames[0].xy_m, params.polygon, CUTOFF_M)),
        best_ms(steps) / FRAMES,
    )


def theirs(people: int, side_m: float) -> float:
    x, y = second(people, side_m)[0].xy_m.T
    table = pd.DataFrame({"id": np.arange(people), "frame": 0, "x": x, "y": y})
    data = pedpy.TrajectoryData(table, frame_rate=FRAMES)
    floor = pedpy.WalkableArea(side_m * CORNERS)
    areas = [pedpy.MeasurementArea(zone.polygon_m) for zone in zones(side_m)]

    def run() -> None:
        cells = pedpy.compute_individual_voronoi_polygons(
            traj_data=data, walkable_area=floor, cut_off=pedpy.Cutoff(radius=CUTOFF_M)
        )
        for area in areas:
            pedpy.compute_voronoi_density(individual_voronoi_data=cells, measurement_area=area)
            pedpy.compute_classic_density(traj_data=data, measurement_area=area)

    return best_ms(run)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, nargs="*", default=[10, 100, 300, 1000, 3000])
    parser.add_argument("--per-m2", type=float, default=2.0)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    before: tuple[int, float] | None = None
    print(f"{args.per_m2:g} people per m², five zones, cut-off {CUTOFF_M:g} m; milliseconds")
    for people in args.people:
        side_m = np.sqrt(people / args.per_m2)
        look, cells, step = ours(people, side_m)
        reference = theirs(people, side_m)
        growth = f"  grows as n^{np.log(look / before[1]) / np.log(people / before[0]):.2f}" if before else ""
        print(
            f"{people:5d} people: look {look:7.2f}  cells {cells:7.2f}  step at 10 Hz {step:6.2f}"
            f"  PedPy {reference:8.2f} = {reference / cells:4.1f} × cells{growth}"
        )
        before = people, look


if __name__ == "__main__":
    main()
