"""The ledger among processes that publish at the same time, are killed, or run out of disk."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flaneur.store.errors import StoreError
from flaneur.store.ledger import NANO, Charge, Ledger, Promise

PROMISE = Promise(60, 1, NANO)
SPEND_AND_GIVE = """
import os, sys
from pathlib import Path
from flaneur.store.ledger import NANO, Charge, Ledger, Promise
with Ledger.open(Path(sys.argv[1])) as ledger, open(sys.argv[2], "a") as given:
    while True:
        n = len(ledger.entries())
        ledger.spend(Promise(60, 1, NANO), [Charge("s", "c", 1000 * n, 1000 * n + 500, NANO)])
        given.write(f"{n}\\n")
        given.flush()
        os.fsync(given.fileno())
"""
SPEND_TENTHS = """
import sys
from pathlib import Path
from flaneur.store.ledger import NANO, BudgetSpentError, Charge, Ledger, Promise
with Ledger.open(Path(sys.argv[1])) as ledger:
    for _ in range(20):
        try:
            ledger.spend(Promise(60, 1, NANO), [Charge("s", "c", 0, 1000, NANO // 10)])
            print("given")
        except BudgetSpentError:
            pass
"""


def start(script: str, *arguments: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", script, *map(str, arguments)], stdout=subprocess.PIPE, text=True)


def test_nothing_is_given_unspent_by_processes_that_are_killed(tmp_path: Path) -> None:
    path, given = tmp_path / "ledger", tmp_path / "given"
    delays = random.Random(7)
    rounds = 6
    for n in range(rounds):
        process = start(SPEND_AND_GIVE, path, given)
        size = given.stat().st_size if given.exists() else 0
        while not given.exists() or given.stat().st_size == size:
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(delays.uniform(0.0, 0.08))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        with Ledger.open(path) as ledger:
            spent = [entry.charge.from_ns // 1000 for entry in ledger.entries()]
        told = [int(line) for line in given.read_text().split()]
        assert set(told) <= set(spent), "given but not spent"
        assert len(told) == len(set(told)), "given twice for one charge"
        assert len(spent) - len(told) <= n + 1, "a kill loses one charge at most"


def test_processes_at_the_same_time_share_one_budget(tmp_path: Path) -> None:
    processes = [start(SPEND_TENTHS, tmp_path / "ledger") for _ in range(3)]
    given = sum(process.communicate(timeout=120)[0].count("given") for process in processes)
    assert all(process.returncode == 0 for process in processes)
    assert given == 10
    with Ledger.open(tmp_path / "ledger") as ledger:
        assert len(ledger.entries()) == 10


def test_a_full_disk_spends_nothing(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger") as ledger:
        ledger.spend(PROMISE, [Charge("s", "c", 0, 10, NANO)])
        connection = ledger._connection
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreError, match="the disk is full"):
            ledger.spend(PROMISE, [Charge("s", "c", 1000 * n, 1000 * n + 10, NANO) for n in range(1, 500)])
        assert len(ledger.entries()) == 1
    with Ledger.open(tmp_path / "ledger") as ledger:
        ledger.spend(PROMISE, [Charge("s", "c", 1000, 1010, NANO)])
