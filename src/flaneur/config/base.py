"""What all tables of a site file share."""

from typing import Annotated, Any, TypeVar

import shapely
from pydantic import BaseModel, ConfigDict, Field, field_validator

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Point = tuple[Fraction, Fraction]
"""Shares of the picture's width and height."""
MetrePoint = tuple[float, float]
"""Metres on the ground, x and y right-handed as seen from above."""
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$")]
Polygon = Annotated[list[Point], Field(min_length=3, max_length=500)]
Corners = TypeVar("Corners", list[Point], list[MetrePoint])


class Table(BaseModel):
    """Base of every table: nothing unknown, nothing changed later, no infinity."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def _openable(cls, value: Any) -> Any:
        if isinstance(value, str) and "\0" in value:  # no file, device or host can be called so
            raise ValueError("must not hold the character \\u0000")
        return value


def check_polygon(points: Corners) -> Corners:
    """The corners, if they go round a simple polygon with an area; else ValueError."""
    polygon = shapely.Polygon(points)
    if shapely.MultiPoint(points).convex_hull.area <= 0.0:
        raise ValueError("the polygon has no area: its corners lie on one line")
    if not polygon.is_valid:
        reason, _, place = shapely.is_valid_reason(polygon).rstrip("]").partition("[")
        at = f" at [{place.replace(' ', ', ')}]" if place else ""
        crosses = "touches or crosses itself" if "elf-intersection" in reason else reason.lower()
        raise ValueError(f"the polygon {crosses}{at}; give its corners in the order in which they follow one another")
    return points
