"""Laws of queues behind stop lines."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from flaneur.data.geometry import GroundLine, GroundZone
from flaneur.data.kinds import Kind
from flaneur.data.private import GroundTracks
from flaneur.data.time import SECOND_NS
from flaneur.measure import queues
from flaneur.measure.queues import Approach, Lanes, QueueParams
from flaneur.measure.standing import Standing
from support.grounds import tracks_m

LINE = np.array([[0.0, -2.0], [0.0, 6.0]])
LANES = tuple(np.array([[0.0, y], [-60.0, y], [-60.0, y + 4.0], [0.0, y + 4.0]]) for y in (-2.0, 2.0))
GAP_M = 9.87
"""Never the difference of two positions below, so that rounding decides nothing."""

cars = st.tuples(
    st.integers(1, 6),
    st.integers(-4, 130).map(lambda n: n / 2 + 0.13),
    st.sampled_from((-1.1, 0.2, 1.3, 3.1, 5.2, 8.0)),
    st.sampled_from((0.03, 0.53, 1.53, 3.07)),
    st.sampled_from((Kind.CAR, Kind.BUS, Kind.PEDESTRIAN)),
)
scenes = st.lists(st.lists(cars, max_size=6, unique_by=lambda c: c[0]), min_size=1, max_size=8)
law = settings(deadline=None, max_examples=40)


def params(
    scale: float = 1.0,
    turn: np.ndarray | None = None,
    shift: tuple[float, float] = (0.0, 0.0),
    lanes: tuple[np.ndarray, ...] = LANES,
) -> QueueParams:
    turn = np.eye(2) if turn is None else turn
    line = GroundLine("stop", LINE * scale @ turn.T + shift)
    approaches = [Approach(line, GroundZone(str(n), lane * scale @ turn.T + shift)) for n, lane in enumerate(lanes)]
    return QueueParams(Lanes.of(approaches), Standing(scale, 2 * scale), GAP_M * scale)


def film(scene: list[list[Any]], start: int = 0) -> list[GroundTracks]:
    """A second between frames; whoever does not come again ends."""
    frames = []
    for n, now in enumerate(scene):
        seen, later = {c[0] for c in scene[n - 1]} if n else set(), {c[0] for part in scene[n:] for c in part}
        places, speeds = [(-c[1], c[2]) for c in now], np.array([(c[3], 0.0) for c in now]).reshape(-1, 2)
        frames.append(
            tracks_m(
                float(start + n),
                places,
                speeds,
                ids=[c[0] for c in now],
                kind=[c[4] for c in now],
                ended=sorted(seen - later),
            )
        )
    return frames


def told(frames: list[GroundTracks], how: QueueParams) -> list[tuple[int, int, float, int]]:
    """(time, lane, length in m, count)."""
    state, out = queues.start(how), []
    for tracks in frames:
        state, seen = queues.step(state, tracks, how)
        length, count = seen.length_m, seen.count
        out += zip(length.time_ns, length.place, length.value.round(6), count.value, strict=True)
    return out


@law
@given(scenes, st.floats(0.0, 6.3), st.floats(-500.0, 500.0), st.floats(-500.0, 500.0))
def test_the_world_may_be_turned_and_moved(scene: list[list[Any]], angle: float, x: float, y: float) -> None:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    frames = [
        replace_tracks(t, xy_m=t.xy_m @ turn.T + (x, y), velocity_mps=t.velocity_mps @ turn.T, turn=angle)
        for t in film(scene)
    ]
    here, there = np.array(told(film(scene), params())), np.array(told(frames, params(1.0, turn, (x, y))))
    assert np.abs(here - there).max() < 1e-5


def replace_tracks(tracks: GroundTracks, turn: float = 0.0, **columns: Any) -> GroundTracks:
    """The same with other columns; private types refuse `dataclasses.replace`."""
    names = [name for name in GroundTracks.__dataclass_fields__ if name not in columns]
    kept = {name: getattr(tracks, name) for name in names}
    kept["heading_rad"] = tracks.heading_rad + turn
    return GroundTracks(**kept, **columns)


@law
@given(scenes)
def test_half_the_unit_gives_half_the_length(scene: list[list[Any]]) -> None:
    frames = [
        replace_tracks(t, xy_m=t.xy_m / 2, velocity_mps=t.velocity_mps / 2, size_m=t.size_m / 2) for t in film(scene)
    ]
    halves = [(t, lane, 2 * length, count) for t, lane, length, count in told(frames, params(0.5))]
    assert np.allclose(halves, told(film(scene), params()), atol=2e-6)


@law
@given(scenes, st.randoms(use_true_random=False))
def test_ids_and_the_order_of_rows_mean_nothing(scene: list[list[Any]], random: Any) -> None:
    new = dict(zip(range(1, 7), random.sample(range(1, 2**62), 6), strict=True))
    shuffled = [random.sample([(new[c[0]], *c[1:]) for c in now], len(now)) for now in scene]
    assert told(film(shuffled), params()) == told(film(scene), params())


@law
@given(scenes, scenes)
def test_a_stream_can_be_split_where_nobody_is_there(before: list[list[Any]], after: list[list[Any]]) -> None:
    first, second = film([*before, []]), film(after, len(before) + 1)
    assert told(first + second, params()) == told(first, params()) + told(second, params())


@law
@given(scenes)
def test_each_lane_is_measured_for_itself(scene: list[list[Any]]) -> None:
    frames = film(scene)
    both = [told(frames, params(lanes=(lane,))) for lane in LANES]
    assert [row[2:] for row in told(frames, params())] == [row[2:] for pair in zip(*both, strict=True) for row in pair]


@law
@given(scenes)
def test_a_queue_has_a_length_when_somebody_stands_in_it(scene: list[list[Any]]) -> None:
    people = {c[0] for now in scene for c in now}
    for _, _, length, count in told(film(scene), params()):
        assert (length > 0.0) == (count > 0)
        assert length <= 60.0 + 12.0
        assert count <= len(people)


@law
@given(scenes, st.lists(st.integers(0, 7), max_size=8))
def test_frames_between_the_seconds_change_nothing(scene: list[list[Any]], extra: list[int]) -> None:
    frames = film(scene)
    more = []
    for n, tracks in enumerate(frames):
        more.append(tracks)
        if n in extra:
            more.append(replace_tracks(tracks, time_ns=tracks.time_ns + SECOND_NS // 2, ended=np.zeros(0, np.int64)))
    assert told(more, params()) == told(frames, params())


@given(st.integers(1, 20))
def test_an_empty_lane_that_is_seen_has_a_queue_of_nothing(seconds: int) -> None:
    assert [row[2:] for row in told(film([[]] * seconds), params())] == [(0.0, 0)] * 2 * seconds
