"""The store after a power cut: whatever of its journal is missing or torn, it opens, and holds whole intervals only."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaneur.data.time import MINUTE_NS
from flaneur.store import Store
from support.figures import facts, figure

INTERVALS, FIGURES = 6, 30


def interval(number: int) -> list:
    return [figure(start_ns=number * MINUTE_NS, place=f"line {n}") for n in range(FIGURES)]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a store as a program that is being killed leaves them."""
    folder = tmp_path_factory.mktemp("store")
    store = Store.append(folder / "s.sqlite")
    for number in range(INTERVALS):
        store.add(interval(number))
        store.write_run(facts())
    left = tmp_path_factory.mktemp("left")
    for file in folder.iterdir():
        if not file.name.endswith("-shm"):  # memory, which a power cut takes
            shutil.copy(file, left)
    store.close()
    assert (left / "s.sqlite-wal").stat().st_size > 0
    return left


@settings(max_examples=40)
@given(share=st.floats(0.0, 1.0), torn=st.binary(max_size=64))
def test_a_torn_journal_costs_whole_intervals_from_the_end_and_nothing_else(
    running: Path, tmp_path_factory: pytest.TempPathFactory, share: float, torn: bytes
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    for file in running.iterdir():
        shutil.copy(file, folder)
    journal = folder / "s.sqlite-wal"
    content = journal.read_bytes()
    journal.write_bytes(content[: round(share * len(content))] + torn)
    with Store.append(folder / "s.sqlite") as store:
        found = list(store.measurements())
        kept = len(found) // FIGURES
        assert set(found) == {one for number in range(kept) for one in interval(number)}
        if share == 1.0:
            assert kept == INTERVALS
        again = [one for number in range(INTERVALS) for one in interval(number)]
        assert store.add(again) == again[kept * FIGURES :]
    shutil.rmtree(folder)
