"""Detections of road users on given paths, and what the tracker makes of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from flaneur.data.kinds import Kind
from flaneur.data.private import Detections, Tracks
from flaneur.data.time import to_ns
from flaneur.track import Tracker, TrackParams

WIDTH, HEIGHT = 640, 480
TALL, WIDE = 80.0, 30.0


@dataclass(frozen=True)
class Box:
    """One detection, left, top, right, bottom in pixels."""

    xyxy: tuple[float, float, float, float]
    score: float = 0.8
    kind: Kind = Kind.PEDESTRIAN


def person(x: float, foot: float, score: float = 0.8, kind: Kind = Kind.PEDESTRIAN) -> Box:
    """Somebody of usual size who stands at (x, foot)."""
    return Box((x - WIDE / 2, foot - TALL, x + WIDE / 2, foot), score, kind)


def detections(boxes: Sequence[Box]) -> Detections:
    return Detections(
        np.array([b.xyxy for b in boxes], np.float32).reshape(-1, 4),
        np.array([b.score for b in boxes], np.float32),
        np.array([b.kind for b in boxes], np.uint8),
    )


def tracker(params: TrackParams | None = None, seed: int = 0) -> Tracker:
    return Tracker(params or TrackParams(), WIDTH, HEIGHT, np.random.default_rng(seed))


def follow(
    seconds: Iterable[float],
    scene: Callable[[float], Sequence[Box] | None],
    params: TrackParams | None = None,
) -> list[Tracks]:
    """All frames of a scene that says what is detected at a moment, or None where nobody looks."""
    run, out = tracker(params), []
    for n, t in enumerate(seconds):
        boxes = scene(t)
        out += run.step(n, to_ns(t), None if boxes is None else detections(boxes))
    return out + run.flush()


def times(until_s: float, rate: float = 10.0) -> list[float]:
    return [n / rate for n in range(round(until_s * rate) + 1)]


def paths(frames: Iterable[Tracks]) -> Mapping[int, list[tuple[float, float, float]]]:
    """Time in s and foot point by id."""
    found: dict[int, list[tuple[float, float, float]]] = {}
    for tracks in frames:
        for number, (x, y) in zip(tracks.track_id.tolist(), tracks.foot_px().tolist(), strict=True):
            found.setdefault(number, []).append((tracks.time_ns * 1e-9, x, y))
    return found
