import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaneur.data.time import SECOND_NS
from flaneur.release.sensitivity import Protection, of_sum, rows_influenced


def protection(rho_s: float, appearances: int, chunk_s: float) -> Protection:
    return Protection(round(rho_s * SECOND_NS), appearances, round(chunk_s * SECOND_NS))


def test_the_worked_values_of_the_design() -> None:
    fives, ones = protection(30, 1, 5), protection(30, 1, 1)
    assert rows_influenced(fives, 10) == 70
    assert rows_influenced(ones, 2) == 62
    assert rows_influenced(fives, 10) + rows_influenced(ones, 2) == 132, "two tables joined"
    assert rows_influenced(ones, 1, 1) == 62, "joined tables of one grid"


def test_appearances_multiply_and_a_longer_stay_touches_more_chunks() -> None:
    assert rows_influenced(protection(30, 3, 5), 10) == 210
    assert protection(30, 1, 60).chunks == 2, "even the shortest appearance may lie on a boundary"
    assert protection(30.000000001, 1, 5).chunks == 8


def test_sums_scale_with_the_width_of_a_value() -> None:
    rows = rows_influenced(protection(30, 1, 5), 10)
    assert of_sum(rows, 0, 1) == 70
    assert of_sum(rows, -2, 3) == 350


@pytest.mark.parametrize(("rho_ns", "appearances", "chunk_ns"), [(0, 1, 1), (1, 0, 1), (1, 1, 0), (-5, 1, 1)])
def test_what_protects_nobody_is_refused(rho_ns: int, appearances: int, chunk_ns: int) -> None:
    with pytest.raises(ValueError, match=r"protect|holds nothing"):
        Protection(rho_ns, appearances, chunk_ns)


def test_values_that_cannot_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot differ"):
        of_sum(3, 1, 1)
    with pytest.raises(ValueError, match="tells nothing"):
        rows_influenced(protection(1, 1, 1), 0)


@given(
    rho_ns=st.integers(1, 500),
    chunk_ns=st.integers(1, 100),
    starts=st.lists(st.integers(0, 10_000), min_size=1, max_size=4),
)
def test_no_event_touches_more_chunks(rho_ns: int, chunk_ns: int, starts: list[int]) -> None:
    """An appearance of ρ covers the moments from its start to start + ρ, both included."""
    touched = {chunk for start in starts for chunk in range(start // chunk_ns, (start + rho_ns) // chunk_ns + 1)}
    assert len(touched) <= Protection(rho_ns, len(starts), chunk_ns).chunks
