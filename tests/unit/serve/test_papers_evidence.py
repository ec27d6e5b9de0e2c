"""The papers state the figures that the documentation states, and commands that there are."""

import re
from pathlib import Path

import pytest

from flaneur.serve.papers.evidence import Evidence, evidence

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("one", evidence(), ids=lambda one: one.en[:30])
def test_each_figure_is_in_the_documentation(one: Evidence) -> None:
    text = (ROOT / one.page).read_text()
    assert one.quote in text, f"{one.page} was changed: bring serve/papers/evidence.toml up to date"
    assert one.command.removesuffix(" --people 10") in text, "the page names the command that prints the figure"
    script = one.command.split()[1]
    assert (ROOT / script).is_file()


@pytest.mark.parametrize("one", evidence(), ids=lambda one: one.en[:30])
def test_the_quote_says_the_same_as_the_value(one: Evidence) -> None:
    value = float(one.value.split()[0])
    quoted = [float(number) for number in re.findall(r"\d*\.?\d+", one.quote)]
    assert any(abs(value * factor - number) < 1e-9 for number in quoted for factor in (1.0, 0.01, 1000.0))


def test_both_languages_state_the_same_numbers() -> None:
    words = r"\d+(?:[.,]\d+)*"
    for one in evidence():
        numbers = [re.findall(words, text) for text in (one.en, one.de)]
        assert numbers[0] == [n.translate(str.maketrans(".,", ",.")) for n in numbers[1]], one.en
