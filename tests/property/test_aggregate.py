"""Laws of the figures of intervals."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from flaneur.data.kinds import Kind
from flaneur.data.private import Events, Presence
from flaneur.data.released import Distribution, Measurement
from flaneur.data.time import MINUTE_NS, SECOND_NS
from flaneur.release.aggregate import AggregateParams, Counted, IntervalAggregator, Sampled
from support.samples import samples

KINDS = (Kind.PEDESTRIAN, Kind.CAR)
LINES = Counted.lines((("a", "right", "left"), ("b", "right", "left")))
law = settings(deadline=None, max_examples=80)

ordinary = st.integers(SECOND_NS // 100, SECOND_NS)
gap = st.integers(SECOND_NS + 1, 4 * MINUTE_NS)
Stream = tuple[int, list[tuple[int, int]]]
Late = dict[int, list[tuple[int, int, int, int]]]
Case = tuple[Stream, Late]


@st.composite
def streams(draw: st.DrawFn, shortest: int = 2) -> Stream:
    """Start of the video, and time and number present of each of its frames: stretches of even rate with gaps."""
    time_ns, frames = 0, []
    for _ in range(draw(st.integers(1, 4))):
        step = draw(ordinary)
        for _ in range(draw(st.integers(shortest if frames else 2, 120))):
            frames.append((time_ns, draw(st.integers(0, 3))))
            time_ns += step
        time_ns += draw(st.just(0) | gap)
    return draw(st.integers(0, 2**61)), frames


def presence(time_ns: int, number: int) -> Presence:
    count = np.zeros((1, len(Kind)), np.int32)
    count[0, Kind.CAR] = number
    return Presence(time_ns, count)


def events(rows: list[tuple[int, int, int, int]]) -> Events:
    columns = np.array(rows, np.int64).reshape(-1, 4).T
    return Events(columns[0], columns[1].astype(np.int32), columns[2].astype(np.int8), columns[3].astype(np.uint8))


def aggregator(start_ns: int) -> IntervalAggregator:
    return IntervalAggregator(AggregateParams("s", "c", KINDS, (LINES,), start_ns=start_ns))


@st.composite
def told(draw: st.DrawFn) -> Case:
    """A stream, and by frame number the events that become known there, of that moment or any earlier one."""
    start_ns, frames = draw(streams())
    late: Late = {}
    for number in draw(st.sets(st.integers(0, len(frames) - 1), max_size=8)):
        row = st.tuples(
            st.integers(0, frames[number][0]), st.integers(0, 1), st.sampled_from([1, -1]), st.sampled_from(KINDS)
        )
        late[number] = draw(st.lists(row, min_size=1, max_size=4))
    return (start_ns, frames), late


def figures(stream: Stream, late: Late | None = None, backwards: bool = False) -> list[Measurement]:
    start_ns, frames = stream
    agg, out = aggregator(start_ns), []
    for number, (time_ns, count) in enumerate(frames):
        agg.frame(presence(time_ns, count))
        rows = (late or {}).get(number, [])
        agg.events(LINES, events(rows[::-1] if backwards else rows))
        out += agg.complete()
    return out + agg.finish()


@law
@given(told())
def test_sums_over_intervals_are_the_totals(case: Case) -> None:
    stream, late = case
    out = figures(stream, late)
    rows = [row for part in late.values() for row in part]
    for place, name in enumerate(("a", "b")):
        for direction, label in ((1, "right"), (-1, "left")):
            for kind in KINDS:
                expected = sum(row[1:] == (place, direction, kind) for row in rows)
                found = [m.value or 0 for m in out if (m.place, m.direction, m.kind) == (name, label, kind.label)]
                assert sum(found) == expected


@law
@given(told())
def test_the_order_of_events_means_nothing(case: Case) -> None:
    assert figures(*case) == figures(*case, backwards=True)


@law
@given(streams(shortest=1), st.floats(0.0, 1.0))
def test_telling_of_silence_in_a_gap_changes_nothing(stream: Stream, share: float) -> None:
    start_ns, frames = stream
    agg, out = aggregator(start_ns), []
    for (time_ns, count), (next_ns, _) in pairwise([*frames, frames[-1]]):
        agg.frame(presence(time_ns, count))
        if next_ns - time_ns > SECOND_NS:
            agg.silence(time_ns + 1 + round(share * (next_ns - time_ns - 2)))
        out += agg.complete()
    assert out + agg.finish() == figures(stream)


@law
@given(streams(shortest=1))
def test_coverage_and_occupancy_follow_from_what_each_frame_is_good_for(stream: Stream) -> None:
    start_ns, frames = stream
    spans, ordinary_ns = [], 0
    for (a, number), (b, _) in [*pairwise(frames), (frames[-1], (10**30, 0))]:
        if b - a <= SECOND_NS:
            ordinary_ns = b - a
            spans.append((start_ns + a, start_ns + b, number))
        else:
            end = (start_ns + a) // MINUTE_NS * MINUTE_NS + MINUTE_NS
            spans.append((start_ns + a, min(start_ns + a + ordinary_ns, end), number))
    out = figures(stream)
    starts = sorted({m.start_ns for m in out})
    first, last = (start_ns + frames[0][0]) // MINUTE_NS, (start_ns + frames[-1][0]) // MINUTE_NS
    assert starts == [n * MINUTE_NS for n in range(first, last + 1)]
    for start in starts:
        inside = [(min(b, start + MINUTE_NS) - max(a, start), number) for a, b, number in spans]
        inside = [(length, number) for length, number in inside if length > 0]
        observed = sum(length for length, _ in inside)
        here = [number for t, number in frames if start <= start_ns + t < start + MINUTE_NS]
        for m in (m for m in out if m.start_ns == start):
            assert m.coverage == observed / MINUTE_NS
            assert 0.0 <= m.coverage <= 1.0
            assert (m.coverage > 0) == (m.frames_seen > 0)
            assert m.frames_seen == len(here)
            if (m.measure, m.kind) == ("occupancy", "car") and observed:
                mean = Fraction(sum(length * number for length, number in inside), observed)
                assert m.value is not None
                assert abs(m.value - mean) < 1e-9
                assert m.value <= max(number for _, number in inside)
            if (m.measure, m.kind) == ("occupancy_peak", "car") and observed:
                assert m.value == max(here)


@law
@given(told(), st.data())
def test_two_halves_of_a_stream_count_what_the_whole_counts(case: Case, data: st.DataObject) -> None:
    (start_ns, frames), late = case
    assume(len(frames) >= 4)
    cut = data.draw(st.integers(2, len(frames) - 2))
    before = {n: rows for n, rows in late.items() if n < cut}
    after = {n - cut: rows for n, rows in late.items() if n >= cut}
    halves = figures((start_ns, frames[:cut]), before) + figures((start_ns, frames[cut:]), after)
    whole = figures(*case)
    assert _crossings(halves) == _crossings(whole)
    assert sum({m.start_ns: m.frames_seen for m in whole}.values()) == len(frames)


def _crossings(out: list[Measurement]) -> float:
    return sum(m.value or 0.0 for m in out if m.measure == "crossings")


sampled_rows = st.lists(
    st.tuples(
        st.integers(0, 299),  # second
        st.integers(0, 1),
        st.sampled_from(KINDS),
        st.integers(0, 300).map(lambda n: n / 10),
    ),
    max_size=60,
)
SPEED = Sampled("speed", "m/s", ("a",), ("count", "mean", "v85"), (("right", "left"),))


def statistics(
    rows: list[tuple[int, int, Kind, float]], told_at_once: int
) -> tuple[list[Measurement], list[Distribution]]:
    """Five minutes; each sample is told within `told_at_once` seconds."""
    agg = IntervalAggregator(AggregateParams("s", "c", KINDS, (), sampled=(SPEED,)))
    out: list[Measurement] = []
    waiting = list(rows)
    for second in range(300):
        agg.frame(presence(second * SECOND_NS, 0))
        if second % told_at_once == told_at_once - 1:
            due = [row for row in waiting if row[0] <= second]
            waiting = [row for row in waiting if row[0] > second]
            if due:
                seconds, groups, kinds, values = zip(*due, strict=True)
                agg.samples(SPEED, samples(values, time_s=seconds, group=groups, kind=kinds))
        out += agg.complete()
    return out + agg.finish(), agg.distributions()


@settings(deadline=None, max_examples=25)
@given(sampled_rows)
def test_statistics_do_not_depend_on_the_order_or_the_portions_of_samples(
    rows: list[tuple[int, int, Kind, float]],
) -> None:
    assert statistics(rows, 1) == statistics(rows[::-1], 10)


@settings(deadline=None, max_examples=25)
@given(sampled_rows)
def test_no_statistic_of_values_rests_on_fewer_than_three(rows: list[tuple[int, int, Kind, float]]) -> None:
    out, run = statistics(rows, 5)
    for m in out:
        minute, side = m.start_ns // MINUTE_NS, ("right", "left").index(m.direction) if m.direction else 0
        own = [r for r in rows if (r[0] // 60, r[1]) == (minute, side)]
        here = [r for r in own if m.kind in ("all", r[2].label)]
        if m.measure == "speed_count":
            assert m.value == len(here)
        elif m.measure in ("speed_mean", "speed_v85"):
            fewest = {"speed_mean": 3, "speed_v85": 7}[m.measure]
            assert (m.value is None) or (m.sample_size or 0) >= fewest
            assert m.kind == "all" or (m.value is None) == (len(here) < fewest)
    total = sum(m.value or 0 for m in out if m.measure == "speed_count" and m.kind == "all")
    assert total == len(rows)
    assert sum(dict(d.estimates)["count"].value or 0 for d in run if d.kind == "all") == len(rows)


@settings(deadline=None, max_examples=25)
@given(sampled_rows)
def test_what_is_hidden_in_a_mean_over_all_kinds_is_nobody_or_three_and_more(
    rows: list[tuple[int, int, Kind, float]],
) -> None:
    """Subtract the kinds that are told from all of them: what remains is about nobody or about three or more."""
    out, _ = statistics(rows, 5)
    means = {(m.start_ns, m.direction, m.kind): m for m in out if m.measure == "speed_mean"}
    for (start_ns, direction, kind), m in means.items():
        if kind == "all" and m.value is not None:
            others = [means.get((start_ns, direction, k.label)) for k in KINDS]
            known = sum(one.sample_size or 0 for one in others if one is not None and one.value is not None)
            assert m.sample_size is not None
            assert m.sample_size - known == 0 or m.sample_size - known >= 3
