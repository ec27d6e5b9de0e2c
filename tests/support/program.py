"""Runs the program as a user does: its own process, a fresh home, nothing inherited that hides behaviour."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

WATCHED = r"""
import atexit, json, sys
events = []
def watch(event, args):
    if event.startswith("socket.") and event not in ("socket.__new__", "socket.gethostname"):
        events.append([event, repr(args[1:])])
    elif event == "open" and isinstance(args[0], (str, bytes)) and args[1] and set(str(args[1])) & set("wax+"):
        events.append(["write", str(args[0])])
    elif event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"):
        events.append([event, repr(args)])
log = open(sys.argv.pop(1), "w")
sys.addaudithook(watch)
atexit.register(lambda: (json.dump(events, log), log.close()))
sys.argv[0] = "flaneur"
from flaneur.cli.main import main
main()
"""


@dataclass(frozen=True)
class Ran:
    """What a run of the program left behind."""

    code: int
    out: str
    err: str
    home: Path
    events: list[list[str]]
    """Audit events: connections, files opened for writing, processes started."""

    @property
    def stray_files(self) -> list[Path]:
        """Whatever was written to the home or the folder for temporary files."""
        return [path for path in self.home.rglob("*") if path.is_file()]


def environment(home: Path) -> dict[str, str]:
    """A fresh home, no CI, no locale: what a new user has."""
    (home / "tmp").mkdir(parents=True, exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {"HOME": str(home), "TMPDIR": str(home / "tmp"), "PYTHONDONTWRITEBYTECODE": "1"}


def flaneur(*arguments: str | Path, home: Path, cwd: Path | None = None, cut_off: bool = False) -> Ran:
    """Run `flaneur arguments…`; with `cut_off` in a network namespace that has no route, where the system allows it."""
    log = home.with_name(home.name + "-events.json")
    command = [sys.executable, "-c", WATCHED, str(log), *map(str, arguments)]
    if cut_off and namespaces_allowed():
        command = ["unshare", "--net", "--map-root-user", *command]
    done = subprocess.run(command, env=environment(home), cwd=cwd, capture_output=True, text=True, timeout=240)
    events = json.loads(log.read_text()) if log.exists() and log.stat().st_size else []
    return Ran(done.returncode, done.stdout, done.stderr, home, events)


def namespaces_allowed() -> bool:
    """Whether this user may make a network namespace."""
    try:
        return subprocess.run(["unshare", "--net", "--map-root-user", "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False
