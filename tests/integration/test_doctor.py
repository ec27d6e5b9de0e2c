"""What the doctor finds, on this machine and at a site with real files and a video as its camera."""

import ctypes
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flaneur.cli.doctor import described
from flaneur.cli.doctor_texts import REMEDIES, TEXTS
from flaneur.detect.detector import DetectParams
from flaneur.run import doctor
from flaneur.run.doctor import Finding, examine
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
FIGURES = Scene(lines=("a", "b"), start_ns=MONDAY_7H_NS, minutes=20)


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
    (camera,) = [one for one in findings if one.what == "camera"]
    assert described(camera, "en") == ("camera north: h264, 320 × 240, 10 frames/s", "")
    assert described(camera, "de") == ("Kamera north: h264, 320 × 240, 10 Bilder/s", "")


def test_each_finding_that_is_not_well_says_what_to_do(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        site.write_text(SITE.replace("street.mp4", "missing.mp4") + f"[serve]\nport = {taken.getsockname()[1]}\n")
        findings = list(examine(site, cameras=True))
        said = command(capsys, "doctor", site)
    assert all(described(one, "en")[1] for one in findings if one.verdict != "ok")
    assert {one.key for one in findings if one.verdict == "fail"} >= {"camera_lost"}
    assert "port_taken" in {one.key for one in findings if one.verdict == "warn"}
    assert said.code == 1
    assert "missing.mp4" in said.out


def test_a_site_file_that_is_wrong(site: Path) -> None:
    site.write_text(SITE + "[serve]\nprot = 1\n")
    finding = list(examine(site, cameras=False))[-1]
    assert finding.what == "site"
    assert finding.verdict == "fail"
    assert "port" in described(finding, "en")[0]


def test_permissions(site: Path, tmp_path: Path) -> None:
    assert {one.verdict for one in doctor.permissions(read_setup(site))} == {"ok"}
    site.chmod(0o666)
    (tmp_path / "results").chmod(0o755)
    remedies = [described(one, "en")[1] for one in doctor.permissions(read_setup(site)) if one.verdict == "warn"]
    assert remedies == [f"chmod go-w {site}", f"chmod o-rwx {tmp_path / 'results'}"]


def test_secrets_that_others_can_read(site: Path, tmp_path: Path) -> None:
    site.write_text(SITE.replace("[watch]", '[watch]\nsecrets = "secrets.toml"'))
    (tmp_path / "secrets.toml").write_text('["north"]\nuser = "u"\npassword = "hush"\n')
    (tmp_path / "secrets.toml").chmod(0o644)
    finding = list(examine(site, cameras=False))[-1]
    assert finding.what == "site"
    assert finding.verdict == "fail"
    text, _ = described(finding, "en")
    assert "chmod 600" in text
    assert "hush" not in text


def test_a_store_that_is_whole_and_one_that_is_damaged(site: Path, tmp_path: Path) -> None:
    path = tmp_path / "results" / "flaneur.sqlite"
    with Store.create(path) as store:
        store.write_interval(FIGURES.measurements())
    assert [one.verdict for one in doctor.of_store(tmp_path / "results") if one.what == "store"] == ["ok", "ok"]
    content = bytearray(path.read_bytes())
    content[8192:12288] = os.urandom(4096)
    path.write_bytes(content)
    (finding,) = [one for one in doctor.of_store(tmp_path / "results") if one.verdict == "fail"]
    assert str(path) in described(finding, "en")[0]


def test_nothing_is_left_behind_and_no_folder_is_made(site: Path, tmp_path: Path) -> None:
    (tmp_path / "results").rmdir()
    before = sorted(tmp_path.rglob("*"))
    assert [one.verdict for one in doctor.of_store(tmp_path / "results") if one.what == "store"] == ["ok"]
    assert sorted(tmp_path.rglob("*")) == before


def test_it_speaks_german(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site.chmod(0o666)
    said = command(capsys, "doctor", site, "--language", "de")
    assert "Kamera north: h264, 320 × 240, 10 Bilder/s" in said.out
    assert "unterscheidet: Fußgänger, Zweiräder, Pkw" in said.out
    warned = f"Warnung  Zugriffsrechte: {site}: andere können die Standortdatei ändern\n         chmod go-w {site}\n"
    assert warned in said.out


class Kernel:
    """Its clock is in this state."""

    def __init__(self, state: int, status: int = 0) -> None:
        self.state, self.status = state, status

    def __call__(self, *_: object, **__: object) -> "Kernel":
        return self

    def adjtimex(self, told: Any) -> int:
        told._obj.status = self.status
        return self.state


def test_whatever_can_be_found_is_said_in_both_languages(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    findings = list(_all_findings(site, tmp_path, monkeypatch))
    assert {one.key for one in findings} == TEXTS["en"].keys()
    for one in findings:
        for language in ("en", "de"):
            text, remedy = described(one, language)
            assert "\n" not in text
            assert bool(remedy) == (one.verdict != "ok")
    assert {one.key for one in findings if one.verdict != "ok"} == REMEDIES["en"].keys()


def _all_findings(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Finding]:
    """What the doctor finds where all is well, and where nothing is."""
    (tmp_path / "secrets.toml").write_text("")
    (tmp_path / "secrets.toml").chmod(0o600)
    with socket.create_server(("127.0.0.1", 0)) as broker, socket.create_server(("127.0.0.1", 0)) as other:
        answers, (_, free) = broker.getsockname()[1], other.getsockname()
        other.close()
        tables = '[audit]\nlog = "audit.jsonl"\nkey = "audit.key"\n' + (
            f'[serve]\nport = {free}\n[mqtt]\nhost = "127.0.0.1"\nport = {answers}\n'
        )
        site.write_text(SITE.replace("[watch]", '[watch]\nsecrets = "secrets.toml"') + tables)
        with Store.create(tmp_path / "results" / "flaneur.sqlite") as store:
            store.write_interval(FIGURES.measurements())
        for mode in (0o600, 0o644):
            yield from doctor.permissions(read_setup(site))  # at first there is no key
            (tmp_path / "audit.key").touch()
            (tmp_path / "audit.key").chmod(mode)
        for what, mode in (("results", 0o755), ("site.toml", 0o666)):
            (tmp_path / what).chmod(mode)
        yield from examine(site, cameras=True)
        site.write_text(site.read_text().replace(str(answers), "1").replace(str(free), str(answers)))
        yield from doctor._services(read_setup(site))
    (tmp_path / "street.mp4").unlink()
    yield from (doctor._camera(each, site) for each in read_setup(site).cameras)
    yield from examine(tmp_path / "nowhere.toml", cameras=False)
    yield doctor._model(DetectParams("nowhere.onnx"))
    yield from doctor.of_store(Path("/proc/nowhere"))
    path = tmp_path / "results" / "flaneur.sqlite"
    whole = path.read_bytes()
    for damaged in (b"x", whole[:4096] + b"\xff" * 4096 + whole[8192:]):
        path.write_bytes(damaged)
        yield from doctor.of_store(path.parent)
    yield from _of_other_machines(tmp_path, monkeypatch)


def _of_other_machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Finding]:
    huge = 10**9
    for names in ((), ("MANY_MB", "NEARLY_FULL_MB"), ("FEW_MB", "FULL_MB")):
        for name in names:
            monkeypatch.setattr(doctor, name, huge)
        yield from doctor._machine()
        yield from doctor.of_store(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    yield from doctor._machine()
    monkeypatch.setattr(doctor, "DECODERS", {"H.264": "none"})
    monkeypatch.setattr(doctor, "ENCODER", "none")
    yield from doctor._codecs()
    monkeypatch.setattr(doctor, "NETWORK_DISKS", {doctor._disk_kind(tmp_path)})
    yield from doctor.of_store(tmp_path)
    for kernel in (Kernel(-1), Kernel(0), Kernel(0, doctor.STA_UNSYNC)):
        monkeypatch.setattr(ctypes, "CDLL", kernel)
        yield doctor._clock()
