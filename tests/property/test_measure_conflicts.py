"""Laws of near misses, and shapely as their oracle."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from flaneur.data.kinds import Kind
from flaneur.data.private import GroundTracks
from flaneur.measure.collision import Moving, contacts, may_meet
from flaneur.measure.conflicts import ConflictParams, Over
from flaneur.measure.encounters import Encounters
from support.meetings import Mover, look, over
from support.meetings import film as film_at

law = settings(deadline=None, max_examples=12)
quick = settings(deadline=None, max_examples=60)
PARAMS = ConflictParams(pet_s=(1.5, 6.0), slow_mps=0.5)
HORIZON_S = 3.0
SECONDS = 5.0
RATE = 5

VEHICLES = [Kind.BICYCLE, Kind.CAR, Kind.BUS]
near = st.floats(-20.0, 20.0, width=32)


def _meeting(rng: np.random.Generator) -> list[Mover]:
    """Two who are on the same spot at moments that are not far apart; one at least is a vehicle."""
    spot, out = rng.uniform(-20, 20, 2), []
    for kinds in ([Kind.PEDESTRIAN, *VEHICLES], VEHICLES):
        course, speed = rng.uniform(-np.pi, np.pi), rng.uniform(1, 9)
        velocity = speed * np.array((np.cos(course), np.sin(course)))
        xy = spot - velocity * rng.uniform(1.5, 4.5)
        out.append(Mover((xy[0], xy[1]), (velocity[0], velocity[1]), rng.choice(kinds)))
    return out


def _random(meetings: int) -> st.SearchStrategy[list[Mover]]:
    """Scenes without round numbers: who just touches is another one after rounding."""
    seeds = st.integers(0, 2**32 - 1).map(np.random.default_rng)
    return seeds.map(lambda rng: [mover for _ in range(meetings) for mover in _meeting(rng)])


pairs, scenes = _random(1), _random(2)


def film(movers: list[Mover] | tuple[Mover, ...], seconds: float, ids: list[int] | None = None) -> list[GroundTracks]:
    return film_at(movers, seconds, ids, rate=RATE)


def same(one: Over, other: Over) -> None:
    """All that is said of encounters, without ids and moments."""
    for name in ("ttc", "drac", "pet"):
        rows = [np.stack((table.kind, table.value), axis=1) for table in (getattr(one, name), getattr(other, name))]
        ordered = [table[np.lexsort(table.T)] for table in rows]
        assert ordered[0] == pytest.approx(ordered[1], abs=1e-6)


def distance(a: Mover, b: Mover, time_s: np.ndarray) -> np.ndarray:
    return shapely.distance(a.footprint(time_s), b.footprint(time_s))


@quick
@given(pairs)
def test_footprints_touch_when_the_time_to_collision_says(pair: list[Mover]) -> None:
    moving = Moving.of(look(pair), False, HORIZON_S)
    found = contacts(moving, np.array([0]), np.array([1]))
    until = found.ttc_s[0] if len(found.a) else HORIZON_S
    before = distance(*pair, np.linspace(0.0, until, 200))
    octagon = 0.021 * any(mover.kind == Kind.PEDESTRIAN for mover in pair)
    assert until == 0.0 or (before[:-1] > 0).all()
    if len(found.a):
        assert before[-1] <= octagon + 1e-6


@quick
@given(pairs)
def test_the_contact_lies_on_both_footprints(pair: list[Mover]) -> None:
    found = contacts(Moving.of(look(pair), False, HORIZON_S), np.array([0]), np.array([1]))
    assume(len(found.a) and found.ttc_s[0] > 0)
    spot = shapely.points(found.xy_m[0])
    for mover in pair:
        assert shapely.distance(mover.footprint(found.ttc_s[0])[0], spot) < 1.5


@law
@given(pairs)
def test_post_encroachment_time_is_the_least_time_between_footprints_on_one_spot(pair: list[Mover]) -> None:
    headings = [mover.heading_rad for mover in pair]
    turn = abs((headings[0] - headings[1] + np.pi) % (2 * np.pi) - np.pi)
    assume(np.radians(31) < turn)
    # Whoever is slow or long is on the spot for long; the grid need only be fine against the tolerance.
    time_s = np.arange(0.0, SECONDS, 0.02)
    feet = [mover.footprint(time_s) for mover in pair]
    i, j = shapely.STRtree(feet[1]).query(feet[0], predicate="intersects")
    found = over(film(pair, SECONDS), PARAMS).pet
    if not len(i):
        assert not len(found) or found.value.min() <= 0.08
        return
    wanted = np.abs(time_s[i] - time_s[j]).min()
    assert found.value.min() == pytest.approx(wanted, abs=0.08)
    assert found.enter_s.min(axis=0) == pytest.approx([time_s[i].min(), time_s[j].min()], abs=0.08)
    assert found.leave_s.max(axis=0) == pytest.approx([time_s[i].max(), time_s[j].max()], abs=0.08)


def moved(looks: list[GroundTracks], turn: float, shift: tuple[float, float]) -> list[GroundTracks]:
    cos, sin = np.cos(turn), np.sin(turn)
    matrix = np.array([[cos, sin], [-sin, cos]])
    return [
        replace(
            tracks,
            xy_m=tracks.xy_m @ matrix + shift,
            velocity_mps=tracks.velocity_mps @ matrix,
            acceleration_mps2=tracks.acceleration_mps2 @ matrix,
            heading_rad=tracks.heading_rad + turn,
        )
        for tracks in looks
    ]


@law
@given(scenes, st.floats(-4.0, 4.0, width=32), st.tuples(near, near))
def test_rotating_and_moving_the_world_changes_nothing(
    scene: list[Mover], turn: float, shift: tuple[float, float]
) -> None:
    looks = film(scene, SECONDS)
    same(over(looks, PARAMS), over(moved(looks, turn, shift), PARAMS))


@law
@given(scenes, st.permutations(range(4)))
def test_names_and_order_of_road_users_change_nothing(scene: list[Mover], order: list[int]) -> None:
    ids = [5 * n - 3 for n in order]
    same(over(film(scene, SECONDS), PARAMS), over(film(scene, SECONDS, ids), PARAMS))
    same(over(film(scene, SECONDS), PARAMS), over(film(scene[::-1], SECONDS), PARAMS))


@law
@given(scenes)
def test_halving_the_unit_halves_lengths_and_leaves_times(scene: list[Mover]) -> None:
    looks = film(scene, SECONDS)
    double = [
        replace(
            tracks,
            xy_m=2 * tracks.xy_m,
            velocity_mps=2 * tracks.velocity_mps,
            size_m=2 * tracks.size_m,
        )
        for tracks in looks
    ]
    one = over(looks, PARAMS)
    other = over(double, replace(PARAMS, slow_mps=1.0, drac_mps2=(12.0, 6.7)))
    for name in ("ttc", "pet"):
        values = [np.sort(getattr(told, name).value) for told in (one, other)]
        assert values[0] == pytest.approx(values[1], abs=1e-6)


def pets(told: Encounters) -> np.ndarray:
    return np.sort(told.value)


@law
@given(scenes)
def test_reversing_time_leaves_post_encroachment_times(scene: list[Mover]) -> None:
    looks = film(scene, SECONDS)
    last = looks[-1].time_ns
    back = [
        replace(
            tracks,
            time_ns=last - tracks.time_ns,
            velocity_mps=-tracks.velocity_mps,
            heading_rad=tracks.heading_rad + np.pi,
        )
        for tracks in reversed(looks)
    ]
    assert pets(over(looks, PARAMS).pet) == pytest.approx(pets(over(back, PARAMS).pet), abs=1e-6)


@law
@given(scenes)
def test_those_far_away_change_nothing_and_meet_nobody(scene: list[Mover]) -> None:
    far = [replace(mover, xy=(mover.xy[0] + 1000.0 * (n + 1), mover.xy[1])) for n, mover in enumerate(scene)]
    alone = over(film(far, SECONDS), PARAMS)
    assert not len(alone.ttc) + len(alone.drac) + len(alone.pet)
    same(over(film(scene, SECONDS), PARAMS), over(film([*scene, *far], SECONDS), PARAMS))


@law
@given(scenes, st.integers(2, 4))
def test_more_looks_of_the_same_straight_ways_change_no_post_encroachment_time(scene: list[Mover], every: int) -> None:
    looks = film(scene, SECONDS - SECONDS % (every / RATE))
    assert pets(over(looks, PARAMS).pet) == pytest.approx(pets(over(looks[::every], PARAMS).pet), abs=1e-6)


boxes = st.lists(
    st.tuples(near, near, st.floats(0, 9, width=32), st.floats(0, 9, width=32), st.booleans()), max_size=12
)


@settings(deadline=None, max_examples=200)
@given(boxes)
def test_the_sweep_finds_all_pairs_of_boxes_once(rows: list[tuple[float, float, float, float, bool]]) -> None:
    table = np.array(rows, np.float64).reshape(-1, 5)
    low, mover = table[:, :2], table[:, 4].astype(bool)
    high = low + table[:, 2:4]
    found = sorted(tuple(sorted(pair)) for pair in zip(*may_meet(low.T, high.T, mover), strict=True))
    n = len(table)
    wanted = [
        (i, j)
        for i in range(n)
        for j in range(i + 1, n)
        if (mover[i] or mover[j]) and (low[i] <= high[j]).all() and (low[j] <= high[i]).all()
    ]
    assert found == wanted


def test_turning_meets_what_straight_on_does_not() -> None:
    """Along an arc the footprints meet within the accuracy of the chords."""
    rng, seen = np.random.default_rng(1), 0
    for _ in range(60):
        speed, rate = rng.uniform(4, 9), rng.uniform(-0.4, 0.4)
        at_s = rng.uniform(0.5, 2.5)
        spot = speed / rate * np.array((np.sin(rate * at_s), 1 - np.cos(rate * at_s)))
        other = Mover((float(spot[0]), float(spot[1])), heading=float(rng.uniform(0, 6)))
        tracks = look([Mover((0, 0), (speed, 0)), other])
        tracks.acceleration_mps2[0, 1] = speed * rate
        found = contacts(Moving.of(tracks, True, HORIZON_S), np.array([0]), np.array([1]))
        if not len(found.a) or found.ttc_s[0] == 0:
            continue
        seen += 1
        t = found.ttc_s[0]
        way = speed / rate * np.array((np.sin(rate * t), 1 - np.cos(rate * t)))
        turner = Mover((float(way[0]), float(way[1])), heading=float(rate * t))
        assert shapely.distance(turner.footprint(0.0), other.footprint(0.0))[0] < 0.1
    assert seen > 30
