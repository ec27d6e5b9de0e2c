"""Laws of the motion smoother: what moves the world moves the figures, and nothing else does."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from flaneur.data.kinds import Kind
from support.located import column, located, smoothed

TIMES = np.arange(60) / 10
VECTORS = ("velocity_mps", "acceleration_mps2")


def walkers(seed: int, n: int = 4) -> np.ndarray:
    """[looks, n, 2] paths that bend, hurry and rest, with noise."""
    rng = np.random.default_rng(seed)
    speed = 1.4 + np.cumsum(rng.normal(0, 0.08, (len(TIMES), n)), axis=0)
    turn = rng.uniform(0, 6.28, n) + np.cumsum(rng.normal(0, 0.05, (len(TIMES), n)), axis=0)
    step = 0.1 * speed[..., None] * np.stack((np.cos(turn), np.sin(turn)), axis=-1)
    return rng.uniform(-20, 20, (n, 2)) + np.cumsum(step, axis=0) + rng.normal(0, 0.04, step.shape)


def film(path: np.ndarray, **options):
    return smoothed(located(lambda t: path[round(t * 10)], TIMES, **options))


seeds = st.integers(0, 10_000)


@given(seed=seeds, angle=st.floats(0, 6.28), shift=st.tuples(st.floats(-1e5, 1e5), st.floats(-1e5, 1e5)))
@settings(max_examples=10, deadline=None)
def test_turning_and_moving_the_world_turns_and_moves_the_motion(seed, angle, shift):
    turn = np.array(((np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))))
    path = walkers(seed)

    before, after = film(path), film(path @ turn + shift)

    assert np.allclose(column(after, "xy_m"), column(before, "xy_m") @ turn + shift, atol=1e-7)
    for name in VECTORS:
        assert np.allclose(column(after, name), column(before, name) @ turn, atol=1e-6, equal_nan=True)
    assert np.allclose(column(after, "sigma_mps"), column(before, "sigma_mps"), equal_nan=True)
    away = column(after, "heading_rad") - column(before, "heading_rad") - angle
    assert np.allclose(np.exp(1j * away[~np.isnan(away)]), 1.0, atol=1e-5)


@given(seed=seeds)
@settings(max_examples=10, deadline=None)
def test_reversing_time_swaps_velocities_and_keeps_accelerations(seed):
    path = walkers(seed)
    inner = slice(20, -20)

    there, back = film(path), film(path[::-1])

    assert np.allclose(column(back, "velocity_mps")[::-1][inner], -column(there, "velocity_mps")[inner], atol=1e-8)
    assert np.allclose(column(back, "acceleration_mps2")[::-1][inner], column(there, "acceleration_mps2")[inner])
    assert np.allclose(column(back, "xy_m")[::-1][inner], column(there, "xy_m")[inner])


@given(speed=st.floats(0.5, 5.0), angle=st.floats(0, 6.28))
@settings(max_examples=10, deadline=None)
def test_halving_the_unit_halves_speeds(speed, angle):
    path = TIMES[:, None, None] * speed * np.array((np.cos(angle), np.sin(angle)))

    whole, half = film(path), film(path / 2, sigma_m=0.025)

    assert np.allclose(column(half, "velocity_mps") * 2, column(whole, "velocity_mps"), atol=1e-9)
    assert np.allclose(column(half, "xy_m") * 2, column(whole, "xy_m"), atol=1e-9)


@given(seed=seeds, order=st.permutations(range(4)), ids=st.sets(st.integers(1, 2**62), min_size=4, max_size=4))
@settings(max_examples=10, deadline=None)
def test_neither_ids_nor_the_order_of_rows_matter(seed, order, ids):
    path = walkers(seed)
    order = list(order)

    plain, other = film(path), film(path[:, order], ids=sorted(ids, key=hash))

    for name in ("xy_m", "sigma_m", "sigma_mps", "heading_rad", *VECTORS):
        assert np.allclose(column(other, name), column(plain, name)[:, order], equal_nan=True)


@given(seed=seeds, hours=st.integers(0, 500_000))
@settings(max_examples=10, deadline=None)
def test_the_clock_does_not_matter(seed, hours):
    looks = located(lambda t: walkers(seed)[round(t * 10)], TIMES[:25])
    later = [replace(look, time_ns=look.time_ns + hours * 3_600_000_000_000) for look in looks]

    for name in ("xy_m", "velocity_mps", "sigma_mps"):
        assert np.array_equal(column(smoothed(looks), name), column(smoothed(later), name), equal_nan=True)


@given(seed=seeds, kinds=st.lists(st.sampled_from(list(Kind)), min_size=4, max_size=4))
@settings(max_examples=10, deadline=None)
def test_nobody_changes_the_motion_of_another(seed, kinds):
    path, kind = walkers(seed), np.array(kinds, np.uint8)
    together = [replace(look, kind=kind) for look in located(lambda t: path[round(t * 10)], TIMES)]

    moments = smoothed(together)

    for i in range(4):
        alone = film(path[:, i : i + 1], kind=kinds[i])
        for name in ("xy_m", *VECTORS):
            assert np.allclose(column(alone, name)[:, 0], column(moments, name)[:, i], atol=1e-9, equal_nan=True)
