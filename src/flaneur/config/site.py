"""Model of a site file. One strict class per table; positions are fractions of the picture."""

import difflib
from collections.abc import Set
from datetime import datetime
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
from pydantic import Field, field_validator, model_validator

from flaneur.config.base import Name, Point, Polygon, Table, check_polygon
from flaneur.config.ground import GroundTable, QueueTable
from flaneur.config.keep import AuditTable, KeepTable
from flaneur.config.live import MqttTable, ServeTable, WatchTable, WebhookTable
from flaneur.config.papers import PapersTable
from flaneur.config.places import FlowTable, LineTable, ZoneTable
from flaneur.config.publish import PublishTable
from flaneur.config.signals import SignalTable
from flaneur.data.geometry import GROUND_POINT, Flow, GroundLine, GroundPlaces, GroundZone, Line, Places, Zone
from flaneur.data.kinds import Kind, kind_from_label


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
    """A file, `rtsp://`, `http(s)://` or `webcam:0`, without user and password; `flaneur run VIDEO` takes its place."""
    transport: Literal["tcp", "udp"] = "tcp"
    """How an RTSP camera sends its packets."""
    realtime: bool = False
    """`flaneur watch` plays a file at its own pace, as if it were a camera."""
    start: datetime | None = None
    """When the video begins; without an offset it is in the site's zone."""
    masks: list[Polygon] = []
    anchor: Point = GROUND_POINT
    """The point of a box, in shares of its width and height, that crosses lines and is in zones."""
    line: list[LineTable] = []
    zone: list[ZoneTable] = []
    flow: list[FlowTable] = []
    ground: GroundTable | None = None
    queue: list[QueueTable] = []
    signal: list[SignalTable] = []

    @field_validator("masks")
    @classmethod
    def _simple_masks(cls, masks: list[list[Point]]) -> list[list[Point]]:
        return [check_polygon(mask) for mask in masks]

    @model_validator(mode="after")
    def _names(self) -> Self:
        lines, zones = {line.name: line for line in self.line}, {zone.name for zone in self.zone}
        signals = {signal.name for signal in self.signal}
        _unique(
            "places", *(line.name for line in self.line), *(z.name for z in self.zone), *(f.label for f in self.flow)
        )
        _unique("queues", *(queue.name for queue in self.queue))
        _unique("signals", *(signal.name for signal in self.signal))
        for flow in self.flow:
            for end in (flow.origin, flow.destination):
                _known(end, lines.keys() | zones, f"flow {flow.label!r}: there is no line or zone")
            if flow.origin == flow.destination:
                raise ValueError(f"flow {flow.label!r} begins and ends at the same place")
        for queue in self.queue:
            _known(queue.stop_line, lines.keys(), f"queue {queue.name!r}: there is no line")
            _known(queue.lane, zones, f"queue {queue.name!r}: there is no zone")
            _known(queue.signal, signals | {None}, f"queue {queue.name!r}: there is no signal")
        for signal in self.signal:
            _known(signal.stop_line, lines.keys(), f"signal {signal.name!r}: there is no line")
            line = lines[signal.stop_line]
            ways = {line.to_right, line.to_left}
            _known(signal.direction, ways, f"signal {signal.name!r}: line {line.name!r} has no direction")
        return self

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        metric = [line.metres is not None for line in self.line] + [zone.metres is not None for zone in self.zone]
        if any(metric) and not all(metric):
            raise ValueError("some lines and zones are given in metres and some in the picture; take one or the other")
        if any(metric) and (self.ground or self.masks or any(signal.lamps for signal in self.signal)):
            raise ValueError("lines and zones in metres are for trajectories, which have no ground, masks or lamps")
        return self

    @property
    def in_metres(self) -> bool:
        """Whether the places are for trajectories in metres and not for a picture."""
        return any(line.metres for line in self.line) or any(zone.metres for zone in self.zone)

    @property
    def places(self) -> Places:
        """The lines, zones and flows in the picture, as the measures take them; none where they are in metres."""
        if self.in_metres:
            return Places()
        return Places(
            lines=tuple(Line(t.name, np.array(t.points, np.float64)) for t in self.line),
            zones=tuple(Zone(t.name, np.array(t.polygon, np.float64)) for t in self.zone),
            flows=self._flows,
        )

    @property
    def ground_places(self) -> GroundPlaces:
        """The lines, zones and flows that are given in metres."""
        return GroundPlaces(
            lines=tuple(GroundLine(t.name, np.array(t.metres, np.float64)) for t in self.line if t.metres),
            zones=tuple(GroundZone(t.name, np.array(t.metres, np.float64)) for t in self.zone if t.metres),
            flows=self._flows,
        )

    @property
    def _flows(self) -> tuple[Flow, ...]:
        return tuple(Flow(t.label, t.origin, t.destination) for t in self.flow)


def _unique(what: str, *names: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"two {what} are called {name!r}")
        seen.add(name)


def _known(name: str | None, names: Set[str | None], sentence: str) -> None:
    if name not in names:
        near = difflib.get_close_matches(str(name), filter(None, names), n=1)
        raise ValueError(f"{sentence} {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))


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
    publish: PublishTable | None = None
    keep: KeepTable | None = None
    audit: AuditTable | None = None
    papers: PapersTable | None = None
    watch: WatchTable = WatchTable()
    serve: ServeTable | None = None
    mqtt: MqttTable | None = None
    webhook: list[WebhookTable] = []

    @model_validator(mode="after")
    def _longer_intervals(self) -> Self:
        if self.keep is not None:
            self.keep.check_interval(self.site.interval_s)
        return self

    @model_validator(mode="after")
    def _public_places(self) -> Self:
        if self.publish is not None:
            lines = {line.name for camera in self.camera for line in camera.line}
            self.publish.check_places(lines, {zone.name for camera in self.camera for zone in camera.zone})
        return self

    @model_validator(mode="after")
    def _camera_names(self) -> Self:
        names = [camera.name for camera in self.camera]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two cameras are called {name!r}")
        return self
