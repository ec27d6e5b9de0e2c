import numpy as np
import pytest

from flaneur.data.signals import SignalPhases, SignalState
from flaneur.data.time import SECOND_NS

S = SECOND_NS
RED, GREEN, AMBER, UNKNOWN = SignalState.RED, SignalState.GREEN, SignalState.AMBER, SignalState.UNKNOWN


def phases(*rows: tuple[int, SignalState]) -> SignalPhases:
    return SignalPhases("a", np.array([s * S for s, _ in rows], np.int64), np.array([c for _, c in rows], np.uint8))


def test_state_and_how_long_it_has_lasted():
    state, since_ns = phases((10, RED), (40, GREEN)).at(np.array([5, 10, 39, 40, 99]) * S)
    assert state.tolist() == [UNKNOWN, RED, RED, GREEN, GREEN]
    assert (since_ns // S).tolist() == [0, 0, 29, 0, 59]


def test_nothing_is_known_of_no_phases():
    state, since_ns = phases().at(np.array([0, S]))
    assert state.tolist() == [UNKNOWN, UNKNOWN]
    assert since_ns.tolist() == [0, 0]
    assert phases().seconds(0, 60 * S)[UNKNOWN] == 60


@pytest.mark.parametrize(
    ("start_s", "end_s", "expected"),
    [
        (0, 60, {UNKNOWN: 10, RED: 30, GREEN: 17, AMBER: 3}),
        (20, 30, {RED: 10}),
        (57, 80, {AMBER: 3, RED: 20}),
        (0, 5, {UNKNOWN: 5}),
        (100, 160, {RED: 60}),
    ],
)
def test_seconds_in_each_state(start_s, end_s, expected):
    seconds = phases((10, RED), (40, GREEN), (57, AMBER), (60, RED)).seconds(start_s * S, end_s * S)
    assert {SignalState(code): s for code, s in enumerate(seconds) if s} == expected


def test_reports_that_say_the_same_are_one_phase():
    merged = SignalPhases.merged("a", np.arange(4) * S, np.array([RED, RED, GREEN, GREEN], np.uint8))
    assert (merged.start_ns // S).tolist() == [0, 2]
    assert merged.state.tolist() == [RED, GREEN]


@pytest.mark.parametrize("rows", [[(5, RED), (5, GREEN)], [(5, RED), (4, GREEN)], [(4, RED), (5, RED)]])
def test_phases_that_contradict_themselves_are_refused(rows):
    with pytest.raises(ValueError, match="follow one another"):
        phases(*rows)
