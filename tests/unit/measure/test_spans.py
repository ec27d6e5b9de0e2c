import numpy as np
import pytest

from flaneur.measure.spans import heads, spans


@pytest.mark.parametrize(
    ("column", "wanted"), [([], []), ([4], [0]), ([4, 4, 4], [0]), ([1, 1, 2, 1, 1, 3], [0, 2, 3, 5])]
)
def test_a_head_is_where_the_value_changes(column: list[int], wanted: list[int]) -> None:
    assert heads(np.array(column, np.int64)).tolist() == wanted


def test_ranges_that_are_empty_or_run_backwards_have_no_numbers() -> None:
    rows, numbers = spans(np.array([7, 8, 9]), np.array([3, 5, 0]), np.array([3, 2, 2]))
    assert rows.tolist() == [9, 9]
    assert numbers.tolist() == [0, 1]
