"""Moments as programs write them: ISO 8601 in UTC."""

from flaneur.data.time import SECOND_NS
from flaneur.data.utc import utc


def iso(time_ns: int) -> str:
    """To the millisecond, and without it where it is none: intervals begin and end with whole seconds.

    >>> iso(1_780_290_000_000_000_000), iso(1_780_290_000_120_000_000)
    ('2026-06-01T05:00:00Z', '2026-06-01T05:00:00.120Z')
    """
    precision = "milliseconds" if time_ns % SECOND_NS else "seconds"
    return utc(time_ns).isoformat(timespec=precision).replace("+00:00", "Z")
