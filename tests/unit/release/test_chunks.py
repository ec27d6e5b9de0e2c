import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from flaneur.data.kinds import ALL_KINDS, Kind
from flaneur.data.private import PrivateDataError
from flaneur.release.chunks import STEPS, ChunkRows, PublicCount, PublicOccupancy, RowLimit, TrackLimit, windows
from flaneur.release.sensitivity import Protection

ONCE = Protection(1, 1, 1)
"""Touches two chunks."""
EVENT = st.tuples(st.integers(1, 6), st.sampled_from([-1, 0, 1]), st.sampled_from([0, 4]))
EVENTS = st.lists(EVENT, max_size=30)


def crossings(limit: RowLimit | TrackLimit, kind: int = ALL_KINDS) -> PublicCount:
    return PublicCount("crossings", "gate", kind, ("to right", "to left"), limit)


def rows(table: PublicCount, events: list[tuple[int, int, int]]) -> NDArray[np.int64]:
    track, direction, kind = np.array(events, np.int64).reshape(-1, 3).T
    return table.rows(track, direction.astype(np.int8), kind.astype(np.uint8))


def test_events_are_counted_by_direction_and_kind() -> None:
    events = [(1, 1, 0), (2, -1, 0), (3, 1, 4), (4, 0, 0)]
    assert rows(crossings(RowLimit(10)), events).tolist() == [2, 1]
    assert rows(crossings(RowLimit(10), Kind.PEDESTRIAN), events).tolist() == [1, 1]
    assert rows(crossings(RowLimit(2)), events).tolist() == [1, 1], "the first two"
    assert rows(crossings(TrackLimit(1)), []).tolist() == [0, 0]


def test_a_track_counts_its_first_events_only() -> None:
    events = [(7, 1, 0), (7, -1, 0), (8, -1, 0), (7, 1, 0)]
    assert rows(crossings(TrackLimit(1)), events).tolist() == [1, 1]
    assert rows(crossings(TrackLimit(2)), events).tolist() == [1, 2]


@given(before=EVENTS, after=EVENTS, limit=st.integers(1, 12))
def test_whatever_a_chunk_shows_it_changes_no_more_than_is_assumed(
    before: list[tuple[int, int, int]], after: list[tuple[int, int, int]], limit: int
) -> None:
    table = crossings(RowLimit(limit))
    change = np.abs(rows(table, before) - rows(table, after)).sum()
    assert 2 * change <= table.l1(ONCE)


def test_the_bound_of_rows_is_reached_when_all_turn_round() -> None:
    table = crossings(RowLimit(5))
    there, back = [(n, 1, 0) for n in range(9)], [(n, -1, 0) for n in range(9)]
    assert 2 * np.abs(rows(table, there) - rows(table, back)).sum() == table.l1(ONCE)


@given(events=EVENTS, who=st.integers(1, 6), limit=st.integers(1, 4))
def test_without_one_track_a_chunk_changes_no_more_than_is_assumed(
    events: list[tuple[int, int, int]], who: int, limit: int
) -> None:
    table = crossings(TrackLimit(limit))
    change = np.abs(rows(table, events) - rows(table, [one for one in events if one[0] != who])).sum()
    assert 2 * change <= table.l1(ONCE)


@given(
    present=st.lists(st.lists(st.integers(0, 9), min_size=len(Kind), max_size=len(Kind)), min_size=1, max_size=12),
    where=st.data(),
)
def test_one_road_user_more_changes_occupancy_by_no_more_than_one(
    present: list[list[int]], where: st.DataObject
) -> None:
    counts = np.array(present, np.int32)
    seen = where.draw(st.lists(st.booleans(), min_size=len(counts), max_size=len(counts)))
    more = counts.copy()
    more[seen, 0] += 1
    table = PublicOccupancy("plaza", ALL_KINDS, None)
    assert 2 * abs(int(table.rows(more)[0] - table.rows(counts)[0])) <= table.l1(ONCE) == 2 * STEPS


def test_occupancy_is_a_mean_and_clipped() -> None:
    counts = np.zeros((4, len(Kind)), np.int32)
    counts[:, 0], counts[0, 4] = (3, 3, 4, 4), 2
    assert PublicOccupancy("plaza", ALL_KINDS, (0.0, 20.0)).rows(counts)[0] == 4 * STEPS
    assert PublicOccupancy("plaza", Kind.PEDESTRIAN, None).rows(counts)[0] == 3.5 * STEPS
    clipped = PublicOccupancy("plaza", ALL_KINDS, (0.5, 2.0))
    assert clipped.rows(counts)[0] == 2 * STEPS
    assert clipped.rows(np.zeros((4, len(Kind)), np.int32))[0] == 0.5 * STEPS
    assert clipped.rows(np.zeros((0, len(Kind)), np.int32))[0] == 0.5 * STEPS
    assert clipped.l1(ONCE) == 2 * 1.5 * STEPS


def chunk(start_ns: int, count: int, observed_ns: int = 10) -> ChunkRows:
    return ChunkRows(start_ns, observed_ns, (np.array((count, 1)), np.array((5,))))


def test_windows_add_up_their_chunks() -> None:
    made = windows([chunk(20, 1), chunk(30, 2), chunk(50, 4, 3), chunk(60, 8)], Protection(5, 1, 10), 40)
    first, second = made
    assert (first.start_ns, first.from_ns, first.until_ns, first.chunks) == (0, 20, 40, 2)
    assert (second.start_ns, second.from_ns, second.until_ns, second.chunks) == (40, 50, 70, 2)
    assert [tally.tolist() for tally in first.tallies] == [[3, 2], [10]]
    assert second.observed_ns == 13


def test_what_a_chunk_yields_is_private() -> None:
    with pytest.raises(PrivateDataError):
        chunk(0, 1).__reduce__()
    assert "5" not in repr(windows([chunk(0, 1)], ONCE, 40)[0])
