import string
from collections.abc import Iterable
from typing import get_args

import pytest

from flaneur.cli import (
    doctor_texts,
    ground_texts,
    live_texts,
    papers,
    publish_texts,
    report_texts,
    site_texts,
    store_texts,
    texts,
)
from flaneur.config.otflow import ImportNoteKey
from flaneur.data.language import Language
from flaneur.detect.models import catalogue
from flaneur.detect.yolov7 import Step

ALL: dict[str, dict[Language, dict[str, str]]] = {
    "labels of the doctor": doctor_texts.LABELS,
    "findings of the doctor": doctor_texts.TEXTS,
    "remedies of the doctor": doctor_texts.REMEDIES,
    "ground": ground_texts.TEXTS,
    "live": live_texts.TEXTS,
    "papers": papers.TEXTS,
    "publish": publish_texts.TEXTS,
    "report": report_texts.TEXTS,
    "site": site_texts.TEXTS,
    "store": store_texts.TEXTS,
    "run": texts.TEXTS,
}


@pytest.mark.parametrize("of", ALL)
def test_both_languages_say_the_same_things(of: str) -> None:
    english, german = ALL[of]["en"], ALL[of]["de"]
    assert english.keys() == german.keys()
    for key, text in english.items():
        assert gaps(text) == gaps(german[key]), key


def gaps(text: str) -> set[str]:
    return {gap for _, gap, _, _ in string.Formatter().parse(text) if gap}


@pytest.mark.parametrize(
    ("prefix", "names"),
    [
        pytest.param("from_", [entry.name for entry in catalogue()], id="models"),
        pytest.param("get_", get_args(Step), id="steps of fetching one"),
        pytest.param("note_", get_args(ImportNoteKey), id="notes of an import"),
    ],
)
def test_each_has_its_text(prefix: str, names: Iterable[str]) -> None:
    assert {f"{prefix}{name}" for name in names} == {key for key in site_texts.TEXTS["en"] if key.startswith(prefix)}
