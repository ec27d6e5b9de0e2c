import itertools
import random
import re
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import pytest

from flaneur.data.released import Measurement
from flaneur.data.time import MINUTE_NS, SECOND_NS
from flaneur.store import Store, StoreError
from flaneur.store import store as store_module
from flaneur.store.retention import Aged, Limits, age
from support.figures import facts, figure

HOUR_NS = 60 * MINUTE_NS
BASE_NS = 1_780_272_000 * SECOND_NS
"""1 June 2026, 0:00 UTC."""


def minute(n: int, value: float | None = 1.0, **changes: object) -> Measurement:
    return figure(BASE_NS + n * MINUTE_NS, value, **changes)


def made(path: Path, *measurements: Measurement, **run: object) -> Path:
    with Store.create(path) as store:
        store.write_interval(measurements)
        if run:
            store.write_run(facts(**run))
    return path


def left(path: Path) -> list[Measurement]:
    with Store.open(path, read_only=True) as store:
        return list(store.measurements())


def quiet(_aged: Aged) -> None:
    """Announces to nobody."""


def hourly(before_min: int) -> Limits:
    return Limits(coarsen_before_ns=BASE_NS + before_min * MINUTE_NS, coarsen_to_ns=HOUR_NS)


def older(before_min: int) -> Limits:
    return Limits(delete_before_ns=BASE_NS + before_min * MINUTE_NS)


class TestDeleting:
    def test_what_ended_before_goes_and_the_rest_stays(self, tmp_path: Path) -> None:
        path = made(tmp_path / "s", *(minute(n) for n in range(10)))
        assert age(path, older(4), quiet) == Aged(deleted=4)
        assert left(path) == [minute(n) for n in range(4, 10)]

    def test_an_interval_that_is_still_young_at_its_end_stays_whole(self, tmp_path: Path) -> None:
        path = made(tmp_path / "s", minute(0))
        limits = Limits(delete_before_ns=BASE_NS + MINUTE_NS - 1)
        assert not age(path, limits, quiet)
        assert left(path) == [minute(0)]

    def test_runs_of_which_nothing_is_left_go_too(self, tmp_path: Path) -> None:
        path = made(tmp_path / "s", minute(0), start_ns=BASE_NS, end_ns=BASE_NS + MINUTE_NS)
        assert age(path, older(1), quiet) == Aged(deleted=1, runs=1)
        with Store.open(path, read_only=True) as store:
            assert store.runs() == []

    def test_doing_it_again_changes_nothing(self, tmp_path: Path) -> None:
        path = made(tmp_path / "s", *(minute(n) for n in range(130)))
        both = Limits(BASE_NS + 5 * MINUTE_NS, BASE_NS + 120 * MINUTE_NS, HOUR_NS)
        assert age(path, both, quiet)
        once = left(path)
        assert age(path, both, quiet) == Aged()
        assert left(path) == once

    def test_nothing_is_announced_when_nothing_is_old(self, tmp_path: Path) -> None:
        path = made(tmp_path / "s", minute(10))
        told: list[Aged] = []
        age(path, older(10), told.append)
        assert told == []


class TestAddingUp:
    def test_counts_add_up_and_what_is_young_stays_fine(self, tmp_path: Path) -> None:
        path = made(tmp_path / "s", *(minute(n, n) for n in range(125)))
        assert age(path, hourly(121), quiet) == Aged(coarsened=120, into=2)
        first, second, *rest = left(path)
        assert (first.start_ns, first.end_ns, first.value) == (BASE_NS, BASE_NS + HOUR_NS, sum(range(60)))
        assert (second.value, second.frames_seen, second.coverage) == (sum(range(60, 120)), 36_000, 1.0)
        assert rest == [minute(n, n) for n in range(120, 125)]

    def test_an_hour_that_has_not_ended_by_then_stays_fine(self, tmp_path: Path) -> None:
        path = made(tmp_path / "s", *(minute(n) for n in range(60)))
        assert not age(path, hourly(59), quiet)
        assert len(left(path)) == 60

    def test_places_kinds_and_directions_stay_apart(self, tmp_path: Path) -> None:
        names = list(itertools.product(("a", "b"), ("car", "bus"), ("in", "out")))
        figures = [
            minute(n, value, place=place, kind=kind, direction=direction)
            for n in range(60)
            for value, (place, kind, direction) in enumerate(names)
        ]
        path = made(tmp_path / "s", *figures)
        assert age(path, hourly(60), quiet) == Aged(coarsened=480, into=8)
        told = {(m.place, m.kind, m.direction): m.value for m in left(path)}
        assert told == {name: 60.0 * value for value, name in enumerate(names)}

    def test_coverage_is_of_the_whole_hour_and_missing_is_not_zero(self, tmp_path: Path) -> None:
        seen = [minute(0, 2.0), minute(1, None), minute(2, 4.0, coverage=0.5)]
        path = made(tmp_path / "s", *seen, minute(60, None), minute(61, None))
        age(path, hourly(120), quiet)
        hour, blind = left(path)
        assert (hour.value, hour.coverage) == (6.0, 1.5 / 60)
        assert (blind.value, blind.coverage, blind.frames_seen) == (None, 0.0, 0)

    def test_a_kind_that_came_late_was_observed_all_the_time(self, tmp_path: Path) -> None:
        """Its rows begin with the first one seen; before, none was there, and somebody looked."""
        near = {"measure": "ttc_count", "kind": "pedestrian × car", "direction": "serious"}
        path = made(tmp_path / "s", *(minute(n) for n in range(60)), minute(59, 1.0, **near))
        age(path, hourly(60), quiet)
        assert {(m.measure, m.value, m.coverage) for m in left(path)} == {("crossings", 60, 1), ("ttc_count", 1, 1)}

    def test_means_over_time_are_weighted_and_peaks_are_the_highest(self, tmp_path: Path) -> None:
        mean = [minute(n, v, measure="occupancy", coverage=c) for n, (v, c) in enumerate(((2.0, 1.0), (8.0, 0.5)))]
        peak = [minute(n, v, measure="occupancy_peak", coverage=c) for n, (v, c) in enumerate(((3.0, 1.0), (9.0, 0.5)))]
        path = made(tmp_path / "s", *mean, *peak)
        age(path, hourly(60), quiet)
        assert {m.measure: m.value for m in left(path)} == {"occupancy": pytest.approx(4.0), "occupancy_peak": 9.0}

    def test_statistics_that_cannot_be_added_up_are_dropped_and_named(self, tmp_path: Path) -> None:
        speed = {"measure": "speed_v85", "unit": "m/s", "kind": "all", "low": 1.0, "high": 3.0, "sample_size": 9}
        withheld = minute(1, None, measure="dwell_median", coverage=1.0, sample_size=2)
        path = made(tmp_path / "s", minute(0), minute(0, 2.0, **speed), minute(1), withheld)
        aged = age(path, hourly(60), quiet)
        assert aged == Aged(coarsened=2, into=1, dropped=2, dropped_measures=("dwell_median", "speed_v85"))
        assert [m.measure for m in left(path)] == ["crossings"]

    def test_intervals_that_overlap_are_not_counted_twice(self, tmp_path: Path) -> None:
        long = minute(0, 50.0, end_ns=BASE_NS + 5 * MINUTE_NS, place="other")
        path = made(tmp_path / "s", long, minute(3))
        assert age(path, hourly(60), quiet) == Aged(dropped=2, dropped_measures=("crossings",))

    def test_intervals_of_two_lengths_one_after_the_other_add_up(self, tmp_path: Path) -> None:
        long = minute(30, 50.0, end_ns=BASE_NS + 60 * MINUTE_NS)
        path = made(tmp_path / "s", *(minute(n) for n in range(30)), long)
        assert age(path, hourly(60), quiet) == Aged(coarsened=31, into=1)
        assert left(path)[0].value == 80.0

    def test_what_does_not_fit_into_an_hour_is_dropped(self, tmp_path: Path) -> None:
        start_ns = BASE_NS - BASE_NS % (48 * MINUTE_NS) + 48 * MINUTE_NS
        over_the_border = figure(start_ns, 1.0, end_ns=start_ns + 48 * MINUTE_NS)
        path = made(tmp_path / "s", over_the_border)
        aged = age(path, hourly(240), quiet)
        assert start_ns // HOUR_NS != (start_ns + 48 * MINUTE_NS - 1) // HOUR_NS
        assert aged == Aged(dropped=1, dropped_measures=("crossings",))

    def test_what_comes_after_its_hour_was_added_up_does_not_count_twice(self, tmp_path: Path) -> None:
        path = made(tmp_path / "s", *(minute(n) for n in range(60)))
        age(path, hourly(60), quiet)
        with Store.open(path) as store:
            store.write_interval([minute(7)])
        assert age(path, hourly(60), quiet) == Aged(dropped=1, dropped_measures=("crossings",))
        assert [m.value for m in left(path)] == [60.0]

    def test_days_are_taken_one_by_one(self, tmp_path: Path) -> None:
        figures = [minute(n, 1.0, end_ns=BASE_NS + (n + 60) * MINUTE_NS) for n in range(0, 3 * 1440, 60)]
        path = made(tmp_path / "s", *figures)
        limits = Limits(coarsen_before_ns=BASE_NS + 3 * 1440 * MINUTE_NS, coarsen_to_ns=24 * HOUR_NS)
        assert age(path, limits, quiet) == Aged(coarsened=72, into=3)
        assert [m.value for m in left(path)] == [24.0, 24.0, 24.0]


class TestWiping:
    """What went cannot be found in the bytes of the file, nor of those beside it."""

    def scattered(self, path: Path, hours: int = 3) -> Path:
        """A store whose rows came in any order, so that SQLite moved them from page to page."""
        rng = random.Random(5)
        figures = [
            minute(n, 0.1 + n, place=f"mark{n:04d} {'x' * rng.randrange(60)} {k}", measure="passages")
            for n in range(hours * 60)
            for k in range(rng.randrange(1, 25))
        ]
        rng.shuffle(figures)
        with Store.create(path) as store:
            for n in range(0, len(figures), 20):
                store.write_interval(figures[n : n + 20])
        return path

    def marks(self, folder: Path) -> set[int]:
        found: set[int] = set()
        for path in folder.iterdir():
            found |= {int(mark) for mark in re.findall(rb"mark(\d{4})", path.read_bytes())}
        return found

    def test_deleting_rows_alone_would_leave_traces(self, tmp_path: Path) -> None:
        """Why the file is written anew; without this, the next test could not fail."""
        path = self.scattered(tmp_path / "s.sqlite")
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("DELETE FROM measurement WHERE end_ns <= ?", (BASE_NS + 90 * MINUTE_NS,))
        assert min(self.marks(tmp_path)) < 90

    def test_nothing_of_it_is_left(self, tmp_path: Path) -> None:
        path = self.scattered(tmp_path / "s.sqlite")
        size = path.stat().st_size
        assert age(path, older(90), quiet).deleted > 500
        assert self.marks(tmp_path) == set(range(90, 180))
        assert path.stat().st_size < 0.7 * size
        assert [p.name for p in tmp_path.iterdir()] == ["s.sqlite"]

    def test_values_that_were_added_up_are_gone(self, tmp_path: Path) -> None:
        values = [1000.0 + (n + 1) / 77 for n in range(60)]
        path = made(tmp_path / "s.sqlite", *(minute(n, v) for n, v in enumerate(values)), minute(60, 1001.5))

        def found() -> list[float]:
            content = b"".join(p.read_bytes() for p in tmp_path.iterdir())
            return [value for value in (*values, 1001.5) if struct.pack(">d", value) in content]

        assert found() == [*values, 1001.5]
        age(path, hourly(60), quiet)
        assert found() == [1001.5]

    def test_what_a_killed_writer_left_beside_the_file_is_wiped_too(self, tmp_path: Path) -> None:
        path = tmp_path / "s.sqlite"
        store = Store.create(path)
        store.write_interval([minute(n, place=f"mark{n:04d}") for n in range(60)])
        copied = tmp_path / "copy"
        copied.mkdir()
        for name in ("s.sqlite", "s.sqlite-wal"):  # as they lie on the disk at the moment of a power cut
            (copied / name).write_bytes((tmp_path / name).read_bytes())
        store.close()
        assert b"mark0001" in (copied / "s.sqlite-wal").read_bytes()
        age(copied / "s.sqlite", older(30), quiet)
        assert self.marks(copied) == set(range(30, 60))

    def test_a_call_that_finds_nothing_to_do_finishes_what_was_interrupted(self, tmp_path: Path) -> None:
        path = self.scattered(tmp_path / "s.sqlite")
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("DELETE FROM measurement WHERE end_ns <= ?", (BASE_NS + 90 * MINUTE_NS,))
        assert age(path, older(90), quiet) == Aged()
        assert self.marks(tmp_path) == set(range(90, 180))


class TestTrouble:
    @pytest.mark.parametrize("length_ns", [0, -1, 7 * HOUR_NS])
    def test_longer_intervals_tile_the_day(self, length_ns: int) -> None:
        with pytest.raises(ValueError, match="do not tile a day"):
            Limits(coarsen_to_ns=length_ns)

    def test_figures_without_a_date_have_no_age(self, tmp_path: Path) -> None:
        by_run = made(tmp_path / "a", minute(0), dated=False, start_ns=0, end_ns=MINUTE_NS)
        by_time = made(tmp_path / "b", figure())
        for path in (by_run, by_time):
            with pytest.raises(StoreError, match="nobody can say how old they are"):
                age(path, older(10_000), quiet)
            assert len(left(path)) == 1
        assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]

    def test_a_receipt_that_cannot_be_written_keeps_all(self, tmp_path: Path) -> None:
        path = made(tmp_path / "s", *(minute(n) for n in range(10)))

        def full(_aged: Aged) -> None:
            raise StoreError("no room for the receipt")

        with pytest.raises(StoreError, match="no room"):
            age(path, older(10), full)
        assert len(left(path)) == 10

    def test_a_store_in_use_is_left_alone(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(store_module, "LOCK_WAIT_S", 0.05)
        path = made(tmp_path / "s", *(minute(n) for n in range(10)))
        for read_only in (True, False):
            with Store.open(path) as writer, Store.open(path, read_only=read_only) as other:
                reading = other.measurements()
                next(reading)
                with pytest.raises(StoreError, match="is locked by another program"):
                    age(path, older(10), pytest.fail)
                assert len(list(writer.measurements())) == 10
                reading.close()
        assert age(path, older(10), quiet) == Aged(deleted=10)

    def test_what_is_no_store_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="is not a file"):
            age(tmp_path / "none", older(1), quiet)
        (tmp_path / "text").write_text("no database\n" * 100)
        with pytest.raises(StoreError, match="is not a database"):
            age(tmp_path / "text", older(1), quiet)
