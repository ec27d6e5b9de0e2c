from pathlib import Path

import pytest

from flaneur.cli.retention import retention
from flaneur.data.language import Language
from flaneur.run import retention as keeping
from flaneur.store.retention import Aged

AGED = Aged(deleted=12, coarsened=1, into=1, dropped=2, dropped_measures=("dwell_median", "speed_v85"), runs=1)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            (
                "12 figures and 1 description of runs deleted",
                "1 figure added up into 1",
                "2 figures deleted that cannot be added up: dwell_median, speed_v85",
            ),
        ),
        (
            "de",
            (
                "12 Zahlen und 1 Beschreibung von Läufen gelöscht",
                "1 Zahl zusammengefasst zu 1",
                "2 Zahlen gelöscht, da nicht zusammenzufassen: dwell_median, speed_v85",
            ),
        ),
    ],
)
def test_what_went(
    language: Language,
    said: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(keeping, "keep_figures", lambda *_: AGED)
    retention(tmp_path / "s", Path("site.toml"), language)
    assert capsys.readouterr().out.splitlines() == [f"{tmp_path / 's'}: {text}" for text in said]
