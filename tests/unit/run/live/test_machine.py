import pytest

from flaneur.run.live.machine import FEWEST_LOOKS, Load, memory_mb


def test_too_much_is_a_fifth_of_the_last_minutes_frames() -> None:
    even, much = Load(), Load()
    judged = [(even.is_too_much(n, 9 * n), much.is_too_much(n, 3 * n)) for n in range(400)]
    assert not any(one for one, _ in judged)
    assert all(other for _, other in judged[FEWEST_LOOKS:])
    assert not any(other for _, other in judged[: FEWEST_LOOKS - 1])


def test_it_is_over_when_the_last_minute_was_well() -> None:
    load = Load()
    for n in range(200):
        load.is_too_much(n, n)
    judged = [load.is_too_much(200, 200 + n) for n in range(200)]
    assert judged[0]
    assert not judged[-1]


@pytest.mark.parametrize("left", [0, 5000])
def test_a_camera_that_goes_or_begins_anew_is_no_load(left: int) -> None:
    """Totals fall then."""
    load = Load()
    for n in range(200):
        load.is_too_much(10, 10_000 + 5 * n)
    assert not any(load.is_too_much(5, left + 3 * n) for n in range(200))


@pytest.mark.parametrize("at", [60, 170])
def test_too_much_stays_too_much_when_a_camera_goes(at: int) -> None:
    load = Load()
    totals = [(n, n) if n < at else (n - at // 2, n - at // 2) for n in range(250)]
    judged = [load.is_too_much(*each) for each in totals]
    assert all(judged[FEWEST_LOOKS:])


def test_memory_is_that_of_this_process() -> None:
    before = memory_mb()
    block = bytearray(64 << 20)
    block[::4096] = b"x" * len(block[::4096])
    assert 40 < memory_mb() - before < 100
    del block
