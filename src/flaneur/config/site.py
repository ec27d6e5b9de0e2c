"""Model of a site file. One strict class per table; positions are fractions of the picture."""

import itertools
from datetime import datetime
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import shapely
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from flaneur.data.geometry import GROUND_POINT, OWN_PLACES, Flow, Line, Places, Zone
from flaneur.data.kinds import Kind, kind_from_label

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Point = tuple[Fraction, Fraction]
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$")]


class Table(BaseModel):
    """Base of every table: nothing unknown, nothing changed later, no infinity."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _not_reserved(name: str) -> str:
    if name in OWN_PLACES:
        raise ValueError(f"{name!r} is what Flaneur calls a place of its own; take another name")
    return name


PlaceName = Annotated[Name, AfterValidator(_not_reserved)]


class LineTable(Table):
    """`[[camera.line]]`: a directed line of two or more points."""

    name: PlaceName
    points: Annotated[list[Point], Field(min_length=2, max_length=100)]
    to_right: Name = "to right"
    to_left: Name = "to left"

    @field_validator("points")
    @classmethod
    def _has_length(cls, points: list[Point]) -> list[Point]:
        for number, (a, b) in enumerate(itertools.pairwise(points), start=1):
            if a == b:
                raise ValueError(f"points {number} and {number + 1} are the same, the line has no direction there")
        return points

    @model_validator(mode="after")
    def _directions_differ(self) -> Self:
        if self.to_right == self.to_left:
            raise ValueError(f"to_right and to_left are both called {self.to_right!r}")
        return self


def _check_polygon(points: list[Point]) -> list[Point]:
    polygon = shapely.Polygon(points)
    if not polygon.is_valid:
        raise ValueError(f"the polygon is not simple: {shapely.is_valid_reason(polygon).lower()}")
    if polygon.area <= 0.0:
        raise ValueError("the polygon has no area")
    return points


Polygon = Annotated[list[Point], Field(min_length=3, max_length=500)]


class ZoneTable(Table):
    """`[[camera.zone]]`: a simple polygon."""

    name: PlaceName
    polygon: Polygon

    _simple = field_validator("polygon")(_check_polygon)


class FlowTable(Table):
    """`[[camera.flow]]`: an ordered pair of lines or zones."""

    name: Name | None = None
    origin: Name
    destination: Name

    @property
    def label(self) -> str:
        """The given name, or one made of both ends."""
        return self.name or f"{self.origin} → {self.destination}"


class DetectorTable(Table):
    """`[detector]`: the model and how often it looks."""

    model: Annotated[str, Field(min_length=1)] = "nanodet"
    """A name that `flaneur models` lists, or the path of an ONNX or OpenVINO file."""
    layout: Literal["nanodet", "yolox", "yolov7", "yolov8", "detr"] | None = None
    """Only for a file: how its output is laid out."""
    classes: dict[str, str] = {}
    """Only for a file: class number -> kind, e.g. `{ 0 = "pedestrian", 2 = "car" }`."""
    licence: str = "unknown, stated by the site's owner"
    rate_per_s: Annotated[float, Field(ge=2.0, le=60.0)] = 5.0
    """Looks a second; with fewer than two, road users cannot be followed from one to the next."""

    @field_validator("classes")
    @classmethod
    def _known_kinds(cls, classes: dict[str, str]) -> dict[str, str]:
        for number, label in classes.items():
            if not number.isdecimal():
                raise ValueError(f"class number {number!r} is not a whole number")
            kind_from_label(label)
        return classes

    @property
    def kinds(self) -> dict[int, Kind]:
        """Class number -> kind."""
        return {int(number): kind_from_label(label) for number, label in self.classes.items()}


class CameraTable(Table):
    """`[[camera]]`: a source and its places."""

    name: Name
    source: Annotated[str, Field(min_length=1)] | None = None
    """A file; `flaneur run VIDEO` takes its place."""
    start: datetime | None = None
    """When the video begins; without an offset it is in the site's zone."""
    masks: list[Polygon] = []
    anchor: Point = GROUND_POINT
    """The point of a box, in shares of its width and height, that crosses lines and is in zones."""
    line: list[LineTable] = []
    zone: list[ZoneTable] = []
    flow: list[FlowTable] = []

    @field_validator("masks")
    @classmethod
    def _simple_masks(cls, masks: list[list[Point]]) -> list[list[Point]]:
        return [_check_polygon(mask) for mask in masks]

    @model_validator(mode="after")
    def _names(self) -> Self:
        seen: set[str] = set()
        for name in [line.name for line in self.line] + [z.name for z in self.zone] + [f.label for f in self.flow]:
            if name in seen:
                raise ValueError(f"two places are called {name!r}")
            seen.add(name)
        ends = {line.name for line in self.line} | {zone.name for zone in self.zone}
        for flow in self.flow:
            for end in (flow.origin, flow.destination):
                if end not in ends:
                    raise ValueError(f"flow {flow.label!r}: there is no line or zone {end!r}")
            if flow.origin == flow.destination:
                raise ValueError(f"flow {flow.label!r} begins and ends at the same place")
        return self

    @property
    def places(self) -> Places:
        """The lines, zones and flows as the measures take them."""
        return Places(
            lines=tuple(Line(t.name, np.array(t.points, np.float64)) for t in self.line),
            zones=tuple(Zone(t.name, np.array(t.polygon, np.float64)) for t in self.zone),
            flows=tuple(Flow(t.label, t.origin, t.destination) for t in self.flow),
        )


class SiteTable(Table):
    """`[site]`."""

    name: Name
    timezone: str = "UTC"
    interval_s: Annotated[int, Field(ge=60, le=86_400)] = 60

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, timezone: str) -> str:
        if timezone not in available_timezones():
            raise ValueError(f"{timezone!r} is no IANA time zone such as 'Europe/Berlin'")
        return timezone

    @field_validator("interval_s")
    @classmethod
    def _tiles_a_day(cls, interval_s: int) -> int:
        if 86_400 % interval_s:
            raise ValueError(f"{interval_s} s do not divide a day evenly; take 60, 300, 900 or 3600")
        return interval_s

    @property
    def zone(self) -> ZoneInfo:
        """The site's clock."""
        return ZoneInfo(self.timezone)


class SiteFile(Table):
    """A whole site file."""

    site: SiteTable
    camera: Annotated[list[CameraTable], Field(min_length=1)]
    detector: DetectorTable = DetectorTable()

    @model_validator(mode="after")
    def _camera_names(self) -> Self:
        names = [camera.name for camera in self.camera]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two cameras are called {name!r}")
        return self
