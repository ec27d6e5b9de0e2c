"""Tables of a site file for lines, zones and flows."""

import itertools
from typing import Annotated, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from flaneur.config.base import Corners, MetrePoint, Name, Point, Polygon, Table, check_polygon
from flaneur.config.ground import CrowdTable
from flaneur.data.geometry import OWN_PLACES


def _not_reserved(name: str) -> str:
    if name in OWN_PLACES:
        raise ValueError(f"{name!r} is what Flaneur calls a place of its own; take another name")
    return name


PlaceName = Annotated[Name, AfterValidator(_not_reserved)]


class LineTable(Table):
    """`[[camera.line]]`: a directed line of two or more points."""

    name: PlaceName
    points: Annotated[list[Point], Field(min_length=2, max_length=100)] | None = None
    metres: Annotated[list[MetrePoint], Field(min_length=2, max_length=100)] | None = None
    """Instead of `points`, for trajectories in metres; right and left are those seen from above."""
    to_right: Name = "to right"
    to_left: Name = "to left"

    @field_validator("points", "metres")
    @classmethod
    def _has_length(cls, points: Corners | None) -> Corners | None:
        for number, (a, b) in enumerate(itertools.pairwise(points or ()), start=1):
            if a == b:
                raise ValueError(f"points {number} and {number + 1} are the same, the line has no direction there")
        return points

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.points is None) == (self.metres is None):
            raise ValueError(f"line {self.name!r} needs its `points` in the picture, or `metres` for trajectories")
        if self.to_right == self.to_left:
            raise ValueError(f"to_right and to_left are both called {self.to_right!r}")
        return self


class ZoneTable(Table):
    """`[[camera.zone]]`: a simple polygon."""

    name: PlaceName
    polygon: Polygon | None = None
    metres: Annotated[list[MetrePoint], Field(min_length=3, max_length=500)] | None = None
    """Instead of `polygon`, for trajectories in metres."""
    crowd: CrowdTable | None = None

    @field_validator("polygon", "metres")
    @classmethod
    def _simple(cls, corners: Corners | None) -> Corners | None:
        return None if corners is None else check_polygon(corners)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.polygon is None) == (self.metres is None):
            raise ValueError(f"zone {self.name!r} needs its `polygon` in the picture, or `metres` for trajectories")
        return self


class FlowTable(Table):
    """`[[camera.flow]]`: an ordered pair of lines or zones."""

    name: Name | None = None
    origin: Name
    destination: Name

    @property
    def label(self) -> str:
        """The given name, or one made of both ends."""
        return self.name or f"{self.origin} → {self.destination}"
