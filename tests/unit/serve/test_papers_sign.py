"""The sign, read back from the PDF file."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaneur.data.errors import UserError
from flaneur.serve.papers.facts import Camera, Keeping
from flaneur.serve.papers.sign import sign_pdf
from support.papers import URL, Pdf, complete_facts, complete_operator, facts, operator

LETTERS = st.characters(codec="cp1252", categories=("L", "N", "P", "S", "Zs"))


def test_it_says_what_the_authorities_want_on_it() -> None:
    text = Pdf(sign_pdf(complete_facts(), "de", "A4")).text()
    for said in (
        "Videobeobachtung",
        "Marktplatz · Kamera „Nord“",
        "Verantwortlicher",
        "Stadt Beispielhausen, Tiefbauamt Rathausplatz 1, 12345 Beispielhausen verkehr@beispielhausen.example",
        "Datenschutz der Stadt, dsb@beispielhausen.example",
        "Verkehrsplanung; Verkehrszählung",
        "Art. 6 Abs. 1 Buchst. e DSGVO in Verbindung mit § 4 Landesdatenschutzgesetz",
        "Aufzeichnungen: höchstens 72 Stunden.",
        "Zahlen: 730 Tage, davon fein aufgelöst 30 Tage.",
        "Widerspruch",
        "Beschwerde bei der Aufsichtsbehörde",
        URL,
        "Hinweis nach Art. 13 Datenschutz-Grundverordnung",
    ):
        assert said in text.replace("\xa0", " "), said
    assert "Entwurf" not in text
    assert "ergänzen" not in text


@pytest.mark.parametrize(("paper", "size_mm"), [("A4", (210, 297)), ("A3", (297, 420))])
@pytest.mark.parametrize("language", ["de", "en"])
def test_a_telephone_finds_the_page_on_the_sign_of_each_camera(
    paper: str, size_mm: tuple[int, int], language: str
) -> None:
    content = sign_pdf(facts(), language, paper)  # type: ignore[arg-type]
    pdf = Pdf(content)
    assert len(pdf) == 2
    for page, name in enumerate(("Nord", "Süd")):
        assert pdf.size_mm(page) == size_mm
        assert pdf.code(page) == URL
        assert name in pdf.text(page)
    assert "Marktplatz" in pdf.title
    assert pdf.author == "Stadt Beispielhausen, Tiefbauamt"
    assert f"/Lang ({'de-DE' if language == 'de' else 'en-GB'})".encode() in content


def test_the_same_facts_give_the_same_bytes() -> None:
    first = sign_pdf(facts(), "de", "A4")
    assert first == sign_pdf(facts(), "de", "A4")
    assert first != sign_pdf(facts(made=date(2026, 11, 23)), "de", "A4")


def test_what_was_not_stated_is_a_blank_and_the_whole_a_draft() -> None:
    text = Pdf(sign_pdf(facts(), "en", "A4")).text()
    assert text.startswith("Draft – to be checked by counsel")
    for gap in ("name and contact, or not required", "statute under Art. 6(3)", "how long, or none"):
        assert f"[please fill in: {gap}" in text
    picture = Pdf(sign_pdf(facts(), "en", "A4")).picture()
    amber = np.all(np.abs(picture.astype(int) - (0x4A, 0xD2, 0xFF)) < 12, axis=2)
    assert amber[:20].mean() > 0.5  # the strip across the top


@pytest.mark.parametrize(
    ("ground", "more", "right", "without"),
    [
        ("a", {}, "withdrawal of consent", "objection"),
        ("c", {"law": "the Roads Act"}, "with the Roads Act", "objection"),
        ("e", {"law": "the Roads Act"}, "objection", "withdrawal"),
        ("f", {"interest": "planning with figures"}, "Legitimate interest planning with figures", "withdrawal"),
    ],
)
def test_rights_and_reasons_follow_the_ground(ground: str, more: dict[str, str], right: str, without: str) -> None:
    text = Pdf(sign_pdf(facts(operator=operator(ground=ground, **more)), "en", "A4")).text()
    assert right in text
    assert without not in text
    assert f"Art. 6(1)({ground}) GDPR" in text


@pytest.mark.parametrize(("language", "said"), [("de", "Befugte können laufend"), ("en", "can watch a live picture")])
def test_a_live_view_is_told(language: str, said: str) -> None:
    text = Pdf(sign_pdf(complete_facts(viewers=("control room",)), language, "A4")).text()
    assert said in text
    assert "control room" not in text
    assert said not in Pdf(sign_pdf(complete_facts(), language, "A4")).text()


def test_no_officer_is_no_row() -> None:
    assert "officer" not in Pdf(sign_pdf(facts(operator=complete_operator(officer=False)), "en", "A4")).text()


@pytest.mark.parametrize(
    ("keeping", "hours", "said"),
    [
        (None, 0, "Pictures of people are not recorded. Figures: no limit was set."),
        (Keeping(1, None, 3600), 1, "Recordings: 1 hour at most. Figures: 1 day."),
        (Keeping(None, 30, 3600), 100, "Recordings: 100 hours at most. Figures: without limit, of which 30 days"),
        (Keeping(730, None, 3600), 96, "Recordings: 4 days at most. Figures: 730 days."),
    ],
)
def test_storage_is_that_of_the_configuration(keeping: Keeping | None, hours: int, said: str) -> None:
    site = facts(keeping=keeping, operator=operator(recordings_h=hours))
    assert said in Pdf(sign_pdf(site, "en", "A4")).text()


def test_markup_in_names_is_text() -> None:
    name = "<b>A&B</b> <img src='x'/>"
    text = Pdf(sign_pdf(facts(site=name, operator=operator(controller=name)), "de", "A4")).text()
    assert text.count("<b>A&B</b>") == 2


def test_letters_that_cannot_be_printed_are_named() -> None:
    with pytest.raises(UserError, match="cannot print the letter 'ł' of 'Białystok'"):
        sign_pdf(facts(site="Białystok"), "de", "A4")


def test_too_much_text_is_refused() -> None:
    with pytest.raises(UserError, match="no room"):
        sign_pdf(facts(operator=operator(purposes=("so viel zu sagen " * 17,) * 8)), "de", "A4")


@settings(max_examples=15)
@given(
    st.lists(st.text(LETTERS, min_size=1, max_size=120), min_size=1, max_size=5),
    st.text(LETTERS, min_size=1, max_size=80),
    st.text(LETTERS, min_size=1, max_size=80),
)
def test_whatever_is_on_it_the_way_to_the_page_can_be_read(purposes: list[str], controller: str, name: str) -> None:
    site = replace(
        facts(operator=operator(purposes=tuple(purposes), controller=controller)), cameras=(Camera(name),), site=name
    )
    assert Pdf(sign_pdf(site, "de", "A4")).code() == URL
