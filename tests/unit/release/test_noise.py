import math

import numpy as np
import opendp.prelude as dp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaneur.release.noise import half_width, laplace

MANY = 20_000


@settings(deadline=None)  # the first call loads the library
@given(l1=st.integers(1, 10**6), epsilon=st.floats(1e-3, 10.0))
def test_the_loss_as_opendp_computes_it_is_within_epsilon(l1: int, epsilon: float) -> None:
    noisy, scale = laplace(np.zeros(1, np.int64), l1, epsilon)
    space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64")
    assert dp.m.make_laplace(*space, scale=scale).map(d_in=l1) <= epsilon
    assert math.isclose(scale, l1 / epsilon, rel_tol=1e-12), "and no noise is added in vain"
    assert noisy.dtype == np.int64


def test_noise_is_centred_and_as_wide_as_said() -> None:
    exact = np.full(MANY, 1000, np.int64)
    noisy, scale = laplace(exact, 30, 0.5)
    assert scale == 60.0
    off = np.abs(noisy - 1000)
    assert abs(np.median(noisy) - 1000) < 4
    assert 0.94 < (off <= half_width(scale)).mean() < 0.96
    both = noisy[::2] + noisy[1::2] - 2000
    assert 0.94 < (np.abs(both) <= half_width(scale, 2)).mean() < 0.96


def test_the_widest_noise_there_is() -> None:
    noisy, scale = laplace(np.zeros(3, np.int64), 2**50, 0.5)
    assert scale == 2**51
    assert (np.abs(noisy) < half_width(scale) * 10).all()


def test_two_draws_differ() -> None:
    exact = np.zeros(50, np.int64)
    assert (laplace(exact, 100, 0.1)[0] != laplace(exact, 100, 0.1)[0]).any()


@pytest.mark.parametrize("epsilon", [0.0, -1.0, math.inf, math.nan])
def test_an_epsilon_that_is_none_is_refused(epsilon: float) -> None:
    with pytest.raises(ValueError, match="ε"):
        laplace(np.zeros(1, np.int64), 1, epsilon)


@pytest.mark.parametrize(("l1", "epsilon"), [(0, 1.0), (-3, 1.0), (2**60, 1.0), (2**50, 1e-6)])
def test_a_bound_that_is_none_is_refused(l1: int, epsilon: float) -> None:
    with pytest.raises(ValueError, match="would drown"):
        laplace(np.zeros(1, np.int64), l1, epsilon)


@pytest.mark.parametrize("terms", [1, 2])
@pytest.mark.parametrize("scale", [0.01, 0.5, 1.0, 3.7, 60.0])
def test_the_half_width_is_the_least_that_holds_95_percent(scale: float, terms: int) -> None:
    reach = int(40 * scale) + 20
    one = np.exp(-np.abs(np.arange(-reach, reach + 1)) / scale)
    one /= one.sum()
    mass = one if terms == 1 else np.convolve(one, one)
    middle = len(mass) // 2
    q = half_width(scale, terms)
    assert mass[middle - q : middle + q + 1].sum() >= 0.95 - 1e-9
    assert q == 0 or mass[middle - q + 1 : middle + q].sum() < 0.95


def test_one_term_agrees_with_opendp() -> None:
    for scale in (2.0, 33.3, 500.0):
        theirs = dp.discrete_laplacian_scale_to_accuracy(scale=scale, alpha=0.05)
        assert abs(half_width(scale) - theirs) <= 1.0


def test_bands_of_more_terms_are_not_known() -> None:
    with pytest.raises(ValueError, match="sum of two"):
        half_width(1.0, 3)
