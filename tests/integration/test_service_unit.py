"""The systemd unit, judged by systemd's own tools."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "packaging" / "flaneur.service"
EXPOSURE = 2.0
"""Of 10, as `systemd-analyze security` counts; below 2 it says OK."""


@pytest.fixture
def analyze() -> str:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("there is no systemd-analyze on this machine")
    return program


def test_systemd_understands_every_line(analyze: str, tmp_path: Path) -> None:
    here = tmp_path / UNIT.name
    here.write_text(UNIT.read_text().replace("/opt/flaneur/bin/flaneur", sys.executable))  # it must exist
    done = subprocess.run([analyze, "verify", str(here)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_it_is_hardened(analyze: str) -> None:
    done = subprocess.run([analyze, "security", "--offline=true", str(UNIT)], capture_output=True, text=True)
    exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert exposure is not None, done.stdout
    assert float(exposure[1]) < EXPOSURE


def test_it_is_watched_and_leaves_no_image_of_memory() -> None:
    lines = UNIT.read_text().splitlines()
    for line in ("Type=notify", "WatchdogSec=60", "LimitCORE=0", "ProtectSystem=strict", "NoNewPrivileges=yes"):
        assert line in lines
