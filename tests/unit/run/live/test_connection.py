import random

from hypothesis import given
from hypothesis import strategies as st

from flaneur.run.live.connection import JITTER, LONGEST_WAIT_S, SHORTEST_WAIT_S, BackOff


@given(st.integers(0, 2**32))
def test_waits_grow_to_a_bound(seed: int) -> None:
    back_off = BackOff(random.Random(seed))
    waits = [back_off.wait_s("refused") for _ in range(12)]
    usual = [min(SHORTEST_WAIT_S * 2**n, LONGEST_WAIT_S) for n in range(12)]
    for wait_s, usual_s in zip(waits, usual, strict=True):
        assert (1 - JITTER) * usual_s <= wait_s <= min((1 + JITTER) * usual_s, LONGEST_WAIT_S)


def test_waits_differ_between_cameras() -> None:
    assert len({BackOff(random.Random(seed)).wait_s("refused") for seed in range(20)}) == 20


def test_a_good_connection_makes_the_next_wait_short() -> None:
    back_off = BackOff(random.Random(0))
    for _ in range(10):
        back_off.wait_s("silent")
    back_off.reset()
    assert back_off.wait_s("silent") <= (1 + JITTER) * SHORTEST_WAIT_S


def test_a_wrong_password_is_not_tried_often() -> None:
    assert BackOff(random.Random(0)).wait_s("unauthorised") >= (1 - JITTER) * LONGEST_WAIT_S
