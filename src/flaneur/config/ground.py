"""Tables of a site file that need the ground: its calibration, queues, crowds."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from flaneur.config.base import MetrePoint, Name, Point, Table

FEWEST_POINTS = 4
"""Two coordinates each for the eight numbers of a plane in perspective."""


class GroundTable(Table):
    """`[camera.ground]`: how the picture lies on the ground, in one of three ways."""

    picture: Annotated[list[Point], Field(max_length=200)] = []
    """Points of the ground in the picture, in shares of it; 4 at least."""
    metres: Annotated[list[MetrePoint], Field(max_length=200)] = []
    """The same points in metres, as measured on the spot, in the same order."""
    lens: Annotated[str, Field(min_length=1)] | None = None
    """For points seen through a lens that bends straight lines: a file that OpenCV's calibration has written."""
    file: Annotated[str, Field(min_length=1)] | None = None
    """A camera file: Tsai's XML, or one that OpenCV has written. Paths are from the folder of the site file."""
    from_sizes: bool = False
    """Without any measuring: from how large road users look. Rough, and marked so."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = (bool(self.picture or self.metres), self.file is not None, self.from_sizes)
        if sum(ways) != 1:
            raise ValueError("give either the points `picture` and `metres`, or a camera `file`, or from_sizes = true")
        if len(self.picture) != len(self.metres):
            raise ValueError(
                f"{len(self.picture)} points in `picture` but {len(self.metres)} in `metres`; "
                "each point needs both, in the same order"
            )
        if 0 < len(self.picture) < FEWEST_POINTS:
            raise ValueError(
                f"{len(self.picture)} points do not tell how the picture lies on the ground; give {FEWEST_POINTS} at "
                "least, better 6"
            )
        if self.lens is not None and not self.picture:
            raise ValueError("`lens` goes with points; a camera file has its own")
        return self


class QueueTable(Table):
    """`[[camera.queue]]`: the queue of a lane behind a stop line."""

    name: Name
    stop_line: Name
    """Name of a line."""
    lane: Name
    """Name of a zone that reaches from the stop line as far back as queues are to be seen."""
    signal: Name | None = None
    """Name of the signal that lets it go, for saturation flow from the start of green."""


class CrowdTable(Table):
    """`[camera.zone.crowd]`: density and movement of people in a zone, once a second."""

    ground: Literal["walkway", "stairs", "waiting"] = "walkway"
    """Which levels of service the zone is judged by."""
    alarm_per_m2: Annotated[list[Annotated[float, Field(gt=0.0, le=20.0)]], Field(max_length=9)] = []
    """People per m² at which each alarm level begins, rising; none where left out."""

    @field_validator("alarm_per_m2")
    @classmethod
    def _rising(cls, levels: list[float]) -> list[float]:
        if levels != sorted(set(levels)):
            raise ValueError("alarm levels must rise from one to the next")
        return levels
