import numpy as np
import pytest

from flaneur.data.kinds import FOOTPRINT_M, Kind
from flaneur.data.private import Tracks
from flaneur.data.time import to_ns
from flaneur.ground.locate import CARRIED, FARTHEST_SIGMA_M, NOISE, locate
from support.cameras import camera, pixels, projected
from support.located import smoothed

HEIGHTS_M = {Kind.PEDESTRIAN: 1.7, Kind.CAR: 1.5, Kind.BUS: 3.0}


def tracks(boxes, kind=Kind.PEDESTRIAN, time_s=0.0, observed=True):
    n = len(boxes)
    return Tracks(
        0,
        to_ns(time_s),
        np.asarray(boxes, np.float32).reshape(-1, 4),
        np.arange(n),
        np.full(n, kind, np.uint8),
        np.ones(n, np.float32),
        np.full(n, observed),
        np.zeros(0, np.int64),
    )


def box_of(middle_m, heading_rad, kind, **where):
    """Around a cuboid on the ground, as OpenCV projects it."""
    length, width = FOOTPRINT_M[kind]
    along = np.array((np.cos(heading_rad), np.sin(heading_rad)))
    aside = np.array((-along[1], along[0]))
    sides = [middle_m + a * length / 2 * along + b * width / 2 * aside for a in (-1, 1) for b in (-1, 1)]
    corners = [(*side, z) for side in sides for z in (0.0, HEIGHTS_M[kind])]
    points = projected(corners, **where)
    return np.concatenate((points.min(axis=0), points.max(axis=0)))


def test_a_pedestrian_stands_in_the_middle_of_the_lower_edge():
    feet = np.array([(0.0, 12.0), (3.0, 20.0), (-4.0, 35.0)])
    ground, head = projected(np.insert(feet, 2, 0.0, axis=1)), projected(np.insert(feet, 2, 1.7, axis=1))
    boxes = np.column_stack((ground[:, 0] - 8, head[:, 1], ground[:, 0] + 8, ground[:, 1]))

    located, dropped = locate(tracks(boxes), camera())

    assert dropped == 0
    assert np.allclose(located.xy_m, feet, atol=0.01)
    assert not located.behind.any()
    assert located.size_m.tolist() == [list(FOOTPRINT_M[Kind.PEDESTRIAN])] * 3


@pytest.mark.parametrize("kind", [Kind.CAR, Kind.BUS])
@pytest.mark.parametrize("heading_deg", [90.0, 0.0, 225.0])
def test_the_middle_of_a_vehicle_lies_behind_the_lower_edge(kind, heading_deg):
    where = {"tilt_deg": 30.0, "height_m": 8.0}
    heading = np.radians(heading_deg)
    velocity = 6.0 * np.array((np.cos(heading), np.sin(heading)))
    plane, middle = camera(**where), lambda t: np.array((1.0, 30.0)) + velocity * (t - 1.5)

    looks = [locate(tracks([box_of(middle(t), heading, kind, **where)], kind, t), plane)[0] for t in np.arange(31) / 10]
    moment = smoothed(looks)[15]

    edge = plane.to_ground(tracks([box_of(middle(1.5), heading, kind, **where)]).foot_px())[0]
    off = np.linalg.norm(moment.xy_m[0] - middle(1.5))
    assert off < 0.1 * FOOTPRINT_M[kind][0]
    assert off < 0.6 * np.linalg.norm(edge - middle(1.5)), "better than the lower edge itself"
    assert np.hypot(*moment.velocity_mps[0]) == pytest.approx(6.0, rel=0.05 if kind == Kind.CAR else 0.1)
    assert abs(np.exp(1j * (moment.heading_rad[0] - heading)) - 1.0) < 0.15


def test_errors_are_those_of_boxes_that_many_trackers_saw():
    rng = np.random.default_rng(0)
    plane, foot = camera(), np.array((700.0, 430.0))
    high = 60.0
    noisy = foot + rng.normal(0, 1, (4000, 2)) * NOISE * high

    located, _ = locate(tracks([(690, 430 - high, 710, 430)]), plane)

    spread = np.sqrt(np.mean(plane.to_ground(noisy).var(axis=0)))
    assert located.sigma_m[0] == pytest.approx(spread, rel=0.05)


def test_carried_boxes_are_taken_for_less_exact():
    boxes = [(690, 370, 710, 430)]

    seen, carried = (locate(tracks(boxes, observed=seen), camera())[0].sigma_m for seen in (True, False))

    assert carried == pytest.approx(CARRIED * seen)


def test_feet_above_the_horizon_or_too_near_to_it_are_dropped_and_counted():
    plane = camera(tilt_deg=10.0)
    horizon = plane.horizon_px().mean(axis=0)[1]
    feet = np.array([horizon - 40, horizon - 1, horizon + 1, horizon + 200])
    boxes = [(600, y - 50, 620, y) for y in feet]

    located, dropped = locate(tracks(boxes), plane)

    assert dropped == 3
    assert located.track_id.tolist() == [3]
    assert located.sigma_m.max() < FARTHEST_SIGMA_M


def test_the_error_of_the_calibration_is_passed_on():
    true = camera()
    plane = camera(variations=[np.diag((1.03, 1.03, 1.0)) @ true.metres])
    feet = pixels(5, np.random.default_rng(1), top=0.6)

    located, _ = locate(tracks(np.hstack((feet - np.array((10, 50)), feet + np.array((10, 0))))), plane)

    assert np.allclose(located.scale_sigma, plane.scale_sigma(feet), rtol=1e-3)
    assert (located.scale_sigma > 0).all()


def test_nobody_is_nowhere():
    located, dropped = locate(tracks(np.zeros((0, 4))), camera())

    assert len(located) == 0
    assert dropped == 0
