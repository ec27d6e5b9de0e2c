"""What commands record in the site's audit log. A site file without `[audit]` has none."""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from flaneur.config.load import ConfigError, load_site, sha256_of
from flaneur.data.released import PublicFigure
from flaneur.run.job import Job
from flaneur.run.results import OURS
from flaneur.run.software import software
from flaneur.store.audit.entries import (
    Command,
    ConfigurationChanged,
    Entry,
    Exported,
    Published,
    Record,
    Started,
    Stopped,
)
from flaneur.store.audit.errors import AuditError
from flaneur.store.audit.heads import Head, head_path, recall
from flaneur.store.audit.key import PublicKey, public_path
from flaneur.store.audit.log import AuditLog, time_text
from flaneur.store.audit.proofs import Consistency, Inclusion, prove_entry, prove_growth
from flaneur.store.audit.reading import Look, Verified, look_on, verify
from flaneur.store.ledger import Head as LedgerHead

LONGEST_NAME = 200
Write = Callable[[Entry], None]


def log_paths(site_path: Path) -> tuple[Path, Path]:
    """The log and the key of a site; ConfigError when its file has no `[audit]`."""
    table = load_site(site_path).audit
    if table is None:
        raise ConfigError(f"{site_path}: there is no [audit] in it; add that line, then: flaneur audit init")
    return site_path.parent / table.log, site_path.parent / table.key


def begin_log(site_path: Path) -> tuple[Head, PublicKey]:
    """Begin the site's log, and make the key that it is signed with."""
    log_path, key_path = log_paths(site_path)
    with AuditLog.create(log_path, key_path, load_site(site_path).site.name, software(), time.time_ns) as log:
        return log.head, PublicKey.load(public_path(key_path))


def verify_log(site_path: Path, public: Path | None, heads: tuple[Head, ...]) -> Verified:
    """Judge the site's log, against `heads` and the head that is remembered beside the key."""
    log_path, key_path = log_paths(site_path)
    remembered = recall(head_path(key_path))
    return verify(log_path, _public_key(site_path, public), (*heads, *([remembered] if remembered else [])))


def prove(site_path: Path, public: Path | None, what: Head | int) -> Consistency | Inclusion:
    """A proof that the log has only grown since a head, or that it holds the entry of a number."""
    log_path, _ = log_paths(site_path)
    key = _public_key(site_path, public)
    return prove_entry(log_path, key, what) if isinstance(what, int) else prove_growth(log_path, key, what)


def _public_key(site_path: Path, public: Path | None) -> PublicKey:
    return PublicKey.load(public or public_path(log_paths(site_path)[1]))


@contextmanager
def recording(site_path: Path | None, look: Look = look_on) -> Iterator[Write | None]:
    """A function that records an entry in the site's log; None without a site file or its `[audit]`.

    AuditError when the log is not what it was: then the command must not go on.
    """
    if site_path is None or load_site(site_path).audit is None:
        yield None
        return
    with AuditLog.open(*log_paths(site_path), time.time_ns, look) as log:

        def write(entry: Entry) -> None:
            log.append(entry)

        yield write


class Trail:
    """What one command tells of what it did."""

    def __init__(self, write: Write | None, camera: str) -> None:
        self._write = write
        self._camera = camera
        self.complete = True
        """False when the command was stopped early and kept what it had."""

    def exported(self, folder: Path, names: Iterable[str] = OURS) -> None:
        """Those of the files `names` that are in `folder` were written."""
        if self._write is None:
            return
        for file in sorted(folder / name for name in names):
            if file.exists():
                with file.open("rb") as opened:
                    digest = hashlib.file_digest(opened, "sha256").hexdigest()
                size = file.stat().st_size
                self._write(Exported(account=None, name=name_text(file.name), size_bytes=size, sha256=digest))

    def published(self, figures: Sequence[PublicFigure], charged: LedgerHead) -> None:
        """Figures were given to the public, and the ledger was charged."""
        if self._write is None or not figures:
            return
        self._write(
            Published(
                camera=self._camera,
                start=time_text(min(figure.start_ns for figure in figures)),
                end=time_text(max(figure.end_ns for figure in figures)),
                figures=len(figures),
                ledger_entry=charged.number,
                ledger_seal=charged.seal_hex,
            )
        )


@contextmanager
def audited(command: Command, job: Job, site_path: Path | None) -> Iterator[Trail]:
    """Record that a command began, what it wrote, and how it ended; also when it fails.

    A start without an end was killed. AuditError, before anything else happens, when the log is not what it was.
    """
    known: list[str] = []

    def look(record: Record) -> None:
        if isinstance(record.entry, ConfigurationChanged):
            known[:] = [record.entry.after]

    camera, source = name_text(job.camera.name), name_text(job.video.name)
    with recording(site_path, look) as write:
        trail = Trail(write, camera)
        if site_path is None or write is None:
            yield trail
            return
        now = sha256_of(site_path)
        if known != [now]:
            write(ConfigurationChanged(before=known[0] if known else None, after=now))
        write(Started(command=command, camera=camera, source=source, configuration=now, software=software()))
        try:
            yield trail
        except BaseException:
            with suppress(AuditError):  # the first error is the one to tell
                write(Stopped(command=command, camera=camera, outcome="failed"))
            raise
        write(Stopped(command=command, camera=camera, outcome="complete" if trail.complete else "interrupted"))


def name_text(name: str) -> str:
    """A name as the log can hold it: what cannot be printed is replaced."""
    return "".join(sign if sign.isprintable() else "?" for sign in name)[:LONGEST_NAME] or "?"
