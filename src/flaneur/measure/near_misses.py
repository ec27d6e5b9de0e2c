"""What of near misses leaves the measure: values at places, and spots for a map; never who was in them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray

from flaneur.data.geometry import GroundZone
from flaneur.data.private import Private, Samples
from flaneur.measure.encounters import Encounters

SEVERITIES = ("serious", "slight", "uncertain")
"""What `group` means in all samples and spots."""
CELL_M = 1.0

_NONE = Samples.none()

Limits = tuple[float, float]
"""Badness below which an encounter is serious, and slight."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Spots(Private):
    """Where encounters were, n rows, one per encounter and measure; for a map that holds back what is rare."""

    time_ns: NDArray[np.int64]
    """[n] worst moment."""
    cell: NDArray[np.int32]
    """[n, 2] column and row on the ground in squares of `CELL_M`."""
    group: NDArray[np.int8]
    """[n] index into `SEVERITIES`."""
    kind: NDArray[np.uint8]
    """[n] codes of pairs of kinds."""

    def __len__(self) -> int:
        return len(self.time_ns)

    @staticmethod
    def joined(parts: Sequence["Spots"]) -> "Spots":
        """All rows of `parts`, of which there is one at least."""
        return Spots(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Spots)))


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class NearMisses(Private):
    """Encounters that are over: one sample each in every zone that holds its spot, and one in the whole scene.

    `place` counts the zones of the parameters; the number after the last of them is the whole scene. `group` is an
    index into `SEVERITIES`, `kind` a pair of kinds, and the time that of the worst moment.
    """

    ttc_s: Samples
    """Least time to collision; 0 where the two touched."""
    drac_mps2: Samples
    """Greatest deceleration that would have been needed, at most that of gravity."""
    pet_s: Samples
    """Point PET; 0 where the two touched."""
    zone_pet_s: Samples
    """PET of the whole conflict zone, of the same encounters; negative where both were in it at once."""
    spots: Spots
    """Of the encounters in `ttc_s` and of those in `pet_s`."""

    @staticmethod
    def joined(parts: Sequence["NearMisses"]) -> "NearMisses":
        """All rows of `parts`, of which there is one at least."""
        return NearMisses(
            Samples.joined(*(part.ttc_s for part in parts)),
            Samples.joined(*(part.drac_mps2 for part in parts)),
            Samples.joined(*(part.pet_s for part in parts)),
            Samples.joined(*(part.zone_pet_s for part in parts)),
            Spots.joined([part.spots for part in parts]),
        )


def severity(table: Encounters, limits: Limits) -> NDArray[np.int8]:
    """Index into `SEVERITIES` of each encounter; all must be at least slight."""
    group = np.where(table.sure, np.where(table.badness < limits[0], 0, 1), 2)
    return group.astype(np.int8)


def samples_of(table: Encounters, limits: Limits, zones: Sequence[GroundZone]) -> Samples:
    """One row per encounter and place."""
    if not len(table):
        return _NONE
    inside = np.ones((len(table), len(zones) + 1), np.bool_)
    if len(zones):
        inside[:, :-1] = shapely.contains_xy(_polygons(tuple(zones)), table.xy_m[:, :1], table.xy_m[:, 1:])
    row, place = np.nonzero(inside)
    group = severity(table, limits)
    return Samples(
        table.time_ns[row],
        place.astype(np.int32),
        group[row],
        table.kind[row],
        table.value[row],
        table.noise[row],
        table.bias[row],
    )


@lru_cache(maxsize=8)
def _polygons(zones: tuple[GroundZone, ...]) -> list[shapely.Polygon]:
    return [shapely.Polygon(zone.polygon_m) for zone in zones]


def spots_of(table: Encounters, limits: Limits) -> Spots:
    """One row per encounter."""
    return Spots(table.time_ns, np.floor(table.xy_m / CELL_M).astype(np.int32), severity(table, limits), table.kind)


NO_NEAR_MISSES = NearMisses(_NONE, _NONE, _NONE, _NONE, spots_of(Encounters.none(), (0.0, 0.0)))
