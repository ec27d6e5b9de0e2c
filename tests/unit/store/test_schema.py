import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from flaneur.data.time import MINUTE_NS
from flaneur.store import Store
from flaneur.store.schema import APPLICATION_ID, VERSION, measurement, run
from support.figures import facts, figure


@pytest.fixture
def raw(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with Store.create(tmp_path / "s.sqlite") as store:
        store.write_interval([figure()])
        store.write_run(facts())
    with closing(sqlite3.connect(tmp_path / "s.sqlite")) as connection:
        yield connection


def test_the_comments_with_their_units_stand_in_the_file(raw: sqlite3.Connection) -> None:
    ddl = dict(raw.execute("SELECT name, sql FROM sqlite_master"))
    for table in (measurement, run):
        for column in table.columns:
            assert column.comment
            assert f"/* {column.comment} */" in ddl[table.name]
    assert "nanoseconds since 1970 in UTC" in ddl["measurement"]


def test_the_file_says_what_it_is(raw: sqlite3.Connection) -> None:
    assert raw.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert raw.execute("PRAGMA user_version").fetchone() == (VERSION,)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("end_ns = start_ns + 59000000000", "an_interval_is_a_minute_or_more"),
        ("start_ns = 1, end_ns = 60000000001", "intervals_tile_time"),
        ("coverage = 1.01", "coverage_is_a_share"),
        ("coverage = -0.01", "coverage_is_a_share"),
        ("value = NULL", "counts_are_never_missing"),
        ("coverage = 0", "no_value_where_unobserved"),
        ("low = 1.0", "a_band_holds_its_value"),
        ("low = 1.0, high = 2.9", "a_band_holds_its_value"),
        ("value = NULL, sample_size = 2, low = 1.0, high = 3.0", "a_band_holds_its_value"),
        ("frames_dropped = -1", "frames_are_counted"),
        ("kind = 'child'", "nothing_finer_about_people"),
        ("place = printf('%.201c', 'x')", "names_are_short"),
        ("value = 'many'", "cannot store TEXT value in REAL column"),
        ("start_ns = 0.5", "cannot store REAL value in INTEGER column"),
        ("place = NULL", "NOT NULL"),
    ],
)
def test_the_database_itself_refuses_what_must_not_be_stored(raw: sqlite3.Connection, change: str, rule: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match=rule):
        raw.execute(f"UPDATE measurement SET {change}")


def test_no_column_could_name_a_person(raw: sqlite3.Connection) -> None:
    tables = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == {"measurement", "run"}
    columns = {row[1] for table in tables for row in raw.execute(f"PRAGMA table_info({table})")}
    assert not [name for name in columns if "track" in name or name.endswith("id")]


def test_a_figure_off_the_grid_is_a_defect_not_a_message(tmp_path: Path) -> None:
    with Store.create(tmp_path / "s.sqlite") as store, pytest.raises(IntegrityError, match="intervals_tile_time"):
        store.write_interval([figure(start_ns=MINUTE_NS // 2)])
