from pathlib import Path

import cv2
import numpy as np
import pytest

from flaneur.config.ground import GroundTable
from flaneur.data.errors import UserError
from flaneur.run.calibrating import USUAL_SIZE_PX, StatedGround, facts_of, on_ground
from support.cameras import SIZE_PX, camera, pose, projected
from support.sites import camera as site_camera

METRES = [(-6.0, 12.0), (6.0, 12.0), (9.0, 30.0), (-9.0, 30.0), (0.0, 15.0), (3.0, 21.0)]
PICTURE = projected([(x, y, 0.0) for x, y in METRES]) / SIZE_PX
TRUE = camera()


def table(metres: list[tuple[float, float]] = METRES) -> GroundTable:
    return GroundTable.model_validate({"picture": PICTURE.tolist(), "metres": metres})


def test_points_are_shares_of_a_picture_of_any_size() -> None:
    at = np.array([[0.4, 0.8], [0.6, 0.6]])
    for factor in (1, 2):
        size = np.array(SIZE_PX) * factor
        plane = StatedGround.read(table(), Path()).plane(int(size[0]), int(size[1]))
        assert np.allclose(plane.to_ground(at * size), TRUE.to_ground(at * SIZE_PX), atol=0.01)


def test_a_camera_file_is_for_pictures_of_its_shape(tmp_path: Path) -> None:
    storage = cv2.FileStorage(str(tmp_path / "camera.yml"), cv2.FILE_STORAGE_WRITE)
    rotation, centre = pose()
    lens = np.array([[900.0, 0.0, 319.5], [0.0, 900.0, 239.5], [0.0, 0.0, 1.0]])
    fields = {"camera_matrix": lens, "rvec": cv2.Rodrigues(rotation)[0], "tvec": -rotation @ centre}
    for name, value in {"image_width": 640, "image_height": 480, **fields}.items():
        storage.write(name, value)
    storage.release()
    ground = StatedGround.read(GroundTable(file="camera.yml"), tmp_path)
    (tmp_path / "camera.yml").unlink()
    assert ground.size_px == (640, 480)
    assert ground.plane(1280, 960).camera_height_m == pytest.approx(ground.plane(640, 480).camera_height_m)
    with pytest.raises(UserError, match="640×480"):
        ground.plane(*USUAL_SIZE_PX)


def test_places_keep_their_names_and_lie_where_they_were_drawn() -> None:
    site = f"""
[site]
name = "s"
[[camera]]
name = "c"
[[camera.line]]
name = "line"
points = {PICTURE[:2].tolist()}
[[camera.zone]]
name = "zone"
polygon = {PICTURE[:4].tolist()}
[[camera.flow]]
origin = "line"
destination = "zone"
"""
    places = on_ground(site_camera(site), TRUE)
    assert [line.name for line in places.lines] == ["line"]
    assert np.allclose(places.lines[0].points_m, METRES[:2], atol=1e-6)
    assert np.allclose(places.zones[0].polygon_m, METRES[:4], atol=1e-6)
    assert [flow.name for flow in places.flows] == ["line → zone"]


def test_a_place_above_the_horizon_is_named() -> None:
    site = '[site]\nname="s"\n[[camera]]\nname="c"\n[[camera.line]]\nname="sky"\npoints=[[0.1, 0.0], [0.9, 0.0]]\n'
    with pytest.raises(UserError, match="line 'sky' touches the horizon"):
        on_ground(site_camera(site), camera(tilt_deg=10.0))


def test_facts_name_a_point_that_disagrees_and_leave_it_out() -> None:
    good = facts_of(StatedGround.read(table(), Path()).plane(*SIZE_PX))
    assert (good.method, good.rough, good.points, good.doubtful) == ("points", False, 6, ())
    assert good.residual_m is not None
    assert good.residual_m < 0.01
    bad = facts_of(StatedGround.read(table([*METRES[:5], (4.5, 21.0)]), Path()).plane(*SIZE_PX))
    (doubtful,) = bad.doubtful
    assert doubtful.startswith("6 (1.5 m")


def test_a_lens_or_a_camera_file_is_looked_for_beside_the_site_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.xml"):
        StatedGround.read(GroundTable(file="none.xml"), tmp_path)
    lens = GroundTable.model_validate({"picture": PICTURE.tolist(), "metres": METRES, "lens": "lens.yml"})
    with pytest.raises(UserError, match=r"lens\.yml"):
        StatedGround.read(lens, tmp_path)
