"""Each in a process of its own, which it ends."""

import subprocess
import sys

import pytest

PROGRAM = """
import atexit, sys, threading
from flaneur.cli.ending import ending_at_once
from flaneur.data.errors import UserError
threading.Thread(target=threading.Event().wait).start()  # which Python would wait for
with ending_at_once():
    print("the last words", end="")
    {last}
print("never said")
"""


@pytest.mark.parametrize(
    ("last", "code", "told"),
    [
        ("pass", 0, []),
        ("raise UserError('the disk is full')", 1, ["error: the disk is full"]),
        ("sys.stdout.close()", 0, []),
    ],
)
def test_nothing_holds_up_the_end(last: str, code: int, told: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(last=last)], capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode == code
    assert ended.stdout == "the last words"
    assert ended.stderr.splitlines() == told


def test_a_defect_is_told_with_its_place() -> None:
    command = [sys.executable, "-c", PROGRAM.format(last="raise ValueError('no such thing')")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("Traceback")
    assert ended.stderr.endswith("ValueError: no such thing\n")
