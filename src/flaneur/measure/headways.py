"""Headways and gaps at lines, in seconds. A lane is a line: whoever wants them lane by lane draws one line per lane.

The headway is the time from front to front of two road users that cross a line in the same direction one after the
other; the gap is the time from the rear of the first to the front of the second (HCM 2010, chapter 4). What crosses
the line is the middle of the footprint; front and rear do so half the length earlier and later, at the speed and the
acceleration that the road user has there. Who creeps is taken as going at `SLOWEST_MPS`, so that a road user that
stops on the line does not have a front from long ago.

No gap is told that is longer than `LONGEST_GAP_S`, since the second does not follow the first then, and none below 0,
since they go side by side; both have their headway. Across time that was not observed there is neither.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flaneur.data.private import Private, Samples
from flaneur.data.time import SECOND_NS
from flaneur.measure.memory import put
from flaneur.measure.paths import Moments
from flaneur.measure.segments import Array
from flaneur.measure.speeds import group_of

SLOWEST_MPS = 1.0
"""Nobody's front is ahead of its middle by more than its length over this."""
LONGEST_GAP_S = 60.0
"""Far above any car-following; longer gaps say that nobody was there."""
LONGEST_STEP_NS = SECOND_NS
"""What lies between two frames farther apart than this was not observed."""
NEVER_NS = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class HeadwayState(Private):
    """The latest crossing of each line in each direction."""

    frame_ns: int
    """Time of the latest frame."""
    since_ns: int
    """From when on everything was observed."""
    middle_ns: NDArray[np.int64]
    """[2 · lines] when the middle crossed, line by line, to the right and to the left; `NEVER_NS` if nobody did."""
    ahead_s: Array
    """[2 · lines] by how much its front was earlier."""
    behind_s: Array
    """[2 · lines] by how much its rear is later."""
    noise_s: Array
    """[2 · lines] standard deviation of the moment."""


def start(lines: int) -> HeadwayState:
    """Nobody has crossed any of so many lines."""
    none = np.zeros(2 * lines)
    return HeadwayState(NEVER_NS, NEVER_NS, np.full(2 * lines, NEVER_NS), none, none, none)


def step(state: HeadwayState, time_ns: int, at_lines: Moments) -> tuple[HeadwayState, Samples, Samples]:
    """One frame and what crossed: headways and gaps, told at the second road user's crossing, of its kind.

    The group is 0 for crossings to the right and 1 for those to the left.
    """
    unbroken = state.frame_ns != NEVER_NS and time_ns - state.frame_ns <= LONGEST_STEP_NS
    state = replace(state, frame_ns=time_ns, since_ns=state.since_ns if unbroken else time_ns)
    return _cross(state, at_lines) if len(at_lines) else (state, Samples.none(), Samples.none())


def finish(state: HeadwayState, at_lines: Moments) -> tuple[Samples, Samples]:
    """The crossings that are settled only by the end of the video."""
    return _cross(state, at_lines)[1:]


def _cross(state: HeadwayState, at: Moments) -> tuple[HeadwayState, Samples, Samples]:
    lane = 2 * at.place + group_of(at.direction)
    order = np.lexsort((at.time_ns, lane))
    lane, middle_ns = lane[order], at.time_ns[order]
    speed = np.maximum(at.speed_mps[order], SLOWEST_MPS)
    ahead_s, behind_s = (_half_s(at.length_m[order] / 2, speed, sign * at.along_mps2[order]) for sign in (-1, 1))
    new = (middle_ns, ahead_s, behind_s, np.nan_to_num(at.sigma_m[order] / speed))
    old = (state.middle_ns, state.ahead_s, state.behind_s, state.noise_s)
    before_ns, before_ahead_s, before_behind_s, before_noise_s = (
        _before(lane, *columns) for columns in zip(new, old, strict=True)
    )
    known = (before_ns >= state.since_ns) & (before_ns != NEVER_NS) & (middle_ns > before_ns)
    middles_s = np.where(known, middle_ns - before_ns, 0) / SECOND_NS
    # where a speed is not known, the middle stands for the front and there is no gap
    headway_s = middles_s - np.nan_to_num(ahead_s) + np.nan_to_num(before_ahead_s)
    gap_s = middles_s - ahead_s - before_behind_s
    noise = np.hypot(new[3], before_noise_s)
    told = [
        _samples(at, order[rows], value[rows], noise[rows])
        for value, rows in (
            (headway_s, np.flatnonzero(known & (headway_s > 0.0))),
            (gap_s, np.flatnonzero(known & (gap_s >= 0.0) & (gap_s <= LONGEST_GAP_S))),
        )
    ]
    # a crossing that was settled after a later one does not come back as the latest
    latest = middle_ns >= state.middle_ns[lane]
    columns = (put(column, lane[latest], values[latest]) for column, values in zip(old, new, strict=True))
    return HeadwayState(state.frame_ns, state.since_ns, *columns), told[0], told[1]


def _half_s(half_m: Array, speed_mps: Array, along_mps2: Array) -> Array:
    """Time for half a length at this speed and acceleration; at most twice what it takes at the speed alone.

    The root of half_m = v·t + a·t²/2 in a form that holds for a = 0 too.
    """
    end_mps = np.sqrt(np.maximum(speed_mps**2 + 2 * along_mps2 * half_m, 0.0))
    time_s: Array = 2 * half_m / (speed_mps + end_mps)
    return time_s


def _before(lane: NDArray[np.intp], new: NDArray[Any], old: NDArray[Any]) -> NDArray[Any]:
    """What the one before has in a column, for rows sorted by lane and time."""
    before = np.roll(new, 1)
    first = np.ones(len(lane), np.bool_)
    first[1:] = lane[1:] != lane[:-1]
    before[first] = old[lane[first]]
    return before


def _samples(at: Moments, rows: NDArray[np.intp], value_s: Array, noise_s: Array) -> Samples:
    return Samples(
        at.time_ns[rows],
        at.place[rows],
        group_of(at.direction[rows]),
        at.kind[rows],
        value_s,
        noise_s,
        np.zeros(len(rows)),
    )
