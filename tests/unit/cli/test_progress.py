import io
from functools import partial

import pytest
from rich.console import Console

from flaneur.cli import progress
from flaneur.cli.progress import BarDisplay, LineDisplay, open_display, running_counts
from flaneur.cli.texts import default_language
from flaneur.run.pipeline import Moment

IN_ENGLISH = partial(running_counts, language="en")
MOMENT = Moment(120, 12_000_000_000, {("edge left", "in"): 3, ("gate", "north"): 12, ("gate", "south"): 1})


def test_the_largest_counts_come_first() -> None:
    assert running_counts(MOMENT, "en") == "so far: gate north 12, Left edge in 3, gate south 1"
    assert running_counts(MOMENT, "de") == "bisher: gate north 12, Linker Rand hinein 3, gate south 1"


def test_nobody_yet() -> None:
    assert running_counts(Moment(1, 0, {}), "en") == "nobody counted yet"


def test_a_bar_where_there_is_a_terminal_and_lines_elsewhere() -> None:
    assert isinstance(open_display(Console(file=io.StringIO(), force_terminal=True), 10, IN_ENGLISH), BarDisplay)
    assert isinstance(open_display(Console(file=io.StringIO()), 10, IN_ENGLISH), LineDisplay)


def test_lines_are_said_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([0.0, 1.0, 11.0, 12.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    out = io.StringIO()
    with LineDisplay(Console(file=out, width=40), 400, IN_ENGLISH) as display:  # narrower than the line
        for _ in range(3):
            display.show(MOMENT)
    assert out.getvalue() == "0:12  120/400  11/s  so far: gate north 12, Left edge in 3, gate south 1\n"


@pytest.mark.parametrize("estimate", [None, 400])
def test_the_bar_shows_rate_and_counts(monkeypatch: pytest.MonkeyPatch, estimate: int | None) -> None:
    now = iter([0.0, 2.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now, 3.0))
    out = io.StringIO()
    with BarDisplay(Console(file=out, width=60, force_terminal=True), estimate, IN_ENGLISH) as display:
        display.show(MOMENT)
    assert "…" not in out.getvalue(), "nothing is cut on a narrow terminal"
    assert estimate is None or "120/400" in out.getvalue()
    assert "60/s" in out.getvalue()
    assert "gate north 12" in out.getvalue()


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "de"),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "fr"}, "en"),
    ],
)
def test_the_language_follows_the_locale(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], language: str
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert default_language() == language
