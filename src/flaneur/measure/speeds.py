"""Speeds on the ground, in m/s: at lines, through zones and over whole paths; accelerations in zones, in m/s².

Three different means of speed, which must not be mixed up:

- The mean of spot speeds at a line is the *time-mean* speed. The 85th percentile (v85) is taken of these by convention.
- Their harmonic mean is the *space-mean* speed, which belongs to density and travel time. It is never higher: time-mean
  = space-mean + variance of the space distribution / space-mean (Wardrop 1952, "Some theoretical aspects of road
  traffic research").
- Along-path speed in a zone is way over time of each passage, standing included (Edie 1963, "Discussion of traffic
  stream measurements and definitions", for one road user). The mean over passages weighs each road user alike.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flaneur.data.geometry import IN, OUT
from flaneur.data.private import GroundTracks, Samples
from flaneur.data.time import SECOND_NS
from flaneur.measure.memory import NO_SAMPLES, TrackTable, admit, evict, find, put, rows_of
from flaneur.measure.paths import NOW, Moments, Paths, along_mps2
from flaneur.measure.segments import Array

SHORTEST_PATH_S = 1.0
"""A track must last so long for its path to have a speed."""
SHORTEST_PATH_M = 2.0
"""And be so long: who never leaves the spot is parked, not slow."""
SPEEDING_UP, BRAKING = 0, 1
"""Groups of acceleration."""
CHANGE_S = 1.0
"""An acceleration is as uncertain as the difference of two speeds this far apart."""
NEVER_NS = np.iinfo(np.int64).max


def group_of(direction: NDArray[np.int8]) -> NDArray[np.int8]:
    """0 to the right of a line, 1 to its left."""
    return (direction < 0).astype(np.int8)


def spot_speed(at_lines: Moments) -> Samples:
    """Speed of each crossing at its moment; the group is 0 for crossings to the right and 1 for those to the left."""
    if not len(at_lines):
        return NO_SAMPLES
    told = np.flatnonzero(np.isfinite(at_lines.speed_mps))
    speed = at_lines.speed_mps[told]
    return Samples(
        at_lines.time_ns[told],
        at_lines.place[told],
        group_of(at_lines.direction[told]),
        at_lines.kind[told],
        speed,
        np.nan_to_num(at_lines.sigma_mps[told]),
        speed * at_lines.scale_sigma[told],
    )


def path_speed(paths: Paths, rows: NDArray[np.intp]) -> Samples:
    """Way over time of the whole paths of tracks that end, standing included; the only place is the whole scene."""
    if not len(rows):
        return NO_SAMPLES
    time_s = (paths.time_ns[rows, NOW] - paths.first_ns[rows]) / SECOND_NS
    long = (time_s >= SHORTEST_PATH_S) & (paths.path_m[rows, NOW] >= SHORTEST_PATH_M)
    rows, time_s = rows[long], time_s[long]
    speed = paths.path_m[rows, NOW] / time_s
    none = np.zeros(len(rows), np.int8)
    return Samples(
        paths.time_ns[rows, NOW],
        none.astype(np.int32),
        none,
        paths.kind[rows],
        speed,
        np.hypot(paths.first_sigma_m[rows], paths.sigma_m[rows]) / time_s,
        speed * paths.scale_sigma[rows],
    )


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Visits(TrackTable):
    """Where tracks that are in a zone entered it, and how hard they have braked there."""

    BLANK = {"entered_ns": NEVER_NS, "strongest_mps2": -np.inf}  # noqa: RUF012

    entered_ns: NDArray[np.int64]
    """[m, zones]"""
    path_m: Array
    """[m, zones] way at the entry."""
    sigma_m: Array
    """[m, zones] error of the position at the entry."""
    strongest_mps2: Array
    """[m, zones, 2] highest acceleration and deceleration along the path since then."""


def start(zones: int) -> Visits:
    """Nobody is in any of so many zones."""
    none = np.zeros((0, zones))
    return Visits(np.zeros(0, np.int64), none.astype(np.int64), none, none, np.zeros((0, zones, 2)))


def step(
    state: Visits, tracks: GroundTracks, inside: NDArray[np.bool_], at_zones: Moments
) -> tuple[Visits, Samples, Samples]:
    """One frame: along-path speed, and strongest acceleration, of each passage through a zone that it completes.

    A passage is complete when the track entered the zone and left it. The acceleration has two groups, `SPEEDING_UP`
    and `BRAKING`, both as positive values; who never sped up has no sample in the first.
    """
    entries = np.flatnonzero(at_zones.direction == IN)
    if not len(state) and not len(entries):
        return state, NO_SAMPLES, NO_SAMPLES
    entered_ns, path_m, sigma_m = state.entered_ns.copy(), state.path_m, state.sigma_m
    if len(entries):
        state, _, _ = admit(state, np.unique(at_zones.track_id[entries]))
        at = state.track_id.searchsorted(at_zones.track_id[entries]), at_zones.place[entries]
        entered_ns = put(state.entered_ns, at, at_zones.time_ns[entries])
        path_m, sigma_m = (put(getattr(state, n), at, getattr(at_zones, n)[entries]) for n in ("path_m", "sigma_m"))
    strongest = _strongest(state, tracks, inside, entered_ns)
    state = Visits(state.track_id, entered_ns, path_m, sigma_m, strongest)
    speed, acceleration = NO_SAMPLES, NO_SAMPLES
    if (at_zones.direction == OUT).any():
        speed, acceleration, left = _leave(state, at_zones)
        entered_ns[left] = NEVER_NS
        strongest[left] = -np.inf
    over = (entered_ns == NEVER_NS).all(axis=1)
    over[rows_of(state, tracks.ended)] = True
    return evict(state, np.flatnonzero(over)), speed, acceleration


def finish(state: Visits, at_zones: Moments) -> tuple[Samples, Samples]:
    """The passages that are known to be complete only because the video ends."""
    return _leave(state, at_zones)[:2]


def _strongest(state: Visits, tracks: GroundTracks, inside: NDArray[np.bool_], entered_ns: NDArray[np.int64]) -> Array:
    out = state.strongest_mps2.copy()
    row, known = find(state, tracks.track_id)
    here = np.flatnonzero(known)
    row, along = row[here], along_mps2(tracks)[here]
    i, zone = np.nonzero(inside.take(here, axis=0) & (entered_ns != NEVER_NS).take(row, axis=0))
    row, along = row[i], along[i]
    for group, sign in ((SPEEDING_UP, 1.0), (BRAKING, -1.0)):
        out[row, zone, group] = np.fmax(out[row, zone, group], sign * along)
    return out


def _leave(state: Visits, at_zones: Moments) -> tuple[Samples, Samples, tuple[NDArray[np.intp], NDArray[np.int32]]]:
    """Speed and acceleration of the passages that are over, and which rows and zones these are."""
    exits = np.flatnonzero(at_zones.direction == OUT)
    row, held = find(state, at_zones.track_id[exits])
    exits, row = exits[held], row[held]
    visited = state.entered_ns[row, at_zones.place[exits]] < at_zones.time_ns[exits]
    exits, row = exits[visited], row[visited]
    time_ns, place, kind = at_zones.time_ns[exits], at_zones.place[exits], at_zones.kind[exits]
    scale = at_zones.scale_sigma[exits]
    left = (row, place)
    time_s = (time_ns - state.entered_ns[left]) / SECOND_NS
    # velocities that contradict positions may make a way that leads back
    speed = np.maximum(at_zones.path_m[exits] - state.path_m[left], 0.0) / time_s
    noise = np.hypot(state.sigma_m[left], at_zones.sigma_m[exits]) / time_s
    speeds = Samples(time_ns, place, np.zeros(len(exits), np.int8), kind, speed, noise, speed * scale)
    value = np.maximum(state.strongest_mps2[left], -1.0)
    i, group = np.nonzero(value > 0.0)
    strongest = value[i, group]
    spread = np.sqrt(2.0) / CHANGE_S * np.nan_to_num(at_zones.sigma_mps[exits][i])
    accelerations = Samples(
        time_ns[i], place[i], group.astype(np.int8), kind[i], strongest, spread, strongest * scale[i]
    )
    return speeds, accelerations, left
