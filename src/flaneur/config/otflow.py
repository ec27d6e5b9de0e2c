"""Sections and flows of OTVision and OTAnalytics (`.otflow`) as a camera of our site file, and a site file as text.

An `.otflow` file is JSON, also compressed with bzip2: `sections` of type `line` or `area` with `coordinates` in pixels
of the video, and `flows` from the section `start` to the section `end`. Sections of type `cutting` split tracks there
and have no counterpart here.
"""

import bz2
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from flaneur.config.load import LARGEST_BYTES, ConfigError
from flaneur.config.places import FlowTable, LineTable, ZoneTable
from flaneur.config.site import CameraTable, SiteFile
from flaneur.data.geometry import GROUND_POINT

DECIMALS = 6
"""Of a fraction of the picture: finer than a hundredth of a pixel in any video."""
LONGEST_NAME = 80

ImportNoteKey = Literal[
    "section_cuts",
    "section_renamed",
    "flow_renamed",
    "flow_of_cut",
    "flow_to_itself",
    "flow_distance",
    "other_points",
    "no_section",
]
"""What a note is about; `flaneur.cli.site_texts` has a sentence for each."""


@dataclass(frozen=True, slots=True)
class ImportNote:
    """One thing that was changed or left out, or that the user should look at."""

    key: ImportNoteKey
    values: Mapping[str, object] = field(default_factory=dict)
    """What fills the gaps of the sentence: names as the file has them, the anchor of the camera."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an `.otflow` file describes."""

    camera: CameraTable
    notes: tuple[ImportNote, ...]


def read_otflow(path: Path, width_px: int, height_px: int, camera: str = "camera") -> Imported:
    """Lines, zones and flows of the file at `path`, which was drawn on a picture of this size.

    ConfigError names what is wrong and where.
    """
    document = _document(path)
    reader = _Reader(str(path), width_px, height_px)
    for number, section in enumerate(_rows(path, document, "sections", required=True), start=1):
        reader.section(number, section)
    for number, flow in enumerate(_rows(path, document, "flows", required=False), start=1):
        reader.flow(number, flow)
    return reader.imported(camera)


def _document(path: Path) -> dict[str, Any]:
    try:
        data = path.read_bytes() if path.stat().st_size <= LARGEST_BYTES else None
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: is a folder, not an .otflow file") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        if data is not None and data.startswith(b"BZh"):
            unpacked = bz2.BZ2Decompressor().decompress(data, LARGEST_BYTES + 1)
            data = unpacked if len(unpacked) <= LARGEST_BYTES else None
        if data is None:
            raise ConfigError(f"{path}: larger than {LARGEST_BYTES // 1_000_000} MB, surely not an .otflow file")
        document = json.loads(data)
    except OSError:
        raise ConfigError(f"{path}: its compression is damaged") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: is not valid JSON: {error or 'nested too deeply'}") from None
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: is not an .otflow file: it holds no 'sections'")
    return document


def _rows(path: Path, document: dict[str, Any], key: str, *, required: bool) -> list[dict[str, Any]]:
    rows = document.get(key, None if required else [])
    if not isinstance(rows, list):
        raise ConfigError(f"{path}: is not an .otflow file: it holds no list of {key!r}")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise ConfigError(f"{path}: {key}[{number}] is not an object")
    return rows


@dataclass(slots=True)
class _Reader:
    """Collects tables and notes. `place` says which place a section's id became, None for none."""

    origin: str
    width_px: int
    height_px: int
    lines: list[LineTable] = field(default_factory=list)
    zones: list[ZoneTable] = field(default_factory=list)
    flows: list[FlowTable] = field(default_factory=list)
    place: dict[str, str | None] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    notes: list[ImportNote] = field(default_factory=list)
    anchors: dict[str, tuple[float, float]] = field(default_factory=dict)

    def section(self, number: int, section: dict[str, Any]) -> None:
        key = str(section.get("id", number))
        given = str(section.get("name") or key)
        where = f"section {given!r}"
        if key in self.place:
            raise ConfigError(f"{self.origin}: two sections have the id {key!r}")
        kind = section.get("type")
        if kind == "cutting":
            self.place[key] = None
            self._note("section_cuts", name=given)
            return
        if kind not in ("line", "area"):
            raise ConfigError(f"{self.origin}: {where}: type {kind!r} is unknown; known are line, area and cutting")
        points = self._points(where, section.get("coordinates"))
        if kind == "area" and len(points) > 1 and points[0] == points[-1]:
            points.pop()
        name = self._name("section_renamed", given)
        try:
            if kind == "line":
                self.lines.append(LineTable(name=name, points=points))
            else:
                self.zones.append(ZoneTable(name=name, polygon=points))
        except ValidationError as error:
            raise ConfigError(f"{self.origin}: {where}: {_first_fault(error)}") from None
        self.place[key] = name
        self.anchors[name] = _anchor(section)

    def flow(self, number: int, flow: dict[str, Any]) -> None:
        given = str(flow.get("name") or flow.get("id") or f"flow {number}")
        where = f"flow {given!r}"
        ends: list[str | None] = []
        for key in ("start", "end"):
            section = str(flow.get(key))
            if section not in self.place:
                raise ConfigError(f"{self.origin}: {where}: its {key} {section!r} is the id of no section")
            ends.append(self.place[section])
        origin, destination = ends
        if origin is None or destination is None:
            self._note("flow_of_cut", name=given)
        elif origin == destination:
            self._note("flow_to_itself", name=given)
        else:
            name = self._name("flow_renamed", given)
            try:
                self.flows.append(FlowTable(name=name, origin=origin, destination=destination))
            except ValidationError as error:
                raise ConfigError(f"{self.origin}: {where}: {_first_fault(error)}") from None
            if flow.get("distance"):
                self._note("flow_distance", name=given)

    def imported(self, camera: str) -> Imported:
        if not self.lines and not self.zones:
            self._note("no_section")
        used = list(self.anchors.values())
        anchor = max(used, key=used.count, default=GROUND_POINT)
        if others := [name for name, point in self.anchors.items() if point != anchor]:
            self._note("other_points", names=", ".join(map(repr, others)), anchor=list(anchor))
        table = CameraTable(name=camera, anchor=anchor, line=self.lines, zone=self.zones, flow=self.flows)
        return Imported(table, tuple(self.notes))

    def _points(self, where: str, coordinates: Any) -> list[tuple[float, float]]:
        if not isinstance(coordinates, list):
            raise ConfigError(f"{self.origin}: {where}: has no list of 'coordinates'")
        points: list[tuple[float, float]] = []
        for number, entry in enumerate(coordinates, start=1):
            x, y = (_number(entry.get(axis)) if isinstance(entry, dict) else None for axis in "xy")
            if x is None or y is None:
                raise ConfigError(f"{self.origin}: {where}: point {number} has no numbers 'x' and 'y'")
            if not (0 <= x <= self.width_px and 0 <= y <= self.height_px):
                raise ConfigError(
                    f"{self.origin}: {where}: point {number} ({x!r:.20}, {y!r:.20}) lies outside the picture of "
                    f"{self.width_px}×{self.height_px}; was the file made for another video?"
                )
            point = (round(x / self.width_px, DECIMALS), round(y / self.height_px, DECIMALS))
            if not points or point != points[-1]:
                points.append(point)
        return points

    def _note(self, key: ImportNoteKey, **values: object) -> None:
        self.notes.append(ImportNote(key, values))

    def _name(self, renamed: ImportNoteKey, given: str) -> str:
        printable = "".join(c for c in given if c >= " ") or "unnamed"
        name = printable[:LONGEST_NAME]
        number = 1
        while name in self.taken:
            number += 1
            ending = f" {number}"
            name = printable[: LONGEST_NAME - len(ending)] + ending
        if name != given:
            self._note(renamed, name=given, here=name)
        self.taken.add(name)
        return name


def _anchor(section: dict[str, Any]) -> tuple[float, float]:
    """The point of a box that crosses the section; the ground point where the section names none that can be used."""
    offsets = section.get("relative_offset_coordinates")
    offset = offsets.get("section-enter") if isinstance(offsets, dict) else None
    if not isinstance(offset, dict):
        return GROUND_POINT
    x, y = _number(offset.get("x")), _number(offset.get("y"))
    if x is None or y is None or not (0 <= x <= 1 and 0 <= y <= 1):
        return GROUND_POINT
    return float(x), float(y)


def _number(value: Any) -> int | float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _first_fault(error: ValidationError) -> str:
    return str(error.errors(include_url=False)[0]["msg"]).removeprefix("Value error, ")


def site_toml(site: SiteFile) -> str:
    """The site file as TOML that `load.parse_site` reads back to the same; what is as by default is left out."""
    out: list[str] = []
    _write_table(out, (), site.model_dump(exclude_defaults=True))
    return "\n".join(out).lstrip("\n") + "\n"


def _write_table(out: list[str], path: tuple[str, ...], table: dict[str, Any]) -> None:
    below: list[tuple[str, Any]] = []
    for key, value in table.items():
        if isinstance(value, dict) or (isinstance(value, list) and value and isinstance(value[0], dict)):
            below.append((key, value))
        else:
            out.append(f"{_key(key)} = {_value(value)}")
    for key, value in below:
        name = (*path, key)
        header = ".".join(_key(part) for part in name)
        for entry in value if isinstance(value, list) else [value]:
            out.extend(("", f"[[{header}]]" if isinstance(value, list) else f"[{header}]"))
            _write_table(out, name, entry)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _string(key)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, datetime):
        offset = value.utcoffset()
        whole_minutes = offset is None or not offset.total_seconds() % 60
        return (value if whole_minutes else value.astimezone(UTC)).isoformat()
    if isinstance(value, list | tuple):
        parts = [_value(part) for part in value]
        line = f"[{', '.join(parts)}]"
        return line if len(line) <= 110 else "[\n    " + ",\n    ".join(parts) + ",\n]"
    return repr(value)


def _string(text: str) -> str:
    """A basic string of TOML; it escapes as JSON does, and the delete character besides."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
