"""Headways and gaps at lines, in seconds. A lane is a line: whoever wants them lane by lane draws one line per lane.

The headway is the time from front to front of two road users that cross a line in the same direction one after the
other; the gap is the time from the rear of the first to the front of the second (HCM 2010, chapter 4). What crosses
the line is the middle of the footprint. Its front did so half the length earlier, at the speed and the acceleration
that the road user has there; who creeps is taken as going at `SLOWEST_MPS`, so that nobody has a front from long ago.
Its rear does so when the road user has gone half its length further, or soon if that is before the crossing is settled.

No gap is told that is longer than `LONGEST_GAP_S`, since the second does not follow the first then, and none below 0,
since they go side by side; both have their headway. Across time that was not observed there is neither.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flaneur.data.private import Private, Samples
from flaneur.data.time import SECOND_NS
from flaneur.measure.memory import NO_SAMPLES, put
from flaneur.measure.paths import BEFORE, NOW, Moments, Paths
from flaneur.measure.segments import Array
from flaneur.measure.spans import heads
from flaneur.measure.speeds import group_of

SLOWEST_MPS = 1.0
"""Nobody's front is ahead of its middle by more than its length over this."""
LONGEST_GAP_S = 60.0
"""Far above any car-following; longer gaps say that nobody was there."""
LONGEST_STEP_NS = SECOND_NS
"""What lies between two frames farther apart than this was not observed."""
NEVER_NS = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Leaders(Private):
    """Who crossed each line last, line by line, to the right and to the left: [2 · lines] each."""

    track_id: NDArray[np.int64]
    middle_ns: NDArray[np.int64]
    """`NEVER_NS` where nobody crossed yet."""
    front_ns: NDArray[np.int64]
    rear_ns: NDArray[np.int64]
    """`NEVER_NS` until the rear has crossed."""
    rear_path_m: Array
    """Way of the track when its rear crosses."""
    noise_s: Array
    """Standard deviation of the moments."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class HeadwayState(Private):
    """What the next crossings are compared with."""

    frame_ns: int
    """Time of the latest frame."""
    since_ns: int
    """From when on everything was observed."""
    leaders: Leaders


def start(lines: int) -> HeadwayState:
    """Nobody has crossed any of so many lines."""
    none, never = np.zeros(2 * lines), np.full(2 * lines, NEVER_NS)
    return HeadwayState(NEVER_NS, NEVER_NS, Leaders(never, never, never, never, none, none))


def step(state: HeadwayState, time_ns: int, at_lines: Moments, ways: Paths) -> tuple[HeadwayState, Samples, Samples]:
    """One frame and what crossed: headways and gaps, told at the second road user's crossing, of its kind.

    The group is 0 for crossings to the right and 1 for those to the left.
    """
    unbroken = state.frame_ns != NEVER_NS and time_ns - state.frame_ns <= LONGEST_STEP_NS
    state = HeadwayState(time_ns, state.since_ns if unbroken else time_ns, _watch(state.leaders, ways))
    return _cross(state, at_lines, ways) if len(at_lines) else (state, NO_SAMPLES, NO_SAMPLES)


def finish(state: HeadwayState, at_lines: Moments, ways: Paths) -> tuple[Samples, Samples]:
    """The crossings that are settled only by the end of the video."""
    return _cross(state, at_lines, ways)[1:] if len(at_lines) else (NO_SAMPLES, NO_SAMPLES)


def _watch(leaders: Leaders, ways: Paths) -> Leaders:
    """Fill in whose rear has crossed since the frame before."""
    if not len(ways):
        return leaders
    row = np.minimum(ways.track_id.searchsorted(leaders.track_id), len(ways) - 1)
    waits = (ways.track_id[row] == leaders.track_id) & (leaders.rear_ns == NEVER_NS)
    lane = np.flatnonzero(waits & (ways.path_m[row, NOW] >= leaders.rear_path_m))
    if not len(lane):
        return leaders
    row, goal = row[lane], leaders.rear_path_m[lane]
    before, now = ways.path_m[row].T
    share = np.clip((goal - before) / np.maximum(now - before, np.finfo(np.float64).tiny), 0.0, 1.0)
    since = ways.time_ns[row, BEFORE]
    rear_ns = since + np.rint(share * (ways.time_ns[row, NOW] - since)).astype(np.int64)
    return replace(leaders, rear_ns=put(leaders.rear_ns, lane, rear_ns))


def _cross(state: HeadwayState, at: Moments, ways: Paths) -> tuple[HeadwayState, Samples, Samples]:
    lane = 2 * at.place + group_of(at.direction)
    order = np.lexsort((at.time_ns, lane))
    lane, new, old = lane[order], _leaders(at, order, ways), state.leaders
    before = Leaders(*(_before(lane, getattr(new, name), getattr(old, name)) for name in Leaders.__match_args__))
    known = (before.middle_ns >= state.since_ns) & (before.middle_ns < new.middle_ns) & (before.middle_ns != NEVER_NS)
    behind = known & (before.rear_ns != NEVER_NS)
    headway_s = np.where(known, new.front_ns - before.front_ns, 0) / SECOND_NS
    gap_s = np.where(behind, new.front_ns - before.rear_ns, 0) / SECOND_NS
    noise_s = np.hypot(new.noise_s, before.noise_s)
    headways = _samples(at, order, headway_s, noise_s, known & (headway_s > 0.0))
    gaps = _samples(at, order, gap_s, noise_s, behind & (gap_s >= 0.0) & (gap_s <= LONGEST_GAP_S))
    # a crossing that was settled after a later one does not come back as the latest
    latest = new.middle_ns >= old.middle_ns[lane]
    columns = (put(getattr(old, name), lane[latest], getattr(new, name)[latest]) for name in Leaders.__match_args__)
    return replace(state, leaders=Leaders(*columns)), headways, gaps


def _leaders(at: Moments, order: NDArray[np.intp], ways: Paths) -> Leaders:
    """What those who crossed will be to those who follow, in this order."""
    track_id, middle_ns, half_m = at.track_id[order], at.time_ns[order], at.length_m[order] / 2
    speed = np.nan_to_num(np.maximum(at.speed_mps[order], SLOWEST_MPS), nan=np.inf)  # unknown: the middle is the front
    ahead, behind = (_half_ns(half_m, speed, sign * at.along_mps2[order]) for sign in (-1, 1))
    rear_path_m = at.path_m[order] + half_m
    gone = ways.path_m[ways.track_id.searchsorted(track_id), NOW] >= rear_path_m
    rear_ns = np.where(gone, middle_ns + behind, NEVER_NS)
    return Leaders(track_id, middle_ns, middle_ns - ahead, rear_ns, rear_path_m, at.sigma_m[order] / speed)


def _half_ns(half_m: Array, speed_mps: Array, along_mps2: Array) -> NDArray[np.int64]:
    """Time for half a length at this speed and acceleration; at most twice what it takes at the speed alone.

    The root of half_m = v·t + a·t²/2 in a form that holds for a = 0 too.
    """
    end_mps = np.sqrt(np.maximum(speed_mps**2 + 2 * along_mps2 * half_m, 0.0))
    return np.rint(2 * half_m / (speed_mps + end_mps) * SECOND_NS).astype(np.int64)


def _before(lane: NDArray[np.intp], new: NDArray[Any], old: NDArray[Any]) -> NDArray[Any]:
    """What the one before has in a column, for rows sorted by lane and time."""
    first = heads(lane)
    before = np.concatenate((new[:1], new[:-1]))
    before[first] = old[lane[first]]
    return before


def _samples(at: Moments, order: NDArray[np.intp], value: Array, noise: Array, told: NDArray[np.bool_]) -> Samples:
    rows = order[told]
    group = group_of(at.direction[rows])
    return Samples(
        at.time_ns[rows], at.place[rows], group, at.kind[rows], value[told], noise[told], np.zeros(len(rows))
    )
