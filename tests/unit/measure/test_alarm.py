from collections.abc import Sequence

import numpy as np
import pytest

from flaneur.data.time import SECOND_NS
from flaneur.measure import alarm
from flaneur.measure.alarm import UNKNOWN, AlarmParams

NAN = float("nan")
PARAMS = AlarmParams(up=(2.0, 4.0), down=(1.5, 3.0), hold_ns=3 * SECOND_NS, patience_ns=2 * SECOND_NS)


def levels(values: Sequence[float], params: AlarmParams = PARAMS, every_s: int = 1) -> list[int]:
    """The level after each value, one a second."""
    state, out = alarm.start(1), []
    for n, value in enumerate(values):
        state, _ = alarm.step(state, n * every_s * SECOND_NS, np.array([value]), params)
        out.append(int(state.level[0]))
    return out


def test_a_level_is_reached_at_once() -> None:
    assert levels([0, 1.9, 2.0, 3.9, 4.0]) == [0, 0, 1, 1, 2]


def test_levels_are_skipped_upwards() -> None:
    assert levels([0, 9]) == [0, 2]


def test_it_falls_only_after_the_hold_time_below_the_lower_threshold() -> None:
    assert levels([2, 1.4, 1.4, 1.4, 1.4]) == [1, 1, 1, 0, 0]


def test_between_the_thresholds_it_stays() -> None:
    assert levels([2] + [1.5] * 20) == [1] * 21


def test_wavering_around_a_threshold_is_one_alarm() -> None:
    assert levels([2.1, 1.4, 2.1, 1.4, 1.4, 2.1, 1.4]) == [1] * 7


def test_it_falls_level_by_level() -> None:
    assert levels([5] + [0] * 7) == [2, 2, 2, 1, 1, 1, 0, 0]


def test_nothing_is_known_before_the_first_value() -> None:
    assert levels([NAN, NAN, 0.0]) == [UNKNOWN, UNKNOWN, 0]


def test_without_values_the_level_stays_for_a_while_and_then_is_unknown() -> None:
    assert levels([5, NAN, NAN, NAN, NAN]) == [2, 2, 2, UNKNOWN, UNKNOWN]


def test_an_empty_place_that_is_lost_is_not_safe_either() -> None:
    assert levels([0, NAN, NAN, NAN]) == [0, 0, 0, UNKNOWN]


def test_after_the_unknown_it_goes_on_from_where_it_was() -> None:
    assert levels([5, NAN, NAN, NAN, 0, 0, 0, 0, 0]) == [2, 2, 2, UNKNOWN, 2, 2, 2, 1, 1]


def test_time_without_a_value_is_no_time_below_the_threshold() -> None:
    assert levels([2, 0, 0, NAN, 0, 0, 0]) == [1, 1, 1, 1, 1, 1, 0]


def test_a_pause_in_the_looks_is_no_time_below_the_threshold() -> None:
    assert levels([2, 0], every_s=60) == [1, 1]


def test_places_do_not_touch_one_another() -> None:
    state = alarm.start(3)
    state, _ = alarm.step(state, 0, np.array([0, 2, 4.0]), PARAMS)
    assert state.level.tolist() == [0, 1, 2]


def test_levels_and_changes_are_told() -> None:
    state, first = alarm.step(alarm.start(2), 0, np.array([2.5, NAN]), PARAMS)
    state, second = alarm.step(state, SECOND_NS, np.array([2.5, 0.0]), PARAMS)
    # 3 is one more than the highest level: unknown
    assert first.levels.group.tolist() == [1, 3]
    assert (first.changes.place.tolist(), first.changes.group.tolist()) == ([0], [1])
    assert second.levels.group.tolist() == [1, 0]
    assert (second.changes.place.tolist(), second.changes.group.tolist()) == ([1], [0])
    assert second.changes.time_ns.tolist() == [SECOND_NS]


def test_states_are_not_changed_in_place() -> None:
    state, _ = alarm.step(alarm.start(1), 0, np.array([5.0]), PARAMS)
    for n in range(1, 5):
        alarm.step(state, n * SECOND_NS, np.array([0.0]), PARAMS)
    assert state.level.tolist() == [2]
    assert state.above_ns.tolist() == [0]


@pytest.mark.parametrize(
    ("up", "down"),
    [((), ()), ((2.0,), ()), ((4.0, 2.0), (1.0, 1.5)), ((2.0, 4.0), (3.0, 1.0)), ((2.0, 4.0), (2.0, 3.0))],
)
def test_thresholds_that_make_no_sense(up: tuple[float, ...], down: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="threshold"):
        AlarmParams(up, down)


def test_negative_waiting() -> None:
    with pytest.raises(ValueError, match="no less than 0 s"):
        AlarmParams(hold_ns=-1)
