from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from flaneur.measure.memory import TrackTable, admit, evict, find, put, rows_of

ids = st.lists(st.integers(0, 30), unique=True, max_size=12)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Notes(TrackTable):
    BLANK: ClassVar[dict[str, float]] = {"pair": -1.0}

    one: NDArray[np.int64]
    pair: NDArray[np.float64]


def nobody() -> Notes:
    return Notes(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 2)))


@given(st.lists(st.tuples(ids, ids), max_size=6))
def test_a_table_remembers_what_a_dict_would(steps: list[tuple[list[int], list[int]]]) -> None:
    table, wanted = nobody(), dict[int, tuple[int, float]]()
    for n, (seen, ended) in enumerate(steps):
        track_id = np.array(seen, np.int64)
        table, row, known = admit(table, track_id)
        assert known.tolist() == [one in wanted for one in seen]
        assert table.track_id[row].tolist() == seen
        assert (table.pair[row[~known]] == -1.0).all()
        assert (table.one[row[~known]] == 0).all()
        table = Notes(table.track_id, put(table.one, row, n), put(table.pair, row, np.full((len(row), 2), n / 2)))
        wanted |= dict.fromkeys(seen, (n, n / 2))
        gone = rows_of(table, np.array(ended, np.int64))
        assert table.track_id[gone].tolist() == sorted(set(ended) & wanted.keys())
        table = evict(table, gone)
        wanted = {one: what for one, what in wanted.items() if one not in ended}
        assert table.track_id.tolist() == sorted(wanted)
        assert list(zip(table.one.tolist(), table.pair[:, 1].tolist(), strict=True)) == [
            wanted[one] for one in sorted(wanted)
        ]


def test_who_is_not_there_would_stand_before_the_next() -> None:
    table, _, _ = admit(nobody(), np.array([5, 9]))
    row, known = find(table, np.array([9, 4, 7, 10]))
    assert row.tolist() == [1, 0, 1, 2]
    assert known.tolist() == [True, False, False, False]


@pytest.mark.parametrize("row", [[0, 1, 2], [2, 0, 1], [1]])
def test_what_is_put_leaves_the_column_alone(row: list[int]) -> None:
    column, values = np.zeros((3, 2)), np.arange(6.0).reshape(3, 2)[: len(row)]
    out = put(column, np.array(row), values)
    assert out[row].tolist() == values.tolist()
    assert not column.any()
    out[0] = 7.0
    assert 7.0 not in values
