"""The charts of a report with their words, and the tables behind them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flaneur.serve.bins import Series
from flaneur.serve.charts import BarChart, bar_chart
from flaneur.serve.curves import CurveChart
from flaneur.serve.formats import Words
from flaneur.serve.sections import Group, Material, Table, presence_places, sum_known

FEWEST_BARS = 3
"""Fewer than that many say less than a table."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A chart with its words and the table behind it."""

    id: str
    heading: str
    chart: BarChart | CurveChart | None
    title: str
    description: str
    up: str
    down: str
    note: str
    table: Table


def count_plots(m: Material, group: Group) -> list[Plot]:
    """Counts over time, a chart for each place."""
    return [_count_plot(m, group, place, f"{group.id}-{n}") for n, place in enumerate(group.places)]


def _count_plot(m: Material, group: Group, place: str, plot_id: str) -> Plot:
    say, bins = m.words.say, m.figures.bins
    directions = m.figures.directions(group.measure, place)
    by_direction = [_of_kinds(m, group.measure, place, direction) for direction in directions]
    up, down = (*by_direction, {}, {})[:2]
    names = [m.words.direction(direction) for direction in directions]
    both = say("chart_up_down", up=names[0], down=names[1]) if len(names) > 1 else say("chart_up")
    coverage = m.figures.coverage[group.measure, place]
    sums = [sum_known([series[n] for kinds in by_direction for series in kinds.values()]) for n in range(bins.count)]
    label = m.words.place(place)
    head = [
        f"{name}: {m.kind(kind)}" if len(names) > 1 else m.kind(kind)
        for name, kinds in zip(names, by_direction, strict=True)
        for kind in kinds
    ]
    columns = [series for kinds in by_direction for series in kinds.values()]
    return Plot(
        id=plot_id,
        heading=label,
        chart=bar_chart(bins, m.clock, coverage, up, down, label=m.words.number) if any(sums) else None,
        title=say("chart_counts", place=label),
        description=say("chart_desc", n=bins.count, width=m.width, up=both),
        up=names[0] if len(names) > 1 else "",
        down=names[1] if len(names) > 1 else "",
        note=_busiest(m, sums) if any(coverage) else say("unobserved"),
        table=series_table(m, head, columns, coverage, m.words.number),
    )


def _of_kinds(m: Material, measure: str, place: str, direction: str) -> dict[str, Series]:
    """Series of the kinds that were counted there at all."""
    keys = {kind: (measure, place, direction, kind) for kind in m.kinds}
    return {kind: m.figures.series[key] for kind, key in keys.items() if m.figures.total.get(key)}


def _busiest(m: Material, sums: Sequence[float | None]) -> str:
    known = [(value, -n) for n, value in enumerate(sums) if value]
    if not known:
        return m.words.say("no_counts")
    value, n = max(known)
    return m.words.say("busiest", width=m.width, value=m.words.number(value), when=m.periods()[-n])


def series_table(
    m: Material,
    head: Sequence[str],
    columns: Sequence[Series],
    coverage: Sequence[float],
    write: Callable[[float | None], str],
) -> Table:
    """A row for each bar: when it is, `columns` under their `head`, and how much was observed."""
    rows = [
        [period, *(write(column[n]) for column in columns), m.words.share(share)]
        for n, (period, share) in enumerate(zip(m.periods(), coverage, strict=True))
    ]
    return Table([m.words.say("interval"), *head, m.words.say("covered")], rows)


def presence_plots(m: Material) -> list[Plot]:
    """Presence over time, a chart for each place and kind that was ever there."""
    pairs = [(place, kind) for place in presence_places(m) for kind in m.kinds]
    present = [pair for pair in pairs if m.figures.total.get(("occupancy", pair[0], "", pair[1]))]
    return [_presence_plot(m, place, kind, f"presence-{n}") for n, (place, kind) in enumerate(present)]


def _presence_plot(m: Material, place: str, kind: str, plot_id: str) -> Plot:
    say, bins = m.words.say, m.figures.bins
    mean = m.figures.series["occupancy", place, "", kind]
    peak = m.figures.series.get(("occupancy_peak", place, "", kind), (None,) * bins.count)
    coverage = m.figures.coverage["occupancy", place]
    label = m.words.place(place)
    table = series_table(m, [say("mean"), say("peak")], [mean, peak], coverage, m.words.mean)
    for row, value in zip(table.rows, peak, strict=True):
        row[2] = m.words.number(value)
    return Plot(
        id=plot_id,
        heading=f"{label}: {m.kind(kind)}",
        chart=bar_chart(bins, m.clock, coverage, {kind: mean}, peaks={kind: peak}, label=axis(m.words)),
        title=say("chart_presence", place=label, kind=m.kind(kind)),
        description=say("chart_presence_desc", n=bins.count, width=m.width),
        up="",
        down="",
        note="",
        table=table,
    )


def axis(words: Words) -> Callable[[float], str]:
    """Whole numbers without digits behind them."""
    return lambda value: words.number(value, 0 if value == round(value) else 1 if value >= 0.1 else 2)


def coverage_plot(m: Material) -> Plot:
    """Observed share and frames over time."""
    say, bins = m.words.say, m.figures.bins
    shares = tuple(share for share, _, _ in m.figures.frames)
    rows = [
        [period, m.words.number(seen), m.words.number(dropped), m.words.share(share)]
        for period, (share, seen, dropped) in zip(m.periods(), m.figures.frames, strict=True)
    ]
    percent = tuple(100.0 * share for share in shares)
    return Plot(
        id="coverage",
        heading=say("chart_coverage"),
        chart=bar_chart(bins, m.clock, shares, {"covered": percent}, label=m.words.number, top=100.0),
        title=say("chart_coverage"),
        description=say("chart_coverage_desc", n=bins.count, width=m.width),
        up="",
        down="",
        note="",
        table=Table([say("interval"), say("frames_seen"), say("frames_dropped"), say("covered")], rows),
    )
