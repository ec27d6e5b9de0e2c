"""Crossings against a second definition of them, in exact arithmetic and with plain loops."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from flaneur.data.geometry import TO_LEFT, TO_RIGHT, Line
from flaneur.measure import crossings
from flaneur.measure.crossings import Lines
from support.walks import Walk, counts, film, play

W, H = 256, 128
"""Powers of two, so that fractions of the picture and pixels convert without rounding."""
OFF_GRID = 1 / 1024 + 1 / 65536
Point = tuple[float, float]


def exactly(a: Point, b: Point, walk: Walk) -> list[int]:
    """Directions of the crossings of segment a–b: signed meetings summed until the foot is a quarter height clear."""
    ax, ay, bx, by = Fraction(a[0]), Fraction(a[1]), Fraction(b[0]), Fraction(b[1])
    feet = [(Fraction(x), Fraction(y)) for x, y in walk.feet]
    reach = (Fraction(walk.height) / 4) ** 2

    def right(p: tuple[Fraction, Fraction]) -> bool:
        return (bx - ax) * (p[1] - ay) - (by - ay) * (p[0] - ax) >= 0

    def far(p: tuple[Fraction, Fraction]) -> bool:
        length2 = (bx - ax) ** 2 + (by - ay) ** 2
        t = min(max(((p[0] - ax) * (bx - ax) + (p[1] - ay) * (by - ay)) / length2, Fraction(0)), Fraction(1))
        return (ax + t * (bx - ax) - p[0]) ** 2 + (ay + t * (by - ay) - p[1]) ** 2 >= reach

    out, net = [], 0
    for number, (p, q) in enumerate(pairwise(feet)):
        if right(p) != right(q):
            # where the way p–q meets the straight line through a and b, as a share of a–b
            side_p = (bx - ax) * (p[1] - ay) - (by - ay) * (p[0] - ax)
            side_q = (bx - ax) * (q[1] - ay) - (by - ay) * (q[0] - ax)
            s = side_p / (side_p - side_q)
            met = (p[0] + s * (q[0] - p[0]), p[1] + s * (q[1] - p[1]))
            along = (met[0] - ax) * (bx - ax) + (met[1] - ay) * (by - ay)
            if 0 <= along <= (bx - ax) ** 2 + (by - ay) ** 2:
                net += 1 if right(q) else -1
        if net and (far(q) or number == len(feet) - 2):
            out.append(TO_RIGHT if net > 0 else TO_LEFT)
            net = 0
    return out


whole = st.tuples(st.integers(0, W), st.integers(0, H))
paths = st.lists(whole, min_size=2, max_size=12)
heights = st.sampled_from([4.0, 16.0, 40.0, 120.0])
inside = st.tuples(st.integers(8, W - 9), st.integers(8, H - 9))


@st.composite
def segments(draw: st.DrawFn) -> tuple[Point, Point]:
    """Level, upright or oblique, ends off the grid of the feet, so that no way leads exactly through an end."""
    x1, y1 = draw(inside)
    x2, y2 = draw(inside)
    lie = draw(st.sampled_from(["level", "upright", "oblique"]))
    a, b = (x1 + OFF_GRID, float(y1)), (x2 - 3 * OFF_GRID, float(y1))
    if lie == "upright":
        a, b = (float(x1), y1 + OFF_GRID), (float(x1), y2 - 3 * OFF_GRID)
    if lie == "oblique":
        a, b = (x1 + OFF_GRID, y1 - OFF_GRID / 4), (x2 - 3 * OFF_GRID, y2 + OFF_GRID / 2)
    return a, b


@settings(deadline=None, max_examples=200)
@given(segments(), paths, heights)
def test_agrees_with_the_exact_definition_on_segments(
    ends: tuple[Point, Point], feet: list[Point], height: float
) -> None:
    a, b = ends
    walk = Walk([(float(x), float(y)) for x, y in feet], height=height)
    params = Lines.in_picture([Line("line", np.array([a, b], np.float64) / (W, H))], W, H)
    told = counts(play(crossings, params, film(walk)))
    expected = exactly(a, b, walk)
    assert told == {(0, d): expected.count(d) for d in (TO_RIGHT, TO_LEFT) if d in expected}


@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(8, H - 8), min_size=2, max_size=7), st.data())
def test_a_line_through_the_whole_picture_counts_what_changes_sides(depths: list[int], data: st.DataObject) -> None:
    """From edge to edge at any bends: who ends on the other side of it crossed it once more in that direction.

    Feet and joints lie on one grid, so that ways lead through joints, along parts and to and fro on them.
    """
    step = 32
    width = step * (len(depths) - 1)
    line = np.array([(n * step, y) for n, y in enumerate(depths)], np.float64) / (width, H)
    grid = st.tuples(st.integers(0, width // 8).map(lambda n: 8 * n), st.integers(0, H))
    joints = st.sampled_from([(n * step, y) for n, y in enumerate(depths)])

    def below(p: tuple[int, int]) -> Fraction:
        n = min(p[0] // step, len(depths) - 2)
        return Fraction(p[1]) - depths[n] - Fraction((depths[n + 1] - depths[n]) * (p[0] - n * step), step)

    off = grid.filter(below)
    feet = [data.draw(off), *data.draw(st.lists(grid | joints, max_size=8)), data.draw(off)]
    params = Lines.in_picture([Line("line", line)], width, H)
    told = play(crossings, params, film(Walk([(float(x), float(y)) for x, y in feet], height=data.draw(heights))))
    assert sum(direction for _, direction, _, _ in told) == int(below(feet[-1]) > 0) - int(below(feet[0]) > 0)
