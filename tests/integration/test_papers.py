"""The papers of a real site: publication, ledger and audit log in, files out, looked at in a real browser."""

from collections.abc import Iterator
from contextlib import chdir
from datetime import date
from pathlib import Path

import cv2
import pytest
from playwright.sync_api import Browser, Page
from typer.testing import CliRunner

from flaneur.cli.main import app
from flaneur.data.errors import UserError
from flaneur.run.papers import Wanted, write_papers
from flaneur.store.ledger import Ledger
from support.browser import chromium
from support.page import Page as Read
from support.papers import Pdf
from support.scene import site_with_boards, street, write_board_detector
from support.video import write_video

SITE = """
[site]
name = "Markt & <Platz>"
timezone = "Europe/Berlin"
[[camera]]
name = "Nord"
start = 2026-06-01T07:00:00
masks = [[[0.0, 0.0], [0.1, 0.0], [0.1, 0.1]]]
[[camera.line]]
name = "Zebrastreifen"
points = [[0.5, 0.0], [0.5, 1.0]]
[[camera.zone]]
name = "Platz"
polygon = [[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]]
[[camera]]
name = "Süd"
[keep]
figures_days = 400
[audit]
[publish]
rho_s = 5
appearances = 1
epsilon_per_day = 1.0
chunk_s = 5
window_s = 60
events_per_track = 1
[[publish.figure]]
measure = "crossings"
place = "Zebrastreifen"
[[publish.figure]]
measure = "occupancy"
place = "Platz"
[papers]
controller = "Stadt Beispielhausen"
address = "Rathausplatz 1, 12345 Beispielhausen"
contact = "verkehr@beispielhausen.example"
public_url = "https://www.beispielhausen.example/verkehr"
article_6_1 = "e"
[papers.de]
purposes = ["Verkehrsplanung"]
[papers.en]
purposes = ["traffic planning"]
"""
TODAY = date(2026, 11, 22)


def call(folder: Path, *arguments: str) -> str:
    with chdir(folder):
        done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of which figures were published, with an audit log and a picture of its empty street."""
    folder = tmp_path_factory.mktemp("site")
    write_video(folder / "scene.mp4", street(80, walkers=2), rate=10)
    write_video(folder / "ghost.mp4", street(5, walkers=0), rate=10)
    (folder / "site.toml").write_text(site_with_boards(SITE, write_board_detector(folder / "boards.xml")))
    call(folder, "audit", "init")
    call(folder, "publish", "scene.mp4", "--site", "site.toml", "--camera", "Nord", "--out", "public", "-q")
    return folder


@pytest.fixture(scope="module")
def papers(folder: Path) -> Path:
    said = call(folder, "papers", "site.toml", "--out", "papers", "--figures", "public", "--ghost", "Nord=ghost.mp4")
    assert "neither legal advice nor a promise" in said
    return folder / "papers"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def test_all_papers_are_there_in_both_languages(papers: Path) -> None:
    names = ("sign-a4.{}.pdf", "sign-a3.{}.pdf", "public.{}.html", "record.{}.html", "assessment.{}.html")
    assert {path.name for path in papers.iterdir()} == {name.format(one) for name in names for one in ("de", "en")}
    sign = Pdf((papers / "sign-a3.de.pdf").read_bytes())
    assert sign.code(1) == "https://www.beispielhausen.example/verkehr"
    assert "Zahlen: 400 Tage." in sign.text()
    assert "Markt & <Platz> · Kamera „Süd“" in sign.text(1)


def test_the_public_page_agrees_with_publication_ledger_and_log(folder: Path, papers: Path) -> None:
    shown = Read((papers / "public.en.html").read_text())
    public = (folder / "public" / "public.csv").read_text().splitlines()
    values = [line.split(",")[8] for line in public[1:] if ",crossings," in line]
    (row,) = shown.table("Crossings").rows[1:]
    assert [cell.partition(" ")[0] for cell in row[1:-1]] == [f"{float(value):.0f}" for value in values]
    with Ledger.open(folder / "site.ledger.sqlite") as ledger:
        spent = sum(entry.charge.nano_epsilon for entry in ledger.entries()) / 1e9
    assert shown.table("Use of").rows[1][1:4] == ["2026-06-01", "1", f"{spent:.6g}"]
    head = next(text for text in shown.texts if len(text.partition(":")[2]) == 64)
    call(folder, "audit", "prove", head)  # the log has grown since, and holds what the page says
    log = (folder / "audit.jsonl").read_text()
    assert '"name":"public.en.html"' in log, "what is handed out is in the log"


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("name", ["public", "record", "assessment"])
def test_pages_fit_and_ask_for_nothing(browser: Browser, papers: Path, name: str, language: str) -> None:
    path = papers / f"{name}.{language}.html"
    for width, scheme in ((320, "dark"), (1280, "light")):
        page, requests, complaints = _opened(browser, path, width, scheme)
        assert [url for url in requests if not url.startswith("data:")] == [path.as_uri()]
        assert complaints == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("html").get_attribute("lang") == language
        assert page.locator("script").count() == 0
        page.close()


def test_no_word_of_the_risks_is_cut(browser: Browser, papers: Path) -> None:
    """A word may end in a hyphen at the end of a line; no line may end in its middle without one."""
    page, _, _ = _opened(browser, papers / "assessment.de.html", 1280, "light")
    page.emulate_media(media="print")
    for width in (1280, 670):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(CUT_WORDS) == []
    page.close()


def test_the_ghost_picture_is_shown(browser: Browser, papers: Path) -> None:
    page, _, _ = _opened(browser, papers / "public.de.html", 1280, "light")
    assert page.locator("img").count() == 1
    assert page.evaluate("document.images[0].naturalWidth") == 640
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(browser: Browser, papers: Path, scheme: str) -> None:
    """WCAG 2.2, 1.4.3: a contrast of 4.5 to 1."""
    page, _, _ = _opened(browser, papers / "public.de.html", 1280, scheme)
    worst = page.evaluate(CONTRAST)
    assert worst["ratio"] >= 4.5, worst
    page.close()


def test_the_keyboard_reaches_the_content_and_every_table(browser: Browser, papers: Path) -> None:
    page, _, _ = _opened(browser, papers / "public.de.html", 390, "light")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    regions = page.locator("[role=region]")
    assert regions.count() == page.locator("table").count()
    for n in range(regions.count()):
        assert regions.nth(n).get_attribute("tabindex") == "0"
        assert regions.nth(n).get_attribute("aria-label")
    page.close()


@pytest.mark.parametrize("suffix", ["mp4", "png"])
def test_a_picture_that_shows_somebody_is_refused(folder: Path, tmp_path: Path, suffix: str) -> None:
    picture = tmp_path / f"street.{suffix}"
    people = list(street(50))[40:]
    if suffix == "mp4":
        write_video(picture, people, rate=10)
    else:
        cv2.imwrite(str(picture), people[0])
    with pytest.raises(UserError, match="somebody to be seen"):
        write_papers(folder / "site.toml", tmp_path / "out", Wanted(ghosts={"Nord": picture}), TODAY)
    assert not (tmp_path / "out").exists()


def test_earlier_papers_are_not_replaced_unless_asked(folder: Path, tmp_path: Path) -> None:
    german = Wanted(languages=("de",))
    written = write_papers(folder / "site.toml", tmp_path, german, TODAY)
    assert {path.name.split(".")[1] for path in tmp_path.iterdir()} == {"de"}
    (tmp_path / "record.de.html").write_text("filled in by hand")
    with pytest.raises(UserError, match="exists already"):
        write_papers(folder / "site.toml", tmp_path, german, TODAY)
    assert (tmp_path / "record.de.html").read_text() == "filled in by hand"
    assert write_papers(folder / "site.toml", tmp_path, Wanted(languages=("de",), overwrite=True), TODAY) == written
    assert (tmp_path / "record.de.html").read_text() != "filled in by hand"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[papers", "[[webhook]]\nname = 'x'\nurl = 'http://x'\n#", "there is no \\[papers\\] in it"),
        ('"Markt & <Platz>"', '"Elsewhere"', "holds figures of the site 'Markt & <Platz>'"),
        ('name = "Nord"', 'name = "West"', "figures of a camera 'Nord'"),
    ],
)
def test_what_does_not_belong_together_is_refused(
    folder: Path, tmp_path: Path, old: str, new: str, message: str
) -> None:
    text = (folder / "site.toml").read_text().replace("[audit]\n", "")
    head, _, tail = text.partition("[papers]")
    text = head + new if old == "[papers" else (head + "[papers]" + tail).replace(old, new)
    (tmp_path / "site.toml").write_text(text)
    wanted = Wanted(published=(folder / "public",), ledger=folder / "site.ledger.sqlite")
    with pytest.raises(UserError, match=message):
        write_papers(tmp_path / "site.toml", tmp_path / "out", wanted, TODAY)


def test_another_ledger_a_missing_language_and_an_unknown_camera_are_named(folder: Path, tmp_path: Path) -> None:
    site = folder / "site.toml"
    paid = Wanted(published=(folder / "public",), ledger=tmp_path / "other.sqlite")
    with pytest.raises(UserError, match="paid for by entry 1: it is another ledger"):
        write_papers(site, tmp_path / "out", paid, TODAY)
    with pytest.raises(UserError, match="no camera 'Ost' in the site file; it has 'Nord', 'Süd'"):
        write_papers(site, tmp_path / "out", Wanted(ghosts={"Ost": folder / "ghost.mp4"}), TODAY)
    (tmp_path / "site.toml").write_text(site.read_text().partition("[papers.en]")[0].replace("[audit]\n", ""))
    with pytest.raises(UserError, match=r"there is no \[papers\.en\]"):
        write_papers(tmp_path / "site.toml", tmp_path / "out", Wanted(languages=("en",)), TODAY)


def test_a_changed_log_stops_the_papers(folder: Path, tmp_path: Path) -> None:
    for name in ("audit.jsonl", "audit.key", "audit.key.pub", "audit.key.head", "site.toml"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
        (tmp_path / name).chmod(0o600)
    log = (tmp_path / "audit.jsonl").read_text()
    (tmp_path / "audit.jsonl").write_text(log.replace("published", "publisheD", 1))
    with pytest.raises(UserError, match="changed"):
        write_papers(tmp_path / "site.toml", tmp_path / "out", Wanted(), TODAY)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read"), ("{}", "guarantee: Field required"), ("no json", "is not as `flaneur publish` writes")],
)
def test_what_was_not_published_by_us_is_refused(
    folder: Path, tmp_path: Path, content: str | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "public.json").write_text(content)
    with pytest.raises(UserError, match=message):
        write_papers(folder / "site.toml", tmp_path / "out", Wanted(published=(tmp_path,)), TODAY)


CUT_WORDS = """() => {
  const cut = [];
  const range = document.createRange();
  for (const cell of document.querySelectorAll('table.risks :is(th, td)')) {
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      for (const piece of walker.currentNode.data.matchAll(/[^\\s\\u00ad-]+/g)) {
        const [first, last] = [0, piece[0].length - 1].map(n => {
          range.setStart(walker.currentNode, piece.index + n);
          range.setEnd(walker.currentNode, piece.index + n + 1);
          return [...range.getClientRects()].at(-1).top;  // a hyphen before it has a box, too
        });
        if (first !== last) cut.push(piece[0]);
      }
    }
  }
  return cut;
}"""

CONTRAST = """() => {
  const part = c => (c /= 255, c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  let worst = {ratio: 21, text: ''};
  for (const element of document.querySelectorAll('body *')) {
    if (![...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const style = getComputedStyle(element);
    const front = light(rgb(element.closest('svg') ? style.fill : style.color));
    let ground = element;
    while (ground && (rgb(getComputedStyle(ground).backgroundColor)[3] ?? 1) === 0) ground = ground.parentElement;
    const back = light(rgb(getComputedStyle(ground ?? document.body).backgroundColor));
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (ratio < worst.ratio) worst = {ratio, text: element.textContent.trim().slice(0, 60)};
  }
  return worst;
}"""


def _opened(browser: Browser, path: Path, width: int, scheme: str) -> tuple[Page, list[str], list[str]]:
    requests: list[str] = []
    complaints: list[str] = []
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(path.as_uri())
    return page, requests, complaints
