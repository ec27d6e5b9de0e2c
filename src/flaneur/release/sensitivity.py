"""How much one event can change what a chunked video tells (Cangialosi et al., Privid, NSDI 2022, section 6).

An event is what is visible for at most ρ seconds at a time, at most K times a day. Each of its appearances touches at
most 1 + ⌈ρ/c⌉ chunks of c seconds, because a chunk begins with no memory of the one before. Whatever those chunks
yield, the others yield the same with and without the event.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Protection:
    """Whom a release protects, and the chunks that its video is cut into; ValueError for what protects nobody."""

    rho_ns: int
    """ρ: the longest time that what is protected is visible at a stretch."""
    appearances: int
    """K: how often a day at most."""
    chunk_ns: int
    """c"""

    def __post_init__(self) -> None:
        if self.rho_ns <= 0:
            raise ValueError(f"ρ of {self.rho_ns} ns protects nobody")
        if self.appearances < 1:
            raise ValueError(f"{self.appearances} appearances protect nobody")
        if self.chunk_ns <= 0:
            raise ValueError(f"a chunk of {self.chunk_ns} ns holds nothing")

    @property
    def chunks(self) -> int:
        """Chunks that one event can influence: K · (1 + ⌈ρ/c⌉)."""
        return self.appearances * (1 + -(-self.rho_ns // self.chunk_ns))


def rows_influenced(protection: Protection, *max_rows: int) -> int:
    """Rows that one event can influence in one table, or in several together that are joined; also of their count.

    >>> rows_influenced(Protection(30, 1, 5), 10), rows_influenced(Protection(30, 1, 1), 2)
    (70, 62)
    """
    if min(max_rows) < 1:
        raise ValueError("a table without rows tells nothing")
    return protection.chunks * sum(max_rows)


def of_sum(rows: int, low: int, high: int) -> int:
    """Of a sum of values within `low` and `high`, when one event can influence so many `rows`.

    Of a mean over n rows, n known in advance and absent rows padded with a constant: this divided by n.
    """
    if not low < high:
        raise ValueError(f"values from {low} to {high} cannot differ")
    return rows * (high - low)
