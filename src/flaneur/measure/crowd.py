"""The crowd in zones, once a second: how dense, how fast, how it moves, how fast it grows.

Only people on foot count. A zone that is in sight and empty has a density of 0, which is true and no missing value;
but it has no speed. How people move is told only where there are at least `FEWEST` of them at that moment. Speeds are
those of `GroundTracks`, smoothed by whoever made them.

Errors: `noise` of a density comes from people near the border of whom it is not sure on which side they are; `bias`
from the calibration, of which a relative error s of lengths makes -2 s of a density, +s of a speed and -s of a flow.
A share, a level and a pressure do not depend on the scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from flaneur.data.errors import UserError
from flaneur.data.geometry import GroundZone
from flaneur.data.kinds import Kind
from flaneur.data.private import GroundTracks, Private, Samples
from flaneur.data.time import SECOND_NS
from flaneur.measure.crowd_motion import FEWEST, SIGHT_M, Walkers, counter_flow, doubt, follow, nobody, pressure, share
from flaneur.measure.levels import WALKWAY, Table, level
from flaneur.measure.memory import evict, rows_of
from flaneur.measure.rise import Past, rise
from flaneur.measure.voronoi import OwnGround, own_ground
from flaneur.measure.zones import Zones

Array = NDArray[np.float64]

TICK_NS = SECOND_NS
CUTOFF_M = 1.0
"""Nobody's own ground reaches farther, as is usual with PedPy; ground that is nobody's has no speed."""
BIN_PER_M2 = 0.5
DENSITY_BINS = tuple(f"{n * BIN_PER_M2:g}–{(n + 1) * BIN_PER_M2:g}/m²" for n in range(12))
"""The groups of `Crowd.speed_at_density`; what is denser than the last is in the last."""


@dataclass(frozen=True, slots=True, eq=False)
class CrowdZones:
    """Zones in metres, and where people can be."""

    polygon: NDArray[np.object_]
    """[zones] shapely polygons."""
    borders: Zones
    """The same as sides."""
    area_m2: Array
    """[zones]"""
    tables: tuple[Table, ...]
    """[zones] what the levels of service go by."""
    walkable: shapely.Geometry | None
    cutoff_m: float

    @classmethod
    def of(
        cls,
        zones: Sequence[GroundZone],
        tables: Sequence[Table] | None = None,
        walkable: GroundZone | None = None,
        obstacles: Sequence[GroundZone] = (),
        cutoff_m: float = CUTOFF_M,
    ) -> "CrowdZones":
        """Zones with a table of levels each (walkways where none are given), on a walkable area without obstacles.

        UserError for a zone that crosses itself or has no area, and for obstacles that leave no ground.
        """
        polygon = np.array([_polygon(zone) for zone in zones], np.object_)
        floor = None if walkable is None else _floor(walkable, obstacles)
        of_zone = tuple(tables) if tables is not None else (WALKWAY,) * len(zones)
        if len(of_zone) != len(zones):
            raise ValueError(f"{len(zones)} zones but {len(of_zone)} tables of levels of service")
        if not cutoff_m > 0.0 or (floor is None and not np.isfinite(cutoff_m)):
            raise ValueError("the cut-off must be above 0 m, and there must be one where there is no walkable area")
        return cls(polygon, Zones.on_ground(zones), shapely.area(polygon), of_zone, floor, cutoff_m)

    def near(self, xy_m: Array) -> NDArray[np.bool_]:
        """Who can matter to any zone, bool [n]: whose cell reaches into one, who shapes such a cell, who presses."""
        far = not np.isfinite(self.cutoff_m)
        margin = SIGHT_M + (0.0 if far else 3.0 * self.cutoff_m)
        x1, y1, x2, y2 = shapely.total_bounds([*self.polygon, self.walkable if far else None])
        x, y = xy_m.T
        near: NDArray[np.bool_] = (x >= x1 - margin) & (x <= x2 + margin) & (y >= y1 - margin) & (y <= y2 + margin)
        return near


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class CrowdState(Private):
    """What has to be remembered from look to look."""

    next_ns: int
    """No look before this."""
    walkers: Walkers
    past: Past


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Crowd(Private):
    """What one look tells; `place` is the index of the zone, `kind` pedestrian. All are empty between two looks."""

    density: Samples
    """People per m²: those in the zone over its area."""
    voronoi_density: Samples
    """People per m² by the ground each has for themselves (`measure.voronoi`)."""
    speed: Samples
    """m/s, mean over the people in the zone."""
    voronoi_speed: Samples
    """m/s, mean over the ground of the zone that is somebody's: each person weighs as much as their ground there."""
    specific_flow: Samples
    """People per metre and second: Voronoi density × Voronoi speed."""
    speed_at_density: Samples
    """m/s, the Voronoi speed; `group` is the bin of the Voronoi density, index into `DENSITY_BINS`."""
    level: Samples
    """Voronoi density; `group` is the level of service, index into `levels.LEVELS`. Its share is a share of time."""
    standing: Samples
    """Share of the people in the zone that stand."""
    stop_and_go: Samples
    """Share of the people in the zone that both stopped and started within the last minute."""
    counter_flow: Samples
    """Share of those walking in the zone that walk against the majority, 0 to 0.5."""
    pressure: Samples
    """1/s², local density × variance of the velocity, mean over the people in the zone."""
    rise: Samples
    """People per m² and minute: slope of the Voronoi density over the last minute."""
    left_out: int
    """People without a position, or near the zones but outside of a given walkable area; no ground is theirs."""


BETWEEN_LOOKS = Crowd(*(Samples.none(),) * 12, left_out=0)


def start(params: CrowdZones) -> CrowdState:
    """Nobody has been seen yet."""
    return CrowdState(np.iinfo(np.int64).min, nobody(), Past.none(len(params.polygon)))


def step(state: CrowdState, tracks: GroundTracks, params: CrowdZones) -> tuple[CrowdState, Crowd]:
    """One frame. At most once a second it is looked at."""
    walkers = evict(state.walkers, rows_of(state.walkers, tracks.ended))
    if tracks.time_ns < state.next_ns or not len(params.polygon):
        return CrowdState(state.next_ns, walkers, state.past), BETWEEN_LOOKS
    people = tracks.take(tracks.kind == Kind.PEDESTRIAN)
    nowhere = int((~np.isfinite(people.xy_m).all(axis=1)).sum())
    people = people.take(params.near(people.xy_m))
    ground = own_ground(people.xy_m, params.polygon, params.cutoff_m, params.walkable)
    look = _Look(people, ground, params)
    walkers, pace, lately = follow(walkers, people, look.speed_mps)
    density = look.voronoi_density()
    past = state.past.with_now(tracks.time_ns, density[0])
    crowd = Crowd(
        density=look.told(*look.density(), scale=-2.0),
        voronoi_density=look.told(*density, scale=-2.0),
        **_speeds(look, density),
        level=look.told(*density, scale=-2.0, group=level(density[0], params.tables)),
        standing=look.told(share(look.here, pace < 0)),
        stop_and_go=look.told(share(look.here, lately)),
        counter_flow=look.told(*counter_flow(look.here, people.velocity_mps, people.sigma_mps)),
        pressure=look.told(*pressure(people.xy_m, people.velocity_mps, people.sigma_mps, look.known, look.here)),
        rise=look.told(rise(past), scale=-2.0),
        left_out=nowhere + int(np.isnan(ground.area_m2).sum()),
    )
    return CrowdState((tracks.time_ns // TICK_NS + 1) * TICK_NS, walkers, past), crowd


def finish(state: CrowdState, params: CrowdZones) -> Crowd:  # noqa: ARG001
    """Nothing is open at the end."""
    return BETWEEN_LOOKS


class _Look(Private):
    """The people near the zones at one moment, and what the figures have in common."""

    __slots__ = ("area_m2", "ground", "here", "inside", "known", "params", "people", "scale_sigma", "speed_mps")

    def __init__(self, people: GroundTracks, ground: OwnGround, params: CrowdZones) -> None:
        self.people = people
        self.ground = ground
        self.params = params
        self.area_m2 = params.area_m2
        # noise makes the length of a vector too long in the mean (Rice 1944), by about sigma² / (2 speed)
        square = (people.velocity_mps**2).sum(axis=1) - np.nan_to_num(people.sigma_mps) ** 2
        self.speed_mps = np.sqrt(np.maximum(square, 0.0))
        self.known = np.isfinite(self.speed_mps)
        x, y = people.xy_m.T
        self.inside = np.array([shapely.contains_xy(zone, x, y) for zone in params.polygon]).T
        self.here = self.inside & self.known[:, None]
        self.scale_sigma = _mean(ground.overlap_m2, np.nan_to_num(people.scale_sigma))
        """[zones] relative error of lengths, as its people have it; NaN where nobody is."""

    def told(
        self, value: Array, noise: Array | float = 0.0, scale: float = 0.0, group: NDArray[np.int8] | int = 0
    ) -> Samples:
        """Samples of the zones whose value [zones] is known; `scale` is how many times the error of lengths it has."""
        bias = np.abs(scale * value) * np.nan_to_num(self.scale_sigma)
        rows = np.flatnonzero(np.isfinite(value))
        n = len(rows)
        return Samples(
            np.full(n, self.people.time_ns, np.int64),
            rows.astype(np.int32),
            np.broadcast_to(np.asarray(group, np.int8), value.shape)[rows],
            np.full(n, Kind.PEDESTRIAN, np.uint8),
            value[rows],
            np.broadcast_to(np.nan_to_num(noise), value.shape)[rows],
            bias[rows],
        )

    def density(self) -> tuple[Array, Array]:
        """People in each zone over its area, and its noise."""
        away = self.params.borders.border(self.people.xy_m)
        unsure = doubt(away, self.people.sigma_m[:, None]).sum(axis=0)
        return self.inside.sum(axis=0) / self.area_m2, np.sqrt(unsure) / self.area_m2

    def voronoi_density(self) -> tuple[Array, Array]:
        """Shares of people in each zone over its area, and its noise.

        Somebody counts more or less by the part of their cell that the border sweeps over when they are put a little
        aside: the error of their position over the width of the cell, where the border goes through its middle, and
        less where it only touches it.
        """
        part = self.ground.share()
        width_m = np.sqrt(np.nan_to_num(self.ground.area_m2, nan=np.inf))
        moved = np.minimum(np.nan_to_num(self.people.sigma_m) / width_m, 0.5)
        swept2 = 4.0 * np.maximum(part * (1.0 - part), 0.0).T @ moved**2
        return part.sum(axis=0) / self.area_m2, np.sqrt(swept2) / self.area_m2


def _speeds(look: _Look, density: tuple[Array, Array]) -> dict[str, Samples]:
    """Figures that go by the speed, for zones with enough people whose speed is known."""
    enough = look.here.sum(axis=0) >= FEWEST
    mean, mean_noise = _mean_speed(look, look.here.astype(np.float64), enough)
    speed, noise = _mean_speed(look, look.ground.overlap_m2 * look.known[:, None], enough)
    flow = density[0] * speed
    flow_noise = np.hypot(density[1] * speed, density[0] * noise)
    bins = np.minimum(density[0] / BIN_PER_M2, len(DENSITY_BINS) - 1).astype(np.int8)
    return {
        "speed": look.told(mean, mean_noise, scale=1.0),
        "voronoi_speed": look.told(speed, noise, scale=1.0),
        "specific_flow": look.told(flow, flow_noise, scale=-1.0),
        "speed_at_density": look.told(speed, noise, scale=1.0, group=bins),
    }


def _mean_speed(look: _Look, weight: Array, enough: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Speed of each zone by `weight` [n, zones], and its noise; NaN where there are not enough people."""
    mean = _mean(weight, np.where(look.known, look.speed_mps, 0.0))
    noise2 = (weight**2).T @ np.where(look.known, look.people.sigma_mps, 0.0) ** 2
    total = np.where(enough, weight.sum(axis=0), np.nan)
    return np.where(enough, mean, np.nan), np.sqrt(noise2) / total


def _mean(weight: Array, value: Array) -> Array:
    """Mean of `value` [n] by the `weight` [n, zones], [zones]; NaN where nothing weighs."""
    total = weight.sum(axis=0)
    mean: Array = np.divide(weight.T @ value, total, out=np.full(len(total), np.nan), where=total > 0.0)
    return mean


def _polygon(zone: GroundZone) -> shapely.Polygon:
    polygon = shapely.Polygon(zone.polygon_m)
    if not polygon.is_valid or not polygon.area > 0.0:
        raise UserError(
            f"zone {zone.name!r} has no proper area on the ground ({shapely.is_valid_reason(polygon)}): its points "
            "must go once around it, in order, without its sides crossing"
        )
    return polygon


def _floor(walkable: GroundZone, obstacles: Sequence[GroundZone]) -> shapely.Geometry:
    floor = _polygon(walkable).difference(shapely.union_all([_polygon(obstacle) for obstacle in obstacles]))
    if not floor.area > 0.0:
        raise UserError(f"the obstacles cover all of the walkable area {walkable.name!r}: draw them smaller")
    shapely.prepare(floor)
    return floor
