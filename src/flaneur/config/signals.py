"""Tables of a site file for traffic signals."""

from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from flaneur.config.base import Name, Polygon, Table, check_polygon
from flaneur.data.kinds import Kind, kind_from_label


class LampsTable(Table):
    """`[camera.signal.lamps]`: where the lamps of a signal are in the picture."""

    red: Polygon
    amber: Polygon | None = None
    green: Polygon

    @field_validator("red", "amber", "green")
    @classmethod
    def _simple(cls, polygon: Polygon | None) -> Polygon | None:
        return None if polygon is None else check_polygon(polygon)


class SignalTable(Table):
    """`[[camera.signal]]`: a traffic signal and the stop line that it rules."""

    name: Name
    stop_line: Name
    """Name of a line."""
    direction: Name
    """Name of the direction across that line that the signal rules."""
    kinds: Annotated[list[str], Field(min_length=1)] | None = None
    """Whom it addresses; every vehicle and two-wheeler where left out."""
    file: Annotated[str, Field(min_length=1)] | None = None
    """A CSV file of phases: time, group, state. Its path is from the folder of the site file."""
    group: Name | None = None
    """What the signal is called in `file`; its own name where left out."""
    lamps: LampsTable | None = None

    @field_validator("kinds")
    @classmethod
    def _known(cls, kinds: list[str] | None) -> list[str] | None:
        for label in kinds or ():
            kind_from_label(label)
        return kinds

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.file is None) == (self.lamps is None):
            raise ValueError(f"signal {self.name!r}: give either a `file` of phases or its `lamps` in the picture")
        if self.group is not None and self.file is None:
            raise ValueError(f"signal {self.name!r}: `group` goes with `file`")
        return self

    @property
    def addressed(self) -> tuple[Kind, ...]:
        """Whom the signal addresses."""
        if self.kinds is not None:
            return tuple(map(kind_from_label, self.kinds))
        return tuple(kind for kind in Kind if kind is not Kind.PEDESTRIAN)
