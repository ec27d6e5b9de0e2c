"""Whoever gives a command the address of a camera for a file reads no password on the terminal."""

from pathlib import Path

import pytest

from support.command import command, refused

ADDRESS = "rtsp://boss:hunter2@cam.local/main?token=hunter3"
SITE = """
[site]
name = "street"
[[camera]]
name = "c"
start = 2026-06-01T07:00:00
[[camera.line]]
name = "l"
points = [[0.5, 0.0], [0.5, 1.0]]
[publish]
rho_s = 60
appearances = 2
epsilon_per_day = 1.0
window_s = 3600
chunk_s = 60
events_per_track = 1
[[publish.figure]]
measure = "crossings"
place = "l"
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", ADDRESS),
        ("run", ADDRESS, "--site", "site.toml"),
        ("redact", ADDRESS, "out.mp4"),
        ("ground", ADDRESS),
        ("publish", ADDRESS, "--site", "site.toml", "--out", "open"),
        ("site", "init", ADDRESS, "--site", "new.toml"),
    ],
    ids=lambda arguments: " ".join(argument for argument in arguments if argument != ADDRESS),
)
def test_no_command_repeats_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "site.toml").write_text(SITE)
    said = command(capsys, *arguments)
    refused(said, "“rtsp:…” is not a file", "flaneur watch")
    assert "hunter" not in said.out + said.err
    assert [path.name for path in tmp_path.iterdir()] == ["site.toml"]
