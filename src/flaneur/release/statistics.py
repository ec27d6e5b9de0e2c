"""Statistics of samples with their 95 % bands.

A band says how far a figure may be from what was really there. Two errors of each sample are known: a random one
(`noise`), which averages out over many, and one that all samples of a place share (`bias`), as from the calibration,
which does not.

- Mean of those observed: ± z·√(Σ noise² / n² + b²), with b the mean bias; sums are n times that. It covers what was
  measured, not how next Monday's traffic may differ. (JCGM 100:2008, GUM, 5.1.2 and 5.2.2: uncorrelated and fully
  correlated parts.)
- Quantile of road users: from the order statistic of the rank that the true quantile exceeds with 97.5 %, to that of
  the rank it stays below with 97.5 % (binomial; Hahn and Meeker, Statistical Intervals, 1991, 5.2), each end moved
  outwards by z·b. It therefore also covers which road users happened to come. It never ends at the lowest or highest
  value, which is somebody's; so there is none below a certain number: 9 for a median, 35 for an 85th percentile. The
  noise of single samples widens their spread, so that outer quantiles lie a little too far out: √(s² + noise²) for s.
- Share of road users: the score interval (Wilson, 1927).
- Moments (a density every second, a queue length) follow one another and are not independent: their quantiles and
  extremes have the band of one sample, ± z·√(mean noise² + b²), and their shares none.

Where neither error is known, a band that rests on them alone is missing, not of zero width.
"""

import math

import numpy as np
from scipy.special import bdtr

from flaneur.data.released import Estimate
from flaneur.data.statistics import QUANTILES
from flaneur.release.tally import Cell

Z = 1.959963984540054
"""97.5th percentile of the normal distribution."""
TAIL = 0.025


def estimate(statistic: str, cell: Cell, *, moments: bool) -> Estimate:
    """A statistic of the values of `cell`: one of `STATISTICS` but `count` and `share`; missing when it is empty.

    `moments` says that the samples are moments and not road users.
    """
    n = len(cell)
    if n == 0:
        return Estimate(None, sample_size=0)
    if statistic in QUANTILES:
        share = QUANTILES[statistic]
        if not moments:
            return _of_road_users(share, cell)
        value, half = quantile(cell, share), one_sample(cell)
    elif statistic == "sum":
        value, half = float(cell.value @ cell.count), n * _mean_half(cell)
    elif statistic == "mean":
        value, half = float(cell.value @ cell.count) / n, _mean_half(cell)
    else:
        value, half = float(cell.value[0 if statistic == "min" else -1]), one_sample(cell)
    return _around(value, half, n)


def quantile(cell: Cell, share: float) -> float:
    """The value below which `share` of the samples lie, linear between ranks (Hyndman and Fan, 1996, type 7)."""
    at = (len(cell) - 1) * share
    below, above = _ranked(cell, math.floor(at) + 1), _ranked(cell, math.ceil(at) + 1)
    return below + (above - below) * (at - math.floor(at))


def share_of(part: int, whole: int, *, moments: bool) -> Estimate:
    """The share of `part` in `whole` samples; missing when there are none."""
    if whole == 0:
        return Estimate(None, sample_size=0)
    share = part / whole
    if moments:
        return Estimate(share, sample_size=whole)
    centre = (share + Z**2 / (2 * whole)) / (1 + Z**2 / whole)
    half = Z * math.sqrt(share * (1 - share) / whole + Z**2 / (4 * whole**2)) / (1 + Z**2 / whole)
    # Rounding must not put an end that is exactly 0 or 1 on the wrong side of the share.
    return Estimate(share, min(max(centre - half, 0.0), share), max(min(centre + half, 1.0), share), whole)


def one_sample(cell: Cell) -> float:
    """Half the width of the band of a single sample."""
    n = len(cell)
    return Z * math.hypot(math.sqrt(cell.noise_squares / n), cell.biases / n)


def _mean_half(cell: Cell) -> float:
    n = len(cell)
    return Z * math.hypot(math.sqrt(cell.noise_squares) / n, cell.biases / n)


def _around(value: float, half: float, n: int) -> Estimate:
    return Estimate(value, value - half, value + half, n) if half > 0.0 else Estimate(value, sample_size=n)


def _of_road_users(share: float, cell: Cell) -> Estimate:
    n = len(cell)
    value = quantile(cell, share)
    at_most = bdtr(np.arange(n + 1, dtype=np.float64), n, share)
    first = int(np.searchsorted(at_most, TAIL, "right"))
    last = int(np.searchsorted(at_most, 1.0 - TAIL, "left")) + 1
    if first < 2 or last > n - 1:
        return Estimate(value, sample_size=n)
    bias = Z * cell.biases / n
    return Estimate(value, min(_ranked(cell, first), value) - bias, max(_ranked(cell, last), value) + bias, n)


def _ranked(cell: Cell, rank: int) -> float:
    """The value of a rank, counted from 1."""
    return float(cell.value[cell.upto.searchsorted(rank, "left")])
