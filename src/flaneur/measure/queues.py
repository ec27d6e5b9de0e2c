"""Queues behind stop lines: how long they are and how many road users stand in them, once a second.

A road user joins the queue of a lane when it stands there and is held up: no more than `jam_gap_m` is free in front of
it up to the stop line or to somebody who is in the queue already. It stays in the queue until it has left the lane,
even if it moves, so that a queue that starts to move from its head is not cut off from its tail. Who stands for longer
than `LAPSE_NS` with free road ahead has parked; the queue ends in front of it.

The length of a queue is the distance from the stop line to the rear end of the last road user that stands in it, as in
*Highway Capacity Manual*, 7th edition (2022), chapter 31 (back of queue), and as in SUMO's lane area detectors, whose
jam gap is the same. It is 0 for a lane in which nobody stands. Distances are taken along the lane's axis: on a bent
lane they are those of its chord.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import shapely
from numpy.typing import NDArray

from flaneur.data.geometry import GroundLine, GroundZone
from flaneur.data.kinds import ALL_KINDS, Kind
from flaneur.data.private import GroundTracks, Private, Samples
from flaneur.data.time import SECOND_NS
from flaneur.measure.memory import TrackTable, admit, evict, put, rows_of
from flaneur.measure.standing import STANDING, Standing

Array = NDArray[np.float64]

VEHICLES = tuple(kind for kind in Kind if kind is not Kind.PEDESTRIAN)
HOLD_NS = 10 * SECOND_NS
"""So long somebody who stood when last seen, behind a lorry perhaps, is taken to stand there still."""
LAPSE_NS = 10 * SECOND_NS
"""Longer than any driver takes to follow who has moved off in front."""
NEVER = -1


@dataclass(frozen=True, slots=True, eq=False)
class Approach:
    """A lane, or several side by side, and the line at which its traffic stops."""

    stop_line: GroundLine
    lane: GroundZone
    """From the stop line as far back as queues are to be seen."""
    kinds: tuple[Kind, ...] = VEHICLES
    """Who queues here."""


@dataclass(frozen=True, slots=True, eq=False)
class Lanes:
    """Approaches as arrays."""

    polygon: NDArray[Any]
    """[lanes] shapely polygons, prepared."""
    plane: Array
    """[3, lanes] so that plane · (x, y, 1) is the distance upstream from the stop line along the lane, in m."""
    axis: Array
    """[2, lanes] unit vectors along the lanes; to which of the two ends means nothing."""
    admits: NDArray[np.bool_]
    """[lanes, kinds] who queues there."""

    @classmethod
    def of(cls, approaches: Sequence[Approach]) -> "Lanes":
        """ValueError for a lane without area, a stop line without length, and one through the middle of its lane."""
        polygons = [_polygon(approach.lane) for approach in approaches]
        rays = [_upstream(a.stop_line, a.lane, p) for a, p in zip(approaches, polygons, strict=True)]
        admits = [[kind in approach.kinds for kind in Kind] for approach in approaches]
        return cls(
            np.array(polygons, object),
            np.array([plane for plane, _ in rays]).reshape(-1, 3).T,
            np.array([axis for _, axis in rays]).reshape(-1, 2).T,
            np.array(admits, np.bool_).reshape(-1, len(Kind)),
        )

    def __len__(self) -> int:
        return len(self.polygon)

    def inside(self, xy_m: Array, kind: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Whether each road user is of those who queue in each lane, and in it, [n, lanes]."""
        inside: NDArray[np.bool_] = self.admits[:, kind].T.copy()
        for n, polygon in enumerate(self.polygon):
            rows = np.flatnonzero(inside[:, n])
            inside[rows, n] = shapely.contains_xy(polygon, xy_m[rows])
        return inside

    def ends(self, tracks: GroundTracks) -> tuple[Array, Array]:
        """Distances upstream from each stop line of each road user's front and rear end, [n, lanes] each, in m."""
        middle = tracks.xy_m @ self.plane[:2] + self.plane[2]
        ahead = np.stack((np.cos(tracks.heading_rad), np.sin(tracks.heading_rad)))
        along, across = np.abs(ahead.T @ self.axis), np.abs(ahead[::-1].T @ (self.axis * ((-1.0,), (1.0,))))
        unknown = np.isnan(tracks.heading_rad)
        if unknown.any():
            along[unknown], across[unknown] = 1.0, 0.0
        half = 0.5 * (tracks.size_m[:, :1] * along + tracks.size_m[:, 1:] * across)
        half = np.where((tracks.kind == Kind.PEDESTRIAN)[:, None], 0.5 * tracks.size_m[:, 1:], half)
        return middle - half, middle + half


def _polygon(zone: GroundZone) -> shapely.Polygon:
    polygon = shapely.Polygon(zone.polygon_m)
    if not polygon.is_valid or not polygon.area > 0.0:
        raise ValueError(
            f"zone {zone.name!r} has no proper area: give its corners in order around it, so that no sides cross"
        )
    shapely.prepare(polygon)
    return polygon


def _upstream(line: GroundLine, lane: GroundZone, polygon: shapely.Polygon) -> tuple[Array, Array]:
    """The plane of distances upstream from the line along the lane [3], and the lane's direction [2]."""
    first, last = line.points_m[0], line.points_m[-1]
    along = last - first
    length = np.hypot(*along)
    if not length > 0.0:
        raise ValueError(f"stop line {line.name!r} has no length: give two different points")
    normal = np.array((-along[1], along[0])) / length
    to_lane = (np.array(polygon.centroid.coords[0]) - first) @ normal
    if not abs(to_lane) > 0.0:
        raise ValueError(f"stop line {line.name!r} runs through the middle of lane {lane.name!r}, not along its end")
    normal *= np.sign(to_lane)
    corners = np.array(shapely.oriented_envelope(polygon).exterior.coords)
    directions = np.diff(corners[:3], axis=0)
    directions /= np.hypot(directions[:, 0], directions[:, 1])[:, None]
    axis = directions[np.argmax(np.abs(directions @ normal))]
    return np.array((*normal, -first @ normal)) / abs(axis @ normal), axis


@dataclass(frozen=True, slots=True, eq=False)
class QueueParams:
    """Where queues are measured and what makes one."""

    lanes: Lanes
    standing: Standing = STANDING
    jam_gap_m: float = 10.0
    """Free road that a queue bridges."""

    def __post_init__(self) -> None:
        if not self.jam_gap_m > 0.0:
            raise ValueError(f"a queue must bridge some free road, {self.jam_gap_m} m is none")


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Queuers(TrackTable):
    """Each live track as it was last seen at a whole second."""

    BLANK: ClassVar[dict[str, Any]] = {"held_ns": NEVER}

    seen_ns: NDArray[np.int64]
    """[m]"""
    stands: NDArray[np.bool_]
    """[m]"""
    inside: NDArray[np.bool_]
    """[m, lanes] in the lane, behind the stop line."""
    front_m: Array
    """[m, lanes] distance upstream from the stop line."""
    rear_m: Array
    """[m, lanes]"""
    sigma_m: Array
    """[m]"""
    scale_sigma: Array
    """[m]"""
    held_ns: NDArray[np.int64]
    """[m, lanes] when it or whoever it waits for was last held up, `NEVER` for those not in the queue."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class QueueState(Private):
    """Who has been seen in the lanes, and in which second of the video that was."""

    queuers: Queuers
    second: int | None


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Queued(Private):
    """A sample of each lane for each second in which anything was observed; `place` is the index of the lane."""

    length_m: Samples
    """Stop line to rear end of the last who stands; `bias` holds all of its error, for the same few are seen again."""
    count: Samples
    """Road users who stand in the queue."""


NOTHING = Queued(Samples.none(), Samples.none())


def start(params: QueueParams) -> QueueState:
    """Nobody has been seen yet."""
    none, flat = np.zeros(0), np.zeros((0, len(params.lanes)))
    ids, stands, inside = none.astype(np.int64), none.astype(np.bool_), flat.astype(np.bool_)
    return QueueState(Queuers(ids, ids, stands, inside, flat, flat, none, none, flat.astype(np.int64)), None)


def step(state: QueueState, tracks: GroundTracks, params: QueueParams) -> tuple[QueueState, Queued]:
    """One frame. The first in each second of the video gives a sample of each lane."""
    second, told = tracks.time_ns // SECOND_NS, NOTHING
    queuers = evict(state.queuers, rows_of(state.queuers, tracks.ended))
    if second != state.second and len(params.lanes):
        queuers = _look(queuers, tracks, params)
        looked_for = (queuers.seen_ns == tracks.time_ns) | queuers.stands  # who is hidden while moving may come back
        held_ns = np.where(looked_for[:, None], NEVER, queuers.held_ns)
        for lane in range(len(params.lanes)):
            rows, since_ns = _line_up(queuers, lane, tracks.time_ns, params.jam_gap_m)
            held_ns[rows, lane] = since_ns
        queuers = replace(queuers, held_ns=held_ns)
        told = _tell(queuers, tracks.time_ns)
    return QueueState(queuers, second), told


def finish(state: QueueState, params: QueueParams) -> Queued:  # noqa: ARG001
    """Nothing: every second has told its own."""
    return NOTHING


def _look(queuers: Queuers, tracks: GroundTracks, params: QueueParams) -> Queuers:
    """Whatever can be seen of everyone now."""
    queuers, row, _ = admit(queuers, tracks.track_id)
    inside = params.lanes.inside(tracks.xy_m, tracks.kind)
    here, front_m = np.flatnonzero(inside.any(axis=1)), np.zeros(inside.shape)
    rear_m = front_m.copy()
    front_m[here], rear_m[here] = params.lanes.ends(tracks.take(here))
    inside &= front_m + rear_m > 0.0
    return Queuers(
        queuers.track_id,
        put(queuers.seen_ns, row, tracks.time_ns),
        put(queuers.stands, row, params.standing.after(queuers.stands[row], tracks)),
        put(queuers.inside, row, inside),
        put(queuers.front_m, row, front_m),
        put(queuers.rear_m, row, rear_m),
        put(queuers.sigma_m, row, tracks.sigma_m),
        put(queuers.scale_sigma, row, tracks.scale_sigma),
        queuers.held_ns,
    )


def _line_up(queuers: Queuers, lane: int, now_ns: int, jam_gap_m: float) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Rows of those in a lane who stand or have queued, front first, and when they were last held up, or `NEVER`.

    They form groups without a larger gap. A group is the queue, or a part of it, if its head is near the stop line or
    it has somebody in it who was held up not long ago.
    """
    there = (queuers.seen_ns == now_ns) | (queuers.stands & (now_ns - queuers.seen_ns <= HOLD_NS))
    held_ns = queuers.held_ns[:, lane]
    rows = np.flatnonzero(there & queuers.inside[:, lane] & (queuers.stands | (held_ns != NEVER)))
    if not len(rows):
        return rows, held_ns[rows]
    rows = rows[np.argsort(queuers.front_m[rows, lane])]
    reach_m = np.maximum.accumulate(np.concatenate(([0.0], queuers.rear_m[rows[:-1], lane])))
    free = queuers.front_m[rows, lane] - reach_m > jam_gap_m
    heads = np.flatnonzero(np.concatenate(([True], free[1:])))
    moves_up = (held_ns[rows] != NEVER) & ~queuers.stands[rows]
    since_ns = np.maximum.reduceat(np.where(moves_up, now_ns, held_ns[rows]), heads)
    if not free[0]:
        since_ns[0] = now_ns
    since_ns[now_ns - since_ns > LAPSE_NS] = NEVER
    return rows, np.repeat(since_ns, np.diff(np.append(heads, len(rows))))


def _tell(queuers: Queuers, now_ns: int) -> Queued:
    """The samples of one moment, one of each lane."""
    stands = (queuers.held_ns != NEVER) & queuers.stands[:, None]
    rear_m = np.vstack((np.zeros(stands.shape[1]), np.where(stands, queuers.rear_m, 0.0)))
    last, lane = rear_m.argmax(axis=0), np.arange(stands.shape[1])
    length_m = rear_m[last, lane]
    error_m = np.hypot(np.append(0.0, queuers.sigma_m)[last], np.append(0.0, queuers.scale_sigma)[last] * length_m)
    none = np.zeros(len(lane))

    def samples(value: Array, bias: Array) -> Samples:
        time_ns, kind = np.full(len(lane), now_ns), np.full(len(lane), ALL_KINDS, np.uint8)
        return Samples(time_ns, lane.astype(np.int32), none.astype(np.int8), kind, value, none, bias)

    return Queued(samples(length_m, error_m), samples(stands.sum(axis=0).astype(np.float64), none))
