"""Laws of stays in zones."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from flaneur.data.geometry import OUT, GroundZone
from flaneur.data.private import GroundTracks, Samples
from flaneur.measure import dwell, passing
from flaneur.measure.dwell import COMPLETE, DwellParams
from flaneur.measure.feet import ground_feet
from flaneur.measure.passing import Places
from flaneur.measure.standing import STANDING, Standing
from support.grounds import Drive, roll

ZONES = (
    GroundZone("square", np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]])),
    GroundZone("arrow", np.array([[5.0, -5.0], [16.0, 5.0], [5.0, 15.0], [8.0, 5.0]])),
)

steps = st.tuples(st.floats(-3.0, 3.0, width=16), st.floats(-3.0, 3.0, width=16))
OFF_GRID = np.array((0.0137, 0.0211))
"""So that rounding decides nothing."""
walks = st.builds(
    lambda start, way, late: Drive(np.cumsum([start, *way], axis=0) + OFF_GRID, start=late),
    st.tuples(st.floats(-4.0, 14.0, width=16), st.floats(-4.0, 14.0, width=16)),
    st.lists(steps, min_size=2, max_size=10),
    st.integers(0, 10),
)
scenes = st.lists(walks, min_size=1, max_size=3)
law = settings(deadline=None, max_examples=15)

Row = tuple[int, float, float, int]


def told(
    frames: Sequence[GroundTracks], zones: Sequence[GroundZone] = ZONES, standing: Standing = STANDING
) -> tuple[list[Row], list[int]]:
    """(zone, stay in s, wait in s, group) of each stay, and how many began in each zone."""
    places = Places.on_ground(zones=zones)
    params = DwellParams(places.zones, standing)
    at, state, parts, began = passing.start(places), dwell.start(params), [], [0] * len(zones)

    def count(passed: passing.Passed) -> None:
        for zone in passed.zones.place[passed.zones.direction != OUT]:
            began[zone] += 1

    for tracks in frames:
        feet = ground_feet(tracks)
        at, passed = passing.step(at, feet, places)
        count(passed)
        state, now = dwell.step(state, tracks, feet, passed, params)
        parts.append(now)
    passed = passing.finish(at, places)
    count(passed)
    parts.append(dwell.finish(state, passed, params))
    stay, wait = Samples.joined(*(p.stay_s for p in parts)), Samples.joined(*(p.wait_s for p in parts))
    rows = zip(stay.place, stay.value.round(6), wait.value.round(6), stay.group, strict=True)
    return sorted((int(p), float(s), float(w), int(g)) for p, s, w, g in rows), began


@law
@given(scenes)
def test_every_stay_that_begins_is_told_once(scene: list[Drive]) -> None:
    rows, began = told(roll(*scene))
    assert [sum(row[0] == zone for row in rows) for zone in range(len(ZONES))] == began


@law
@given(scenes)
def test_nobody_stands_for_longer_than_the_stay_nor_stays_for_longer_than_seen(scene: list[Drive]) -> None:
    frames = roll(*scene)
    for _, stay, wait, _ in told(frames)[0]:
        assert 0.0 <= wait <= stay <= max(len(np.asarray(d.path)) for d in scene) / 10.0


@law
@given(scenes, st.randoms(use_true_random=False))
def test_ids_mean_nothing(scene: list[Drive], random: Any) -> None:
    assert told(roll(*scene, ids=random.sample(range(1, 2**62), len(scene)))) == told(roll(*scene))


@law
@given(scenes)
def test_road_users_stay_one_by_one(scene: list[Drive]) -> None:
    length = max(d.start + len(np.asarray(d.path)) for d in scene) + 1
    alone = [told(roll(d, frames=length))[0] for d in scene]
    assert told(roll(*scene))[0] == sorted(chain(*alone))


@law
@given(scenes, st.floats(0.0, 6.3), st.floats(-300.0, 300.0), st.floats(-300.0, 300.0))
def test_the_world_may_be_turned_and_moved(scene: list[Drive], angle: float, x: float, y: float) -> None:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    other = [Drive(np.asarray(d.path) @ turn.T + (x, y), d.start) for d in scene]
    zones = [GroundZone(z.name, z.polygon_m @ turn.T + (x, y)) for z in ZONES]
    here, there = told(roll(*scene))[0], told(roll(*other), zones)[0]
    assert np.allclose(np.array(here).reshape(-1, 4), np.array(there).reshape(-1, 4), atol=1e-5)


@law
@given(scenes)
def test_in_slow_motion_stays_are_longer(scene: list[Drive]) -> None:
    slow = told(roll(*scene, rate=5.0), standing=Standing(0.5, 1.0))[0]
    fast = told(roll(*scene, rate=10.0), standing=Standing(1.0, 2.0))[0]
    assert np.allclose(slow, [(p, 2 * s, 2 * w, g) for p, s, w, g in fast], atol=2e-6)


@law
@given(st.lists(steps, min_size=2, max_size=25))
def test_seen_backwards_there_are_as_many_stays(way: list[tuple[float, float]]) -> None:
    outside = (-20.0, 30.0)
    path = np.concatenate(([outside], np.cumsum([(4.0137, 4.0211), *way], axis=0), [outside]))
    there, back = told(roll(Drive(path)))[0], told(roll(Drive(path[::-1])))[0]
    assert [(p, g) for p, _, _, g in there] == [(p, g) for p, _, _, g in back]
    assert all(g == COMPLETE for _, _, _, g in there)


@law
@given(scenes, scenes)
def test_a_stream_can_be_split_where_nobody_is_there(before: list[Drive], after: list[Drive]) -> None:
    first = roll(*before)
    later = roll(*(Drive(d.path, d.start + len(first)) for d in after), ids=range(101, 101 + len(after)))[len(first) :]
    assert told([*first, *later])[0] == sorted(told(first)[0] + told(later)[0])


def test_where_nobody_stays_there_is_no_sample() -> None:
    assert told(roll(Drive([(-50.0, -50.0)] * 5))) == ([], [0, 0])
