from typing import Any

import numpy as np
import pytest

from flaneur.data.geometry import IN, OUT, TO_LEFT, TO_RIGHT, WHOLE_PICTURE
from flaneur.data.kinds import ALL_KINDS, Kind
from flaneur.data.private import Events, Presence
from flaneur.data.released import Measurement
from flaneur.data.time import MINUTE_NS, SECOND_NS
from flaneur.release.aggregate import AggregateParams, Counted, IntervalAggregator, Sampled
from support.samples import samples

LINES = Counted.lines((("kerb", "towards the river", "to the station"), ("gate", "in", "out")))
FLOWS = Counted.flows(("A → B",))
KINDS = (Kind.PEDESTRIAN, Kind.CAR)


def aggregator(**changes: Any) -> IntervalAggregator:
    fields: dict[str, Any] = {
        "site": "s",
        "camera": "c",
        "kinds": KINDS,
        "counted": (LINES, FLOWS),
        "zones": ("plaza",),
    }
    return IntervalAggregator(AggregateParams(**(fields | changes)))


def presence(time_s: float, plaza: int = 0, others: int = 0, zones: int = 1) -> Presence:
    count = np.zeros((zones + 1, len(Kind)), np.int32)
    count[0, Kind.PEDESTRIAN] = plaza
    count[-1, Kind.PEDESTRIAN] = plaza + others
    return Presence(round(time_s * SECOND_NS), count)


def event(time_s: float, place: int = 0, direction: int = 1, kind: Kind = Kind.PEDESTRIAN) -> Events:
    return Events(
        np.array([round(time_s * SECOND_NS)]),
        np.array([place], np.int32),
        np.array([direction], np.int8),
        np.array([kind], np.uint8),
    )


def run(agg: IntervalAggregator, seconds: list[float], **how: int) -> None:
    for time_s in seconds:
        agg.frame(presence(time_s, **how))


def value(figures: list[Measurement], measure: str, place: str, direction: str = "", start_s: int = 0) -> float | None:
    (found,) = [
        m.value
        for m in figures
        if (m.measure, m.place, m.direction, m.kind, m.start_ns)
        == (measure, place, direction, "pedestrian", start_s * SECOND_NS)
    ]
    return found


def halves(start_s: float, end_s: float) -> list[float]:
    return [n / 2 for n in range(int(start_s * 2), int(end_s * 2))]


def test_one_row_for_each_place_kind_and_direction_with_zeros() -> None:
    agg = aggregator()
    run(agg, halves(0, 60))
    figures = agg.finish()
    assert len(figures) == (2 * 2 + 1 + 2 + 2) * len(KINDS)
    assert {m.value for m in figures} == {0.0}
    assert {(m.coverage, m.frames_seen, m.end_ns, m.unit) for m in figures} == {(1.0, 120, MINUTE_NS, "road users")}
    names = {(m.measure, m.place, m.direction) for m in figures}
    assert {d for measure, place, d in names if place == "kerb"} == {"towards the river", "to the station"}
    assert ("flow", "A → B", "") in names
    assert {("occupancy", "plaza", ""), ("occupancy_peak", WHOLE_PICTURE, "")} < names


def test_events_are_counted_by_place_and_direction() -> None:
    agg = aggregator()
    run(agg, halves(0, 30))
    agg.events(LINES, event(3, 0, TO_RIGHT))
    agg.events(LINES, event(4, 0, TO_RIGHT))
    agg.events(LINES, event(4, 1, TO_LEFT))
    agg.events(FLOWS, event(5))
    agg.events(LINES, Events.none())
    figures = agg.finish()
    assert value(figures, "crossings", "kerb", "towards the river") == 2
    assert value(figures, "crossings", "gate", "out") == 1
    assert value(figures, "flow", "A → B") == 1
    assert sum(m.value or 0 for m in figures if m.measure in ("crossings", "flow")) == 4


def test_zones_and_edges_share_a_measure() -> None:
    areas, rim = Counted.zones(("plaza",)), Counted.edges()
    agg = aggregator(counted=(areas, rim))
    run(agg, halves(0, 10))
    agg.events(rim, event(3, 2, OUT))
    agg.events(areas, event(3, 0, IN))
    figures = agg.finish()
    assert value(figures, "passages", "edge right", "out") == 1
    assert value(figures, "passages", "plaza", "in") == 1
    assert {m.place for m in figures if m.measure == "passages"} == {
        "plaza", "edge left", "edge top", "edge right", "edge bottom",
    }  # fmt: skip


def test_intervals_tile_the_clock_and_not_the_video() -> None:
    agg = aggregator(start_ns=30 * SECOND_NS + 10 * MINUTE_NS)
    run(agg, halves(0, 60))
    figures = agg.finish()
    assert {(m.start_ns // SECOND_NS, m.coverage) for m in figures} == {(600, 0.5), (660, 0.5)}


def test_an_interval_is_handed_out_once_its_time_to_wait_is_over() -> None:
    agg = aggregator(hold_ns=5 * SECOND_NS)
    run(agg, halves(0, 65))
    assert agg.complete() == []
    agg.events(LINES, event(59))
    run(agg, [65.0])
    figures = agg.complete()
    assert {m.start_ns for m in figures} == {0}
    assert value(figures, "crossings", "kerb", "towards the river") == 1
    assert agg.complete() == []


def test_what_comes_later_still_counts_in_the_earliest_open_interval() -> None:
    agg = aggregator(hold_ns=5 * SECOND_NS)
    run(agg, halves(0, 70))
    figures = agg.complete()
    agg.events(FLOWS, event(20))
    figures += agg.finish()
    assert value(figures, "flow", "A → B") == 0
    assert value(figures, "flow", "A → B", start_s=60) == 1


def test_a_gap_is_not_observed_and_nobody_is_carried_over_it() -> None:
    agg = aggregator()
    run(agg, halves(0, 10), plaza=4)
    run(agg, halves(40, 60), plaza=1)
    figures = agg.finish()
    assert figures[0].coverage == pytest.approx(0.5)
    assert value(figures, "occupancy", "plaza") == pytest.approx((10 * 4 + 20 * 1) / 30)
    assert value(figures, "occupancy_peak", "plaza") == 4


def test_a_step_as_long_as_the_longest_gap_is_observed() -> None:
    agg = aggregator()
    run(agg, [float(n) for n in range(60)])
    assert {m.coverage for m in agg.finish()} == {1.0}
    agg = aggregator()
    run(agg, [n * 1.001 for n in range(50)])
    assert {(m.value, m.coverage) for m in agg.finish()} == {(None, 0.0)}


def test_a_frame_between_gaps_is_good_for_an_ordinary_step() -> None:
    agg = aggregator()
    run(agg, [0.0, 0.5, 10.0, 20.0])
    assert agg.finish()[0].coverage == pytest.approx((0.5 + 0.5 + 0.5 + 0.5) / 60)


def test_the_last_frame_is_good_within_its_interval_only() -> None:
    agg = aggregator()
    run(agg, [59.0, 59.9])
    assert {m.start_ns: m.coverage for m in agg.finish()} == pytest.approx({0: 1 / 60})
    agg = aggregator()
    run(agg, [59.0, 59.9, 100.0])
    assert {m.start_ns: m.coverage for m in agg.finish()} == pytest.approx({0: 1 / 60, MINUTE_NS: 0.9 / 60})


def test_minutes_without_a_frame_have_no_value() -> None:
    agg = aggregator()
    run(agg, halves(0, 30))
    run(agg, halves(200, 210))
    figures = agg.complete() + agg.finish()
    by_start = {m.start_ns // MINUTE_NS: (m.value, m.coverage, m.frames_seen) for m in figures}
    assert by_start == {0: (0.0, 0.5, 60), 1: (None, 0.0, 0), 2: (None, 0.0, 0), 3: (0.0, 10 / 60, 20)}


def test_an_event_of_a_minute_that_was_not_observed_counts_in_the_next_one_that_was() -> None:
    agg = aggregator()
    run(agg, halves(0, 30))
    run(agg, halves(200, 210))
    agg.events(LINES, event(90))
    figures = agg.complete() + agg.finish()
    assert value(figures, "crossings", "kerb", "towards the river", start_s=180) == 1


def test_a_jump_of_years_makes_no_rows_for_them() -> None:
    agg = aggregator()
    run(agg, halves(0, 2))
    run(agg, [3e8, 3e8 + 0.5])
    agg.events(LINES, event(1e8))
    figures = agg.complete() + agg.finish()
    assert len({m.start_ns for m in figures}) == 2
    assert sum(m.value or 0 for m in figures if m.measure == "crossings") == 1


def test_dropped_frames_are_told_for_their_interval() -> None:
    agg = aggregator()
    run(agg, halves(0, 59))
    agg.frame(presence(59.0), dropped=3)
    agg.frame(presence(61.0), dropped=2)
    figures = agg.finish()
    assert {(m.start_ns // MINUTE_NS, m.frames_seen, m.frames_dropped) for m in figures} == {(0, 119, 3), (1, 1, 2)}


def test_frames_between_the_measured_ones_count_in_the_interval_of_their_own_time() -> None:
    agg = aggregator()
    decoded_ns = np.arange(0, 25 * 70) * (SECOND_NS // 25)  # 25 a second for 70 s, every sixth is measured
    for n in range(0, len(decoded_ns), 6):
        agg.frame(presence(n / 25), decoded_ns[max(n - 5, 0) : n])
    figures = agg.finish(decoded_ns[n + 1 :], dropped=2)
    assert {(m.start_ns // MINUTE_NS, m.frames_seen, m.frames_dropped) for m in figures} == {(0, 1500, 0), (1, 250, 2)}


def test_the_mean_number_present_is_weighted_with_time() -> None:
    agg = aggregator()
    agg.frame(presence(0.0, plaza=1, others=2))
    agg.frame(presence(0.1, plaza=3))
    agg.frame(presence(1.0, plaza=0))
    agg.frame(presence(2.0, plaza=0))
    figures = agg.finish()
    assert value(figures, "occupancy", "plaza") == pytest.approx((0.1 * 1 + 0.9 * 3) / 3.0)
    assert value(figures, "occupancy", WHOLE_PICTURE) == pytest.approx((0.1 * 3 + 0.9 * 3) / 3.0)
    assert value(figures, "occupancy_peak", WHOLE_PICTURE) == 3


def test_without_a_frame_there_is_no_figure() -> None:
    agg = aggregator()
    assert agg.complete() == []
    assert agg.finish() == []


def test_misuse_is_told() -> None:
    agg = aggregator()
    run(agg, [1.0])
    with pytest.raises(ValueError, match="not later"):
        run(agg, [1.0])
    with pytest.raises(ValueError, match="after the last frame"):
        agg.events(LINES, event(1.5))
    with pytest.raises(ValueError, match="cannot tell"):
        agg.events(LINES, event(0.5, kind=Kind.BUS))
    there = presence(2.0)
    there.count[-1, Kind.BUS] = 1
    with pytest.raises(ValueError, match="cannot tell"):
        agg.frame(there)
    with pytest.raises(ValueError, match="less than 60 s"):
        aggregator(interval_ns=MINUTE_NS - 1)
    with pytest.raises(ValueError, match="'plaza'"):
        aggregator(zones=("plaza", "plaza"))
    with pytest.raises(ValueError, match="'edge left'"):
        aggregator(counted=(Counted.zones(("edge left",)), Counted.edges()))
    with pytest.raises(ValueError, match="max_gap_ns"):
        aggregator(max_gap_ns=0)
    with pytest.raises(ValueError, match="2 places"):
        Counted("flow", ("a", "b"), (("",),))


def test_what_it_holds_does_not_grow() -> None:
    agg = aggregator()
    for minute in range(200):
        run(agg, halves(60 * minute, 60 * minute + 60))
        agg.complete()
        assert len(agg._open) <= 2


SPEED = Sampled("speed", "m/s", ("kerb",), ("count", "mean"), (("towards the river", "to the station"),))
QUEUE = Sampled("queue_length", "m", ("stop",), ("max",), moments=True)


def sampled_run(agg: IntervalAggregator, seconds: list[float], values: list[float], kind: int = Kind.CAR) -> None:
    """A frame at each of `seconds` and a speed of each of `values` at the last of them."""
    run(agg, seconds)
    agg.samples(SPEED, samples(values, time_s=seconds[-1], kind=kind))


def statistics(figures: list[Measurement]) -> dict[tuple[int, str, str, str], tuple[float | None, int | None]]:
    return {
        (m.start_ns // MINUTE_NS, m.measure, m.direction, m.kind): (m.value, m.sample_size)
        for m in figures
        if m.measure.startswith(("speed", "queue"))
    }


def test_samples_become_statistics_of_each_interval() -> None:
    agg = aggregator(sampled=(SPEED, QUEUE))
    sampled_run(agg, halves(0, 50), [10.0, 12.0, 14.0])
    agg.samples(QUEUE, samples([7.0, 21.5], time_s=40, kind=ALL_KINDS))
    sampled_run(agg, halves(50, 100), [10.0, 20.0, 30.0, 40.0])
    found = statistics(agg.finish())
    assert found[0, "speed_mean", "towards the river", "car"] == (12.0, 3)
    assert found[1, "speed_mean", "towards the river", "all"] == (25.0, 4)
    assert found[1, "speed_count", "to the station", "all"] == (0.0, None)
    assert found[1, "speed_mean", "to the station", "all"] == (None, 0)
    assert (1, "speed_mean", "to the station", "car") not in found
    assert found[0, "queue_length_max", "", "all"] == (21.5, 2)
    assert found[1, "queue_length_max", "", "all"] == (None, 0)


def test_a_kind_has_rows_where_it_was_and_all_kinds_always() -> None:
    agg = aggregator(sampled=(SPEED,))
    sampled_run(agg, halves(0, 60), [10.0])
    sampled_run(agg, halves(60, 120), [1.0], Kind.PEDESTRIAN)
    kinds = {(m.start_ns // MINUTE_NS, m.kind) for m in agg.finish() if m.measure == "speed_count"}
    assert kinds == {(0, "all"), (0, "car"), (1, "all"), (1, "pedestrian")}


def test_a_statistic_of_a_minute_that_was_not_observed_is_missing() -> None:
    agg = aggregator(sampled=(SPEED,))
    sampled_run(agg, halves(0, 30), [10.0, 10.0, 10.0])
    sampled_run(agg, halves(130, 140), [20.0, 20.0])
    agg.samples(SPEED, samples([20.0], time_s=90))
    found = statistics(agg.finish())
    assert found[1, "speed_count", "towards the river", "all"] == (None, None)
    assert found[2, "speed_mean", "towards the river", "car"] == (20.0, 3)


def test_the_run_is_told_once_its_intervals_were() -> None:
    agg = aggregator(sampled=(SPEED,))
    sampled_run(agg, halves(0, 60), [10.0] * 3)
    sampled_run(agg, halves(60, 120), [20.0] * 3)
    agg.finish()
    (one,) = [d for d in agg.distributions() if (d.direction, d.kind) == ("towards the river", "car")]
    assert (one.measure, one.place, one.unit, one.sample_size) == ("speed", "kerb", "m/s", 6)
    assert dict(one.estimates)["mean"].value == 15.0


def test_a_covered_camera_lowers_the_coverage_and_not_the_count() -> None:
    agg = aggregator(sampled=(SPEED,))
    run(agg, halves(0, 20), plaza=2)
    for time_s in halves(20, 50):
        agg.frame(presence(time_s, plaza=9), between_ns=np.array([1]), healthy=False)
        agg.events(LINES, event(time_s))
        agg.samples(SPEED, samples([99.0], time_s=time_s))
    run(agg, halves(50, 60), plaza=2)
    agg.events(LINES, event(19))
    agg.events(LINES, event(30))
    agg.events(LINES, event(50))
    figures = agg.finish()
    assert {m.coverage for m in figures} == {0.5}
    assert {(m.frames_seen, m.frames_dropped) for m in figures} == {(60, 120)}
    assert value(figures, "crossings", "kerb", "towards the river") == 2
    assert value(figures, "occupancy", "plaza") == 2
    assert value(figures, "occupancy_peak", "plaza") == 2
    assert statistics(figures)[0, "speed_count", "towards the river", "all"] == (0.0, None)
    assert agg.dropped == 60 + 60 + 1


def test_a_camera_that_is_covered_all_the_time_gives_no_value() -> None:
    agg = aggregator()
    for time_s in halves(0, 60):
        agg.frame(presence(time_s), healthy=False)
    assert {(m.value, m.coverage, m.frames_seen, m.frames_dropped) for m in agg.finish()} == {(None, 0.0, 0, 120)}


def test_misuse_of_samples_is_told() -> None:
    agg = aggregator(sampled=(SPEED,))
    run(agg, [1.0])
    with pytest.raises(ValueError, match="after the last frame"):
        agg.samples(SPEED, samples([1.0], time_s=1.5))
    with pytest.raises(ValueError, match="cannot tell"):
        agg.samples(SPEED, samples([1.0], kind=Kind.BUS))
    with pytest.raises(ValueError, match="'kerb'"):
        aggregator(sampled=(SPEED, SPEED))
