"""The ground as a plane: pixels of the picture to metres and back, and how exactly that is known.

Metres are those of the site's own axes: x and y right-handed as seen from above.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from flaneur.data.errors import UserError
from flaneur.ground.lens import Array, Lens, inverse

Source = Literal["points", "tsai", "opencv", "sizes"]
"""What a plane was made from: measured points, a camera file, or the sizes of the road users seen."""

SHAPE_TOLERANCE = 0.08
"""How much wider a picture may be than the calibration's, by the ratio of width to height. 720×576 and 768×576 show
the same with other pixels; 4:3 and 16:9 differ by a third and one of them must be cut."""


@dataclass(frozen=True, slots=True, eq=False)
class PointCheck:
    """How well the points that a plane was made from fit to it, n points."""

    picture_px: Array
    """[n, 2]"""
    ground_m: Array
    """[n, 2] as measured."""
    residual_px: Array
    """[n] distance of each point from where the plane puts it, in the picture."""
    residual_m: Array
    """[n] the same on the ground."""
    used: NDArray[np.bool_]
    """[n] False for points that disagree with the others and were left out of the fit."""

    @property
    def checked(self) -> bool:
        """False where there are just as many points as the plane needs, so that they always fit."""
        return int(self.used.sum()) > 4

    @property
    def rms_px(self) -> float:
        """Root mean square over the points that were used; NaN where nothing checks them."""
        return self._rms(self.residual_px)

    @property
    def rms_m(self) -> float:
        """The same in metres."""
        return self._rms(self.residual_m)

    def _rms(self, residual: Array) -> float:
        return float(np.sqrt(np.mean(residual[self.used] ** 2))) if self.checked else float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class GroundPlane:
    """A calibrated ground for pictures of one size.

    Uncertainty is kept as other planes, each one standard deviation away from this one in an independent direction.
    What they do to a length, squared and summed, is its variance: the delta method without derivatives.
    """

    width_px: int
    height_px: int
    lens: Lens
    metres: Array
    """[3, 3] homography from slopes of rays (x, y, 1) to metres; its third row is positive below the horizon."""
    variations: Array
    """[m, 3, 3] homographies like `metres`."""
    source: Source
    check: PointCheck | None = None
    """Where the plane was made from points."""

    def __post_init__(self) -> None:
        if self.metres.shape != (3, 3) or self.variations.shape[1:] != (3, 3):
            raise ValueError(f"homographies are [3, 3], not {self.metres.shape} and {self.variations.shape}")
        if not np.isfinite(self.metres).all() or not np.isfinite(self.variations).all():
            raise ValueError("a homography must be finite")

    @property
    def rough(self) -> bool:
        """True where nothing on the site was measured: figures are estimates."""
        return self.source == "sizes"

    @property
    def camera_m(self) -> Array:
        """[2] the point of the ground below the camera."""
        # The pole of the horizon with regard to the absolute conic is where verticals meet.
        x, y, w = self.metres @ self.metres[2]
        return np.array((x / w, y / w))

    @property
    def camera_height_m(self) -> float:
        """Height of the camera above the ground."""
        columns = np.linalg.inv(self.metres).T
        unit = np.sqrt(np.linalg.norm(columns[0]) * np.linalg.norm(columns[1]))
        normal = np.cross(columns[0], columns[1])
        return float(abs(normal @ columns[2]) / (np.linalg.norm(normal) * unit))

    @property
    def tilt_rad(self) -> float:
        """How far the camera looks down: 0 to the horizon, pi / 2 straight down."""
        return float(np.arcsin(self.metres[2, 2] / np.linalg.norm(self.metres[2])))

    def to_ground(self, xy_px: Array) -> Array:
        """Metres [n, 2] of pixels [n, 2]; NaN on and above the horizon and where the lens shows nothing."""
        return _apply(self.metres, self.lens.rays(xy_px))

    def to_picture(self, xy_m: Array) -> Array:
        """Pixels [n, 2] of metres [n, 2], also outside the picture; NaN behind the camera."""
        return self.lens.picture(_apply(np.asarray(np.linalg.inv(self.metres), np.float64), xy_m))

    def jacobian(self, xy_px: Array) -> Array:
        """Metres per pixel, [n, 2, 2]: rows ground x and y, columns picture x and y; NaN where `to_ground` is."""
        return _jacobian(self.metres, self.lens.rays(xy_px)) @ self.lens.ray_jacobian(xy_px)

    def scale_sigma(self, xy_px: Array) -> Array:
        """Relative standard deviation [n] of short lengths around pixels [n, 2], as the mean over all directions.

        It comes from the calibration alone and is the same for everybody there. NaN where `to_ground` is; infinite so
        near to the horizon that it is not certain whether there is ground at all.
        """
        rays = self.lens.rays(xy_px)
        back = inverse(_jacobian(self.metres, rays))
        # All variations at once, points last: this runs for everybody at every moment.
        v = self.variations[..., None]
        x, y, w = (self.variations @ np.stack((*rays.T, np.ones(len(rays))))).swapaxes(0, 1)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            (bxx, bxy), (byx, byy) = back.transpose(1, 2, 0)
            over = 1.0 / np.where(w > 0, w, np.nan)
            x, y = x * over, y * over
            axx, axy = (v[:, 0, 0] - x * v[:, 2, 0]) * over, (v[:, 0, 1] - x * v[:, 2, 1]) * over
            ayx, ayy = (v[:, 1, 0] - y * v[:, 2, 0]) * over, (v[:, 1, 1] - y * v[:, 2, 1]) * over
            xx, yy = axx * bxx + axy * byx - 1.0, ayx * bxy + ayy * byy - 1.0
            xy = (axx * bxy + axy * byy + ayx * bxx + ayy * byx) / 2
        # To first order a length in direction u grows by uᵀSu; its mean square over u is (tr(S)² + 2 tr(S²)) / 8.
        square = ((xx + yy) ** 2 + 2 * (xx**2 + yy**2 + 2 * xy**2)) / 8
        sigma = np.nan_to_num(np.sqrt(square.sum(axis=0)), nan=np.inf, posinf=np.inf)
        return np.where(np.isnan(back[:, 0, 0]), np.nan, sigma)

    def away(self, xy_m: Array) -> Array:
        """Unit vectors [n, 2] on the ground at metres [n, 2] that lead away from the camera's foot; NaN at the foot."""
        way = xy_m - self.camera_m
        length = np.linalg.norm(way, axis=1, keepdims=True)
        return np.where(length > 1e-6, way / np.maximum(length, 1e-6), np.nan)

    def below_horizon(self, xy_px: Array, margin_px: float = 0.0) -> NDArray[np.bool_]:
        """Whether pixels [n, 2] show ground and lie more than `margin_px` from the horizon."""
        rays, row = self.lens.rays(xy_px), self.metres[2]
        margin = margin_px * np.hypot(*(row[:2] / self.lens.focal_px))
        below: NDArray[np.bool_] = rays @ row[:2] + row[2] > margin
        return below

    def horizon_px(self) -> Array:
        """[2, 2] where the horizon meets the picture's left and right edge, without distortion; NaN if it does not."""
        a, b, c = self.metres[2] / (*self.lens.focal_px, 1.0)
        c -= a * self.lens.centre_px[0] + b * self.lens.centre_px[1]
        x = np.array((0.0, self.width_px))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.stack((x, np.where(b != 0, -(a * x + c) / b, np.nan)), 1)

    def resized(self, width_px: int, height_px: int) -> Self:
        """For pictures of the same view with another number of pixels. UserError where their shape is another."""
        if (width_px, height_px) == (self.width_px, self.height_px):
            return self
        factor = np.array((width_px / self.width_px, height_px / self.height_px))
        if abs(np.log(factor[0] / factor[1])) > SHAPE_TOLERANCE:
            raise UserError(
                f"the ground was calibrated for a picture of {self.width_px}×{self.height_px}, but this one is "
                f"{width_px}×{height_px}: another shape shows another part of the scene; calibrate it anew"
            )
        check = self.check
        if check:
            ratio = float(np.sqrt(factor.prod()))
            check = PointCheck(
                check.picture_px * factor, check.ground_m, check.residual_px * ratio, check.residual_m, check.used
            )
        return type(self)(
            width_px, height_px, self.lens.scaled(factor), self.metres, self.variations, self.source, check
        )


@dataclass(frozen=True, slots=True)
class PlaneFacts:
    """What a person should know of a calibration."""

    source: Source
    rough: bool
    points: int | None
    """None where the plane was not made from points."""
    checked: bool | None
    """Whether there are more points than needed, so that their residuals mean something."""
    rms_px: float | None
    rms_m: float | None
    disagreeing: tuple[tuple[int, float, float], ...]
    """Points that do not fit to the others: number from 1, how far off in metres, in pixels; the worst first."""
    worst: tuple[int, float, float] | None
    """The same for the point that fits least among those used; None where nothing checks them."""
    camera_height_m: float
    tilt_deg: float
    horizon: float | None
    """Height of the horizon in the middle of the picture, as a share of it from the top; below 0 it is out of view."""
    scale_sigma: float
    """Typical relative standard deviation of lengths: the median over the ground in view up to 100 m away."""


def describe(plane: GroundPlane) -> PlaneFacts:
    """Facts that reports and the command line put into words."""
    check = plane.check
    disagreeing: list[tuple[int, float, float]] = []
    worst = None
    if check:
        rows = [(n + 1, float(check.residual_m[n]), float(check.residual_px[n])) for n in range(len(check.used))]
        disagreeing = sorted((row for row in rows if not check.used[row[0] - 1]), key=lambda row: -row[2])
        if check.checked:
            worst = max((row for row in rows if check.used[row[0] - 1]), key=lambda row: row[2])
    middle = float(plane.horizon_px()[:, 1].mean()) / plane.height_px
    return PlaneFacts(
        plane.source,
        plane.rough,
        len(check.used) if check else None,
        check.checked if check else None,
        check.rms_px if check and check.checked else None,
        check.rms_m if check and check.checked else None,
        tuple(disagreeing),
        worst,
        plane.camera_height_m,
        float(np.degrees(plane.tilt_rad)),
        middle if np.isfinite(middle) else None,
        typical_sigma(plane),
    )


def typical_sigma(plane: GroundPlane) -> float:
    """Median of `scale_sigma` over an even grid of the ground in view that is less than 100 m away."""
    across, down = (np.arange(16) + 0.5) / 16 * plane.width_px, (np.arange(16) + 0.5) / 16 * plane.height_px
    grid = np.stack(np.meshgrid(across, down), -1).reshape(-1, 2)
    near = np.linalg.norm(plane.to_ground(grid) - plane.camera_m, axis=1) < 100.0
    return float(np.median(plane.scale_sigma(grid[near]))) if near.any() else float("nan")


def from_pose(rotation: Array, centre_m: Array) -> Array:
    """Homography from rays to the plane z = 0 for a camera at `centre_m` [3] above it.

    `rotation` [3, 3] turns the world's axes to the camera's. Its third row is positive below the horizon.
    """
    x, y, z = centre_m
    return np.array(((z, 0.0, -x), (0.0, z, -y), (0.0, 0.0, -1.0))) @ rotation.T


def stacked(variations: Sequence[Array]) -> Array:
    """[m, 3, 3] of m homographies; m may be 0."""
    return np.array(variations).reshape(-1, 3, 3)


def _apply(homography: Array, xy: Array) -> Array:
    """[n, 2] through a homography; NaN where the third coordinate is not positive."""
    out = xy @ homography[:, :2].T + homography[:, 2]
    w = out[:, 2:]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(w > 0, out[:, :2] / w, np.nan)


def _jacobian(homography: Array, xy: Array) -> Array:
    """[n, 2, 2] of a homography at [n, 2]; NaN where the third coordinate is not positive."""
    at = _apply(homography, xy)
    w = xy @ homography[2, :2] + homography[2, 2]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        out: Array = (homography[:2, :2] - at[:, :, None] * homography[2, :2]) / w[:, None, None]
    return out
