"""Moments of the calendar as nanoseconds since 1970, and back."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utc_ns(moment: datetime) -> int:
    """Nanoseconds since 1970 of a moment that knows its offset from UTC.

    >>> utc_ns(utc(1_780_290_000_000_001_000))
    1780290000000001000
    """
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000


def utc(time_ns: int) -> datetime:
    """The moment, in UTC, of so many nanoseconds since 1970, to the microsecond before it."""
    return EPOCH + timedelta(microseconds=time_ns // 1000)
