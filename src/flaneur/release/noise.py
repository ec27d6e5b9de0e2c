"""Noise for public figures: the discrete Laplace mechanism of OpenDP over whole numbers.

Whole numbers, because floating-point noise gives itself away in its lowest bits (Mironov, CCS 2012). Laplace and not
Gauss, because its guarantee is pure ε, without a δ that somebody would have to explain, and it adds up by appearance:
an event that touches a share of the chunks it is allowed loses that share of ε. The sampler draws from the operating
system through OpenDP; nothing here can seed it.
"""

import math
from collections.abc import Callable

import numpy as np
import opendp.prelude as dp
from numpy.typing import NDArray

Tally = NDArray[np.int64]
Noise = Callable[[Tally, int, float], tuple[Tally, float]]
"""(exact, how much one event can change it in L1, ε) -> (noisy, scale of the noise)."""

LEVEL = 0.95
LARGEST = 2**53
"""Beyond this a scale is no longer a whole number that floating point can tell from its neighbour."""

dp.enable_features("contrib")  # OpenDP asks for this where the proof of a part has not been vetted by its reviewers yet


def laplace(exact: Tally, l1: int, epsilon: float) -> tuple[Tally, float]:
    """ε-differentially private `exact`, int64 [n], if one event changes it by `l1` at most; and the noise's scale.

    ValueError for an ε or a bound that is no privacy at all.
    """
    if not 0.0 < epsilon < math.inf:
        raise ValueError(f"ε must be a positive number, not {epsilon}")
    if not is_possible(l1, epsilon):
        raise ValueError(f"noise for a change of {l1} by one event and ε = {epsilon:g} would drown every figure")
    scale = l1 / epsilon
    mechanism = _mechanism(scale)
    while _loss(mechanism, l1) > epsilon:  # rounding of the division; OpenDP rounds the loss up
        scale = math.nextafter(scale, math.inf)
        mechanism = _mechanism(scale)
    return np.array(mechanism([int(value) for value in exact]), np.int64), scale


def is_possible(l1: int, epsilon: float) -> bool:
    """Whether there is noise for a change of `l1` by one event."""
    return 0 < l1 < LARGEST * min(epsilon, 1.0)


def _mechanism(scale: float) -> dp.Measurement:
    space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64")
    return dp.m.make_laplace(*space, scale=scale)


def _loss(mechanism: dp.Measurement, l1: int) -> float:
    return float(mechanism.map(d_in=l1))  # type: ignore[no-untyped-call]  # OpenDP has no annotation here


def half_width(scale: float, terms: int = 1) -> int:
    """The least q with P(|Z| <= q) >= 95 %, Z being one discrete Laplace variable or the sum of two."""
    if terms not in (1, 2):
        raise ValueError(f"bands are known of one figure or of the sum of two, not of {terms}")
    below, enough = -1, 1
    while _tail(enough, scale, terms) > 1.0 - LEVEL:
        enough *= 2
    while enough - below > 1:
        middle = (below + enough) // 2
        if _tail(middle, scale, terms) > 1.0 - LEVEL:
            below = middle
        else:
            enough = middle
    return enough


def _tail(q: int, scale: float, terms: int) -> float:
    """P(|Z| > q). With p = exp(-1/scale), P(Z = z) is (1 - p)/(1 + p) p^|z|; the sum of two is their convolution,
    ((1 - p)/(1 + p))² p^|z| (|z| + (1 + p²)/(1 - p²))."""
    p, rest = math.exp(-1.0 / scale), -math.expm1(-1.0 / scale)
    power = math.exp(-(q + 1) / scale)
    if terms == 1:
        return 2.0 * power / (1.0 + p)
    first = (q + 1) * rest + p
    return 2.0 * power / (1.0 + p) ** 2 * (first + (1.0 + p * p) / (1.0 + p))
