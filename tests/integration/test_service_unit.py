"""The systemd unit, judged by systemd's own tools."""

import itertools
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from support.live_cameras import wait_until
from support.systemd import Machine, systemd
from support.video import write_video
from support.watching import SITE, camera_table

PICTURE = np.random.default_rng(1).integers(60, 200, (240, 320, 3), np.uint8)
HEALTH = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8470/healthz').read().decode())"
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


def test_it_runs_under_a_real_systemd(tmp_path: Path) -> None:
    """Installed as docs/live.md says, the unit as it is: its filter of system calls, its folders, its restart."""
    files = tmp_path / "etc"
    files.mkdir()
    write_video(files / "street.mp4", itertools.repeat(PICTURE, 600), rate=10)
    services = '[watch]\nfolder = "/var/lib/flaneur"\n\n[serve]\n\n'
    cameras = camera_table("gate", "street.mp4") + camera_table("gone", "rtsp://127.0.0.1:1/")
    (files / "site.toml").write_text(SITE + services + cameras)
    with systemd(UNIT, files, tmp_path) as machine:
        _becomes(machine, "StatusText", "1 of 2 cameras are watched")
        assert machine.run("/opt/flaneur/bin/flaneur", "--version").returncode == 0
        asked = machine.run("/opt/flaneur/bin/python", "-c", HEALTH)
        assert (asked.returncode, asked.stdout) == (0, '{"healthy":true,"wrong":[]}\n'), asked.stderr
        doctor = "runuser -u flaneur -- /opt/flaneur/bin/flaneur doctor /etc/flaneur/site.toml"
        failed = [line for line in machine.run(*doctor.split()).stdout.splitlines() if line.startswith("fail")]
        assert [line.split(":")[0] for line in failed] == ["fail  camera gone"]

        machine.run("systemctl", "kill", "--signal=KILL", UNIT.name)
        _becomes(machine, "NRestarts", "1")
        _becomes(machine, "StatusText", "1 of 2 cameras are watched")
        assert machine.run("systemctl", "reload", UNIT.name).returncode == 0
        wait_until(lambda: "site file read anew" in machine.journal(UNIT.name))

        before_s = time.monotonic()
        assert machine.run("systemctl", "stop", UNIT.name).returncode == 0
        assert time.monotonic() - before_s < 5.0
        said = machine.journal(UNIT.name)
        assert (machine.shown(UNIT.name, "Result"), machine.shown(UNIT.name, "NRestarts")) == ("success", "1"), said
        assert "[error" not in said


def _becomes(machine: Machine, key: str, value: str) -> None:
    wait_until(lambda: machine.shown(UNIT.name, key) == value, 60)
