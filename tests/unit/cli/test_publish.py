from dataclasses import replace
from pathlib import Path

import pytest

from flaneur.cli.publish import _say
from flaneur.config.publish import PublishTable
from flaneur.data.language import Language
from flaneur.data.released import PublicFigure
from flaneur.data.time import MINUTE_NS
from flaneur.run.publishing import Published
from flaneur.store.ledger import Head

TABLE = PublishTable.model_validate(
    {
        "rho_s": 30, "appearances": 2, "epsilon_per_day": 0.5, "chunk_s": 60, "window_s": 60, "max_rows": 10,
        "figure": [{"measure": "crossings", "place": "gate [A]"}],
    }
)  # fmt: skip


def figure(measure: str, direction: str, value: float, noise_scale: float) -> PublicFigure:
    """Its band ends at 30, which is all that can have been there."""
    return PublicFigure(
        "s", "c", measure, "gate [A]", "all", direction, 0, MINUTE_NS, value, 0.0, 30.0, "road users", 1.0, 0.5,
        noise_scale,
    )  # fmt: skip


def said(
    capsys: pytest.CaptureFixture[str], language: Language, *figures: PublicFigure, table: PublishTable = TABLE
) -> str:
    _say(Published(figures, Head(1, "")), table, Path("out"), Path("ledger"), language)
    return capsys.readouterr().out


def test_figures_are_told_in_german(capsys: pytest.CaptureFixture[str]) -> None:
    shown = said(capsys, "de", figure("crossings", "all", 12.0, 1.0), figure("occupancy", "", 2.5, 0.1))
    assert "Überquerungen" in shown
    assert "alle" in shown
    assert "2,50" in shown
    assert "ε = 0,5 am Tag" in shown
    assert "gate [A]" in shown


def test_noise_is_told_of_where_figures_end_before_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert "noise is larger" in said(capsys, "en", figure("crossings", "all", 30.0, 240.0))
    assert "noise is larger" not in said(capsys, "en", figure("crossings", "all", 30.0, 2.0))


def test_each_window_says_how_much_of_it_was_observed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    scrap = replace(figure("crossings", "to right", 12.0, 1.0), end_ns=60 * MINUTE_NS, coverage=80 / 3600)
    whole = replace(scrap, start_ns=60 * MINUTE_NS, end_ns=120 * MINUTE_NS, coverage=1.0, kind="pedestrian")
    lines = said(capsys, "en", scrap, whole).splitlines()
    assert lines[:5] == [
        "  window (UTC)                      observed  figure  95 % noise band",
        "crossings · gate [A] · to right",
        "  1970-01-01 00:00–01:00  1 min 20 s (2.2 %)      12           0 – 30",
        "crossings · gate [A] · pedestrians · to right",
        "  1970-01-01 01:00–02:00         1 h (100 %)      12           0 – 30",
    ]
    assert max(map(len, lines[:5])) <= 80


def test_only_what_is_not_done_already_is_advised(capsys: pytest.CaptureFixture[str]) -> None:
    drowned = figure("crossings", "all", 30.0, 240.0)
    one = TABLE.model_copy(update={"max_rows": None, "events_per_track": 1})
    assert "help" not in said(capsys, "en", drowned, table=one)
    assert "What would help: events_per_track = 1, which assumes something." in said(capsys, "en", drowned)
    scrap = replace(drowned, coverage=0.1)
    assert "Was helfen würde: ein Video über jedes ganze Fenster." in said(capsys, "de", scrap, table=one)
    later = replace(drowned, start_ns=MINUTE_NS, end_ns=2 * MINUTE_NS)
    assert "What would help: longer windows (window_s)." in said(capsys, "en", drowned, later, table=one)
    daily = one.model_copy(update={"window_s": 86_400})
    assert "help" not in said(capsys, "en", drowned, later, table=daily)
    several = one.model_copy(update={"figure": one.figure * 2})
    assert "What would help: fewer figures." in said(capsys, "en", drowned, table=several)
