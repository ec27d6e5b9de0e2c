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


def said(capsys: pytest.CaptureFixture[str], language: Language, *figures: PublicFigure) -> str:
    _say(Published(figures, Head(1, "")), TABLE, Path("out"), Path("ledger"), language)
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
