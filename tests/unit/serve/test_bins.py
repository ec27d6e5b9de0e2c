import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaneur.data.released import Measurement
from flaneur.data.time import MINUTE_NS
from flaneur.serve.bins import MOST_BARS, bins_for, put_together
from flaneur.serve.tables import raw_table
from support.figures import MONDAY_7H_NS, figure

HOUR_NS = 60 * MINUTE_NS


def _occupancy(start_ns: int, value: float | None, **changes: object) -> Measurement:
    return figure(start_ns, value, measure="occupancy", direction="", **changes)


@pytest.mark.parametrize(
    ("minutes", "width", "bars"),
    [(1, 1, 1), (80, 1, 80), (96, 1, 96), (97, 2, 49), (600, 10, 60), (1440, 15, 96), (14400, 180, 80)],
)
def test_bars_are_few_enough_to_be_read_and_round(minutes: int, width: int, bars: int) -> None:
    bins = bins_for(raw_table([figure(0), figure((minutes - 1) * MINUTE_NS)]))
    assert (bins.width_ns // MINUTE_NS, bins.count) == (width, bars)


def test_bars_begin_on_the_hour_of_the_sites_clock() -> None:
    in_nepal_ns = 345 * MINUTE_NS
    table = raw_table([figure(MONDAY_7H_NS + n * HOUR_NS) for n in range(90)])
    bins = bins_for(table, in_nepal_ns)
    assert bins.width_ns == HOUR_NS
    assert (bins.start_ns + in_nepal_ns) % HOUR_NS == 0


def test_a_wrong_clock_in_between_makes_no_endless_chart() -> None:
    bins = bins_for(raw_table([figure(0), figure(50 * 365 * 24 * HOUR_NS)]))
    assert 0 < bins.count <= MOST_BARS


def test_intervals_that_are_no_round_part_of_an_hour_stay_whole() -> None:
    ninety_s = 90 * MINUTE_NS // 60
    rows = [figure(n * ninety_s, end_ns=(n + 1) * ninety_s) for n in range(200)]
    bins = bins_for(raw_table(rows))
    assert bins.width_ns % ninety_s == 0
    assert bins.count <= MOST_BARS


figures = st.lists(
    st.builds(
        lambda minute, coverage, value, measure, kind: figure(
            minute * MINUTE_NS, value if coverage else None, coverage=coverage, measure=measure, kind=kind
        ),
        minute=st.integers(0, 300),
        coverage=st.sampled_from([0.0, 0.25, 1.0]),
        value=st.integers(0, 50).map(float),
        measure=st.sampled_from(["crossings", "occupancy", "occupancy_peak"]),
        kind=st.sampled_from(["car", "bus"]),
    ),
    min_size=1,
    unique_by=lambda m: (m.start_ns, m.measure, m.kind),
)


@settings(max_examples=60)
@given(figures)
def test_bars_and_totals_say_the_same_as_the_figures(rows: list[Measurement]) -> None:
    table = raw_table(rows)
    shown = put_together(table, bins_for(table))
    for key, total in shown.total.items():
        own = [m for m in rows if (m.measure, m.place, m.direction, m.kind) == key and m.value is not None]
        values = [m.value for m in own if m.value is not None]
        if not values:
            assert total is None
            assert set(shown.series[key]) == {None}
            continue
        bars = [value for value in shown.series[key] if value is not None]
        assert total is not None
        if key[0] == "crossings":
            assert total == pytest.approx(sum(values))
            assert sum(bars) == pytest.approx(total)
        elif key[0] == "occupancy":
            weights = [m.coverage for m in own]
            mean = math.fsum(v * w for v, w in zip(values, weights, strict=True)) / sum(weights)
            assert total == pytest.approx(mean)
            assert min(bars) - 1e-9 <= total <= max(bars) + 1e-9
        else:
            assert total == max(bars) == max(values)


@settings(max_examples=60)
@given(figures)
def test_where_nothing_was_observed_is_a_gap_and_nowhere_else(rows: list[Measurement]) -> None:
    table = raw_table(rows)
    gaps = put_together(table, bins_for(table)).gaps_ns
    observed = {m.start_ns for m in rows if m.coverage > 0.0}
    first, last = min(m.start_ns for m in rows), max(m.end_ns for m in rows)
    missing = {start for gap in gaps for start in range(*gap, MINUTE_NS)}
    assert missing == set(range(first, last, MINUTE_NS)) - observed
    for (_, end), (start, _) in itertools.pairwise(gaps):
        assert end < start


def test_coverage_counts_what_is_missing_of_a_bar() -> None:
    rows = [figure(n * MINUTE_NS, 1.0, frames_seen=100, frames_dropped=1) for n in range(96)]
    rows += [figure(96 * MINUTE_NS, 1.0, coverage=0.5), figure(97 * MINUTE_NS, None), figure(98 * MINUTE_NS, None)]
    table = raw_table(rows)
    shown = put_together(table, bins_for(table))
    assert shown.bins.width_ns == 2 * MINUTE_NS
    assert shown.coverage["crossings", "crosswalk"][-3:] == (1.0, 0.25, 0.0)
    assert shown.frames[0] == (1.0, 200, 2)
    assert shown.series["crossings", "crosswalk", "to right", "pedestrian"][-3:] == (2.0, 1.0, None)


def test_no_figures_are_no_bars() -> None:
    table = raw_table([])
    shown = put_together(table, bins_for(table))
    assert (shown.bins.count, shown.total, shown.frames, shown.gaps_ns) == (0, {}, (), ())
    assert shown.sum("crossings", ["a"], ["in"], ["car"]) is None


def test_the_mean_of_a_bar_weighs_by_observed_time() -> None:
    rows = [_occupancy(n * MINUTE_NS, 4.0) for n in range(100)]
    rows[1] = _occupancy(MINUTE_NS, 1.0, coverage=0.5)
    table = raw_table(rows)
    shown = put_together(table, bins_for(table))
    assert shown.series["occupancy", "crosswalk", "", "pedestrian"][0] == pytest.approx((4.0 + 0.5) / 1.5)
