import numpy as np
import pytest

from flaneur.measure.levels import LEVELS, STAIRS, WAITING, WALKWAY, Table, level


def graded(square_metres: float, table: Table) -> str:
    return LEVELS[int(level(np.array([1.0 / square_metres]), [table])[0])]


@pytest.mark.parametrize(
    ("table", "square_metres"),
    # as Fruin's tables are usually printed in metres
    [
        (WALKWAY, (3.25, 2.32, 1.39, 0.93, 0.46)),
        (STAIRS, (1.86, 1.39, 0.93, 0.65, 0.37)),
        (WAITING, (1.21, 0.93, 0.65, 0.28, 0.19)),
    ],
)
def test_tables(table: Table, square_metres: tuple[float, ...]) -> None:
    for n, ground in enumerate(square_metres):
        assert graded(ground + 0.01, table) == LEVELS[n]
        assert graded(ground - 0.01, table) == LEVELS[n + 1]


def test_an_empty_place_is_at_the_best_level() -> None:
    assert level(np.zeros(1), [WALKWAY]).tolist() == [0]


def test_each_place_goes_by_its_own_table() -> None:
    # 1 m² each is little where people walk, and enough where they wait
    assert level(np.ones(2), [WALKWAY, WAITING]).tolist() == [3, 1]
