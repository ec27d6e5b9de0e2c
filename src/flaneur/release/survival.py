"""How long stays last when some are cut off: the product-limit estimate of Kaplan and Meier (1958).

Somebody who is still in a zone when the video ends, or was there before it began, stayed at least as long as was seen.
To leave these stays out, or to take them as complete, makes every figure too short. The estimate holds if being cut off
has nothing to do with how long somebody means to stay.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flaneur.data.private import Private

Z_95 = 1.959963984540054
"""Half the width of a 95 % band in standard deviations of a normal distribution."""
AS_GOOD_AS = 1e-9
"""Shares closer than this are the same: products of fractions are seldom exactly a half."""


class Banded(NamedTuple):
    """A figure with its 95 % band; NaN where the data do not reach far enough to tell."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Survival(Private):
    """Share of stays that last longer than a time: steps at the k times at which complete stays ended."""

    time_s: NDArray[np.float64]
    """[k] strictly increasing."""
    share: NDArray[np.float64]
    """[k] from each time on."""
    low: NDArray[np.float64]
    """[k] lower limit of the 95 % band at each time alone."""
    high: NDArray[np.float64]
    """[k]"""
    at_risk: NDArray[np.int64]
    """[k] stays that had lasted as long."""
    ended: NDArray[np.int64]
    """[k] complete stays of exactly this length."""
    longest_s: float
    """The longest stay seen, complete or not: nothing is known beyond it; NaN without any stay."""

    def quantile(self, share: float) -> Banded:
        """The time by which `share` of all stays have ended, e.g. the median at 0.5.

        Where exactly that share has ended between two times, their middle. The band is where those of the curve cross
        the same level (Brookmeyer and Crowley, 1982).
        """
        if not 0.0 < share < 1.0:
            raise ValueError(f"a quantile lies between 0 and 1, {share} does not")
        level = 1.0 - share
        return Banded(*(self._first(curve, level) for curve in (self.share, self.low, self.high)))

    def restricted_mean(self, horizon_s: float | None = None) -> Banded:
        """Mean stay where all longer ones count as `horizon_s`: the area under the curve up to there.

        Without a horizon, up to the longest stay seen: the plain mean if that stay is complete. The band uses
        Greenwood's variance (Klein and Moeschberger, *Survival Analysis*, 2003, section 4.5). NaN beyond `longest_s`.
        """
        horizon_s = self.longest_s if horizon_s is None else horizon_s
        if not horizon_s <= self.longest_s:
            return Banded(np.nan, np.nan, np.nan)
        time_s = np.minimum(np.concatenate(([0.0], self.time_s, [np.inf])), horizon_s)
        areas = np.diff(time_s) * np.concatenate(([1.0], self.share))
        beyond = areas.sum() - np.cumsum(areas)[:-1]
        left = self.at_risk - self.ended
        variance = self.ended / (self.at_risk * np.maximum(left, 1)) * beyond**2
        error = Z_95 * np.sqrt(variance.sum())
        mean = float(areas.sum())
        return Banded(mean, max(mean - error, 0.0), mean + error)

    def _first(self, curve: NDArray[np.float64], level: float) -> float:
        reached = np.flatnonzero(curve <= level + AS_GOOD_AS)
        if not len(reached):
            return np.nan
        n = reached[0]
        if curve[n] < level - AS_GOOD_AS:
            return float(self.time_s[n])
        below = np.flatnonzero(curve < level - AS_GOOD_AS)
        return float((self.time_s[n] + self.time_s[below[0]]) / 2) if len(below) else float(self.time_s[n])


def survival(stay_s: NDArray[np.float64], complete: NDArray[np.bool_]) -> Survival:
    """The curve for stays [n] of which those that are not `complete` [n] lasted at least as long as given.

    The band is Greenwood's on the scale of log(−log), which stays between 0 and 1 and is right for few stays too
    (Kalbfleisch and Prentice, 1980). ValueError for lengths that are negative or not finite.
    """
    if stay_s.shape != complete.shape or stay_s.ndim != 1:
        raise ValueError(f"{stay_s.shape} lengths of stays, but {complete.shape} flags")
    if not (np.isfinite(stay_s) & (stay_s >= 0.0)).all():
        raise ValueError("the length of a stay is finite and not negative")
    time_s, ended = np.unique(stay_s[complete], return_counts=True)
    at_risk = len(stay_s) - np.searchsorted(np.sort(stay_s), time_s)
    share = np.cumprod(1.0 - ended / at_risk).astype(np.float64, copy=False)
    low, high = _band(share, at_risk, ended)
    return Survival(time_s, share, low, high, at_risk, ended, float(stay_s.max()) if len(stay_s) else np.nan)


def _band(
    share: NDArray[np.float64], at_risk: NDArray[np.int64], ended: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """95 % band of the curve; where nobody is left there is no upper limit but the one before."""
    left = at_risk - ended
    variance = np.cumsum(ended / (at_risk * np.maximum(left, 1)))
    inner = (left > 0) & (share < 1.0)
    log_share = np.log(np.where(inner, share, 0.5))
    spread = Z_95 * np.sqrt(variance) / -log_share
    low = np.where(inner, np.exp(log_share * np.exp(spread)), 0.0)
    high = np.where(inner, np.exp(log_share * np.exp(-spread)), 1.0)
    return low, np.minimum.accumulate(high)
