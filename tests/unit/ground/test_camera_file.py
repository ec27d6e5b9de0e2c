"""Camera files: Tsai's model by hand, OpenCV's as OpenCV writes it, and files with something missing."""

import cv2
import numpy as np
import pytest

from flaneur.data.errors import UserError
from flaneur.ground.camera_file import FILE_SCALE_SIGMA, read_camera, read_lens
from support.cameras import SIZE_PX, camera, pixels, pose

TSAI = """<?xml version="1.0" encoding="UTF-8"?>
<Camera name="c">
  <Geometry width="800" height="600" ncx="800" nfx="800" dx="0.005" dy="0.005" dpx="0.005" dpy="0.005"/>
  <Intrinsic focal="5.0" kappa1="0.004" cx="410" cy="290" sx="1.25"/>
  <Extrinsic tx="0" ty="0" tz="10000" rx="{rx}" ry="0" rz="0"/>
</Camera>
"""
BEND = np.array((-0.2, 0.04, 0.001, -0.001, 0.0))


def tsai_file(folder, text=TSAI, rx=2 * np.pi / 3):
    path = folder / "view.xml"
    path.write_text(text.format(rx=rx))
    return path


def opencv_file(folder, name="camera.yml", **fields):
    rotation, centre = pose(tilt_deg=25.0, height_m=6.0)
    everything = {
        "image_width": SIZE_PX[0],
        "image_height": SIZE_PX[1],
        "camera_matrix": np.array(((1152.0, 0, 639.5), (0, 1152.0, 359.5), (0, 0, 1))),
        "distortion_coefficients": BEND,
        "rvec": cv2.Rodrigues(rotation)[0],
        "tvec": -rotation @ centre,
    } | fields
    storage = cv2.FileStorage(str(folder / name), cv2.FILE_STORAGE_WRITE)
    for field, value in everything.items():
        if value is not None:
            storage.write(field, value)
    storage.release()
    return folder / name


def test_tsai_straight_down(tmp_path):
    """A camera 10 m up that looks straight down: 1 mm on the sensor is 2 m, before the lens bends."""
    plane = read_camera(tsai_file(tmp_path, rx=np.pi))
    assert (plane.width_px, plane.height_px, plane.source) == (800, 600, "tsai")
    assert plane.camera_height_m == pytest.approx(10.0)
    r = 200 * 0.005 / 1.25
    across = plane.to_ground(np.array(((410.0, 290.0), (610.0, 290.0), (410.0, 490.0))))
    np.testing.assert_allclose(across[0], 0.0, atol=1e-9)
    np.testing.assert_allclose(across[1], (r * (1 + 0.004 * r**2) * 2.0, 0.0), atol=1e-9)
    np.testing.assert_allclose(across[2], (0.0, -1.0 * (1 + 0.004) * 2.0), atol=1e-9)
    np.testing.assert_allclose(plane.scale_sigma(np.array(((400.0, 300.0),))), FILE_SCALE_SIGMA)


def test_tsai_there_and_back(tmp_path):
    plane = read_camera(tsai_file(tmp_path))
    at = np.random.default_rng(0).uniform((0, 250), (800, 600), (50, 2))
    np.testing.assert_allclose(plane.to_picture(plane.to_ground(at)), at, atol=1e-6)


def test_the_world_may_be_in_metres(tmp_path):
    text = TSAI.replace('tz="10000"', 'tz="10"')
    assert read_camera(tsai_file(tmp_path, text), unit_m=1.0).camera_height_m == pytest.approx(5.0)


@pytest.mark.parametrize("name", ["camera.yml", "camera.xml", "camera.json"])
def test_opencv_in_each_format(tmp_path, name):
    plane = read_camera(opencv_file(tmp_path, name))
    truth = camera(distortion=BEND)
    at = pixels(50, np.random.default_rng(0))
    np.testing.assert_allclose(plane.to_ground(at), truth.to_ground(at), atol=1e-6)
    assert plane.source == "opencv"


def test_opencv_other_ways_to_say_where(tmp_path):
    rotation, centre = pose(tilt_deg=25.0, height_m=6.0)
    shift = -rotation @ centre
    at = pixels(5, np.random.default_rng(0))
    expected = read_camera(opencv_file(tmp_path)).to_ground(at)
    row = np.concatenate((cv2.Rodrigues(rotation)[0].ravel(), shift))[None]
    for n, fields in enumerate(
        (
            {"rvec": None, "tvec": None, "R": rotation, "t": shift},
            {"rvec": None, "tvec": None, "extrinsics": np.c_[rotation, shift]},
            {"rvec": None, "tvec": None, "extrinsic_parameters": row},
        )
    ):
        plane = read_camera(opencv_file(tmp_path, f"{n}.yml", **fields))
        np.testing.assert_allclose(plane.to_ground(at), expected, atol=1e-6)
    centimetres = read_camera(opencv_file(tmp_path, tvec=shift * 100), unit_m=0.01)
    np.testing.assert_allclose(centimetres.to_ground(at), expected, atol=1e-6)


def test_plain_lists_in_json(tmp_path):
    path = tmp_path / "lens.json"
    path.write_text(
        '{"image_width": 1280, "image_height": 720, "dist_coeffs": [-0.2, 0.04],\n'
        ' "camera_matrix": [[1152.0, 0, 639.5], [0, 1152.0, 359.5], [0, 0, 1.0]]}'
    )
    width, height, lens = read_lens(path)
    assert (width, height) == SIZE_PX
    assert lens.distortion.tolist() == [-0.2, 0.04, 0, 0, 0]
    assert lens.centre_px.tolist() == [640, 360]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"camera_matrix": None}, "camera_matrix is missing"),
        ({"image_height": None}, "image_height is missing"),
        ({"tvec": None}, "tvec or t is missing"),
        ({"rvec": None}, "rvec or R is missing"),
        ({"camera_matrix": np.eye(2)}, "3×3"),
        ({"rvec": np.ones((3, 3))}, "rotation"),
        ({"tvec": np.zeros(2)}, "three numbers"),
        ({"tvec": np.array((0.0, 2.0, -6.0))}, "above the ground"),
        ({"distortion_coefficients": np.full(8, 0.1)}, "beyond k1, k2, p1, p2, k3"),
        ({"distortion_coefficients": np.full(5, np.nan)}, "not a matrix of numbers"),
        ({"camera_matrix": "wide"}, "not a matrix of numbers"),
        ({"fisheye_model": 1}, "fisheye"),
        ({"image_width": float("nan")}, "must be numbers"),
        ({"image_height": float("inf")}, "must be numbers"),
        ({"rvec": None, "tvec": None, "extrinsic_parameters": np.zeros((9, 6))}, "9 views"),
    ],
)
def test_opencv_files_with_mistakes(tmp_path, fields, sentence):
    with pytest.raises(UserError, match=sentence):
        read_camera(opencv_file(tmp_path, **fields))


@pytest.mark.parametrize(("old", "new"), [("rows: 3", "rows: x"), ("rows: 3", "rows: 7"), ("dt: d", "dt: q")])
def test_a_matrix_that_contradicts_itself(tmp_path, old, new):
    path = opencv_file(tmp_path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(UserError, match="not a matrix of numbers"):
        read_camera(path)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('kappa1="0.004" ', "", "Intrinsic kappa1 is missing"),
        ('focal="5.0"', 'focal="five"', "'five', not a number"),
        ('focal="5.0"', 'focal="1e300"', "'1e300', not a number"),
        ('sx="1.25"', 'sx="0"', "greater than 0"),
        ('tz="10000"', 'tz="-10000"', "above the ground"),
        ("</Camera>", "", "not well-formed"),
        ('"UTF-8"', '"shift_jis"', "not well-formed.*encoding"),
        ('"UTF-8"', '"none"', "not well-formed.*encoding"),
    ],
)
def test_tsai_files_with_mistakes(tmp_path, old, new, sentence):
    with pytest.raises(UserError, match=sentence):
        read_camera(tsai_file(tmp_path, TSAI.replace(old, new)))


def test_no_camera_file_at_all(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        read_camera(tmp_path / "nowhere.yml")
    for read in (read_camera, read_lens):
        with pytest.raises(UserError, match="cannot be read: Is a directory"):
            read(tmp_path)
    for text in ("just words", "", "{"):
        path = tmp_path / "words.yml"
        path.write_text(text)
        with pytest.raises(UserError, match=r"neither a Tsai|camera_matrix is missing"):
            read_camera(path)
    bomb = tmp_path / "bomb.xml"
    bomb.write_text('<!DOCTYPE a [<!ENTITY b "c">]><Camera><Geometry width="&b;"/></Camera>')
    with pytest.raises(UserError):
        read_camera(bomb)
