"""Reading series while a store is written."""

from pathlib import Path

import pytest

from flaneur.data.series import series_of
from flaneur.data.time import MINUTE_NS
from flaneur.store.archive import Archive
from flaneur.store.errors import StoreError
from flaneur.store.store import Store
from support.figures import MONDAY_7H_NS, Scene, figure

SCENE = Scene(lines=("crosswalk", "gate"), edges=False, start_ns=MONDAY_7H_NS, minutes=9, covered=((4, 0.0),))


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    with Store.create(tmp_path / "flaneur.sqlite") as store:
        store.write_interval(SCENE.measurements())
    return Archive(tmp_path / "flaneur.sqlite")


def test_pages_put_together_are_the_whole_series(archive: Archive) -> None:
    for series in {series_of(one) for one in SCENE.measurements()}:
        whole = [one for one in SCENE.measurements() if series_of(one) == series]
        assert archive.count(series) == len(whole)
        assert archive.page(series, 100, newest_first=False) == whole
        assert archive.page(series, 100) == whole[::-1]
        assert archive.page(series, 3, 2) == whole[::-1][2:5]
        first = archive.page(series, 4)
        assert first + archive.page(series, 100, beyond_ns=first[-1].start_ns) == whole[::-1]
        assert archive.one(series, whole[2].start_ns) == whole[2]
        assert archive.one(series, whole[2].start_ns + 1) is None


def test_all_together_are_every_figure_once(archive: Archive) -> None:
    figures = list(SCENE.measurements())
    assert archive.count(None) == len(figures)
    assert sorted(archive.page(None, 10_000), key=repr) == sorted(figures, key=repr)
    assert sorted(archive.by_series(), key=repr) == sorted(archive.by_time(), key=repr) == sorted(figures, key=repr)
    in_order = [series_of(one) for one in archive.by_series()]
    assert in_order == sorted(in_order)


def test_the_latest_of_each_series(archive: Archive) -> None:
    with Store.open(archive.path) as store:
        store.write_interval([figure(MONDAY_7H_NS - 60 * MINUTE_NS, place="gone")])
    latest = archive.latest(30 * MINUTE_NS)
    assert {one.start_ns for one in latest} == {MONDAY_7H_NS + 8 * MINUTE_NS}
    assert {series_of(one) for one in latest} == {series_of(one) for one in SCENE.measurements()}
    assert {one.place for one in archive.latest()} == {"crosswalk", "gate", "gone", "whole picture"}


def test_the_latest_up_to_now_where_the_clock_was_ahead(archive: Archive) -> None:
    with Store.open(archive.path) as store:
        store.write_interval([figure(MONDAY_7H_NS + 10**6 * MINUTE_NS, place=place) for place in ("gate", "ahead")])
    latest = archive.latest(30 * MINUTE_NS, until_ns=MONDAY_7H_NS + 60 * MINUTE_NS)
    assert {one.start_ns for one in latest} == {MONDAY_7H_NS + 8 * MINUTE_NS}
    assert {series_of(one) for one in latest} == {series_of(one) for one in SCENE.measurements()}


def test_a_store_that_is_being_written_can_be_read(tmp_path: Path) -> None:
    with Store.create(tmp_path / "flaneur.sqlite") as store:
        store.write_interval([figure(MONDAY_7H_NS)])
        assert Archive(tmp_path / "flaneur.sqlite").count(None) == 1
        store.write_interval([figure(MONDAY_7H_NS + MINUTE_NS)])
        assert Archive(tmp_path / "flaneur.sqlite").count(None) == 2


def test_what_is_wrong_is_said(tmp_path: Path, archive: Archive) -> None:
    assert archive.damage() == ""
    with pytest.raises(StoreError):
        Archive(tmp_path / "missing.sqlite").count(None)
    content = bytearray(archive.path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 2000] = bytes(2000)
    archive.path.write_bytes(content)
    try:
        damage = archive.damage()
    except StoreError as error:
        damage = str(error)
    assert damage
