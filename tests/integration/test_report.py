"""The report in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from flaneur.data.geometry import Flow
from flaneur.data.time import MINUTE_NS
from flaneur.serve.report import Language, Metres, render_report, write_report
from support.browser import chromium
from support.figures import MONDAY_7H_NS, NOTES, Scene, facts
from support.metres import GROUND, measured

HOSTILE = ("<script>document.title='taken'</script>", "x" * 80, "שלום " * 16, "</style><img src=https://example.org/x>")
FLOWS = (Flow("a", "North", HOSTILE[1]), Flow("b", HOSTILE[1], "North"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module", params=["en", "de"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    language: Language = request.param
    path = tmp_path_factory.mktemp("report") / f"{language}.html"
    scene = Scene(
        lines=("North", *HOSTILE),
        zones=("Square",),
        flows=("a", "b"),
        start_ns=MONDAY_7H_NS,
        minutes=200,
        covered=((50, 0.0), (51, 0.0), (52, 0.0), (60, 0.5)),
        per_minute=30.0,
    )
    png = cv2.imencode(".png", np.zeros((90, 160, 3), np.uint8))[1].tobytes()
    whole = facts(end_ns=MONDAY_7H_NS + 200 * MINUTE_NS, site=HOSTILE[0], notes=NOTES)
    street = measured(30)
    figures = [*scene.measurements(), *street.measurements]
    metres = Metres(GROUND, png, street.distributions, street.maps)
    write_report(path, render_report(whole, figures, heat_png=png, flows=FLOWS, metres=metres, language=language))
    return path


class Opened:
    """A page with everything that it said and asked for."""

    def __init__(self, browser: Browser, path: Path, width: int, scheme: str = "light") -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page: Page = browser.new_page(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_asks_for_nothing_and_is_content(browser: Browser, report: Path, width: int) -> None:
    opened = Opened(browser, report, width)
    outside = [url for url in opened.requests if not url.startswith("data:")]
    assert outside == [report.as_uri()]
    assert opened.complaints == []
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
    assert opened.page.title() != "taken"
    assert opened.page.evaluate("document.images[0].naturalWidth") == 160
    assert opened.page.locator("html").get_attribute("lang") == report.stem


@pytest.mark.parametrize("places", [{}, {"zones": ("a",)}, {"zones": ("a",), "flows": ("b",)}])
@pytest.mark.parametrize("has_metres", [False, True])
def test_no_tile_stands_alone_in_a_wide_row(
    browser: Browser, tmp_path: Path, places: dict[str, tuple[str, ...]], has_metres: bool
) -> None:
    scene = Scene(lines=("North",), start_ns=MONDAY_7H_NS, minutes=5, **places)  # type: ignore[arg-type]
    metres = Metres(distributions=measured(5).distributions if has_metres else ())
    whole = facts(end_ns=MONDAY_7H_NS + 5 * MINUTE_NS)
    write_report(tmp_path / "r.html", render_report(whole, scene.measurements(), metres=metres))
    page = Opened(browser, tmp_path / "r.html", 390).page
    tiles = page.locator(".tiles > div")
    for width in (390, 480, 640, 800, 1000, 1100, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        tops = tiles.evaluate_all("all => all.map(one => Math.round(one.getBoundingClientRect().top))")
        rows = [tops.count(top) for top in sorted(set(tops))]
        assert rows[0] >= 2, width
        assert rows[-1] >= rows[0] - 1, width
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_shade_tells_that_a_table_goes_on(browser: Browser, report: Path) -> None:
    page = Opened(browser, report, 390).page
    wide = page.locator("#speeds .scroll").first
    assert wide.evaluate("e => e.scrollWidth > e.clientWidth")

    def darkness_at_the_edge() -> float:
        box = wide.bounding_box()
        assert box is not None
        strip = {"x": box["x"] + box["width"] - 4, "y": box["y"] + box["height"] - 6, "width": 4, "height": 4}
        shown = cv2.imdecode(np.frombuffer(page.screenshot(clip=strip), np.uint8), cv2.IMREAD_GRAYSCALE)  # type: ignore[arg-type]
        return 255.0 - float(shown.mean())

    wide.scroll_into_view_if_needed()
    cut = darkness_at_the_edge()
    wide.evaluate("e => { e.scrollLeft = e.scrollWidth; }")
    assert cut > darkness_at_the_edge() + 10


def test_charts_are_drawn_in_the_colours_of_their_kinds(browser: Browser, report: Path) -> None:
    for scheme in ("light", "dark"):
        page = Opened(browser, report, 1280, scheme).page
        bars = page.locator("#lines .bar.pedestrian")
        assert bars.count() == 2 * (1 + len(HOSTILE))
        fill = "element => getComputedStyle(element).fill"
        kinds = [bars.first, page.locator("#lines .bar.car").first, page.locator("#lines .bar.bus").first]
        assert len({bar.evaluate(fill) for bar in kinds}) == 3
        box = bars.first.bounding_box()
        assert box is not None
        assert box["width"] > 200
        assert box["height"] > 5


def test_levels_and_curves_are_drawn_in_colours_of_their_own(browser: Browser, report: Path) -> None:
    for scheme in ("light", "dark"):
        page = Opened(browser, report, 1280, scheme).page
        levels = page.locator("#crowd .legend .swatch")
        colours = [levels.nth(n).evaluate("e => getComputedStyle(e).backgroundColor") for n in range(levels.count())]
        assert len(set(colours)) == 6
        signals = page.locator("#signals .bar")
        assert len({signals.nth(n).evaluate("e => getComputedStyle(e).fill") for n in range(signals.count())}) == 3
        curves = page.locator("#speeds .plot:has(.curve ~ .curve ~ .curve)").first.locator(".curve")
        strokes = {curves.nth(n).evaluate("e => getComputedStyle(e).stroke") for n in range(curves.count())}
        assert len(strokes) == curves.count() >= 3
        box = curves.first.bounding_box()
        assert box is not None
        assert box["width"] > 30
        cell = page.locator("#conflicts .cell").first
        assert cell.evaluate("e => getComputedStyle(e).fill") != "rgb(0, 0, 0)"


def test_the_tables_open_with_the_keyboard_alone(browser: Browser, report: Path) -> None:
    page = Opened(browser, report, 1280).page
    details = page.locator("#lines details").first
    details.locator("summary").focus()
    page.keyboard.press("Enter")
    assert details.evaluate("element => element.open")
    assert details.locator("tbody tr").count() == 40  # 200 minutes in bars of five


def test_it_prints_on_white_paper(browser: Browser, report: Path) -> None:
    page = Opened(browser, report, 1280, "dark").page
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator("nav").is_visible()
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
