from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaneur.data.time import SECOND_NS
from flaneur.run.days import ONE_DAY, begin_ns, day_of, days_with, listed

BERLIN = ZoneInfo("Europe/Berlin")
HOUR_NS = 3600 * SECOND_NS
ZONES = [
    "UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Asia/Beirut", "America/Santiago", "Africa/Cairo",
    "America/Havana", "Australia/Lord_Howe", "Pacific/Kiritimati",
]  # fmt: skip
"""Clocks that change at night, at midnight in both directions, by half an hour, and that are off by odd times."""


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND_NS


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 11, 22), 24)]
)
def test_a_day_has_the_hours_that_the_clock_shows(day: date, hours: int) -> None:
    assert begin_ns(day + ONE_DAY, BERLIN) - begin_ns(day, BERLIN) == hours * HOUR_NS


def test_a_day_begins_at_midnight_of_its_own_clock() -> None:
    assert begin_ns(date(2026, 11, 22), BERLIN) == ns("2026-11-21T23:00")
    assert begin_ns(date(2026, 6, 1), BERLIN) == ns("2026-05-31T22:00")
    assert begin_ns(date(2026, 6, 1), ZoneInfo("Asia/Kathmandu")) == ns("2026-05-31T18:15")


def test_where_the_clocks_change_at_midnight_the_day_begins_with_its_first_moment() -> None:
    forward = begin_ns(date(2023, 3, 26), ZoneInfo("Asia/Beirut"))  # 0:00 was 1:00
    assert forward == ns("2023-03-25T22:00")
    again = begin_ns(date(2026, 11, 1), ZoneInfo("America/Havana"))  # 0:00 to 1:00 came twice
    assert again == ns("2026-11-01T04:00")


@given(
    st.sampled_from(ZONES).map(ZoneInfo),
    st.integers(ns("2015-01-01T00:00") // SECOND_NS, ns("2036-01-01T00:00") // SECOND_NS),
)
def test_each_moment_lies_in_one_day(zone: ZoneInfo, time_s: int) -> None:
    day = day_of(time_s * SECOND_NS, zone)
    assert begin_ns(day, zone) <= time_s * SECOND_NS < begin_ns(day + ONE_DAY, zone)


@given(st.sampled_from(ZONES).map(ZoneInfo), st.sets(st.integers(0, 60 * 24), max_size=20))
def test_days_in_which_an_interval_begins(zone: ZoneInfo, hours: set[int]) -> None:
    starts = sorted(ns("2026-03-01T00:00") + hour * HOUR_NS for hour in hours)
    found = days_with(
        lambda since: next((one for one in starts if one >= since), None), starts[0] if starts else 0, zone
    )
    assert list(found) == sorted({day_of(one, zone) for one in starts})


def test_days_in_a_row_are_listed_as_a_span() -> None:
    first = date(2026, 2, 27)
    assert listed(first + timedelta(days=n) for n in (0, 1, 2, 4, 9, 10)) == (
        "2026-02-27 to 2026-03-01, 2026-03-03, 2026-03-08 to 2026-03-09"
    )
    assert listed([]) == ""
