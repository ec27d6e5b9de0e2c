import hashlib
import json
import os
import stat
import typing
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import ValidationError

from flaneur.store.audit.entries import Entry, Opened, Record, Repaired, Stopped, Viewed
from flaneur.store.audit.errors import AuditError
from flaneur.store.audit.heads import Head, head_path
from flaneur.store.audit.key import PublicKey, SiteKey, public_path
from flaneur.store.audit.log import AuditLog
from flaneur.store.audit.proofs import prove_entry, prove_growth, read_proof
from flaneur.store.audit.reading import verify
from support.audits import ENTRIES, Site

END = Stopped(command="run", camera="north", outcome="interrupted")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path).create(*ENTRIES)


def lines(site: Site) -> list[bytes]:
    return site.log.read_bytes().splitlines(keepends=True)


def test_entries_come_back_as_they_were_written_in_order(site: Site) -> None:
    records: list[Record] = []
    found = verify(site.log, site.public, [site.remembered], records.append)
    assert [record.entry for record in records][1:] == list(ENTRIES)
    assert isinstance(records[0].entry, Opened)
    assert found.head == site.remembered
    assert found.head.size == len(ENTRIES) + 1
    assert [record.index for record in records] == list(range(found.head.size))
    assert [record.time for record in records] == sorted({record.time for record in records})


def test_the_format_is_the_documented_one(site: Site) -> None:
    """Judged from docs/privacy/audit-log.md alone, without any code of ours: what an auditor would write."""

    def root(leaves: list[bytes]) -> bytes:
        if len(leaves) == 1:
            return hashlib.sha256(b"\x00" + leaves[0]).digest()
        half = max(2**k for k in range(10) if 2**k < len(leaves))
        return hashlib.sha256(b"\x01" + root(leaves[:half]) + root(leaves[half:])).digest()

    key = load_pem_public_key(public_path(site.key).read_bytes())
    assert isinstance(key, Ed25519PublicKey)
    leaves: list[bytes] = []
    previous = "0" * 64
    for number, text in enumerate(lines(site), start=1):
        leaves.append(text.removeprefix(b'{"record":').rsplit(b',"root":', 1)[0])
        line = json.loads(text)
        assert json.loads(leaves[-1]) == line["record"]
        assert line["record"]["previous"] == previous
        assert line["root"] == root(leaves).hex()
        message = b"flaneur audit tree head 1\0" + number.to_bytes(8, "big") + root(leaves)
        key.verify(bytes.fromhex(line["signature"]), message)  # raises when it does not hold
        previous = hashlib.sha256(text.rstrip(b"\n")).hexdigest()


def test_a_log_that_is_opened_again_goes_on(site: Site) -> None:
    with site.open() as log:
        head = log.append(END)
    assert site.verify(head).last.entry == END
    assert site.remembered == head


def test_a_log_is_never_begun_over_another(site: Site) -> None:
    before = site.log.read_bytes()
    with pytest.raises(AuditError, match=r"exists already; a log is never begun anew"):
        AuditLog.create(site.log, site.key, "s", "f", lambda: 0)
    assert site.log.read_bytes() == before


@pytest.mark.parametrize("name", ["audit.jsonl", "audit.key", "audit.key.pub", "audit.key.head"])
def test_whatever_is_there_already_stays_and_nothing_comes_beside_it(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(AuditError, match="exists already"):
        AuditLog.create(tmp_path / "audit.jsonl", tmp_path / "audit.key", "s", "f", lambda: 0)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, "mine")]


def test_a_log_that_cannot_be_begun_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="is not there"):
        AuditLog.create(tmp_path / "nowhere" / "log", tmp_path / "key", "s", "f", lambda: 0)
    assert list(tmp_path.iterdir()) == []


def test_no_entry_has_room_for_a_person_who_was_seen() -> None:
    """Every field is a short text, a number, a time, a hash or a choice, and named here."""
    known = {
        "kind", "site", "public_key", "software", "torn_bytes", "before", "after", "command", "camera", "source",
        "configuration", "outcome", "account", "view", "name", "size_bytes", "sha256", "start", "end", "figures",
        "ledger_entry", "ledger_seal", "store", "delete_before", "coarsen_before", "deleted", "coarsened", "into",
        "dropped", "runs", "since", "faults",
    }  # fmt: skip
    union = typing.get_args(Entry)[0]
    for kind in typing.get_args(union):
        assert set(kind.model_fields) <= known, kind
        for name, field in kind.model_fields.items():
            assert not {dict, list, object, typing.Any} & {field.annotation, typing.get_origin(field.annotation)}, name
        assert kind.model_config["extra"] == "forbid"
        assert kind.model_config["strict"]


@pytest.mark.parametrize(
    "change",
    [{"account": ""}, {"account": "a\nb"}, {"account": "x" * 201}, {"view": "raw"}, {"camera": 3}, {"person": "x"}],
)
def test_an_entry_takes_nothing_else(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Viewed(**({"account": "a", "camera": "c", "view": "ghost"} | change))  # type: ignore[arg-type]


class TestKey:
    def test_it_is_private_from_the_first_moment_and_never_shown(
        self, site: Site, capsys: pytest.CaptureFixture
    ) -> None:  # type: ignore[type-arg]
        assert stat.S_IMODE(site.key.stat().st_mode) == 0o600
        secret = site.key.read_text().splitlines()[1]
        key = SiteKey.load(site.key)
        assert secret not in f"{key!r} {key} {vars(PublicKey.load(public_path(site.key)))}"
        assert key.public.hex == site.public.hex
        for name in ("audit.key.pub", "audit.key.head"):
            assert secret not in (site.key.parent / name).read_text()
        assert secret not in site.log.read_text()

    def test_a_umask_cannot_open_it(self, tmp_path: Path) -> None:
        before = os.umask(0)
        try:
            SiteKey.create(tmp_path / "key")
        finally:
            os.umask(before)
        assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o700])
    def test_one_that_others_may_use_is_refused(self, site: Site, mode: int) -> None:
        site.key.chmod(mode)
        with pytest.raises(AuditError, match="chmod 600"):
            site.open()

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
    def test_one_of_another_account_is_refused(self, site: Site) -> None:
        os.chown(site.key, 12345, -1)
        with pytest.raises(AuditError, match="belongs to another account"):
            site.open()

    @pytest.mark.parametrize("content", [b"", b"no key", b"\xff" * 50])
    def test_what_is_no_key_is_refused(self, site: Site, content: bytes) -> None:
        site.key.write_bytes(content)
        with pytest.raises(AuditError, match="is not the key of a site"):
            site.open()
        public_path(site.key).write_bytes(content)
        with pytest.raises(AuditError, match="is not the public key of a site"):
            site.verify()

    def test_another_sites_key_is_told_apart(self, site: Site, tmp_path: Path) -> None:
        other = Site(tmp_path / "other").create()
        with pytest.raises(AuditError, match="was begun with the key") as caught:
            verify(site.log, other.public)
        assert other.public.hex[:16] in str(caught.value)
        before = site.log.read_bytes()
        with pytest.raises(AuditError, match="was begun with the key"):
            AuditLog.open(site.log, other.key, lambda: 0)
        assert site.log.read_bytes() == before


def _swap(log: list[bytes]) -> list[bytes]:
    log[4], log[5] = log[5], log[4]
    return log


TAMPERED: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str]] = {
    "deleted": (lambda log: log[:4] + log[5:], "where entry 4 belongs stands entry 5"),
    "moved": (_swap, "where entry 4 belongs stands entry 5"),
    "repeated": (lambda log: [*log[:5], log[4], *log[5:]], "where entry 5 belongs stands entry 4"),
    "changed": (lambda log: [one.replace(b"market", b"museum") for one in log], "entry 2 is not what was signed"),
    "blank": (lambda log: [one.replace(b",", b", ", 1) for one in log], "entry 0 is not as Flaneur writes it"),
    "cut at the front": (lambda log: log[3:], "where entry 0 belongs stands entry 3"),
    "emptied": (lambda log: [], "has 0 whole entries where 11 are remembered"),
    "cut at the end": (lambda log: log[:-1], "has 10 whole entries where 11 are remembered: the end was cut off"),
    "torn": (lambda log: [*log[:-1], log[-1][:-1]], "has 10 whole entries where 11 are remembered"),
    "a line without end": (lambda log: [*log, b"x" * 50_000], "entry 11 is not as Flaneur writes it"),
}


@pytest.mark.parametrize(("tamper", "message"), TAMPERED.values(), ids=TAMPERED)
def test_what_was_done_to_a_log_is_told_and_nothing_is_added(
    site: Site, tamper: Callable[[list[bytes]], list[bytes]], message: str
) -> None:
    site.log.write_bytes(b"".join(tamper(lines(site))))
    before = site.log.read_bytes()
    for use in (lambda: site.verify(site.remembered), site.open):
        with pytest.raises(AuditError, match=message) as caught:
            use()
        assert str(caught.value).startswith(f"{site.log}: ")
        assert "\n" not in str(caught.value)
    assert site.log.read_bytes() == before


def test_only_a_remembered_head_shows_that_the_end_is_gone(site: Site) -> None:
    old = site.remembered
    site.log.write_bytes(b"".join(lines(site)[:-2]))
    assert site.verify().head.size == old.size - 2  # what is left was whole once
    with pytest.raises(AuditError, match="the end was cut off"):
        site.verify(old)


def test_who_rewrites_history_with_the_key_itself_is_found_by_any_old_head(site: Site) -> None:
    kept = site.verify().head
    for path in (site.log, head_path(site.key)):
        path.unlink()
    secret = site.key.read_bytes()
    site.key.unlink()
    public_path(site.key).unlink()
    forged = Site(site.folder / "forged").create(*ENTRIES[:1], *ENTRIES[2:], END)
    assert verify(forged.log, forged.public).head.size == kept.size
    with pytest.raises(AuditError, match="are not those that are remembered: history was changed"):
        verify(forged.log, forged.public, [kept])
    assert secret


def test_an_entry_that_somebody_adds_without_the_key_is_found(site: Site, tmp_path: Path) -> None:
    stranger = SiteKey.create(tmp_path / "stranger")
    with site.open() as log:
        text = log._read.chain.next_line(END, "2026-11-22T07:00:00.000Z", stranger)
    with site.log.open("ab") as file:
        file.write(text + b"\n")
    for use in (site.verify, site.open):
        with pytest.raises(AuditError, match="entry 11 was not signed with the site's key"):
            use()


def test_two_heads_of_one_size_cannot_both_be_right(site: Site) -> None:
    with pytest.raises(AuditError, match="two different heads of one size"):
        site.verify(site.remembered, Head(site.remembered.size, bytes(32)))


def test_a_lost_memory_is_told_before_anything_is_added(site: Site) -> None:
    head_path(site.key).unlink()
    with pytest.raises(AuditError, match="write the last head that you remember there"):
        site.open()
    head_path(site.key).write_text("not a head")
    with pytest.raises(AuditError, match="holds no head"):
        site.open()
    head_path(site.key).write_text(str(site.verify().head))  # as a person would, from what verify told
    with site.open() as log:
        log.append(END)


@pytest.mark.parametrize("text", ["", "17", "0:" + "a" * 64, "17:" + "a" * 63, "17:" + "A" * 64, "-1:" + "a" * 64])
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(AuditError, match="is not a head"):
        Head.parse(text)


def test_a_head_can_be_written_down_and_read_again(site: Site) -> None:
    assert Head.parse(f" {site.remembered}\n") == site.remembered


def test_a_crash_in_the_middle_of_an_entry_is_repaired_and_recorded(site: Site) -> None:
    whole = site.log.read_bytes()
    torn = lines(site)[-1][:100]
    site.log.write_bytes(whole + torn)
    with pytest.raises(AuditError, match="ends in the middle of an entry, after 11 whole ones"):
        site.verify(site.remembered)
    with site.open() as log:
        log.append(END)
    records: list[Record] = []
    verify(site.log, site.public, [site.remembered], records.append)
    assert [record.entry for record in records[-2:]] == [Repaired(torn_bytes=100), END]
    assert site.log.read_bytes().startswith(whole)


def test_a_crash_before_the_head_was_remembered_is_no_fault(site: Site) -> None:
    old = head_path(site.key).read_bytes()
    with site.open() as log:
        log.append(END)
    head_path(site.key).write_bytes(old)
    with site.open() as log:
        log.append(END)
    assert site.verify(Head.parse(old.decode()), site.remembered).head.size == 13


def test_a_log_that_is_exchanged_while_in_use_is_found(site: Site) -> None:
    with site.open() as log:
        content = site.log.read_bytes()
        site.log.rename(site.folder / "away")
        with pytest.raises(AuditError, match="is not there"):
            log.append(END)
        site.log.write_bytes(content)
        with pytest.raises(AuditError, match="was replaced while in use"):
            log.append(END)
    with site.open() as log:
        os.truncate(site.log, len(content) - len(lines(site)[-1]))
        with pytest.raises(AuditError, match="has become shorter while in use"):
            log.append(END)


class TestProofs:
    def test_growth_can_be_shown_to_who_holds_an_old_head(self, site: Site) -> None:
        old = site.remembered
        with site.open() as log:
            head = log.append(END)
        path = site.folder / "proof.json"
        path.write_text(prove_growth(site.log, site.public, old).model_dump_json())
        proof = read_proof(path)
        assert proof.proof == "consistency"
        assert proof.check(site.public, old) == head
        with pytest.raises(AuditError, match="the proof begins at"):
            proof.check(site.public, Head(old.size, bytes(32)))

    def test_growth_from_a_head_that_never_was_cannot_be_shown(self, site: Site) -> None:
        with pytest.raises(AuditError, match="history was changed"):
            prove_growth(site.log, site.public, Head(5, bytes(32)))
        with pytest.raises(AuditError, match="the end was cut off"):
            prove_growth(site.log, site.public, Head(50, bytes(32)))

    @pytest.mark.parametrize("index", range(len(ENTRIES)))
    def test_one_entry_can_be_shown_without_the_others(self, site: Site, index: int) -> None:
        proof = prove_entry(site.log, site.public, index + 1)
        assert proof.check(site.public).entry == ENTRIES[index]
        if not isinstance(ENTRIES[index], Viewed):
            assert "j.doe" not in proof.model_dump_json()

    def test_there_is_no_proof_of_what_is_not_there(self, site: Site) -> None:
        with pytest.raises(AuditError, match="has no entry 11; they go from 0 to 10"):
            prove_entry(site.log, site.public, 11)

    def test_a_changed_proof_proves_nothing(self, site: Site, tmp_path: Path) -> None:
        proof = prove_entry(site.log, site.public, 2)
        for change in ({"record": prove_entry(site.log, site.public, 3).record}, {"hashes": proof.hashes[1:]}):
            with pytest.raises(AuditError, match="does not hold this entry"):
                proof.model_copy(update=change).check(site.public)
        with pytest.raises(AuditError, match="was not signed with this key"):
            proof.model_copy(update={"size": 10}).check(site.public)
        growth = prove_growth(site.log, site.public, site.remembered)
        forged = growth.model_copy(update={"old_size": 4, "old_root": "00" * 32})
        with pytest.raises(AuditError, match="history was changed"):
            forged.check(site.public, Head(4, bytes(32)))
        path = tmp_path / "proof.json"
        path.write_text("{}")
        with pytest.raises(AuditError, match="is not a proof"):
            read_proof(path)
