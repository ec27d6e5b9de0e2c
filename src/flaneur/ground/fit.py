"""A ground plane from points whose places are known in the picture and in metres.

People click beside the point and read a tape wrongly, so a point's distance from where the plane puts it is judged by
what both would explain. A point that the others contradict is left out and named.
"""

from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from flaneur.data.errors import UserError
from flaneur.ground.lens import Array, Lens
from flaneur.ground.plane import GroundPlane, PointCheck

CLICK_SHARE = 0.002
"""Standard deviation of a click in each axis, in picture widths: 2 px of 1000. Nobody is assumed to do better."""
TAPE_M = 0.03
"""Standard deviation of a measured place in each axis."""
NAMED = 3.7
"""A point is left out when it is so many standard deviations off: one good point in a thousand (chi-squared, 2)."""
LARGEST_M, SMALLEST_M = 2000.0, 0.5
"""Extents of a site that one camera can be calibrated on; beyond them the unit is wrong."""
DEGENERATE = 1e-4
"""Relative size of the weakest equation below which points do not tie down the plane."""
SPREAD_OUT = "choose points that span an area, no three of them in a row"
POOR_SHARE = 0.05
"""Points that are further off than this share of the picture's width do not belong together."""

_PRIOR_DEGREES = 4.0
"""Weight of the assumed click and tape errors against the residuals, in degrees of freedom."""
_MOST_SUBSETS = 1000
_USUAL_FOCAL = 0.9
_FOCAL_LIMITS = (0.25, 6.0)
"""In picture widths: 127° to 10° of view."""


def fit_points(
    picture_px: Array, ground_m: Array, width_px: int, height_px: int, lens: Lens | None = None
) -> GroundPlane:
    """The plane through n >= 4 points, [n, 2] in pixels and [n, 2] in metres, in the same order.

    A homography as in Hartley and Zisserman 2004, chapter 4: found by the best of all fours of points, refined over
    those that agree, its covariance from their residuals, but no smaller than `CLICK_SHARE` and `TAPE_M` allow.
    Without `lens` pixels are taken as square and free of distortion, and the focal length follows from the plane.
    UserError says what is wrong with the points.
    """
    picture, ground = np.asarray(picture_px, np.float64), np.asarray(ground_m, np.float64)
    _check_points(picture, ground)
    used_lens = lens or Lens.plain(width_px, width_px, height_px)
    rays = used_lens.rays(picture)
    if not np.isfinite(rays).all():
        raise UserError(f"{_names(np.isnan(rays[:, 0]))}: the lens shows nothing there; is it the right camera file?")
    middle, extent = ground.mean(axis=0), float(np.abs(ground - ground.mean(axis=0)).max())
    task = _Task(picture, rays, (ground - middle) / extent, used_lens, width_px, extent)
    size = np.linalg.svd(_equations(task.ground, rays), compute_uv=False)
    if size[7] < DEGENERATE * size[0]:
        raise UserError(f"too many of the points lie on one line: {SPREAD_OUT}")
    fit = task.fit()
    if not task.sound(fit):
        raise UserError(task.diagnosis())
    to_unit = np.array(((1 / extent, 0, -middle[0] / extent), (0, 1 / extent, -middle[1] / extent), (0, 0, 1)))
    metres = [np.linalg.inv(task.homography(p) @ to_unit) for p in (fit.p, *(fit.p + fit.steps))]
    if lens is None:
        focal_px = _focal_px(task.homography(fit.p), width_px)
        used_lens = Lens.plain(focal_px, width_px, height_px)
        metres = [m @ np.diag((focal_px / width_px, focal_px / width_px, 1.0)) for m in metres]
    plane = GroundPlane(width_px, height_px, used_lens, metres[0], np.array(metres[1:]), "points")
    residual_px = np.linalg.norm(plane.to_picture(ground) - picture, axis=1)
    residual_m = np.linalg.norm(plane.to_ground(picture) - ground, axis=1)
    check = PointCheck(picture, ground, residual_px, residual_m, fit.used)
    return GroundPlane(width_px, height_px, used_lens, metres[0], np.array(metres[1:]), "points", check)


def _check_points(picture: Array, ground: Array) -> None:
    if picture.ndim != 2 or picture.shape[1:] != (2,) or ground.ndim != 2 or ground.shape[1:] != (2,):
        raise UserError("points of the ground are pairs of numbers: [x, y] in the picture and [x, y] in metres")
    if len(picture) != len(ground):
        raise UserError(
            f"there are {len(picture)} points in the picture and {len(ground)} in metres; "
            "each point needs both, in the same order"
        )
    if len(picture) < 4:
        raise UserError(f"the ground needs 4 points or more, there are {len(picture)}; six let mistakes be found")
    strange = ~np.isfinite(np.concatenate((picture, ground), axis=1)).all(axis=1)
    if strange.any():
        raise UserError(f"{_names(strange)}: not numbers")
    for where, points, same in (("in the picture", picture, 0.5), ("in metres", ground, 0.01)):
        a, b = np.triu_indices(len(points), 1)
        twin = np.flatnonzero(np.linalg.norm(points[a] - points[b], axis=1) < same)
        if len(twin):
            raise UserError(f"points {a[twin[0]] + 1} and {b[twin[0]] + 1} are at the same place {where}; remove one")
    extent = float(np.linalg.norm(np.ptp(ground, axis=0)))
    if not SMALLEST_M <= extent <= LARGEST_M:
        raise UserError(
            f"the points lie {extent:.3g} m apart: no camera's site is so {'small' if extent < 1 else 'large'}; "
            "are they given in metres, not in degrees, feet, millimetres or pixels?"
        )
    _check_spread(picture, "in the picture")
    _check_spread(ground, "in metres")


def _check_spread(points: Array, where: str) -> None:
    extent, width = _extents(points)
    if width < 0.02 * extent:
        raise UserError(f"all points lie on one line {where}: {SPREAD_OUT}")
    if len(points) > 4:
        return
    for three in combinations(range(4), 3):
        if _extents(points[list(three)])[1] < 0.02 * extent:
            a, b, c = (n + 1 for n in three)
            raise UserError(f"points {a}, {b} and {c} lie on one line {where}: {SPREAD_OUT}")


def _extents(points: Array) -> tuple[float, float]:
    """How far points [n, 2] spread along their longest axis and across it."""
    along, across = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    return float(along), float(across)


def _names(which: Any) -> str:
    numbers = [str(n + 1) for n in np.flatnonzero(which)]
    return f"point {numbers[0]}" if len(numbers) == 1 else f"points {', '.join(numbers)}"


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    p: Array
    """[8] homography from unit ground to rays, row by row, its last entry 1."""
    used: NDArray[np.bool_]
    """[n]"""
    steps: Array
    """[8, 8] one standard deviation of `p` in each independent direction, by rows."""
    off_px: Array
    """[n] distance in the picture."""


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """Points to fit; the ground is centred and scaled to 1, so that the last entry of a homography can be 1."""

    picture: Array
    rays: Array
    ground: Array
    lens: Lens
    width_px: int
    extent_m: float

    def homography(self, p: Array) -> Array:
        return np.append(p, 1.0).reshape(3, 3)

    def fit(self) -> _Fit:
        n = len(self.ground)
        used = np.ones(n, np.bool_)
        p = _exact(self.ground, self.rays)
        if n > 5:
            p, agree = self._consensus()
            if agree.sum() >= max(5, n // 2 + 1):
                used = agree
        while True:
            p, root, steps, spread = self._refined(p, used)
            off = self._off_px(p)
            left_out = np.flatnonzero(~used)
            doubt = np.array([self._distance(p, steps, root[i], spread, off[i], int(i)) for i in left_out])
            back = left_out[doubt < NAMED] if len(left_out) else left_out
            if not len(back):
                return _Fit(p, used, steps, np.linalg.norm(off, axis=1))
            used = used.copy()
            used[back] = True

    def sound(self, fit: _Fit) -> bool:
        """Whether a camera above the ground can see the points so."""
        return self._plausible(fit.p, fit.used, fit.off_px)

    def _plausible(self, p: Array, used: NDArray[np.bool_], off_px: Array) -> bool:
        return self._possible(p, used) and float(off_px[used].max()) < POOR_SHARE * self.width_px

    def _possible(self, p: Array, used: NDArray[np.bool_]) -> bool:
        ahead = self.ground[used] @ p[6:] + 1.0
        return bool((ahead > 0).all()) and float(np.linalg.det(self.homography(p))) < 0

    def diagnosis(self) -> str:
        """What is wrong with points that no camera can see like this."""
        if self._with(self.ground * (1.0, -1.0)):
            return (
                "seen from above, the points in metres go round the other way than in the picture: either the two "
                "lists run in opposite orders, or y does not point to the left of x (then change the sign of all y)"
            )
        n = len(self.ground)
        swaps = []
        for a, b in combinations(range(n), 2):
            order = np.arange(n)
            order[[a, b]] = b, a
            if self._with(self.ground[order]):
                swaps.append((a + 1, b + 1))
        if len(swaps) == 1:
            return f"the order of the points does not fit: points {swaps[0][0]} and {swaps[0][1]} seem to be swapped"
        return (
            "the points in metres do not fit to those in the picture: no camera above a flat ground can see them so; "
            "check that both lists have the same order, and that no four of them lie beyond a slope or a kerb"
        )

    def _with(self, ground: Array) -> bool:
        other = _Task(self.picture, self.rays, ground, self.lens, self.width_px, self.extent_m)
        p = _exact(other.ground, other.rays)
        return other._plausible(p, np.ones(len(ground), np.bool_), np.linalg.norm(other._off_px(p), axis=1))

    def _consensus(self) -> tuple[Array, NDArray[np.bool_]]:
        """The homography of the four points that most others agree with (MSAC, Torr and Zisserman 2000)."""
        n = len(self.ground)
        if comb(n, 4) <= _MOST_SUBSETS:
            fours = np.array(list(combinations(range(n), 4)))
        else:
            rng = np.random.default_rng(0)
            fours = np.array([rng.choice(n, 4, replace=False) for _ in range(_MOST_SUBSETS)])
        best, best_cost, best_agree = _exact(self.ground, self.rays), np.inf, np.ones(n, np.bool_)
        for four in fours:
            p = _exact(self.ground[four], self.rays[four])
            if not self._possible(p, np.isin(np.arange(n), four)):
                continue
            distance = self._quick_distance(p)
            cost = float(np.sum(np.minimum(distance, NAMED) ** 2))
            if cost < best_cost:
                best, best_cost, best_agree = p, cost, distance < NAMED
        return best, best_agree

    def _quick_distance(self, p: Array) -> Array:
        """Standard deviations by which points are off, where click or tape alone would explain it."""
        off_px = np.linalg.norm(self._off_px(p), axis=1)
        back = np.concatenate((self.rays, np.ones((len(self.rays), 1))), 1) @ np.linalg.inv(self.homography(p)).T
        with np.errstate(divide="ignore", invalid="ignore"):
            off_m = np.linalg.norm(back[:, :2] / back[:, 2:] - self.ground, axis=1) * self.extent_m
            off_m = np.where(back[:, 2] > 0, off_m, np.inf)
            out: Array = 1.0 / np.hypot(self.width_px * CLICK_SHARE / off_px, TAPE_M / off_m)
        return out

    def _off_px(self, p: Array) -> Array:
        out = self.ground @ self.homography(p)[:, :2].T + self.homography(p)[:, 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            seen = np.where(out[:, 2:] > 1e-6, out[:, :2] / out[:, 2:], np.nan)
        return np.nan_to_num(self.lens.picture(seen) - self.picture, nan=10.0 * self.width_px)

    def _refined(self, p: Array, used: NDArray[np.bool_]) -> tuple[Array, Array, Array, float]:
        """Least squares over the points in use: `p`, whitening [n, 2, 2], `steps`, variance against what is assumed."""
        for _ in range(2):
            root = self._whitening(p)

            def whitened(q: Array, root: Array = root) -> Array:
                off: Array = np.einsum("nij,nj->ni", root[used], self._off_px(q)[used]).ravel()
                return off

            found = least_squares(whitened, p, x_scale="jac", method="trf", max_nfev=200)
            p = found.x
        spare = 2 * int(used.sum()) - 8
        spread = max(1.0, (2 * found.cost + _PRIOR_DEGREES) / (spare + _PRIOR_DEGREES))
        _, size, axes = np.linalg.svd(found.jac, full_matrices=False)
        return p, root, axes / np.maximum(size, 1e-9)[:, None] * np.sqrt(spread), spread

    def _whitening(self, p: Array) -> Array:
        """[n, 2, 2] that turn pixels into standard deviations of click and tape together."""
        step = 1e-4
        moves = [
            _Task(self.picture, self.rays, self.ground + d, self.lens, self.width_px, self.extent_m)._off_px(p)
            for d in np.array(((step, 0), (-step, 0), (0, step), (0, -step)))
        ]
        px_per_m = np.stack((moves[0] - moves[1], moves[2] - moves[3]), -1) / (2 * step * self.extent_m)
        variance = np.eye(2) * (self.width_px * CLICK_SHARE) ** 2 + TAPE_M**2 * px_per_m @ px_per_m.swapaxes(1, 2)
        root: Array = np.linalg.inv(np.linalg.cholesky(variance))
        return root

    def _distance(self, p: Array, steps: Array, root: Array, spread: float, off: Array, i: int) -> float:
        """Standard deviations between a point and where the others put it, which is not exactly known either."""
        moved = np.array([root @ (self._off_px(p + step)[i] - off) for step in steps])
        variance = np.eye(2) * spread + moved.T @ moved
        z = root @ off
        return float(np.sqrt(z @ np.linalg.solve(variance, z)))


def _exact(ground: Array, rays: Array) -> Array:
    """[8] the homography of points, least squares in algebraic distance where there are more than four."""
    return np.asarray(np.linalg.lstsq(_equations(ground, rays), rays.T.ravel(), rcond=None)[0], np.float64)


def _equations(ground: Array, rays: Array) -> Array:
    """[2n, 8] linear equations of the direct linear transformation."""
    (x, y), (u, v) = ground.T, rays.T
    one, no = np.ones(len(x)), np.zeros(len(x))
    rows: Array = np.concatenate(
        (
            np.stack((x, y, one, no, no, no, -u * x, -u * y), 1),
            np.stack((no, no, no, x, y, one, -v * x, -v * y), 1),
        )
    )
    return rows


def _focal_px(homography: Array, width_px: int) -> float:
    """Focal length that makes the two ground axes of a homography to rays (of focal length `width_px`) perpendicular
    and equally long, by least squares (Zhang 2000, section 2.3, for square pixels and a centred axis)."""
    a, b = homography[:, 0], homography[:, 1]
    across = np.array((a[:2] @ b[:2], a[:2] @ a[:2] - b[:2] @ b[:2]))
    ahead = np.array((a[2] * b[2], a[2] ** 2 - b[2] ** 2))
    square = -float(across @ ahead) / max(float(across @ across), 1e-30)
    focal = 1.0 / np.sqrt(square) if square > 0 else np.inf
    return float(width_px * (focal if _FOCAL_LIMITS[0] < focal < _FOCAL_LIMITS[1] else _USUAL_FOCAL))
