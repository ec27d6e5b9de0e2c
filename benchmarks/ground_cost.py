"""What locating road users and smoothing their motion costs for each look, in milliseconds of processor time.

    python benchmarks/ground_cost.py [--tracks N ...] [--rate N] [--looks N]

Half of the road users are cars, the rest walk; half a percent of them change at each look. The best of three rounds
counts; the first three seconds, in which the window fills, do not.
"""

import argparse
import time

import numpy as np

from flaneur.data.kinds import Kind
from flaneur.data.private import Tracks
from flaneur.ground.fit import fit_points
from flaneur.ground.locate import ALIKE_S, locate
from flaneur.ground.motion import MotionParams, MotionSmoother
from flaneur.ground.plane import GroundPlane

SIZE_PX = 1920, 1080
FILLS_S = 3


def square() -> GroundPlane:
    """A square of 60 m before a camera in the middle of one side."""
    picture = np.array([(100.0, 1000.0), (1820.0, 1000.0), (1200.0, 250.0), (720.0, 250.0)])
    metres = np.array([(0.0, 0.0), (60.0, 0.0), (60.0, 60.0), (0.0, 60.0)])
    return fit_points(picture, metres, *SIZE_PX)


def walkers(plane: GroundPlane, n: int, rate: float, looks: int) -> list[Tracks]:
    rng = np.random.default_rng(0)
    xy, velocity = rng.uniform(5, 55, (n, 2)), rng.normal(0, 1.5, (n, 2))
    ids, changing, out = np.arange(n), max(1, n // 200), []
    ended = ids[:0]
    kind = np.where(np.arange(n) % 2, Kind.CAR, Kind.PEDESTRIAN).astype(np.uint8)
    for look in range(looks):
        xy = np.clip(xy + velocity / rate, 5, 55)
        foot = plane.to_picture(xy) + rng.normal(0, 1, (n, 2))
        box = np.hstack((foot - np.array((12, 50)), foot + np.array((12, 0)))).astype(np.float32)
        time_ns = round(look / rate * 1e9)
        out.append(Tracks(look, time_ns, box, ids, kind, np.ones(n, np.float32), np.ones(n, np.bool_), ended))
        ended, ids = ids[:changing], np.concatenate((ids[changing:], ids[-1] + 1 + np.arange(changing)))
    return out


def cost_ms(plane: GroundPlane, looks: list[Tracks], counted_from: int) -> tuple[float, float]:
    best = np.full(2, np.inf)
    for _ in range(3):
        smoother, spent = MotionSmoother(MotionParams(alike_s=ALIKE_S)), np.zeros(2)
        for n, tracks in enumerate(looks):
            begin = time.process_time()
            located, _ = locate(tracks, plane)
            middle = time.process_time()
            smoother.step(located)
            if n >= counted_from:
                spent += middle - begin, time.process_time() - middle
        best = np.minimum(best, spent / (len(looks) - counted_from) * 1e3)
    return float(best[0]), float(best[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", type=int, nargs="*", default=[10, 100, 1000, 4000])
    parser.add_argument("--rate", type=float, default=10.0, help="looks a second")
    parser.add_argument("--looks", type=int, default=100)
    o = parser.parse_args()
    plane = square()
    for n in o.tracks:
        located, smoothed = cost_ms(plane, walkers(plane, n, o.rate, o.looks), round(FILLS_S * o.rate))
        print(
            f"{n:5d} tracks: locate {located:.2f}  motion {smoothed:.2f}  together {located + smoothed:.2f} ms a look"
        )


if __name__ == "__main__":
    main()
