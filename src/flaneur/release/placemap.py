"""Where on the ground events happened, as a map of cells of a metre that tells of three events or more."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from flaneur.data.released import PlaceMap

CELL_M = 1.0
FEWEST_EVENTS = 3
FARTHEST_M = 1000.0
"""From the origin of the ground, in x and y: what lies farther is an error of position. It bounds the map."""


class PlaceMapAccumulator:
    """Counts the events of one measure by cell."""

    def __init__(self, measure: str) -> None:
        self._measure = measure
        self._cells: Counter[tuple[int, int]] = Counter()
        self.dropped = 0
        """Events at positions that no camera can see."""

    def add(self, cell: NDArray[np.int32]) -> None:
        """Events in these cells [n, 2], each a column and a row counted from the ground's origin."""
        near = (np.abs(cell) <= FARTHEST_M / CELL_M).all(axis=1)
        self.dropped += int((~near).sum())
        self._cells.update(map(tuple, cell[near].tolist()))

    def finish(self) -> PlaceMap | None:
        """The map, no larger than the cells that have a figure; None when there is none."""
        told = {cell: n for cell, n in self._cells.items() if n >= FEWEST_EVENTS}
        if not told:
            return None
        at = np.array(list(told))
        corner = at.min(axis=0)
        columns, rows = at.max(axis=0) - corner + 1
        events = np.full((rows, columns), np.nan, np.float32)
        events[at[:, 1] - corner[1], at[:, 0] - corner[0]] = list(told.values())
        corner_m = (float(corner[0] * CELL_M), float(corner[1] * CELL_M))
        return PlaceMap(self._measure, CELL_M, corner_m, events, FEWEST_EVENTS)
