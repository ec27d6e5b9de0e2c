import sqlite3
from pathlib import Path

import pytest

from flaneur.data.time import MINUTE_NS
from flaneur.store.camera_archive import CameraArchive
from flaneur.store.errors import StoreError
from flaneur.store.store import Store
from support.figures import figure


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "flaneur.sqlite"
    with Store.create(path) as store:
        store.write_interval(figure(n * MINUTE_NS, camera="north", place=place) for n in (2, 3, 7) for place in "ab")
        store.write_interval(figure(n * MINUTE_NS, camera="south") for n in (0, 5, 9))
    return path


def test_figures_are_those_of_the_camera_that_begin_in_the_period(path: Path) -> None:
    archive = CameraArchive(path, "north")
    found = list(archive.between(3 * MINUTE_NS, 7 * MINUTE_NS))
    assert found == [figure(3 * MINUTE_NS, place="a"), figure(3 * MINUTE_NS, place="b")]
    assert archive.count(3 * MINUTE_NS, 7 * MINUTE_NS) == 2
    assert archive.count(0, 100 * MINUTE_NS) == 6


def test_the_first_and_the_last_interval(path: Path) -> None:
    archive = CameraArchive(path, "north")
    assert archive.first_ns() == 2 * MINUTE_NS
    assert archive.first_ns(2 * MINUTE_NS + 1) == 3 * MINUTE_NS
    assert archive.first_ns(8 * MINUTE_NS) is None
    assert archive.last_ns() == 7 * MINUTE_NS


def test_a_camera_without_figures(path: Path) -> None:
    archive = CameraArchive(path, "west")
    assert (archive.first_ns(), archive.last_ns(), archive.count(0, 10**18)) == (None, None, 0)
    assert list(archive.between(0, 10**18)) == []


def test_names_are_kept_once(path: Path) -> None:
    first, *others = CameraArchive(path, "north").between(0, 10**18)
    assert all(one.unit is first.unit and one.measure is first.measure for one in others)


def test_only_the_period_is_read(path: Path) -> None:
    """The table is in the order of time; anything else would read years to tell a day."""
    with sqlite3.connect(path) as connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT * FROM measurement WHERE camera = 'a' AND start_ns >= 1 AND start_ns < 2 "
            "ORDER BY start_ns"
        ).fetchall()
    connection.close()
    assert [row[3] for row in plan] == ["SEARCH measurement USING PRIMARY KEY (start_ns>? AND start_ns<?)"]


def test_what_is_no_store_is_said(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database, and longer than the header of one would be" * 100)
    with pytest.raises(StoreError, match="is not a database"):
        CameraArchive(tmp_path / "text", "north").last_ns()
