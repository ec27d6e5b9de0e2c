"""Levels of service of places for people on foot, A to F, by the ground that each person has.

The tables are those of Fruin (1971), Pedestrian Planning and Design, in his square feet. He and the Highway Capacity
Manual grade averages over a quarter of an hour or so; here every look is graded, so that what a figure tells is how
long a place was at each level.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SQUARE_FOOT_M2 = 0.3048**2
LEVELS = ("A", "B", "C", "D", "E", "F")
"""From free choice of one's own pace to standstill."""

Table = tuple[float, float, float, float, float]
"""The least ground per person, in square metres, of the levels A to E."""


def _square_feet(a: float, b: float, c: float, d: float, e: float) -> Table:
    return (a * SQUARE_FOOT_M2, b * SQUARE_FOOT_M2, c * SQUARE_FOOT_M2, d * SQUARE_FOOT_M2, e * SQUARE_FOOT_M2)


WALKWAY = _square_feet(35, 25, 15, 10, 5)
"""Where people walk: 3.25, 2.32, 1.39, 0.93 and 0.46 m²."""
STAIRS = _square_feet(20, 15, 10, 7, 4)
"""Where people climb: 1.86, 1.39, 0.93, 0.65 and 0.37 m²."""
WAITING = _square_feet(13, 10, 7, 3, 2)
"""Where people stand and queue: 1.21, 0.93, 0.65, 0.28 and 0.19 m²."""


def level(density_per_m2: NDArray[np.float64], tables: Sequence[Table]) -> NDArray[np.int8]:
    """Index into `LEVELS` of each density [n] by the table of its place [n]."""
    ground = 1.0 / np.maximum(density_per_m2, np.finfo(np.float64).tiny)
    short = ground[:, None] < np.reshape(tables, (len(ground), 5))
    grade: NDArray[np.int8] = short.sum(axis=1).astype(np.int8)
    return grade
