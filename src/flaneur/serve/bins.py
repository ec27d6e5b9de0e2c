"""Figures put together for display: totals over the run, and bars that are few enough to be read."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from flaneur.data.released import SHORTEST_INTERVAL_NS
from flaneur.data.statistics import QUANTILES
from flaneur.data.time import MINUTE_NS

MOST_BARS = 96
"""A day in quarters of an hour."""

_STEPS_MIN = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440)

_AVERAGED = "_({})$".format("|".join(("share", "mean", *QUANTILES)))
"""Statistics that add up to nothing: over several intervals they are averaged by their sample sizes."""

Key = tuple[str, str, str, str]
"""measure, place, direction, kind"""
Series = tuple[float | None, ...]
"""A figure per bar; None where nothing was observed."""


@dataclass(frozen=True, slots=True)
class Bins:
    """Equal steps of time, each one bar of a chart."""

    start_ns: int
    width_ns: int
    count: int
    interval_ns: int
    """Step of the figures themselves, at most `width_ns`."""

    @property
    def edges_ns(self) -> tuple[int, ...]:
        """Where bars begin, and the end of the last one."""
        return tuple(self.start_ns + n * self.width_ns for n in range(self.count + 1))


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of a run."""

    bins: Bins
    total: dict[Key, float | None]
    """Over the whole run: the sum of counts, the mean of occupancies by observed time, the highest peak; of other
    statistics the mean of the intervals by their sample sizes."""
    series: dict[Key, Series]
    """The same for each bar."""
    coverage: dict[tuple[str, str], tuple[float, ...]]
    """Observed share of each bar by measure and place."""
    frames: tuple[tuple[float, int, int], ...]
    """For each bar: the observed share, frames seen and dropped of the camera."""
    gaps_ns: tuple[tuple[int, int], ...]
    """Start and end of the periods of which nothing was observed, each of whole intervals."""

    def places(self, measure: str) -> list[str]:
        """Places of `measure`, by name."""
        return sorted({place for m, place, _, _ in self.total if m == measure})

    def directions(self, measure: str, place: str) -> list[str]:
        """Directions there, by name: `in` comes before `out`."""
        return sorted({d for m, p, d, _ in self.total if (m, p) == (measure, place)})

    def sum(self, measure: str, places: Sequence[str], directions: Sequence[str], kinds: Sequence[str]) -> float | None:
        """Sum of the totals; None when none of them was observed."""
        keys = ((measure, p, d, k) for p in places for d in directions for k in kinds)
        found = [value for key in keys if (value := self.total.get(key)) is not None]
        return sum(found) if found else None


def bins_for(table: pl.DataFrame, offset_ns: int = 0) -> Bins:
    """At most `MOST_BARS` steps that begin on the hour, or parts of it, of a clock that is `offset_ns` ahead of UTC."""
    if table.is_empty():
        return Bins(0, SHORTEST_INTERVAL_NS, 0, SHORTEST_INTERVAL_NS)
    first, last = int(table["start_ns"].min()), int(table["end_ns"].max())  # type: ignore[arg-type]
    interval_ns = int((table["end_ns"] - table["start_ns"]).max())  # type: ignore[arg-type]
    steps_ns = [interval_ns, *(minutes * MINUTE_NS for minutes in _STEPS_MIN)]
    wholes = [step for step in steps_ns if step >= interval_ns and step % interval_ns == 0]
    for width_ns in wholes:
        bins = _bins(first, last, width_ns, offset_ns, interval_ns)
        if bins.count <= MOST_BARS:
            return bins
    days = -(-(last - first) // ((MOST_BARS - 1) * wholes[-1]))
    return _bins(first, last, days * wholes[-1], offset_ns, interval_ns)


def _bins(first: int, last: int, width_ns: int, offset_ns: int, interval_ns: int) -> Bins:
    start_ns = first - (first + offset_ns) % width_ns
    return Bins(start_ns, width_ns, -(-(last - start_ns) // width_ns), interval_ns)


def put_together(table: pl.DataFrame, bins: Bins) -> Figures:
    """All that the report shows, from `tables.raw_table`."""
    span_ns = pl.col("end_ns") - pl.col("start_ns")
    binned = table.with_columns(
        bar=(pl.col("start_ns") - bins.start_ns) // bins.width_ns,
        observed_ns=span_ns * pl.col("coverage"),
    )
    key = ["measure", "place", "direction", "kind"]
    total = binned.group_by(key).agg(_figure())
    by_bar = binned.group_by(*key, "bar").agg(_figure()).sort("bar")
    series: dict[Key, list[float | None]] = {}
    for measure, place, direction, kind, bar, value in by_bar.iter_rows():
        series.setdefault((measure, place, direction, kind), [None] * bins.count)[bar] = value
    return Figures(
        bins,
        {(m, p, d, k): value for m, p, d, k, value in total.iter_rows()},
        {name: tuple(values) for name, values in series.items()},
        _coverage(binned, bins),
        _frames(binned, bins),
        _gaps(binned),
    )


def _figure() -> pl.Expr:
    """One figure of several intervals; None when none of them has one."""
    value, name = pl.col("value"), pl.col("measure").first()
    known = value.is_not_null()

    def mean(weight: pl.Expr) -> pl.Expr:
        return (value * weight).sum() / weight.filter(known).sum()

    figure = (
        pl.when(name == "occupancy")
        .then(mean(pl.col("observed_ns")))
        .when((name == "occupancy_peak") | name.str.ends_with("_max"))
        .then(value.max())
        .when(name.str.ends_with("_min"))
        .then(value.min())
        .when(name.str.contains(_AVERAGED))
        .then(mean(pl.col("sample_size")))
        .otherwise(value.sum())
    )
    return pl.when(known.any()).then(figure).alias("figure")


def _coverage(binned: pl.DataFrame, bins: Bins) -> dict[tuple[str, str], tuple[float, ...]]:
    intervals = binned.unique(["measure", "place", "start_ns"])
    shares = intervals.group_by("measure", "place", "bar").agg(pl.col("observed_ns").sum() / bins.width_ns)
    coverage: dict[tuple[str, str], list[float]] = {}
    for measure, place, bar, share in shares.iter_rows():
        coverage.setdefault((measure, place), [0.0] * bins.count)[bar] = min(share, 1.0)
    return {name: tuple(values) for name, values in coverage.items()}


def _frames(binned: pl.DataFrame, bins: Bins) -> tuple[tuple[float, int, int], ...]:
    """Of the whole camera: where places differ, the one that was observed best speaks for it."""
    best = binned.group_by("bar", "start_ns").agg(pl.col("observed_ns", "frames_seen", "frames_dropped").max())
    rows = best.group_by("bar").agg(pl.col("observed_ns", "frames_seen", "frames_dropped").sum())
    frames = [(0.0, 0, 0)] * bins.count
    for bar, observed_ns, seen, dropped in rows.iter_rows():
        frames[bar] = (min(observed_ns / bins.width_ns, 1.0), seen, dropped)
    return tuple(frames)


def _gaps(binned: pl.DataFrame) -> tuple[tuple[int, int], ...]:
    """Also where there are no rows at all between intervals that were observed."""
    intervals = binned.group_by("start_ns", "end_ns").agg(pl.col("observed_ns").max()).sort("start_ns")
    if intervals.is_empty():
        return ()
    reached_ns = int(intervals["start_ns"][0])
    gaps = []
    for start_ns, end_ns, observed_ns in intervals.iter_rows():
        if observed_ns > 0.0:
            if start_ns > reached_ns:
                gaps.append((reached_ns, start_ns))
            reached_ns = end_ns
    last_ns = int(intervals["end_ns"][-1])
    return (*gaps, (reached_ns, last_ns)) if last_ns > reached_ns else tuple(gaps)
