from datetime import date

import pytest

from flaneur.config.load import ConfigError, parse_site
from flaneur.config.papers import PapersTable

SITE = '[site]\nname = "s"\n[[camera]]\nname = "c"\n'
PAPERS = """
[papers]
controller = "Stadt Beispiel"
address = "Rathausplatz 1, 12345 Beispiel"
contact = "verkehr@beispiel.example"
public_url = "https://beispiel.example/zahlen"
article_6_1 = "e"
"""
GERMAN = '[papers.de]\npurposes = ["Verkehrsplanung"]\n'


def papers(text: str) -> PapersTable:
    table = parse_site(SITE + text, "site.toml").papers
    assert table is not None
    return table


def test_what_is_left_out_is_not_made_up() -> None:
    table = papers(PAPERS + GERMAN)
    assert table.texts.keys() == {"de"}
    left_out = (table.data_protection_officer, table.supervisory_authority, table.recordings_hours, table.checked)
    assert left_out == (None, None, None, None)
    assert table.texts["de"].recipients is None
    assert parse_site(SITE, "site.toml").papers is None


def test_all_can_be_said_in_both_languages() -> None:
    whole = PAPERS.replace('"e"', '"f"') + (
        "data_protection_officer = false\nrecordings_hours = 0\nchecked = 2026-11-20\n"
        '[papers.de]\npurposes = ["Verkehrsplanung"]\nlegitimate_interest = "Planung"\nrecipients = []\n'
        '[papers.en]\npurposes = ["traffic planning"]\nlegitimate_interest = "planning"\n'
    )
    table = papers(whole)
    assert table.texts["en"].legitimate_interest == "planning"
    assert table.texts["de"].recipients == []
    assert table.data_protection_officer is False
    assert table.recordings_hours == 0
    assert table.checked == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("controller", "controler"), r"papers\.controler: unknown key; did you mean 'controller'"),
        (("purposes", "purpose"), r"papers\.de\.purpose: unknown key; did you mean 'purposes'"),
        (('contact = "verkehr@beispiel.example"\n', ""), r"papers\.contact: is missing"),
        (('article_6_1 = "e"', 'article_6_1 = "g"'), r"papers\.article_6_1"),
        (('article_6_1 = "e"', 'article_6_1 = "f"'), r"\[papers\.de\] needs `legitimate_interest`"),
        (("[papers.de]\n", '[papers.de]\nlegitimate_interest = "x"\n'), "goes with article_6_1 = 'f', not with 'e'"),
        ((GERMAN, ""), r"\[papers\.de\] or \[papers\.en\]"),
        (("https://beispiel", "javascript://beispiel"), r"papers\.public_url: 'javascript.* is no web address"),
        (('["Verkehrsplanung"]', "[]"), r"papers\.de\.purposes"),
        (('"Stadt Beispiel"', '"Stadt\\nBeispiel"'), r"papers\.controller"),
        (("[papers.de]", "recordings_hours = -1\n[papers.de]"), r"papers\.recordings_hours"),
        (("[papers.de]", "data_protection_officer = true\n[papers.de]"), r"papers\.data_protection_officer"),
    ],
)
def test_what_cannot_be_meant_is_refused(change: tuple[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        papers((PAPERS + GERMAN).replace(*change))
