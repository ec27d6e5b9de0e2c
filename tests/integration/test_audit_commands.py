"""The audit log and retention as a user meets them: real commands on a real video, in this process for speed."""

import hashlib
import json
import sqlite3
from contextlib import chdir, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flaneur.cli.main import app
from flaneur.data.errors import UserError
from support.scene import site_with_boards, street, write_board_detector
from support.video import write_video

SITE = """
[site]
name = "test"
[[camera]]
name = "c"
start = 2026-06-01T07:00:00Z
[[camera.line]]
name = "middle"
points = [[0.5, 0.0], [0.5, 1.0]]
"""
TABLES = """
[keep]
figures_days = 1
[audit]
log = "log/audit.jsonl"
key = "secret/audit.key"
[publish]
rho_s = 5
appearances = 1
epsilon_per_day = 1.0
chunk_s = 5
window_s = 60
events_per_track = 1
[[publish.figure]]
measure = "crossings"
place = "middle"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with a log, on which `run` and `redact` were called once, and then `run` again with other settings."""
    folder = tmp_path_factory.mktemp("site")
    write_video(folder / "scene.mp4", street(80, walkers=2), rate=10)
    site = site_with_boards(SITE, write_board_detector(folder / "boards.xml")) + TABLES
    (folder / "site.toml").write_text(site)
    for name in ("log", "secret"):
        (folder / name).mkdir()
    assert call(folder, "audit", "init").code == 0
    assert call(folder, "run", "scene.mp4", "--site", "site.toml", "--out", "out").code == 0
    assert call(folder, "redact", "scene.mp4", "hidden.mp4", "--site", "site.toml").code == 0
    assert call(folder, "redact", "scene.mp4", "hidden.txt", "--site", "site.toml").code == 1
    (folder / "site.toml").write_text(site + "# changed\n")
    assert call(folder, "run", "scene.mp4", "--site", "site.toml", "--out", "out2", "--no-video").code == 0
    return folder


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


def call(folder: Path, *arguments: str) -> Ran:
    with chdir(folder):
        result = CliRunner().invoke(app, arguments)
    if result.exception and not isinstance(result.exception, UserError | SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, f"{result.stderr}{result.exception or ''}")


def entries(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line)["record"]["entry"] for line in (folder / "log" / "audit.jsonl").read_text().splitlines()]


def refused(ran: Ran, sentence: str) -> None:
    assert ran.code == 1, ran.err
    assert sentence in ran.err


def test_commands_record_what_they_did(folder: Path) -> None:
    told = entries(folder)
    kinds = [entry["kind"] for entry in told]
    files = ["exported"] * 5
    assert kinds[:9] == ["opened", "configuration_changed", "started", *files, "stopped"]
    assert kinds[9:14] == ["started", "exported", "stopped", "started", "stopped"]
    assert kinds[14:] == ["configuration_changed", "started", *files[1:], "stopped"]
    assert [e["outcome"] for e in told if e["kind"] == "stopped"] == ["complete", "complete", "failed", "complete"]
    first, second = (entry for entry in told if entry["kind"] == "configuration_changed")
    assert (first["before"], second["before"]) == (None, first["after"])
    assert second["after"] == hashlib.sha256((folder / "site.toml").read_bytes()).hexdigest()
    hidden = next(entry for entry in told if entry.get("name") == "hidden.mp4")
    assert hidden["sha256"] == hashlib.sha256((folder / "hidden.mp4").read_bytes()).hexdigest()


def test_a_publication_is_recorded_with_what_the_ledger_says(folder: Path) -> None:
    assert call(folder, "publish", "scene.mp4", "--site", "site.toml", "--out", "public").code == 0
    started, published, *exported, stopped = entries(folder)[-6:]
    assert (started["kind"], stopped["outcome"]) == ("started", "complete")
    guarantee = json.loads((folder / "public" / "public.json").read_text())["guarantee"]
    assert published["ledger_entry"] == guarantee["ledger_entry"]
    assert published["ledger_seal"] == guarantee["ledger_seal"]
    assert {entry["name"] for entry in exported} == {"public.csv", "public.json", "dataset.jsonld"}


def test_the_secret_is_nowhere_but_in_its_file(folder: Path) -> None:
    secret = (folder / "secret" / "audit.key").read_text().splitlines()[1]
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "audit.key":
            assert secret.encode() not in path.read_bytes(), path


def test_a_whole_log_is_told_with_its_head(folder: Path) -> None:
    ran = call(folder, "audit", "verify")
    assert ran.code == 0, ran.err
    head = (folder / "secret" / "audit.key.head").read_text().strip()
    assert f"agrees with the head that is remembered: {head}" in ran.out
    german = call(folder, "audit", "verify", "--language", "de").out
    assert "Einträge, vollständig und in der richtigen Reihenfolge" in german
    assert f"stimmt mit dem gemerkten Kopf überein: {head}" in german
    assert call(folder, "audit", "verify", "--head", head, "--public-key", "secret/audit.key.pub").code == 0
    refused(call(folder, "audit", "verify", "--head", "3:" + "0" * 64), "history was changed")
    refused(call(folder, "audit", "verify", "--head", "three"), "is not a head")


def test_without_a_memory_the_reader_is_told_what_cannot_be_seen(folder: Path) -> None:
    head = folder / "secret" / "audit.key.head"
    away = head.rename(folder / "away")
    ran = call(folder, "audit", "verify")
    away.rename(head)
    assert ran.code == 0
    assert "nobody can say whether its end was cut off" in ran.err


def test_proofs_go_to_people_who_have_nothing_but_the_public_key(folder: Path, tmp_path: Path) -> None:
    line = json.loads((folder / "log" / "audit.jsonl").read_text().splitlines()[4])
    old = f"5:{line['root']}"
    key = str(folder / "secret" / "audit.key.pub")
    for arguments, check, said, german in (
        ((old,), ("--head", old), "has only grown since", "nur gewachsen"),
        (("--entry", "2"), (), "holds this entry", "enthält diesen Eintrag"),
    ):
        (tmp_path / "proof.json").write_text(call(folder, "audit", "prove", *arguments).out)
        checking = ("audit", "check", "proof.json", "--public-key", key, *check)
        ran = call(tmp_path, *checking)
        assert ran.code == 0, ran.err
        assert said in ran.out
        assert german in call(tmp_path, *checking, "--language", "de").out
        changed = (tmp_path / "proof.json").read_text().replace('"hashes": [', f'"hashes": ["{"0" * 64}",')
        (tmp_path / "proof.json").write_text(changed.replace(",\n ]", "\n ]"))
        assert call(tmp_path, *checking).code == 1


def test_nothing_runs_on_a_log_that_was_changed(folder: Path) -> None:
    log = folder / "log" / "audit.jsonl"
    content = log.read_bytes()
    log.write_bytes(content.replace(b'"outcome":"failed"', b'"outcome":"complete"'))
    try:
        refused(call(folder, "audit", "verify"), "entry 13 is not what was signed: it was changed")
        refused(call(folder, "run", "scene.mp4", "--site", "site.toml", "--out", "out3"), "it was changed")
        assert not (folder / "out3").exists()
    finally:
        log.write_bytes(content)


def test_a_log_that_was_never_begun_is_told(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(SITE)
    refused(call(tmp_path, "audit", "verify"), "there is no [audit] in it")
    (tmp_path / "site.toml").write_text(SITE + "[audit]\n")
    refused(call(tmp_path, "audit", "verify"), "`flaneur audit init`")
    refused(call(folder, "audit", "init"), "exists already")


class TestRetention:
    def test_old_figures_go_with_a_receipt(self, folder: Path) -> None:
        store = folder / "out2" / "flaneur.sqlite"
        with closing(sqlite3.connect(store)) as connection:
            (number,) = connection.execute("SELECT count(*) FROM measurement").fetchone()
        ran = call(folder, "retention", "out2/flaneur.sqlite", "--site", "site.toml")
        assert ran.code == 0, ran.err
        assert f"{number} figures and 1 description of runs deleted" in ran.out
        assert "figures.csv, figures.parquet, report.html beside it were not touched" in ran.err
        with closing(sqlite3.connect(store)) as connection:
            assert connection.execute("SELECT count(*) FROM measurement").fetchone() == (0,)
        begun, done = entries(folder)[-2:]
        assert (begun["kind"], begun["store"], begun["deleted"]) == ("deletion_begun", "flaneur.sqlite", number)
        assert done == {"kind": "deletion_done", "store": "flaneur.sqlite"}
        again = call(folder, "retention", "out2/flaneur.sqlite", "--site", "site.toml")
        assert "nothing is too old" in again.out
        assert call(folder, "audit", "verify").code == 0

    def test_without_a_receipt_nothing_is_deleted(self, folder: Path) -> None:
        store = folder / "out" / "flaneur.sqlite"
        key = folder / "secret" / "audit.key"
        key.chmod(0o644)
        refused(call(folder, "retention", "out/flaneur.sqlite", "--site", "site.toml"), "chmod 600")
        key.chmod(0o600)
        with closing(sqlite3.connect(store)) as connection:
            assert connection.execute("SELECT count(*) FROM measurement").fetchone() != (0,)

    def test_another_sites_store_is_left_alone(self, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "site.toml").write_text(SITE.replace('"test"', '"other"') + "[keep]\nfigures_days = 1\n")
        store = str(folder / "out" / "flaneur.sqlite")
        refused(call(tmp_path, "retention", store, "--site", "site.toml"), "holds figures of the site 'test'")
        (tmp_path / "site.toml").write_text(SITE)
        refused(call(tmp_path, "retention", store, "--site", "site.toml"), "there is no [keep] in it")
