from dataclasses import replace

import numpy as np
import pytest

from flaneur.data.geometry import GroundZone
from flaneur.data.kinds import FOOTPRINT_M, Kind, label_of
from flaneur.data.private import GroundTracks, PrivateDataError
from flaneur.data.time import SECOND_NS, to_ns
from flaneur.ground.motion import Located, MotionParams, MotionSmoother
from flaneur.measure import conflicts
from flaneur.measure.conflicts import ConflictParams
from flaneur.measure.near_misses import SEVERITIES
from support.meetings import Mover, film, near_misses


def square(name: str, x: float, y: float, half: float) -> GroundZone:
    corners = np.array([(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)])
    return GroundZone(name, half * corners + (x, y))


CROSSING = square("crossing", 0, 0, 3)
ELSEWHERE = square("elsewhere", 100, 100, 3)
PARAMS = ConflictParams(zones=(CROSSING, ELSEWHERE))
EAST = Mover((-30, 0), (10, 0))
NORTH = Mover((0, -40), (0, 10))
WALKER = Mover((0, -5.0), (0, 1.4), Kind.PEDESTRIAN)


def test_each_encounter_is_one_sample_in_each_zone_and_one_in_the_whole_scene() -> None:
    told = near_misses(film([EAST, NORTH]), PARAMS)
    assert told.pet_s.place.tolist() == [0, 2]
    assert told.pet_s.value == pytest.approx(np.full(2, 0.37))
    assert [SEVERITIES[g] for g in told.pet_s.group] == ["serious"] * 2
    assert [label_of(int(kind)) for kind in told.pet_s.kind] == ["car × car"] * 2
    assert np.abs(told.spots.cell + 0.5).max() <= 1.5


def test_kinds_of_a_pair_have_no_order() -> None:
    for movers in ((EAST, WALKER), (WALKER, EAST)):
        told = near_misses(film(movers), ConflictParams())
        assert {label_of(int(kind)) for kind in told.pet_s.kind} == {"pedestrian × car"}


@pytest.mark.parametrize(("gap", "severity"), [(12.0, ["slight"]), (6.0, ["serious"]), (20.0, [])])
def test_severity_of_a_collision_course(gap: float, severity: list[str]) -> None:
    # The leader is out of sight before they touch; the time to collision is (gap - what has been closed) / 5.
    movers = [Mover((0, 0), (10, 0), seen=(0, 0.1)), Mover((4.5 + gap, 0), (5, 0), seen=(0, 0.1))]
    told = near_misses(film(movers), ConflictParams())
    assert [SEVERITIES[group] for group in told.ttc_s.group] == severity
    assert told.ttc_s.value == pytest.approx([(gap - 0.5) / 5] * len(severity))


def test_hard_braking_needed() -> None:
    movers = [Mover((0, 0), (15, 0), seen=(0, 0)), Mover((4.5 + 25, 0), (0, 0), heading=0.0, seen=(0, 0))]
    told = near_misses(film(movers), ConflictParams())
    assert told.drac_mps2.value == pytest.approx([15**2 / 50])
    assert [SEVERITIES[group] for group in told.drac_mps2.group] == ["slight"]


def test_what_is_no_near_miss() -> None:
    queue = [Mover((0, 0), (1.2, 0)), Mover((5.0, 0), (0, 0), heading=0.0)]
    walkers = [Mover((0, 0), (1.5, 0), Kind.PEDESTRIAN), Mover((5, 0), (-1.5, 0), Kind.PEDESTRIAN)]
    to_the_car = [Mover((0, 0), (1.8, 0), Kind.PEDESTRIAN), Mover((4, 0), (0, 0), heading=1.0)]
    beside_it = [Mover((0, -1.2), (1.4, 0), Kind.PEDESTRIAN), Mover((0, -1.7), (1.4, 0), Kind.PEDESTRIAN)]
    for movers in (queue, walkers, to_the_car, [*beside_it, Mover((4, 0), (0, 0), heading=0.0)]):
        told = near_misses(film(movers, 6.0), ConflictParams())
        assert not len(told.ttc_s) + len(told.drac_mps2) + len(told.pet_s) + len(told.spots)


def test_what_noise_may_have_made_is_told_apart() -> None:
    movers = [Mover((0, 0), (10, 0), sigma=0.3), Mover((25, 2.0), (-10, 0), Kind.CAR, heading=3.0, sigma=0.3)]
    told = near_misses(film(movers), ConflictParams())
    assert set(told.ttc_s.group) == {SEVERITIES.index("uncertain")}


@pytest.mark.parametrize("rate", [2.0, 5.0, 10.0])
def test_parked_cars_whose_boxes_tremble_have_no_near_miss(rate: float) -> None:
    # As seen from y = 0: two rows of them, door to door, and people who walk between. Nothing else moves.
    told = [near_misses(parked_street(rate, seed), ConflictParams()) for seed in range(4)]
    assert not sum(len(t.ttc_s) + len(t.drac_mps2) + len(t.pet_s) for t in told)


def parked_street(rate: float, seed: int, seconds: float = 30.0) -> list[GroundTracks]:
    """Near edges with errors of 0.4 m that are alike for 0.3 s; walkers that start anew every 20 s."""
    rng, alike_s, sigma_m = np.random.default_rng(seed), 0.3, 0.4
    cars = np.array([(2.6 * column, y) for y in (0.0, 6.5) for column in range(5)])
    kind = np.array([Kind.CAR, Kind.TRUCK, Kind.CAR, Kind.CAR, Kind.CAR] * 2 + [Kind.PEDESTRIAN] * 2, np.uint8)
    behind = np.where(kind[:, None] == Kind.PEDESTRIAN, 0.0, (0.0, 1.0))
    kept, error, moments = np.exp(-1.0 / (rate * alike_s)), rng.normal(size=(12, 2)), []
    smoother = MotionSmoother(MotionParams(alike_s=alike_s))
    for n in range(round(seconds * rate)):
        error = kept * error + np.sqrt(1.0 - kept**2) * rng.normal(size=error.shape)
        lap, walked = divmod(1.4 * n / rate, 28.0)
        walkers = np.array([(walked - 8.0, -1.0), (18.0 - walked, 5.3)])
        ids = np.concatenate((np.arange(10), 100 + 2 * lap + np.arange(2))).astype(np.int64)
        moments += smoother.step(
            Located(
                time_ns=to_ns(n / rate),
                xy_m=np.concatenate((cars, walkers)) + sigma_m * error,
                sigma_m=np.full(12, sigma_m),
                scale_sigma=np.zeros(12),
                heading_rad=np.full(12, np.nan),
                size_m=np.array([FOOTPRINT_M[Kind(k)] for k in kind]),
                behind=behind,
                depth_rad=np.full(12, np.pi / 2),
                track_id=ids,
                kind=kind,
                ended=ids[10:] - 2 if lap and walked < 1.4 / rate else np.zeros(0, np.int64),
            )
        )
    return moments + smoother.flush()


def test_an_encounter_is_told_when_it_is_over_with_its_worst_moment() -> None:
    movers = [Mover((0, 0), (10, 0), seen=(0, 0.4)), Mover((14.5, 0), (5, 0), seen=(0, 0.4)), Mover((500, 0))]
    state, moments = conflicts.start(PARAMS), []
    for tracks in film(movers, 6.0):
        state, told = conflicts.step(state, tracks, PARAMS)
        moments += [(tracks.time_ns, time_ns) for time_ns in told.ttc_s.time_ns]
    ((said, worst),) = moments
    assert worst == 0.4 * SECOND_NS
    assert 3 * SECOND_NS < said - worst <= 3.2 * SECOND_NS


def test_nothing_grows_without_bound() -> None:
    state, sizes, again = conflicts.start(PARAMS), [], film([EAST, NORTH], 2.9)
    for n in range(600):
        pair = again[n % 30]
        pair = replace(pair, time_ns=n * SECOND_NS // 10, track_id=pair.track_id + 2 * (n // 30))
        state, _ = conflicts.step(state, pair, PARAMS)
        sizes.append([len(part) for part in (state.looks, state.seconds, state.ttc, state.drac, state.pet)])
    assert np.max(sizes[:300], axis=0).tolist() == np.max(sizes[300:], axis=0).tolist()
    assert max(map(max, sizes)) < 10


def test_nobody_has_no_near_miss_and_nothing_private_is_printed_or_pickled() -> None:
    told = near_misses(film([]), PARAMS)
    assert not len(told.ttc_s) + len(told.pet_s) + len(told.spots)
    assert "private" in repr(told)
    with pytest.raises(PrivateDataError):
        told.__reduce__()


@pytest.mark.parametrize("wrong", [{"ttc_s": (3.0, 1.5)}, {"pet_s": (0.0, 5.0)}, {"drac_mps2": (3.35, 6.0)}])
def test_limits_in_the_wrong_order_are_refused(wrong: dict[str, tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ConflictParams(**wrong)
