"""Charts of measures that have statistics, over time and as distributions."""

from collections.abc import Callable, Sequence

from flaneur.data.kinds import ALL_LABEL
from flaneur.data.statistics import measure_name
from flaneur.serve.bins import Series
from flaneur.serve.charts import bar_chart
from flaneur.serve.curves import curve_chart
from flaneur.serve.measured import Measured, colour
from flaneur.serve.plots import FEWEST_BARS, Plot, axis, series_table
from flaneur.serve.sections import Material, Table

CENTRES = ("mean", "median")
HIGHS = ("v85", "p85", "p95", "max")
FEWEST_POINTS = 5
"""Of a curve."""
NOT_OVER_TIME = ("speed_at_density", "acceleration", "headway", "gap", "phase", "lost_time", "red", "alarm_change")
"""What says more over the whole run than in steps of a minute."""
NO_CURVE = ("acceleration",)
FALLING = ("dwell", "waiting")
"""Of stays one asks how many last longer; of everything else how much lies below."""


def over_time(m: Material, measured: Measured, prefix: str) -> list[Plot]:
    """A chart for each place and group of values, and one for each place of numbers of groups."""
    if m.figures.bins.count < FEWEST_BARS or measured.name in NOT_OVER_TIME:
        return []
    pairs = dict.fromkeys((row.place, row.direction) for row in measured.rows if _is_plain(measured))
    found = [_values(m, measured, place, group, f"{prefix}-{n}") for n, (place, group) in enumerate(pairs)]
    places = dict.fromkeys(row.place for row in measured.rows)
    for statistic in measured.numbers:
        found += [_groups(m, measured, place, statistic, f"{prefix}-{statistic}-{n}") for n, place in enumerate(places)]
    return [plot for plot in found if plot is not None]


def _is_plain(measured: Measured) -> bool:
    """Whether it is the values that matter, and not how many there were in each group."""
    return bool(measured.statistics) and not measured.numbers


def _values(m: Material, measured: Measured, place: str, group: str, plot_id: str) -> Plot | None:
    """Bars for the mean or median, dots for a high quantile or the maximum; None where there is no value."""
    unit, factor = measured.shown_in
    statistics = [next((s for s in of if s in measured.statistics), None) for of in (CENTRES, HIGHS)]
    series = {s: _series(m, measured, s, place, group, factor) for s in statistics if s}
    known = [value for one in series.values() for value in one if value is not None]
    bars_known = max((sum(value is not None for value in one) for one in series.values()), default=0)
    if bars_known < FEWEST_BARS or min(known) < 0.0 or not any(known):
        return None
    say, bins = m.words.say, m.figures.bins
    coverage = m.figures.coverage[measure_name(measured.name, next(iter(series))), place]
    bars, dots = ({"value": series[s]} if s else {} for s in statistics)
    label = m.words.listed_label(m.words.place(place), m.words.group(group))
    title = f"{m.words.measure(measured.name)}: {label}"
    marks = zip(("bars_are", "dots_are"), statistics, strict=True)
    said = [say(mark, statistic=say(f"stat_{s}")) for mark, s in marks if s]
    head = [say(f"stat_{s}") for s in series]
    return Plot(
        id=plot_id,
        heading=label,
        chart=bar_chart(bins, m.clock, coverage, bars, peaks=dots, label=axis(m.words)),
        title=f"{title} ({m.words.unit(unit)})",
        description=say("chart_values_desc", n=bins.count, width=m.width, what=", ".join(said)),
        up="",
        down="",
        note=f"{', '.join(said)} ({m.words.unit(unit)})",
        table=series_table(m, head, list(series.values()), coverage, lambda v: m.words.number(v, measured.digits)),
    )


def _series(m: Material, measured: Measured, statistic: str, place: str, group: str, factor: float) -> Series:
    key = (measure_name(measured.name, statistic), place, group, ALL_LABEL)
    missing: Series = (None,) * m.figures.bins.count
    return tuple(None if value is None else value * factor for value in m.figures.series.get(key, missing))


def _groups(m: Material, measured: Measured, place: str, statistic: str, plot_id: str) -> Plot | None:
    """Groups on top of one another; None where there is next to nothing, or one group all the time."""
    factor = 100.0 if statistic == "share" else 1.0
    groups = [g for g in measured.groups if any(row.place == place and row.direction == g for row in measured.rows)]
    series = {group: _series(m, measured, statistic, place, group, factor) for group in groups}
    is_share = statistic == "share"
    told = [any(column) for column in zip(*series.values(), strict=True)]
    several = sum(any(one) for one in series.values()) > 1
    if sum(told) < FEWEST_BARS or (is_share and not several):
        return None
    say, bins = m.words.say, m.figures.bins
    coverage = m.figures.coverage[measure_name(measured.name, statistic), place]
    bars = {colour(measured.groups, group): one for group, one in series.items()}
    label = m.words.place(place)
    write: Callable[[float | None], str] = (
        (lambda v: m.words.share(None if v is None else v / 100)) if is_share else m.words.number
    )
    return Plot(
        id=plot_id,
        heading=label,
        chart=bar_chart(bins, m.clock, coverage, bars, label=m.words.number, top=100.0 if is_share else None),
        title=f"{m.words.measure(measured.name)}: {label} ({say(f'stat_{statistic}')})",
        description=say("chart_groups_desc", n=bins.count, width=m.width),
        up="",
        down="",
        note=say("share_of_time") if is_share else "",
        table=series_table(m, [m.words.group(g) for g in groups], list(series.values()), coverage, write),
    )


def curves(m: Material, measured: Measured, prefix: str) -> list[Plot]:
    """A chart for each place and group, with a curve for each kind."""
    _, factor = measured.shown_in
    by_place: dict[tuple[str, str], dict[str, Sequence[tuple[float, float]]]] = {}
    for row in measured.rows:
        if len(row.quantiles) >= FEWEST_POINTS and _is_plain(measured) and measured.name not in NO_CURVE:
            shown = [(share, value * factor) for share, value in row.quantiles]
            by_place.setdefault((row.place, row.direction), {})[row.kind] = shown
    return [
        _curve(m, measured, place, group, of, f"{prefix}-{n}")
        for n, ((place, group), of) in enumerate(by_place.items())
    ]


def _curve(
    m: Material,
    measured: Measured,
    place: str,
    group: str,
    by_kind: dict[str, Sequence[tuple[float, float]]],
    plot_id: str,
) -> Plot:
    say, unit = m.words.say, m.words.unit(measured.shown_in[0])
    if len(by_kind) == 2:  # one kind, and the same again as all of them
        by_kind = {kind: points for kind, points in by_kind.items() if kind != ALL_LABEL}
    falling = measured.name in FALLING
    what = say("curve_falling" if falling else "curve_rising", unit=unit)
    label = m.words.listed_label(m.words.place(place), m.words.group(group))
    longest = max(by_kind.values(), key=len)
    rows = []
    for share, _ in longest:
        values = [dict(points).get(share) for points in by_kind.values()]
        shown = 1.0 - share if falling else share
        rows.append([m.words.share(shown), *(m.words.number(v, measured.digits) for v in values)])
    return Plot(
        id=plot_id,
        heading=label,
        chart=curve_chart(by_kind, axis(m.words), falling=falling),
        title=f"{m.words.measure(measured.name)}: {label}. {what}",
        description=say("chart_curve_desc"),
        up="",
        down="",
        note=what,
        table=Table([say("stat_share"), *map(m.words.kind, by_kind)], rows),
    )
