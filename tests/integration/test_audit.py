"""The audit log against real processes, real kills and a real full disk."""

import fcntl
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flaneur.store.audit import reading
from flaneur.store.audit.entries import Record, Repaired, Stopped
from flaneur.store.audit.errors import AuditError
from flaneur.store.audit.reading import verify
from support.audits import Site
from support.disk import small_disk as disk_of

END = Stopped(command="run", camera="north", outcome="complete")

WRITER = """
import sys, time
from pathlib import Path
from flaneur.store.audit.entries import Viewed
from flaneur.store.audit.log import AuditLog

log = AuditLog.open(Path(sys.argv[1]), Path(sys.argv[2]), time.time_ns)
for n in range(int(sys.argv[4])):
    log.append(Viewed(account=sys.argv[3], camera=f"{n}", view="ghost"))
    print(n, flush=True)
"""


def writer(site: Site, name: str, entries: int) -> list[str]:
    return [sys.executable, "-c", WRITER, str(site.log), str(site.key), name, str(entries)]


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    site = Site(tmp_path).create()
    programs = [subprocess.Popen(writer(site, name, 20), stdout=subprocess.DEVNULL) for name in "abc"]
    assert [program.wait() for program in programs] == [0, 0, 0]
    records: list[Record] = []
    verify(site.log, site.public, [site.remembered], records.append)
    written = [(r.entry.account, r.entry.camera) for r in records if r.entry.kind == "viewed"]
    for name in "abc":  # each writer's entries are all there, in its own order
        assert [camera for account, camera in written if account == name] == [str(n) for n in range(20)]


def test_threads_of_one_process_lose_nothing_either(tmp_path: Path) -> None:
    site = Site(tmp_path).create()
    with site.open() as log, ThreadPoolExecutor(4) as pool:
        sizes = list(pool.map(lambda _: log.append(END).size, range(40)))
    assert sorted(sizes) == list(range(2, 42))
    assert site.verify(site.remembered).head.size == 41


@pytest.mark.parametrize("told", [1, 40])
def test_a_killed_writer_loses_nothing_that_it_was_told_is_recorded(tmp_path: Path, told: int) -> None:
    site = Site(tmp_path).create()
    with subprocess.Popen(writer(site, "a", 10_000), stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        last = [int(program.stdout.readline()) for _ in range(told)][-1]
        program.send_signal(signal.SIGKILL)
    with site.open() as log:
        log.append(END)
    assert site.verify(site.remembered).head.size > last + 2


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with disk_of(tmp_path / "disk", "64k") as disk:
        yield disk


def test_a_log_on_a_full_disk_is_not_begun(small_disk: Path) -> None:
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="No space"):
        filler.write_bytes(bytes(100_000))
    with pytest.raises(AuditError, match="the disk is full"):
        Site(small_disk).create()
    assert [path for path in small_disk.rglob("*") if path.is_file()] == [filler]


def test_a_full_disk_is_told_and_the_log_goes_on_afterwards(small_disk: Path) -> None:
    site = Site(small_disk).create()
    filler = small_disk / "filler"
    with site.open() as log:
        with pytest.raises(OSError, match="No space"):
            filler.write_bytes(bytes(100_000))
        with pytest.raises(AuditError, match="the disk is full"):
            for _ in range(100):
                log.append(END)
        verify(site.log, site.public)
        filler.unlink()
        log.append(END)
    assert site.verify(site.remembered).last.entry == END


def test_a_disk_that_takes_only_half_an_entry_leaves_a_whole_log(tmp_path: Path) -> None:
    """The kernel refuses every byte beyond a limit, as a quota would, in the middle of a line."""
    site = Site(tmp_path).create()
    limit = site.log.stat().st_size * 3 + 100
    done = subprocess.run(
        writer(site, "a", 100),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "AuditError" in done.stderr
    assert "nothing was recorded" in done.stderr
    assert site.verify(site.remembered).head.size == 1 + len(done.stdout.split())


def test_half_an_entry_that_cannot_be_taken_back_is_repaired_by_the_next_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(tmp_path).create()

    def half_written(fd: int, content: bytes) -> int:
        os.pwrite(fd, content[:50], 0)  # appended, since the file was opened so
        raise OSError(28, "No space left on device")

    def not_now(_fd: int, _size: int) -> None:
        raise OSError(5, "Input/output error")

    with site.open() as log, monkeypatch.context() as broken:
        broken.setattr(os, "write", half_written)
        broken.setattr(os, "ftruncate", not_now)
        with pytest.raises(AuditError, match=r"the disk is full.*nothing was recorded"):
            log.append(END)
    with pytest.raises(AuditError, match="ends in the middle of an entry"):
        site.verify()
    with site.open() as log:
        log.append(END)
    records: list[Record] = []
    verify(site.log, site.public, [site.remembered], records.append)
    assert [record.entry for record in records[1:]] == [Repaired(torn_bytes=50), END]


def test_a_locked_log_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LOCK_WAIT_S", 0.05)
    site = Site(tmp_path).create()
    with site.open() as one, site.open() as two:
        fcntl.flock(one._fd, fcntl.LOCK_EX)
        with pytest.raises(AuditError, match="is locked by another program"):
            two.append(END)
        fcntl.flock(one._fd, fcntl.LOCK_UN)
        two.append(END)
        one.append(END)
    assert site.verify(site.remembered).head.size == 3


def test_a_head_that_cannot_be_remembered_is_told_and_the_entry_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(tmp_path).create()

    def full(_path: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    with site.open() as log:
        with monkeypatch.context() as broken:
            broken.setattr(Path, "replace", full)
            with pytest.raises(
                AuditError, match=r"the last entry is recorded, but its head 2:.* could not be remembered"
            ):
                log.append(END)
        assert site.verify(site.remembered).head.size == 2
        log.append(END)
    assert site.verify(site.remembered).head.size == 3
    assert [path.name for path in site.key.parent.iterdir() if path.name.endswith(".partial")] == []
