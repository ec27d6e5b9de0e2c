"""Many short ranges at once."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]


def heads(column: NDArray[Any]) -> Rows:
    """Rows at which a column [n] has another value than in the row before, and the first."""
    if not len(column):
        return np.zeros(0, np.intp)
    return np.concatenate(([0], np.flatnonzero(column[1:] != column[:-1]) + 1))


def spans(rows: Rows, first: Rows, last: Rows) -> tuple[Rows, Rows]:
    """Each of `rows` [n] with every number from its `first` to before its `last`: two arrays of the same length.

    >>> spans(np.array([7, 8]), np.array([0, 5]), np.array([2, 6]))
    (array([7, 7, 8]), array([0, 1, 5]))
    """
    count = np.maximum(last - first, 0)
    begin = np.repeat(first - (count.cumsum() - count), count)
    return np.repeat(rows, count), begin + np.arange(len(begin))
