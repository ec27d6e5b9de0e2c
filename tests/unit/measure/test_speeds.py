import numpy as np
import pytest

from flaneur.data.geometry import GroundLine, GroundZone
from flaneur.data.kinds import Kind
from flaneur.data.private import Samples
from flaneur.data.time import SECOND_NS
from flaneur.measure.passing import Places
from flaneur.measure.speeds import BRAKING, SPEEDING_UP
from support.grounds import Drive, roll
from support.roads import measured

LINE = GroundLine("line", np.array([(20.0, -5.0), (20.0, 5.0)]))
"""Northward; its right hand is the east."""
ZONE = GroundZone("zone", np.array([(10.0, -5.0), (30.0, -5.0), (30.0, 5.0), (10.0, 5.0)]))
PLACES = Places.on_ground([LINE], [ZONE])


def even(speed: float, *, rate: float = 10.0, length: float = 40.0, **options: object) -> Drive:
    x = np.arange(0.0, length, speed / rate)
    return Drive(np.stack((x, np.zeros_like(x)), axis=1), **options)


def only(samples: Samples) -> tuple[float, float, float]:
    assert len(samples) == 1
    return float(samples.value[0]), float(samples.noise[0]), float(samples.bias[0])


def test_spot_speed_is_that_at_the_moment_with_both_errors() -> None:
    t = np.arange(0.0, 5.0, 0.1)
    faster = Drive(np.stack((2.0 * t**2, 0 * t), axis=1), kind=Kind.BUS, sigma_mps=0.3, scale_sigma=0.1)
    spot = measured(PLACES, roll(faster)).spot_speed
    value, noise, bias = only(spot)
    assert value == pytest.approx(4.0 * np.sqrt(10.0), rel=1e-3)
    assert (noise, bias) == (0.3, pytest.approx(0.1 * value))
    assert (spot.group.tolist(), spot.kind.tolist()) == ([0], [Kind.BUS])
    assert spot.time_ns[0] / SECOND_NS == pytest.approx(np.sqrt(10.0), abs=1e-3)


def test_to_the_left_is_the_second_group() -> None:
    there = even(5.0)
    assert measured(PLACES, roll(Drive(np.array(there.path)[::-1]))).spot_speed.group.tolist() == [1]


def test_a_crossing_that_is_settled_late_keeps_the_speed_of_its_moment() -> None:
    x = np.concatenate((np.arange(0.0, 20.2, 0.5), np.full(60, 20.2), np.arange(20.2, 40.0, 2.0)))
    stopped = Drive(np.stack((x, 0 * x), axis=1))
    value, *_ = only(measured(PLACES, roll(stopped)).spot_speed)
    assert 2.0 < value < 5.1, "it came with 5 m/s, stood, and went on with 20 m/s"


def test_a_track_without_velocity_has_no_speed_but_counts() -> None:
    told = measured(PLACES, roll(Drive([(19.0, 0.0), (21.0, 0.0)])))
    assert len(told.crossings) == 1
    assert len(told.spot_speed) == len(told.path_speed) == 0


def test_zone_speed_is_way_over_time_with_the_stop() -> None:
    x = np.concatenate((np.arange(0.0, 20.0, 1.0), np.full(100, 20.0), np.arange(20.0, 40.0, 1.0)))
    drive = Drive(np.stack((x, 0 * x), axis=1), sigma_m=0.3, scale_sigma=0.1)
    value, noise, bias = only(measured(PLACES, roll(drive)).zone_speed)
    assert value == pytest.approx(20.0 / (2.0 + 10.0), rel=0.01)
    assert noise == pytest.approx(np.hypot(0.3, 0.3) / 12.0, rel=0.01)
    assert bias == pytest.approx(0.1 * value)


@pytest.mark.parametrize(("begin", "end"), [(15.0, 40.0), (0.0, 25.0)])
def test_part_of_a_passage_is_none(begin: float, end: float) -> None:
    x = np.arange(begin, end, 0.5)
    told = measured(PLACES, roll(Drive(np.stack((x, 0 * x), axis=1))))
    assert len(told.zone_speed) == len(told.acceleration) == 0


def test_a_leap_through_a_zone_has_a_speed() -> None:
    value, *_ = only(measured(PLACES, roll(Drive([(0.0, 0.0), (40.0, 0.0), (80.0, 0.0)]), rate=1.0)).zone_speed)
    assert value == pytest.approx(40.0)


def test_strongest_acceleration_and_braking_in_the_zone_only() -> None:
    t = np.arange(0.0, 6.0, 0.05)
    x = np.interp(t, t, np.cumsum(np.where(t < 2.0, 10.0, np.where(t < 3.0, 10.0 - 4.0 * (t - 2.0), 6.0))) * 0.05) - 5.0
    told = measured(PLACES, roll(Drive(np.stack((x, 0 * x), axis=1), sigma_mps=0.2), rate=20.0)).acceleration
    braking = told.group == BRAKING
    assert told.value[braking] == pytest.approx([4.0], rel=0.05)
    assert told.noise[braking] == pytest.approx([np.sqrt(2.0) * 0.2])
    assert (told.value[~braking] < 0.2).all()
    assert set(told.group.tolist()) <= {SPEEDING_UP, BRAKING}


def test_path_speed_is_over_the_whole_way_and_not_of_the_parked() -> None:
    angle = np.linspace(0.0, np.pi, 101)
    bend = Drive(10.0 * np.stack((np.cos(angle), np.sin(angle)), axis=1), sigma_m=1.0, scale_sigma=0.05)
    value, noise, bias = only(measured(PLACES, roll(bend)).path_speed)
    assert value == pytest.approx(np.pi, rel=1e-3)
    assert (noise, bias) == (pytest.approx(np.sqrt(2.0) / 10.0), pytest.approx(0.05 * value))
    parked = Drive(np.zeros((100, 2)))
    assert len(measured(PLACES, roll(parked)).path_speed) == 0
    assert len(measured(PLACES, roll(even(10.0, length=5.0))).path_speed) == 0, "half a second is too short"
