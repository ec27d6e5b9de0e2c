import json

import pytest
import structlog

from flaneur.cli.logs import set_up_logs

SECRET = "some-body"


@pytest.fixture(autouse=True)
def _as_before() -> None:
    yield
    structlog.reset_defaults()


def failed(secret: str) -> None:
    picture = [secret]
    raise ValueError(f"{len(picture)} is wrong")


@pytest.mark.parametrize("as_json", [False, True])
def test_a_traceback_shows_no_variable(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(as_json=as_json, verbose=False)
    try:
        failed(SECRET)
    except ValueError:
        structlog.get_logger().exception("it failed")
    said = capsys.readouterr()
    assert "1 is wrong" in said.err
    assert "test_logs.py" in said.err
    assert "in failed" in said.err
    assert SECRET not in said.err
    assert said.out == ""


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(as_json=True, verbose=False)
    log = structlog.get_logger()
    log.info("camera open", camera="Süd\n2", number=3)
    log.debug("not asked for")
    (line,) = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert (told["event"], told["camera"], told["number"], told["level"]) == ("camera open", "Süd\n2", 3, "info")
    assert told["timestamp"].endswith("Z")


def test_more_is_told_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(as_json=False, verbose=True)
    structlog.get_logger().debug("camera lost", reason="refused")
    assert "reason=refused" in capsys.readouterr().err
