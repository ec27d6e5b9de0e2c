"""The ground from sizes: synthetic cameras above people and cars that are not the shapes it fits."""

import numpy as np
import pytest

from flaneur.data.errors import UserError
from flaneur.data.kinds import Kind
from flaneur.ground.plane import describe
from flaneur.ground.rough import clear_boxes, rough_plane
from support.cameras import SIZE_PX, camera
from support.sizes import boxes, car, errors, person, statures


@pytest.mark.parametrize(
    "where",
    [
        {"tilt_deg": 12.0, "height_m": 3.0, "focal": 0.6},
        {"tilt_deg": 20.0, "height_m": 4.0, "focal": 0.8, "roll_deg": 2.0},
        {"tilt_deg": 20.0, "height_m": 8.0, "focal": 1.3, "roll_deg": -1.0},
        {"tilt_deg": 35.0, "height_m": 6.0, "focal": 0.9},
        {"tilt_deg": 35.0, "height_m": 12.0, "focal": 1.3},
        {"tilt_deg": 50.0, "height_m": 9.0, "focal": 0.7},
    ],
    ids=lambda where: f"{where['tilt_deg']:.0f}deg-{where['height_m']:.0f}m-{where['focal']}",
)
def test_scale_from_people(where):
    rng = np.random.default_rng(11)
    xyxy = boxes(person, statures(50, rng), 50.0, rng, **where)
    plane = rough_plane(xyxy, np.full(len(xyxy), Kind.PEDESTRIAN, np.uint8), *SIZE_PX)
    error, sigma = errors(plane, camera(**where), xyxy)
    assert abs(error) < 0.15
    assert abs(error) < 2.5 * sigma
    assert 0.02 < sigma < 0.3
    assert plane.rough
    assert describe(plane).rough


def test_scale_from_cars():
    where = {"tilt_deg": 25.0, "height_m": 7.0, "focal": 0.8}
    rng = np.random.default_rng(3)
    xyxy = boxes(car, rng.normal(4.4, 0.3, 50), 50.0, rng, **where)
    plane = rough_plane(xyxy, np.full(len(xyxy), Kind.CAR, np.uint8), *SIZE_PX)
    error, sigma = errors(plane, camera(**where), xyxy)
    assert abs(error) < 0.15
    assert abs(error) < 2.5 * sigma


def test_too_little_is_said():
    rng = np.random.default_rng(0)
    xyxy = boxes(person, statures(2, rng), 30.0, rng)
    with pytest.raises(UserError, match=r"only \d+ pedestrians and cars .* look longer"):
        rough_plane(xyxy, np.zeros(len(xyxy), np.uint8), *SIZE_PX)
    with pytest.raises(UserError, match="only 0 pedestrians"):
        rough_plane(np.zeros((0, 4)), np.zeros(0, np.uint8), *SIZE_PX)
    with pytest.raises(UserError, match="only 0 pedestrians"):
        rough_plane(np.tile((100.0, 100, 130, 180), (90, 1)), np.full(90, Kind.BUS, np.uint8), *SIZE_PX)


def test_all_at_one_distance_tells_nothing():
    rng = np.random.default_rng(0)
    x = rng.uniform(100, 1200, 200)
    h = rng.normal(60, 3, 200)
    xyxy = np.stack((x - 10, 400 - h, x + 10, np.full(200, 400.0)), 1)
    with pytest.raises(UserError, match="same distance"):
        rough_plane(xyxy, np.zeros(200, np.uint8), *SIZE_PX)


def test_people_who_fill_the_picture_mislead():
    rng = np.random.default_rng(0)
    x, foot = rng.uniform(200, 1100, 200), rng.uniform(500, 700, 200)
    xyxy = np.stack((x - 80, foot - 400, x + 80, foot), 1)
    with pytest.raises(UserError, match="not seen whole"):
        rough_plane(xyxy, np.zeros(200, np.uint8), *SIZE_PX)


def test_clear_boxes_are_whole_and_apart():
    xyxy = np.array(
        (
            (100.0, 100, 150, 250),
            (140.0, 120, 190, 260),  # hides a fifth of the first
            (0.0, 100, 50, 250),
            (600.0, 580, 650, 720),
            (400.0, 300, 450, 450),
        )
    )
    assert clear_boxes(xyxy, *SIZE_PX).tolist() == [False, False, False, False, True]
    assert clear_boxes(np.zeros((0, 4)), *SIZE_PX).shape == (0,)
