from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import pytest

from flaneur.data.geometry import GroundLine, GroundZone
from flaneur.data.private import GroundTracks, Samples
from flaneur.data.time import to_ns
from flaneur.measure import queues, saturation
from flaneur.measure.queues import Approach, Lanes, QueueParams
from flaneur.measure.saturation import Saturation, SaturationParams
from support.grounds import Drive, roll

LINE = GroundLine("stop", np.array([[0.0, -2.0], [0.0, 2.0]]))
LANE = GroundZone("lane", np.array([[0.0, -2.0], [-150.0, -2.0], [-150.0, 2.0], [0.0, 2.0]]))
QUEUES = QueueParams(Lanes.of((Approach(LINE, LANE),)))
RATE, SPEED_MPS, PITCH_M, DELAY_S, CAR_M = 10.0, 7.0, 7.0, 1.0, 4.5
"""Each car starts `DELAY_S` after the one in front and drives on at once: 2 s from front to front at the stop line."""
GREEN_S = 5.0


def car(number: int, start_s: float, length_s: float = 55.0, sigma_m: float = 0.0) -> Drive:
    """One that stands as number so and so, from 0, of a queue whose head starts at `start_s`."""
    t = np.arange(0.0, length_s, 1 / RATE)
    x = -(1.0 + PITCH_M * number) - CAR_M / 2 + SPEED_MPS * np.clip(t - start_s - DELAY_S * number, 0.0, None)
    return Drive(np.stack((x, np.zeros(len(t))), axis=1), sigma_m=sigma_m)


def passes(frames: Sequence[GroundTracks], greens_s: Sequence[float] | None = None, **options: float) -> Saturation:
    """All samples of a scene."""
    greens = None if greens_s is None else (np.array([to_ns(t) for t in greens_s], np.int64),)
    params = SaturationParams(QUEUES, greens, **options)
    state, told = saturation.start(params), []
    for tracks in frames:
        state, now = saturation.step(state, tracks, params)
        told.append(now)
    told.append(saturation.finish(state, params))
    return Saturation(*(Samples.joined(*(getattr(t, f.name) for t in told)) for f in fields(Saturation)))


def test_flow_from_the_fourth_to_the_last_and_time_lost_before() -> None:
    told = passes(roll(*(car(n, GREEN_S + 3.0) for n in range(10))), [GREEN_S])
    assert told.flow_per_h.value.tolist() == pytest.approx([1800.0], rel=1e-3)
    assert told.lost_s.value.tolist() == pytest.approx([3.0 + 3 * 2.0 + 1 / 7 - 4 * 2.0], abs=0.01)
    assert told.flow_per_h.time_ns / 1e9 == pytest.approx([GREEN_S + 3.0 + 9 * 2.0 + 1 / 7], abs=0.01)


def test_without_signals_there_is_no_lost_time() -> None:
    told = passes(roll(*(car(n, GREEN_S) for n in range(10))))
    assert len(told.flow_per_h) == 1
    assert len(told.lost_s) == 0


@pytest.mark.parametrize("greens", [[], [GREEN_S - 7.0], [GREEN_S + 5.0]])
def test_lost_time_needs_a_green_that_the_queue_started_with(greens: list[float]) -> None:
    told = passes(roll(*(car(n, GREEN_S) for n in range(10))), greens)
    assert len(told.flow_per_h) == 1
    assert len(told.lost_s) == 0


def test_short_queues_give_no_sample() -> None:
    assert len(passes(roll(*(car(n, GREEN_S) for n in range(7)))).flow_per_h) == 0
    assert len(passes(roll(*(car(n, GREEN_S) for n in range(7))), shortest_queue=7).flow_per_h) == 1


def test_who_drives_up_to_the_moving_queue_is_not_of_it() -> None:
    t = np.arange(0.0, 60.0, 1 / RATE)
    late = [Drive(np.stack((SPEED_MPS * (t - 33.0 - 4.0 * n), 0 * t), axis=1)[200:], start=200) for n in range(3)]
    told = passes(roll(*(car(n, GREEN_S) for n in range(10)), *late))
    assert told.flow_per_h.value.tolist() == pytest.approx([1800.0], rel=1e-3)


def test_who_rolls_along_in_the_queue_without_having_stood_counts_between() -> None:
    rolling = car(5, GREEN_S)
    path = np.asarray(rolling.path).copy()
    t = np.arange(len(path)) / RATE
    starts_s = GREEN_S + DELAY_S * 5
    path[:, 0] = np.where(t < starts_s, path[0, 0] - 3.0 * (starts_s - t), path[:, 0])
    queue = [car(n, GREEN_S) for n in range(10) if n != 5]
    told = passes(roll(*queue, Drive(path)))
    assert told.flow_per_h.value.tolist() == pytest.approx([1800.0], rel=1e-3)


def test_a_queue_that_is_stopped_begins_anew() -> None:
    first = [car(n, GREEN_S) for n in range(8)]
    second = [Drive(np.asarray(car(n, GREEN_S + 30.0).path)[250:], start=250) for n in range(9)]
    told = passes(roll(*first, *second))
    assert told.flow_per_h.value.tolist() == pytest.approx([1800.0, 1800.0], rel=1e-3)


def test_the_end_of_the_video_ends_a_queue() -> None:
    frames = roll(*(car(n, GREEN_S) for n in range(12)))
    assert passes(frames[: int((GREEN_S + 19.0) * RATE)]).flow_per_h.value.tolist() == pytest.approx([1800.0], rel=1e-3)


def test_the_error_comes_from_two_moments_at_the_line() -> None:
    told = passes(roll(*(car(n, GREEN_S, sigma_m=0.7) for n in range(10))), [GREEN_S])
    headway_error_s = np.sqrt(2) * 0.1 / 6
    assert told.flow_per_h.noise.tolist() == pytest.approx([1800.0 * headway_error_s / 2.0], rel=1e-3)
    assert told.lost_s.noise.tolist() == pytest.approx([np.hypot(0.1, 4 * headway_error_s)], rel=1e-3)


def test_who_has_gone_is_forgotten() -> None:
    params = SaturationParams(QUEUES)
    state = saturation.start(params)
    for tracks in roll(*(car(n, GREEN_S, 20.0) for n in range(5)), frames=210):
        state, _ = saturation.step(state, tracks, params)
    assert len(state.fronts) == len(state.queues.queuers) == 0


def test_signals_must_fit_the_lanes() -> None:
    with pytest.raises(ValueError, match="1 lanes, but starts of green for 2"):
        SaturationParams(QUEUES, (np.zeros(0, np.int64),) * 2)


def test_the_flow_needs_more_than_the_four_that_start() -> None:
    with pytest.raises(ValueError, match="5 at least"):
        SaturationParams(QUEUES, shortest_queue=4)


def test_the_queues_themselves_are_told_too() -> None:
    frames = roll(*(car(n, GREEN_S + 3.0) for n in range(10)))
    state, told = queues.start(QUEUES), []
    for tracks in frames:
        state, now = queues.step(state, tracks, QUEUES)
        told.append(now)
    both = passes(frames)
    assert both.count.value.max() == 10
    assert both.count.value.tolist() == [value for now in told for value in now.count.value]
    assert both.length_m.value.tolist() == [value for now in told for value in now.length_m.value]
