import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaneur.data.time import MINUTE_NS
from flaneur.serve.bins import Bins
from flaneur.serve.charts import BOTTOM, LEFT, TOP, WIDTH, BarChart, bar_chart
from flaneur.serve.formats import Clock, Words
from support.figures import MONDAY_7H_NS

UNDATED = Clock(Words("en"), "UTC", dated=False)
BERLIN = Clock(Words("en"), "Europe/Berlin", dated=True)

Box = tuple[float, float, float, float]


def _boxes(path: str) -> list[Box]:
    """x, y, width, height of each box of a path, y at its upper side."""
    found = re.findall(r"M(\S+) (\S+?)h(\S+?)v(\S+?)h-\S+?z", path)
    return [
        (float(x), float(y) + min(float(height), 0.0), float(width), abs(float(height)))
        for x, y, width, height in found
    ]


def _minutes(count: int, start_ns: int = 0, width: int = 1) -> Bins:
    return Bins(start_ns, width * MINUTE_NS, count, MINUTE_NS)


def _chart(*values: float | None, coverage: tuple[float, ...] | None = None) -> BarChart:
    shares = coverage or tuple(0.0 if value is None else 1.0 for value in values)
    return bar_chart(_minutes(len(values)), UNDATED, shares, {"car": values}, label=str)


def test_bars_are_as_high_as_their_values() -> None:
    boxes = _boxes(_chart(1.0, 2.0, 4.0).bars[0].path)
    heights = [height for *_, height in boxes]
    assert heights[1] == pytest.approx(2 * heights[0], abs=0.2)
    assert heights[2] == pytest.approx(4 * heights[0], abs=0.4)


def test_a_zero_is_an_empty_column_and_a_gap_a_marked_one() -> None:
    chart = _chart(3.0, 0.0, None)
    assert len(_boxes(chart.bars[0].path)) == 1
    ((x, y, width, height),) = _boxes(chart.gaps)
    assert (x, y) == (LEFT + 2 * width, TOP)
    assert height == chart.height - TOP - BOTTOM
    assert chart.partial == ""


def test_what_was_observed_in_part_is_marked_and_keeps_its_bar() -> None:
    chart = _chart(3.0, 2.0, coverage=(1.0, 0.4))
    assert len(_boxes(chart.bars[0].path)) == 2
    assert len(_boxes(chart.partial)) == 1
    assert chart.gaps == ""


def test_kinds_stand_on_one_another_and_the_other_direction_hangs_below() -> None:
    up = {"pedestrian": (2.0,), "car": (1.0,)}
    chart = bar_chart(_minutes(1), UNDATED, (1.0,), up, {"car": (3.0,)}, label=str)
    ((_, walk_y, _, walk_h),), ((_, car_y, _, car_h),), ((_, below_y, _, _),) = (_boxes(s.path) for s in chart.bars)
    assert walk_y + walk_h == pytest.approx(chart.zero, abs=0.1)
    assert car_y + car_h == pytest.approx(walk_y, abs=0.1)
    assert below_y == pytest.approx(chart.zero, abs=0.1)


def test_peaks_are_dots_and_fit_in() -> None:
    chart = bar_chart(_minutes(2), UNDATED, (1.0, 1.0), {"car": (1.0, 2.0)}, peaks={"car": (9.0, None)}, label=str)
    ((_, y),) = re.findall(r"M(\S+) (\S+?)h0", chart.dots[0].path)
    assert TOP <= float(y) < chart.zero


values = st.none() | st.integers(0, 10_000).map(float) | st.floats(0.001, 1e6)


@given(st.lists(values, min_size=1, max_size=96), st.booleans())
def test_everything_stays_inside_the_picture(series: list[float | None], mirrored: bool) -> None:
    shares = tuple(0.0 if value is None else 1.0 for value in series)
    up, down = {"car": tuple(series)}, {"bus": tuple(series)} if mirrored else None
    chart = bar_chart(_minutes(len(series)), UNDATED, shares, up, down, label=lambda value: f"{value:g}")
    boxes = [box for shape in chart.bars for box in _boxes(shape.path)] + _boxes(chart.gaps)
    for x, y, width, height in boxes:
        assert x >= LEFT - 0.1
        assert x + width <= min(chart.width, WIDTH) + 0.1
        assert y >= TOP - 0.2
        assert y + height <= chart.height - BOTTOM + 0.2
    assert len(_boxes(chart.gaps)) == series.count(None)
    labels = [tick.label for tick in chart.y_ticks if tick.at <= chart.zero]
    assert 2 <= len(labels) <= 7
    assert len(set(labels)) == len(labels)


def test_the_axis_of_few_road_users_has_whole_steps() -> None:
    assert [tick.label for tick in _chart(3.0).y_ticks] == ["0.0", "1.0", "2.0", "3.0"]


def test_times_stand_below_round_moments() -> None:
    chart = bar_chart(_minutes(60, MONDAY_7H_NS, 10), BERLIN, (1.0,) * 60, {"car": (1.0,) * 60}, label=str)
    assert [tick.label for tick in chart.x_ticks] == ["08:00", "10:00", "12:00", "14:00", "16:00"]
    undated = bar_chart(_minutes(80), UNDATED, (1.0,) * 80, {"car": (1.0,) * 80}, label=str)
    assert [tick.label for tick in undated.x_ticks] == ["0:00", "0:15", "0:30", "0:45", "1:00", "1:15"]


def test_midnight_shows_its_date() -> None:
    start_ns = MONDAY_7H_NS - 7 * 60 * MINUTE_NS
    chart = bar_chart(_minutes(96, start_ns, 30), BERLIN, (1.0,) * 96, {"car": (1.0,) * 96}, label=str)
    labels = [tick.label for tick in chart.x_ticks]
    assert labels[0] == "1 Jun"
    assert "2 Jun" in labels
    assert "00:00" not in labels


def test_times_stay_round_when_the_clocks_change() -> None:
    before_ns = 1_792_879_200 * 1_000_000_000  # 24 October 2026, 22:00 in UTC: midnight in Berlin, summer time ends
    chart = bar_chart(_minutes(50, before_ns, 30), BERLIN, (1.0,) * 50, {"car": (1.0,) * 50}, label=str)
    labels = [tick.label for tick in chart.x_ticks]
    assert labels[0] == "25 Oct"
    assert labels[-1] == "26 Oct"
    assert all(label.endswith((":00", "Oct")) for label in labels)


def test_a_single_passage_has_no_half_on_its_axis() -> None:
    assert [tick.label for tick in _chart(1.0).y_ticks] == ["0.0", "1.0"]
