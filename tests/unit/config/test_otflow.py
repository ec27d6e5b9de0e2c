import bz2
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaneur.config.load import ConfigError, parse_site
from flaneur.config.otflow import Imported, ImportNote, read_otflow, site_toml
from flaneur.config.places import FlowTable, LineTable, ZoneTable
from flaneur.config.site import CameraTable, DetectorTable, SiteFile, SiteTable

W, H = 800, 600


def section(number: int, kind: str = "line", *points: tuple[float, float], **changes: Any) -> dict[str, Any]:
    points = points or ((80, 60), (160, 60), (160, 120))
    return {
        "id": str(number),
        "name": f"arm {number}",
        "type": kind,
        "relative_offset_coordinates": {"section-enter": {"x": 0.5, "y": 1.0}},
        "coordinates": [{"x": x, "y": y} for x, y in points],
        "plugin_data": {},
    } | changes


def flow(start: int, end: int, **changes: Any) -> dict[str, Any]:
    return {"id": f"{start}-{end}", "name": f"{start} to {end}", "start": str(start), "end": str(end)} | changes


def read(folder: Path, document: Any) -> Imported:
    path = folder / "crossing.otflow"
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    return read_otflow(path, W, H, camera="north")


def fault(folder: Path, document: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        read(folder, document)
    message = str(caught.value)
    assert message.startswith(str(folder))
    assert "\n" not in message
    return message


def test_lines_areas_and_flows_become_places(tmp_path: Path) -> None:
    area = section(2, "area", (0, 0), (400, 0), (400, 300), (0, 0))
    camera, notes = (got := read(tmp_path, {"sections": [section(1), area], "flows": [flow(1, 2)]})).camera, got.notes
    assert camera == CameraTable(
        name="north",
        line=[LineTable(name="arm 1", points=[(0.1, 0.1), (0.2, 0.1), (0.2, 0.2)])],
        zone=[ZoneTable(name="arm 2", polygon=[(0.0, 0.0), (0.5, 0.0), (0.5, 0.5)])],
        flow=[FlowTable(name="1 to 2", origin="arm 1", destination="arm 2")],
    )
    assert notes == ()


def test_a_compressed_file_reads_alike(tmp_path: Path) -> None:
    document = {"sections": [section(1)], "flows": []}
    assert read(tmp_path, bz2.compress(json.dumps(document).encode())) == read(tmp_path, document)


def test_what_is_changed_or_left_out_is_told(tmp_path: Path) -> None:
    offset = {"section-enter": {"x": 0.5, "y": 0.5}}
    got = read(
        tmp_path,
        {
            "sections": [
                section(1, relative_offset_coordinates=offset),
                section(2, name="arm 1"),
                section(3, "cutting"),
                section(4, name="a\tb" + "c" * 100),
            ],
            "flows": [flow(1, 2, name="arm 1", distance=25.0), flow(1, 3), flow(1, 1)],
        },
    )
    assert [line.name for line in got.camera.line] == ["arm 1", "arm 1 2", "ab" + "c" * 78]
    assert [f.name for f in got.camera.flow] == ["arm 1 3"]
    assert got.notes == (
        ImportNote("section_renamed", {"name": "arm 1", "here": "arm 1 2"}),
        ImportNote("section_cuts", {"name": "arm 3"}),
        ImportNote("section_renamed", {"name": "a\tb" + "c" * 100, "here": "ab" + "c" * 78}),
        ImportNote("flow_renamed", {"name": "arm 1", "here": "arm 1 3"}),
        ImportNote("flow_distance", {"name": "arm 1"}),
        ImportNote("flow_of_cut", {"name": "1 to 3"}),
        ImportNote("flow_to_itself", {"name": "1 to 1"}),
        ImportNote("other_points", {"names": "'arm 1'", "anchor": [0.5, 1.0]}),
    )
    assert got.camera.anchor == (0.5, 1.0)


def test_the_point_of_the_box_is_taken_over(tmp_path: Path) -> None:
    offset = {"section-enter": {"x": 0.5, "y": 0.5}}
    sections = [section(n, relative_offset_coordinates=offset) for n in (1, 2)]
    got = read(tmp_path, {"sections": sections, "flows": []})
    assert got.camera.anchor == (0.5, 0.5)
    assert not got.notes


@pytest.mark.parametrize("offset", [None, 7, {}, {"section-enter": 3}, {"section-enter": {"x": "a", "y": 2}}])
def test_a_point_of_the_box_that_cannot_be_is_the_ground_point(tmp_path: Path, offset: object) -> None:
    got = read(tmp_path, {"sections": [section(1, relative_offset_coordinates=offset)], "flows": []})
    assert got.camera.anchor == (0.5, 1.0)


def test_long_equal_names_stay_apart(tmp_path: Path) -> None:
    got = read(tmp_path, {"sections": [section(n, name="x" * 200) for n in range(12)]})
    names = [line.name for line in got.camera.line]
    assert len(set(names)) == 12
    assert max(map(len, names)) == 80


def test_repeated_points_are_one(tmp_path: Path) -> None:
    got = read(tmp_path, {"sections": [section(1, "line", (0, 0), (0, 0), (800, 600), (800, 600))]})
    assert got.camera.line[0].points == [(0.0, 0.0), (1.0, 1.0)]


def test_an_empty_file_of_the_format_is_told(tmp_path: Path) -> None:
    assert read(tmp_path, {"sections": []}).notes == (ImportNote("no_section"),)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(b"{", "not valid JSON", id="cut off"),
        pytest.param(b"\xff\xfe\x00", "not valid JSON", id="no text"),
        pytest.param(b"[" * 100_000, "not valid JSON", id="nested too deeply"),
        pytest.param(b"BZh91AY&SY garbage", "compression is damaged", id="damaged bzip2"),
        pytest.param(bz2.compress(b" " * 5_000_000), "larger than 4 MB", id="inflates"),
        pytest.param(b" " * 5_000_000, "larger than 4 MB", id="large"),
        pytest.param([], "holds no 'sections'", id="a list"),
        pytest.param({}, "no list of 'sections'", id="no sections"),
        pytest.param({"sections": [], "flows": 3}, "no list of 'flows'", id="flows are a number"),
        pytest.param({"sections": ["x"]}, "sections[1] is not an object", id="section is text"),
        pytest.param({"sections": [section(1, "circle")]}, "type 'circle' is unknown", id="type"),
        pytest.param({"sections": [section(1), section(1)]}, "two sections have the id '1'", id="same id"),
        pytest.param({"sections": [section(1, coordinates=None)]}, "no list of 'coordinates'", id="no coordinates"),
        pytest.param({"sections": [section(1, coordinates=[{"x": 1}])]}, "point 1 has no numbers", id="half a point"),
        pytest.param(
            {"sections": [section(1, coordinates=[{"x": 1, "y": True}])]}, "point 1 has no numbers", id="a truth as y"
        ),
        pytest.param(
            {"sections": [section(1, "line", (1, 1), (801, 1))]}, "point 2 (801, 1) lies outside", id="outside"
        ),
        pytest.param({"sections": [section(1, "line", (1, 1), (10**400, 1))]}, "lies outside", id="far outside"),
        pytest.param({"sections": [section(1, "line", (1, 1), (float("nan"), 1))]}, "lies outside", id="not a number"),
        pytest.param({"sections": [section(1, "line", (1, 1))]}, "section 'arm 1': List should", id="one point"),
        pytest.param(
            {"sections": [section(1, "area", (0, 0), (9, 9), (9, 0), (0, 9))]},
            "'arm 1': the polygon touches or crosses",
            id="bow",
        ),
        pytest.param({"sections": [section(1, name="\ud800")]}, "section '\\ud800'", id="half a character"),
        pytest.param({"sections": [section(1)], "flows": [flow(1, 7)]}, "its end '7' is the id of no", id="flow"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path: Path, document: Any, expected: str) -> None:
    assert expected in fault(tmp_path, document)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        read_otflow(tmp_path / "none.otflow", W, H)
    with pytest.raises(ConfigError, match="is a folder"):
        read_otflow(tmp_path, W, H)


def test_the_text_is_what_a_person_would_write() -> None:
    site = SiteFile(
        site=SiteTable(name="Markt"),
        camera=[
            CameraTable(
                name="north",
                start=datetime(2026, 5, 4, 8, tzinfo=timezone(timedelta(hours=2))),
                line=[LineTable(name='the "kerb"', points=[(0.25, 0.5), (1.0, 0.5)], to_left="out")],
            )
        ],
        detector=DetectorTable(classes={"0": "pedestrian"}),
    )
    assert site_toml(site) == (
        '[site]\nname = "Markt"\n\n'
        '[[camera]]\nname = "north"\nstart = 2026-05-04T08:00:00+02:00\n\n'
        '[[camera.line]]\nname = "the \\"kerb\\""\npoints = [[0.25, 0.5], [1.0, 0.5]]\nto_left = "out"\n\n'
        '[detector]\n\n[detector.classes]\n0 = "pedestrian"\n'
    )


fraction = st.floats(0.0, 1.0)
name = st.text(st.characters(min_codepoint=32, exclude_categories=("Cs",)), min_size=1, max_size=80)
point = st.tuples(fraction, fraction)
line = st.builds(
    LineTable,
    name=name,
    points=st.lists(point, min_size=2, max_size=9, unique=True),
    to_right=name.map(lambda s: s[:79] + "r"),
    to_left=name.map(lambda s: s[:79] + "l"),
)
triangle = st.just([(0.0, 0.0), (0.1, 1e-7), (1 / 3, 0.9)])
zone = st.builds(ZoneTable, name=name, polygon=triangle)
offset = st.integers(-86_000, 86_000).map(lambda s: timezone(timedelta(seconds=s)))
moment = st.datetimes(datetime(1000, 1, 3), timezones=st.none() | offset)  # noqa: DTZ001


classes = st.dictionaries(st.integers(0, 99).map(str), st.sampled_from(["car", "bus"]), max_size=2)


@st.composite
def cameras(draw: st.DrawFn, called: str) -> CameraTable:
    lines = draw(st.lists(line, max_size=3))
    zones = draw(st.lists(zone, max_size=2))
    ends = list(dict.fromkeys(place.name for place in (*lines, *zones)))
    if len(ends) < len(lines) + len(zones):
        lines, zones, ends = [], [], []
    flows = [FlowTable(origin=ends[0], destination=ends[-1])] if len(ends) > 1 else []
    flows = [f for f in flows if f.label not in ends and len(f.label) <= 80]
    return CameraTable(
        name=called,
        source=draw(st.none() | name),
        start=draw(st.none() | moment),
        masks=draw(st.lists(triangle, max_size=2)),
        line=lines,
        zone=zones,
        flow=flows,
    )


@settings(deadline=None, max_examples=60)
@given(st.data(), st.lists(name, min_size=1, max_size=2, unique=True))
def test_a_written_site_file_reads_back_the_same(data: st.DataObject, called: list[str]) -> None:
    site = SiteFile(
        site=SiteTable(name=data.draw(name), interval_s=data.draw(st.sampled_from([60, 900]))),
        camera=[data.draw(cameras(n)) for n in called],
        detector=DetectorTable(
            licence=data.draw(name),
            rate_per_s=data.draw(st.floats(2.0, 60.0)),
            classes=data.draw(classes),
        ),
    )
    assert parse_site(site_toml(site), "written") == site
