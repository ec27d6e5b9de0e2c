"""Bar charts as shapes; the template draws them as SVG. All lengths are in the units of the SVG's view box."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flaneur.data.time import MINUTE_NS
from flaneur.serve.bins import Bins, Series
from flaneur.serve.formats import Clock

WIDTH, NARROWEST = 440.0, 220.0
LEFT, RIGHT, TOP, BOTTOM = 40.0, 14.0, 10.0, 24.0
"""Margins around the bars, with room for the labels."""
WIDEST_BAR = 44.0
HEIGHT = 150.0
HEIGHT_MIRRORED = 190.0
WHOLE = 0.995
"""A bar with this much coverage counts as fully observed."""

_TICKS_MIN = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 20160)
_MOST_TICKS = 7


@dataclass(frozen=True, slots=True)
class Tick:
    """A label on an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Shape:
    """Everything of one kind of road user, as one SVG path."""

    kind: str
    path: str


@dataclass(frozen=True, slots=True)
class BarChart:
    """A chart that is ready to be drawn."""

    width: float
    height: float
    zero: float
    """y of the line at 0."""
    right: float
    """x where the bars end."""
    bars: tuple[Shape, ...]
    dots: tuple[Shape, ...]
    partial: str
    """Path of the columns that were observed in part."""
    gaps: str
    """Path of the columns that were not observed."""
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


def bar_chart(
    bins: Bins,
    clock: Clock,
    coverage: Sequence[float],
    up: dict[str, Series],
    down: dict[str, Series] | None = None,
    peaks: dict[str, Series] | None = None,
    *,
    label: Callable[[float], str],
    top: float | None = None,
) -> BarChart:
    """Bars by kind on top of one another; `down` hangs below the line, `peaks` are dots.

    Where nothing was observed there is no bar and the column is marked. `top` fixes the upper end of the axis.
    """
    down, peaks = down or {}, peaks or {}
    height = HEIGHT_MIRRORED if down else HEIGHT
    band = min(WIDEST_BAR, (WIDTH - LEFT - RIGHT) / max(bins.count, 1))
    highest = max(_highest(up), _highest(down), *(_highest({k: s}) for k, s in peaks.items()), 0.0)
    step, end = round_scale(top or highest, halves=bool(down), whole=not peaks)
    inner = height - TOP - BOTTOM
    zero = TOP + inner / 2 if down else TOP + inner
    unit = (zero - TOP) / end
    width = max(NARROWEST, min(WIDTH, LEFT + bins.count * band + RIGHT))
    columns = [LEFT + n * band for n in range(bins.count)]
    bar_x, bar_width = band * 0.09, band * 0.82

    def boxes(series: dict[str, Series], sign: float) -> tuple[Shape, ...]:
        stacked = [0.0] * bins.count
        shapes = []
        for kind, values in series.items():
            path = []
            for n, value in enumerate(values):
                if value:
                    y = zero - sign * stacked[n] * unit
                    path.append(box(columns[n] + bar_x, y, bar_width, -sign * value * unit))
                    stacked[n] += value
            shapes.append(Shape(kind, "".join(path)))
        return tuple(shapes)

    def strips(wanted: Callable[[float], bool]) -> str:
        chosen = (x for x, share in zip(columns, coverage, strict=True) if wanted(share))
        return "".join(box(x, TOP, band, inner) for x in chosen)

    return BarChart(
        width=round(width, 1),
        height=height,
        zero=round(zero, 2),
        right=round(LEFT + bins.count * band, 2),
        bars=boxes(up, 1.0) + boxes(down, -1.0),
        dots=tuple(Shape(kind, _dots(values, columns, band, zero, unit)) for kind, values in peaks.items()),
        partial=strips(lambda share: 0.0 < share < WHOLE),
        gaps=strips(lambda share: share == 0.0),
        x_ticks=time_ticks(bins, clock, band),
        y_ticks=tuple(
            Tick(round(zero - n * step * unit, 2), label(abs(n) * step))
            for n in range(-round(end / step) if down else 0, round(end / step) + 1)
        ),
    )


def box(x: float, y: float, width: float, height: float) -> str:
    """Path of a rectangle from its upper left corner."""
    return f"M{_c(x)} {_c(y)}h{_c(width)}v{_c(height)}h{_c(-width)}z"


def _c(length: float) -> str:
    """A short coordinate; a tenth is less than anybody sees."""
    return f"{round(length, 1) + 0.0:g}"


def _highest(series: dict[str, Series]) -> float:
    return max((sum(v or 0.0 for v in column) for column in zip(*series.values(), strict=True)), default=0.0)


def round_scale(highest: float, *, halves: bool, whole: bool) -> tuple[float, float]:
    """Step and upper end of an axis from 0 in about four round steps; three where two `halves` share the height.

    Steps of counts are `whole` numbers: half a passage does not exist.
    """
    if highest <= 0.0:
        return 1.0, 1.0
    rough = highest / (3 if halves else 4)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    step = max(step, 1.0) if whole else step
    return step, math.ceil(highest / step * 0.999) * step


def _dots(values: Series, columns: list[float], band: float, zero: float, unit: float) -> str:
    """Lines of no length, which round caps turn into dots."""
    points = ((x + band / 2, zero - v * unit) for x, v in zip(columns, values, strict=True) if v)
    return "".join(f"M{_c(x)} {_c(y)}h0" for x, y in points)


def time_ticks(bins: Bins, clock: Clock, band: float) -> tuple[Tick, ...]:
    """Labels below the bars where one begins at a round time; the date stands at midnight."""
    span_ns = bins.width_ns * max(bins.count, 1)
    wide_enough = [m * MINUTE_NS for m in _TICKS_MIN if m * MINUTE_NS >= bins.width_ns]
    step_ns = next((step for step in wide_enough if span_ns / step <= _MOST_TICKS), span_ns)
    ticks = []
    for n, edge_ns in enumerate(bins.edges_ns):
        since_ns = edge_ns + clock.offset_ns(edge_ns) if clock.dated else edge_ns
        if since_ns % step_ns >= bins.width_ns:
            continue
        midnight = clock.dated and since_ns % (1440 * MINUTE_NS) < bins.width_ns
        label = clock.short_date(edge_ns) if midnight else clock.time(edge_ns)
        ticks.append(Tick(round(LEFT + n * band, 2), label))
    return tuple(ticks)
