"""The lens: where a ray of light meets the picture.

A ray is given by its slopes (x, y) = (X/Z, Y/Z) in the camera's axes: X to the right of the picture, Y down, Z ahead.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NO_DISTORTION = np.zeros(5)
_STEPS = 12
"""Newton's steps; five reach 1e-9 for lenses that bend by less than 30 %."""
_EXACT = 1e-9
"""Slopes that come back this close count as found."""


@dataclass(frozen=True, slots=True, eq=False)
class Lens:
    """A camera's focal lengths, centre and distortion, for pictures of one size.

    The distortion is Brown's polynomial (D. C. Brown, "Close-range camera calibration", 1971) in the order that OpenCV
    uses. Tsai (1987) uses its radial part the other way round: from the bent to the straight position.
    """

    focal_px: Array
    """[2] across and down the picture."""
    centre_px: Array
    """[2] where the optical axis meets the picture; the picture's corner is (0, 0)."""
    distortion: Array
    """[5] k1, k2, p1, p2, k3, of slopes."""
    straightens: bool = False
    """True where the polynomial leads from bent to straight slopes (Tsai), False where it bends (Brown, OpenCV)."""

    @classmethod
    def plain(cls, focal_px: float, width_px: float, height_px: float) -> Self:
        """No distortion, square pixels, the axis through the middle of the picture."""
        return cls(np.full(2, float(focal_px)), np.array((width_px / 2, height_px / 2)), NO_DISTORTION)

    def scaled(self, factor: Array) -> Self:
        """For the same picture with `factor` [2] times as many pixels across and down."""
        return type(self)(self.focal_px * factor, self.centre_px * factor, self.distortion, self.straightens)

    def rays(self, xy_px: Array) -> Array:
        """Slopes [n, 2] of the rays that end in pixels [n, 2]; NaN where the lens shows nothing there."""
        bent = (xy_px - self.centre_px) / self.focal_px
        return self._forth(bent) if self.straightens else self._back(bent)

    def picture(self, rays: Array) -> Array:
        """Pixels [n, 2] of rays [n, 2]; NaN where a ray is beyond the polynomial's turning point."""
        bent = self._back(rays) if self.straightens else self._forth(rays)
        return bent * self.focal_px + self.centre_px

    def ray_jacobian(self, xy_px: Array) -> Array:
        """Change of the slopes per pixel, [n, 2, 2]: rows slopes, columns pixels; NaN where `rays` is."""
        if self.straightens:
            bent = (xy_px - self.centre_px) / self.focal_px
            change = _slope(self.distortion, bent)
        else:
            change = inverse(_slope(self.distortion, self.rays(xy_px)))
        return change / self.focal_px

    def _forth(self, xy: Array) -> Array:
        inside = np.einsum("ni,ni->n", xy, xy) < _turning(self.distortion)
        return np.where(inside[:, None], _polynomial(self.distortion, xy), np.nan)

    def _back(self, target: Array) -> Array:
        if not self.distortion.any():
            return target
        farthest = 0.8 * _turning(self.distortion)
        xy = target.copy()
        for _ in range(_STEPS):
            # A start beyond the turning point would walk away from the solution.
            if np.isfinite(farthest):
                xy = xy / np.sqrt(np.maximum(1.0, np.einsum("ni,ni->n", xy, xy) / farthest))[:, None]
            miss = _polynomial(self.distortion, xy) - target
            if not np.abs(miss).max(initial=0.0) > _EXACT / 100:
                break
            (a, b), (_, d) = _slope(self.distortion, xy).transpose(1, 2, 0)
            with np.errstate(divide="ignore", invalid="ignore"):
                xy = (
                    xy
                    - np.stack((d * miss[:, 0] - b * miss[:, 1], a * miss[:, 1] - b * miss[:, 0]), 1)
                    / (a * d - b * b)[:, None]
                )
        found = np.abs(self._forth(xy) - target).max(axis=1, initial=0.0) < _EXACT
        return np.where(found[:, None], xy, np.nan)


def _polynomial(distortion: Array, xy: Array) -> Array:
    k1, k2, p1, p2, k3 = distortion
    x, y = xy.T
    r2 = x * x + y * y
    radial = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))
    return np.stack(
        (x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x), y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y), 1
    )


def _slope(distortion: Array, xy: Array) -> Array:
    """Jacobian of the polynomial, [n, 2, 2]."""
    k1, k2, p1, p2, k3 = distortion
    x, y = xy.T
    r2 = x * x + y * y
    radial = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))
    grow = 2.0 * (k1 + r2 * (2 * k2 + 3 * r2 * k3))
    across = x * y * grow + 2 * p1 * x + 2 * p2 * y
    out: Array = np.empty((len(xy), 2, 2))
    out[:, 0, 0] = radial + x * x * grow + 2 * p1 * y + 6 * p2 * x
    out[:, 0, 1] = out[:, 1, 0] = across
    out[:, 1, 1] = radial + y * y * grow + 6 * p1 * y + 2 * p2 * x
    return out


def _turning(distortion: Array) -> float:
    """Squared radius at which the radial polynomial stops growing; infinite where it never does."""
    k1, k2, _, _, k3 = distortion
    roots = np.roots((7 * k3, 5 * k2, 3 * k1, 1.0))
    real = roots.real[(np.abs(roots.imag) < 1e-12) & (roots.real > 0)]
    return float(real.min(initial=np.inf))


def inverse(matrix: Array) -> Array:
    """Inverse of [n, 2, 2]; not finite where there is none."""
    (a, b), (c, d) = matrix[:, 0].T, matrix[:, 1].T
    with np.errstate(divide="ignore", invalid="ignore"):
        out: Array = np.stack((np.stack((d, -b), 1), np.stack((-c, a), 1)), 1) / (a * d - b * c)[:, None, None]
    return out
