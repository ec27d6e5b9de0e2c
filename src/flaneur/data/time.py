"""Nanosecond clock values. Time is the frame's own, never the wall clock."""

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS


def to_ns(seconds: float) -> int:
    """Seconds as whole nanoseconds, rounded to the nearest."""
    return round(seconds * SECOND_NS)


def to_s(time_ns: int) -> float:
    """Nanoseconds as seconds."""
    return time_ns / SECOND_NS


def interval_start_ns(time_ns: int, interval_ns: int) -> int:
    """Start of the interval [start, start + interval) that holds `time_ns`; intervals tile from 0.

    >>> interval_start_ns(61 * SECOND_NS, MINUTE_NS) // SECOND_NS
    60
    """
    return time_ns - time_ns % interval_ns
