"""What a program asks of the system, seen from outside by strace: also what libraries in C++ do without Python."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

FILES = ("open", "openat", "openat2", "creat", "memfd_create", "mknod", "mknodat")
WATCHED = ("%network", "execve", "execveat", *FILES)
CALL = re.compile(r"^\d+ +(\w+)\((.*)$")
"""Lines that tell how a call ended after others came in between repeat nothing that matters here."""


@dataclass(frozen=True)
class Trace:
    """System calls of a program and of all that it started."""

    sockets: tuple[str, ...]
    """Whatever was done with sockets, also with those of this machine."""
    addresses: frozenset[tuple[str, int]]
    """To which anything was sent or at which anybody was listened to: address, or the name of a local one, and port."""
    programs: tuple[str, ...]
    """What was started besides the program itself."""
    written: tuple[str, ...]
    """Files that were opened for writing, or made."""


def read_trace(log: Path) -> Trace:
    """The trace that strace wrote to `log`."""
    calls = [found.groups() for found in map(CALL.match, log.read_text(errors="replace").splitlines()) if found]
    reaching = [rest for name, rest in calls if name in ("connect", "bind", "sendto", "sendmsg", "sendmmsg")]
    return Trace(
        addresses=frozenset(filter(None, map(_address, reaching))),
        sockets=tuple(f"{name}({rest}" for name, rest in calls if name not in FILES and not name.startswith("exec")),
        programs=tuple(rest for name, rest in calls if name.startswith("exec"))[1:],
        written=tuple(_path(rest) for name, rest in calls if name in FILES and _writes(name, rest)),
    )


def _address(rest: str) -> tuple[str, int] | None:
    if found := re.search(r'sin6?_port=htons\((\d+)\).*?inet_(?:addr|pton)\((?:AF_INET6, )?"([^"]+)"', rest):
        return (found[2], int(found[1])) if int(found[1]) else None  # any free port: nobody was asked for yet
    if found := re.search(r'sun_path=@?"([^"]+)"', rest):
        return found[1], 0
    return None


def _writes(name: str, rest: str) -> bool:
    return name in ("creat", "memfd_create", "mknod", "mknodat") or bool(re.search(r"O_(WRONLY|RDWR|CREAT)", rest))


def _path(rest: str) -> str:
    found = re.search(r'"((?:[^"\\]|\\.)*)"', rest)
    return found[1] if found else rest


def strace(log: Path) -> list[str]:
    """What to put before a command so that its trace goes to `log`; nothing where there is no strace."""
    if not strace_works():
        return []
    return ["strace", "-f", "-qq", "--seccomp-bpf", "-s", "400", "-e", f"trace={','.join(WATCHED)}", "-o", str(log)]


@cache
def strace_works() -> bool:
    """Whether there is an strace, and this user may trace."""
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-f", "-o", os.devnull, "true"], capture_output=True).returncode == 0


@cache
def namespaces_allowed() -> bool:
    """Whether this user may make a network namespace."""
    try:
        return subprocess.run(["unshare", "--net", "--map-root-user", "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def need_tracing() -> None:
    """Skip a test where nothing can be traced or cut off; where FLANEUR_REQUIRE_STRACE is 1, as in CI, fail it."""
    lacking = [
        what for what, there in (("strace", strace_works()), ("network namespaces", namespaces_allowed())) if not there
    ]
    if lacking:
        if os.environ.get("FLANEUR_REQUIRE_STRACE") == "1":
            pytest.fail(f"FLANEUR_REQUIRE_STRACE is set and there is no {' and no '.join(lacking)}")
        pytest.skip(f"needs {' and '.join(lacking)}")
