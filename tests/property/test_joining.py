"""Laws of a period: what runs and days it is cut into changes nothing of what it tells."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from flaneur.data.notes import Note
from flaneur.data.released import RunFacts
from flaneur.data.time import MINUTE_NS
from flaneur.run.days import begin_ns
from flaneur.run.joining import distributions, join_runs, runs_of
from flaneur.serve.report import Metres, render_report
from support.figures import Scene, facts

BERLIN = ZoneInfo("Europe/Berlin")
CHANGES = (date(2026, 3, 29), date(2026, 10, 25))
QUARTERS = 100
"""Of an hour, in the longest day."""


def scene(start_ns: int, quarters: int = QUARTERS) -> Scene:
    covered = ((45, 0.0), (60, 0.0), (300, 0.4))
    return Scene(
        ("North",), ("Square",), edges=False, start_ns=start_ns, minutes=15 * quarters, interval_min=15, covered=covered
    )


def split(whole: RunFacts, cuts_ns: list[int], seconds: int) -> list[RunFacts]:
    """The same run, begun anew at each cut; each part has some of its frames and notes, and ended a bit before."""
    edges = [whole.start_ns, *cuts_ns, whole.end_ns]
    parts = [
        replace(whole, start_ns=a, end_ns=b, frames_seen=100 + n, complete=False, notes=(Note("late", (n,)),))
        for n, (a, b) in enumerate(pairwise(edges))
    ]
    return [replace(one, end_ns=one.end_ns - seconds * 10**9) for one in parts[:-1]] + [parts[-1]]


@settings(max_examples=10, deadline=None)
@given(st.sampled_from(CHANGES), st.sets(st.integers(1, QUARTERS - 1), max_size=8), st.integers(0, 899))
def test_splitting_a_day_into_runs_changes_nothing_in_the_report(day: date, cuts: set[int], seconds: int) -> None:
    start_ns = begin_ns(day, BERLIN)
    figures = list(scene(start_ns).measurements())
    late = sum(range(len(cuts) + 1))
    whole = facts(start_ns=start_ns, end_ns=figures[-1].end_ns, notes=(Note("late", (late,)),))
    runs = split(whole, sorted(start_ns + 15 * cut * MINUTE_NS for cut in cuts), seconds)

    def report(runs: list[RunFacts]) -> str:
        told = join_runs(runs_of(runs, figures[0].start_ns, figures[-1].end_ns), figures)
        metres = Metres(distributions=distributions(figures))
        return render_report(told, figures, metres=metres, period=True)

    assert report(runs) == report([whole])


@given(st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.integers(1, 90), st.sampled_from((1, 15, 60)))
@settings(max_examples=20, deadline=None)
def test_days_add_up(first: date, hours: int, minutes: int) -> None:
    """Frames and seconds of days are those of all of them together, whatever the clocks do."""
    start_ns = begin_ns(first, BERLIN) + 7 * 60 * MINUTE_NS
    made = Scene(edges=False, start_ns=start_ns, minutes=60 * hours, interval_min=minutes, covered=((60, 0.0),))
    figures = [one for one in made.measurements() if one.kind == "car"]
    runs = [facts(start_ns=start_ns, end_ns=figures[-1].end_ns)]
    together = join_runs(runs, figures)
    days = [first + timedelta(days=n) for n in range(6)]
    parts = [
        [f for f in figures if begin_ns(day, BERLIN) <= f.start_ns < begin_ns(day + timedelta(1), BERLIN)]
        for day in days
    ]
    told = [join_runs(runs, part) for part in parts if part]
    assert sum(one.frames_seen for one in told) == together.frames_seen
    assert abs(sum(one.observed_s for one in told) - together.observed_s) < 1e-6
    assert sum(one.end_ns - one.start_ns for one in told) == together.end_ns - together.start_ns
