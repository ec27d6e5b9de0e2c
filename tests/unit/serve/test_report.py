import itertools
import re
import string
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from flaneur.data.geometry import WHOLE_PICTURE, Flow
from flaneur.data.kinds import Kind
from flaneur.data.released import HeatMap, Measurement
from flaneur.data.time import MINUTE_NS
from flaneur.serve.atomic import WriteError
from flaneur.serve.formats import Words
from flaneur.serve.report import render_report, write_report
from flaneur.serve.texts import TEXTS
from support.figures import MONDAY_7H_NS, NOTES, Scene, facts, figure
from support.page import Page, Table

HEBREW = "שלום עולם"
HOSTILE = (
    "<script>alert(1)</script>",
    HEBREW,
    "x" * 80,
    "{{ 7 * 7 }}",
    "</style><img src=x onerror=alert(1)>",
    "&amp;'\"",
)
FLOWS = (Flow("turn", "North", "East"), Flow("ahead", "North", "South"), Flow("back", "East", "North"))


def _report(figures: list[Measurement], **changes: object) -> Page:
    arguments = {key: changes.pop(key) for key in ("flows", "language", "heat", "heat_png") if key in changes}
    return Page(render_report(facts(**changes), figures, **arguments))  # type: ignore[arg-type]


def _tile(page: Page, label: str) -> list[str]:
    at = page.texts.index(label)
    return page.texts[at + 1 : at + 3]


def test_the_mean_of_all_kinds_is_not_told_beside_the_peak_of_one() -> None:
    two = [
        figure(measure=measure, place=WHOLE_PICTURE, direction="", kind=kind, value=value)
        for measure, kind, value in (
            ("occupancy", "pedestrian", 6.0), ("occupancy", "car", 2.0),
            ("occupancy_peak", "pedestrian", 8.0), ("occupancy_peak", "car", 3.0),
        )
    ]  # fmt: skip
    of_two = ["8.00", "in the whole picture; of these 6.00 pedestrians, at most 8 at once"]
    assert _tile(_report(two), "Present on average") == of_two
    alone = _report([one for one in two if one.kind == "pedestrian"])
    assert _tile(alone, "Present on average") == ["6.00", "in the whole picture; at most 8 pedestrians at once"]


def _busy() -> list[Measurement]:
    scene = Scene(
        lines=("North", "East"),
        zones=("Square",),
        flows=tuple(flow.name for flow in FLOWS),
        start_ns=MONDAY_7H_NS,
        minutes=10,
        covered=((3, 0.0), (4, 0.5)),
    )
    return list(scene.measurements())


def _sum(figures: list[Measurement], **wanted: str) -> str:
    values = [m.value for m in figures if all(getattr(m, k) == v for k, v in wanted.items()) and m.value is not None]
    return f"{sum(values):,.0f}"


def _cells(table: Table, place: str, direction: str) -> list[str]:
    """The cells of a direction below its place, which is named in its first row only."""
    first = next(n for n, row in enumerate(table.rows) if row[0] == place)
    rows = [table.rows[first][1:], *table.rows[first + 1 :]]
    return next(row[1:] for row in rows if row[0] == direction)


def test_all_counts_stand_in_the_tables() -> None:
    figures = _busy()
    page = _report(figures, flows=FLOWS)
    lines = page.table("Totals")
    kinds = ["pedestrian", "two-wheeler", "car", "truck", "bus"]
    seen = [kind for kind in kinds if any(m.kind == kind and m.value for m in figures)]
    assert _cells(lines, "North", "to left")[:-1] == [
        _sum(figures, measure="crossings", place="North", direction="to left", kind=kind) for kind in seen
    ]
    assert _cells(lines, "North", "to left")[-1] == _sum(
        figures, measure="crossings", place="North", direction="to left"
    )
    glance = page.table("All figures of the run")
    assert glance.row("All")[0] == _sum(figures, measure="crossings")
    assert glance.row("All")[1] == _sum(figures, measure="passages", place="Square", direction="in")
    assert glance.row("pedestrians")[2] == _sum(
        figures, measure="passages", place="Square", direction="out", kind="pedestrian"
    )


def test_each_chart_has_its_figures_behind_it() -> None:
    figures = _busy()
    page = _report(figures)
    table = page.table("North: road users over time")
    assert len(table.rows) == 11
    column = table.rows[0].index("to left: pedestrians")
    own = [m for m in figures if (m.place, m.direction, m.kind) == ("North", "to left", "pedestrian")]
    assert [row[column] for row in table.rows[1:]] == ["–" if m.value is None else f"{m.value:.0f}" for m in own]
    assert table.rows[1][0] == "07:00–07:01"


def test_missing_is_a_dash_and_zero_is_a_zero() -> None:
    figures = [
        figure(MONDAY_7H_NS, 2.0),
        figure(MONDAY_7H_NS + MINUTE_NS, 0.0),
        figure(MONDAY_7H_NS + 2 * MINUTE_NS, None),
    ]
    page = _report(figures)
    table = page.table("crosswalk: road users over time")
    assert [row[1:] for row in table.rows[1:]] == [["2", "100 %"], ["0", "100 %"], ["–", "0 %"]]
    assert "Not observed at all: 1 Jun, 07:02–07:03." in page.text
    assert sum("gap" in name.split() for name in page.attributes("class")) > 1  # in the legend and in the chart


def test_nothing_observed_has_no_figure_anywhere() -> None:
    page = _report([figure(MONDAY_7H_NS + n * MINUTE_NS, None) for n in range(3)], observed_s=0.0)
    assert page.table("Totals").rows[1][2] == "–"
    assert "0 % of 10 min" in page.text
    assert "This place was not observed." in page.text
    assert "Nobody was counted" not in page.text


def test_a_run_without_any_interval_says_so() -> None:
    page = _report([], observed_s=0.0, end_ns=MONDAY_7H_NS, frames_seen=0, kinds=())
    assert "Nothing was measured: no interval holds a figure." in page.text


def test_the_matrix_holds_flows_and_marks_pairs_without_one() -> None:
    figures = _busy()
    matrix = _report(figures, flows=FLOWS).table("Origins (rows) and destinations")
    assert matrix.rows[0][1:] == ["North", "East", "South"]
    assert matrix.row("North") == ["", _sum(figures, place="turn"), _sum(figures, place="ahead")]
    assert matrix.row("East") == [_sum(figures, place="back"), "", ""]


def test_kinds_that_were_never_seen_are_named() -> None:
    page = _report(
        [figure(MONDAY_7H_NS, 2.0), figure(MONDAY_7H_NS, 0.0, kind="car")], kinds=("pedestrian", "car", "train")
    )
    assert "Looked for and never counted: cars and trains." in page.text


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_page_needs_nothing_from_outside(language: str) -> None:
    heat = HeatMap(0, 1, np.zeros((2, 2), np.float32), 3)
    html = render_report(facts(), _busy(), flows=FLOWS, language=language, heat=heat, heat_png=b"\x89PNG")  # type: ignore[arg-type]
    page = Page(html)
    assert not {"script", "link", "iframe", "object", "embed", "base", "form"} & {tag for tag, _ in page.tags}
    for address in page.attributes("src", "href", "srcset", "action", "data", "poster", "xlink:href"):
        assert address.startswith(("#", "data:image/png;base64,"))
    assert not re.search(r"@import|url\((?!#)|https?:|\bon[a-z]+=", html.replace("data:image/png;base64,", ""))
    policies = [attrs["content"] for _, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]
    assert ("html", {"lang": language}) in page.tags


def test_hostile_names_are_only_text() -> None:
    scene = Scene(lines=HOSTILE, zones=tuple(f"z {name}" for name in HOSTILE), start_ns=MONDAY_7H_NS, minutes=2)
    plain = _report(list(Scene(lines=("a",), zones=("b",), start_ns=MONDAY_7H_NS, minutes=2).measurements()))
    page = _report(list(scene.measurements()), site=HOSTILE[0], camera=HOSTILE[4], source=HOSTILE[3])
    assert {tag for tag, _ in page.tags} == {tag for tag, _ in plain.tags} | {"ul", "li"}
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    for name in HOSTILE:
        assert name in page.text
    assert "49" not in page.texts


def test_headings_go_down_in_order_and_tables_have_scopes() -> None:
    page = _report(_busy(), flows=FLOWS)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert all(scope in ("col", "row", "rowgroup") for table in page.tables for scope in table.scopes)
    assert all(table.caption for table in page.tables)
    ids = list(page.attributes("id"))
    assert len(ids) == len(set(ids))
    for names in page.attributes("aria-labelledby"):
        assert set(names.split()) <= set(ids)
    for link in page.attributes("href"):
        assert link.removeprefix("#") in ids


def test_how_it_was_made_and_what_was_not_seen_are_told() -> None:
    page = _report(_busy(), complete=False, frames_dropped=34, observed_s=510.0, notes=NOTES)
    for expected in ("nanodet", "Apache-2.0", "4e" * 32, "5 times per second of video", "flaneur 0.1.0", "8.40"):
        assert expected in page.text
    for expected in (
        "8 min 30 s of 10 min were observed (85.0 %).",
        "34 of 6,034 pictures could not be used.",
        "The run was stopped before the end of the video.",
        *map(Words("en").note, NOTES),
        "07:03–07:04",
    ):
        assert expected in page.text


def test_german_is_german_and_its_numbers_are() -> None:
    figures = [figure(MONDAY_7H_NS, 1234.0)]
    page = _report(figures, language="de", notes=NOTES)
    assert "Montag, 1. Juni 2026, 07:00" in page.text
    assert page.table("Summen").row("crosswalk", "nach rechts") == ["1.234"]
    for note in NOTES:
        assert Words("de").note(note) in page.text


def test_without_a_date_times_count_from_the_start() -> None:
    figures = [figure(n * MINUTE_NS) for n in (61, 62, 63)]
    page = _report(figures, dated=False, start_ns=0, end_ns=64 * MINUTE_NS)
    assert "1:01–1:02" in page.text
    assert "1970" not in page.text
    assert "UTC" not in page.text


def test_a_day_of_fifty_lines_is_small_and_says_that_bars_are_coarser() -> None:
    lines = tuple(f"Line {n}" for n in range(50))
    scene = Scene(lines=lines, start_ns=MONDAY_7H_NS, minutes=1440, interval_min=5, edges=False, per_minute=40.0)
    figures = list(scene.measurements())
    html = render_report(facts(end_ns=MONDAY_7H_NS + 1440 * MINUTE_NS), figures)
    assert len(html.encode()) < 3_000_000
    assert "the charts add up steps of 5 min to bars of 15 min" in html
    assert _sum(figures, place="Line 49", direction="to left") in Page(html).text


def test_the_map_is_part_of_the_page(tmp_path: Path) -> None:
    page = _report(_busy(), heat_png=b"\x89PNG picture")
    assert list(page.attributes("src")) == ["data:image/png;base64,iVBORyBwaWN0dXJl"]
    assert "heat" not in _report(_busy()).attributes("id")


def test_the_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    write_report(tmp_path / "report.html", render_report(facts(), _busy(), language="de"))
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    with pytest.raises(WriteError, match="No such file or directory"):
        write_report(tmp_path / "nowhere" / "report.html", "")


def test_the_same_run_gives_the_same_page() -> None:
    figures = _busy()
    assert render_report(facts(), figures) == render_report(facts(), list(reversed(figures)))


def _gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_say_the_same_things() -> None:
    english, german = TEXTS["en"], TEXTS["de"]
    assert english.keys() == german.keys()
    for key, text in english.items():
        assert _gaps(text) == _gaps(german[key]), key
        assert len(text.split()) == len(german[key].split()) or key not in ("weekdays", "months", "short_months"), key


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_a_name_and_a_colour(kind: Kind) -> None:
    html = render_report(facts(), [replace(figure(MONDAY_7H_NS), kind=kind.label)])
    assert kind.label in TEXTS["en"]
    assert kind.label in TEXTS["de"]
    assert f".bar.{kind.label}" in html
    assert html.count(f"--{kind.label}: #") == 2


def _contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2.2 between two #rrggbb colours."""

    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1])
def test_text_and_bars_stand_out_in_light_and_in_dark(scheme: int) -> None:
    html = render_report(facts(), [])
    style = html.split("@media print")[0].split("prefers-color-scheme: dark")[scheme]
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", style))
    for ground in (colours["page"], colours["card"]):
        for text in ("ink", "soft", "accent"):
            assert _contrast(colours[text], ground) >= 4.5, text
        for mark in ("mark", "covered", *(kind.label for kind in Kind)):
            assert _contrast(colours[mark], ground) >= 3.0, mark
