from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from flaneur.data.kinds import ALL_KINDS, Kind, pair_code
from flaneur.data.private import Samples
from flaneur.release.tally import Cell, Tally
from support.samples import samples

Row = tuple[int, int, int, float, float, float]
PAIR = int(pair_code(np.uint8(Kind.BUS), np.uint8(Kind.TRAIN)))
rows = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 300]),
        st.integers(0, 3),
        st.sampled_from([Kind.CAR, Kind.BUS, PAIR, ALL_KINDS]),
        st.integers(-1000, 1000).map(lambda n: n / 10),
        st.sampled_from([0.0, 0.5]),
        st.sampled_from([0.0, 0.25]),
    ),
    max_size=40,
)


def of(rows: list[Row]) -> Samples:
    place, group, kind, value, noise, bias = np.array(rows).reshape(-1, 6).T
    return samples(value, place=place, group=group, kind=kind, noise=noise, bias=bias)


@given(rows, st.integers(0, 40))
def test_each_cell_holds_its_own_samples_however_they_come(rows: list[Row], cut: int) -> None:
    whole = Tally.none(0.1).with_samples(of(rows[cut:])).with_samples(of(rows[:cut]))
    assert set(whole.owners()) == {row[:3] for row in rows}
    for owner in whole.owners():
        own = [row for row in rows if row[:3] == owner]
        cell = whole.cell(owner)
        assert Counter(dict(zip(np.round(cell.value, 1), cell.count, strict=True))) == Counter(row[3] for row in own)
        assert len(cell) == len(own)
        assert cell.noise_squares == sum(row[4] ** 2 for row in own)
        assert cell.biases == sum(row[5] for row in own)
        assert len(whole.only([owner]).cell(owner)) == len(own)
    assert len(whole.cell((7, 0, 0))) == 0
    assert len(Cell.joined(map(whole.cell, whole.owners()))) == len(rows)


def test_a_day_of_samples_takes_the_room_of_its_different_values() -> None:
    rng = np.random.default_rng(1)
    tally = Tally.none(0.01)
    for _ in range(20):
        tally = tally.with_samples(samples(rng.uniform(0.0, 30.0, 5000)))
    assert len(tally.key) <= 3001
    assert len(tally.cell((0, 0, Kind.CAR))) == 100_000


def test_a_value_beyond_all_bounds_counts_at_the_bound() -> None:
    tally = Tally.none(0.01).with_samples(samples([1e300, -1e300, 1.0]))
    assert len(tally.cell((0, 0, Kind.CAR))) == 3
    assert tally.cell((0, 0, Kind.CAR)).value[1] == 1.0
