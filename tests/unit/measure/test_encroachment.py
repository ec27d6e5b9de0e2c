import pytest

from flaneur.data.kinds import Kind
from flaneur.measure.conflicts import ConflictParams
from flaneur.measure.encroachment import Encroachments
from support.meetings import Mover, film, over

PARAMS = ConflictParams(pet_s=(1.5, 8.0), slow_mps=0.5)


def encroachments(*movers: Mover, params: ConflictParams = PARAMS, seconds: float = 16.0) -> Encroachments:
    return over(film(movers, seconds), params).pet


def eastwards(arrives_s: float, speed: float = 10.0, **options: object) -> Mover:
    """Its front reaches the cross street's middle line then."""
    return Mover((-2.25 - speed * arrives_s, 0), (speed, 0), **options)


def northwards(arrives_s: float, speed: float = 10.0, **options: object) -> Mover:
    return Mover((0, -2.25 - speed * arrives_s), (0, speed), **options)


def test_two_that_cross_at_a_right_angle() -> None:
    found = encroachments(eastwards(3.0), northwards(5.0))
    # The first's rear leaves the common square 1.8 m across at 3 + (4.5 + 0.9) / 10, the second's front enters it
    # at 5 - 0.9 / 10, both at the same corner.
    assert found.zone_pet_s() == pytest.approx([5 - 0.09 - 3.54])
    assert found.value == pytest.approx([5 - 0.09 - 3.54])


def test_both_at_once_touch() -> None:
    found = encroachments(eastwards(3.0), northwards(3.1))
    assert found.value == [0.0]
    assert found.zone_pet_s() < 0


def test_a_pedestrian_before_a_car() -> None:
    walker = Mover((0, -4.0), (0, 1.25), Kind.PEDESTRIAN)
    car = eastwards(8.0)
    found = encroachments(walker, car)
    leaves, enters = (4.0 + 0.9 + 0.25) / 1.25, 8.0 - 0.25 / 10
    assert found.zone_pet_s() == pytest.approx([enters - leaves], abs=0.01)


def test_the_first_may_have_left_the_picture() -> None:
    gone = eastwards(3.0, seen=(0.0, 3.8))
    assert encroachments(gone, northwards(5.0)).value == pytest.approx(
        encroachments(eastwards(3.0), northwards(5.0)).value
    )


def test_later_than_the_horizon_is_forgotten() -> None:
    short = ConflictParams(pet_s=(1.0, 2.0))
    assert not len(encroachments(eastwards(3.0), northwards(9.0), params=short))
    assert len(encroachments(eastwards(3.0), northwards(9.0)))


def test_followers_do_not_encroach() -> None:
    assert not len(encroachments(eastwards(3.0), eastwards(4.5)))


def test_nobody_slow_encroaches_on_the_other() -> None:
    slow = ConflictParams(pet_s=(1.5, 8.0), slow_mps=11.0)
    assert not len(encroachments(eastwards(3.0), northwards(5.0), params=slow))
    people = [Mover((-4, 0), (1, 0), Kind.PEDESTRIAN), Mover((0, -5), (0, 1), Kind.PEDESTRIAN)]
    assert not len(encroachments(*people))


def test_a_pedestrian_at_a_parked_car_is_no_encroachment() -> None:
    parked = Mover((0, 0), (0, 0), heading=0.0)
    assert not len(encroachments(parked, Mover((0, -5), (0, 1), Kind.PEDESTRIAN)))


def test_a_graze_within_the_error_of_the_positions_is_not_sure() -> None:
    def pair(sigma: float) -> Encroachments:
        # The car passes 5 cm into the circle of somebody who stood there and is gone.
        stood = Mover((0, -0.9 - 0.2), (0, 0), Kind.PEDESTRIAN, heading=0.0, sigma=sigma, seen=(0.0, 2.0))
        return encroachments(stood, eastwards(4.0, sigma=sigma))

    assert pair(0.0).sure == [True]
    assert pair(0.2).sure == [False]


def test_the_spot_is_where_both_were() -> None:
    (spot,) = encroachments(eastwards(3.0), northwards(5.0)).xy_m
    assert spot == pytest.approx((0.9, -0.9))
