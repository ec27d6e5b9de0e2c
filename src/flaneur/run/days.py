"""Days of a site's own clock as spans of UTC, in which intervals lie. Days with a change of clocks have 23 or 25 hours.

Intervals tile UTC, so one may lie across midnight where a zone is off by other than whole intervals. It belongs to the
day in which it begins; so each interval belongs to one day.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flaneur.data.utc import utc, utc_ns

ONE_DAY = timedelta(days=1)


def begin_ns(day: date, zone: ZoneInfo) -> int:
    """The first moment of `day` in `zone`, in nanoseconds since 1970.

    >>> (begin_ns(date(2026, 10, 26), b := ZoneInfo("Europe/Berlin")) - begin_ns(date(2026, 10, 25), b)) / 3600e9
    25.0
    """
    # Where the clocks go forward at midnight, 0:00 with the offset before is the moment of that change.
    return utc_ns(datetime.combine(day, time.min, zone))


def day_of(time_ns: int, zone: ZoneInfo) -> date:
    """The day in `zone` that holds a moment, in nanoseconds since 1970."""
    return utc(time_ns).astimezone(zone).date()


def days_with(first_ns: Callable[[int], int | None], since_ns: int, zone: ZoneInfo) -> Iterator[date]:
    """Days in which an interval begins, in the order of time; `first_ns` gives the first one since a moment."""
    while (found_ns := first_ns(since_ns)) is not None:
        yield (day := day_of(found_ns, zone))
        since_ns = begin_ns(day + ONE_DAY, zone)


def listed(days: Iterable[date]) -> str:
    """Days in a row as one span.

    >>> listed(date(2026, 11, day) for day in (1, 2, 3, 7))
    '2026-11-01 to 2026-11-03, 2026-11-07'
    """
    spans: list[list[date]] = []
    for day in days:
        if spans and day - spans[-1][-1] == ONE_DAY:
            spans[-1][1:] = [day]
        else:
            spans.append([day])
    return ", ".join(" to ".join(map(str, span)) for span in spans)
