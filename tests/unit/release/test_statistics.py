import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from flaneur.data.statistics import QUANTILES, STATISTICS, measure_name, split_name
from flaneur.release.statistics import estimate, quantile, share_of
from flaneur.release.tally import Cell, Tally
from support.samples import samples


def cell(values: list[float], noise: float = 0.0, bias: float = 0.0, resolution: float = 0.01) -> Cell:
    tally = Tally.none(resolution).with_samples(samples(values, noise=noise, bias=bias))
    (owner,) = tally.owners()
    return tally.cell(owner)


hundredths = st.integers(-5000, 20_000).map(lambda n: n / 100)
many = st.lists(hundredths, min_size=1, max_size=60)


@given(many, st.sampled_from(sorted(QUANTILES)))
def test_quantiles_and_means_are_those_of_numpy(values: list[float], name: str) -> None:
    found = cell(values)
    assert quantile(found, QUANTILES[name]) == pytest.approx(np.quantile(values, QUANTILES[name]), abs=1e-9)
    assert estimate("mean", found, moments=False).value == pytest.approx(np.mean(values), abs=1e-9)
    assert estimate("sum", found, moments=False).value == pytest.approx(np.sum(values), abs=1e-6)
    assert estimate("max", found, moments=True).value == pytest.approx(max(values))
    assert estimate("min", found, moments=True).value == pytest.approx(min(values))


@settings(max_examples=60)
@given(st.lists(hundredths, min_size=1, max_size=80, unique=True), st.sampled_from([0.15, 0.5, 0.85]))
def test_the_band_of_a_quantile_is_that_of_scipy(values: list[float], share: float) -> None:
    """scipy's confidence interval of a quantile (Conover) has an infinite end where the ranks do not suffice."""
    name = next(name for name, of in QUANTILES.items() if of == share)
    found = estimate(name, cell(values), moments=False)
    test = stats.quantile_test(values, p=share)
    expected = test.confidence_interval(0.95)
    somebodys = {min(values), max(values)} & {expected.low, expected.high}
    if math.isnan(expected.low) or math.isnan(expected.high) or somebodys:
        assert found.low is None
    else:
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_a_quantile_of_few_has_no_band() -> None:
    values = [float(n) for n in range(100)]
    bands = {n: estimate("v85", cell(values[:n]), moments=False).high for n in (34, 35)}
    assert bands[34] is None
    assert bands[35] == 33.0, "the second highest; the highest is somebody's"
    assert estimate("median", cell(values[:8]), moments=False).low is None
    assert estimate("median", cell(values[:9]), moments=False).low == 1.0


def test_noise_averages_out_and_what_all_share_does_not() -> None:
    one, hundred = (estimate("mean", cell([10.0] * n, noise=2.0), moments=False) for n in (1, 100))
    assert one.high == pytest.approx(10 + 1.96 * 2.0, abs=1e-3)
    assert hundred.high == pytest.approx(10 + 1.96 * 0.2, abs=1e-3)
    shared = estimate("mean", cell([10.0] * 100, noise=2.0, bias=0.5), moments=False)
    assert shared.low == pytest.approx(10 - 1.96 * math.hypot(0.2, 0.5), abs=1e-3)
    wider = estimate("v85", cell([10.0] * 100, bias=0.5), moments=False)
    assert (wider.low, wider.high) == pytest.approx((10 - 0.98, 10 + 0.98), abs=1e-3)


def test_the_band_of_a_mean_covers_the_mean_of_those_observed() -> None:
    """1000 intervals of 8 cars whose speeds are known, measured with noise and one error of the calibration each."""
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(1000):
        true = rng.normal(12.0, 3.0, 8)
        measured = true * (1 + rng.normal(0.0, 0.03)) + rng.normal(0.0, 0.6, 8)
        found = estimate("mean", cell(measured.tolist(), noise=0.6, bias=12.0 * 0.03, resolution=1e-6), moments=False)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= true.mean() <= found.high
    assert 930 <= held <= 970


def test_without_known_errors_there_is_no_band() -> None:
    assert estimate("mean", cell([1.0, 2.0]), moments=False).low is None
    assert estimate("median", cell([1.0] * 100), moments=True).low is None


def test_moments_have_the_band_of_one_sample() -> None:
    found = estimate("max", cell([1.0, 5.0], noise=0.3, bias=0.4), moments=True)
    assert (found.value, found.high) == (5.0, pytest.approx(5 + 1.96 * 0.5, abs=1e-3))


@given(st.integers(0, 50), st.integers(1, 50))
def test_the_band_of_a_share_is_wilsons(part: int, others: int) -> None:
    whole = part + others
    found = share_of(part, whole, moments=False)
    expected = stats.binomtest(part, whole).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert share_of(part, whole, moments=True).low is None


def test_nobody_is_missing_and_not_zero() -> None:
    nobody = Cell.joined(())
    for name in STATISTICS:
        if name not in ("count", "share"):
            found = estimate(name, nobody, moments=False)
            assert (found.value, found.sample_size) == (None, 0)
    assert share_of(0, 0, moments=False).value is None


@pytest.mark.parametrize("measure", ["speed", "queue_length", "los"])
@pytest.mark.parametrize("statistic", STATISTICS)
def test_names_come_apart_again(measure: str, statistic: str) -> None:
    assert split_name(measure_name(measure, statistic)) == (measure, statistic)


@pytest.mark.parametrize("name", ["crossings", "passages", "flow", "occupancy", "occupancy_peak"])
def test_counts_have_no_statistic_in_their_name(name: str) -> None:
    assert split_name(name) == (name, "")
