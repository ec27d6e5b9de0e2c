import numpy as np
import pytest

from flaneur.run.metre_grid import MIN_SPACING_PX, metre_grid
from support.cameras import SIZE_PX, camera

PLANE = camera(tilt_deg=25.0, height_m=6.0)


def ground(line):
    return PLANE.to_ground(line.points_xy * SIZE_PX)


def test_lines_are_those_of_whole_metres():
    lines = metre_grid(PLANE)
    assert len(lines) > 20
    for line in lines:
        metres = ground(line)
        spread = np.abs(metres - np.round(metres)).max(axis=0)
        assert spread.min() < 1e-6, "one coordinate stays at a whole metre"
        assert np.ptp(metres, axis=0).min() < 1e-6


def test_they_stay_in_the_picture():
    for line in metre_grid(PLANE):
        assert (line.points_xy >= 0).all()
        assert (line.points_xy <= 1).all()
        assert len(line.points_xy) > 1


def test_every_fifth_has_its_name():
    for line in metre_grid(PLANE):
        metres = ground(line)
        axis = int(np.argmin(np.ptp(metres, axis=0)))
        value = round(metres[0, axis])
        assert line.label == (f"{'xy'[axis]} = {value} m" if value % 5 == 0 else "")


def test_far_away_lines_that_would_run_together_are_left_out():
    flat = camera(tilt_deg=10.0, height_m=6.0)
    lines = metre_grid(flat)
    assert lines
    for line in lines:
        px = line.points_xy * SIZE_PX
        metres = flat.to_ground(px)
        ahead = flat.to_picture(metres + np.array((0.0, 1.0)))
        assert np.linalg.norm(ahead - px, axis=1).min() > 0.5 * MIN_SPACING_PX


@pytest.mark.parametrize("tilt_deg", [10.0, 45.0, 89.0])
def test_any_camera_has_a_grid_on_the_ground_only(tilt_deg):
    plane = camera(tilt_deg=tilt_deg, height_m=8.0)
    lines = metre_grid(plane)
    assert lines
    for line in lines:
        assert plane.below_horizon(line.points_xy * SIZE_PX).all()


def test_a_camera_that_looks_up_has_none():
    assert metre_grid(camera(tilt_deg=-35.0)) == []
