import string
from typing import get_args

import pytest

from flaneur.data.notes import Note, NoteKey
from flaneur.data.time import MINUTE_NS, SECOND_NS
from flaneur.serve.formats import Clock, Words
from flaneur.serve.texts import TEXTS
from flaneur.source.damage import Damage
from support.figures import MONDAY_7H_NS, NOTES

EN, DE = Words("en"), Words("de")
HOUR_NS = 60 * MINUTE_NS
SUMMER_ENDS_NS = 1_792_890_000 * SECOND_NS
"""25 October 2026, 01:00 in UTC: in Berlin 03:00 summer time becomes 02:00."""


def test_numbers_are_written_as_the_language_does() -> None:
    assert EN.number(1234567.25, 1) == "1,234,567.2"
    assert DE.number(1234567.25, 1) == "1.234.567,2"
    assert DE.number(-0.5, 2) == "−0,50"
    assert EN.number(0) == "0"
    assert EN.number(None) == "–"


@pytest.mark.parametrize(
    ("share", "text"),
    [(1.0, "100 %"), (0.99999, "99.9 %"), (0.5, "50.0 %"), (1e-9, "0.1 %"), (0.0, "0 %"), (None, "–")],
)
def test_nearly_everything_is_not_everything(share: float | None, text: str) -> None:
    assert EN.share(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 s"),
        (1.25, "1.2 s"),
        (79.5, "1 min 20 s"),
        (60, "1 min"),
        (3600, "1 h"),
        (35_880, "9 h 58 min"),
        (86_400, "1 day"),
        (172_800, "2 days"),
    ],
)
def test_durations_are_short(seconds: float, text: str) -> None:
    assert EN.duration(seconds) == text


def test_names_of_the_site_stay_and_lists_are_joined() -> None:
    assert DE.name("car") == "Pkw"
    assert DE.place("edge left") == "Linker Rand"
    assert DE.direction("in") == "hinein"
    for given in ("Rathaus", "gate", "car", "title", "train"):  # also words of the report's own
        assert DE.place(given) == given
        assert DE.direction(given) == given
    assert [EN.listed([]), EN.listed(["a"]), DE.listed(["a", "b", "c"])] == ["", "a", "a, b und c"]


def test_notes_are_said_in_the_language_with_its_numbers() -> None:
    early, pixels = Note("ended_early", (12.34, 1308)), Note("oblong_pixels", (16 / 11,))
    assert EN.note(Note("late", (1,))) == "Pictures whose time stamp does not move forward, dropped: 1"
    assert DE.note(Note("late", (2345,))) == "Bilder, deren Zeitstempel nicht voranschreitet, verworfen: 2.345"
    assert EN.note(early).startswith("The pictures end 12.3 s before")
    assert EN.note(early).endswith("counted as dropped: 1,308")
    assert DE.note(early).startswith("Die Bilder enden 12,3 s vor")
    assert DE.note(pixels).startswith("Bildpunkte sind 1,45-mal so breit")
    assert EN.note(Note("hidden_pictures", (12, 34_567))).endswith(": 12 of 34,567")


@pytest.mark.parametrize("language", ["en", "de"])
def test_there_is_a_text_for_each_note_and_a_gap_for_each_number(language: str) -> None:
    texts = TEXTS[language]
    assert {key for key in texts if key.startswith("note_")} == {f"note_{key}" for key in get_args(NoteKey)}
    assert {note.key for note in NOTES} == set(get_args(NoteKey))
    for note in NOTES:
        gaps = [name for _, name, _, _ in string.Formatter().parse(texts[f"note_{note.key}"]) if name is not None]
        assert gaps == [str(n) for n in range(len(note.numbers))], note.key


def test_every_note_that_a_damaged_file_can_give_has_a_text() -> None:
    counts = ("undecodable", "concealed", "suspect", "late", "guessed", "resized", "interlaced", "jumps", "unreadable")
    notes = Damage(**dict.fromkeys(counts, 1000), ended_early_s=2.5, missing=62).notes()
    assert {note.key: len(note.numbers) for note in notes}.items() <= {n.key: len(n.numbers) for n in NOTES}.items()
    assert len({DE.note(note) for note in notes} - {EN.note(note) for note in notes}) == len(notes)


def test_moments_are_those_of_the_site() -> None:
    clock = Clock(DE, "Europe/Berlin", dated=True)
    assert clock.date(MONDAY_7H_NS) == "Montag, 1. Juni 2026"
    assert clock.time(MONDAY_7H_NS) == "07:00"
    assert clock.span(MONDAY_7H_NS, MONDAY_7H_NS + HOUR_NS) == ("Montag, 1. Juni 2026, 07:00", "08:00")
    assert clock.span(MONDAY_7H_NS, MONDAY_7H_NS + 24 * HOUR_NS)[1] == "Dienstag, 2. Juni 2026, 07:00"
    assert clock.period(MONDAY_7H_NS, MONDAY_7H_NS + HOUR_NS, with_date=True) == "1. Juni, 07:00–08:00"


def test_without_a_date_moments_count_from_the_first_frame() -> None:
    clock = Clock(EN, "Europe/Berlin", dated=False)
    assert clock.period(0, 61 * MINUTE_NS) == "0:00–1:01"
    assert clock.time(30 * HOUR_NS) == "30:00"


def test_the_hour_that_comes_twice_says_which_it_is() -> None:
    clock = Clock(EN, "Europe/Berlin", dated=True)
    quarters = [SUMMER_ENDS_NS + n * 15 * MINUTE_NS for n in range(-8, 8)]
    periods = [clock.period(at, at + 15 * MINUTE_NS) for at in quarters]
    assert len(set(periods)) == len(periods)
    assert periods[0] == "01:00–01:15"
    assert "02:00 CEST–02:15 CEST" in periods
    assert "02:45 CEST–02:00 CET" in periods
    assert "02:00 CET–02:15 CET" in periods
    assert periods[-1] == "03:45–04:00"
