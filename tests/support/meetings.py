"""Road users who go straight on and meet, and what shapely has to say about their footprints."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from flaneur.data.kinds import FOOTPRINT_M, Kind
from flaneur.data.private import GroundTracks
from flaneur.data.time import to_ns
from flaneur.measure import conflicts
from flaneur.measure.conflicts import ConflictParams, NearMisses, Over


@dataclass(frozen=True)
class Mover:
    """Goes straight on at constant velocity."""

    xy: tuple[float, float]
    """In metres, when the scene begins."""
    velocity: tuple[float, float] = (0.0, 0.0)
    kind: Kind = Kind.CAR
    heading: float | None = None
    """Radians; by default where it goes."""
    seen: tuple[float, float] = (-np.inf, np.inf)
    """From when to when, in seconds."""
    sigma: float = 0.0
    """Standard deviation of position and speed."""

    @property
    def heading_rad(self) -> float:
        return float(np.arctan2(*self.velocity[::-1])) if self.heading is None else self.heading

    def at(self, time_s: float) -> np.ndarray:
        return np.array(self.xy) + time_s * np.array(self.velocity)

    def footprint(self, time_s: float | np.ndarray) -> shapely.Polygon:
        """At one or many moments; a pedestrian's is the circle."""
        x, y = np.array(self.xy)[:, None] + np.array(self.velocity)[:, None] * np.atleast_1d(time_s)
        if self.kind == Kind.PEDESTRIAN:
            return shapely.buffer(shapely.points(x, y), FOOTPRINT_M[self.kind][1] / 2, quad_segs=32)
        length, width = FOOTPRINT_M[self.kind]
        u = np.array((np.cos(self.heading_rad), np.sin(self.heading_rad)))
        corners = [i * length / 2 * u + j * width / 2 * np.array((-u[1], u[0])) for i, j in _SIGNS]
        return shapely.polygons(np.stack((x, y), axis=1)[:, None] + corners)


_SIGNS = ((1, 1), (1, -1), (-1, -1), (-1, 1))


def look(movers: Sequence[Mover], time_s: float = 0.0, ids: Sequence[int] | None = None) -> GroundTracks:
    """All who are seen at a moment."""
    here = [n for n, mover in enumerate(movers) if mover.seen[0] <= time_s <= mover.seen[1]]
    rows = [movers[n] for n in here]
    sigma = np.array([mover.sigma for mover in rows])
    return GroundTracks(
        to_ns(time_s),
        np.array([mover.at(time_s) for mover in rows]).reshape(-1, 2),
        np.array([mover.velocity for mover in rows], np.float64).reshape(-1, 2),
        np.zeros((len(rows), 2)),
        np.array([mover.heading_rad for mover in rows]),
        np.array([FOOTPRINT_M[mover.kind] for mover in rows], np.float64).reshape(-1, 2),
        sigma,
        sigma,
        np.zeros(len(rows)),
        np.array([ids[n] if ids else n for n in here], np.int64),
        np.array([mover.kind for mover in rows], np.uint8),
        np.zeros(0, np.int64),
    )


def film(
    movers: Sequence[Mover], seconds: float = 8.0, ids: Sequence[int] | None = None, rate: float = 10.0
) -> list[GroundTracks]:
    """A look every 1 / `rate` seconds."""
    return [look(movers, n / rate, ids) for n in range(round(seconds * rate) + 1)]


def near_misses(looks: Sequence[GroundTracks], params: ConflictParams) -> NearMisses:
    """Those of a whole scene, however early they were told."""
    state, parts = conflicts.start(params), []
    for tracks in looks:
        state, told = conflicts.step(state, tracks, params)
        parts.append(told)
    return NearMisses.joined([*parts, conflicts.finish(state, params)])


def over(looks: Sequence[GroundTracks], params: ConflictParams) -> Over:
    """Encounters of a whole scene, with those who were in them."""
    state, parts = conflicts.start(params), []
    for tracks in looks:
        state, ended = conflicts.advance(state, tracks, params)
        parts.append(ended)
    parts.append(conflicts.settle(state, params))
    return Over(*(type(getattr(parts[0], n)).joined([getattr(p, n) for p in parts]) for n in ("ttc", "drac", "pet")))
