"""Road users on given paths, as the measures get them from a tracker."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from flaneur.data.kinds import Kind
from flaneur.data.private import Events, Tracks
from flaneur.data.time import SECOND_NS
from flaneur.measure import edges, passing
from flaneur.measure.feet import picture_feet

FRAME_NS = SECOND_NS // 10


@dataclass
class Walk:
    """Feet in pixels, one for each frame from `start` on; None where the tracker had no box."""

    feet: Sequence[tuple[float, float] | None]
    start: int = 0
    height: float = 40.0
    width: float = 20.0
    kind: Kind = Kind.PEDESTRIAN
    unseen: set[int] = field(default_factory=set)
    """Frames at which the box was only carried on."""
    size: tuple[int, int] | None = None
    """Boxes are cut at the edges of a picture of this size."""

    def box(self, frame: int) -> tuple[float, float, float, float] | None:
        """The box at `frame`."""
        number = frame - self.start
        foot = self.feet[number] if 0 <= number < len(self.feet) else None
        if foot is None:
            return None
        x, y = foot
        box = (x - self.width / 2, y - self.height, x + self.width / 2, y)
        if self.size is None:
            return box
        w, h = self.size
        cut = (max(box[0], 0.0), max(box[1], 0.0), min(box[2], float(w)), min(box[3], float(h)))
        return cut if cut[0] < cut[2] and cut[1] < cut[3] else None


def straight(a: tuple[float, float], b: tuple[float, float], steps: int) -> list[tuple[float, float]]:
    """A path at even speed, `steps` steps long."""
    return [(a[0] + (b[0] - a[0]) * n / steps, a[1] + (b[1] - a[1]) * n / steps) for n in range(steps + 1)]


def film(
    *walks: Walk, frames: int | None = None, ids: Sequence[int] | None = None, order: Sequence[int] | None = None
) -> list[Tracks]:
    """All frames of a scene; a walk is reported as ended in the frame after its last box."""
    ids = ids or range(1, len(walks) + 1)
    order = order or range(len(walks))
    last = [max((f for f in range(w.start, w.start + len(w.feet)) if w.box(f)), default=-1) for w in walks]
    out = []
    for frame in range(frames or max(last) + 2):
        here = [n for n in order if frame <= last[n] and walks[n].box(frame) is not None]
        out.append(
            Tracks(
                frame,
                frame * FRAME_NS,
                np.array([walks[n].box(frame) for n in here], np.float32).reshape(-1, 4),
                np.array([ids[n] for n in here], np.int64),
                np.array([walks[n].kind for n in here], np.uint8),
                np.ones(len(here), np.float32),
                np.array([frame not in walks[n].unseen for n in here], np.bool_),
                np.array([ids[n] for n in order if last[n] == frame - 1], np.int64),
            )
        )
    return out


Row = tuple[int, int, int, int]


def rows(events: Events) -> list[Row]:
    """(place, direction, time_ns, kind) of each event, sorted."""
    columns = (events.place, events.direction, events.time_ns, events.kind)
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


def play(measure: ModuleType, params: Any, tracks: Iterable[Tracks], *, finish: bool = True) -> list[Row]:
    """What a measure tells over a scene; of `passing` the flows."""
    state, told = measure.start(params), []

    def tell(events: Any) -> None:
        told.extend(rows(events.flows if measure is passing else events))

    for frame in tracks:
        state, events = measure.step(state, frame if measure is edges else picture_feet(frame), params)
        tell(events)
    if finish:
        tell(measure.finish(state, params))
    return sorted(told)


def counts(told: list[Row]) -> dict[tuple[int, int], int]:
    """(place, direction) -> how often."""
    out: dict[tuple[int, int], int] = {}
    for place, direction, _, _ in told:
        out[place, direction] = out.get((place, direction), 0) + 1
    return out
