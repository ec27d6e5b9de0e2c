from dataclasses import replace

import numpy as np
import pytest

from flaneur.data.kinds import Kind
from flaneur.measure.collision import GRAVITY_MPS2, Contacts, Moving, contacts
from support.meetings import Mover, look

PAIR = (np.array([0]), np.array([1]))
HORIZON_S = 6.0


def meet(*movers: Mover, turning: bool = False, acceleration: tuple[float, float] = (0.0, 0.0)) -> Contacts:
    tracks = look(movers)
    tracks.acceleration_mps2[0] = acceleration
    return contacts(Moving.of(tracks, turning, HORIZON_S), *PAIR)


def test_who_follows_closes_the_gap_at_the_difference_of_speeds() -> None:
    found = meet(Mover((0, 0), (15, 0)), Mover((14.5, 0), (10, 0)))
    assert found.ttc_s == pytest.approx([2.0])
    assert found.drac_mps2 == pytest.approx([5**2 / (2 * 10)])
    assert found.closing_mps == pytest.approx([5.0])
    assert found.xy_m == pytest.approx(np.array([(2.25 + 30, 0)]))


def test_head_on_both_speeds_count() -> None:
    found = meet(Mover((0, 0), (10, 0)), Mover((44.5, 0.5), (-10, 0)))
    assert found.ttc_s == pytest.approx([2.0])
    assert found.drac_mps2 == pytest.approx([20**2 / (2 * 40)])
    close = meet(Mover((0, 0), (10, 0)), Mover((10, 0), (-10, 0)))
    assert close.drac_mps2 == [GRAVITY_MPS2], "no brake gives more"


def test_at_a_right_angle_it_is_enough_to_arrive_when_the_other_has_passed() -> None:
    # The second's front reaches the first's side after 1.5 s; the first's rear leaves its lane at 1.7 s.
    found = meet(Mover((-20 + 0.9 + 2.25 + 3, 0), (10, 0)), Mover((0, -2.25 - 0.9 - 15), (0, 10)))
    assert found.ttc_s == pytest.approx([1.5])
    clear = (20 - 0.9 - 2.25 - 3 + 0.9 + 2.25) / 10
    assert found.drac_mps2 == pytest.approx([2 * (10 * clear - 15) / clear**2])


def test_those_who_pass_do_not_meet() -> None:
    assert not len(meet(Mover((0, 0), (10, 0)), Mover((40, 1.9), (-10, 0))).a)
    assert not len(meet(Mover((0, 0), (10, 0)), Mover((-5, 0), (9, 0))).a), "the gap opens"
    assert not len(meet(Mover((0, 0), (10, 0)), Mover((100, 0), (0, 0))).a), "beyond the horizon"


def test_a_pedestrian_is_a_circle() -> None:
    found = meet(Mover((0, 0), (10, 0)), Mover((22.5, -1.4), (0, 0.7), Kind.PEDESTRIAN))
    assert found.ttc_s == pytest.approx([2.0])


def test_overlapping_footprints_have_no_time_left_and_no_braking_that_helps() -> None:
    found = meet(Mover((0, 0), (10, 0)), Mover((3, 0), (0, 0), heading=0.0))
    assert found.ttc_s == [0.0]
    assert np.isnan(found.drac_mps2).all()


def test_who_turns_is_expected_to_go_on_turning() -> None:
    speed, rate = 8.0, 0.4
    turner = Mover((0, 0), (speed, 0))
    # After 2 s on the arc.
    at = speed / rate * np.array((np.sin(2 * rate), 1 - np.cos(2 * rate)))
    parked = Mover((at[0], at[1]), heading=2 * rate)
    assert not len(meet(turner, parked).a)
    found = meet(turner, parked, turning=True, acceleration=(0.0, speed * rate))
    assert found.ttc_s == pytest.approx([2 - 4.5 / speed], abs=0.03)
    assert len(meet(turner, Mover((40, 0), heading=0.0), turning=True).a), (
        "without turn rate it is the same as straight"
    )


def test_pedestrians_are_not_expected_to_go_in_circles() -> None:
    walker, car = Mover((0, 0), (2.5, 0), Kind.PEDESTRIAN), Mover((9, 0), heading=np.pi / 2)
    straight = meet(walker, car)
    assert meet(walker, car, turning=True, acceleration=(0.0, 2.0)).ttc_s == pytest.approx(straight.ttc_s)


def test_a_turn_ends_after_a_quarter_of_a_circle() -> None:
    tracks = look([Mover((0, 0), (4, 0))])
    tracks.acceleration_mps2[:] = (0.0, 4.0)
    moving = Moving.of(tracks, turning=True, horizon_s=6.0)
    way = moving.way_m(np.array([0]), np.array([np.pi / 2, 6.0]))[:, 0].T
    assert way[0] == pytest.approx((4, 4))
    assert way[1] == pytest.approx((4, 4 + 4 * (6 - np.pi / 2)))


def test_the_error_band_follows_from_positions_and_speeds() -> None:
    (noise,) = meet(Mover((0, 0), (15, 0), sigma=0.1), Mover((14.5, 0), (10, 0), sigma=0.1)).ttc_noise_s
    drawn = np.random.default_rng(0).normal(0, 0.1 * np.sqrt(2), (2, 20_000))
    assert noise == pytest.approx(np.std((10 + drawn[0]) / (5 + drawn[1])), rel=0.05)


@pytest.mark.parametrize(("offset", "sigma", "sure"), [(0.0, 0.1, True), (1.7, 0.1, False), (1.7, 0.0, True)])
def test_a_graze_within_the_error_is_not_sure(offset: float, sigma: float, sure: bool) -> None:
    found = meet(Mover((0, 0), (15, 0), sigma=sigma), Mover((14.5, offset), (10, 0), sigma=sigma))
    assert found.sure == [sure]


def test_an_error_of_scale_moves_the_middles_and_not_the_footprints() -> None:
    tracks = replace(look([Mover((0, 0), (15, 0)), Mover((14.5, 0), (10, 0))]), scale_sigma=np.full(2, 0.02))
    found = contacts(Moving.of(tracks, turning=False, horizon_s=HORIZON_S), *PAIR)
    larger = contacts(
        Moving.of(replace(tracks, xy_m=tracks.xy_m * 1.02, velocity_mps=tracks.velocity_mps * 1.02), False, HORIZON_S),
        *PAIR,
    )
    assert found.ttc_bias_s == pytest.approx(larger.ttc_s - found.ttc_s, rel=0.03)


def test_who_has_no_velocity_yet_is_left_out() -> None:
    tracks = look([Mover((0, 0), (15, 0)), Mover((10, 0), (np.nan, np.nan), heading=0.0)])
    assert len(Moving.of(tracks, turning=True, horizon_s=3.0).speed_mps) == 1


def test_of_two_without_a_direction_nothing_is_said() -> None:
    movers = [Mover((x, 0), (v, 0), Kind.CAR, heading=np.nan) for x, v in ((0, 10), (10, 0))]
    assert not len(meet(*movers).a)
