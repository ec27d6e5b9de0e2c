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


def test_memory_is_that_of_this_process() -> None:
    before = memory_mb()
    block = bytearray(64 << 20)
    block[::4096] = b"x" * len(block[::4096])
    assert 40 < memory_mb() - before < 100
    del block
