"""Boxes of people and cars that are not the shapes which the rough calibration fits."""

import numpy as np

from flaneur.ground.rough import clear_boxes
from support.cameras import SIZE_PX, camera, projected


def ellipsoid(centre, radii, rng):
    way = rng.normal(size=(80, 3))
    return centre + way / np.linalg.norm(way, axis=1, keepdims=True) * radii


def person(at_m, stature_m, heading, rng):
    """Head, trunk, two feet mid-stride and two hands."""
    k, stride = stature_m / 1.7, rng.uniform(-0.35, 0.35)
    limbs = ((stride, 0.1, 0), (stride + 0.2, 0.1, 0), (-stride, -0.1, 0), (0.2 - stride, -0.1, 0))
    hands = ((-0.7 * stride, 0.28, 0.8), (0.7 * stride, -0.28, 0.8))
    head, trunk = ellipsoid((0, 0, 1.58), (0.09, 0.08, 0.12), rng), ellipsoid((0, 0, 1.12), (0.13, 0.24, 0.33), rng)
    body = np.concatenate((limbs, hands, head, trunk)) * k
    c, s = np.cos(heading), np.sin(heading)
    return body @ np.array(((c, s, 0), (-s, c, 0), (0, 0, 1))) + (*at_m, 0.0)


def car(at_m, length_m, heading, rng):
    height = rng.normal(1.5, 0.08)
    low = [(x, y, z) for x in (-0.5, 0.5) for y in (-0.9, 0.9) for z in (0.2, 0.55 * height)]
    roof = [(x, y, height) for x in (-0.35, 0.2) for y in (-0.65, 0.65)]
    body = np.array(low + roof) * (length_m, 1, 1)
    c, s = np.cos(heading), np.sin(heading)
    return body @ np.array(((c, s, 0), (-s, c, 0), (0, 0, 1))) + (*at_m, 0.0)


def boxes(shape, sizes, far_m, rng, **where):
    """Boxes [n, 4] of road users who cross the picture on straight ways, 3 % badly drawn, some cut or half hidden."""
    plane, found = camera(**where), []
    for size in sizes:
        ends = plane.to_ground(rng.uniform((0, 0), SIZE_PX, (2, 2)))
        while not np.linalg.norm(ends - plane.camera_m, axis=1).max() < far_m:
            ends = plane.to_ground(rng.uniform((0, 0), SIZE_PX, (2, 2)))
        heading = np.arctan2(*(ends[1] - ends[0])[::-1])
        for share in np.linspace(0, 1, 12):
            xy = projected(shape(ends[0] + share * (ends[1] - ends[0]), size, heading, rng), **where)
            box = np.concatenate((xy.min(axis=0), xy.max(axis=0)))
            height = box[3] - box[1]
            box += rng.normal(0, 0.03, 4) * height
            box[3] -= rng.uniform(0.1, 0.5) * height * (rng.random() < 0.05)
            found.append(np.clip(box, 0, (*SIZE_PX, *SIZE_PX)))
    whole = [box for box in found if clear_boxes(box[None], *SIZE_PX)[0] and box[3] - box[1] > 12]
    return np.array(whole)


def statures(n, rng):
    """One in ten is a child."""
    return np.where(rng.random(n) < 0.1, rng.uniform(1.0, 1.5, n), rng.normal(1.70, 0.09, n))


def errors(plane, truth, xyxy):
    """Relative error of the mean scale (root of an area) where the road users are, and its stated deviation."""
    foot = np.stack(((xyxy[:, 0] + xyxy[:, 2]) / 2, xyxy[:, 3]), 1)
    foot = foot[truth.below_horizon(foot) & plane.below_horizon(foot)]
    area = np.linalg.det(plane.jacobian(foot)) / np.linalg.det(truth.jacobian(foot))
    return float(np.median(np.sqrt(area))) - 1.0, float(np.median(plane.scale_sigma(foot)))
