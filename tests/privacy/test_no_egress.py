"""No command opens a connection, starts a program or writes elsewhere: seen from outside, with no network to be had.

strace sees what C++ does as well as what Python does; the network namespace has no route, so nothing could get out.
Where there is neither, these tests are skipped; CI sets FLANEUR_REQUIRE_STRACE=1, and then they fail instead.
"""

import tomllib
from pathlib import Path

import pytest

from support.canary import Canary
from support.program import Ran, compiled, flaneur
from support.tracing import Trace, need_tracing

SERVERS = ("watch 1", "doctor 1")


@pytest.fixture(autouse=True, scope="module")
def _traced() -> None:
    need_tracing()


def trace_of(ran: Ran) -> Trace:
    assert ran.trace is not None
    return ran.trace


def test_no_command_touches_a_socket(canary: Canary) -> None:
    """Not even to look up a name, and with a package for telemetry ready to be imported."""
    touching = {name: trace_of(ran).sockets for name, ran in canary.ran.items() if trace_of(ran).sockets}
    assert {name: touching[name] for name in touching if name not in SERVERS} == {}


def test_a_server_talks_to_those_that_the_site_file_names(canary: Canary) -> None:
    site = tomllib.loads((canary.work / "watch.toml").read_text())
    hook = int(site["webhook"][0]["url"].rsplit(":", 1)[1].split("/")[0])
    named = {site["serve"]["port"], hook, *([site["mqtt"]["port"]] if "mqtt" in site else [])}
    for name in SERVERS:
        addresses = trace_of(canary.ran[name]).addresses
        assert {address for address, _ in addresses} <= {"127.0.0.1"}, name
        assert {port for _, port in addresses} <= named, name


def test_no_command_starts_a_program(canary: Canary) -> None:
    assert {name: trace_of(ran).programs for name, ran in canary.ran.items() if trace_of(ran).programs} == {}


def test_no_command_writes_anywhere_but_to_its_results(canary: Canary) -> None:
    """Temporary files included, also those that were deleted again."""
    for name, ran in canary.ran.items():
        written = {(canary.work / path).resolve() for path in trace_of(ran).written}
        known = {Path("/dev/null"), ran.home.with_name("home-events.json")}
        ours = canary.work, compiled()
        assert [path for path in written - known if not any(map(path.is_relative_to, ours))] == [], name


ATTEMPTS = {
    "Python": "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'a', ('192.0.2.1', 9))",
    "C": """
import ctypes, struct
libc = ctypes.CDLL(None)
there = struct.pack("!HH4s8x", 2 << 8, 9, bytes((192, 0, 2, 1)))
libc.connect(libc.socket(2, 1, 0), there, len(there))
""",
    "a look-up of a name": "import socket; socket.getaddrinfo('flaneur.example', 80)",
    "a thread": """
import socket, threading
thread = threading.Thread(target=lambda: socket.create_connection(('192.0.2.1', 9), 1))
thread.start()
thread.join()
""",
}


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS.keys())
def test_an_attempt_would_be_seen_and_fails(attempt: str, tmp_path: Path) -> None:
    ran = flaneur(home=tmp_path / "home", cut_off=True, traced=True, program=attempt)
    assert any("AF_INET" in call for call in trace_of(ran).sockets)
    # C says nothing, and Python tells why.
    assert "ctypes" in attempt or "unreachable" in ran.err or "name resolution" in ran.err or "not known" in ran.err


def test_a_program_and_a_file_would_be_seen(tmp_path: Path) -> None:
    code = """
import ctypes, os, tempfile
libc = ctypes.CDLL(None)
libc.close(libc.creat(b"beside.bin", 0o600))
os.unlink("beside.bin")
libc.memfd_create(b"hidden", 0)
os.spawnv(os.P_WAIT, "/bin/true", ["true"])
"""
    trace = trace_of(flaneur(home=tmp_path / "home", cwd=tmp_path, cut_off=True, traced=True, program=code))
    assert {"beside.bin", "hidden"} <= set(trace.written)
    assert [program.split('"')[1] for program in trace.programs] == ["/bin/true"]


def test_telemetry_would_be_seen(canary: Canary, tmp_path: Path) -> None:
    packages = canary.folder / "in" / "packages"
    ran = flaneur(home=tmp_path / "home", cut_off=True, traced=True, packages=packages, program="import openvino")
    assert trace_of(ran).sockets
    assert [path.name for path in ran.stray_files] == ["client-id"]
