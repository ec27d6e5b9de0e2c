"""How well walking speeds survive the way through the picture: BIWI ETH, people annotated in metres 2.5 times a second.

    python benchmarks/eth.py [--data FOLDER] [--rate N ...] [--rounds N]

Each person's path (a cubic spline through the annotations) is projected to the picture with the data set's
homography, boxes get the noise of tracked boxes, and the picture is brought back to metres: once with the true plane,
once with a plane fitted to eight points that were clicked and taped with the usual errors. People are compared by
their mean speed; its band is 1.96 times the random error (one independent value per second of walk) together with
that of the calibration. The bar: mean error at most 2 %, at least 90 % of the people within their band.

No box sizes are annotated: people are 1.7 m high and seen from the side, which makes boxes, and so their noise, rather
too large. The noise is white, or forgets itself with the correlation time that the tracker's errors are said to have.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from flaneur.data.kinds import Kind
from flaneur.data.private import Tracks
from flaneur.ground.fit import fit_points
from flaneur.ground.locate import ALIKE_S, NOISE, locate
from flaneur.ground.motion import MotionParams, MotionSmoother
from flaneur.ground.plane import GroundPlane

SHARED = Path(__file__).parents[2] / "shared"
WIDTH, HEIGHT, ANNOTATED_PER_S, FRAMES_PER_STEP = 640, 480, 2.5, 6
TALL_M, SHORTEST_S = 1.7, 2.0
CLICK_PX, TAPE_M = 1.0, 0.03
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Walk:
    path: CubicSpline
    start_s: float
    end_s: float


def walks(folder: Path) -> list[Walk]:
    rows = np.loadtxt(folder / "obsmat.txt")
    out = []
    for number in np.unique(rows[:, 1]):
        own = rows[rows[:, 1] == number]
        at_s = own[:, 0] / FRAMES_PER_STEP / ANNOTATED_PER_S
        if at_s[-1] - at_s[0] >= SHORTEST_S:
            out.append(Walk(CubicSpline(at_s, own[:, [2, 4]]), at_s[0], at_s[-1]))
    return out


@dataclass(frozen=True)
class Look:
    n: int
    time_ns: int
    here: NDArray[np.int64]
    feet_m: Array
    speed_mps: Array


class Scene:
    """The data set's own homography leads from rows and columns of the picture to metres."""

    def __init__(self, folder: Path) -> None:
        self._to_picture = np.linalg.inv(np.loadtxt(folder / "H.txt"))
        self.walks = walks(folder)

    def pixels(self, xy_m: Array) -> Array:
        row, column, w = self._to_picture @ np.vstack((xy_m.T, np.ones(len(xy_m))))
        return np.stack((column / w, row / w), axis=1)

    def plane(self, rng: np.random.Generator | None) -> GroundPlane:
        """Through points on the border of where people walk; with the errors of a person if `rng` is given."""
        every = np.concatenate([walk.path(walk.path.x) for walk in self.walks])
        (x0, y0), (x1, y1) = np.quantile(every, (0.01, 0.99), axis=0)
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        taped = np.array([(x0, y0), (x, y0), (x1, y0), (x1, y), (x1, y1), (x, y1), (x0, y1), (x0, y)])
        clicked = self.pixels(taped)
        if rng is not None:
            clicked = clicked + rng.normal(0, CLICK_PX, clicked.shape)
            taped = taped + rng.normal(0, TAPE_M, taped.shape)
        return fit_points(clicked, taped, WIDTH, HEIGHT)

    def truth(self, rate: float) -> list[Look]:
        """Who is where, `rate` times a second."""
        starts, ends = np.array([(walk.start_s, walk.end_s) for walk in self.walks]).T
        out = []
        for n in range(int(starts.min() * rate), int(ends.max() * rate) + 1):
            here = np.flatnonzero((starts <= n / rate) & (n / rate <= ends))
            paths = [self.walks[i].path for i in here]
            feet = np.array([path(n / rate) for path in paths]).reshape(-1, 2)
            speeds = np.array([np.hypot(*path(n / rate, 1)) for path in paths])
            out.append(Look(n, round(n / rate * 1e9), here, feet, speeds))
        return out

    def tracked(self, looks: list[Look], rate: float, alike_s: float, rng: np.random.Generator) -> Iterator[Tracks]:
        """What a tracker would say."""
        errors = rng.normal(0, 1, (len(self.walks), 2))
        kept = np.exp(-1.0 / (rate * alike_s)) if alike_s else 0.0
        last = np.zeros(0, np.int64)
        for look in looks:
            errors = kept * errors + np.sqrt(1 - kept**2) * rng.normal(0, 1, errors.shape)
            foot, aside = self.pixels(look.feet_m), self.pixels(look.feet_m + np.array((0.0, 1.0)))
            high = TALL_M * np.linalg.norm(aside - foot, axis=1)
            x, y = (foot + errors[look.here] * NOISE * high[:, None]).T
            box = np.stack((x - high / 6, y - high, x + high / 6, y), axis=1).astype(np.float32)
            ones = np.ones(len(look.here), np.float32)
            kind = np.full(len(look.here), Kind.PEDESTRIAN, np.uint8)
            yield Tracks(look.n, look.time_ns, box, look.here, kind, ones, ones > 0, np.setdiff1d(last, look.here))
            last = look.here


def people(tracks: Iterator[Tracks], looks: list[Look], plane: GroundPlane, rate: float, alike_s: float) -> Array:
    """[n, 4] means of each person: true speed, measured speed, its random error, that of the calibration."""
    smoother = MotionSmoother(MotionParams(alike_s=alike_s))
    moments = [moment for look in tracks for moment in smoother.step(locate(look, plane)[0])] + smoother.flush()
    rows = np.concatenate(
        [
            np.stack(
                (
                    moment.track_id,
                    look.speed_mps,
                    np.hypot(*moment.velocity_mps.T),
                    moment.sigma_mps**2,
                    moment.scale_sigma,
                )
            )
            for look, moment in zip(looks, moments, strict=True)
        ],
        axis=1,
    )
    rows = rows[:, np.isfinite(rows).all(axis=0)]
    number = rows[0].astype(int)
    looks_of = np.bincount(number)
    true, speed, variance, scale = (np.bincount(number, row)[looks_of > 0] / looks_of[looks_of > 0] for row in rows[1:])
    seconds = np.maximum(1.0, looks_of[looks_of > 0] / rate)
    return np.stack((true, speed, np.sqrt(variance / seconds), scale), axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "eth", help="folder with obsmat.txt and H.txt")
    parser.add_argument("--rate", type=float, nargs="*", default=[2.5, 10])
    parser.add_argument("--rounds", type=int, default=1, help="calibrations and noises to average over")
    o = parser.parse_args()
    if not (o.data / "obsmat.txt").is_file() or not (o.data / "H.txt").is_file():
        sys.exit(f"{o.data}: no obsmat.txt and H.txt; name their folder with --data")
    scene = Scene(o.data)
    print(f"{len(scene.walks)} people; bar: mean error within 2 %, 90 % of people in their band")
    print("plane   noise  looks/s   speed  measured   error  each ±  in band  band ±")
    for rate in o.rate:
        looks = scene.truth(rate)
        for taped in (False, True):
            for alike_s in (0.0, ALIKE_S):
                show(scene, looks, taped, alike_s, rate, o.rounds)


def show(scene: Scene, looks: list[Look], taped: bool, alike_s: float, rate: float, rounds: int) -> None:
    found = []
    for seed in range(rounds):
        rng = np.random.default_rng(seed)
        plane = scene.plane(rng if taped else None)
        rows = people(scene.tracked(looks, rate, alike_s, rng), looks, plane, rate, alike_s)
        rows[:, 3] *= taped
        found.append(rows)
    true, speed, noise, scale = np.concatenate(found).T
    band = 1.96 * np.hypot(noise, scale * speed)
    error = speed - true
    print(
        f"{'taped' if taped else 'true':<7} {'alike' if alike_s else 'white'}  {rate:7.1f}  {true.mean():6.3f}  "
        f"{speed.mean():8.3f}  {error.mean() / true.mean():+6.2%}  {np.abs(error).mean() / true.mean():6.2%}  "
        f"{np.mean(np.abs(error) <= band):7.1%}  {band.mean():6.3f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
