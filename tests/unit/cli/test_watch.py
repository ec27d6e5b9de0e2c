from pathlib import Path

import pytest

from flaneur.cli.watch import show_forecast
from flaneur.data.language import Language
from flaneur.run.live import planning
from flaneur.run.live.planning import Forecast
from flaneur.run.live.setup import read_setup

CAMERAS = '[[camera]]\nname = "gate"\nsource = "webcam:0"\n[[camera]]\nname = "yard"\nsource = "webcam:1"\n'
FOUND = Forecast(
    measured=1, lost=("yard",), frames_per_s=25.0, looks_per_s=5.0, decode_cores=0.25, look_cores=0.5, memory_mb=150.4,
    cores=2, free_memory_mb=1234.0, cameras=1,
)  # fmt: skip


@pytest.mark.parametrize(
    ("language", "out", "err"),
    [
        (
            "en",
            ("sends 25.0 frames a second; the detector looks 5.0 times", "takes 0.750 cores (0.250", "1,234 MB free"),
            ("camera 'yard' gave no pictures", "the site has 2"),
        ),
        (
            "de",
            ("sendet 25,0 Bilder/s; der Detektor betrachtet 5,0", "braucht 0,750 Kerne (davon 0,250", "1.234 MB frei"),
            ("Kamera 'yard' lieferte keine Bilder", "der Standort hat 2"),
        ),
    ],
)
def test_a_plan_in_each_language(
    language: Language,
    out: tuple[str, ...],
    err: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(planning, "forecast", lambda _: FOUND)
    (tmp_path / "site.toml").write_text(f'[site]\nname = "x"\n{CAMERAS}')
    show_forecast(read_setup(tmp_path / "site.toml"), language)
    said = capsys.readouterr()
    assert [text for text in out if text not in said.out] == []
    assert [text for text in err if text not in said.err] == []
