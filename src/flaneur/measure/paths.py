"""How far each track has gone on the ground, and how fast it was at the moments when it met lines and borders.

A crossing is told only when it is settled, which may be long after its moment; so what was true at the moment is kept.
Between two frames, way and speed change evenly.

The way of a step is the part of it that lies in the direction of the smoothed velocity. Adding up the plain lengths of
steps would count all trembling as way: at 10 Hz and an error of 0.1 m, standing road users would walk at 1.8 m/s.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flaneur.data.private import GroundTracks, Private
from flaneur.measure.memory import NO_PASSES, Passes, TrackTable, admit, put
from flaneur.measure.segments import Array

BEFORE, NOW = 0, 1
"""The two latest frames in which a track was seen."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Paths(TrackTable):
    """Each live track's latest step, and what was true when it last met each place."""

    kind: NDArray[np.uint8]
    """[m]"""
    first_ns: NDArray[np.int64]
    """[m] when the track began."""
    first_sigma_m: Array
    """[m] error of the position there."""
    time_ns: NDArray[np.int64]
    """[m, 2] `BEFORE` and `NOW`; the same in a track's first frame."""
    path_m: Array
    """[m, 2] way since the track began."""
    speed_mps: Array
    """[m, 2] NaN where it is not known."""
    xy_m: Array
    """[m, 2] now."""
    velocity_mps: Array
    """[m, 2] now; 0 where it is not known."""
    along_mps2: Array
    """[m] acceleration along the path now; 0 where it is not known."""
    length_m: Array
    """[m] of the road user itself."""
    sigma_m: Array
    """[m] as in `GroundTracks`."""
    sigma_mps: Array
    """[m] as in `GroundTracks`."""
    scale_sigma: Array
    """[m] as in `GroundTracks`."""
    met_path_m: Array
    """[m, places] way when the track last met each line or border."""
    met_speed_mps: Array
    """[m, places] speed then."""
    met_along_mps2: Array
    """[m, places] acceleration then."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Moments(Private):
    """Passages of places on the ground, n rows, with what was true at the moment of each."""

    track_id: NDArray[np.int64]
    """[n]"""
    time_ns: NDArray[np.int64]
    """[n]"""
    place: NDArray[np.int32]
    """[n] index of the line or zone."""
    direction: NDArray[np.int8]
    """[n] as in `Passes`."""
    kind: NDArray[np.uint8]
    """[n]"""
    path_m: Array
    """[n] way since the track began."""
    speed_mps: Array
    """[n] NaN where it is not known."""
    along_mps2: Array
    """[n] acceleration along the path; 0 where it is not known."""
    length_m: Array
    """[n] of the road user."""
    sigma_m: Array
    """[n] standard deviation of the position."""
    sigma_mps: Array
    """[n] standard deviation of the speed; NaN where that is not known."""
    scale_sigma: Array
    """[n] relative standard deviation of lengths and speeds from the calibration."""

    def __len__(self) -> int:
        return len(self.track_id)

    @staticmethod
    def joined(*parts: "Moments") -> "Moments":
        """All rows of `parts`, of which there must be one."""
        full = [part for part in parts if len(part)] or parts[:1]
        return full[0] if len(full) == 1 else Moments(*(_stacked(full, f.name) for f in fields(Moments)))


NO_MOMENTS = Moments(
    NO_PASSES.track_id, NO_PASSES.time_ns, NO_PASSES.place, NO_PASSES.direction, NO_PASSES.kind, *[np.zeros(0)] * 7
)


def _stacked(parts: Sequence[Moments], name: str) -> NDArray[Any]:
    return np.concatenate([getattr(part, name) for part in parts])


def start(places: int) -> Paths:
    """Nobody has been seen yet; there are so many lines and zones together."""
    none, none_ns, pair, met = np.zeros(0), np.zeros(0, np.int64), np.zeros((0, 2)), np.zeros((0, places))
    return Paths(
        track_id=none_ns,
        kind=none.astype(np.uint8),
        first_ns=none_ns,
        first_sigma_m=none,
        time_ns=pair.astype(np.int64),
        path_m=pair,
        speed_mps=pair,
        xy_m=pair,
        velocity_mps=pair,
        along_mps2=none,
        length_m=none,
        sigma_m=none,
        sigma_mps=none,
        scale_sigma=none,
        met_path_m=met,
        met_speed_mps=met,
        met_along_mps2=met,
    )


def step(state: Paths, tracks: GroundTracks, met: Passes) -> Paths:
    """One frame and what was met in it, lines before zones; tracks that end with it are still held."""
    state, row, known = admit(state, tracks.track_id)
    speed, along = _motion(tracks)
    velocity = np.where(np.isnan(tracks.velocity_mps), 0.0, tracks.velocity_mps)
    path = state.path_m[row, NOW] + np.where(known, _forward(state, row, tracks.xy_m, velocity), 0.0)
    new = row[~known]
    state = replace(
        state,
        kind=put(state.kind, row, tracks.kind),
        first_ns=put(state.first_ns, new, tracks.time_ns),
        first_sigma_m=put(state.first_sigma_m, new, tracks.sigma_m[~known]),
        time_ns=_shifted(state.time_ns, row, known, tracks.time_ns),
        path_m=_shifted(state.path_m, row, known, path),
        speed_mps=_shifted(state.speed_mps, row, known, speed),
        xy_m=put(state.xy_m, row, tracks.xy_m),
        velocity_mps=put(state.velocity_mps, row, velocity),
        along_mps2=put(state.along_mps2, row, np.where(np.isnan(along), 0.0, along)),
        length_m=put(state.length_m, row, tracks.size_m[:, 0]),
        sigma_m=put(state.sigma_m, row, tracks.sigma_m),
        sigma_mps=put(state.sigma_mps, row, tracks.sigma_mps),
        scale_sigma=put(state.scale_sigma, row, tracks.scale_sigma),
    )
    if not len(met):
        return state
    order = np.argsort(met.time_ns, kind="stable")  # of several meetings with one place the last stays
    at = state.track_id.searchsorted(met.track_id[order]), met.place[order]
    path, speed = _at(state, at[0], met.time_ns[order])
    met_path_m, met_speed_mps, met_along = (
        column.copy() for column in (state.met_path_m, state.met_speed_mps, state.met_along_mps2)
    )
    met_path_m[at], met_speed_mps[at], met_along[at] = path, speed, state.along_mps2[at[0]]
    return replace(state, met_path_m=met_path_m, met_speed_mps=met_speed_mps, met_along_mps2=met_along)


def moments(state: Paths, passes: Passes, first: int = 0) -> Moments:
    """What was true when `passes` happened; the first of their places is number `first` of all places."""
    if not len(passes):
        return NO_MOMENTS
    row = state.track_id.searchsorted(passes.track_id)
    path, speed = _at(state, row, passes.time_ns)
    earlier = passes.time_ns < state.time_ns[row, BEFORE]
    met = (row, passes.place + first)
    return Moments(
        passes.track_id,
        passes.time_ns,
        passes.place,
        passes.direction,
        passes.kind,
        np.where(earlier, state.met_path_m[met], path),
        np.where(earlier, state.met_speed_mps[met], speed),
        np.where(earlier, state.met_along_mps2[met], state.along_mps2[row]),
        state.length_m[row],
        state.sigma_m[row],
        state.sigma_mps[row],
        state.scale_sigma[row],
    )


def along_mps2(tracks: GroundTracks) -> Array:
    """Acceleration [n] in the direction of the velocity; NaN where either is not known or nobody moves."""
    return _motion(tracks)[1]


def _motion(tracks: GroundTracks) -> tuple[Array, Array]:
    """Speed, and acceleration in the direction of the velocity, [n] each."""
    (vx, vy), (ax, ay) = tracks.velocity_mps.T, tracks.acceleration_mps2.T
    speed = np.sqrt(vx * vx + vy * vy)
    return speed, (vx * ax + vy * ay) / np.where(speed > 0.0, speed, np.nan)


def _forward(state: Paths, row: NDArray[np.intp], xy_m: Array, velocity: Array) -> Array:
    """Way of each step [n] in the direction of the mean velocity; the plain distance where there is none."""
    x, y = (xy_m - state.xy_m.take(row, axis=0)).T
    vx, vy = (velocity + state.velocity_mps.take(row, axis=0)).T
    size, plain = np.sqrt(vx * vx + vy * vy), np.sqrt(x * x + y * y)
    forward: Array = np.divide(x * vx + y * vy, size, out=plain, where=size > 0.0)
    return forward


def _shifted(column: NDArray[Any], row: NDArray[np.intp], known: NDArray[np.bool_], now: Any) -> NDArray[Any]:
    """A copy of a column [m, 2] in which `NOW` has become `BEFORE`; in a track's first frame both are the same."""
    out = column.copy()
    out[row, BEFORE] = out[row, NOW]
    out[row, NOW] = now
    new = row[~known]
    out[new, BEFORE] = out[new, NOW]
    return out


def _at(state: Paths, row: NDArray[np.intp], time_ns: NDArray[np.int64]) -> tuple[Array, Array]:
    """Way and speed at moments of the latest step."""
    before, now = state.time_ns.take(row, axis=0).T
    share = (time_ns - before) / np.maximum(now - before, 1)
    path, speed = state.path_m.take(row, axis=0), state.speed_mps.take(row, axis=0)
    # a velocity that is known at one end only holds for the whole step
    speed = np.where(np.isnan(speed), speed[:, ::-1], speed)
    return _between(path, share), _between(speed, share)


def _between(column: Array, share: Array) -> Array:
    between: Array = column[:, BEFORE] + share * (column[:, NOW] - column[:, BEFORE])
    return between
