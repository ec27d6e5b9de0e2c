"""The program in this process: the same as `support.program`, without the seconds that a process takes to begin."""

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from flaneur.cli.main import main


@dataclass(frozen=True)
class Said:
    """What the program said at its end."""

    code: int
    out: str
    err: str


def command(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Said:
    """Run `flaneur arguments…`; an exception that the program lets through fails the test."""
    capsys.readouterr()
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as left:
        patch.setattr(sys, "argv", ["flaneur", *map(str, arguments)])
        main()
    said = capsys.readouterr()
    return Said(left.value.code if isinstance(left.value.code, int) else 0, said.out, said.err)


def refused(said: Said, *words: str) -> None:
    """One sentence of what is wrong, exit code 1, nothing else."""
    assert said.code == 1, said.err
    (sentence,) = [line for line in said.err.splitlines() if line.startswith("error: ")]
    for word in words:
        assert word in sentence
    assert "Traceback" not in said.err
    assert said.out == ""
