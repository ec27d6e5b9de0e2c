import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from flaneur.data.errors import UserError
from flaneur.data.time import SECOND_NS
from flaneur.store.errors import StoreError
from flaneur.store.ledger import NANO, BudgetSpentError, Charge, Ledger, Promise

HOUR_NS = 3600 * SECOND_NS
PROMISE = Promise(60 * SECOND_NS, 2, NANO)
HALF, THIRD = NANO // 2, NANO // 3


def hour(number: float, nano_epsilon: int, camera: str = "north", length: float = 1.0) -> Charge:
    return Charge("square", camera, round(number * HOUR_NS), round((number + length) * HOUR_NS), nano_epsilon)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "site.ledger.sqlite"


def test_what_was_spent_is_there_when_the_ledger_is_opened_again(path: Path) -> None:
    with Ledger.open(path) as ledger:
        first = ledger.spend(PROMISE, [hour(0, HALF)])
    with Ledger.open(path) as ledger:
        second = ledger.spend(PROMISE, [hour(1, HALF)])
        assert [entry.charge for entry in ledger.entries()] == [hour(0, HALF), hour(1, HALF)]
        assert ledger.entries()[0].promise == PROMISE
    assert (first.number, second.number) == (1, 2)
    assert first.seal_hex != second.seal_hex


def test_the_budget_is_that_of_a_camera_and_a_moment(path: Path) -> None:
    with Ledger.open(path) as ledger:
        ledger.spend(PROMISE, [hour(0, NANO)])
        ledger.spend(PROMISE, [hour(0, NANO, "south"), hour(2, NANO)])
        with pytest.raises(BudgetSpentError, match=r"camera 'north', 1970-01-01 00:30:00 to 1970-01-01 00:48"):
            ledger.spend(PROMISE, [hour(0.5, 1, length=0.3)])
        assert len(ledger.entries()) == 3


def test_neighbours_within_rho_share_a_budget(path: Path) -> None:
    with Ledger.open(path) as ledger:
        ledger.spend(PROMISE, [hour(0, 2 * THIRD)])
        with pytest.raises(BudgetSpentError, match=r"need ε = 0.5, and of the budget of 1 there is 0.333333"):
            ledger.spend(PROMISE, [hour(1, HALF)])
        far = 1 + 61 / 3600
        ledger.spend(PROMISE, [hour(far, HALF)])
        assert ledger.left(PROMISE, "square", "north", HOUR_NS, 2 * HOUR_NS) == NANO - 2 * THIRD


def test_what_is_left_is_what_may_be_spent(path: Path) -> None:
    with Ledger.open(path) as ledger:
        ledger.spend(PROMISE, [hour(0, HALF), hour(1, THIRD)])
        where = "square", "north", 0, HOUR_NS
        left = ledger.left(PROMISE, *where)
        assert left == NANO - HALF - THIRD
        with pytest.raises(BudgetSpentError):
            ledger.spend(PROMISE, [Charge(*where, left + 1)])
        ledger.spend(PROMISE, [Charge(*where, left)])
        assert ledger.left(PROMISE, *where) == 0


def test_three_releases_that_one_visit_touches_are_within_the_budget(path: Path) -> None:
    """By its own moments alone, each of these is within the budget, and the third is not refused."""
    with Ledger.open(path) as ledger:
        ledger.spend(PROMISE, [hour(0, HALF), hour(1, HALF)])
        with pytest.raises(BudgetSpentError):
            ledger.spend(PROMISE, [hour(0, HALF)])


def test_all_charges_or_none(path: Path) -> None:
    with Ledger.open(path) as ledger:
        with pytest.raises(BudgetSpentError, match="nothing was spent and nothing is given"):
            ledger.spend(PROMISE, [hour(0, HALF), hour(5, HALF), hour(0, HALF), hour(0, HALF)])
        assert ledger.entries() == []
        assert ledger.left(PROMISE, "square", "north", 0, HOUR_NS) == NANO


def test_a_promise_is_not_changed_for_what_was_published(path: Path) -> None:
    with Ledger.open(path) as ledger:
        ledger.spend(PROMISE, [hour(0, HALF)])
        weaker = Promise(PROMISE.rho_ns, 1, NANO)
        with pytest.raises(BudgetSpentError, match=r"under another promise \(rho_s = 60, appearances = 2"):
            ledger.spend(weaker, [hour(0.2, 1, length=0.1)])
        with pytest.raises(BudgetSpentError, match="under another promise"):
            ledger.spend(Promise(1, 2, NANO), [hour(1, 1)])
        ledger.spend(weaker, [hour(3, HALF)])


def test_the_clock_on_the_wall_decides_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Ledger.open(path) as ledger:
        ledger.spend(PROMISE, [hour(500_000, NANO)])
        for jump in ("time", "time_ns"):
            monkeypatch.setattr(f"time.{jump}", lambda: 0)
        with pytest.raises(BudgetSpentError):
            ledger.spend(PROMISE, [hour(500_000, 1)])
        ledger.spend(PROMISE, [hour(-9, NANO)])


def test_an_entry_can_be_neither_changed_nor_deleted(path: Path) -> None:
    with Ledger.open(path) as ledger:
        ledger.spend(PROMISE, [hour(0, HALF)])
    with closing(sqlite3.connect(path)) as other:
        for statement in ("UPDATE spent SET nano_epsilon = 1", "DELETE FROM spent"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                other.execute(statement)


TAMPERING = {
    "changed": "UPDATE spent SET nano_epsilon = 1 WHERE number = 2",
    "renamed": "UPDATE spent SET camera = 'x' WHERE number = 2",
    "moved": "UPDATE spent SET from_ns = from_ns - 1 WHERE number = 1",
    "removed": "DELETE FROM spent WHERE number = 1",
    "cut off": "DELETE FROM spent WHERE number = 3",
    "emptied": "DELETE FROM spent",
    "swapped": "UPDATE spent SET number = CASE number WHEN 1 THEN -2 WHEN 2 THEN 1 ELSE number END WHERE number < 3",
    "resealed": "UPDATE spent SET seal = zeroblob(32) WHERE number = 3",
    "head changed": "UPDATE head SET number = 2",
    "head removed": "DELETE FROM head",
}


@pytest.mark.parametrize("statement", TAMPERING.values(), ids=TAMPERING)
def test_a_tampered_ledger_is_refused(path: Path, statement: str) -> None:
    with Ledger.open(path) as ledger:
        ledger.spend(PROMISE, [hour(0, THIRD), hour(2, THIRD), hour(4, THIRD)])
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("DROP TRIGGER spent_is_never_changed")
        other.execute("DROP TRIGGER spent_is_never_deleted")
        other.execute(statement)
    with pytest.raises(StoreError, match="was altered"):
        Ledger.open(path)


def test_tampering_while_it_is_open_is_noticed_before_anything_is_spent(path: Path) -> None:
    with Ledger.open(path) as ledger:
        ledger.spend(PROMISE, [hour(0, HALF)])
        with closing(sqlite3.connect(path)) as other, other:
            other.execute("DROP TRIGGER spent_is_never_changed")
            other.execute("UPDATE spent SET nano_epsilon = 1")
        with pytest.raises(StoreError, match="was altered at entry 1"):
            ledger.spend(PROMISE, [hour(0, HALF)])


def test_a_ledger_of_another_key_or_without_one_is_refused(path: Path) -> None:
    with Ledger.open(path) as ledger:
        ledger.spend(PROMISE, [hour(0, HALF)])
    key = path.with_name(path.name + ".key")
    assert key.stat().st_mode & 0o777 == 0o600
    own = key.read_bytes()
    key.write_bytes(bytes(32))
    with pytest.raises(StoreError, match="another key"):
        Ledger.open(path)
    key.write_bytes(own[:-1])
    with pytest.raises(StoreError, match="is not the key of a ledger"):
        Ledger.open(path)
    key.unlink()
    with pytest.raises(StoreError, match="key of the ledger is missing"):
        Ledger.open(path)


def test_a_ledger_that_is_gone_is_not_begun_anew(path: Path) -> None:
    with Ledger.open(path) as ledger:
        ledger.spend(PROMISE, [hour(0, NANO)])
    path.unlink()
    for _ in range(2):
        with pytest.raises(StoreError, match="its ledger is gone or empty"):
            Ledger.open(path)


def test_a_truncated_ledger_is_refused(path: Path) -> None:
    with Ledger.open(path) as ledger:
        ledger.spend(PROMISE, [hour(n, 1) for n in range(50)])
    whole = path.read_bytes()
    for size in (len(whole) // 2, 4096, 100, 0):
        path.write_bytes(whole[:size])
        with pytest.raises(UserError):
            Ledger.open(path)


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be looked at", None])
def test_another_file_is_refused(path: Path, content: bytes | None) -> None:
    if content is not None:
        path.write_bytes(content)
    else:
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE t (x)")
    with pytest.raises(StoreError, match="is not a"):
        Ledger.open(path)


def test_a_ledger_that_another_program_holds_is_waited_for_and_then_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flaneur.store.ledger.LOCK_WAIT_S", 0.1)
    with Ledger.open(path) as ledger, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="locked by another program"):
            ledger.spend(PROMISE, [hour(0, HALF)])
        other.execute("ROLLBACK")
        ledger.spend(PROMISE, [hour(0, HALF)])


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened; check that its folder exists"):
        Ledger.open(tmp_path / "none" / "ledger")


@pytest.mark.parametrize(("from_ns", "until_ns", "nano"), [(5, 5, 1), (6, 5, 1), (0, 5, 0), (0, 5, -1)])
def test_a_charge_is_about_some_time_and_costs_something(from_ns: int, until_ns: int, nano: int) -> None:
    with pytest.raises(ValueError, match="a release"):
        Charge("s", "c", from_ns, until_ns, nano)
    with pytest.raises(ValueError, match="protects nobody"):
        Promise(0, 1, 1)
