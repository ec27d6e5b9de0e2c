import numpy as np
import pytest

from flaneur.data.time import MINUTE_NS, to_ns
from flaneur.measure.crowd_motion import MEMORY_NS, SMOOTHING_M, counter_flow, doubt, follow, nobody, pressure, share
from support.crowds import pedestrians

ONE_ZONE = 1


def all_here(people: int) -> np.ndarray:
    return np.ones((people, ONE_ZONE), np.bool_)


def split(velocity: object, sigma_mps: float = 0.0) -> tuple[float, float]:
    v = np.array(velocity, np.float64)
    value, noise = counter_flow(all_here(len(v)), v, np.full(len(v), sigma_mps))
    return float(value[0]), float(noise[0])


def test_counter_flow_is_the_share_of_the_fewer() -> None:
    assert split([(1, 0)] * 3 + [(-1, 0)])[0] == 0.25
    assert split([(1, 0)] * 2 + [(-1, 0)] * 2)[0] == 0.5
    assert split([(1, 0.1)] * 4)[0] == 0.0


def test_counter_flow_goes_by_the_main_axis_whichever_it_is() -> None:
    diagonal = np.array([(1, 1.1)] * 3 + [(-1, -0.9)])
    assert split(diagonal)[0] == 0.25


def test_people_who_stand_are_no_counter_flow() -> None:
    assert split([(1, 0)] * 3 + [(-0.3, 0)])[0] == 0.0


def test_counter_flow_of_two_walkers_is_not_told() -> None:
    assert np.isnan(split([(1, 0), (-1, 0), (0.1, 0)])[0])


def test_counter_flow_is_unsure_where_velocities_are() -> None:
    # two thirds of a metre per second with an error of as much: one in six is on the wrong side
    _, noise = split([(0.66, 0)] * 4, 0.66)
    p = 0.1587
    assert noise == pytest.approx(np.sqrt(4 * p * (1 - p)) / 4, rel=0.01)


def test_share_of_two_is_not_told() -> None:
    here = np.array([(True, True), (True, True), (True, False)])
    of = np.array([True, False, False])
    assert share(here, of)[0] == pytest.approx(1 / 3)
    assert np.isnan(share(here, of)[1])


def pressed(xy: object, velocity: object, sigma_mps: float = 0.0) -> float:
    v = np.array(velocity, np.float64)
    sigma = np.full(len(v), sigma_mps)
    return float(pressure(np.array(xy, np.float64), v, sigma, np.isfinite(v[:, 0]), all_here(len(v)))[0][0])


def test_pressure_by_hand() -> None:
    """Three in one spot, whose velocities are 1, 0 and -1: variance 2/3 at a density of 3 / (π R²)."""
    assert pressed(np.zeros((3, 2)), [(1, 0), (0, 0), (-1, 0)]) == pytest.approx(2 / 3 * 3 / (np.pi * SMOOTHING_M**2))


def test_people_who_walk_together_have_no_pressure() -> None:
    assert pressed(np.random.default_rng(0).uniform(0, 2, (20, 2)), [(1.2, 0.3)] * 20) == pytest.approx(0, abs=1e-12)


def test_people_far_from_one_another_do_not_press() -> None:
    assert pressed([(0, 0), (9, 0), (18, 0)], [(1, 0), (-1, 0), (0, 1)]) == pytest.approx(0, abs=1e-12)


def test_noise_of_velocities_adds_no_pressure_in_the_mean() -> None:
    rng = np.random.default_rng(3)
    xy = rng.uniform(0, 4, (64, 2))
    noisy = [pressed(xy, rng.normal((1, 0), 0.2, (64, 2)), 0.2) for _ in range(200)]
    plain = [pressed(xy, rng.normal((1, 0), 0.2, (64, 2))) for _ in range(20)]
    assert np.mean(plain) > 0.2
    assert np.mean(noisy) == pytest.approx(0, abs=0.01)


def test_the_noise_of_pressure_is_about_its_scatter() -> None:
    rng = np.random.default_rng(4)
    xy, truth = rng.uniform(0, 4, (64, 2)), rng.normal(0, 0.3, (64, 2))
    known, sigma = np.ones(64, np.bool_), np.full(64, 0.2)
    told = [pressure(xy, truth + rng.normal(0, 0.2, (64, 2)), sigma, known, all_here(64)) for _ in range(300)]
    values, noises = np.array(told)[..., 0].T
    assert 0.5 < np.std(values) / np.mean(noises) < 2.0


def test_people_without_velocity_are_dense_all_the_same() -> None:
    xy = np.zeros((4, 2))
    here = np.array([(True,), (True,), (True,), (False,)])
    v = np.array([(1, 0), (0, 0), (-1, 0), (np.nan, np.nan)])
    found, _ = pressure(xy, v, np.zeros(4), np.isfinite(v[:, 0]), here)
    assert found[0] == pytest.approx(2 / 3 * 4 / (np.pi * SMOOTHING_M**2))


def gaits(speeds: list[float]) -> tuple[list[int], list[bool]]:
    """Gait and stop-and-go of one person whose speed is known each second."""
    walkers, gait, lately = nobody(), [], []
    for n, speed in enumerate(speeds):
        walkers, g, recent = follow(walkers, pedestrians((0, 0), time_s=n), np.array([speed]))
        gait.append(int(g[0]))
        lately.append(bool(recent[0]))
    return gait, lately


def test_gait_changes_only_beyond_either_threshold() -> None:
    gait, _ = gaits([0.3, 1.0, 0.3, 0.1, 0.3, 0.5, np.nan])
    assert gait == [0, 1, 1, -1, -1, 1, 1]


def test_stop_and_go_needs_a_stop_and_a_start() -> None:
    _, lately = gaits([1, 1, 0, 0, 1, 1])
    assert lately == [False, False, False, False, True, True]


def test_stop_and_go_is_forgotten_after_a_minute() -> None:
    _, lately = gaits([1, 0, 1] + [1] * 62)
    assert lately[2]
    assert sum(lately) == MEMORY_NS // to_ns(1.0) - 1 == MINUTE_NS // to_ns(1.0) - 1


def test_doubt() -> None:
    assert doubt(np.array([0.0, 1.0, 1.0]), np.array([1.0, 1.0, 0.0])) == pytest.approx([0.25, 0.1335, 0.0], abs=1e-4)
