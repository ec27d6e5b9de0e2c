"""The map of near misses as shapes in metres; the template draws them as SVG."""

import math
from dataclasses import dataclass

import numpy as np

from flaneur.data.released import PlaceMap

MOST_TICKS = 6
COUNTED_BELOW = 40
"""Cells of narrower maps are large enough to hold their number."""


@dataclass(frozen=True, slots=True)
class MapCell:
    """One cell, from its upper left corner."""

    x: int
    y: int
    count: int
    weight: float
    """0..1, for its colour."""


@dataclass(frozen=True, slots=True)
class DrawnMap:
    """A map that is ready to be drawn, in cells from its upper left corner."""

    columns: int
    rows: int
    text: float
    """Height of the labels."""
    cells: tuple[MapCell, ...]
    is_numbered: bool
    x_ticks: tuple[tuple[int, str], ...]
    """(x, metres)"""
    y_ticks: tuple[tuple[int, str], ...]


def drawn(places: PlaceMap) -> DrawnMap:
    """The cells that have a figure, with round metres along both axes."""
    height, width = places.events.shape
    rows, columns = np.nonzero(np.isfinite(places.events))
    counts = places.events[rows, columns]
    weights = np.sqrt(counts / counts.max())
    found = zip(columns.tolist(), rows.tolist(), counts.tolist(), weights.tolist(), strict=True)
    left, bottom = (round(corner / places.cell_m) for corner in places.corner_m)
    step = next(n for n in (1, 2, 5, 10, 20, 50, 100, 1000) if max(width, height) / n <= MOST_TICKS or n == 1000)
    return DrawnMap(
        columns=width,
        rows=height,
        text=round(max(width, 12) / 36, 2),
        cells=tuple(MapCell(x, height - 1 - y, int(count), round(weight, 2)) for x, y, count, weight in found),
        is_numbered=width < COUNTED_BELOW,
        x_ticks=tuple((at - left, _metres(at, places.cell_m)) for at in _multiples(left, width, step)),
        y_ticks=tuple((height - (at - bottom), _metres(at, places.cell_m)) for at in _multiples(bottom, height, step)),
    )


def _multiples(first: int, count: int, step: int) -> range:
    return range(math.ceil(first / step) * step, first + count + 1, step)


def _metres(cells: int, cell_m: float) -> str:
    return f"{cells * cell_m:g} m".replace("-", "−")
