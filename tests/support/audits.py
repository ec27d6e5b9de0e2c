"""Audit logs to test with."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from flaneur.store.audit.entries import (
    ConfigurationChanged,
    DeletionBegun,
    DeletionDone,
    Entry,
    Exported,
    HealthChanged,
    Published,
    Started,
    Stopped,
    Viewed,
)
from flaneur.store.audit.heads import Head, head_path, recall
from flaneur.store.audit.key import PublicKey, public_path
from flaneur.store.audit.log import AuditLog
from flaneur.store.audit.reading import Verified, verify

SECRET = "4e" * 32
NOW = "2026-11-22T07:00:00.000Z"
ENTRIES: tuple[Entry, ...] = (
    ConfigurationChanged(before=None, after=SECRET),
    Started(command="run", camera="north", source="market.mp4", configuration=SECRET, software="flaneur 0.1.0"),
    HealthChanged(camera="north", since=NOW, faults=("dark", "moved")),
    HealthChanged(camera="north", since=NOW, faults=()),
    Stopped(command="run", camera="north", outcome="complete"),
    Exported(account=None, name="Größe “1”.csv", size_bytes=12, sha256=SECRET),
    Viewed(account="j.doe", camera="north", view="ghost"),
    Published(camera="north", start=NOW, end=NOW, figures=24, ledger_entry=3, ledger_seal=SECRET),
    DeletionBegun(
        store="flaneur.sqlite",
        delete_before=NOW,
        coarsen_before=None,
        deleted=3,
        coarsened=0,
        into=0,
        dropped=0,
        runs=1,
    ),
    DeletionDone(store="flaneur.sqlite"),
)
"""One of each sort that somebody can write."""


def ticking(start_s: int = 1_790_000_000) -> Iterator[int]:
    """A clock that goes on by a second at each look."""
    return (second * 1_000_000_000 for second in count(start_s))


@dataclass(frozen=True)
class Site:
    """A folder with a log and, apart from it, a key."""

    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "audit.jsonl"

    @property
    def key(self) -> Path:
        return self.folder / "secret" / "audit.key"

    @property
    def public(self) -> PublicKey:
        return PublicKey.load(public_path(self.key))

    @property
    def remembered(self) -> Head:
        head = recall(head_path(self.key))
        assert head is not None
        return head

    def create(self, *entries: Entry) -> "Site":
        self.key.parent.mkdir(parents=True)
        clock = ticking()
        with AuditLog.create(self.log, self.key, "Marktplatz", "flaneur 0.1.0", lambda: next(clock)) as log:
            for entry in entries:
                log.append(entry)
        return self

    def open(self) -> AuditLog:
        clock = ticking(1_800_000_000)
        return AuditLog.open(self.log, self.key, lambda: next(clock))

    def verify(self, *heads: Head) -> Verified:
        return verify(self.log, self.public, heads)
