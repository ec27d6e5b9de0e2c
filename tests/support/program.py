"""Runs the program as a user does: its own process, a fresh home, nothing inherited that hides behaviour."""

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from support.tracing import Trace, namespaces_allowed, read_trace, strace

LONGEST_S = 240

WATCHED = r"""
import atexit, json, os, sys
noted = {"events": [], "ids": [], "environment": {}}
events, ids = noted["events"], set()
def watch(event, args):
    if event.startswith("socket.") and event not in ("socket.__new__", "socket.gethostname"):
        events.append([event, repr(args[1:])])
    elif event == "open" and isinstance(args[0], (str, bytes)) and args[1] and set(str(args[1])) & set("wax+"):
        events.append(["write", str(args[0])])
    elif event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"):
        events.append([event, repr(args)])
def note():
    noted["ids"], noted["environment"] = sorted(ids), dict(os.environ)
    json.dump(noted, log)
    log.close()
log = open(sys.argv.pop(1), "w")
before = sys.argv.pop(1)
sys.addaudithook(watch)
atexit.register(note)
leave = os._exit
def note_and_leave(code):
    note()
    leave(code)
os._exit = note_and_leave
sys.argv[0] = "flaneur"
exec(before)
"""
"""`before` is code of a test. Nothing of the program is replaced: what is said here only looks on."""

PROGRAM = "from flaneur.cli.main import main\nmain()\n"

IDS = """
from flaneur.data import private
checked = private.Tracks.__post_init__
def noting(tracks):
    checked(tracks)
    ids.update(tracks.track_id.tolist())
private.Tracks.__post_init__ = noting
"""
"""Code that makes the ids of all tracks known to the test."""


@dataclass(frozen=True)
class Ran:
    """What a run of the program left behind."""

    code: int
    out: str
    err: str
    home: Path
    events: list[list[str]] = field(default_factory=list)
    """Audit events of Python: connections, files opened for writing, processes started."""
    trace: Trace | None = None
    """The same from outside, where it was asked for and the system allows it."""
    ids: frozenset[int] = frozenset()
    """Of all tracks that there were, where `IDS` was run."""
    environment: dict[str, str] = field(default_factory=dict)
    """Of the process when it ended."""

    @property
    def stray_files(self) -> list[Path]:
        """Whatever was written to the home or the folder for temporary files."""
        return [path for path in self.home.rglob("*") if path.is_file()]


def environment(home: Path, packages: Path | None = None) -> dict[str, str]:
    """A fresh home, no CI, no locale: what a new user has; and packages that may be installed there."""
    (home / "tmp").mkdir(parents=True, exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    kept |= {"PYTHONPATH": str(packages)} if packages else {}
    return kept | {"HOME": str(home), "TMPDIR": str(home / "tmp"), "PYTHONPYCACHEPREFIX": str(compiled())}


@cache
def compiled() -> Path:
    """Where Python keeps what it has compiled, so that not every process compiles all libraries anew."""
    folder = tempfile.mkdtemp(prefix="flaneur-compiled-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def flaneur(
    *arguments: str | Path,
    home: Path,
    cwd: Path | None = None,
    cut_off: bool = False,
    traced: bool = False,
    packages: Path | None = None,
    before: str = "",
    program: str = PROGRAM,
) -> Ran:
    """Run `flaneur arguments…` to its end.

    Args:
        home: a new folder; what was watched is written beside it.
        cut_off: in a network namespace that has no route, where the system allows it.
        traced: under strace, where there is one.
        packages: a folder of more packages that can be imported.
        before: Python that is run first, in the same process.
        program: Python that is run instead of the program.
    """
    command, logs = _command(arguments, home, cut_off, traced, before + program)
    done = subprocess.run(
        command,
        env=environment(home, packages),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        stdin=subprocess.DEVNULL,
    )
    return _ran(done.returncode, done.stdout, done.stderr, home, logs)


@contextmanager
def serving(
    *arguments: str | Path,
    home: Path,
    cwd: Path | None = None,
    traced: bool = False,
    packages: Path | None = None,
    before: str = "",
) -> Iterator[list[Ran]]:
    """`flaneur arguments…` while it runs; then it is told to stop (SIGTERM), and the list holds what it left.

    It is not cut off from the network: whoever asks it something could not reach it. The trace tells its sockets.
    """
    command, logs = _command(arguments, home, False, traced, before + PROGRAM)
    ran: list[Ran] = []
    variables = environment(home, packages)
    said = home.with_name(f"{home.name}-out.txt"), home.with_name(f"{home.name}-err.txt")
    with said[0].open("w") as out, said[1].open("w") as err:
        process = subprocess.Popen(command, env=variables, cwd=cwd, stdout=out, stderr=err)
        try:
            yield ran
        finally:
            for pid in _itself(process.pid, traced):
                os.kill(pid, signal.SIGTERM)
            process.wait(LONGEST_S)
    ran.append(_ran(process.returncode, said[0].read_text(), said[1].read_text(), home, logs))


def _itself(pid: int, traced: bool) -> list[int]:
    """The program's process, which is the child of strace."""
    if not (traced and strace(Path())):
        return [pid]
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _command(
    arguments: tuple[str | Path, ...], home: Path, cut_off: bool, traced: bool, code: str
) -> tuple[list[str], tuple[Path, Path | None]]:
    noted, trace = home.with_name(f"{home.name}-events.json"), home.with_name(f"{home.name}-trace.txt")
    command = [sys.executable, "-c", WATCHED, str(noted), code, *map(str, arguments)]
    if traced:
        command = [*strace(trace), *command]
    if cut_off and namespaces_allowed():
        command = ["unshare", "--net", "--map-root-user", *command]
    return command, (noted, trace if traced and strace(trace) else None)


def _ran(code: int, out: str, err: str, home: Path, logs: tuple[Path, Path | None]) -> Ran:
    noted, trace = logs
    found = json.loads(noted.read_text()) if noted.exists() and noted.stat().st_size else {}
    return Ran(
        code,
        out,
        err,
        home,
        found.get("events", []),
        read_trace(trace) if trace else None,
        frozenset(found.get("ids", ())),
        found.get("environment", {}),
    )
