"""The public page, the record and the assessment, read as a browser would."""

import itertools
import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from flaneur.data.language import Language
from flaneur.serve.papers.evidence import evidence
from flaneur.serve.papers.facts import BudgetDay, Camera, Connection, SiteFacts
from flaneur.serve.papers.pages import MOST_DAYS, TEMPLATES, Page, page_html
from flaneur.serve.papers.public_tables import MOST_WINDOWS
from support.page import Page as Read
from support.papers import complete_facts, complete_operator, facts, operator, published

PAGES: tuple[Page, ...] = tuple(TEMPLATES)


def read(page: Page, site: SiteFacts, language: Language = "en") -> Read:
    return Read(page_html(page, site, language))


@pytest.mark.parametrize("page", PAGES)
def test_a_draft_says_so_until_somebody_has_checked_it(page: Page) -> None:
    draft = read(page, facts())
    assert "This is neither legal advice nor a promise." in draft.text
    assert draft.texts[0].startswith("Draft")
    checked = read(page, complete_facts())
    assert "Checked on 2026-11-20, as the controller states." in checked.text
    assert "Draft" not in checked.text


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["de", "en"])
def test_a_page_is_complete_by_itself_and_can_be_read_by_all(page: Page, language: Language) -> None:
    shown = read(page, complete_facts(), language)
    tags = [tag for tag, _ in shown.tags]
    assert ("html", {"lang": language}) in shown.tags
    assert not {"script", "link", "iframe", "object"} & set(tags)
    loaded = [value for value in shown.attributes("src") if value and not value.startswith("data:")]
    assert loaded == []
    for landmark in ("header", "main", "footer", "h1", "title"):
        assert tags.count(landmark) == 1, landmark
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert all(table.caption for table in shown.tables)
    assert all(scope in ("row", "col") for table in shown.tables for scope in table.scopes)
    ids = [str(one) for one in shown.attributes("id")]
    assert len(ids) == len(set(ids))
    targets = [str(one)[1:] for one in shown.attributes("href") if str(one).startswith("#")]
    assert set(targets) <= set(ids)
    assert set(map(str, shown.attributes("aria-labelledby"))) <= set(ids)


@pytest.mark.parametrize("page", PAGES)
def test_names_are_text(page: Page) -> None:
    name = "</style><script>alert(1)</script>"
    site = complete_facts(
        site=name, cameras=(Camera(name, lines=(name,)),), operator=complete_operator(controller=name)
    )
    shown = read(page, site)
    assert "script" not in [tag for tag, _ in shown.tags]
    assert name in shown.text


def test_the_public_page_gives_the_figures_as_they_were_published() -> None:
    shown = read("public", complete_facts())
    table = shown.table("Crossings: “Zebrastreifen”, pedestrians. Camera “Nord”.")
    assert table.rows[0] == ["Window", "to right", "to left", "both directions", "observed"]
    assert table.row("2026-06-01, 09:00–10:00") == ["10 (0–34)", "5 (0–29)", "15 (0–39)", "50.0 %"]
    assert table.row("2026-06-01, 14:00–15:00") == ["15 (0–39)", "5 (0–29)", "20 (0–44)", "100 %"]
    assert len([tag for tag, attrs in shown.tags if tag == "circle"]) == 6
    assert "ε = 1 (differential privacy)" in shown.text
    assert "at most 73.1\xa0% sure" in shown.text


def test_budget_audit_and_retention_are_on_the_public_page() -> None:
    shown = read("public", complete_facts())
    assert shown.table("Use of ε = 1").rows[1] == ["Nord", "2026-06-01", "17", "0.75", "0.25"]
    assert "17:" + "3fa9" * 16 in shown.text
    assert "ab" * 32 in shown.text
    kept = shown.table("Retention")
    assert kept.row("Exact figures, not public") == [
        "30 days in fine steps, after that in steps of 1 hour; 730 days, then deleted and overwritten"
    ]
    assert kept.row("Recordings from which figures are measured") == ["72 hours at most"]


def test_what_there_is_not_is_said() -> None:
    text = read("public", facts()).text
    for said in (
        "No figures of this site are published.",
        "No audit log is kept",
        "There is no picture of this camera",
    ):
        assert said in text
    publishing = replace(complete_facts(), published=(), budget=())
    text = read("public", publishing).text
    assert "There are no public figures with this page yet." in text
    assert "Nothing was used yet." in text


def test_long_tables_show_the_latest_and_say_so() -> None:
    days = [BudgetDay("Nord", date(2026, 1, 1) + timedelta(days=n), 1, 0.5) for n in range(MOST_DAYS + 5)]
    shown = read("public", complete_facts(published=(published(MOST_WINDOWS + 2),), budget=days))
    table = shown.table("Crossings")
    assert len(table.rows) == 1 + MOST_WINDOWS
    assert f"The last {MOST_WINDOWS} of {MOST_WINDOWS + 2} windows" in table.caption
    assert table.rows[-1][1].startswith(f"{10 + MOST_WINDOWS + 1} (")
    budget = shown.table("Use of")
    assert len(budget.rows) == 1 + MOST_DAYS
    assert budget.rows[-1][1] == "2026-02-05"


def test_an_hour_that_comes_twice_is_told_apart() -> None:
    one = published(2)
    autumn = tuple(
        figure.model_copy(
            update={
                "start": figure.start.replace(month=10, day=25, hour=hour),
                "end": figure.end.replace(month=10, day=25, hour=hour + 1),
            }
        )
        for hour, figure in zip((0, 0, 0, 1, 1, 1), one.figures, strict=True)
    )
    shown = read("public", complete_facts(published=(one.model_copy(update={"figures": autumn}),)))
    heads = [row[0] for row in shown.table("Crossings").rows[1:]]
    assert heads == ["2026-10-25, 02:00 CEST–02:00 CET", "2026-10-25, 02:00 CET–03:00 CET"]


def test_a_picture_is_part_of_the_page() -> None:
    cameras = (Camera("Nord", picture=b"JPEG"), Camera("Süd"))
    shown = read("public", facts(cameras=cameras))
    (image,) = [attrs for tag, attrs in shown.tags if tag == "img"]
    assert image["src"] == "data:image/jpeg;base64,SlBFRw=="
    assert image["alt"]
    assert shown.text.count("There is no picture of this camera") == 1


def test_languages_lead_to_one_another() -> None:
    assert "public.de.html" in set(read("public", facts()).attributes("href"))
    assert "public.de.html" not in set(read("public", facts(languages=("en",))).attributes("href"))


def test_the_record_has_every_letter_of_the_article() -> None:
    shown = read("record", complete_facts(), "de")
    rows = [row[0] for row in shown.table("Verzeichnis nach den Buchstaben").rows]
    assert {name[0] for name in rows if name[1:2] == ")"} == set("abcdefg")
    assert "3f" * 32 in shown.text
    assert "keine außer zu den Kameras" in shown.text


@pytest.mark.parametrize(
    ("language", "live", "one", "figures"),
    [
        ("en", "see a live view", "1 account can see the live view", "exact figures"),
        ("de", "eine Live-Ansicht sehen", "1 Konto kann die Live-Ansicht sehen", "genaue Zahlen"),
    ],
)
def test_who_may_look_and_who_receives_is_told_with_names_only_where_they_belong(
    language: Language, live: str, one: str, figures: str
) -> None:
    site = facts(
        viewers=("control room",), connections=(Connection("http_local", "127.0.0.1:1"), Connection("mqtt", "broker:1"))
    )
    for page in PAGES:
        text = read(page, site, language).text
        assert live in text
        assert live not in read(page, facts(), language).text
        assert figures in text
        assert ("control room" in text) == ("broker:1" in text) == (page != "public")
    assert one in read("public", site, language).text


def test_the_live_view_is_told_with_its_record_and_its_absence_too() -> None:
    for page in PAGES:
        assert "No live view is set up" in read(page, facts()).text
        assert "Whoever looks is not recorded." in read(page, facts(viewers=("a", "b"))).text
        recorded = complete_facts(viewers=("a", "b"))
        assert "Whoever looks is recorded in the audit log beforehand." in read(page, recorded).text
    assert "Somebody is watched in the live view" in read("assessment", recorded).text
    assert "Somebody is watched in the live view" not in read("assessment", complete_facts()).text
    assert "2 accounts can see a live view" in read("public", recorded).text
    assert "The accounts “a” and “b” can see a live view" in read("record", recorded).text


def test_only_alarms_are_no_figures() -> None:
    site = facts(connections=(Connection("webhook", "duty.example"),))
    recipients = read("public", site).table("Information under Art. 13 GDPR").row("Recipients")
    assert recipients[0].endswith("Configured systems: alarms.")


def test_kinds_are_those_that_the_detector_tells_apart() -> None:
    for page in PAGES:
        text = read(page, facts(kinds=("pedestrian", "bicycle", "motorcycle"))).text
        assert "pedestrians, bicycles and motorcycles" in text
        assert "train" not in text


def test_the_assessment_has_the_measured_figures_and_their_commands() -> None:
    for language, decimal in (("en", "."), ("de", ",")):
        shown = read("assessment", complete_facts(), language)  # type: ignore[arg-type]
        for one in evidence():
            assert one.value.replace(".", decimal) in shown.text
            assert one.command in shown.text
    without = read("assessment", facts()).text
    assert "privacy_audit.py" not in without, "what is not published has no figures about publishing"


@pytest.mark.parametrize("page", PAGES)
def test_everything_that_was_stated_leaves_no_blank_on_the_public_page(page: Page) -> None:
    def gaps(site: SiteFacts) -> int:
        return sum(tag == "mark" for tag, _ in read(page, site).tags)

    assert gaps(complete_facts()) < gaps(facts(operator=operator()))
    if page == "public":
        assert gaps(complete_facts()) == 0


def test_recordings_are_told_as_stated() -> None:
    none = read("assessment", facts(operator=operator(recordings_h=0))).text
    assert "They are not recorded." in none
    assert "Recordings are seen or leak" not in none
    some = read("assessment", complete_facts()).text
    assert "kept for 72 hours at most" in some
    assert "Recordings are seen or leak" in some
