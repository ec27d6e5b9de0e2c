"""Crowds in metres: people who push through a bottleneck, and people who stand or walk about."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely

from flaneur.data.geometry import GroundZone
from flaneur.data.kinds import Kind
from flaneur.data.private import GroundTracks
from support.grounds import tracks_m

ROOM = GroundZone(
    "room and passage",
    np.array([(0, 0), (8, 0), (8, 2.4), (12, 2.4), (12, 3.6), (8, 3.6), (8, 6), (0, 6)], np.float64),
)
PILLAR = GroundZone("pillar", np.array([(5.4, 2.5), (6.2, 2.5), (6.2, 3.3), (5.4, 3.3)], np.float64))
BODY_M = 0.2


def rectangle(x1: float, y1: float, x2: float, y2: float, name: str = "zone") -> GroundZone:
    """A zone with sides along the axes."""
    return GroundZone(name, np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2)], np.float64))


@dataclass(frozen=True)
class Scene:
    """People on a walkable area, with or without a pillar in it."""

    xy_m: np.ndarray
    """[frames, people, 2] NaN before somebody comes and after they have left."""
    rate: int
    obstacles: tuple[GroundZone, ...]

    def velocity(self, step: int) -> np.ndarray:
        """[frames, people, 2] from `step` frames before to `step` after, NaN where one of them is missing."""
        velocity = np.full(self.xy_m.shape, np.nan)
        velocity[step:-step] = (self.xy_m[2 * step :] - self.xy_m[: -2 * step]) * self.rate / (2 * step)
        return velocity

    def looks(self, step: int, every: int = 1, slow: float = 1.0) -> Iterator[GroundTracks]:
        """Every so many frames, as the ground stage gives them, of those whose velocity is known.

        Time runs `slow` times as slowly as in the film, positions and velocities stay.
        """
        velocity = self.velocity(step)
        before: set[int] = set()
        for frame in range(0, len(self.xy_m), every):
            here = np.flatnonzero(np.isfinite(velocity[frame, :, 0])).tolist()
            xy, v = self.xy_m[frame, here], velocity[frame, here]
            yield pedestrians(xy, v, slow * frame / self.rate, ids=here, ended=sorted(before - set(here)))
            before = set(here)


def pedestrians(xy: object, velocity: object = np.nan, time_s: float = 0.0, **options: object) -> GroundTracks:
    """One moment of people on foot; options are those of `tracks_m`."""
    return tracks_m(time_s, xy, velocity, kind=Kind.PEDESTRIAN, **options)


def tracks_on(zone: GroundZone, people: int, rng: np.random.Generator, time_s: float = 0.0) -> GroundTracks:
    """People anywhere in the box around a zone, walking anywhere, with errors."""
    low, high = zone.polygon_m.min(axis=0), zone.polygon_m.max(axis=0)
    xy, velocity = rng.uniform(low, high, (people, 2)), rng.normal(0.0, 0.8, (people, 2))
    return pedestrians(xy, velocity, time_s, sigma_m=0.1, sigma_mps=0.1, scale_sigma=0.03)


@cache
def bottleneck(pillar: bool = False, people: int = 60, seconds: float = 20.0, rate: int = 25) -> Scene:
    """A room that empties through a passage of 1.2 m: a jam before it, a stream in it, stops and starts.

    Everybody is drawn towards the passage and pushed by the others; who would walk into a wall slides along it.
    """
    rng = np.random.default_rng(7)
    obstacles = (PILLAR,) if pillar else ()
    walls = shapely.Polygon(ROOM.polygon_m).difference(shapely.union_all([shapely.Polygon(PILLAR.polygon_m)]))
    free = (walls if pillar else shapely.Polygon(ROOM.polygon_m)).buffer(-BODY_M)
    shapely.prepare(free)
    spots = np.stack(np.meshgrid(np.arange(0.5, 5.2, 0.6), np.arange(0.5, 5.6, 0.55)), axis=-1).reshape(-1, 2)
    xy = rng.permutation(spots)[:people] + rng.uniform(-0.1, 0.1, (people, 2))
    pace, velocity = rng.normal(1.3, 0.2, people), np.zeros((people, 2))
    out = np.full((round(seconds * rate), people, 2), np.nan)
    there = np.ones(people, np.bool_)
    for frame in range(len(out)):
        out[frame, there] = xy[there]
        velocity += _push(xy, velocity, pace, there) / rate
        for axis in (0, 1):
            way = np.zeros((people, 2))
            way[:, axis] = velocity[:, axis] / rate
            ok = shapely.contains_xy(free, *(xy + way).T)
            xy[ok] += way[ok]
            velocity[~ok, axis] = 0.0
        there &= xy[:, 0] < 11.7
        xy[~there] = (1e3, 1e3) + 10.0 * np.arange((~there).sum())[:, None]
    return Scene(out, rate, obstacles)


def _push(xy: np.ndarray, velocity: np.ndarray, pace: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Accelerations towards the way out and away from one another (Helbing and Molnár, 1995, in short)."""
    goal = np.where(xy[:, :1] < 7.7, (8.0, 3.0), np.stack((xy[:, 0] + 1.0, np.full(len(xy), 3.0)), axis=1))
    wish = goal - xy
    wish *= (pace / np.maximum(np.hypot(*wish.T), 0.1))[:, None]
    apart = xy[:, None] - xy[None]
    away = np.hypot(apart[..., 0], apart[..., 1]) + np.eye(len(xy)) * 1e9
    force = (apart / away[..., None] * (3.0 * np.exp((2 * BODY_M - away) / 0.15))[..., None]).sum(axis=1)
    return np.where(there[:, None], np.clip((wish - velocity) / 0.5 + force, -8.0, 8.0), 0.0)
