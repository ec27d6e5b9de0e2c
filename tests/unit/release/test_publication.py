import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaneur.data.kinds import ALL_KINDS
from flaneur.data.time import MINUTE_NS, SECOND_NS
from flaneur.release.chunks import STEPS, PublicCount, PublicOccupancy, RowLimit, Tally, TrackLimit, WindowRows
from flaneur.release.noise import Noise
from flaneur.release.publication import NANO, Publication, public_figures
from flaneur.release.sensitivity import Protection, of_sum, rows_influenced

TABLES = (
    PublicCount("crossings", "gate", ALL_KINDS, ("to right", "to left"), RowLimit(10)),
    PublicOccupancy("plaza", ALL_KINDS, (0.0, 20.0)),
)
PUBLICATION = Publication("s", "c", Protection(30 * SECOND_NS, 2, 10 * SECOND_NS), 5 * MINUTE_NS, NANO, TABLES)
CHUNKS = 24


def window(*counts: int, occupancy: int = 0) -> WindowRows:
    return WindowRows(
        start_ns=0,
        from_ns=0,
        until_ns=240 * SECOND_NS,
        chunks=CHUNKS,
        observed_ns=240 * SECOND_NS,
        tallies=(np.array(counts, np.int64), np.array((occupancy,), np.int64)),
    )


def moved_by(*by: int) -> Noise:
    def noise(exact: Tally, l1: int, epsilon: float) -> tuple[Tally, float]:
        return exact + np.array(by[: len(exact)], np.int64), l1 / epsilon

    return noise


def test_what_figures_say_of_themselves() -> None:
    right, left, total, occupancy = public_figures(PUBLICATION, window(30, 12, occupancy=CHUNKS * 2500), moved_by(0, 0))
    assert [right.value, left.value, total.value] == [30, 12, 42]
    assert [right.direction, left.direction, total.direction] == ["to right", "to left", "all"]
    assert occupancy.value == pytest.approx(2.5)
    assert right.coverage == 0.8
    assert right.epsilon == 0.25, "half of 1 for a window, since two may touch; half of that for each table"
    assert right.noise_scale == 2 * rows_influenced(PUBLICATION.protection, 10) / 0.25
    assert (right.start_ns, right.end_ns) == (0, 5 * MINUTE_NS)
    of_mean = of_sum(rows_influenced(PUBLICATION.protection, 1), 0, 20) / CHUNKS
    assert occupancy.noise_scale == pytest.approx(of_mean / 0.25), "a mean over padded rows"


@given(counts=st.tuples(st.integers(0, 500), st.integers(0, 500)), by=st.tuples(*[st.integers(-9999, 9999)] * 2))
def test_no_count_is_negative_and_totals_agree_with_their_parts(counts: tuple[int, int], by: tuple[int, int]) -> None:
    right, left, total, occupancy = public_figures(PUBLICATION, window(*counts, occupancy=STEPS), moved_by(*by))
    assert max(right.value, left.value) <= 10 * CHUNKS, "more rows than there can be"
    assert occupancy.high <= 20.0
    assert total.value == right.value + left.value
    for figure in (right, left, total, occupancy):
        assert 0.0 <= figure.low <= figure.value <= figure.high


def test_the_band_holds_the_truth_as_often_as_it_says() -> None:
    held, runs = np.zeros(4), 400
    for _ in range(runs):
        figures = list(public_figures(PUBLICATION, window(130, 90, occupancy=CHUNKS * 9000)))
        truth = (130, 90, 220, 9.0)
        held += [figure.low <= one <= figure.high for figure, one in zip(figures, truth, strict=True)]
    assert (held / runs > 0.90).all()


def test_noise_that_would_drown_every_figure_is_refused_before_anything_is_spent() -> None:
    busy = PublicCount("crossings", "gate", ALL_KINDS, ("a", "b"), RowLimit(10_000))
    with pytest.raises(ValueError, match="drown every figure"):
        Publication("s", "c", Protection(86_400, 1000, 1), 86_400, 1000, (busy,))


def test_the_track_limit_needs_less_noise() -> None:
    tight = PublicCount("crossings", "gate", ALL_KINDS, ("a", "b"), TrackLimit(1))
    assert tight.l1(PUBLICATION.protection) * 20 == TABLES[0].l1(PUBLICATION.protection)


@pytest.mark.parametrize(
    ("window_ns", "tables", "nano"),
    [(5 * MINUTE_NS, (), NANO), (20 * SECOND_NS, TABLES, NANO), (45 * SECOND_NS, TABLES, NANO), (MINUTE_NS, TABLES, 3)],
)
def test_what_cannot_be_published_is_refused(window_ns: int, tables: tuple[PublicCount, ...], nano: int) -> None:
    with pytest.raises(ValueError, match=r"publish|window|budget"):
        Publication("s", "c", PUBLICATION.protection, window_ns, nano, tables)
