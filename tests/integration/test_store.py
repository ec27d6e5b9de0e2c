"""The store against real processes, real locks and a real full disk."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from flaneur.data.time import MINUTE_NS
from flaneur.store import Store, StoreError
from flaneur.store import store as store_module
from support.disk import small_disk as disk_of
from support.figures import Scene, figure

PLACES = 40

WRITER = f"""
import sys
from pathlib import Path
from flaneur.data.released import Measurement
from flaneur.data.time import MINUTE_NS
from flaneur.store import Store

store = Store.create(Path(sys.argv[1]))
for n in range(100_000):
    store.write_interval(
        Measurement("s", "c", "crossings", f"line {{p}}", "car", "", n * MINUTE_NS, (n + 1) * MINUTE_NS,
                    float(n), "road users", 1.0, 600, 0)
        for p in range({PLACES})
    )
    print(n, flush=True)
"""


@pytest.mark.parametrize("told", [1, 7, 60])
def test_a_killed_writer_loses_at_most_the_running_interval(tmp_path: Path, told: int) -> None:
    path = tmp_path / "s.sqlite"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        last = [int(writer.stdout.readline()) for _ in range(told)][-1]
        writer.send_signal(signal.SIGKILL)
    with Store.open(path) as store:
        read = list(store.measurements())
        intervals = sorted({m.start_ns // MINUTE_NS for m in read})
        assert intervals == list(range(len(intervals)))  # none is missing in between
        assert len(intervals) > last
        assert len(read) == PLACES * len(intervals)  # each is whole and there once
        store.write_interval(m for m in read if m.start_ns == 0)
        assert list(store.measurements()) == read
    assert [p.name for p in tmp_path.iterdir()] == ["s.sqlite"]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_readers_see_whole_intervals_while_one_writes(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with Store.create(path) as writer:
        writer.write_interval([figure(), figure(kind="car")])
        with Store.open(path, read_only=True) as one, Store.open(path, read_only=True) as two:
            begun = one.measurements()
            next(begun)
            writer.write_interval([figure(MINUTE_NS), figure(MINUTE_NS, kind="car")])
            assert len(list(two.measurements())) == 4
            assert len(list(begun)) == 1  # a reader that has begun keeps its picture of the store
            assert len(list(one.measurements())) == 4


def test_a_writer_that_closes_before_its_readers_leaves_a_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "LOCK_WAIT_S", 0.05)
    path = tmp_path / "s.sqlite"
    writer = Store.create(path)
    with Store.open(path, read_only=True) as reader:
        writer.write_interval([figure()])
        begun = reader.measurements()
        next(begun)
        writer.close()
        begun.close()
    alone = tmp_path / "copied.sqlite"
    alone.write_bytes(path.read_bytes())
    with Store.open(alone, read_only=True) as copied:
        assert list(copied.measurements()) == [figure()]


def test_a_locked_store_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "LOCK_WAIT_S", 0.05)
    path = tmp_path / "s.sqlite"
    with Store.create(path) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="is locked by another program"):
            store.write_interval([figure()])
        other.execute("ROLLBACK")
        other.close()
        store.write_interval([figure()])
        assert len(list(store.measurements())) == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with disk_of(tmp_path / "disk", "256k") as disk:
        yield disk


def test_a_full_disk_keeps_what_was_written_before(small_disk: Path) -> None:
    path = small_disk / "s.sqlite"
    kept = 0
    with pytest.raises(StoreError, match="the disk is full"), Store.create(path) as store:
        for n in range(1000):
            store.write_interval(figure(n * MINUTE_NS, place=f"line {p}") for p in range(PLACES))
            kept += 1
    assert 0 < kept < 1000
    with Store.open(path, read_only=True) as store:
        assert len(list(store.measurements())) == kept * PLACES
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_store_on_a_full_disk_is_not_begun(small_disk: Path) -> None:
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="No space"):
        filler.write_bytes(bytes(300_000))
    with pytest.raises(StoreError, match="the disk is full"):
        Store.create(small_disk / "s.sqlite")
    assert list(small_disk.iterdir()) == [filler]


def test_a_failing_disk_is_told(tmp_path: Path) -> None:
    """The kernel refuses every write beyond 100 KB of a file, as a failing disk or a quota would."""
    path = tmp_path / "s.sqlite"
    result = subprocess.run(
        [sys.executable, "-c", WRITER, str(path)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "StoreError" in result.stderr
    assert "cannot be read or written; the disk is full, failing" in result.stderr
    kept = len(result.stdout.split())
    with Store.open(path) as store:
        assert len(list(store.measurements())) == kept * PLACES


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="cannot be opened"):
        Store.create(tmp_path / "s.sqlite")


def test_a_finished_store_can_be_read_from_a_read_only_disk(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    with Store.create(disk / "s.sqlite") as store:
        store.write_interval(Scene(lines=("a",)).measurements())
    if subprocess.run(
        ["mount", "--bind", "-o", "ro", str(disk), str(disk)], capture_output=True, check=False
    ).returncode:
        pytest.skip("a read-only disk can be mounted by root only")
    try:
        with Store.open(disk / "s.sqlite", read_only=True) as store:
            assert list(store.measurements())
        with pytest.raises(StoreError, match=r"is read-only|cannot be opened"), Store.open(disk / "s.sqlite") as store:
            store.write_interval([figure()])
    finally:
        subprocess.run(["umount", str(disk)], check=True)
