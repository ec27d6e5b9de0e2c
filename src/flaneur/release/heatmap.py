"""Where in the picture road users spend their time."""

import numpy as np
from numpy.typing import NDArray

from flaneur.data.private import Tracks
from flaneur.data.released import HeatMap
from flaneur.data.time import SECOND_NS, to_s

COLUMNS = 64
MIN_VISITORS = 3
STEP_NS = SECOND_NS // 2
"""Nobody moves further than to a neighbouring cell or two in this time; more often would only cost more."""
MAX_STEP_NS = SECOND_NS
"""Where frames are further apart, nobody knows where the road users were meanwhile."""
KERNEL = np.outer((0.25, 0.5, 0.25), (0.25, 0.5, 0.25)).astype(np.float32)
"""A ground point is no more exact than about a cell, so its time is spread over the cells around it."""


class HeatMapAccumulator:
    """Adds up road-user seconds per cell of an even grid of about 64 columns, of cells that are nearly square.

    Memory: a few numbers per cell, and for each live track the cells that it has touched.
    """

    def __init__(self, width_px: int, height_px: int) -> None:
        self._columns = COLUMNS
        self._rows = min(max(1, round(COLUMNS * height_px / width_px)), 4 * COLUMNS)
        self._size_px = np.array((width_px, height_px), np.float32)
        # One cell more on each side takes up what the kernel spreads over the picture's edge.
        self._seconds = np.zeros((self._rows + 2) * (self._columns + 2), np.float64)
        self._visitors = np.zeros(len(self._seconds), np.int64)
        self._live = np.zeros(0, np.int64)
        self._touched = np.zeros((0, len(self._seconds)), bool)
        self._start_ns: int | None = None
        self._last_ns = 0

    def step(self, tracks: Tracks) -> None:
        """Add the time since the `Tracks` before, for each road user at its ground point."""
        if self._start_ns is None:
            self._start_ns = self._last_ns = tracks.time_ns
        passed_ns = tracks.time_ns - self._last_ns
        if passed_ns >= STEP_NS or not passed_ns:
            self._last_ns = tracks.time_ns
            if len(tracks):
                self._add(tracks, to_s(min(passed_ns, MAX_STEP_NS)))
        self._drop(tracks.ended)

    def _add(self, tracks: Tracks, passed_s: float) -> None:
        cells = self._cells(tracks.foot_px())
        rows = self._rows_of(tracks.track_id)[:, None]
        new = ~self._touched[rows, cells]
        self._touched[rows, cells] = True
        np.add.at(self._seconds, cells, passed_s * KERNEL.ravel())
        np.add.at(self._visitors, cells, new)

    def finish(self) -> HeatMap:
        """The map so far: NaN where fewer than three road users passed, so that no single path can be read off."""
        seconds = np.where(self._visitors >= MIN_VISITORS, self._seconds, np.nan)
        inner = seconds.reshape(self._rows + 2, self._columns + 2)[1:-1, 1:-1].astype(np.float32)
        return HeatMap(self._start_ns or 0, self._last_ns, inner, MIN_VISITORS)

    def _cells(self, foot_px: NDArray[np.float32]) -> NDArray[np.intp]:
        """The nine cells around each ground point [n, 9], in the order of the kernel."""
        grid = np.array((self._columns, self._rows))
        cell = np.clip(np.floor(foot_px / self._size_px * grid), 0, grid - 1).astype(np.intp)
        around = np.arange(3)
        row = cell[:, 1, None, None] + around[:, None]
        column = cell[:, 0, None, None] + around
        cells: NDArray[np.intp] = (row * (self._columns + 2) + column).reshape(-1, 9)
        return cells

    def _rows_of(self, track_id: NDArray[np.int64]) -> NDArray[np.intp]:
        """Rows of `_touched` for these tracks; new ones are added."""
        new = track_id[~np.isin(track_id, self._live)]
        if len(new):
            live = np.concatenate((self._live, new))
            touched = np.concatenate((self._touched, np.zeros((len(new), len(self._seconds)), bool)))
            order = np.argsort(live)
            self._live, self._touched = live[order], touched[order]
        return np.searchsorted(self._live, track_id)

    def _drop(self, ended: NDArray[np.int64]) -> None:
        if len(ended):
            keep = ~np.isin(self._live, ended)
            self._live, self._touched = self._live[keep], self._touched[keep]
