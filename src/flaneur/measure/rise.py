"""How fast a density rises: a robust slope over the last minute."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flaneur.data.private import Private
from flaneur.data.time import MINUTE_NS, SECOND_NS

Array = NDArray[np.float64]

WINDOW_NS = MINUTE_NS
LEAST_NS = 30 * SECOND_NS
"""What is known of a shorter time tells no slope."""
LEAST_LOOKS = 15


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Past(Private):
    """Densities of the last minute."""

    time_ns: NDArray[np.int64]
    """[k] increasing."""
    per_m2: Array
    """[k, zones]"""

    @classmethod
    def none(cls, zones: int) -> "Past":
        """Nothing yet."""
        return cls(np.zeros(0, np.int64), np.zeros((0, zones)))

    def with_now(self, time_ns: int, per_m2: Array) -> "Past":
        """The same with one more look, and without those that are older than a minute."""
        new = self.time_ns > time_ns - WINDOW_NS
        return Past(np.append(self.time_ns[new], time_ns), np.concatenate((self.per_m2[new], per_m2[None])))


def rise(past: Past) -> Array:
    """Slope of each zone's density per minute, [zones]; NaN while too little is known.

    It is the median of the slopes between all pairs of looks (Theil 1950, Sen 1968): up to 29 % of the looks may be
    wrong altogether without moving it far.
    """
    known = len(past.time_ns) >= LEAST_LOOKS and past.time_ns[-1] - past.time_ns[0] >= LEAST_NS
    if not known:
        return np.full(past.per_m2.shape[1], np.nan)
    a, b = np.triu_indices(len(past.time_ns), 1)
    minutes = (past.time_ns[b] - past.time_ns[a]) / MINUTE_NS
    slope: Array = np.median((past.per_m2[b] - past.per_m2[a]) / minutes[:, None], axis=0)
    return slope
