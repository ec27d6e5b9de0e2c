"""Samples put together until they say nothing of anybody: how many there were of each value.

An interval may last a day. So that what it holds is bounded, each value counts at its nearest multiple of a stated
resolution, and equal ones at one place are one row with their number. Medians and quantiles are exact to half the
resolution, and the order in which samples come means nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flaneur.data.private import Private, Samples

Key = tuple[int, int, int]
"""place, group, kind code"""

_HALF = 1 << 31
_PLACE, _GROUP, _KIND = 48, 40, 32
"""Bits of a row's key: 15 for the place, 8 each for group and kind, 32 for the value."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Cell(Private):
    """The samples of one place, group and kind, as m different values in ascending order."""

    value: NDArray[np.float64]
    upto: NDArray[np.int64]
    """[m] how many samples have each value or a lower one."""
    noise_squares: float
    """Sum of the squares of the samples' random standard deviations."""
    biases: float
    """Sum of the samples' common standard deviations."""

    def __len__(self) -> int:
        return int(self.upto[-1]) if len(self.upto) else 0

    @property
    def count(self) -> NDArray[np.int64]:
        """[m] how many samples have each value."""
        return np.diff(self.upto, prepend=0)

    @staticmethod
    def joined(cells: Iterable["Cell"]) -> "Cell":
        """All samples of several cells."""
        parts = [cell for cell in cells if len(cell)]
        if len(parts) == 1:
            return parts[0]
        value, place = np.unique(np.concatenate([np.zeros(0), *(c.value for c in parts)]), return_inverse=True)
        counts = np.concatenate([np.zeros(0, np.int64), *(c.count for c in parts)])
        count = np.bincount(place, counts, len(value)).astype(np.int64)
        return Cell(value, np.cumsum(count), sum(c.noise_squares for c in parts), sum(c.biases for c in parts))


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Tally(Private):
    """Samples by place, group, kind and value, m rows in ascending order of these."""

    resolution: float
    key: NDArray[np.int64]
    count: NDArray[np.int64]
    noise_squares: NDArray[np.float64]
    biases: NDArray[np.float64]

    @staticmethod
    def none(resolution: float) -> "Tally":
        """Nothing yet; values will count at multiples of `resolution`."""
        return Tally(resolution, np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0))

    def with_samples(self, samples: Samples) -> "Tally":
        """These and `samples`."""
        step = np.clip(np.rint(samples.value / self.resolution), 1 - _HALF, _HALF - 1).astype(np.int64)
        key = samples.place.astype(np.int64) << _PLACE | samples.group.astype(np.int64) << _GROUP
        key |= samples.kind.astype(np.int64) << _KIND | step + _HALF
        ones = np.ones(len(key), np.int64)
        return self.plus(Tally(self.resolution, key, ones, samples.noise**2, samples.bias))

    def plus(self, other: "Tally") -> "Tally":
        """These and those of `other`, which has the same resolution."""
        key, row = np.unique(np.concatenate((self.key, other.key)), return_inverse=True)

        def added(mine: NDArray[np.generic], others: NDArray[np.generic]) -> NDArray[np.float64]:
            return np.bincount(row, np.concatenate((mine, others)), len(key)).astype(np.float64, copy=False)

        return Tally(
            self.resolution,
            key,
            added(self.count, other.count).astype(np.int64),
            added(self.noise_squares, other.noise_squares),
            added(self.biases, other.biases),
        )

    def owners(self) -> list[Key]:
        """Places, groups and kinds that there are samples of."""
        owners = np.unique(self.key >> _KIND).tolist()
        return [(owner >> 16, owner >> 8 & 255, owner & 255) for owner in owners]

    def cell(self, key: Key) -> Cell:
        """The samples of one place, group and kind; none when there are none."""
        place, group, kind = key
        owner = place << 16 | group << 8 | kind
        rows = slice(*np.searchsorted(self.key, (owner << _KIND, owner + 1 << _KIND)))
        value = ((self.key[rows] & 2 * _HALF - 1) - _HALF) * self.resolution
        squares, biases = float(self.noise_squares[rows].sum()), float(self.biases[rows].sum())
        return Cell(value.astype(np.float64), np.cumsum(self.count[rows]), squares, biases)

    def only(self, keys: Iterable[Key]) -> "Tally":
        """The samples of these places, groups and kinds."""
        wanted = [place << 16 | group << 8 | kind for place, group, kind in keys]
        rows = np.isin(self.key >> _KIND, np.array(wanted, np.int64))
        return Tally(self.resolution, self.key[rows], self.count[rows], self.noise_squares[rows], self.biases[rows])
