"""Both languages say the same things in the same places."""

import re
import string
from dataclasses import replace
from pathlib import Path

import pytest

import flaneur.serve.papers
from flaneur.serve.papers.pages import Page, page_html
from flaneur.serve.papers.texts import TEXTS
from flaneur.serve.papers.words import PaperWords
from support.page import Page as Read
from support.papers import complete_facts, facts

FOLDER = Path(flaneur.serve.papers.__file__).parent


def test_both_languages_have_the_same_texts_with_the_same_gaps() -> None:
    assert TEXTS["de"].keys() == TEXTS["en"].keys()
    for key, german in TEXTS["de"].items():
        gaps = [{gap for _, gap, _, _ in string.Formatter().parse(text) if gap} for text in (german, TEXTS["en"][key])]
        assert {gap.partition(":")[0] for gap in gaps[0]} == {gap.partition(":")[0] for gap in gaps[1]}, key


def test_every_text_is_used() -> None:
    source = "".join(path.read_text() for path in FOLDER.rglob("*") if path.suffix in (".py", ".html"))
    source = source.replace((FOLDER / "texts.py").read_text(), "")
    made = ("does_", "measure_", "live_", "receives_")
    assert [key for key in TEXTS["de"] if f'"{key}"' not in source and not key.startswith(made)] == []


@pytest.mark.parametrize("page", ["public", "record", "assessment"])
@pytest.mark.parametrize("complete", [True, False])
def test_both_languages_are_built_alike(page: Page, complete: bool) -> None:
    site = complete_facts() if complete else facts()
    shapes = []
    for language in ("de", "en"):
        read = Read(page_html(page, site, language))
        tags = [(tag, attrs.get("id"), attrs.get("class")) for tag, attrs in read.tags]
        shapes.append((tags, [[len(row) for row in table.rows] for table in read.tables]))
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("name", ["record", "assessment"])
def test_both_languages_cite_the_same_articles(name: str) -> None:
    cited = []
    for language in ("de", "en"):
        text = (FOLDER / "templates" / f"{name}.{language}.html").read_text()
        cited.append(re.findall(r"Art\. (\d+)", text))
    assert cited[0] == cited[1]


def test_edges_are_named_only_where_they_are_measured() -> None:
    cameras = complete_facts().cameras
    bare = replace(cameras[0], lines=(), zones=())
    for language, edges in (("de", "Bildrand"), ("en", "edges of the picture")):
        words = PaperWords(language)
        assert any(edges in sentence for sentence in words.measured(bare))
        assert cameras[0].lines or cameras[0].zones
        assert not any(edges in sentence for sentence in words.measured(cameras[0]))
