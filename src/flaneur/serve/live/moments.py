"""Moments as programs write them: ISO 8601 in UTC."""

from datetime import UTC, datetime, timedelta

from flaneur.data.time import SECOND_NS

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso(time_ns: int) -> str:
    """To the millisecond, and without it where it is none: intervals begin and end with whole seconds.

    >>> iso(1_780_290_000_000_000_000), iso(1_780_290_000_120_000_000)
    ('2026-06-01T05:00:00Z', '2026-06-01T05:00:00.120Z')
    """
    at = EPOCH + timedelta(microseconds=time_ns // 1000)
    precision = "milliseconds" if time_ns % SECOND_NS else "seconds"
    return at.isoformat(timespec=precision).replace("+00:00", "Z")
