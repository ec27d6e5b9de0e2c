"""From tallies of samples to estimates that may leave: about three road users or more, never about one.

Values of fewer than `FEWEST` road users are withheld. Sums must not give them away by subtraction, neither over kinds
(`all` less `car`) nor over time (the whole run less its intervals). So what was withheld enters such a total only
together, when it is `FEWEST` or more; else the total is one of the others alone, and its sample size says so.
"""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from flaneur.data.kinds import ALL_KINDS, label_of
from flaneur.data.private import Private
from flaneur.data.released import Distribution, Estimate
from flaneur.data.statistics import QUANTILES
from flaneur.release.specs import Sampled
from flaneur.release.statistics import estimate, quantile, share_of
from flaneur.release.survival import Survival, survival
from flaneur.release.tally import Cell, Key, Tally

FEWEST = 3
"""Road users whose values a statistic may be told of."""
MOST_CLASSES = 20
FEWEST_CLASSES = 4
"""A distribution is told as equal classes, if there are enough samples for four."""
NUMBERS = frozenset({"count", "share"})
"""Statistics that tell no value of anybody."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class _Observed(Private):
    """The samples of one place, group and kind; of stays those that were cut off apart."""

    cell: Cell
    cut_off: Cell

    def __len__(self) -> int:
        return len(self.cell) + len(self.cut_off)


@dataclass(frozen=True, slots=True)
class Told:
    """One statistic with all its names."""

    statistic: str
    place: str
    direction: str
    kind: str
    unit: str
    estimate: Estimate


def estimates(tally: Tally, sampled: Sampled) -> Iterator[Told]:
    """The statistics of each place and group, for all kinds together and for each kind that was there."""
    observed = _Tallied(tally, sampled)
    for place, name in enumerate(sampled.places):
        for group, label in enumerate(sampled.groups[place]):
            for kind in _told_kinds(sampled, tally):
                if kind != ALL_KINDS and not sampled.moments and not observed.number(place, group, kind):
                    continue  # some figures have dozens of pairs of kinds; `all` says that there was nobody
                for statistic in sampled.statistics:
                    unit = {"count": sampled.counted, "share": "share"}.get(statistic, sampled.unit)
                    found = observed.estimate(statistic, place, group, kind)
                    yield Told(statistic, name, label, label_of(kind), unit, found)


def _told_kinds(sampled: Sampled, tally: Tally) -> tuple[int, ...]:
    """Codes of the kinds that there are samples of, after all kinds together; of moments the one they are about."""
    if sampled.moments:
        return (sampled.kind,)
    return (ALL_KINDS, *sorted({kind for _, _, kind in tally.owners() if kind != ALL_KINDS}))


class WholeRun:
    """Collects what intervals held, for distributions over the whole run."""

    def __init__(self, sampled: Sampled) -> None:
        self._sampled = sampled
        self._told = self._withheld = Tally.none(sampled.resolution)

    def add(self, tally: Tally) -> None:
        """An interval has been told."""
        keys = tally.owners()
        numbers = _numbers(tally, self._sampled)
        told = [key for key in keys if self._sampled.moments or numbers[_owner(key, self._sampled)] >= FEWEST]
        self._told = self._told.plus(tally.only(told))
        self._withheld = self._withheld.plus(tally.only(set(keys) - set(told)))

    def distributions(self) -> Iterator[Distribution]:
        """One for each place, group and kind that there were samples of, and for all kinds together."""
        everything = self._told.plus(self._withheld)
        numbers = _numbers(self._withheld, self._sampled)
        enough = [key for key in self._withheld.owners() if numbers[_owner(key, self._sampled)] >= FEWEST]
        values = _Tallied(self._told.plus(self._withheld.only(enough)), self._sampled)
        counts = _Tallied(everything, self._sampled)
        kinds = _told_kinds(self._sampled, everything)
        numbers_only = set(self._sampled.statistics) <= NUMBERS
        for place in range(len(self._sampled.places)):
            for group in range(len(self._sampled.groups[place])):
                for kind in kinds:
                    if numbers_only or kind == ALL_KINDS or counts.number(place, group, kind):
                        yield _distribution(self._sampled, values, counts, (place, group, kind))


class _Tallied(Private):
    """A tally taken apart by place, group and kind."""

    __slots__ = ("_all", "_by_kind", "_nobody", "_sampled")

    def __init__(self, tally: Tally, sampled: Sampled) -> None:
        self._sampled = sampled
        empty = Cell.joined(())
        self._nobody = _Observed(empty, empty)
        self._all: dict[tuple[int, int], _Observed] = {}
        parts: defaultdict[Key, list[Cell]] = defaultdict(lambda: [empty, empty])
        for key in tally.owners():
            parts[_owner(key, sampled)][key[1] == sampled.censored_group] = tally.cell(key)
        self._by_kind: defaultdict[tuple[int, int], dict[int, _Observed]] = defaultdict(dict)
        for (place, group, kind), cells in parts.items():
            self._by_kind[place, group][kind] = _Observed(*cells)

    def number(self, place: int, group: int, kind: int) -> int:
        """Samples there were, told or not."""
        by_kind = self._by_kind[place, group]
        if kind == ALL_KINDS and not self._sampled.moments:
            return sum(map(len, by_kind.values()))
        return len(by_kind[kind]) if kind in by_kind else 0

    def observed(self, place: int, group: int, kind: int) -> _Observed:
        """Samples whose values a statistic of this kind may rest on."""
        by_kind = self._by_kind[place, group]
        if kind != ALL_KINDS or self._sampled.moments:
            return by_kind.get(kind, self._nobody)
        if (place, group) not in self._all:
            self._all[place, group] = self._together(by_kind)
        return self._all[place, group]

    def _together(self, by_kind: dict[int, _Observed]) -> _Observed:
        """All kinds, of which the withheld ones only if they are enough together."""
        few = [one for one in by_kind.values() if len(one) < FEWEST]
        together = sum(map(len, few)) >= FEWEST
        parts = [one for one in by_kind.values() if together or len(one) >= FEWEST]
        return _Observed(Cell.joined(p.cell for p in parts), Cell.joined(p.cut_off for p in parts))

    def estimate(self, statistic: str, place: int, group: int, kind: int) -> Estimate:
        """One statistic; missing where there were none or too few."""
        if statistic == "count":
            return Estimate(float(self.number(place, group, kind)))
        moments = self._sampled.moments
        if statistic == "share":
            whole = sum(self.number(place, other, kind) for other in range(len(self._sampled.groups[place])))
            return share_of(self.number(place, group, kind), whole, moments=moments)
        observed = self.observed(place, group, kind)
        if not moments and len(observed) < _fewest(statistic):
            return Estimate(None, sample_size=self.number(place, group, kind))
        if self._sampled.censored_group is not None:
            return _of_stays(statistic, observed)
        return estimate(statistic, observed.cell, moments=moments)

    def quantiles(self, place: int, group: int, kind: int) -> tuple[tuple[float, float], ...]:
        """Equal classes of `FEWEST` samples or more as (share, value below which it lies)."""
        observed = self.observed(place, group, kind)
        classes = min(MOST_CLASSES, len(observed) // FEWEST)
        if classes < FEWEST_CLASSES or set(self._sampled.statistics) <= NUMBERS:
            return ()
        shares = [n / classes for n in range(1, classes)]
        if self._sampled.censored_group is None:
            return tuple((share, quantile(observed.cell, share)) for share in shares)
        curve = _curve(observed)
        found = ((share, curve.quantile(share).value) for share in shares)
        return tuple((share, value) for share, value in found if math.isfinite(value))


def _fewest(statistic: str) -> int:
    """How many road users a statistic needs: of a quantile at least one beyond it, or it is hardly more than the value
    of one of them, and three statistics of three road users would give away all three values."""
    share = QUANTILES.get(statistic, 0.5)
    return max(FEWEST, math.ceil(1.0 / min(share, 1.0 - share) - 1e-9))


def _distribution(sampled: Sampled, values: _Tallied, counts: _Tallied, key: Key) -> Distribution:
    """Of one place, group and kind: numbers from `counts`, which hold all samples, and the rest from `values`."""
    place, group, kind = key
    known = len(values.observed(*key))
    source = {name: counts if name in NUMBERS else values for name in sampled.statistics}
    return Distribution(
        measure=sampled.measure,
        place=sampled.places[place],
        kind=label_of(kind),
        direction=sampled.groups[place][group],
        unit=sampled.unit,
        sample_size=known if known >= FEWEST or sampled.moments else counts.number(*key),
        estimates=tuple((name, of.estimate(name, *key)) for name, of in source.items()),
        quantiles=values.quantiles(*key),
    )


def _owner(key: Key, sampled: Sampled) -> Key:
    """Stays that were cut off belong to those of group 0."""
    place, group, kind = key
    return (place, 0 if group == sampled.censored_group else group, kind)


def _numbers(tally: Tally, sampled: Sampled) -> dict[Key, int]:
    numbers: defaultdict[Key, int] = defaultdict(int)
    for key in tally.owners():
        numbers[_owner(key, sampled)] += len(tally.cell(key))
    return numbers


def _curve(observed: _Observed) -> Survival:
    complete, cut_off = (np.repeat(cell.value, cell.count) for cell in (observed.cell, observed.cut_off))
    stays = np.concatenate((complete, cut_off))
    return survival(stays, np.arange(len(stays)) < len(complete))


def _of_stays(statistic: str, observed: _Observed) -> Estimate:
    """Kaplan and Meier's estimate, which knows that stays cut off were longer; None beyond what was seen."""
    if statistic not in (*QUANTILES, "mean"):
        raise ValueError(f"there is no {statistic} of stays that were cut off")
    curve = _curve(observed)
    found = curve.restricted_mean() if statistic == "mean" else curve.quantile(QUANTILES[statistic])
    if not math.isfinite(found.value):
        return Estimate(None, sample_size=len(observed))
    if not (math.isfinite(found.low) and math.isfinite(found.high)):
        return Estimate(found.value, sample_size=len(observed))
    return Estimate(found.value, found.low, found.high, len(observed))
