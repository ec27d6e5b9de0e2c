import numpy as np
import pytest

from flaneur.data.kinds import FOOTPRINT_M, Kind
from flaneur.ground.motion import MotionParams, MotionSmoother
from support.located import column, located, smoothed

TENTHS = np.arange(80) / 10
UNEVEN = np.cumsum(np.random.default_rng(7).uniform(0.1, 0.4, 40))


@pytest.mark.parametrize("times", [TENTHS, TENTHS * 2, TENTHS * 4, UNEVEN], ids=["10/s", "5/s", "2.5/s", "uneven"])
def test_a_constant_velocity_comes_back_exactly_from_the_first_look_to_the_last(times):
    start, velocity = np.array([(3.0, 4.0), (-1.0, 500_000.0)]), np.array([(1.2, -0.5), (0.0, 0.0)])

    moments = smoothed(located(lambda t: start + velocity * t, times))

    assert np.allclose(column(moments, "velocity_mps"), velocity, atol=1e-8)
    assert np.allclose(column(moments, "acceleration_mps2"), 0.0, atol=1e-7)
    assert np.allclose(column(moments, "xy_m"), [start + velocity * t for t in times], atol=1e-8)


@pytest.mark.parametrize("times", [TENTHS, UNEVEN], ids=["10/s", "uneven"])
def test_a_constant_acceleration_comes_back_where_the_looks_are_exact(times):
    path = lambda t: np.array([(2.0 * t + 0.75 * t * t, 1.0)])  # noqa: E731

    moments = smoothed(located(path, times, sigma_m=1e-5, kind=Kind.CAR))

    speed = column(moments, "velocity_mps")[:, 0, 0]
    assert np.allclose(speed, 2.0 + 1.5 * times, atol=1e-4)
    assert np.allclose(column(moments, "acceleration_mps2")[:, 0], (1.5, 0.0), atol=1e-3)


@pytest.mark.parametrize("alike_s", [0.0, 0.3])
def test_noise_leaves_velocities_right_in_the_mean_and_is_no_larger_than_said(alike_s):
    n, sigma, velocity = 400, 0.08, np.array((1.3, 0.0))
    noise = _noise(n, len(TENTHS), sigma, alike_s)

    looks = located(lambda t: velocity * t + noise[round(t * 10)], TENTHS, sigma_m=sigma)
    moments = smoothed(looks, MotionParams(alike_s=alike_s))

    error = column(moments, "velocity_mps") - velocity
    said = column(moments, "sigma_mps")
    assert np.isfinite(said).mean() > 0.95
    spread = np.nanstd(error, axis=(1, 2))
    assert (np.abs(np.nanmean(error, axis=1)) < 4 * spread[:, None] / np.sqrt(n)).all()
    assert (spread < 1.1 * np.nanmean(said, axis=1)).all()
    middle = slice(20, 60)
    assert spread[middle].mean() > 0.5 * said[middle].mean()
    beyond = np.nanmean(np.hypot(*np.moveaxis(column(moments, "velocity_mps"), -1, 0)), axis=1) - 1.3
    bias_of_rice = np.nanmean(said**2, axis=1) / (2 * 1.3)
    assert (beyond < 1.2 * bias_of_rice + 4 * spread / np.sqrt(n)).all()
    assert abs(beyond[middle].mean()) < 0.01


def _noise(n: int, looks: int, sigma: float, alike_s: float) -> np.ndarray:
    rng = np.random.default_rng(1)
    kept = np.exp(-0.1 / alike_s) if alike_s else 0.0
    noise = [rng.normal(0, sigma, (n, 2))]
    for _ in range(looks - 1):
        noise.append(kept * noise[-1] + np.sqrt(1 - kept**2) * rng.normal(0, sigma, (n, 2)))
    return np.array(noise)


def test_positions_get_more_exact_by_as_much_as_is_said():
    rng = np.random.default_rng(2)
    noise = rng.normal(0, 0.1, (80, 300, 2))

    moments = smoothed(located(lambda t: np.array((1.0, 1.0)) * t + noise[round(t * 10)], TENTHS, sigma_m=0.1))

    error = column(moments, "xy_m") - np.array((1.0, 1.0)) * TENTHS[:, None, None]
    said = column(moments, "sigma_m")
    assert (error.std(axis=(1, 2)) < 1.15 * said.mean(axis=1)).all()
    assert said[40].mean() < 0.05


def test_every_look_comes_back_once_in_order_and_no_later_than_the_lag():
    looks = located(lambda t: np.array([(t, 0.0)]), UNEVEN)
    smoother, out = MotionSmoother(MotionParams(lag_s=0.8)), []

    for look in looks:
        out += [moment.time_ns for moment in smoother.step(look)]
        waiting = [at.time_ns for at in looks if out[-1:] < [at.time_ns] <= [look.time_ns]]
        assert all(look.time_ns - time_ns < 800_000_000 for time_ns in waiting)
    out += [moment.time_ns for moment in smoother.flush()]

    assert out == [look.time_ns for look in looks]
    assert smoother.flush() == []


def test_looks_with_nobody_come_back_too():
    moments = smoothed(located(lambda t: np.zeros((0, 2)), TENTHS))

    assert [len(moment) for moment in moments] == [0] * len(TENTHS)


def test_a_look_that_is_not_later_is_refused():
    smoother = MotionSmoother()
    look = located(lambda t: np.array([(t, 0.0)]), [1.0])[0]
    smoother.step(look)

    with pytest.raises(ValueError, match="after one"):
        smoother.step(look)


def test_a_track_of_two_looks_has_a_position_but_no_velocity():
    moments = smoothed(located(lambda t: np.array([(t, 0.0)]), [0.0, 0.1]))

    assert np.isnan(column(moments, "velocity_mps")).all()
    assert np.isnan(column(moments, "sigma_mps")).all()
    assert column(moments, "xy_m")[:, 0, 0].tolist() == [0.0, 0.1]
    assert np.isnan(column(moments, "heading_rad")).all()


def test_a_speed_that_noise_drowns_is_not_given():
    moments = smoothed(located(lambda t: np.array([(t, 0.0)]), TENTHS, sigma_m=3.0))

    assert np.isnan(column(moments, "velocity_mps")).all()
    assert np.isfinite(column(moments, "xy_m")).all()


def test_the_heading_is_kept_while_standing_and_unknown_before_the_first_move():
    rng = np.random.default_rng(3)
    moves = lambda t: np.array([(0.0, min(max(t - 4.0, 0.0), 4.0) * 1.5)]) + rng.normal(0, 0.03, 2)  # noqa: E731

    heading = column(smoothed(located(moves, np.arange(160) / 10, sigma_m=0.03)), "heading_rad")[:, 0]

    assert np.isnan(heading[:30]).all()
    assert np.allclose(heading[50:], np.pi / 2, atol=0.4)
    assert len(set(heading[100:].tolist())) == 1, "nobody turns while standing"


def test_a_gap_is_no_motion():
    path = lambda t: np.array([(1.4 * t if not 3.0 <= t < 5.5 else np.nan, 0.0)])  # noqa: E731

    moments = smoothed(located(path, TENTHS))

    assert [len(moment) for moment in moments] == [0 if 3.0 <= t < 5.5 else 1 for t in TENTHS]
    speeds = np.concatenate([moment.velocity_mps[:, 0] for moment in moments])
    assert np.allclose(speeds, 1.4)


def test_a_jump_breaks_the_track_is_counted_once_and_makes_no_speed():
    path = lambda t: np.array([(1.4 * t + (30.0 if t > 4.0 else 0.0), 0.0), (1.4 * t, 5.0)])  # noqa: E731
    smoother = MotionSmoother()

    moments = [m for look in located(path, TENTHS) for m in smoother.step(look)] + smoother.flush()

    speeds = column(moments, "velocity_mps")[..., 0]
    assert np.allclose(speeds, 1.4)
    assert smoother.implausible[Kind.PEDESTRIAN] == 1
    assert smoother.seen[Kind.PEDESTRIAN] == 2


@pytest.mark.parametrize(("kind", "speed", "believed"), [(Kind.PEDESTRIAN, 40.0, False), (Kind.CAR, 40.0, True)])
def test_somebody_who_walks_40_metres_a_second_is_a_mistake_and_no_speed(kind, speed, believed):
    smoother = MotionSmoother()
    looks = located(lambda t: np.array([(speed * t, 0.0)]), TENTHS, kind=kind, sigma_m=0.3)

    moments = [moment for look in looks for moment in smoother.step(look)] + smoother.flush()

    assert np.isfinite(column(moments, "velocity_mps")).all() == believed
    assert np.isnan(column(moments, "velocity_mps")).all() != believed
    assert smoother.implausible.sum() == (0 if believed else 1)


def test_a_speed_that_noisy_steps_hide_is_withheld_by_the_smoothed_one():
    smoother = MotionSmoother()
    looks = located(lambda t: np.array([(16.0 * t, 0.0)]), TENTHS, sigma_m=0.4)

    moments = [moment for look in looks for moment in smoother.step(look)] + smoother.flush()

    assert np.isnan(column(moments, "velocity_mps")).all()
    assert smoother.implausible[Kind.PEDESTRIAN] == 1


def test_an_id_that_comes_again_after_its_end_starts_anew():
    looks = located(lambda t: np.array([(t if t < 3.0 else np.nan, 0.0)]), TENTHS[:60])
    again = located(lambda t: np.array([(0.0, 0.0)]), [9.0, 9.1])

    moments = smoothed(looks + again)

    assert moments[25].heading_rad[0] == pytest.approx(0.0, abs=1e-9)
    assert np.isnan(moments[-1].heading_rad[0])
    assert [moment.ended.tolist() for moment in moments if len(moment.ended)] == [[0]]


def test_what_is_remembered_does_not_grow():
    smoother, sizes = MotionSmoother(), []
    place = lambda t: np.where(np.arange(30)[:, None] * 2 <= t, t, np.nan) * np.ones(2)  # noqa: E731
    path = lambda t: np.where(np.arange(30)[:, None] * 2 + 4 > t, place(t), np.nan)  # noqa: E731

    for look in located(path, np.arange(600) / 10):
        smoother.step(look)
        sizes.append(smoother._looks.window.size)

    assert max(sizes[300:]) <= max(sizes[:300])


def test_vehicles_seen_from_behind_lie_further_away_by_half_their_length():
    length, width = FOOTPRINT_M[Kind.CAR]
    drive = lambda t: np.array([(0.0, 8.0 * t)])  # noqa: E731

    lengthwise = smoothed(located(drive, TENTHS, kind=Kind.CAR, behind=(0.0, 1.0)))
    across = smoothed(located(drive, TENTHS, kind=Kind.CAR, behind=(1.0, 0.0)))

    assert lengthwise[40].xy_m[0] == pytest.approx((0.0, 32.0 + length / 2))
    assert across[40].xy_m[0] == pytest.approx((width / 2, 32.0))
    assert lengthwise[40].velocity_mps[0] == pytest.approx((0.0, 8.0))


@pytest.mark.parametrize("wrong", [{"lag_s": 0.0}, {"lag_s": float("nan")}, {"alike_s": -1.0}])
def test_times_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="time"):
        MotionParams(**wrong)
