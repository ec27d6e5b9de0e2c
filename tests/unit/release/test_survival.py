import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from flaneur.data.private import PrivateDataError
from flaneur.release.survival import Survival, survival

KAPLAN_MEIER_1958 = ([0.8, 1.0, 2.7, 3.1, 5.4, 7.0, 9.2, 12.1], [1, 0, 0, 1, 1, 0, 1, 0])
"""The example of section 2 of Kaplan and Meier, J. Am. Stat. Assoc. 53 (1958): months until death, and losses."""
SIX_MP = (
    [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35],
    [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0],
)
"""Weeks of remission under 6-MP, and whether it ended: Freireich et al., Blood 21 (1963)."""

stays = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=30)


def curve(data: tuple[list[float], list[int]]) -> Survival:
    return survival(np.array(data[0], np.float64), np.array(data[1], np.bool_))


def test_the_example_of_kaplan_and_meier() -> None:
    found = curve(KAPLAN_MEIER_1958)
    assert found.time_s.tolist() == [0.8, 3.1, 5.4, 9.2]
    assert found.share.tolist() == pytest.approx([7 / 8, 7 / 10, 21 / 40, 21 / 80])


def test_the_remissions_of_freireich() -> None:
    """Shares and standard errors as in Klein and Moeschberger (2003), table 4.1B; the mean as R's survfit prints it."""
    found = curve(SIX_MP)
    assert found.time_s.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert found.share.round(3).tolist() == [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert found.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert found.quantile(0.5).value == 23
    mean = found.restricted_mean()
    assert (round(mean.value, 2), round((mean.high - mean.low) / 2 / 1.96, 2)) == (23.29, 2.83)
    assert np.isnan(found.quantile(0.9).value)
    assert np.isnan(found.quantile(0.5).high)


def test_nobody_stayed() -> None:
    found = curve(([], []))
    assert np.isnan([*found.quantile(0.5), *found.restricted_mean()]).all()


def test_only_stays_that_were_cut_off_have_no_median() -> None:
    found = curve(([3.0, 5.0], [0, 0]))
    assert np.isnan(found.quantile(0.5).value)
    assert found.restricted_mean(3.0).value == 3.0
    assert np.isnan(found.restricted_mean(6.0).value)


@pytest.mark.parametrize(
    ("stay_s", "complete"), [([-1.0], [True]), ([np.nan], [True]), ([np.inf], [False]), ([1.0], [True, False])]
)
def test_impossible_stays_are_refused(stay_s: list[float], complete: list[bool]) -> None:
    with pytest.raises(ValueError, match="stay"):
        survival(np.array(stay_s), np.array(complete))


def test_a_quantile_is_a_share() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        curve(SIX_MP).quantile(1.0)


def test_curves_stay_in_memory() -> None:
    with pytest.raises(PrivateDataError):
        curve(SIX_MP).__reduce__()


@given(stays)
def test_scipy_draws_the_same_curve_and_band(rows: list[tuple[int, bool]]) -> None:
    stay_s, complete = np.array([s for s, _ in rows], np.float64), np.array([c for _, c in rows])
    found = survival(stay_s, complete)
    oracle = stats.ecdf(stats.CensoredData(stay_s[complete], right=stay_s[~complete])).sf
    assert found.share == pytest.approx(oracle.evaluate(found.time_s))
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        band = oracle.confidence_interval(method="log-log")
    inner = (found.share > 0.0) & (found.share < 1.0)
    assert found.low[inner] == pytest.approx(band.low.evaluate(found.time_s)[inner])
    assert found.high[inner] == pytest.approx(band.high.evaluate(found.time_s)[inner])


@given(stays)
def test_without_losses_figures_are_those_of_the_plain_sample(rows: list[tuple[int, bool]]) -> None:
    stay_s = np.array([s for s, _ in rows], np.float64)
    found = survival(stay_s, np.ones(len(rows), np.bool_))
    assert found.restricted_mean().value == pytest.approx(stay_s.mean())
    assert found.quantile(0.5).value == np.median(stay_s)


@given(stays)
def test_a_band_holds_its_figure(rows: list[tuple[int, bool]]) -> None:
    found = survival(np.array([s for s, _ in rows], np.float64), np.array([c for _, c in rows]))
    for figure in (found.quantile(0.5), found.quantile(0.85), found.restricted_mean()):
        assert not figure.low > figure.value
        assert not figure.high < figure.value
