"""How a crowd moves: against one another, in stops and starts, under pressure.

Every figure here is about the people in a zone at one moment. Zones come as `here`, bool [n, zones]: who is in which,
of those whose velocity is known. What noise in the velocities adds to a variance is taken off again.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.spatial import cKDTree
from scipy.special import ndtr

from flaneur.data.private import GroundTracks
from flaneur.data.time import SECOND_NS
from flaneur.measure.memory import TrackTable, admit, put

Array = NDArray[np.float64]
Bool = NDArray[np.bool_]

FEWEST = 3
"""How people move is told of no fewer: a figure about two would be one about people, not about a place."""

STANDING_MPS = 0.2
"""Slower is standing. In jams stopped and moving people exist side by side at the same density (Seyfried, Portz &
Schadschneider 2010); swaying and the error of a position look like motion of up to about this much."""
WALKING_MPS = 0.4
"""Faster is walking; in between, one goes on with what one did."""
MEMORY_NS = 60 * SECOND_NS
"""A stop and a start, or a start and a stop, within the last minute are stop-and-go."""

SMOOTHING_M = 1.0
"""R of Helbing, Johansson & Al-Abideen (2007): people are weighed by exp(-distance² / R²) / (π R²)."""
SIGHT_M = 2.5 * SMOOTHING_M
"""Beyond this the weights add up to 0.2 % of a person."""

LONG_AGO_NS = np.iinfo(np.int64).min // 2


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Walkers(TrackTable):
    """Who stands, who walks, and when they last changed."""

    BLANK: ClassVar[dict[str, int]] = {"changed_ns": LONG_AGO_NS}

    pace: NDArray[np.int8]
    """[m] 1 walks, -1 stands, 0 not known yet."""
    changed_ns: NDArray[np.int64]
    """[m, 2] the last change but one, and the last one."""


def nobody() -> Walkers:
    """Nobody has been seen yet."""
    return Walkers(np.zeros(0, np.int64), np.zeros(0, np.int8), np.zeros((0, 2), np.int64))


def follow(walkers: Walkers, tracks: GroundTracks, speed_mps: Array) -> tuple[Walkers, NDArray[np.int8], Bool]:
    """The walkers after `tracks`; the pace of each row [n], and whether it stopped and started lately.

    `speed_mps` [n] may be NaN: then nothing is learnt of that row.
    """
    walkers, row, _ = admit(walkers, tracks.track_id)
    before = walkers.pace[row]
    pace = np.where(speed_mps < STANDING_MPS, -1, np.where(speed_mps > WALKING_MPS, 1, before)).astype(np.int8)
    changed = walkers.changed_ns[row]
    turned = before * pace < 0
    changed[turned] = np.stack((changed[turned, 1], np.full(turned.sum(), tracks.time_ns)), axis=1)
    lately = changed[:, 0] > tracks.time_ns - MEMORY_NS
    return (
        Walkers(walkers.track_id, put(walkers.pace, row, pace), put(walkers.changed_ns, row, changed)),
        pace,
        lately,
    )


def share(here: Bool, of: Bool) -> Array:
    """Share of the people in each zone that are `of` [n] a certain sort, [zones]; NaN for fewer than `FEWEST`."""
    people = here.sum(axis=0)
    return _of_enough((here & of[:, None]).sum(axis=0), people)


def counter_flow(here: Bool, velocity_mps: Array, sigma_mps: Array) -> tuple[Array, Array]:
    """Share of those walking that walk against the majority, 0 to 0.5, and its noise, [zones] each.

    The axis along which directions are told apart is the main one of the walking in the zone at that moment: that of
    the largest second moment of the velocities. It is the smaller part of the directional split by which studies of
    two-way streams grade them (for instance Alhajyaseen, Nakamura & Asano 2011). NaN where fewer than `FEWEST` walk.
    """
    walking = here & (np.hypot(*velocity_mps.T) > WALKING_MPS)[:, None]
    x, y = np.where(walking.any(axis=1)[:, None], velocity_mps, 0.0).T
    w = walking.astype(np.float64)
    axis = 0.5 * np.arctan2(2.0 * (w.T @ (x * y)), w.T @ (x * x - y * y))
    along = np.where(walking, np.outer(x, np.cos(axis)) + np.outer(y, np.sin(axis)), 0.0)
    people = walking.sum(axis=0)
    forward = (along > 0.0).sum(axis=0)
    unsure = np.where(walking, doubt(np.abs(along), sigma_mps[:, None]), 0.0)
    minority = _of_enough(np.minimum(forward, people - forward), people)
    return minority, _of_enough(np.sqrt(unsure.sum(axis=0)), people)


def pressure(xy_m: Array, velocity_mps: Array, sigma_mps: Array, known: Bool, here: Bool) -> tuple[Array, Array]:
    """Crowd pressure in 1/s² and its noise, [zones] each: local density × local variance of the velocity.

    Helbing, Johansson & Al-Abideen (2007), Phys. Rev. E 75, 046109; they saw turbulence above 0.02/s². Both are taken
    around each person in the zone and the mean over them is told; the variance is that over people at one moment.
    Positions [n, 2]; velocities of rows that are not `known` [n] are not used. NaN for fewer than `FEWEST` people.
    """
    near = cKDTree(xy_m).query_pairs(SIGHT_M, output_type="ndarray") if len(xy_m) else np.zeros((0, 2), np.intp)
    a, b = np.ascontiguousarray(near.T)
    apart_x, apart_y = (xy_m.take(a, axis=0) - xy_m.take(b, axis=0)).T
    weight = np.exp(-(apart_x * apart_x + apart_y * apart_y) / SMOOTHING_M**2) / (np.pi * SMOOTHING_M**2)
    own = np.full(len(xy_m), 1.0 / (np.pi * SMOOTHING_M**2))
    all_rows = np.arange(len(xy_m))
    around = csr_array(
        (
            np.concatenate((weight, weight, own)),
            (np.concatenate((a, b, all_rows)), np.concatenate((b, a, all_rows))),
        ),
        shape=(len(xy_m), len(xy_m)),
    )
    v = np.where(known[:, None], velocity_mps, 0.0)
    noise2 = np.where(known, 2.0 * sigma_mps**2, 0.0)
    columns = np.column_stack((np.ones(len(v)), known, v, (v * v).sum(axis=1), noise2))
    density, weights, vx, vy, v2, expected = (around @ columns).T
    weights = np.where(weights > 0.0, weights, 1.0)
    around.data *= around.data
    own_part = around @ noise2
    variance = v2 / weights - (vx**2 + vy**2) / weights**2 - expected / weights + own_part / weights**2
    # of a deviation that has noise of variance s² in each axis, the square has 4 s² (deviation² + s²)
    spread = density * np.sqrt(2.0 * noise2 * (np.maximum(variance, 0.0) + 0.5 * noise2))
    people = here.sum(axis=0)
    w = here.astype(np.float64)
    return _of_enough(w.T @ (density * variance), people), _of_enough(np.sqrt(w.T @ spread**2), people)


def doubt(margin: Array, sigma: Array) -> Array:
    """Variance of a yes or no that lies `margin` from its limit and errs by `sigma`: p (1 - p)."""
    p = ndtr(-np.divide(margin, sigma, out=np.full(np.broadcast(margin, sigma).shape, np.inf), where=sigma > 0.0))
    variance: Array = p * (1.0 - p)
    return variance


def _of_enough(total: NDArray[np.generic], people: NDArray[np.integer]) -> Array:
    """`total` / `people`, NaN for fewer than `FEWEST`."""
    mean: Array = np.divide(total, people, out=np.full(len(people), np.nan), where=people >= FEWEST)
    return mean
