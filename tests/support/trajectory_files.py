"""Trajectories as files, of road users whose every figure is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Ride:
    """Positions in metres, one for each look from `start_s` on."""

    path: ArrayLike
    kind: str = "car"
    start_s: float = 0.0


def drive(start_xy: ArrayLike, velocity_mps: ArrayLike, seconds: float, rate: float = 10.0) -> np.ndarray:
    """A path at an even speed."""
    time_s = np.arange(round(seconds * rate) + 1) / rate
    return np.asarray(start_xy) + time_s[:, None] * np.asarray(velocity_mps)


def stand(xy: ArrayLike, seconds: float, rate: float = 10.0) -> np.ndarray:
    """The same place for some time."""
    return np.tile(np.asarray(xy, np.float64), (round(seconds * rate) + 1, 1))


def then(*paths: np.ndarray) -> np.ndarray:
    """One path after the other; each begins where the one before ended."""
    out = paths[0]
    for path in paths[1:]:
        out = np.concatenate((out, out[-1] + (path - path[0])[1:]))
    return out


def write_csv(path: Path, rides: Sequence[Ride], rate: float = 10.0, ids: Sequence[object] | None = None) -> Path:
    """`time_s,id,x_m,y_m,kind`, sorted by time; returns the path."""
    rows = []
    for ride, name in zip(rides, ids or range(len(rides)), strict=True):
        for k, (x, y) in enumerate(np.asarray(ride.path, np.float64)):
            rows.append((ride.start_s + k / rate, f"{name},{x:.4f},{y:.4f},{ride.kind}"))
    rows.sort(key=lambda row: row[0])
    lines = (f"{time_s:.3f},{rest}\n" for time_s, rest in rows)
    path.write_text("time_s,id,x_m,y_m,kind\n" + "".join(lines))
    return path
