import json
from pathlib import Path

import pytest

from flaneur.data.released import PublicFigure
from flaneur.data.time import MINUTE_NS, SECOND_NS
from flaneur.run.audit import audited, begin_log, recording, verify_log
from flaneur.run.job import Job, load_job
from flaneur.store.audit.entries import DeletionDone
from flaneur.store.audit.errors import AuditError
from flaneur.store.ledger import Head

SITE = '[site]\nname = "s"\n[[camera]]\nname = "c"\n'
BASE_NS = 1_780_272_000 * SECOND_NS


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.toml"
    path.write_text(SITE + "[audit]\n")
    begin_log(path)
    return path


def job(site: Path) -> Job:
    return load_job(Path("/videos/of the\nmarket.mp4"), site)


def entries(site: Path) -> list[dict[str, object]]:
    lines = (site.parent / "audit.jsonl").read_text().splitlines()
    return [json.loads(line)["record"]["entry"] for line in lines]


def test_a_command_that_fails_in_any_way_is_told_to_have_failed(site: Path) -> None:
    for error in (ValueError, KeyboardInterrupt, SystemExit):
        with pytest.raises(error), audited("redact", job(site), site):
            raise error
    kinds = [entry["kind"] for entry in entries(site)]
    assert kinds == ["opened", "configuration_changed", *["started", "stopped"] * 3]
    assert {entry["outcome"] for entry in entries(site) if "outcome" in entry} == {"failed"}
    assert verify_log(site, None, ()).head.size == 8


def test_only_the_name_of_the_video_is_recorded(site: Path) -> None:
    with audited("run", job(site), site) as trail:
        trail.complete = False
    started, stopped = entries(site)[-2:]
    assert started["source"] == "of the?market.mp4"
    assert stopped["outcome"] == "interrupted"


def test_figures_that_were_published_name_their_entry_in_the_ledger(site: Path) -> None:
    def figure(minute: int) -> PublicFigure:
        start_ns = BASE_NS + minute * MINUTE_NS
        names = ("s", "c", "crossings", "line", "all", "in")
        return PublicFigure(*names, start_ns, start_ns + 60 * MINUTE_NS, 3.0, 1.0, 5.0, "road users", 1.0, 0.5, 2.0)

    with audited("publish", job(site), site) as trail:
        trail.published([figure(60), figure(0)], Head(7, "ab" * 32))
    told = entries(site)[-2]
    assert told == {
        "kind": "published",
        "camera": "c",
        "start": "2026-06-01T00:00:00.000Z",
        "end": "2026-06-01T02:00:00.000Z",
        "figures": 2,
        "ledger_entry": 7,
        "ledger_seal": "ab" * 32,
    }


def test_nothing_begins_on_a_log_that_was_changed(site: Path) -> None:
    log = site.parent / "audit.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"site":"s"', b'"site":"t"'))
    with pytest.raises(AuditError, match="was changed"), audited("run", job(site), site):
        pytest.fail("it has begun")


def test_a_site_without_a_log_records_nothing(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text(SITE)
    for path in (site, None):
        with audited("run", job(site), path) as trail:
            trail.exported(tmp_path)
            trail.published([], Head(1, "ab" * 32))
        with recording(path) as write:
            assert write is None
    assert list(tmp_path.iterdir()) == [site]


def test_what_is_recorded_is_on_the_disk_at_once(site: Path) -> None:
    with recording(site) as write:
        assert write is not None
        write(DeletionDone(store="flaneur.sqlite"))
        assert entries(site)[-1] == {"kind": "deletion_done", "store": "flaneur.sqlite"}
