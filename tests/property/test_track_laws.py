"""What holds for every scene, whatever is detected and whenever somebody looks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from flaneur.data.private import Detections, Tracks
from flaneur.data.time import SECOND_NS
from flaneur.track import Tracker, TrackParams
from support.people import HEIGHT, WIDTH

LAG_NS = SECOND_NS
LAW = settings(max_examples=40, deadline=None)  # a shared machine may stall
Scene = list[tuple[int, Detections | None]]


@st.composite
def scenes(draw: st.DrawFn, mirror_safe: bool = False) -> Scene:
    """Walkers, clutter, dropouts and frames without a look; most of it from one drawn seed, so that it shrinks fast."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    walkers, frames = draw(st.integers(0, 6)), draw(st.integers(1, 50))
    every, miss = draw(st.integers(1, 4)), draw(st.sampled_from((0.0, 0.2, 0.5)))
    gaps = draw(st.lists(st.integers(1, 80 if mirror_safe else 400), min_size=1, max_size=8))
    lowest = 0.45 if mirror_safe else 0.0
    foot = rng.uniform((lowest * WIDTH, 200), (WIDTH * (1 - lowest), 400), (walkers, 2))
    speed = rng.normal(0.0, 10.0 if mirror_safe else 60.0, (walkers, 2))
    kind, scene, time_ns = rng.integers(0, 8, walkers), [], 0
    for n in range(frames):
        time_ns += gaps[n % len(gaps)] * 1_000_000
        at = foot + speed * time_ns / SECOND_NS + rng.normal(0.0, 2.0, (walkers, 2))
        half, tall = rng.uniform(12, 18, walkers), rng.uniform(70, 90, walkers)
        xyxy = np.stack((at[:, 0] - half, at[:, 1] - tall, at[:, 0] + half, at[:, 1]), axis=1)
        there = rng.random(walkers) >= miss
        # no two scores are alike: of two equal doubles either may be kept
        scores = rng.choice((0.25, 0.4, 0.6, 0.8), walkers, p=(0.1, 0.2, 0.2, 0.5)) + rng.uniform(0.0, 0.05, walkers)
        found = Detections(
            xyxy[there].astype(np.float32), scores[there].astype(np.float32), kind[there].astype(np.uint8)
        )
        scene.append((time_ns, found if n % every == 0 else None))
    return scene


def run(scene: Scene, tracker: Tracker | None = None) -> list[Tracks]:
    tracker = tracker or Tracker(TrackParams(), WIDTH, HEIGHT, np.random.default_rng(0))
    out = []
    for n, (time_ns, found) in enumerate(scene):
        out += tracker.step(n, time_ns, found)
    return out + tracker.flush()


def same(a: list[Tracks], b: list[Tracks], tolerance: float = 0.01) -> None:
    """The same boxes under ids that correspond one to one, in any order of rows."""
    known: dict[int, int] = {}
    for f, g in zip(a, b, strict=True):
        assert len(f) == len(g)
        rows, other = linear_sum_assignment(np.abs(f.xyxy_px[:, None] - g.xyxy_px[None]).sum(axis=2))
        np.testing.assert_allclose(f.xyxy_px[rows], g.xyxy_px[other], atol=tolerance)
        assert (f.kind[rows] == g.kind[other]).all()
        for i, j in zip(f.track_id[rows].tolist(), g.track_id[other].tolist(), strict=True):
            assert known.setdefault(i, j) == j
    assert len(set(known.values())) == len(known)


@LAW
@given(scenes())
def test_every_frame_comes_back_once_in_order_and_in_time(scene):
    tracker = Tracker(TrackParams(), WIDTH, HEIGHT, np.random.default_rng(0))
    owed: list[tuple[int, int]] = []
    last_ns, expected_ns = 0, 0
    for n, (time_ns, found) in enumerate(scene):
        owed.append((n, time_ns))
        interval_ns = time_ns - last_ns if n else 0
        for f in tracker.step(n, time_ns, found):
            assert (f.frame_index, f.time_ns) == owed.pop(0)
            # at an even rate this is the lag; a frame that is later than expected can be known when it comes only
            assert time_ns - f.time_ns <= LAG_NS - expected_ns + interval_ns
        last_ns, expected_ns = time_ns, min(interval_ns, LAG_NS // 2)
        assert owed[0][1] >= time_ns - LAG_NS + expected_ns
    assert [(f.frame_index, f.time_ns) for f in tracker.flush()] == owed
    assert tracker.flush() == []


@LAW
@given(scenes())
def test_boxes_lie_in_the_picture_ids_are_unique_and_ended_ids_stay_away(scene):
    ended: set[int] = set()
    shown: set[int] = set()
    for f in run(scene):
        x1, y1, x2, y2 = f.xyxy_px.T
        assert ((x1 >= 0) & (y1 >= 0) & (x2 <= WIDTH) & (y2 <= HEIGHT) & (x1 < x2) & (y1 < y2)).all()
        ids = f.track_id.tolist()
        assert len(set(ids)) == len(ids)
        assert not ended & set(ids)
        shown |= set(ids)
        ended |= set(f.ended.tolist())
    assert ended == shown


@LAW
@given(scenes(), st.integers(0, 2**32 - 1))
def test_the_order_of_boxes_in_a_frame_changes_nothing(scene, seed):
    rng = np.random.default_rng(seed)
    shuffled = [(t, None if d is None else d.take(rng.permutation(len(d)))) for t, d in scene]
    for f, g in zip(run(scene), run(shuffled), strict=True):
        assert (f.xyxy_px == g.xyxy_px).all()
        assert (f.track_id == g.track_id).all()


@LAW
@given(scenes(mirror_safe=True))
def test_a_mirrored_scene_gives_mirrored_tracks(scene):
    def flip(xyxy):
        return np.stack((WIDTH - xyxy[:, 2], xyxy[:, 1], WIDTH - xyxy[:, 0], xyxy[:, 3]), axis=1)

    mirrored = [(t, None if d is None else Detections(flip(d.xyxy_px), d.score, d.kind)) for t, d in scene]
    back = [
        Tracks(f.frame_index, f.time_ns, flip(f.xyxy_px), f.track_id, f.kind, f.score, f.observed, f.ended)
        for f in run(mirrored)
    ]
    same(run(scene), back)


@LAW
@given(scenes(mirror_safe=True), st.integers(-60, 60))
def test_a_scene_that_is_moved_gives_moved_tracks(scene, dx):
    shift = np.array((dx, 0, dx, 0), np.float32)
    moved = [(t, None if d is None else Detections(d.xyxy_px + shift, d.score, d.kind)) for t, d in scene]
    back = [
        Tracks(f.frame_index, f.time_ns, f.xyxy_px - shift, f.track_id, f.kind, f.score, f.observed, f.ended)
        for f in run(moved)
    ]
    same(run(scene), back)


@LAW
@given(scenes(), scenes())
def test_after_flush_the_tracker_is_as_new(first, second):
    used = Tracker(TrackParams(), WIDTH, HEIGHT, np.random.default_rng(1))
    run(first, used)
    same(run(second), run(second, used), tolerance=0.0)


@LAW
@given(st.sampled_from((0.25, 0.5, 1.0)), st.integers(1, 40))
def test_the_lag_is_what_was_asked_for(lag_s, interval_ms):
    tracker = Tracker(TrackParams(lag_s=lag_s), WIDTH, HEIGHT, np.random.default_rng(0))
    ages = []
    for n in range(200):
        now = n * interval_ms * 1_000_000
        ages += [(now - f.time_ns) / SECOND_NS for f in tracker.step(n, now, None)]
    if ages:
        assert max(ages) == pytest.approx(lag_s, abs=interval_ms / 1000 + 1e-9)
        assert max(ages) <= lag_s
