"""From positions to motion: a smoother with a fixed lag, for all road users at once.

The filter. Position, velocity and acceleration at a look are those of a parabola that is fitted to the track's looks
around it: local polynomial regression of degree two (Fan and Gijbels, Local Polynomial Modelling and Its
Applications, 1996; on even steps that is the filter of Savitzky and Golay, Analytical Chemistry 36 (1964) 1627).
A look t seconds away has the weight (1 − (t/h)²) / sigma_m². The half-width h is the one at which the error from
noise and the error from jerk are smallest together, between two steps and the lag; where a track begins or ends
within h of the look, the window reaches as much farther on the other side.

What it does to speeds. It is linear and keeps parabolas: constant speed comes back exactly, constant acceleration
too but for noise. Where a parabola is more than the looks can bear, at the ends of tracks, the acceleration is drawn
to 0 ± `ACCELERATION_MPS2`; that leaves constant speeds as they are. So each component of a velocity is right in the
mean. The length of a noisy vector is not: it is too long by about sigma_mps² / (2 speed), the bias of Rice
(Gudbjartsson and Patz, Magnetic Resonance in Medicine 34 (1995) 910). For a walker at 1.4 m/s ± 0.1 that is 0.3 %;
somebody who stands seems to creep at 1.25 sigma_mps, so a limit for standing must lie well above sigma_mps.

Of a vehicle the picture shows the near edge of the footprint; its middle lies behind that by half its extent, which
follows from the heading at the moment before. While a vehicle turns, its speed is off by what this makes of it.

Errors of boxes nearer in time than `alike_s` are alike; white noise would average out faster than they do.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import Kind
from flaneur.data.private import GroundTracks, Private
from flaneur.data.time import SECOND_NS, to_ns

Array = NDArray[np.float64]


def _by_kind(pedestrian: float, two_wheeler: float, motorcycle: float, others: float) -> Array:
    """A table indexed by the codes of `Kind`."""
    first = {Kind.PEDESTRIAN: pedestrian, Kind.MOTORCYCLE: motorcycle}
    first |= dict.fromkeys((Kind.TWO_WHEELER, Kind.BICYCLE), two_wheeler)
    return np.array([first.get(kind, others) for kind in Kind])


JERK_MPS3 = _by_kind(1.0, 1.5, 2.0, 2.0)
"""How much accelerations change in everyday traffic, standard deviation. h goes with its power of 2/7 only."""
ACCELERATION_MPS2 = _by_kind(1.0, 1.5, 2.0, 2.0)
"""Accelerations in everyday traffic, standard deviation."""
TELLING_MPS = _by_kind(0.7, 2.0, 5.0, 5.0)
"""A speed with a larger deviation than this, about half a usual speed, tells nothing and is not given."""
FASTEST_MPS = _by_kind(12.0, 30.0, 70.0, 70.0)
"""Nobody is faster: a step or a speed beyond is a mistake in the calibration, in the unit or of the tracker."""
MOVING_MPS = 0.3
"""Slower than this a road user does not show where it points to."""
CERTAIN = 3.0
"""How many deviations a speed must be above zero, or above the fastest, to be believed."""
FEWEST_LOOKS = 3
"""A parabola has three unknowns."""
FEWEST_STEPS = 2.0
"""Half-width of the narrowest window, in mean steps between looks: where steps are uneven, three looks still fit in."""
_OPTIMUM = 315.0
"""Minimises (J h² / 14)² + 15/7 σ² dt / h³: squared error from jerk J, and from noise, of the slope in the middle of a
track; the constants are those of the kernel 1 − u²."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Located(Private):
    """Road users on the ground at one look, n rows, before anything is known of their motion."""

    time_ns: int
    xy_m: Array
    """[n, 2] middle of the footprint, or of its near edge: see `behind`."""
    sigma_m: Array
    """[n] standard deviation in each axis, random, > 0."""
    scale_sigma: Array
    """[n] relative standard deviation of lengths from the calibration."""
    heading_rad: Array
    """[n] counter-clockwise from x; NaN where it is to be found out from the motion."""
    size_m: Array
    """[n, 2] length and width of the footprint."""
    behind: Array
    """[n, 2] where only the near edge of the footprint was seen and `xy_m` is there, the way from it to the middle per
    metre of depth; 0 where `xy_m` is the middle."""
    depth_rad: Array
    """[n] the direction in which depth is measured; any where `behind` is 0."""
    track_id: NDArray[np.int64]
    """[n] each once."""
    kind: NDArray[np.uint8]
    """[n] codes of `Kind`."""
    ended: NDArray[np.int64]
    """[m] tracks that were seen before and never come back."""

    def __len__(self) -> int:
        return len(self.track_id)


@dataclass(frozen=True, slots=True)
class MotionParams:
    """What the smoother may be told. ValueError for times that make no sense."""

    lag_s: float = 1.0
    """How far the output runs behind: what smoothing can look ahead. Two steps between looks at least."""
    alike_s: float = 0.0
    """Correlation time of the errors: 0 for looks that know nothing of one another."""

    def __post_init__(self) -> None:
        if not 0.0 < self.lag_s < np.inf or not 0.0 <= self.alike_s < np.inf:
            raise ValueError("lag_s must be a time above 0 s and alike_s one from 0 s on")


class MotionSmoother:
    """Takes one `Located` after the other, gives each back as `GroundTracks`, once and in order, `lag_s` later."""

    def __init__(self, params: MotionParams | None = None) -> None:
        self._params = params or MotionParams()
        self.seen = np.zeros(len(Kind), np.int64)
        """[kinds] road users so far."""
        self.implausible = np.zeros(len(Kind), np.int64)
        """[kinds] those among them that seemed faster than `FASTEST_MPS`: their jumps break the track, their speeds are
        withheld."""
        self._waiting: deque[Located] = deque()
        self._looks = _Looks()

    def step(self, located: Located) -> list[GroundTracks]:
        """One look, later than all before (else ValueError); the moments that are complete with it."""
        if self._waiting and located.time_ns <= self._waiting[-1].time_ns:
            raise ValueError(f"a look at {located.time_ns} ns after one at {self._waiting[-1].time_ns} ns")
        self._waiting.append(located)
        self._remember(located)
        due_ns = located.time_ns - to_ns(self._params.lag_s)
        out = []
        while self._waiting[0].time_ns <= due_ns:
            out.append(self._smoothed(self._waiting.popleft()))
        return out

    def flush(self) -> list[GroundTracks]:
        """The moments that are left. What comes next is another video; the counts go on."""
        out = [self._smoothed(located) for located in self._waiting]
        self._waiting.clear()
        self._looks = _Looks()
        return out

    def _remember(self, located: Located) -> None:
        looks = self._looks
        new = looks.admit(located.track_id)
        np.add.at(self.seen, located.kind[new], 1)
        still_ns = self._waiting[0].time_ns - to_ns(2.0 * self._params.lag_s)
        jumped = looks.put(located, still_ns)
        self._flag(looks.places(located.track_id[jumped]), located.kind[jumped])

    def _flag(self, row: NDArray[np.intp], kind: NDArray[np.uint8]) -> None:
        first = ~self._looks.flagged[row]
        np.add.at(self.implausible, kind[first], 1)
        self._looks.flagged[row] = True

    def _smoothed(self, located: Located) -> GroundTracks:
        looks, kind = self._looks, located.kind
        row = looks.places(located.track_id)
        fit = _fit(looks, row, located, self._params)
        speed = np.hypot(*fit.velocity_mps.T)
        impossible = speed > FASTEST_MPS[kind] + CERTAIN * fit.sigma_mps
        self._flag(row[impossible], kind[impossible])
        unknown = impossible | ~(fit.sigma_mps <= TELLING_MPS[kind])
        for column in (fit.velocity_mps, fit.acceleration_mps2, fit.sigma_mps):
            column[unknown] = np.nan
        moving = ~unknown & (speed > np.maximum(MOVING_MPS, CERTAIN * fit.sigma_mps))
        looks.heading_rad[row[moving]] = np.arctan2(fit.velocity_mps[moving, 1], fit.velocity_mps[moving, 0])
        heading = np.where(np.isnan(located.heading_rad), looks.heading_rad[row], located.heading_rad)
        looks.evict(located.ended)
        return GroundTracks(
            time_ns=located.time_ns,
            xy_m=fit.xy_m,
            velocity_mps=fit.velocity_mps,
            acceleration_mps2=fit.acceleration_mps2,
            heading_rad=heading,
            size_m=located.size_m,
            sigma_m=fit.sigma_m,
            sigma_mps=fit.sigma_mps,
            scale_sigma=located.scale_sigma,
            track_id=located.track_id,
            kind=kind,
            ended=located.ended,
        )


class _Looks:
    """The last seconds of all live tracks: one column per track and one row per look, both in any order."""

    def __init__(self) -> None:
        self.time_ns = np.zeros(0, np.int64)
        """[k] of each look."""
        self.window = np.zeros((6, 0, 0))
        """[6, k, m] x and y in metres; precision 1 / sigma_m², 0 where the track was not seen; piece: how often the
        track had jumped by then; x and y of `behind`."""
        self.last_ns = np.zeros(0, np.int64)
        """[m] of the newest look."""
        self.last = np.zeros((4, 0))
        """[4, m] of the newest look: x, y, sigma in metres, and its piece; NaN before the first."""
        self.heading_rad = np.zeros(0)
        self.flagged = np.zeros(0, np.bool_)
        self._track_id = np.zeros(0, np.int64)
        """Sorted."""
        self._place = np.zeros(0, np.intp)
        """Column of each of them."""
        self._free = np.zeros(0, np.intp)
        """Columns of nobody."""

    def places(self, track_id: NDArray[np.int64]) -> NDArray[np.intp]:
        """Columns of tracks that are all there."""
        return self._place[self._track_id.searchsorted(track_id)]

    def admit(self, track_id: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Makes columns for those that have none; True for these."""
        new = ~np.isin(track_id, self._track_id)
        n = int(np.count_nonzero(new))
        if n:
            if n > len(self._free):
                self._widen(n)
            ids, (place, self._free) = np.sort(track_id[new]), np.split(self._free, [n])
            self.window[:, :, place], self.last[:, place], self.heading_rad[place] = 0.0, np.nan, np.nan
            self.flagged[place] = False
            at = self._track_id.searchsorted(ids)
            self._track_id, self._place = np.insert(self._track_id, at, ids), np.insert(self._place, at, place)
        return new

    def evict(self, track_id: NDArray[np.int64]) -> None:
        """Forgets those of `track_id` that are there."""
        gone = np.isin(self._track_id, track_id)
        if gone.any():
            self._free = np.concatenate((self._free, self._place[gone]))
            self._track_id, self._place = self._track_id[~gone], self._place[~gone]

    def _widen(self, n: int) -> None:
        m = len(self.flagged)
        more = max(n, m // 4)
        for name in ("window", "last_ns", "last", "heading_rad", "flagged"):
            column = getattr(self, name)
            setattr(self, name, np.concatenate((column, np.zeros((*column.shape[:-1], more), column.dtype)), axis=-1))
        self._free = np.concatenate((self._free, np.arange(m, m + more)))

    def put(self, located: Located, still_ns: int) -> NDArray[np.bool_]:
        """Adds a look; looks from `still_ns` on are still needed. True for tracks that jumped."""
        at = self.places(located.track_id)
        x, y, sigma, piece = self.last[:, at]
        passed_s = (located.time_ns - self.last_ns[at]) / SECOND_NS
        way = np.hypot(located.xy_m[:, 0] - x, located.xy_m[:, 1] - y)
        jumped: NDArray[np.bool_] = way > FASTEST_MPS[located.kind] * passed_s + CERTAIN * np.hypot(
            located.sigma_m, sigma
        )  # NaN, and so False, for the new
        piece = np.where(np.isnan(piece), 0.0, piece) + jumped
        row = self._row(still_ns)
        self.time_ns[row] = located.time_ns
        self.window[:, row] = 0.0
        self.window[:, row, at] = *located.xy_m.T, located.sigma_m**-2.0, piece, *located.behind.T
        self.last[:, at] = *located.xy_m.T, located.sigma_m, piece
        self.last_ns[at] = located.time_ns
        return jumped

    def _row(self, still_ns: int) -> int:
        """A row that can be overwritten."""
        if len(self.time_ns) and self.time_ns.min() < still_ns:
            return int(self.time_ns.argmin())
        self.window = np.pad(self.window, ((0, 0), (0, 1), (0, 0)))
        self.time_ns = np.append(self.time_ns, 0)
        return len(self.time_ns) - 1


@dataclass(frozen=True, slots=True)
class _Fit:
    """Columns of `GroundTracks`; position as it was seen and the rest NaN where there are too few looks."""

    xy_m: Array
    sigma_m: Array
    velocity_mps: Array
    acceleration_mps2: Array
    sigma_mps: Array


def _fit(looks: _Looks, at: NDArray[np.intp], located: Located, params: MotionParams) -> _Fit:
    """Parabolas through the looks around the one of `located`, whose tracks have the places `at`.

    All m tracks are fitted and those of `located` picked at the end: so the k looks need no shuffling.
    """
    sigma, kind = np.ones(len(looks.flagged)), np.zeros(len(looks.flagged), np.uint8)
    sigma[at], kind[at] = located.sigma_m, located.kind
    lag_ns = to_ns(params.lag_s)
    near = np.flatnonzero((looks.time_ns >= located.time_ns - 2 * lag_ns) & (looks.time_ns <= located.time_ns + lag_ns))
    t = (looks.time_ns[near] - located.time_ns) / SECOND_NS
    here = int(np.flatnonzero(t == 0.0)[0])
    step_s = float(np.ptp(t)) / (len(t) - 1) if len(t) > 1 else params.lag_s
    alike = 1.0 / np.tanh(0.5 * step_s / params.alike_s) if params.alike_s else 1.0
    x, y, precision, piece, behind_x, behind_y = looks.window[:, near]
    if located.behind.any():
        depth_m = np.zeros(len(kind))
        depth_m[at] = _half_depth(located, looks.heading_rad[at])
        x += behind_x * depth_m
        y += behind_y * depth_m
    origin = np.stack((x[here], y[here]))
    x -= origin[0]
    y -= origin[1]
    precision /= alike
    own = (precision > 0.0) & (piece == piece[here])
    best_s = (_OPTIMUM * step_s * alike * (sigma / JERK_MPS3[kind]) ** 2) ** (1 / 7)
    kernel = _kernel(
        t[:, None], own, np.clip(best_s, min(FEWEST_STEPS * step_s, params.lag_s), params.lag_s), params.lag_s
    )
    weight = kernel * precision
    powers = t ** np.arange(6)[:, None]
    parabola = powers[:3] * ((1.0,), (1.0,), (0.5,))
    sums, noise = powers @ weight, powers[:5] @ (weight * kernel)
    inverse = _inverse(sums, 1.0 / ACCELERATION_MPS2[kind] ** 2)
    x *= weight
    y *= weight
    target = np.stack((parabola @ x, parabola @ y))
    state = np.einsum("ijm,cjm->icm", inverse, target)[..., at].transpose(0, 2, 1)
    errors = _errors(inverse, sums, noise, kind)[:, at]
    few = np.count_nonzero(kernel, axis=0)[at] < FEWEST_LOOKS
    state[0, few], state[1:, few], errors[0, few], errors[1, few] = 0.0, np.nan, np.inf, np.nan
    sigma_m = np.minimum(errors[0], located.sigma_m)
    return _Fit(origin.T[at] + state[0], sigma_m, state[1].copy(), state[2].copy(), errors[1].copy())


def _half_depth(located: Located, heading_rad: Array) -> Array:
    """Half the extent [n] of footprints in the direction of depth; length and width count alike without a heading."""
    half_length, half_width = 0.5 * located.size_m.T
    cos, sin = np.cos(heading_rad - located.depth_rad), np.sin(heading_rad - located.depth_rad)
    depth = half_length * np.abs(cos) + half_width * np.abs(sin)
    out: Array = np.where(np.isnan(heading_rad), 0.5 * (half_length + half_width), depth)
    return out


def _kernel(t: Array, own: NDArray[np.bool_], half_s: Array, lag_s: float) -> Array:
    """Weights [k, m] in time of looks at `t` [k, 1], for half-widths [m]; 0 where the look is not the track's `own`."""
    when = np.where(own, t, 0.0)
    back = half_s + np.maximum(half_s - when.max(axis=0), 0.0)
    on = np.minimum(half_s + np.maximum(half_s + when.min(axis=0), 0.0), lag_s)
    kernel: Array = 1.0 - t * t * np.where(t < 0.0, back**-2.0, on**-2.0)
    return np.where(own, np.maximum(kernel, 0.0), 0.0)


def _inverse(sums: Array, ridge: Array) -> Array:
    """Inverses [3, 3, m] of the normal equations, from the sums [5 or more, m] of powers of t and the prior [m].

    Tracks with too few looks get 0.
    """
    a, b, d = sums[0], sums[1], sums[2]
    c, e, f = 0.5 * d, 0.5 * sums[3], 0.25 * sums[4] + ridge
    ia, ib, ic = d * f - e * e, c * e - b * f, b * e - c * d
    id_, ie, if_ = a * f - c * c, b * c - a * e, a * d - b * b
    det = a * ia + b * ib + c * ic
    solvable = det > 1e-12 * a * d * f
    scale = np.where(solvable, 1.0, 0.0) / np.where(solvable, det, 1.0)
    inverse: Array = np.array(((ia, ib, ic), (ib, id_, ie), (ic, ie, if_))) * scale
    return inverse


def _errors(inverse: Array, sums: Array, noise: Array, kind: NDArray[np.uint8]) -> Array:
    """Standard deviations [2, m] of position and velocity: noise, jerk within the window, and the pull on acceleration.

    sums [6, m] and noise [5, m] are sums of powers of t, with the weights and with the variances of what they weight.
    """
    p, v, a = inverse[:, :2]  # what each of the three targets adds to position and velocity
    n0, n1, n2, n3, n4 = noise
    spread = p * p * n0 + v * v * n2 + 0.25 * a * a * n4 + 2.0 * p * v * n1 + p * a * n2 + v * a * n3
    jerk = JERK_MPS3[kind] * (p * sums[3] + v * sums[4] + 0.5 * a * sums[5]) / 6.0
    pull = a / ACCELERATION_MPS2[kind]
    errors: Array = np.sqrt(np.maximum(spread, 0.0) + jerk * jerk + pull * pull)
    return errors
