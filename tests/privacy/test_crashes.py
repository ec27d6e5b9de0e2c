"""What a crash leaves behind: no pixel, no box, no id, whatever prints it."""

import io
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from rich.traceback import Traceback

from flaneur.cli.main import main
from flaneur.data import private, released
from flaneur.run import crashing
from support.canary import SITE, WALKERS, Canary
from support.leaks import Secrets, leaks_in
from support.program import IDS, PROGRAM, environment, flaneur
from support.scene import site_with_boards

BROKEN = "something broke"
VALUES = re.compile(r"array\(\s*\[+\s*-?\d")
"""An array as it is printed, and not as a line of source makes one."""
DEEP: dict[str, tuple[Any, int]] = {
    "detecting": (private.Detections, 12),
    "tracking": (private.Tracks, 12),
    "measuring": (private.Feet, 12),
    "on the ground": (private.GroundTracks, 12),
    "sampling": (private.Samples, 12),
    "redacting": (released.RedactedImage, 12),
}
"""Where things break: as so manieth of these is made, amid the arrays of whoever makes it."""


@pytest.fixture(scope="module")
def folder(canary: Canary, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of its own, without an audit log, for the canary's scene."""
    folder = tmp_path_factory.mktemp("crashes")
    site = SITE.replace("[audit]", "").replace('"../in/phases.csv"', f'"{canary.folder}/in/phases.csv"')
    (folder / "site.toml").write_text(site_with_boards(site, canary.folder / "in" / "boards.xml"))
    return folder


def break_down(canary: Canary, folder: Path, made: Any, number: int) -> tuple[BaseException, list[int]]:
    """Run the program until the `number`th of a type is `made`, and break there; the ids of tracks until then."""
    ids: list[int] = []
    left = number
    checked, followed = made.__post_init__, private.Tracks.__post_init__

    def breaking(one: Any) -> None:
        nonlocal left
        checked(one)
        left -= 1
        if left == 0:
            raise RuntimeError(BROKEN)

    def following(tracks: private.Tracks) -> None:
        ids.extend(tracks.track_id.tolist())
        followed(tracks)

    arguments = ["run", canary.folder / "in" / "scene.mkv", "--site", folder / "site.toml", "--out", folder / "out"]
    with pytest.MonkeyPatch.context() as patch, pytest.raises(RuntimeError, match=BROKEN) as caught:
        patch.setattr(made, "__post_init__", breaking)
        patch.setattr(private.Tracks, "__post_init__", breaking if made is private.Tracks else following)
        patch.setattr(sys, "argv", ["flaneur", *map(str, arguments), "--quiet"])
        main()
    return caught.value, ids


def printed(error: BaseException) -> str:
    """The error as a reporter prints it that shows all variables; without the frame of the test."""
    assert error.__traceback__ is not None
    trace = error.__traceback__.tb_next
    shown = Console(file=io.StringIO(), width=1000)
    everything = {"show_locals": True, "locals_max_length": 10_000, "locals_max_string": 100_000, "max_frames": 200}
    shown.print(Traceback.from_exception(type(error), error, trace, **everything))  # type: ignore[arg-type]
    assert isinstance(shown.file, io.StringIO)
    return shown.file.getvalue()


@pytest.mark.parametrize("where", DEEP)
def test_an_error_in_the_loop_shows_nothing_of_anybody(canary: Canary, folder: Path, where: str) -> None:
    error, ids = break_down(canary, folder, *DEEP[where])
    text = printed(error)
    assert BROKEN in text
    assert "run_pipeline" in text, "where it happened is still told"
    assert not VALUES.search(text)
    assert not [number for number in ids if str(number) in text]
    assert not (folder / "out").exists()


def test_without_forgetting_it_would(canary: Canary, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crashing, "_forget", lambda *_: None)
    assert VALUES.search(printed(break_down(canary, folder, private.Feet, 30)[0]))


def failing(values: np.ndarray) -> None:
    held = values * 2
    raise ValueError(len(held))


def test_what_led_to_an_error_is_forgotten_too() -> None:
    def run() -> None:
        secret = np.array([1234 * 1000 + 567])
        try:
            failing(secret)
        except ValueError as error:
            raise RuntimeError(BROKEN) from error

    with pytest.raises(RuntimeError) as caught, crashing.forgetting():
        run()
    assert "1234567" not in printed(caught.value)
    assert "2469134" not in printed(caught.value)


def test_so_are_errors_of_a_group() -> None:
    def run() -> None:
        errors = []
        for value in (1, 2):
            try:
                failing(np.array([value]))
            except ValueError as error:
                errors.append(error)
        raise ExceptionGroup(BROKEN, errors)

    with pytest.raises(ExceptionGroup) as caught, crashing.forgetting():
        run()
    assert not any(VALUES.search(printed(one)) for one in caught.value.exceptions)


def test_an_error_that_leads_to_itself_ends() -> None:
    error = RuntimeError(BROKEN)
    error.__cause__ = ValueError(BROKEN)
    error.__cause__.__context__ = error
    with pytest.raises(RuntimeError), crashing.forgetting():
        raise error


def test_a_run_that_is_killed_leaves_nothing_of_anybody(canary: Canary, folder: Path, tmp_path: Path) -> None:
    """The journal of the database and half a video lie there then."""
    kill = """
import signal
from flaneur.store.store import Store
write = Store.write_interval
def writing(store, figures):
    write(store, figures)
    note()
    os.kill(os.getpid(), signal.SIGKILL)
Store.write_interval = writing
"""
    arguments = ("run", canary.folder / "in" / "scene.mkv", "--site", folder / "site.toml", "--out", tmp_path / "out")
    ran = flaneur(*arguments, home=tmp_path / "seen" / "home", before=IDS + kill)
    assert ran.code == -signal.SIGKILL
    assert ran.ids
    left = {path.name: path for path in (tmp_path / ".out.partial").iterdir()}
    assert b"crossings" in left["flaneur.sqlite-wal"].read_bytes()
    assert left[".redacted.mp4.partial"].stat().st_size > 0
    assert leaks_in(tmp_path / ".out.partial", Secrets(WALKERS, ran.ids)) == []
    assert ran.stray_files == []


CRASH = """
import os
from flaneur.data import private
checked = private.Tracks.__post_init__
private.Tracks.__post_init__ = lambda tracks: checked(tracks) if not len(tracks) else os.abort()
"""


def test_no_image_of_the_memory_is_written(canary: Canary, folder: Path, tmp_path: Path) -> None:
    """As the program aborts in the middle of its work, where the system would write one of any other program."""
    most = "(resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2"
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_CORE, {most})\n"
    if not dumped(limit + "import os; os.abort()", tmp_path):
        pytest.skip("this system writes no images of memory")
    video = canary.folder / "in" / "scene.mkv"
    argv = f"import sys; sys.argv = ['flaneur', 'run', {str(video)!r}, '--site', {str(folder / 'site.toml')!r}]\n"
    assert not dumped(limit + argv + CRASH + PROGRAM, tmp_path)


def dumped(code: str, cwd: Path) -> bool:
    """Whether an image was written as Python ended in a crash of this code."""
    pid = os.fork()
    if pid == 0:
        os.chdir(cwd)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        os.execve(sys.executable, [sys.executable, "-c", code], environment(cwd / "home"))
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGABRT
    return os.WCOREDUMP(status)


def test_nobody_else_reads_the_memory(tmp_path: Path) -> None:
    """The flag holds where a limit does not: where a program receives the images, and for a debugger."""
    ask = """
import atexit, ctypes, resource
atexit.register(lambda: print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE)))
"""
    ran = flaneur("models", home=tmp_path / "home", before=ask)
    assert re.search(r"\n0 \(0, -?\d+\)\n$", ran.out)
