"""Road users on given paths in metres, as the measures get them from the ground stage."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from flaneur.data.kinds import FOOTPRINT_M, Kind
from flaneur.data.private import GroundTracks
from flaneur.data.time import to_ns


def tracks_m(
    time_s: float,
    xy: ArrayLike,
    velocity: ArrayLike = np.nan,
    acceleration: ArrayLike = np.nan,
    *,
    ids: Sequence[int] | None = None,
    kind: ArrayLike = Kind.CAR,
    sigma_m: ArrayLike = 0.0,
    sigma_mps: ArrayLike = 0.0,
    scale_sigma: ArrayLike = 0.0,
    ended: Sequence[int] = (),
) -> GroundTracks:
    """One moment; what is given as one value is the same for all."""
    xy = np.asarray(xy, np.float64).reshape(-1, 2)
    n = len(xy)
    kinds = np.broadcast_to(np.asarray(kind, np.uint8), n).copy()
    vectors = [np.broadcast_to(np.asarray(v, np.float64), (n, 2)).copy() for v in (velocity, acceleration)]
    scalars = [np.broadcast_to(np.asarray(v, np.float64), n).copy() for v in (sigma_m, sigma_mps, scale_sigma)]
    return GroundTracks(
        to_ns(time_s),
        xy,
        *vectors,
        np.arctan2(vectors[0][:, 1], vectors[0][:, 0]),
        np.array([FOOTPRINT_M[Kind(k)] for k in kinds], np.float64).reshape(-1, 2),
        *scalars,
        np.array(range(1, n + 1) if ids is None else ids, np.int64),
        kinds,
        np.array(ended, np.int64),
    )


@dataclass
class Drive:
    """Positions in metres, one for each frame from `start` on."""

    path: ArrayLike
    start: int = 0
    kind: Kind = Kind.CAR
    sigma_m: float = 0.0
    sigma_mps: float = 0.0
    scale_sigma: float = 0.0


def roll(
    *drives: Drive, rate: float = 10.0, frames: int | None = None, ids: Sequence[int] | None = None
) -> list[GroundTracks]:
    """All frames of a scene, a drive's velocity and acceleration from its neighbouring positions.

    A drive is reported as ended in the frame after its last.
    """
    ids = ids or range(1, len(drives) + 1)
    columns = [_motion(drive, rate) for drive in drives]
    last = [drive.start + len(xy) - 1 for drive, (xy, _, _) in zip(drives, columns, strict=True)]
    out = []
    for frame in range(frames or max(last) + 2):
        here = [n for n, drive in enumerate(drives) if drive.start <= frame <= last[n]]
        rows = [np.array([c[frame - drives[n].start] for c in columns[n]]) for n in here]
        xy, velocity, acceleration = np.array(rows).reshape(-1, 3, 2).transpose(1, 0, 2)
        options: dict[str, Any] = {
            name: [getattr(drives[n], name) for n in here] for name in ("kind", "sigma_m", "sigma_mps", "scale_sigma")
        }
        ended = [ids[n] for n in range(len(drives)) if last[n] == frame - 1]
        out.append(
            tracks_m(frame / rate, xy, velocity, acceleration, ids=[ids[n] for n in here], ended=ended, **options)
        )
    return out


def _motion(drive: Drive, rate: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    xy = np.asarray(drive.path, np.float64).reshape(-1, 2)
    if len(xy) < 3:
        unknown = np.full(xy.shape, np.nan)
        return xy, unknown, unknown
    velocity = np.gradient(xy, axis=0) * rate
    return xy, velocity, np.gradient(velocity, axis=0) * rate
