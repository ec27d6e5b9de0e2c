"""A store's figures for other platforms."""

import json
from pathlib import Path

import pytest
from lxml import etree

from flaneur.serve.live.datex2 import NAMESPACES
from flaneur.store.store import Store
from support.command import Said, command, refused
from support.figures import MONDAY_7H_NS, Scene, facts, figure

SITE = """
[site]
name = "Marktplatz"
[[camera]]
name = "north"
[serve]
position = [52.5, 13.4]
country = "DE"
"""
SCENE = Scene(lines=("crosswalk",), edges=False, start_ns=MONDAY_7H_NS, minutes=5, covered=((2, 0.0),))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "flaneur.sqlite"
    with Store.create(path) as opened:
        opened.write_run(facts())
        opened.write_interval(SCENE.measurements())
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "exported"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.toml"
    path.write_text(SITE)
    return path


def test_things(store: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = command(capsys, "export", store, "--format", "sensorthings", "--out", out)
    (thing,) = json.loads(out.read_text())
    assert sum(len(stream["Observations"]) for stream in thing["Datastreams"]) == len(list(SCENE.measurements()))
    assert said.err == ""


def test_datex_says_what_it_left_out(store: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = command(capsys, "export", store, "--format", "datex2", "--out", out)
    root = etree.parse(out).getroot()
    assert len(root.findall("roa:siteMeasurements", NAMESPACES)) == 5 * 2
    assert "  pedestrians: Crossings of lines" in said.err
    assert len(said.err.splitlines()) <= 8


def test_a_file_appears_whole_and_is_recorded(
    store: Path, site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site.write_text(SITE + "[audit]\n")
    command(capsys, "audit", "init", "--site", site)
    out = tmp_path / "sites.xml"
    said = command(capsys, "export", store, "--format", "datex2-sites", "--site", site, "--out", out)
    assert said.code == 0, said.err
    root = etree.parse(out).getroot()
    assert root.findtext(".//loc:latitude", namespaces=NAMESPACES) == "52.5000000"
    assert root.findtext(".//com:country", namespaces=NAMESPACES) == "de"
    assert command(capsys, "audit", "verify", "--site", site).code == 0
    assert '"name":"sites.xml"' in next(tmp_path.glob("*.jsonl")).read_text()
    assert {path.name for path in tmp_path.glob(".*")} == set()


def test_while_a_watch_writes(store: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store.open(store) as writing:
        writing.write_interval([figure(MONDAY_7H_NS + 60 * 60_000_000_000, kind="car")])
        assert command(capsys, "export", store, "--format", "datex2", "--out", out).code == 0
    assert "2026-06-01T06:00:00Z" in out.read_text()


def test_what_cannot_be_exported_is_said(
    store: Path, site: Path, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def export(*given: str | Path) -> Said:
        return command(capsys, "export", *given, "--out", out)

    refused(export(store, "--format", "datex2-sites"), "position")
    refused(export(tmp_path / "no.sqlite", "--format", "datex2"), "is not a file")
    site.write_text(SITE.replace("Marktplatz", "Bahnhof"))
    refused(export(store, "--format", "datex2", "--site", site), "Marktplatz", "Bahnhof")
    with Store.open(store) as opened:
        opened.write_interval([figure(MONDAY_7H_NS, site="Bahnhof")])
    refused(export(store, "--format", "datex2"), "several sites")
    assert not out.exists()


@pytest.mark.parametrize("form", ["datex2", "datex2-sites"])
def test_a_store_without_vehicles_is_no_datex_document(
    tmp_path: Path, site: Path, out: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    path = tmp_path / "walkers.sqlite"
    with Store.create(path) as opened:
        opened.write_run(facts())
        opened.write_interval([figure(start_ns=MONDAY_7H_NS)])
    said = command(capsys, "export", path, "--format", form, "--site", site, "--out", out)
    refused(said, "DATEX II has words for", "sensorthings")
    assert not out.exists()


def test_figures_without_a_date_stay_here(tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store.create(tmp_path / "undated.sqlite") as opened:
        opened.write_run(facts(dated=False, start_ns=0, end_ns=10))
        opened.write_interval([figure()])
    said = command(capsys, "export", tmp_path / "undated.sqlite", "--format", "sensorthings", "--out", out)
    refused(said, "date", "start")
