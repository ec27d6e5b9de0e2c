"""Road users on given paths, as the motion smoother gets them."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import FOOTPRINT_M, Kind
from flaneur.data.private import GroundTracks
from flaneur.data.time import to_ns
from flaneur.ground.motion import Located, MotionParams, MotionSmoother

Path = Callable[[float], NDArray[np.float64]]
"""Seconds -> [n, 2] metres; NaN for who is not seen."""


def located(
    path: Path,
    times_s: Sequence[float],
    *,
    sigma_m: float = 0.05,
    kind: Kind = Kind.PEDESTRIAN,
    ids: Sequence[int] | None = None,
    behind: tuple[float, float] = (0.0, 0.0),
) -> list[Located]:
    """One look for each time; who is never seen again has ended in the look after the last one."""
    seen = np.array([~np.isnan(path(t)[:, 0]) for t in times_s])
    number = np.arange(seen.shape[1]) if ids is None else np.array(ids, np.int64)
    last = [int(np.flatnonzero(column).max(initial=-1)) for column in seen.T]
    out = []
    for n, t in enumerate(times_s):
        here = np.flatnonzero(seen[n])
        rows = len(here)
        out.append(
            Located(
                time_ns=to_ns(t),
                xy_m=path(t)[here],
                sigma_m=np.full(rows, sigma_m),
                scale_sigma=np.zeros(rows),
                heading_rad=np.full(rows, np.nan),
                size_m=np.tile(FOOTPRINT_M[kind], (rows, 1)),
                behind=np.tile(behind, (rows, 1)),
                depth_rad=np.full(rows, np.arctan2(behind[1], behind[0])),
                track_id=number[here],
                kind=np.full(rows, kind, np.uint8),
                ended=number[[i for i, final in enumerate(last) if final == n - 1 and final >= 0]],
            )
        )
    return out


def smoothed(looks: Sequence[Located], params: MotionParams | None = None) -> list[GroundTracks]:
    """All moments of a scene."""
    smoother = MotionSmoother(params)
    return [moment for look in looks for moment in smoother.step(look)] + smoother.flush()


def column(moments: Sequence[GroundTracks], name: str) -> NDArray[np.float64]:
    """[moments, n, …] where everybody is always there."""
    return np.stack([getattr(moment, name) for moment in moments])
