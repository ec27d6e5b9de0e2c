import numpy as np
import pytest

from flaneur.data.time import SECOND_NS
from flaneur.measure.rise import LEAST_LOOKS, Past, rise


def after(densities: object, every_s: int = 1) -> list[float]:
    past = Past.none(1)
    for n, density in enumerate(densities):
        past = past.with_now(n * every_s * SECOND_NS, np.array([density]))
    return rise(past).tolist()


def test_a_steady_rise() -> None:
    assert after([0.02 * n for n in range(60)]) == pytest.approx([1.2])


def test_falling_is_negative() -> None:
    assert after([3.0 - 0.01 * n for n in range(60)]) == pytest.approx([-0.6])


def test_a_few_wrong_looks_do_not_move_it() -> None:
    densities = [0.02 * n for n in range(60)]
    densities[20:30] = [9.0] * 10
    assert after(densities) == pytest.approx([1.2], abs=0.1)


def test_only_the_last_minute_counts() -> None:
    assert after([5.0] * 60 + [2.0] * 60) == [0.0]


def test_too_short_a_time_tells_nothing() -> None:
    assert np.isnan(after([1.0] * 30)).all()
    assert after([1.0] * 31) == [0.0]


def test_too_few_looks_tell_nothing() -> None:
    assert np.isnan(after([1.0, 2.0, 3.0, 4.0], every_s=15)).all()


def test_a_gap_forgets() -> None:
    past = Past.none(1)
    for n in range(60):
        past = past.with_now(n * SECOND_NS, np.ones(1))
    past = past.with_now(200 * SECOND_NS, np.ones(1))
    assert len(past.time_ns) == 1
    assert np.isnan(rise(past)).all()


def test_the_past_does_not_grow() -> None:
    past = Past.none(2)
    for n in range(500):
        past = past.with_now(n * SECOND_NS, np.zeros(2))
    assert LEAST_LOOKS < len(past.time_ns) == 60
