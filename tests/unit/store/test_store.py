import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from flaneur.data.time import MINUTE_NS
from flaneur.store import Store, StoreError
from support.figures import NOTES, Scene, facts, figure


def test_figures_come_back_as_they_were_written_in_the_order_of_time(tmp_path: Path) -> None:
    written = list(Scene(lines=("a", "b"), zones=("plaza",), minutes=3, covered=((1, 0.0),)).measurements())
    with Store.create(tmp_path / "s.sqlite") as store:
        store.write_interval(reversed(written))
        read = list(store.measurements())
    assert [m.start_ns for m in read] == sorted(m.start_ns for m in written)
    assert set(read) == set(written)
    assert any(m.value is None for m in read)


def test_a_figure_written_again_replaces_itself(tmp_path: Path) -> None:
    with Store.create(tmp_path / "s.sqlite") as store:
        store.write_interval([figure(value=1.0), figure(value=5.0, kind="car")])
        store.write_interval([figure(value=None)])
        values = {m.kind: m.value for m in store.measurements()}
    assert values == {"pedestrian": None, "car": 5.0}


def test_statistics_come_back_with_their_bands(tmp_path: Path) -> None:
    speed = figure(measure="speed_v85", kind="all", unit="m/s", value=13.9, low=13.0, high=15.5, sample_size=40)
    withheld = figure(measure="speed_v85", kind="bus", unit="m/s", value=None, coverage=1.0, sample_size=2)
    pair = figure(measure="ttc_count", kind="pedestrian × car", direction="serious", value=0.0)
    with Store.create(tmp_path / "s.sqlite") as store:
        store.write_interval([speed, withheld, pair])
        assert set(store.measurements()) == {speed, withheld, pair}


def test_an_interval_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    with Store.create(tmp_path / "s.sqlite") as store:
        with pytest.raises(Exception, match="names_are_short"):
            store.write_interval([figure(), figure(place="x" * 201)])
        assert list(store.measurements()) == []
        store.write_interval([figure()])
        assert list(store.measurements()) == [figure()]


def test_an_empty_interval_is_no_error(tmp_path: Path) -> None:
    with Store.create(tmp_path / "s.sqlite") as store:
        store.write_interval([])
        assert list(store.measurements()) == []


def test_facts_come_back_as_they_were_written(tmp_path: Path) -> None:
    early = facts(complete=False, notes=NOTES, source="Größe “changed”.mp4")
    late = replace(early, start_ns=early.end_ns, end_ns=early.end_ns + MINUTE_NS, dated=False)
    with Store.create(tmp_path / "s.sqlite") as store:
        store.write_run(late)
        store.write_run(facts())
        store.write_run(early)
        assert store.runs() == [early, late]


def test_a_closed_store_is_one_plain_file(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with Store.create(path) as store:
        store.write_interval([figure()])
        with closing(sqlite3.connect(path)) as other:
            assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert [p.name for p in tmp_path.iterdir()] == ["s.sqlite"]
    with closing(sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)) as alone:
        assert alone.execute("SELECT count(*) FROM measurement").fetchone() == (1,)
        assert alone.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    store.close()  # twice does no harm


def test_a_store_is_opened_to_go_on_or_only_to_read(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with Store.create(path) as store:
        store.write_interval([figure()])
    with Store.open(path) as store:
        store.write_interval([figure(MINUTE_NS)])
    with Store.open(path, read_only=True) as store:
        assert len(list(store.measurements())) == 2
        with pytest.raises(StoreError, match="is read-only"):
            store.write_interval([figure()])
    assert [p.name for p in tmp_path.iterdir()] == ["s.sqlite"]


def test_replaced_figures_are_wiped_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with Store.create(path) as store:
        store.write_interval([figure(place=f"soon forgotten {n}") for n in range(500)])
    assert b"soon forgotten" in path.read_bytes()
    with Store.open(path) as store, store._connection.begin():
        store._connection.exec_driver_sql("DELETE FROM measurement")
    assert b"soon forgotten" not in path.read_bytes()


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    path.write_text("mine")
    with pytest.raises(StoreError, match="exists already"):
        Store.create(path)
    assert path.read_text() == "mine"


def _text(path: Path) -> None:
    path.write_text("no database at all\n" * 100)


def _other(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (x)")


def _newer(path: Path, version: int = 99) -> None:
    Store.create(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {version}")


def _older(path: Path) -> None:
    _newer(path, 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "is not a file"),
        (Path.mkdir, "is not a file"),
        (_text, "is not a database"),
        (Path.touch, "not one of Flaneur's"),
        (_other, "not one of Flaneur's"),
        (_newer, r"newer Flaneur \(format 99, this one reads 2\); update"),
        (_older, r"older Flaneur \(format 1, this one reads 2\); measure the video again, or use the figures.csv"),
    ],
)
def test_what_is_no_store_is_refused_in_one_sentence(tmp_path: Path, make: object, message: str) -> None:
    path = tmp_path / "s.sqlite"
    make(path)  # type: ignore[operator]
    with pytest.raises(StoreError, match=message) as caught:
        Store.open(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened; check that its folder exists"):
        Store.create(tmp_path / "nowhere" / "s.sqlite")


def test_a_figure_that_is_there_already_stays_when_figures_are_added(tmp_path: Path) -> None:
    with Store.append(tmp_path / "s.sqlite") as store:
        first = [figure(value=1.0), figure(value=5.0, kind="car")]
        assert store.add(first) == first
    with Store.append(tmp_path / "s.sqlite") as store:
        later = figure(start_ns=MINUTE_NS)
        assert store.add([figure(value=7.0), figure(value=8.0, kind="bus"), later]) == [
            figure(value=8.0, kind="bus"),
            later,
        ]
        assert {(m.start_ns, m.kind): m.value for m in store.measurements()} == {
            (0, "pedestrian"): 1.0,
            (0, "car"): 5.0,
            (0, "bus"): 8.0,
            (MINUTE_NS, "pedestrian"): 3.0,
        }


def test_figures_are_added_whole_or_not_at_all(tmp_path: Path) -> None:
    with Store.append(tmp_path / "s.sqlite") as store:
        with pytest.raises(Exception, match="names_are_short"):
            store.add([figure(), figure(place="x" * 201)])
        assert store.add([figure()]) == [figure()]


def test_of_figures_that_come_twice_at_once_the_first_stays(tmp_path: Path) -> None:
    with Store.append(tmp_path / "s.sqlite") as store:
        assert store.add([figure(value=1.0), figure(value=2.0)]) == [figure(value=1.0)]
        assert list(store.measurements()) == [figure(value=1.0)]


def test_figures_and_how_they_came_about_are_added_together_or_not_at_all(tmp_path: Path) -> None:
    runs = [facts(frames_seen=number, camera=camera) for camera in ("a", "b") for number in (1, 2)]
    with Store.append(tmp_path / "s.sqlite") as store:
        with pytest.raises(Exception, match="NOT NULL"):
            store.add([figure()], [*runs, facts(camera=None)])
        assert (list(store.measurements()), store.runs()) == ([], [])
        assert store.add([figure()], runs) == [figure()]
        assert store.runs() == [runs[1], runs[3]]


def test_a_store_that_was_taken_away_while_in_use_is_told(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    store = Store.append(path)
    store.add([figure()])
    path.rename(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="removed or replaced") as told:
        store.add([figure(start_ns=MINUTE_NS)])
    assert told.value.may_pass
    with pytest.raises(StoreError):
        store.close()


def test_a_crash_while_a_store_is_made_leaves_none(tmp_path: Path) -> None:
    (tmp_path / ".s.sqlite.begun").write_bytes(b"half a store")
    with Store.append(tmp_path / "s.sqlite") as store:
        assert store.add([figure()]) == [figure()]
    assert [path.name for path in tmp_path.iterdir()] == ["s.sqlite"]


def test_what_may_pass_is_told_from_what_will_not(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with Store.append(path, lock_wait_s=0.01) as store, closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked") as told:
            store.add([figure()])
        assert told.value.may_pass
        other.rollback()
    path.write_bytes(b"no database at all" * 1000)
    with pytest.raises(StoreError) as told:
        Store.append(path)
    assert not told.value.may_pass


def test_until_when_a_camera_is_known(tmp_path: Path) -> None:
    with Store.append(tmp_path / "s.sqlite") as store:
        store.add([figure(start_ns=n * MINUTE_NS, camera=name) for n, name in enumerate(("a", "a", "b"))])
        assert store.known_until_ns("Marktplatz", "a", 0) == 2 * MINUTE_NS
        assert store.known_until_ns("Marktplatz", "b", 0) == 3 * MINUTE_NS
        assert store.known_until_ns("Marktplatz", "a", 2 * MINUTE_NS) is None
        assert store.known_until_ns("elsewhere", "a", 0) is None
        begun = facts(camera="c")
        store.write_run(begun)
        assert store.known_until_ns("Marktplatz", "c", 0) == begun.start_ns
