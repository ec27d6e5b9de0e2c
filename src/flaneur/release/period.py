"""Statistics of a period out of those of its intervals, as far as they follow from them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from flaneur.data.released import Distribution, Estimate, Measurement
from flaneur.data.statistics import QUANTILES, STATISTICS, split_name

NUMBERS = ("count", "share")
"""Statistics of groups rather than of values."""

Row = tuple[str, str, str, str]
"""measure without its statistic, place, direction, kind"""


def distributions_of(figures: Iterable[Measurement]) -> list[Distribution]:
    """What the statistics of intervals tell of all of them together, as far as it follows from them.

    Counts add up; a mean and a share are those of the intervals by their sample sizes; a maximum is the highest. A
    median or another quantile does not follow from those of its parts, so it is missing where several held any.
    Values that were withheld in their interval stay so. The bands of means count all errors as shared by all
    intervals, because figures do not say which are; they are therefore too wide rather than too narrow.
    """
    told: defaultdict[Row, defaultdict[str, list[Measurement]]] = defaultdict(lambda: defaultdict(list))
    wholes: defaultdict[tuple[str, str, str], dict[int, int]] = defaultdict(dict)
    for one in figures:
        measure, statistic = split_name(one.measure)
        if statistic:
            told[measure, one.place, one.direction, one.kind][statistic].append(one)
        if statistic == "share":
            wholes[measure, one.place, one.kind][one.start_ns] = one.sample_size or 0
    return [
        _distribution(row, by_statistic, sum(wholes[row[0], row[1], row[3]].values()))
        for row, by_statistic in told.items()
    ]


def _distribution(row: Row, told: dict[str, list[Measurement]], whole: int) -> Distribution:
    """Of one row; `whole` is what shares are shares of, also in intervals that have no share of this direction."""
    measure, place, direction, kind = row
    names = [name for name in STATISTICS if name in told]
    values = [name for name in names if name not in NUMBERS]
    return Distribution(
        measure=measure,
        place=place,
        kind=kind,
        direction=direction,
        unit=told[(values or names)[0]][0].unit,
        sample_size=_sample_size(told, values),
        estimates=tuple(
            (name, _share(told[name], whole) if name == "share" else _together(name, told[name])) for name in names
        ),
    )


def _share(figures: Sequence[Measurement], whole: int) -> Estimate:
    part = sum((one.value or 0.0) * (one.sample_size or 0) for one in figures)
    return Estimate(min(part / whole, 1.0) if whole else None, sample_size=whole)


def _sample_size(told: dict[str, list[Measurement]], values: Sequence[str]) -> int:
    """How many the values rest on; where all are withheld how many there were, and without values how many of them."""
    if values:
        sizes = [(one.value is not None, one.sample_size or 0) for one in told[values[0]]]
        return sum(size for known, size in sizes if known) or sum(size for _, size in sizes)
    if "count" in told:
        return round(sum(one.value or 0.0 for one in told["count"]))
    return round(sum((one.value or 0.0) * (one.sample_size or 0) for one in told["share"]))


def _together(statistic: str, figures: Sequence[Measurement]) -> Estimate:
    """One statistic of several intervals; no share."""
    known = [one for one in figures if one.value is not None]
    held = [one for one in figures if one.sample_size]
    if not known or (len(held) > 1 and statistic in QUANTILES):
        return Estimate(None, sample_size=sum(one.sample_size or 0 for one in figures))
    if len(known) == 1:
        return Estimate(known[0].value, known[0].low, known[0].high, known[0].sample_size)
    values, lows, highs = ([getattr(one, name) for one in known] for name in ("value", "low", "high"))
    banded = None not in lows
    sizes = [one.sample_size or 1 for one in known]

    def of(parts: Sequence[float]) -> float:
        if statistic in ("count", "sum"):
            return sum(parts)
        if statistic in ("min", "max"):
            return min(parts) if statistic == "min" else max(parts)
        return sum(part * size for part, size in zip(parts, sizes, strict=True)) / sum(sizes)

    value = of(values)
    low, high = (min(of(lows), value), max(of(highs), value)) if banded else (None, None)  # rounding must not part them
    return Estimate(value, low, high, None if statistic == "count" else sum(sizes))
