"""Samples for the tests of release."""

import numpy as np
from numpy.typing import ArrayLike

from flaneur.data.kinds import Kind
from flaneur.data.private import Samples
from flaneur.data.time import SECOND_NS


def samples(
    values: ArrayLike,
    *,
    time_s: ArrayLike = 0.0,
    place: ArrayLike = 0,
    group: ArrayLike = 0,
    kind: ArrayLike = Kind.CAR,
    noise: ArrayLike = 0.0,
    bias: ArrayLike = 0.0,
) -> Samples:
    """A row for each of `values`; what is given once holds for all of them."""
    value = np.atleast_1d(np.asarray(values, np.float64))

    def column(given: ArrayLike, dtype: type) -> np.ndarray:
        return np.broadcast_to(np.asarray(given), value.shape).astype(dtype)

    return Samples(
        np.rint(column(time_s, np.float64) * SECOND_NS).astype(np.int64),
        column(place, np.int32),
        column(group, np.int8),
        column(kind, np.uint8),
        value,
        column(noise, np.float64),
        column(bias, np.float64),
    )
