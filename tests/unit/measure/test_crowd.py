from dataclasses import fields

import numpy as np
import pytest

from flaneur.data.errors import UserError
from flaneur.data.geometry import GroundZone
from flaneur.data.kinds import Kind
from flaneur.data.private import GroundTracks, Samples
from flaneur.measure import crowd
from flaneur.measure.crowd import BETWEEN_LOOKS, DENSITY_BINS, Crowd, CrowdZones
from flaneur.measure.levels import WAITING, WALKWAY
from support.crowds import pedestrians, rectangle, tracks_on
from support.grounds import tracks_m

SQUARE = rectangle(0, 0, 4, 4)
PLAZA = CrowdZones.of([SQUARE])
FIGURES = [f.name for f in fields(Crowd) if f.name != "left_out"]


def look(tracks: GroundTracks, zones: CrowdZones = PLAZA) -> Crowd:
    return crowd.step(crowd.start(zones), tracks, zones)[1]


def value(samples: Samples, place: int = 0) -> float:
    [found] = samples.value[samples.place == place]
    return float(found)


def four(**options: object) -> GroundTracks:
    """In the middle of the quarters of the square; they walk east, one of them west."""
    return pedestrians([(1, 1), (3, 1), (1, 3), (3, 3)], [(1, 0), (1, 0), (1, 0), (-1, 0)], **options)


def test_figures_by_hand() -> None:
    told = look(four())
    assert value(told.density) == 0.25
    # circles of 1 m, each wholly in the square
    assert value(told.voronoi_density) == pytest.approx(0.25)
    assert value(told.speed) == 1.0
    assert value(told.voronoi_speed) == pytest.approx(1.0)
    assert value(told.specific_flow) == pytest.approx(0.25)
    assert value(told.counter_flow) == 0.25
    assert value(told.standing) == 0.0
    assert told.level.group.tolist() == [0]
    assert told.speed_at_density.group.tolist() == [0]
    assert told.left_out == 0


def test_voronoi_speed_weighs_by_ground() -> None:
    floor = CrowdZones.of([SQUARE], walkable=SQUARE, cutoff_m=np.inf)
    told = look(pedestrians([(0.5, 2), (1.5, 2), (3.5, 2)], [(2, 0), (1, 0), (0, 0)]), floor)
    assert value(told.speed) == 1.0
    assert value(told.voronoi_speed) == pytest.approx((1.0 * 2 + 1.5 * 1 + 1.5 * 0) / 4)
    assert value(told.voronoi_density) == pytest.approx(3 / 16)


def test_an_empty_zone_has_a_density_of_zero_and_no_speed() -> None:
    told = look(pedestrians([]))
    assert value(told.density) == value(told.voronoi_density) == 0.0
    assert told.level.group.tolist() == [0]
    for name in ("speed", "voronoi_speed", "specific_flow", "speed_at_density", "standing", "counter_flow", "pressure"):
        assert len(getattr(told, name)) == 0


@pytest.mark.parametrize("people", [1, 2])
def test_how_one_or_two_people_move_is_not_told(people: int) -> None:
    told = look(four().take(np.arange(people)))
    assert value(told.density) == people / 16
    for name in ("speed", "voronoi_speed", "specific_flow", "speed_at_density", "standing", "counter_flow", "pressure"):
        assert len(getattr(told, name)) == 0


def test_neither_is_what_a_cell_of_somebody_outside_would_tell() -> None:
    told = look(pedestrians([(-0.1, 1), (-0.1, 2), (-0.1, 3)], [(1, 0)] * 3))
    assert value(told.density) == 0.0
    assert value(told.voronoi_density) > 0.0
    assert len(told.speed) == len(told.voronoi_speed) == 0


def test_only_people_on_foot_count() -> None:
    everybody = tracks_m(0, [(1, 1), (2, 2), (3, 3)], (1, 0), kind=[Kind.PEDESTRIAN, Kind.BICYCLE, Kind.CAR])
    assert value(look(everybody).density) == 1 / 16


def test_velocities_that_are_not_known_yet() -> None:
    told = look(pedestrians([(1, 1), (3, 1), (1, 3), (3, 3)], [(1, 0), (1, 0), (1, 0), (np.nan, np.nan)]))
    assert value(told.density) == 0.25
    assert value(told.speed) == 1.0
    assert value(told.voronoi_speed) == pytest.approx(1.0)


def test_who_is_nowhere_or_behind_a_wall_is_counted_as_left_out() -> None:
    floor = CrowdZones.of([SQUARE], walkable=rectangle(0, 0, 4, 4), obstacles=[rectangle(1, 1, 2, 2)])
    told = look(pedestrians([(3, 3), (1.5, 1.5), (4.5, 2), (np.nan, 1), (500, 500)]), floor)
    assert told.left_out == 3
    assert value(told.voronoi_density) == pytest.approx(1 / 16)


def test_positions_out_of_this_world_do_no_harm() -> None:
    told = look(pedestrians([(1, 1), (1e12, -1e15), (np.inf, 0), (3, 3)]))
    assert value(told.voronoi_density) == pytest.approx(2 / 16)


def test_once_a_second_and_at_once() -> None:
    state, when = crowd.start(PLAZA), []
    for n in range(35):
        state, told = crowd.step(state, four(time_s=0.25 + n / 10), PLAZA)
        if len(told.density):
            when.append(n)
        else:
            assert told is BETWEEN_LOOKS
    assert when == [0, 8, 18, 28]


def test_after_a_gap_it_goes_on() -> None:
    state, _ = crowd.step(crowd.start(PLAZA), four(time_s=0), PLAZA)
    _, told = crowd.step(state, four(time_s=1000.3), PLAZA)
    assert len(told.density) == 1


def test_the_end_tells_nothing_more() -> None:
    assert all(len(getattr(crowd.finish(crowd.start(PLAZA), PLAZA), name)) == 0 for name in FIGURES)


def test_who_has_left_is_forgotten_even_between_looks() -> None:
    state, _ = crowd.step(crowd.start(PLAZA), four(time_s=0), PLAZA)
    assert len(state.walkers) == 4
    state, _ = crowd.step(state, four(time_s=0.1, ended=[9, 2]), PLAZA)
    assert state.walkers.track_id.tolist() == [1, 3, 4]


def test_no_zones_no_figures() -> None:
    nowhere = CrowdZones.of([])
    assert look(four(), nowhere) is BETWEEN_LOOKS


def test_zones_overlap_and_nest() -> None:
    zones = CrowdZones.of([SQUARE, rectangle(0, 0, 2, 4), rectangle(10, 10, 12, 12)])
    told = look(four(), zones)
    assert told.density.value.tolist() == [0.25, 0.25, 0.0]
    assert told.density.place.tolist() == [0, 1, 2]


def test_levels_go_by_the_zones_own_tables() -> None:
    dense = pedestrians(np.stack(np.meshgrid(np.arange(0.5, 4), np.arange(0.5, 4)), axis=-1).reshape(-1, 2), (1, 0))
    walking, waiting = (CrowdZones.of([SQUARE], [table], walkable=SQUARE) for table in (WALKWAY, WAITING))
    assert look(dense, walking).level.group.tolist() == [3]
    assert look(dense, waiting).level.group.tolist() == [1]
    assert value(look(dense, walking).level) == pytest.approx(1.0)


def test_the_densest_bin_takes_what_is_denser() -> None:
    packed = pedestrians(np.random.default_rng(0).uniform(0.5, 3.5, (300, 2)), (0.1, 0))
    assert look(packed).speed_at_density.group.tolist() == [len(DENSITY_BINS) - 1]


def test_rise_of_a_filling_place() -> None:
    state, rises = crowd.start(PLAZA), []
    rng = np.random.default_rng(5)
    everybody = rng.uniform(1.0, 3.0, (60, 2))
    for second in range(60):
        state, told = crowd.step(state, pedestrians(everybody[:second], time_s=second), PLAZA)
        rises += told.rise.value.tolist()
    # one more person each second on 16 m²; a circle of 1 m around each is wholly inside
    assert len(rises) == 30
    assert rises[-1] == pytest.approx(60 / 16, rel=0.01)


def test_stop_and_go() -> None:
    state, shares = crowd.start(PLAZA), []
    for second, speed in enumerate([1, 1, 0, 0, 1, 1]):
        state, told = crowd.step(state, pedestrians([(1, 1), (2, 2), (3, 3)], (speed, 0), time_s=second), PLAZA)
        shares.append((value(told.standing), value(told.stop_and_go)))
    assert shares == [(0, 0), (0, 0), (1, 0), (1, 0), (0, 1), (0, 1)]


def test_errors_of_the_scale_are_shared() -> None:
    told = look(four(scale_sigma=0.05))
    assert told.density.bias.tolist() == pytest.approx([0.25 * 0.10])
    assert told.voronoi_density.bias.tolist() == pytest.approx([0.25 * 0.10])
    assert told.speed.bias.tolist() == pytest.approx([0.05])
    assert told.specific_flow.bias.tolist() == pytest.approx([0.25 * 0.05])
    assert told.counter_flow.bias.tolist() == [0.0]
    assert told.pressure.bias.tolist() == [0.0]


def test_an_empty_zone_has_no_error() -> None:
    told = look(pedestrians([]))
    assert told.density.noise.tolist() == told.density.bias.tolist() == [0.0]


def test_the_noise_of_a_mean_speed() -> None:
    told = look(four(sigma_mps=0.2))
    assert told.speed.noise.tolist() == pytest.approx([0.1])
    assert told.voronoi_speed.noise.tolist() == pytest.approx([0.1])


def test_noise_in_velocities_makes_nobody_faster() -> None:
    rng = np.random.default_rng(2)
    velocity = rng.normal((1.2, 0.0), 0.3, (4000, 2))
    wide = CrowdZones.of([rectangle(0, 0, 80, 80)])
    told = look(pedestrians(rng.uniform(0, 80, (4000, 2)), velocity, sigma_mps=0.3), wide)
    assert value(told.speed) == pytest.approx(1.2, abs=0.015)


@pytest.mark.parametrize("name", ["density", "voronoi_density"])
def test_the_noise_of_a_density_is_about_its_scatter(name: str) -> None:
    rng = np.random.default_rng(6)
    truth = rng.uniform(-2, 6, (80, 2))
    told = [getattr(look(pedestrians(truth + rng.normal(0, 0.15, (80, 2)), sigma_m=0.15)), name) for _ in range(120)]
    scatter = np.std([value(samples) for samples in told])
    noise = np.mean([samples.noise[0] for samples in told])
    assert 0.5 < scatter / noise < 1.5


def test_samples_are_finite_and_about_people_on_foot() -> None:
    told = look(tracks_on(SQUARE, 100, np.random.default_rng(0), time_s=7.0))
    for name in FIGURES:
        samples = getattr(told, name)
        assert np.isfinite(samples.noise).all()
        assert np.isfinite(samples.bias).all()
        assert set(samples.kind) <= {Kind.PEDESTRIAN}
        assert set(samples.time_ns) <= {7_000_000_000}


def zone(*points: tuple[float, float]) -> GroundZone:
    return GroundZone("market", np.array(points, np.float64))


@pytest.mark.parametrize(
    "bad", [zone((0, 0), (1, 0), (2, 0)), zone((0, 0), (1, 1), (1, 0), (0, 1)), zone((1, 1), (1, 1), (1, 1))]
)
def test_zones_without_proper_area(bad: GroundZone) -> None:
    with pytest.raises(UserError, match="'market' has no proper area"):
        CrowdZones.of([bad])


def test_obstacles_over_everything() -> None:
    with pytest.raises(UserError, match="cover all of the walkable area 'floor'"):
        CrowdZones.of([SQUARE], walkable=rectangle(0, 0, 4, 4, "floor"), obstacles=[rectangle(-1, -1, 5, 5)])


def test_tables_for_some_zones_only() -> None:
    with pytest.raises(ValueError, match="1 zones but 2 tables"):
        CrowdZones.of([SQUARE], [WAITING, WAITING])


@pytest.mark.parametrize("cutoff_m", [0.0, -1.0, np.nan, np.inf])
def test_cut_offs_that_make_no_sense_in_the_open(cutoff_m: float) -> None:
    with pytest.raises(ValueError, match="cut-off must be above 0 m"):
        CrowdZones.of([SQUARE], cutoff_m=cutoff_m)
