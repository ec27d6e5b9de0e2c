"""Laws that figures about crowds obey wherever people stand and walk."""

import math
from dataclasses import fields, replace
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from flaneur.data.geometry import GroundZone
from flaneur.data.private import GroundTracks
from flaneur.data.time import SECOND_NS
from flaneur.measure import alarm, crowd
from flaneur.measure.alarm import UNKNOWN, AlarmParams
from flaneur.measure.crowd import Crowd, CrowdZones
from flaneur.measure.voronoi import own_ground
from support.crowds import pedestrians, rectangle

law = settings(deadline=None, max_examples=60)
FIGURES = [f.name for f in fields(Crowd) if f.name != "left_out"]
ZONES = (rectangle(0, 0, 4, 3, "west"), rectangle(4, 0, 9, 3, "east"), rectangle(0, 0, 9, 3, "both"))
FLOOR = GroundZone("floor", np.array([(-1, -1), (10, -1), (10, 4), (5, 4), (5, 6), (-1, 6)], np.float64))
SMOOTH = (
    "density",
    "voronoi_density",
    "speed",
    "voronoi_speed",
    "specific_flow",
    "counter_flow",
    "standing",
    "pressure",
)
"""Figures that a rounding error changes by no more than a rounding error; bins and levels may flip on their edges."""

spread = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 40))
coarse = st.lists(st.tuples(st.integers(-4, 22), st.integers(-4, 14)), max_size=30)
"""On a grid of half metres: in rows, on circles, on borders, on top of one another."""


def people(drawn: tuple[int, int]) -> GroundTracks:
    """Anywhere in and around the zones, walking anywhere, some at rest."""
    seed, n = drawn
    rng = np.random.default_rng(seed)
    xy = rng.uniform((-2, -2), (11, 7), (n, 2))
    velocity = rng.normal(0, 0.8, (n, 2)) * (rng.random((n, 1)) < 0.8)
    return pedestrians(xy, velocity, sigma_m=0.1, sigma_mps=0.05, scale_sigma=0.03)


def told(tracks: GroundTracks, zones: CrowdZones) -> Crowd:
    return crowd.step(crowd.start(zones), tracks, zones)[1]


def same(a: Crowd, b: Crowd, **factors: float) -> None:
    """Equal but for a factor."""
    for name in SMOOTH:
        x, y, factor = getattr(a, name), getattr(b, name), factors.get(name, 1.0)
        assert x.place.tolist() == y.place.tolist()
        np.testing.assert_allclose(y.value, factor * x.value, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(y.noise, factor * x.noise, rtol=1e-6, atol=1e-9)


def moved(zone: GroundZone, turn: np.ndarray, by: np.ndarray, times: float = 1.0) -> GroundZone:
    return GroundZone(zone.name, times * zone.polygon_m @ turn.T + by)


@law
@given(spread, st.floats(0, 2 * math.pi), st.floats(-1e4, 1e4), st.floats(-1e4, 1e4), st.sampled_from([0.8, math.inf]))
def test_rotating_and_moving_the_world_changes_nothing(
    drawn: tuple[int, int], angle: float, x: float, y: float, cutoff_m: float
) -> None:
    turn = np.array([(math.cos(angle), -math.sin(angle)), (math.sin(angle), math.cos(angle))])
    by, tracks = np.array((x, y)), people(drawn)
    there = replace(tracks, xy_m=tracks.xy_m @ turn.T + by, velocity_mps=tracks.velocity_mps @ turn.T)
    here_zones = CrowdZones.of(ZONES, walkable=FLOOR, cutoff_m=cutoff_m)
    there_zones = CrowdZones.of([moved(z, turn, by) for z in ZONES], walkable=moved(FLOOR, turn, by), cutoff_m=cutoff_m)
    same(told(tracks, here_zones), told(there, there_zones))


@law
@given(spread, st.floats(0.1, 10.0))
def test_when_lengths_grow_densities_fall_with_their_square(drawn: tuple[int, int], times: float) -> None:
    tracks = people(drawn)
    xy = tracks.xy_m
    sides = np.array([shapely.Polygon(z.polygon_m) for z in ZONES])
    larger = np.array([shapely.Polygon(times * z.polygon_m) for z in ZONES])
    small, large = own_ground(xy, sides, 1.0), own_ground(times * xy, larger, times)
    np.testing.assert_allclose(large.area_m2, times**2 * small.area_m2, rtol=1e-6)
    np.testing.assert_allclose(large.share(), small.share(), atol=1e-6)


@law
@given(spread)
def test_in_feet_speeds_are_in_feet_and_densities_per_square_foot(drawn: tuple[int, int]) -> None:
    """But for figures with lengths or speeds of their own: thresholds of walking, the smoothing of pressure."""
    feet, tracks = 1 / 0.3048, people(drawn)
    scaled = replace(
        tracks,
        xy_m=feet * tracks.xy_m,
        velocity_mps=feet * tracks.velocity_mps,
        sigma_m=feet * tracks.sigma_m,
        sigma_mps=feet * tracks.sigma_mps,
    )
    none = np.zeros(2)
    a = told(tracks, CrowdZones.of(ZONES))
    b = told(scaled, CrowdZones.of([moved(z, np.eye(2), none, feet) for z in ZONES], cutoff_m=feet))
    for name, power in {
        "density": -2,
        "voronoi_density": -2,
        "speed": 1,
        "voronoi_speed": 1,
        "specific_flow": -1,
    }.items():
        x, y = getattr(a, name), getattr(b, name)
        np.testing.assert_allclose(y.value, feet**power * x.value, rtol=1e-6)
        np.testing.assert_allclose(y.noise, feet**power * x.noise, rtol=1e-6, atol=1e-12)
        np.testing.assert_allclose(y.bias, feet**power * x.bias, rtol=1e-6, atol=1e-12)


@law
@given(spread, st.randoms(use_true_random=False))
def test_whatever_people_are_called_and_in_which_order(drawn: tuple[int, int], random: object) -> None:
    tracks = people(drawn)
    order = np.array(random.sample(range(len(tracks)), len(tracks)), np.intp)
    ids = np.array(random.sample(range(10**9), len(tracks)), np.int64)
    zones = CrowdZones.of(ZONES, walkable=FLOOR)
    same(told(tracks, zones), told(replace(tracks.take(order), track_id=ids), zones))


@law
@given(spread)
def test_walking_back_changes_no_figure(drawn: tuple[int, int]) -> None:
    """Reversing time: everybody walks the other way, and so do the few against the many."""
    tracks, zones = people(drawn), CrowdZones.of(ZONES)
    same(told(tracks, zones), told(replace(tracks, velocity_mps=-tracks.velocity_mps), zones))


@law
@given(spread, st.sampled_from([0.6, 2.0, math.inf]))
def test_two_halves_of_a_zone_hold_what_the_zone_holds(drawn: tuple[int, int], cutoff_m: float) -> None:
    zones = CrowdZones.of(ZONES, walkable=FLOOR, cutoff_m=cutoff_m)
    figures = told(people(drawn), zones)
    for name in ("density", "voronoi_density"):
        west, east, both = getattr(figures, name).value * zones.area_m2
        assert west + east == pytest.approx(both, abs=1e-6)


@law
@given(spread | coarse)
def test_cells_tile_the_ground(drawn: object) -> None:
    """Without a cut-off, on ground that no cell is cut to pieces on, everybody's ground together is all of it."""
    xy = people(drawn).xy_m if isinstance(drawn, tuple) else 0.5 * np.array(drawn, np.float64).reshape(-1, 2)
    floor = shapely.box(-1, -1, 9, 6)
    ground = own_ground(xy, np.array([shapely.box(0, 0, 4, 3)]), math.inf, floor)
    inside = shapely.intersects_xy(floor, *xy.T)
    np.testing.assert_array_equal(np.isfinite(ground.area_m2), inside)
    if inside.any():
        assert np.nansum(ground.area_m2) == pytest.approx(70)
        assert ground.overlap_m2.sum() == pytest.approx(12)


@law
@given(spread | coarse, st.floats(0.05, 3.0))
def test_nobodys_ground_is_larger_than_a_circle_and_shares_are_shares(drawn: object, cutoff_m: float) -> None:
    xy = people(drawn).xy_m if isinstance(drawn, tuple) else 0.5 * np.array(drawn, np.float64).reshape(-1, 2)
    ground = own_ground(xy, np.array([shapely.Polygon(z.polygon_m) for z in ZONES]), cutoff_m)
    assert (ground.area_m2 > 0).all()
    assert (ground.area_m2 <= math.pi * cutoff_m**2 * (1 + 1e-9)).all()
    share = ground.share()
    assert (share >= 0).all()
    assert (share <= 1 + 1e-9).all()
    np.testing.assert_allclose(share[:, 0] + share[:, 1], share[:, 2], atol=1e-6)


@law
@given(spread, st.integers(1, 40))
def test_more_people_leave_less_ground_to_each(drawn: tuple[int, int], more: int) -> None:
    seed, n = drawn
    xy = people((seed, n + more)).xy_m
    few, many = (own_ground(p, np.array([], np.object_), 2.0).area_m2 for p in (xy[:n], xy))
    assert (many[:n] <= few * (1 + 1e-9)).all()


@law
@given(spread)
def test_shares_are_shares(drawn: tuple[int, int]) -> None:
    figures = told(people(drawn), CrowdZones.of(ZONES))
    for name in ("standing", "stop_and_go", "counter_flow"):
        values = getattr(figures, name).value
        assert ((values >= 0) & (values <= (0.5 if name == "counter_flow" else 1.0))).all()


values = st.lists(st.floats(0, 9) | st.just(math.nan), min_size=1, max_size=80)
PARAMS = AlarmParams(hold_ns=5 * SECOND_NS, patience_ns=3 * SECOND_NS)


def levels(series: list[float]) -> list[int]:
    state, out = alarm.start(1), []
    for n, value in enumerate(series):
        state, _ = alarm.step(state, n * SECOND_NS, np.array([value]), PARAMS)
        out.append(int(state.level[0]))
    return out


@law
@given(values)
def test_no_alarm_is_missed_and_none_without_a_reason(series: list[float]) -> None:
    for n, (value, level) in enumerate(zip(series, levels(series), strict=True)):
        if math.isfinite(value):
            assert level >= sum(value >= up for up in PARAMS.up)
        known = [v for v in series[: n + 1] if math.isfinite(v)]
        assert level <= sum(max(known, default=0.0) >= up for up in PARAMS.up)


@law
@given(values)
def test_a_level_falls_by_one_and_not_before_the_hold_time(series: list[float]) -> None:
    shown = [level for level in levels(series) if level != UNKNOWN]
    falls = [n for n in range(1, len(shown)) if shown[n] < shown[n - 1]]
    assert all(shown[n] == shown[n - 1] - 1 for n in falls)
    assert all(b - a >= 5 for a, b in pairwise(falls))


@law
@given(values, st.integers(4, 20))
def test_silence_is_never_all_clear(series: list[float], seconds: int) -> None:
    assert levels(series + [math.nan] * seconds)[-1] == UNKNOWN


@law
@given(st.lists(st.tuples(st.floats(0, 9), st.floats(0, 3)), min_size=1, max_size=40))
def test_a_denser_place_is_never_at_a_lower_level(pairs: list[tuple[float, float]]) -> None:
    lower, higher = [a for a, _ in pairs], [a + b for a, b in pairs]
    assert all(a <= b for a, b in zip(levels(lower), levels(higher), strict=True))
