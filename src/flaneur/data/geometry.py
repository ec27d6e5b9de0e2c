"""Places in the picture. Coordinates are fractions of it: (0, 0) top left, (1, 1) bottom right."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TO_RIGHT, TO_LEFT = 1, -1
"""Direction across a line: towards the right or the left hand of somebody who walks from its first to its
last point, as seen in the picture."""
IN, OUT = 1, -1
"""Direction through the border of a zone or the edge of the picture."""

EDGES = ("left", "top", "right", "bottom")
"""The picture's edges, in the order of the place index that edge passages carry."""
EDGE_PLACES = tuple(f"edge {edge}" for edge in EDGES)
"""What figures call the edges as places, in the same order."""
WHOLE_PICTURE = "whole picture"
"""What figures call everything in sight as a place."""
OWN_PLACES = frozenset({WHOLE_PICTURE, *EDGE_PLACES})
"""Places that Flaneur knows by itself; no place of a site may be called so."""

GROUND_POINT = (0.5, 1.0)
"""Middle of the lower edge, in shares of a box's width and height: where feet and wheels are."""


def _points(owner: str, points_xy: NDArray[np.float64], at_least: int) -> None:
    if points_xy.dtype != np.float64 or points_xy.ndim != 2 or points_xy.shape[1] != 2:
        raise ValueError(f"{owner}: points must be float64 [k, 2], not {points_xy.dtype} {points_xy.shape}")
    if len(points_xy) < at_least:
        raise ValueError(f"{owner}: {at_least} points at least are needed, there are {len(points_xy)}")


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A directed line of two or more points that road users cross."""

    name: str
    points_xy: NDArray[np.float64]
    """[k, 2], k >= 2, fractions of the picture."""

    def __post_init__(self) -> None:
        _points(f"line {self.name!r}", self.points_xy, 2)


@dataclass(frozen=True, slots=True, eq=False)
class Zone:
    """A simple polygon that road users are in or not; closed without repeating the first point."""

    name: str
    polygon_xy: NDArray[np.float64]
    """[k, 2], k >= 3, fractions of the picture."""

    def __post_init__(self) -> None:
        _points(f"zone {self.name!r}", self.polygon_xy, 3)


@dataclass(frozen=True, slots=True, eq=False)
class GroundLine:
    """A directed line on the ground; right and left are those of somebody who walks along it, seen from above."""

    name: str
    points_m: NDArray[np.float64]
    """[k, 2], k >= 2."""

    def __post_init__(self) -> None:
        _points(f"line {self.name!r}", self.points_m, 2)


@dataclass(frozen=True, slots=True, eq=False)
class GroundZone:
    """A simple polygon on the ground; closed without repeating the first point."""

    name: str
    polygon_m: NDArray[np.float64]
    """[k, 2], k >= 3."""

    def __post_init__(self) -> None:
        _points(f"zone {self.name!r}", self.polygon_m, 3)


@dataclass(frozen=True, slots=True)
class Flow:
    """An ordered pair of lines or zones that one road user passes: a turning movement."""

    name: str
    origin: str
    """Name of a line or zone."""
    destination: str
    """Name of another line or zone."""


@dataclass(frozen=True, slots=True)
class Places:
    """All places of one camera. Names are unique over lines, zones and flows together."""

    lines: tuple[Line, ...] = ()
    zones: tuple[Zone, ...] = ()
    flows: tuple[Flow, ...] = ()


@dataclass(frozen=True, slots=True)
class GroundPlaces:
    """The same in metres."""

    lines: tuple[GroundLine, ...] = ()
    zones: tuple[GroundZone, ...] = ()
    flows: tuple[Flow, ...] = ()
