from pathlib import Path

import pytest

from flaneur.cli.models import Fetchable, get
from flaneur.detect import yolov7


def test_a_fetched_model_is_said_how_to_use(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(yolov7, "fetch_yolov7_tiny", lambda _: Path("tiny.xml"))
    get(Fetchable.YOLOV7_TINY, "de")
    assert capsys.readouterr().out == 'tiny.xml\nin der Standortdatei:  [detector]  model = "yolov7-tiny"\n'
