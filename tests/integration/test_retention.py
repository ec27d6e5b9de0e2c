"""Letting figures go while programs are killed and disks are full: nothing half done, nothing left behind."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flaneur.data.time import MINUTE_NS, SECOND_NS
from flaneur.store import Store, StoreError
from flaneur.store.retention import Aged, Limits, age
from support.disk import small_disk as disk_of
from support.figures import figure

BASE_NS = 1_780_272_000 * SECOND_NS
LIMITS = Limits(delete_before_ns=BASE_NS + 60 * MINUTE_NS)

KILLED = f"""
import os, signal, sys
from pathlib import Path
from flaneur.store import retention

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

if sys.argv[2] == "wiping":
    retention._wipe = die
limits = retention.Limits(delete_before_ns={LIMITS.delete_before_ns})
retention.age(Path(sys.argv[1]), limits, die if sys.argv[2] == "announcing" else lambda aged: None)
"""


def made(path: Path, minutes: int = 120, places: int = 5) -> Path:
    with Store.create(path) as store:
        for n in range(minutes):
            store.write_interval(figure(BASE_NS + n * MINUTE_NS, place=f"mark{n:04d} {p}") for p in range(places))
    return path


def marks(folder: Path) -> set[int]:
    found: set[int] = set()
    for path in folder.iterdir():
        found |= {int(mark) for mark in re.findall(rb"mark(\d{4})", path.read_bytes())}
    return found


def quiet(_aged: Aged) -> None:
    """Announces to nobody."""


def killed_while(path: Path, doing: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(path), doing], check=False)
    assert done.returncode == -signal.SIGKILL


def test_who_is_killed_before_the_end_has_deleted_nothing(tmp_path: Path) -> None:
    path = made(tmp_path / "s.sqlite")
    killed_while(path, "announcing")
    with Store.open(path) as store:
        assert len(list(store.measurements())) == 600
    assert age(path, LIMITS, quiet) == Aged(deleted=300)
    assert marks(tmp_path) == set(range(60, 120))


def test_who_is_killed_while_wiping_is_finished_by_the_next_call(tmp_path: Path) -> None:
    path = made(tmp_path / "s.sqlite")
    killed_while(path, "wiping")
    assert min(marks(tmp_path)) < 60
    assert age(path, LIMITS, quiet) == Aged()
    assert marks(tmp_path) == set(range(60, 120))
    assert [p.name for p in tmp_path.iterdir()] == ["s.sqlite"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with disk_of(tmp_path / "disk", "8m") as disk:
        yield disk


@pytest.mark.parametrize("free_kb", [0, 24, 120])
def test_a_full_disk_loses_nothing_that_is_young_and_the_next_call_finishes(small_disk: Path, free_kb: int) -> None:
    """With more and more room it fails at the beginning, while deleting, and while the file is written anew."""
    path = made(small_disk / "s.sqlite", places=15)
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="No space"):
        filler.write_bytes(bytes(10_000_000))
    with filler.open("r+b") as file:
        file.truncate(filler.stat().st_size // 4096 * 4096 - free_kb * 1024)
    with pytest.raises(StoreError, match="the disk is full"):
        age(path, LIMITS, quiet)
    filler.unlink()
    with Store.open(path, read_only=True) as store:
        kept = {m.start_ns // MINUTE_NS - BASE_NS // MINUTE_NS for m in store.measurements()}
    assert kept in (set(range(120)), set(range(60, 120)))
    age(path, LIMITS, quiet)
    assert marks(small_disk) == set(range(60, 120))


def test_a_read_only_disk_is_told(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    path = made(disk / "s.sqlite")
    if subprocess.run(
        ["mount", "--bind", "-o", "ro", str(disk), str(disk)], capture_output=True, check=False
    ).returncode:
        pytest.skip("a read-only disk can be mounted by root only")
    try:
        with pytest.raises(StoreError, match=r"is read-only|cannot be opened"):
            age(path, LIMITS, quiet)
        assert marks(disk) == set(range(120))
    finally:
        subprocess.run(["umount", str(disk)], check=True)
