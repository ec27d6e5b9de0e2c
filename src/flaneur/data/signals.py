"""Traffic signals: what a group of lamps shows, from when."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from flaneur.data.time import SECOND_NS


class SignalState(IntEnum):
    """What a signal shows; the value is the code in `state` arrays (uint8)."""

    UNKNOWN = 0
    """Nobody can tell: before the record, in its gaps, behind a lorry. Counts neither way."""
    OFF = 1
    """Dark, or amber flashing: the signal rules nothing."""
    RED = 2
    RED_AMBER = 3
    GREEN = 4
    AMBER = 5

    @property
    def label(self) -> str:
        """The name in files and figures, e.g. `red-amber`."""
        return self.name.lower().replace("_", "-")


RULING = (SignalState.RED, SignalState.RED_AMBER, SignalState.GREEN, SignalState.AMBER)
"""States in which a signal tells road users what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class SignalPhases:
    """The phases of one signal group: each state holds from its start to the next one, the last one for good.

    Before the first, the state is unknown. Neighbouring phases differ in their state.
    """

    group: str
    start_ns: NDArray[np.int64]
    """[k] strictly increasing."""
    state: NDArray[np.uint8]
    """[k] codes of `SignalState`."""

    def __post_init__(self) -> None:
        if self.start_ns.dtype != np.int64 or self.state.dtype != np.uint8 or self.start_ns.shape != self.state.shape:
            raise ValueError(f"signal group {self.group!r}: phases must be int64 [k] and uint8 [k]")
        if (np.diff(self.start_ns) <= 0).any() or (self.state[1:] == self.state[:-1]).any():
            raise ValueError(f"signal group {self.group!r}: phases must follow one another and differ in state")

    @classmethod
    def merged(cls, group: str, start_ns: NDArray[np.int64], state: NDArray[np.uint8]) -> "SignalPhases":
        """Phases of reports [k] in order of time, of which neighbours may say the same."""
        new = np.ones(len(state), np.bool_)
        new[1:] = state[1:] != state[:-1]
        return cls(group, start_ns[new], state[new])

    def at(self, time_ns: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """The state at each moment, and how long it has lasted in ns (0 before the first phase); both [n]."""
        phase = np.searchsorted(self.start_ns, time_ns, "right") - 1
        before = phase < 0
        if not len(self.start_ns):
            return np.zeros(len(time_ns), np.uint8), np.zeros(len(time_ns), np.int64)
        state, since = self.state[phase], time_ns - self.start_ns[phase]
        return np.where(before, np.uint8(SignalState.UNKNOWN), state), np.where(before, 0, since)

    def seconds(self, start_ns: int, end_ns: int) -> NDArray[np.float64]:
        """Seconds of [start_ns, end_ns) in each state, [len(SignalState)]; they add up to its length."""
        edges = np.concatenate(([start_ns], np.clip(self.start_ns, start_ns, end_ns), [end_ns]))
        state = np.concatenate(([np.uint8(SignalState.UNKNOWN)], self.state))
        lasted_s = np.diff(edges) / SECOND_NS
        return np.bincount(state, lasted_s, len(SignalState)).astype(np.float64)
