"""Curves of distributions as shapes; the template draws them as SVG, in the units of its view box."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flaneur.serve.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Shape, Tick, round_scale

Points = Sequence[tuple[float, float]]
"""(share, value) as in `Distribution.quantiles`."""


@dataclass(frozen=True, slots=True)
class CurveChart:
    """A chart that is ready to be drawn."""

    width: float
    height: float
    zero: float
    right: float
    curves: tuple[Shape, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


def curve_chart(curves: dict[str, Points], label: Callable[[float], str], *, falling: bool) -> CurveChart:
    """Share of road users over the value: of those below it, or, when `falling`, of those above it."""
    values = [value for points in curves.values() for _, value in points]
    step, _ = round_scale(max(values) - min(*values, 0.0), halves=False, whole=False)
    begin, end = step * math.floor(min(*values, 0.0) / step), step * max(math.ceil(max(values) / step), 1)
    inner_x, inner_y = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    zero = TOP + inner_y

    def x(value: float) -> float:
        return round(LEFT + (value - begin) / (end - begin) * inner_x, 1)

    def y(share: float) -> float:
        return round(zero - (1.0 - share if falling else share) * inner_y, 1)

    def path(points: Points) -> str:
        return "M" + "L".join(f"{x(value):g} {y(share):g}" for share, value in points)

    steps = round((end - begin) / step)
    return CurveChart(
        width=WIDTH,
        height=HEIGHT,
        zero=round(zero, 2),
        right=round(WIDTH - RIGHT, 2),
        curves=tuple(Shape(kind, path(points)) for kind, points in curves.items()),
        x_ticks=tuple(Tick(x(begin + n * step), label(begin + n * step)) for n in range(steps + 1)),
        y_ticks=tuple(Tick(round(zero - n / 4 * inner_y, 2), f"{25 * n} %") for n in range(5)),
    )
