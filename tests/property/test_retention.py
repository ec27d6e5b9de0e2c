"""Laws of growing old: totals stay, order does not matter, what is young is not touched."""

import tempfile
from collections import defaultdict
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from flaneur.data.released import Measurement
from flaneur.data.time import MINUTE_NS, SECOND_NS
from flaneur.store import Store
from flaneur.store.retention import Aged, Limits, age
from support.figures import figure

BASE_NS = 1_780_272_000 * SECOND_NS

figures = st.builds(
    lambda minute, kind, measure, value: figure(BASE_NS + minute * MINUTE_NS, value, kind=kind, measure=measure),
    minute=st.integers(0, 400),
    kind=st.sampled_from(["car", "bus"]),
    measure=st.sampled_from(["crossings", "occupancy_peak", "speed_mean"]),
    value=st.integers(0, 50).map(float),
)
stores = st.lists(figures, max_size=40, unique_by=lambda m: (m.start_ns, m.kind, m.measure))
minutes = st.none() | st.integers(0, 420)


def after(written: list[Measurement], *limits: Limits) -> tuple[list[Measurement], list[Aged]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.sqlite"
        with Store.create(path) as store:
            store.write_interval(written)
        told = [age(path, one, lambda _aged: None) for one in limits]
        with Store.open(path, read_only=True) as store:
            return list(store.measurements()), told


def limits_of(delete: int | None, coarsen: int | None) -> Limits:
    at = [None if n is None else BASE_NS + n * MINUTE_NS for n in (delete, coarsen)]
    return Limits(at[0], at[1], 60 * MINUTE_NS)


@settings(max_examples=15, deadline=None)
@given(written=stores, delete=minutes, coarsen=minutes)
def test_every_figure_is_kept_added_up_dropped_or_deleted(
    written: list[Measurement], delete: int | None, coarsen: int | None
) -> None:
    left, (aged,) = after(written, limits_of(delete, coarsen))
    fine = [m for m in left if m.end_ns - m.start_ns == MINUTE_NS]
    assert len(written) == aged.deleted + aged.coarsened + aged.dropped + len(fine)
    assert len(left) - len(fine) == aged.into
    assert set(fine) <= set(written)
    border_ns = BASE_NS + (coarsen or 0) // 60 * 60 * MINUTE_NS
    assert all(m.start_ns >= border_ns for m in fine) or coarsen is None
    assert all(m.end_ns > BASE_NS + (delete or 0) * MINUTE_NS for m in left)


@settings(max_examples=15, deadline=None)
@given(written=stores, coarsen=minutes)
def test_counts_add_up_to_the_same_total_and_peaks_to_the_same_peak(
    written: list[Measurement], coarsen: int | None
) -> None:
    left, _ = after(written, limits_of(None, coarsen))
    for measure, together in (("crossings", sum), ("occupancy_peak", max)):
        totals = [defaultdict(list), defaultdict(list)]
        for total, all_ in zip(totals, (written, left), strict=True):
            for m in all_:
                if m.measure == measure:
                    total[m.kind].append(m.value)
        assert {k: together(v) for k, v in totals[0].items()} == {k: together(v) for k, v in totals[1].items()}


@settings(max_examples=15, deadline=None)
@given(written=stores, steps=st.lists(st.integers(0, 420), min_size=2, max_size=4).map(sorted))
def test_many_small_steps_come_to_the_same_as_one(written: list[Measurement], steps: list[int]) -> None:
    in_steps, _ = after(written, *(limits_of(None, step) for step in steps))
    at_once, _ = after(written, limits_of(None, steps[-1]))
    assert in_steps == at_once
