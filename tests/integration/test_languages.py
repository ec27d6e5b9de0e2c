"""Every command that speaks German does so where the locale is German, and where it is asked to."""

import json
from contextlib import chdir
from pathlib import Path

import pytest

from flaneur.store.store import Store
from support.command import command
from support.figures import MONDAY_7H_NS, Scene, facts
from support.video import moving_boxes, write_video

SITE = """
[site]
name = "Marktplatz"
[keep]
figures_days = 36500
[[camera]]
name = "north"
source = "street.mp4"
realtime = true
[[camera.zone]]
name = "square"
polygon = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]
[[camera.line]]
name = "stop"
points = [[0.1, 0.8], [0.9, 0.8]]
[[camera.queue]]
name = "waiting"
stop_line = "stop"
lane = "square"
"""
AUDIT = """
[audit]
log = "audit.jsonl"
key = "audit.key"
"""
LINE = {"type": "line", "coordinates": [{"x": 9, "y": 0}, {"x": 9, "y": 200}]}
SECTIONS = {
    "sections": [
        {"id": "1", "name": "cut", "type": "cutting", "coordinates": []},
        {"id": "2", "name": "west", **LINE},
        {"id": "3", "name": "west", **LINE, "relative_offset_coordinates": {"section-enter": {"x": 0.5, "y": 0.5}}},
    ],
    "flows": [
        {"name": "a", "start": "1", "end": "2"},
        {"name": "b", "start": "2", "end": "2"},
        {"name": "west", "start": "2", "end": "3", "distance": 7.5},
    ],
}
"""An import has something to say of each."""
SAID = {
    "doctor --no-cameras": ("Arbeitsspeicher: ", "unterscheidet: Fußgänger, Zweiräder, Pkw"),
    "camera test site.toml --seconds 2": ("north: h264 320×240; ", "im eigenen Takt abgespielt"),
    "export flaneur.sqlite --format datex2 --out measured.xml": (
        "Für diese Zahlen hat DATEX II keine Wörter",
        "  Fußgänger: Überquerungen von Linien\n",
    ),
    "retention flaneur.sqlite --site site.toml": ("flaneur.sqlite: nichts ist zu alt", "Hinweis: report.html daneben"),
    "audit init --site audited.toml": (
        "audit.jsonl: begonnen",
        "der geheime Schlüssel",
        "Kopf, außerhalb dieses Rechners",
    ),
    "site check site.toml": (
        "site.toml: in Ordnung",
        'Kamera "north": 1 Linie, 1 Zone, 0 Ströme, 1 Rückstau, 0 Signale, 0 Masken; '
        "kein [camera.ground], also nichts in Metern: Rückstaus bleiben ohne Zahlen",
        "eingeschaltet: [keep]",
    ),
    "site init street.mp4 --site new.toml": ("new.toml: bearbeiten", "new.png: Koordinaten am Gitter"),
    "site import a.otflow --video street.mp4 --site new.toml": (
        "Hinweis: Sektion 'cut' ausgelassen: sie zerschneidet Spuren",
        "Hinweis: Sektion 'west' heißt hier 'west 2', da",
        "Hinweis: Strom 'a' ausgelassen: er beginnt oder endet an einer schneidenden Sektion",
        "Hinweis: Strom 'b' ausgelassen: er beginnt und endet an derselben Sektion",
        "Hinweis: Strom 'west' heißt hier 'west 3', da",
        "Hinweis: Strom 'west': seine Länge fehlt hier",
        "Hinweis: 'west 2': bisher mit einem anderen Punkt des Rahmens gezählt",
        "Flaneur hat einen je Kamera, [0.5, 1.0], also",
        "new.toml: geschrieben",
    ),
    "models": ("Herkunft", "trainiert mit COCO", "Zweiräder"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_video(tmp_path / "street.mp4", moving_boxes(30), rate=10)
    (tmp_path / "site.toml").write_text(SITE)
    (tmp_path / "audited.toml").write_text(SITE + AUDIT)
    (tmp_path / "a.otflow").write_text(json.dumps(SECTIONS))
    (tmp_path / "report.html").touch()
    with Store.create(tmp_path / "flaneur.sqlite") as store:
        store.write_run(facts())
        store.write_interval(Scene(lines=("crosswalk",), edges=False, start_ns=MONDAY_7H_NS, minutes=2).measurements())
    return tmp_path


@pytest.fixture
def asked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """The option, or nothing but a German locale."""
    monkeypatch.setenv("COLUMNS", "200")
    if request.param == "option":
        return ("--language", "de")
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    return ()


@pytest.mark.parametrize("asked", ["option", "locale"], indirect=True)
@pytest.mark.parametrize("line", SAID)
def test_german(line: str, asked: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with chdir(folder):
        said = command(capsys, *line.split(), *asked)
    assert [text for text in SAID[line] if text not in said.out + said.err] == [], said


def test_the_option_goes_before_the_locale(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert "site.toml: good" in command(capsys, "site", "check", folder / "site.toml", "--language", "en").out


@pytest.mark.parametrize(("language", "explained"), [("de", "# Eine Zone zählt"), ("en", "# A zone counts")])
def test_a_new_site_file_is_explained_in_the_language(
    language: str, explained: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command(capsys, "site", "init", folder / "street.mp4", "--site", folder / "new.toml", "--language", language)
    assert explained in (folder / "new.toml").read_text("utf-8")


def test_errors_are_in_english(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    said = command(capsys, "site", "init", folder / "street.mp4", "--site", folder / "site.toml")
    assert "exists already" in said.err
