"""What the doctor finds, on this machine and at a site with real files and a video as its camera."""

import os
import socket
from pathlib import Path

import pytest

from flaneur.run import doctor
from flaneur.run.doctor import examine
from flaneur.run.live.setup import read_setup
from flaneur.store.store import Store
from support.command import command
from support.figures import MONDAY_7H_NS, Scene
from support.video import moving_boxes, write_video

SITE = """
[site]
name = "Marktplatz"
[watch]
folder = "results"
[[camera]]
name = "north"
source = "street.mp4"
realtime = true
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    write_video(tmp_path / "street.mp4", moving_boxes(30), rate=10)
    path = tmp_path / "site.toml"
    path.write_text(SITE)
    path.chmod(0o640)
    (tmp_path / "results").mkdir(mode=0o700)
    return path


def test_a_machine_is_judged_without_a_site(capsys: pytest.CaptureFixture[str]) -> None:
    said = command(capsys, "doctor")
    for what in ("cores", "memory", "codec: H.264", "codec: H.265", "codec: MJPEG", "clock", "model: nanodet, SHA-256"):
        assert what in said.out
    assert said.code == int(any(line.startswith("fail") for line in said.out.splitlines()))


def test_a_site_that_is_well(site: Path) -> None:
    findings = list(examine(site, cameras=True))
    assert not [one for one in findings if one.verdict == "fail"]
    (camera,) = [one for one in findings if one.what == "camera north"]
    assert camera.text == "h264, 320 × 240, 10 frames/s"


def test_each_finding_that_is_not_well_says_what_to_do(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        site.write_text(SITE.replace("street.mp4", "missing.mp4") + f"[serve]\nport = {taken.getsockname()[1]}\n")
        findings = list(examine(site, cameras=True))
        said = command(capsys, "doctor", site)
    assert all(one.remedy for one in findings if one.verdict != "ok")
    assert {one.what for one in findings if one.verdict == "fail"} >= {"camera north"}
    assert "serve" in {one.what for one in findings if one.verdict == "warn"}
    assert said.code == 1
    assert "missing.mp4" in said.out


def test_a_site_file_that_is_wrong(site: Path) -> None:
    site.write_text(SITE + "[serve]\nprot = 1\n")
    finding = list(examine(site, cameras=False))[-1]
    assert finding.what == "site"
    assert finding.verdict == "fail"
    assert "port" in finding.text


def test_permissions(site: Path, tmp_path: Path) -> None:
    assert {one.verdict for one in doctor.permissions(read_setup(site))} == {"ok"}
    site.chmod(0o666)
    (tmp_path / "results").chmod(0o755)
    remedies = [one.remedy for one in doctor.permissions(read_setup(site)) if one.verdict == "warn"]
    assert remedies == [f"chmod go-w {site}", f"chmod o-rwx {tmp_path / 'results'}"]


def test_secrets_that_others_can_read(site: Path, tmp_path: Path) -> None:
    site.write_text(SITE.replace("[watch]", '[watch]\nsecrets = "secrets.toml"'))
    (tmp_path / "secrets.toml").write_text('["north"]\nuser = "u"\npassword = "hush"\n')
    (tmp_path / "secrets.toml").chmod(0o644)
    finding = list(examine(site, cameras=False))[-1]
    assert finding.what == "site"
    assert finding.verdict == "fail"
    assert "chmod 600" in finding.text
    assert "hush" not in finding.text


def test_a_store_that_is_whole_and_one_that_is_damaged(site: Path, tmp_path: Path) -> None:
    path = tmp_path / "results" / "flaneur.sqlite"
    with Store.create(path) as store:
        store.write_interval(Scene(lines=("a", "b"), start_ns=MONDAY_7H_NS, minutes=20).measurements())
    assert [one.verdict for one in doctor.of_store(tmp_path / "results") if one.what == "store"] == ["ok", "ok"]
    content = bytearray(path.read_bytes())
    content[8192:12288] = os.urandom(4096)
    path.write_bytes(content)
    (finding,) = [one for one in doctor.of_store(tmp_path / "results") if one.verdict == "fail"]
    assert str(path) in finding.text


def test_nothing_is_left_behind_and_no_folder_is_made(site: Path, tmp_path: Path) -> None:
    (tmp_path / "results").rmdir()
    before = sorted(tmp_path.rglob("*"))
    assert [one.verdict for one in doctor.of_store(tmp_path / "results") if one.what == "store"] == ["ok"]
    assert sorted(tmp_path.rglob("*")) == before
