"""Encounters of two road users: the worst that was seen of each pair, until nothing more is seen of it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import Kind
from flaneur.data.private import GroundTracks, Private
from flaneur.measure.spans import heads

Table = TypeVar("Table", bound="Encounters")

PAUSE_NS = 3_000_000_000
"""A pair of which nothing was seen for so long has had its encounter; what comes later is another one."""
UNSURE = 1e9
"""What is sure goes before what is not, however bad."""
MOVES = 3.0
"""How many deviations a speed must be above the slow ones. A parked car is looked at thousands of times an hour, and
one that seemed to drive would meet all that is parked around it."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Encounters(Private):
    """Pairs of road users, m rows. As a table sorted by key with each key once; as sightings in any order."""

    FIRST: ClassVar[tuple[str, ...]] = ()
    """Columns of which the least value counts, whatever the worst moment."""
    LAST: ClassVar[tuple[str, ...]] = ("last_ns",)
    """Columns of which the greatest value counts."""

    key: NDArray[np.int64]
    """[m] of the pair, from `pair_key`."""
    pair: NDArray[np.int64]
    """[m, 2] the two tracks, the lower id first."""
    kind: NDArray[np.uint8]
    """[m] codes of pairs of kinds."""
    last_ns: NDArray[np.int64]
    """[m] when something was seen of the pair for the last time."""
    time_ns: NDArray[np.int64]
    """[m] worst moment."""
    xy_m: NDArray[np.float64]
    """[m, 2] where the two meet, would have met or met after one another."""
    value: NDArray[np.float64]
    """[m] at the worst moment."""
    badness: NDArray[np.float64]
    """[m] the value, or its negative where high ones are bad: the lower the worse."""
    noise: NDArray[np.float64]
    """[m] standard deviation of the value, random."""
    bias: NDArray[np.float64]
    """[m] standard deviation of the value that comes from the calibration."""
    sure: NDArray[np.bool_]
    """[m] False where the error of the positions leaves it open whether the two were on a collision course at all."""

    def __len__(self) -> int:
        return len(self.key)

    def take(self: Table, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Table:
        """The rows that an index or boolean array selects."""
        at = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        return type(self)(*(getattr(self, name).take(at, axis=0) for name in self.__match_args__))

    @classmethod
    def none(cls: type[Table]) -> Table:
        """Nobody met anybody."""
        shapes = {"pair": (0, 2), "xy_m": (0, 2), "enter_s": (0, 2), "leave_s": (0, 2)}
        types = {"kind": np.uint8, "sure": np.bool_} | dict.fromkeys(("key", "pair", "last_ns", "time_ns"), np.int64)
        return cls(**{f.name: np.zeros(shapes.get(f.name, 0), types.get(f.name, np.float64)) for f in fields(cls)})

    @classmethod
    def joined(cls: type[Table], parts: Sequence[Table]) -> Table:
        """All rows of `parts`, of which there is one at least."""
        full = [part for part in parts if len(part)] or parts[:1]
        if len(full) == 1:
            return full[0]
        return cls(*(np.concatenate([getattr(part, name) for part in full]) for name in cls.__match_args__))


def endangers(tracks: GroundTracks, slow_mps: float) -> NDArray[np.bool_]:
    """Which vehicles and two-wheelers are faster than `slow_mps` beyond doubt [n]; nobody whose speed is not known."""
    (vx, vy), doubt = tracks.velocity_mps.T, np.nan_to_num(tracks.sigma_mps)
    fast = np.sqrt(vx * vx + vy * vy) > slow_mps + MOVES * doubt
    dangerous: NDArray[np.bool_] = fast & (tracks.kind != Kind.PEDESTRIAN)
    return dangerous


def pair_key(low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[np.int64]:
    """One number for two ids: multiplicative hashing (Knuth), so that two live pairs in effect never share one."""
    mixed = low.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + high.astype(np.uint64)
    key: NDArray[np.int64] = mixed.view(np.int64)
    return key


def noted(table: Table, seen: Table) -> Table:
    """The table with what was `seen` now: per pair the worst moment of both."""
    if not len(seen):
        return table
    both = table.joined((table, seen))
    order = np.lexsort((both.badness + UNSURE * ~both.sure, both.key))
    first = heads(both.key[order])
    extremes = {
        name: worst.reduceat(getattr(both, name).take(order, axis=0), first, axis=0)
        for names, worst in ((table.FIRST, np.minimum), (table.LAST, np.maximum))
        for name in names
    }
    return replace(both.take(order[first]), **extremes)


def parted(table: Table, now_ns: int) -> tuple[Table, Table]:
    """The encounters that go on, and those that are over."""
    if not len(table):
        return table, table
    over = table.last_ns < now_ns - PAUSE_NS
    if not over.any():
        return table, table.none()
    return table.take(~over), table.take(over)
