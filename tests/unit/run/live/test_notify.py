"""What systemd is told."""

import socket
from pathlib import Path

import pytest

from flaneur.run.live.notify import notify


def test_systemd_hears_what_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.settimeout(5)
        systemd.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        notify("READY=1", "STATUS=all is well")
        assert systemd.recv(4096) == b"READY=1\nSTATUS=all is well"


def test_a_name_without_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    name = f"flaneur-test-{tmp_path.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.settimeout(5)
        systemd.bind(f"\0{name}")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        notify("WATCHDOG=1")
        assert systemd.recv(4096) == b"WATCHDOG=1"


def test_nobody_who_listens_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    notify("READY=1")
    monkeypatch.delenv("NOTIFY_SOCKET")
    notify("READY=1")
