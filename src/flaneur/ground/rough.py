"""A rough ground plane without a measuring tape: from the sizes of the people and cars that a detector boxes.

How the height of a box changes with its place tells the horizon and the height of the camera in statures
(Krahnstoever and Mendonça 2005, Hoiem, Efros and Hebert 2008); how much those at the sides seem to lean and how the
sizes bend tells the focal length, though weakly (Lv, Zhao and Nevatia 2006 take the lean from silhouettes). So all
of it is one fit of a camera that is level but for a small roll, with what is usual of cameras and people as its prior.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from flaneur.data.errors import UserError
from flaneur.data.kinds import FOOTPRINT_M, Kind
from flaneur.ground.lens import Array, Lens
from flaneur.ground.plane import GroundPlane, from_pose, stacked, typical_sigma

STATURE_M = 1.70
"""Mean height of adults in Europe with shoes, women and men together (NCD Risk Factor Collaboration 2016)."""
CAR_HEIGHT_M = 1.5

MIN_BOXES = 40
MAX_SHARE = 0.4
"""Where people and cars are higher than this share of the picture, only the small ones are seen whole."""
MIN_CELLS = 3
"""Fields of the picture that must hold boxes."""
MAX_SIGMA = 0.35
"""A plane whose lengths are less certain than this is none."""
_CELLS = 6
"""Fields across and down the picture; what is wrong with boxes at one field is wrong with all of them."""
_FIELD_SIGMA = np.array((0.1, 0.03))
"""Relative error of the mean width and height that remains in a field however many boxes are in it: people cross one
field and come towards the camera in another."""
_ALIKE = 10.0
"""So many places that road users pass tell as much as one independent box: they are the same few people's."""
_STEP, _AT_ONE_PLACE = 0.25, 3
"""A place is as wide as this share of the usual box is high; this many boxes of it are used."""
_UNMODELLED = 1.4
"""By this factor the fit's own standard deviations are too small, on synthetic cameras with people that walk, stoop and
are badly boxed (`benchmarks/calibration.py`)."""
_HEADINGS = np.arange(8) * np.pi / 8
_PICTURE_EDGE = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class _Shape:
    """What a kind looks like: points on its surface, and how much its boxes' sizes spread."""

    outline_m: Array
    """[headings, k, 3]"""
    sigma: tuple[float, float]
    """Relative standard deviation of a box's width and height."""
    most: int
    """Boxes that are used; more are thinned out evenly, since they would cost time and tell nothing new."""


def _ring(height_m: float, radius_m: float) -> Array:
    angle = np.arange(8) * np.pi / 4
    return np.stack((radius_m * np.cos(angle), radius_m * np.sin(angle), np.full(8, height_m)), 1)


def _pedestrian() -> Array:
    """Head, shoulders, hands and feet as rings: the mean over all directions that somebody may walk in."""
    rings = ((1.0, 0.05), (0.94, 0.09), (0.8, 0.2), (0.5, 0.23), (0.0, 0.17))
    return np.concatenate([_ring(STATURE_M * at, radius) for at, radius in rings])[None]


def _car() -> Array:
    length, width = FOOTPRINT_M[Kind.CAR]
    body = [(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (0.15, 0.6)]
    roof = [(x, y, 1.0) for x in (-0.35, 0.25) for y in (-0.4, 0.4)]
    points = np.array(body + roof) * (length, width, CAR_HEIGHT_M)
    c, s = np.cos(_HEADINGS), np.sin(_HEADINGS)
    x = c[:, None] * points[:, 0] - s[:, None] * points[:, 1]
    y = s[:, None] * points[:, 0] + c[:, None] * points[:, 1]
    return np.stack((x, y, np.broadcast_to(points[:, 2], x.shape)), -1)


_SHAPES = {Kind.PEDESTRIAN: _Shape(_pedestrian(), (0.25, 0.09), 300), Kind.CAR: _Shape(_car(), (0.12, 0.12), 120)}

# The camera as a vector: log of focal length in picture widths, tilt, roll, log of height in metres, log of how much
# taller and how much wider road users are, or their boxes are drawn, than assumed.
_USUAL = np.array((np.log(1.0), np.radians(25.0), 0.0, np.log(6.0), 0.0, 0.0))
_SPREAD = np.array((0.5, np.radians(20.0), np.radians(3.0), 0.6, 0.04, 0.2))
_LOW = np.array((np.log(0.25), np.radians(1.0), np.radians(-15.0), np.log(1.5), -0.3, -1.0))
_HIGH = np.array((np.log(6.0), np.radians(85.0), np.radians(15.0), np.log(60.0), 0.3, 1.0))


def clear_boxes(xyxy_px: Array, width_px: int, height_px: int) -> NDArray[np.bool_]:
    """Which boxes [n, 4] of one picture show somebody whole: away from its edges and apart from one another."""
    x1, y1, x2, y2 = xyxy_px.T
    edge_x, edge_y = _PICTURE_EDGE * width_px, _PICTURE_EDGE * height_px
    inside = (x1 > edge_x) & (y1 > edge_y) & (x2 < width_px - edge_x) & (y2 < height_px - edge_y)
    across = np.minimum(x2[:, None], x2) - np.maximum(x1[:, None], x1)
    down = np.minimum(y2[:, None], y2) - np.maximum(y1[:, None], y1)
    shared = np.maximum(across, 0.0) * np.maximum(down, 0.0)
    np.fill_diagonal(shared, 0.0)
    apart = shared.max(axis=1, initial=0.0) < 0.1 * (x2 - x1) * (y2 - y1)
    whole: NDArray[np.bool_] = inside & apart
    return whole


def rough_plane(xyxy_px: Array, kind: NDArray[np.uint8], width_px: int, height_px: int) -> GroundPlane:
    """The ground as the sizes of boxes [n, 4] of kinds [n] suggest it; only pedestrians and cars are used.

    Give boxes of a minute or more, best those that `clear_boxes` finds whole. The origin is below the camera, y leads
    ahead. UserError where the boxes are too few or too much alike to tell.
    """
    seen = _Seen.of(np.asarray(xyxy_px, np.float64), kind, width_px, height_px)
    starts = [np.array((np.log(f), np.radians(t), 0.0, np.log(6.0), 0.0, 0.0)) for f, t in ((1.2, 15.0), (0.7, 40.0))]
    fits = [least_squares(seen.residuals, x, bounds=(_LOW, _HIGH), x_scale=_SPREAD, max_nfev=40) for x in starts]
    best = min(fits, key=lambda fit: float(fit.cost))
    variance, axes = np.linalg.eigh(np.linalg.inv(best.jac.T @ best.jac))
    focal_px, metres = _camera(best.x, width_px)
    variations = []
    for step in (_UNMODELLED * np.sqrt(np.maximum(variance, 0.0)) * axes).T:
        other_px, other = _camera(np.clip(best.x + step, _LOW, _HIGH), width_px)
        rays = np.diag((focal_px / other_px, focal_px / other_px, 1.0))
        variations.append(other @ rays * np.exp(step[4]))
    lens = Lens.plain(focal_px, width_px, height_px)
    plane = GroundPlane(width_px, height_px, lens, metres, stacked(variations), "sizes")
    if not typical_sigma(plane) < MAX_SIGMA:
        raise UserError(
            "the road users seen so far do not tell how large the ground is: they are all at much the same distance; "
            "look longer, or give four points whose places are measured"
        )
    return plane


def _pose(x: Array) -> tuple[Array, Array]:
    """Rotation from world to camera, and the camera's place."""
    tilt, roll, height_m = x[1], x[2], np.exp(x[3])
    level = np.array(((1, 0, 0), (0, -np.sin(tilt), -np.cos(tilt)), (0, np.cos(tilt), -np.sin(tilt))))
    turn = np.array(((np.cos(roll), -np.sin(roll), 0), (np.sin(roll), np.cos(roll), 0), (0, 0, 1)))
    return turn @ level, np.array((0.0, 0.0, height_m))


def _camera(x: Array, width_px: int) -> tuple[float, Array]:
    """Focal length in pixels and the homography from rays to metres."""
    return float(np.exp(x[0]) * width_px), from_pose(*_pose(x))


def _thinned(boxes: Array) -> Array:
    """At most `_AT_ONE_PLACE` boxes of each place, so that who waits or parks counts no more than who passes."""
    x1, y1, x2, y2 = boxes.T
    step = _STEP * np.median(y2 - y1)
    place = np.floor(np.stack((y2 / step, (x1 + x2) / 2 / step), 1))
    _, at, count = np.unique(place, axis=0, return_inverse=True, return_counts=True)
    order = np.argsort(at, kind="stable")
    rank = np.arange(len(boxes)) - np.repeat(np.cumsum(count) - count, count)
    total = count[at[order]]
    keep = np.minimum(total, _AT_ONE_PLACE)
    # Evenly over the time that each place was seen.
    chosen: Array = boxes[order[(rank + 1) * keep // total > rank * keep // total]]
    return chosen


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """Boxes that are fit for use, by shape."""

    width_px: int
    centre_px: Array
    parts: tuple[tuple[_Shape, Array, Array], ...]
    """Shape, boxes [n, 4], weight [n, 2] of each box's width and height."""

    @classmethod
    def of(cls, xyxy_px: Array, kind: NDArray[np.uint8], width_px: int, height_px: int) -> "_Seen":
        """UserError where too little is seen."""
        size = np.array((width_px, height_px))
        parts, boxes, cells = [], 0, 0
        for of_kind, shape in _SHAPES.items():
            rows = xyxy_px[kind == of_kind]
            w, h = (rows[:, 2:] - rows[:, :2]).T
            # A pedestrian wider than that is a group, or half a person.
            rows = rows[(h > 8) & (w > 3) & ((of_kind != Kind.PEDESTRIAN) | (w < 0.75 * h))]
            if not len(rows):
                continue
            rows = _thinned(rows)
            kept = np.linspace(0, len(rows) - 1, min(len(rows), shape.most)).astype(np.intp)
            alike, rows = max(1.0, _ALIKE * len(kept) / len(rows)), rows[kept]
            foot = np.stack(((rows[:, 0] + rows[:, 2]) / 2, rows[:, 3]), 1)
            column, row = np.clip(foot / size * _CELLS, 0, _CELLS - 1).astype(np.intp).T
            _, cell, count = np.unique(column + _CELLS * row, return_inverse=True, return_counts=True)
            # A whole field tells as much as its mean, which errs by what its boxes share and by what each has alone.
            spread = np.array(shape.sigma)
            weight = spread / np.sqrt(spread**2 * alike + _FIELD_SIGMA**2 * count[cell, None])
            parts.append((shape, rows, weight))
            boxes, cells = boxes + len(rows), cells + len(count)
        if boxes < MIN_BOXES or cells < MIN_CELLS:
            raise UserError(
                f"only {boxes} pedestrians and cars could be seen whole, in {cells} of the picture's "
                f"{_CELLS * _CELLS} fields; {MIN_BOXES} in {MIN_CELLS} fields are needed to estimate the ground: look "
                "longer, or give four points whose places are measured"
            )
        high = float(np.median(np.concatenate([part[1][:, 3] - part[1][:, 1] for part in parts]))) / height_px
        if high > MAX_SHARE:
            raise UserError(
                f"people and cars take up {100 * high:.0f} % of the picture's height, so most are not seen whole and "
                "their sizes mislead; give four points whose places are measured"
            )
        return cls(width_px, size / 2, tuple(parts))

    def residuals(self, x: Array) -> Array:
        """How far boxes and camera are from what the camera `x` and experience let expect, in standard deviations."""
        parts = [(x - _USUAL) / _SPREAD]
        for shape, boxes, weight in self.parts:
            size = np.log(boxes[:, 2:] - boxes[:, :2])
            off = (size[:, None] - np.log(self._expected(x, shape.outline_m, boxes))) / np.array(shape.sigma)
            off = off[np.arange(len(off)), np.einsum("nhi,nhi->nh", off, off).argmin(axis=1)]
            # Charbonnier's loss: children, groups and half hidden people pull with limited force.
            robust = np.sign(off) * np.sqrt(2.0 * (np.sqrt(1.0 + off**2) - 1.0))
            parts.append((robust * weight).ravel())
        return np.concatenate(parts)

    def _expected(self, x: Array, outline_m: Array, boxes: Array) -> Array:
        """Widths and heights [n, headings, 2] of the boxes of a shape that stands where these boxes stand."""
        focal_px, metres = _camera(x, self.width_px)
        rotation, centre = _pose(x)
        outline = outline_m * np.exp((x[5], x[5], x[4]))
        foot = np.stack(((boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]), 1)[:, None]
        at = np.broadcast_to(foot, (len(boxes), len(outline), 2))
        for _ in range(2):
            rays = np.concatenate(((at - self.centre_px) / focal_px, np.ones((*at.shape[:2], 1))), -1) @ metres.T
            place = rays[..., :2] / np.maximum(rays[..., 2:], 1e-3)
            body = np.concatenate((place, np.zeros((*place.shape[:2], 1))), -1)[:, :, None] + outline - centre
            seen = body @ rotation.T
            picture = seen[..., :2] / np.maximum(seen[..., 2:], 0.1) * focal_px + self.centre_px
            low, high = picture.min(axis=2), picture.max(axis=2)
            # The box's lower edge is nearer than the middle of the footprint, and its middle is off where bodies lean.
            at = at + foot - np.stack(((low[..., 0] + high[..., 0]) / 2, high[..., 1]), -1)
        expected: Array = np.maximum(high - low, 1e-3)
        return expected
