"""How a watch ends: in time, with the right exit code, and with nothing left raised."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flaneur.data.errors import UserError
from flaneur.run.live import watch
from support.live_cameras import street_file, wait_until
from support.program import environment
from support.scene import write_board_detector
from support.watching import PROGRAM, SITE, camera_table, detector_table, watching

BROKER = """
[mqtt]
host = "broker.example"
"""
SILENT_NAME_SERVER = """
import socket, sys, time
ask = socket.getaddrinfo
def wait(host, *more, **also):
    if host == "broker.example":
        print("asked", file=sys.stderr, flush=True)
        time.sleep(60)
    return ask(host, *more, **also)
socket.getaddrinfo = wait
"""
SLOW_LOOKS = """
import sys, time
from flaneur.run.live import watch
class Slow:
    def __init__(self, detector):
        self.detector, self.facts = detector, detector.facts
    def detect(self, picture):
        print("asked", file=sys.stderr, flush=True)
        end_s = time.monotonic() + 4
        while time.monotonic() < end_s:
            found = self.detector.detect(picture)
        return found
open_detector = watch.open_site_detector
watch.open_site_detector = lambda setup: Slow(open_detector(setup))
"""
LOST_STORE = """
import sys
from flaneur.data.errors import UserError
from flaneur.run.live import watch
def lost(self):
    print("asked", file=sys.stderr, flush=True)
    raise UserError("the store is damaged")
watch.Watch._look_after = lost
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    street_file(tmp_path / "film.mp4", 60)
    write_board_detector(tmp_path / "boards.xml")
    return tmp_path


def site(folder: Path, source: str = "film.mp4", more: str = "") -> Path:
    path = folder / "site.toml"
    path.write_text(SITE + camera_table("c", source) + more + detector_table(folder / "boards.xml"))
    return path


@contextmanager
def program(path: Path, before: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """`flaneur watch` in a process of its own, in which `before` is run first; and where its log is."""
    said = path.with_name("watch.log")
    command = [sys.executable, "-c", before + PROGRAM, "watch", str(path)]
    with (
        said.open("w") as log,
        subprocess.Popen(command, env=environment(path.with_name("home")), stderr=log) as process,
    ):
        try:
            yield process, said
        finally:
            process.kill()


@pytest.mark.parametrize(("before", "more"), [(SILENT_NAME_SERVER, BROKER), (SLOW_LOOKS, "")])
def test_nothing_that_hangs_holds_up_the_end_or_spoils_it(folder: Path, before: str, more: str) -> None:
    """A thread in a question to a name server, and one inside the detector."""
    with program(site(folder, more=more), before) as (process, said):
        wait_until(lambda: "camera open" in said.read_text() and "asked" in said.read_text(), 60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(12) == 0
    assert "stopped" in said.read_text()
    assert "terminate" not in said.read_text()


def test_what_ends_the_watch_is_the_last_word(folder: Path) -> None:
    with program(site(folder), LOST_STORE) as (process, said):
        assert process.wait(60) == 1
    assert said.read_text().splitlines()[-1] == "error: the store is damaged"


def test_a_watch_without_a_worker_ends_with_a_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "work", lambda _turns: None)
    with pytest.raises(UserError, match="worker has ended"), watching(site(folder)) as running:
        wait_until(lambda: not running.is_alive)


def test_alarms_are_over_when_it_is_stopped(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with watching(site(folder, "missing.mp4")) as running:
        running.wait_for("c", "lost")
        wait_until(lambda: "what=lost" in capsys.readouterr().out)
    assert [line for line in capsys.readouterr().out.splitlines() if "alarm over" in line and "what=lost" in line]


def test_alarms_stay_when_it_fails(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was called must still look."""
    with pytest.raises(UserError, match="disk"), watching(site(folder, "missing.mp4")) as running:
        running.wait_for("c", "lost")
        wait_until(lambda: "what=lost" in capsys.readouterr().out)
        running.watch._keeper.failure = UserError("the disk is full")
        wait_until(lambda: not running.is_alive)
    assert "alarm over" not in capsys.readouterr().out
