"""Many short ranges at once, and boxes that overlap."""

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]
Array = NDArray[np.float64]
NO_ROWS = np.zeros(0, np.intp)


def spans(rows: Rows, first: Rows, last: Rows) -> tuple[Rows, Rows]:
    """Each of `rows` [n] with every number from its `first` to before its `last`: two arrays of the same length.

    >>> spans(np.array([7, 8]), np.array([0, 5]), np.array([2, 6]))
    (array([7, 7, 8]), array([0, 1, 5]))
    """
    count = np.maximum(last - first, 0)
    begin = np.repeat(first - (count.cumsum() - count), count)
    return np.repeat(rows, count), begin + np.arange(len(begin))


def overlapping(low_a: Array, high_a: Array, low_b: Array, high_b: Array) -> tuple[Rows, Rows]:
    """Pairs (i, j) of boxes `low_a` to `high_a` [2, n] and `low_b` to `high_b` [2, m] that overlap, borders included.

    A sweep along one axis, then a look at the other.
    """
    if not low_a.size or not low_b.size:
        return NO_ROWS, NO_ROWS
    # the axis along which fewer boxes overlap: that across a street
    extent = np.maximum(high_a.max(axis=1), high_b.max(axis=1)) - np.minimum(low_a.min(axis=1), low_b.min(axis=1))
    along = (high_a - low_a).mean(axis=1) + (high_b - low_b).mean(axis=1)
    axis = int((along / np.maximum(extent, np.finfo(np.float64).tiny)).argmin())
    order_a, order_b = low_a[axis].argsort(), low_b[axis].argsort()
    start_a, start_b = low_a[axis, order_a], low_b[axis, order_b]
    end_a, end_b = high_a[axis, order_a], high_b[axis, order_b]
    # that of a begins first, or with that of b; or that of b before it
    one = spans(np.arange(len(start_a)), start_b.searchsorted(start_a), start_b.searchsorted(end_a, "right"))
    other = spans(np.arange(len(start_b)), start_a.searchsorted(start_b, "right"), start_a.searchsorted(end_b, "right"))
    i, j = np.concatenate((one[0], other[1])), np.concatenate((one[1], other[0]))
    low_a, high_a = low_a[1 - axis, order_a], high_a[1 - axis, order_a]
    low_b, high_b = low_b[1 - axis, order_b], high_b[1 - axis, order_b]
    meet = np.flatnonzero((low_a[i] <= high_b[j]) & (low_b[j] <= high_a[i]))
    return order_a[i[meet]], order_b[j[meet]]
