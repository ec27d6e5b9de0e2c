import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from flaneur.data.errors import UserError
from flaneur.data.released import Measurement, RunFacts
from flaneur.data.time import MINUTE_NS
from flaneur.run.live import keeper as keeping
from flaneur.run.live.keeper import Keeper
from flaneur.store.errors import StoreError
from flaneur.store.store import Store
from support.disk import breaking_disk
from support.disk import small_disk as disk_of
from support.figures import facts, figure
from support.live_cameras import wait_until


def minute(number: int, count: int = 1) -> list[Measurement]:
    return [figure(start_ns=number * MINUTE_NS, place=f"line {n}") for n in range(count)]


def stored(path: Path) -> list[Measurement]:
    with Store.open(path, read_only=True) as store:
        return list(store.measurements())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s.sqlite"


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    with disk_of(tmp_path / "disk", "256k") as folder:
        yield folder


def test_figures_reach_the_disk_in_order_and_are_told_then(path: Path) -> None:
    keeper = Keeper(path)
    for number in range(3):
        keeper.figures(minute(number), facts())
    assert keeper.close(5.0) == 0
    assert keeper.kept() == stored(path) == [one for number in range(3) for one in minute(number)]
    assert keeper.kept() == []


def test_what_an_earlier_run_measured_stays_and_is_counted(path: Path) -> None:
    for value in (1.0, 2.0):
        keeper = Keeper(path)
        keeper.figures([figure(value=value)], facts())
        keeper.close(5.0)
    assert keeper.refused == 1
    assert keeper.kept() == []
    assert [one.value for one in stored(path)] == [1.0]


def test_a_lock_delays_and_loses_nothing(path: Path) -> None:
    keeper = Keeper(path)
    keeper.figures(minute(0), facts())
    wait_until(lambda: keeper.kept())
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        keeper.figures(minute(1), facts())
        keeper.figures(minute(2), facts())
        time.sleep(1.5)
        assert keeper.kept() == []
        other.rollback()
    wait_until(lambda: keeper.kept())
    assert keeper.close(5.0) == 0
    assert len(stored(path)) == 3


def test_a_full_disk_delays_and_loses_nothing(full_disk: Path) -> None:
    path = full_disk / "s.sqlite"
    keeper = Keeper(path)
    keeper.figures(minute(0), facts())
    wait_until(lambda: keeper.kept())
    filler = full_disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(1024)):
            pass
    keeper.figures(minute(1, 400), facts())
    time.sleep(1.0)
    assert keeper.kept() == []
    assert keeper.failure is None
    filler.unlink()
    assert keeper.close(20.0) == 0
    assert len(stored(path)) == 401


def test_a_disk_that_becomes_read_only_delays_and_loses_nothing(tmp_path: Path) -> None:
    with breaking_disk(tmp_path / "disk") as disk:
        path = disk.mount_point / "s.sqlite"
        keeper = Keeper(path)
        keeper.figures(minute(0), facts())
        wait_until(lambda: keeper.kept())
        disk.fail()
        keeper.figures(minute(1), facts())
        keeper.figures(minute(2), facts())
        time.sleep(1.0)
        assert keeper.kept() == []
        assert keeper.failure is None
        disk.mend()
        assert keeper.close(20.0) == 0
        assert keeper.failure is None
        assert stored(path) == [*minute(0), *minute(1), *minute(2)]


def test_a_store_that_is_taken_away_is_waited_for_and_not_made_anew(path: Path) -> None:
    keeper = Keeper(path)
    keeper.figures(minute(0), facts())
    wait_until(lambda: keeper.kept())
    elsewhere = path.with_name("elsewhere")
    path.rename(elsewhere)
    keeper.figures(minute(1), facts())
    time.sleep(1.0)
    assert not path.exists()
    assert keeper.failure is None
    elsewhere.rename(path)
    assert keeper.close(20.0) == 0
    assert stored(path) == [*minute(0), *minute(1)]


def test_a_trouble_that_lasts_is_a_failure_that_says_why(path: Path) -> None:
    keeper = Keeper(path, patience_s=0.5)
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        keeper.figures(minute(0), facts())
        wait_until(lambda: keeper.failure)
        other.rollback()
    assert "locked" in str(keeper.failure)
    assert keeper.close(1.0) == 1


def test_what_will_not_pass_is_a_failure_at_once(path: Path) -> None:
    keeper = Keeper(path)

    def broken() -> None:
        raise UserError("the log was changed")

    keeper.do(broken)
    wait_until(lambda: keeper.failure)
    assert str(keeper.failure) == "the log was changed"
    keeper.close(1.0)


def test_the_end_waits_no_longer_than_it_may(path: Path) -> None:
    keeper = Keeper(path)
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        keeper.figures(minute(0), facts())
        begin_s = time.monotonic()
        assert keeper.close(0.5) == 1
        assert time.monotonic() - begin_s < 4.0
        assert keeper.failure is not None


def test_what_needs_the_store_alone_gets_it_and_its_failure_is_no_end(path: Path) -> None:
    keeper = Keeper(path)
    keeper.figures(minute(0), facts())
    alone: list[str] = []

    def task() -> None:
        with closing(sqlite3.connect(path)) as other:
            other.execute("PRAGMA locking_mode = EXCLUSIVE")
            other.execute("BEGIN EXCLUSIVE")
            alone.append("yes")
        raise UserError("not now")

    keeper.alone("nothing", task)
    keeper.figures(minute(1), facts())
    assert keeper.close(5.0) == 0
    assert alone == ["yes"]
    assert keeper.failure is None
    assert len(stored(path)) == 2


def test_a_store_that_is_locked_at_the_start_is_waited_for(path: Path) -> None:
    first = Keeper(path)
    first.figures(minute(0), facts())
    assert first.close(5.0) == 0
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        keeper = Keeper(path)
        keeper.figures(minute(1), facts())
        other.rollback()
    assert keeper.close(20.0) == 0
    assert len(stored(path)) == 2


def test_a_store_that_cannot_be_made_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be opened"):
        Keeper(tmp_path / "nowhere" / "s.sqlite")


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What a disk that does not answer waits for."""
    event = threading.Event()
    yield event
    event.set()


def test_figures_that_wait_are_written_at_once_and_in_order(
    path: Path, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that takes 20 ms for a transaction would else lose what a hundred cameras have at the end."""
    transactions: list[int] = []
    done: list[str] = []
    add = Store.add

    def counted(store: Store, figures: Sequence[Measurement], runs: Sequence[RunFacts] = ()) -> list[Measurement]:
        transactions.append(len(figures))
        return add(store, figures, runs)

    monkeypatch.setattr(Store, "add", counted)
    keeper = Keeper(path)
    keeper.do(lambda: gate.wait() and None)
    for number in range(100):
        keeper.figures(minute(number), facts(camera=f"camera {number}"))
    keeper.do(lambda: done.append("entry"))
    keeper.figures(minute(100), facts())
    gate.set()
    assert keeper.close(5.0) == 0
    assert transactions == [100, 1]
    assert done == ["entry"]
    assert keeper.kept() == stored(path) == [one for number in range(101) for one in minute(number)]
    with Store.open(path) as store:
        assert len(store.runs()) == 101


def test_what_works_at_the_second_try_only_is_told_as_new(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upsert, tries = Store._upsert, []

    def fails_once(store: Store, table: Any, rows: Any) -> None:
        tries.append(rows)
        if len(tries) == 1:
            raise StoreError("the disk is full", may_pass=True)
        upsert(store, table, rows)

    monkeypatch.setattr(Store, "_upsert", fails_once)
    keeper = Keeper(path)
    keeper.figures(minute(0), facts())
    assert keeper.close(5.0) == 0
    assert len(tries) == 2
    assert keeper.kept() == stored(path) == minute(0)
    assert keeper.refused == 0


def test_a_disk_that_does_not_answer_is_a_trouble_and_ends_with_a_sentence(
    path: Path, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "ALARM_S", 0.2)
    keeper = Keeper(path)
    assert not keeper.in_trouble
    keeper.do(lambda: gate.wait() and None)
    keeper.figures(minute(0), facts())
    wait_until(lambda: keeper.in_trouble)
    assert keeper.close(0.1) == 2
    assert "too slow" in str(keeper.failure)


def test_what_has_the_store_alone_may_take_long_and_fail_in_any_way(
    path: Path, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "ALARM_S", 0.2)
    keeper = Keeper(path)
    begun = threading.Event()

    def long() -> None:
        begun.set()
        gate.wait()
        raise ValueError

    keeper.alone("something", long)
    assert begun.wait(5.0)
    time.sleep(0.4)
    assert not keeper.in_trouble
    keeper.figures(minute(0), facts())
    gate.set()
    assert keeper.close(5.0) == 0
    assert keeper.failure is None
    assert stored(path) == minute(0)


def test_a_defect_of_ours_is_a_failure_that_says_nothing_of_values(path: Path) -> None:
    keeper = Keeper(path)

    def broken() -> None:
        raise ValueError

    keeper.do(broken)
    wait_until(lambda: keeper.failure)
    assert "ValueError" in str(keeper.failure)
