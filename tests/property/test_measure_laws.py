"""What holds for all measures alike."""

from itertools import chain
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaneur.data.geometry import EDGES, Flow, Line, Places, Zone
from flaneur.data.kinds import Kind
from flaneur.measure import crossings, edges, passing, zones
from flaneur.measure.crossings import Lines
from flaneur.measure.edges import PictureSize
from flaneur.measure.feet import picture_feet
from flaneur.measure.passing import Places as Placed
from flaneur.measure.presence import presence
from flaneur.measure.zones import Zones
from support.walks import FRAME_NS, Row, Walk, counts, film, play

W, H = 160, 120
PLACES = Places(
    lines=(
        Line("bent", np.array([[0.0, 0.5], [0.4, 0.55], [0.7, 0.3]])),
        Line("upright", np.array([[0.3, 0.1], [0.33, 1.0]])),
        Line("low", np.array([[0.1, 1.0], [0.9, 1.0]])),
    ),
    zones=(
        Zone("corner", np.array([[0.0, 0.6], [0.37, 0.7], [0.4, 1.0], [0.0, 1.0]])),
        Zone("arrow", np.array([[0.5, 0.2], [0.9, 0.5], [0.5, 0.8], [0.6, 0.5]])),
    ),
    flows=(Flow("a", "bent", "arrow"), Flow("b", "arrow", "upright"), Flow("c", "upright", "bent")),
)


def all_measures(places: Places = PLACES) -> list[tuple[ModuleType, Any]]:
    return [
        (crossings, Lines.in_picture(places.lines, W, H)),
        (zones, Zones.in_picture(places.zones, W, H)),
        (passing, Placed.in_picture(places, W, H)),
        (edges, PictureSize(W, H)),
    ]


feet = st.tuples(st.floats(0.0, W, width=32, allow_subnormal=False), st.floats(0.0, H, width=32, allow_subnormal=False))
walks = st.builds(
    Walk,
    feet=st.lists(feet, min_size=1, max_size=15),
    start=st.integers(0, 12),
    height=st.floats(4.0, 60.0, width=32),
    kind=st.sampled_from(Kind),
    unseen=st.sets(st.integers(0, 26), max_size=8),
    size=st.sampled_from([None, (W, H)]),
)
scenes = st.lists(walks, min_size=1, max_size=3)
law = settings(deadline=None, max_examples=40)


MEASURES = all_measures()


def told(scene: list[Walk], **how: Any) -> list[list[Row]]:
    return [play(measure, params, film(*scene, **how)) for measure, params in MEASURES]


@law
@given(scenes, st.randoms(use_true_random=False))
def test_ids_and_the_order_of_rows_mean_nothing(scene: list[Walk], random: Any) -> None:
    ids = random.sample(range(1, 2**62), len(scene))
    order = random.sample(range(len(scene)), len(scene))
    assert told(scene, ids=ids, order=order) == told(scene)


@law
@given(scenes)
def test_road_users_are_counted_one_by_one(scene: list[Walk]) -> None:
    start = Walk([(80.0, 60.0)], height=4.0)  # the video starts for all at the same moment
    alone = [told([start, walk]) for walk in scene]
    assert told([start, *scene]) == [sorted(chain(*parts)) for parts in zip(*alone, strict=True)]


@law
@given(scenes, scenes)
def test_a_stream_can_be_split_where_nobody_is_there(before: list[Walk], after: list[Walk]) -> None:
    length = len(film(*before))
    later = [
        Walk(w.feet, w.start + length, w.height, w.width, w.kind, {n + length for n in w.unseen}, w.size) for w in after
    ]
    for measure, params in MEASURES[:3]:
        second = film(*later)[length:]
        whole = play(measure, params, film(*before) + second)
        assert whole == sorted(play(measure, params, film(*before)) + play(measure, params, second))


@law
@given(st.lists(feet, min_size=2, max_size=25), st.floats(4.0, 60.0, width=32))
def test_seen_backwards_directions_swap(path: list[tuple[float, float]], height: float) -> None:
    for measure, params in MEASURES[:2]:
        there = counts(play(measure, params, film(Walk(path, height=height))))
        back = counts(play(measure, params, film(Walk(path[::-1], height=height))))
        assert back == {(place, -direction): n for (place, direction), n in there.items()}


@law
@given(scenes)
def test_in_a_mirror_left_and_right_swap(scene: list[Walk]) -> None:
    mirrored = Places(
        tuple(Line(line.name, line.points_xy * (-1, 1) + (1, 0)) for line in PLACES.lines),
        tuple(Zone(zone.name, zone.polygon_xy * (-1, 1) + (1, 0)) for zone in PLACES.zones),
        PLACES.flows,
    )
    grid = [
        Walk([(round(x) + 0.25, round(y) + 0.125) for x, y in w.feet], w.start, round(w.height), 8, w.kind)
        for w in scene
    ]
    other = [Walk([(W - x, y) for x, y in w.feet], w.start, w.height, w.width, w.kind) for w in grid]
    for (measure, params), (_, through) in zip(MEASURES, all_measures(mirrored), strict=True):
        seen = counts(play(measure, params, film(*grid)))
        swap = {EDGES.index("left"): EDGES.index("right"), EDGES.index("right"): EDGES.index("left")}
        if measure is crossings:
            seen = {(place, -direction): n for (place, direction), n in seen.items()}
        if measure is edges:
            seen = {(swap.get(place, place), direction): n for (place, direction), n in seen.items()}
        assert counts(play(measure, through, film(*other))) == seen


@law
@given(scenes)
def test_entries_less_exits_is_who_came_to_be_inside(scene: list[Walk]) -> None:
    params = Zones.in_picture(PLACES.zones, W, H)
    frames = film(*scene)
    net = np.zeros(2, int)
    for (place, direction), n in counts(play(zones, params, frames)).items():
        net[place] += direction * n
    first, last = {}, {}
    for frame in frames:
        for track, inside in zip(frame.track_id.tolist(), params.inside(frame.foot_px().astype(float)), strict=True):
            first.setdefault(track, inside.astype(int))
            last[track] = inside.astype(int)
    assert net.tolist() == sum((last[t] - first[t] for t in first), np.zeros(2, int)).tolist()


@law
@given(scenes)
def test_a_road_user_has_one_flow_at_most_and_one_way_in_and_out(scene: list[Walk]) -> None:
    for walk in scene:
        start = Walk([(80.0, 60.0)], height=4.0)
        *_, flow, edge = told([start, walk])
        assert len(flow) <= 1
        assert all(sum(n for (_, d), n in counts(edge).items() if d == direction) <= 1 for direction in (1, -1))


@law
@given(scenes)
def test_events_happen_while_their_road_user_is_there(scene: list[Walk]) -> None:
    for walk in scene:
        start = Walk([(80.0, 60.0)], height=4.0)
        for rows in told([start, walk]):
            assert all(walk.start <= t / FRAME_NS <= walk.start + len(walk.feet) - 1 for _, _, t, _ in rows)
            assert all(kind == walk.kind for *_, kind in rows)


@law
@given(scenes)
def test_presence_adds_up(scene: list[Walk]) -> None:
    params = Zones.in_picture(PLACES.zones, W, H)
    for frame in film(*scene):
        feet = picture_feet(frame)
        inside = params.inside(feet.xy)
        there = presence(feet, inside)
        assert there.time_ns == frame.time_ns
        assert there.count.shape == (3, len(Kind))
        assert there.count[-1].sum() == len(frame)
        assert there.count[:-1].sum(axis=1).tolist() == inside.sum(axis=0).tolist()
        for kind in Kind:
            assert there.count[-1, kind] == (frame.kind == kind).sum()
            assert there.count[0, kind] == inside[frame.kind == kind, 0].sum()


@pytest.mark.parametrize("number", range(4))
def test_a_thousand_tracks_leave_no_trace(number: int) -> None:
    measure, params = MEASURES[number]
    rng = np.random.default_rng(7)
    state = measure.start(params)
    empty = measure.start(params)
    for n in range(25):
        crowd = [Walk([tuple(p) for p in rng.uniform((0, 0), (W, H), (6, 2))]) for _ in range(40)]
        for frame in film(*crowd, ids=range(40 * n + 1, 40 * n + 41)):
            state, _ = measure.step(state, frame if measure is edges else picture_feet(frame), params)
    assert _sizes(state) == _sizes(empty)


def _sizes(state: Any) -> list[Any]:
    parts = [getattr(state, name) for name in state.__dataclass_fields__]
    return [_sizes(part) if hasattr(part, "__dataclass_fields__") else np.shape(part) for part in parts]
