"""Lines and zones on the ground keep their sides, and the horizon is no ground."""

import numpy as np
import pytest
from shapely import Polygon

from flaneur.data.errors import UserError
from flaneur.data.geometry import Line, Zone
from flaneur.ground.places import ground_line, ground_zone
from support.cameras import SIZE_PX, camera

SQUARE_M = np.array(((-3.0, 8.0), (3.0, 8.0), (3.0, 14.0), (-3.0, 14.0)))


def drawn(plane, points_m):
    return plane.to_picture(points_m) / SIZE_PX


@pytest.mark.parametrize("bend", [(0, 0, 0, 0, 0), (-0.2, 0.03, 0, 0, 0)], ids=["plain", "barrel"])
def test_a_square_of_six_metres(bend):
    plane = camera(distortion=bend)
    zone = ground_zone(plane, Zone("z", drawn(plane, SQUARE_M)))
    assert Polygon(zone.polygon_m).area == pytest.approx(36.0, rel=0.06)
    line = ground_line(plane, Line("l", drawn(plane, SQUARE_M[:2])))
    np.testing.assert_allclose(line.points_m[[0, -1]], SQUARE_M[:2], atol=1e-6)
    assert (len(line.points_m) > 2) == any(bend), "a line that is straight in a bent picture is bent on the ground"


def test_bent_lines_follow_the_picture():
    plane = camera(distortion=(-0.2, 0.03, 0, 0, 0))
    line = ground_line(plane, Line("l", np.array(((0.05, 0.9), (0.95, 0.9)))))
    np.testing.assert_allclose(plane.to_picture(line.points_m)[:, 1], 0.9 * SIZE_PX[1], atol=1e-4)


def test_the_horizon_is_no_ground():
    plane = camera(tilt_deg=10.0)
    top = plane.horizon_px()[0, 1] / SIZE_PX[1]
    high = np.array(((0.2, 0.9), (0.8, 0.9), (0.5, top + 0.001)))
    with pytest.raises(UserError, match=r"zone 'plaza' touches the horizon .*points: 3.*22 %"):
        ground_zone(plane, Zone("plaza", high))
    with pytest.raises(UserError, match="line 'stop' touches the horizon"):
        ground_line(plane, Line("stop", high[1:]))
    ground_zone(plane, Zone("plaza", high + np.array((0.0, 0.01))))
