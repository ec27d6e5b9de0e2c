"""Alarm levels of places from a value that rises towards danger: a state machine over (time, value).

A level is reached as soon as the value reaches its threshold. It is left, downwards and level by level, only when all
looks of the hold time have found the value below the level's lower threshold, so that a value that wavers around a
threshold raises one alarm. A place without a value is not safe: for a while its level stays, then it is `UNKNOWN`,
never 0; when values come back, the machine goes on from the level that was known last.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import ALL_KINDS
from flaneur.data.private import Private, Samples
from flaneur.data.time import SECOND_NS

Array = NDArray[np.float64]

UNKNOWN = -1
"""Level of a place of which nothing has been known for too long, or nothing yet."""
NEVER_NS = np.iinfo(np.int64).min // 2


@dataclass(frozen=True, slots=True)
class AlarmParams:
    """Thresholds of the levels 1, 2, … in the unit of the value, and how long to wait.

    The defaults are for people per m², a little before the densities of a moving crowd at which, after Fruin (1993, The
    causes and prevention of crowd disasters), walkers slow down (2), people touch against their will (3.57), and
    forces grow that can hurt (5.55). They are a start; whoever is responsible for a place sets their own.
    """

    up: tuple[float, ...] = (2.0, 3.5, 5.5)
    """Level n begins here."""
    down: tuple[float, ...] = (1.6, 3.0, 5.0)
    """Level n ends below this."""
    hold_ns: int = 10 * SECOND_NS
    patience_ns: int = 10 * SECOND_NS
    """How long a level stands without a value."""

    def __post_init__(self) -> None:
        if not self.up or len(self.up) != len(self.down):
            raise ValueError(f"an alarm needs as many lower thresholds as upper ones, not {self.down} for {self.up}")
        if list(self.up) != sorted(set(self.up)) or list(self.down) != sorted(set(self.down)):
            raise ValueError(f"thresholds must rise from level to level: {self.up}, {self.down}")
        if any(low >= high for low, high in zip(self.down, self.up, strict=True)):
            raise ValueError(f"each lower threshold must be below the upper one of its level: {self.up}, {self.down}")
        if self.hold_ns < 0 or self.patience_ns < 0:
            raise ValueError("an alarm can wait for no less than 0 s")


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class AlarmState(Private):
    """Where each of p places stands."""

    level: NDArray[np.int8]
    """[p] what is shown: 0, 1, … or `UNKNOWN`."""
    kept: NDArray[np.int8]
    """[p] the level that was known last; 0 before the first value."""
    above_ns: NDArray[np.int64]
    """[p] the last look that was no look below the lower threshold of the kept level."""
    known_ns: NDArray[np.int64]
    """[p] when there was a value last."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Alarms(Private):
    """What a look leads to; every value is 1. The `group` is the level; one more than the highest is unknown."""

    levels: Samples
    """One row per place: the level that it has now. Its share is a share of time."""
    changes: Samples
    """One row per place that now has another level than before."""


def start(places: int) -> AlarmState:
    """Nothing is known of any place."""
    never = np.full(places, NEVER_NS)
    return AlarmState(np.full(places, UNKNOWN, np.int8), np.zeros(places, np.int8), never, never)


def step(state: AlarmState, time_ns: int, value: Array, params: AlarmParams) -> tuple[AlarmState, Alarms]:
    """One look at `time_ns`, not earlier than the last one; `value` [places], NaN where there is none."""
    there = np.isfinite(value)
    reached = np.where(there, np.searchsorted(params.up, value, side="right"), 0)
    kept = np.maximum(state.kept, reached)
    # time without a value is no time below a threshold
    missed = ~there | (time_ns - state.known_ns > params.patience_ns)
    held = missed | (value >= np.array((-np.inf, *params.down))[kept])
    above_ns = np.where(held, time_ns, state.above_ns)
    lowered = time_ns - above_ns >= params.hold_ns
    lowered &= ~held
    kept = (kept - lowered).astype(np.int8)
    above_ns[lowered] = time_ns
    known_ns = np.where(there, time_ns, state.known_ns)
    lost = time_ns - known_ns > params.patience_ns
    level = np.where(lost, UNKNOWN, kept).astype(np.int8)
    alarms = Alarms(
        _told(np.ones(len(level), np.bool_), level, time_ns, params),
        _told(level != state.level, level, time_ns, params),
    )
    return AlarmState(level, kept, above_ns, known_ns), alarms


def _told(which: NDArray[np.bool_], level: NDArray[np.int8], time_ns: int, params: AlarmParams) -> Samples:
    rows = np.flatnonzero(which)
    n = len(rows)
    group = np.where(level == UNKNOWN, len(params.up) + 1, level)[rows].astype(np.int8)
    kind = np.full(n, ALL_KINDS, np.uint8)
    return Samples(np.full(n, time_ns), rows.astype(np.int32), group, kind, np.ones(n), np.zeros(n), np.zeros(n))
