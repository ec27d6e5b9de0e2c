"""A ground plane from a camera file: Tsai's XML or what OpenCV's FileStorage writes, with the ground at z = 0."""

import xml.etree.ElementTree as ET
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from flaneur.data.errors import UserError
from flaneur.ground.lens import Array, Lens
from flaneur.ground.plane import GroundPlane, Source, from_pose

FILE_SCALE_SIGMA = 0.02
"""Camera files do not say how exact they are. Tsai's and Zhang's methods reach better than 1 % on the pattern, on a
street the measured points and the flatness of the ground limit them."""
LARGEST_HEIGHT_M = 300.0
LARGEST_BYTES = 1_000_000
LARGEST_PX = 100_000
LARGEST_NUMBER = 1e12
"""Beyond it nothing in a camera file makes sense, in whatever unit."""

_MATRIX = ("camera_matrix", "Camera_Matrix", "cameraMatrix", "CameraMatrix", "K")
_DISTORTION = ("distortion_coefficients", "Distortion_Coefficients", "distCoeffs", "dist_coeffs", "D")
_WIDTH, _HEIGHT = ("image_width", "image_Width", "width"), ("image_height", "image_Height", "height")
_TURN, _SHIFT = ("rvec", "rotation_vector", "R", "rotation_matrix"), ("tvec", "translation_vector", "t", "T")
_BOTH = ("extrinsics", "extrinsic", "extrinsic_parameters")


def read_camera(path: str | Path, unit_m: float | None = None) -> GroundPlane:
    """The plane that a camera file tells; `unit_m` is the length of the file's world unit.

    Left out, it is 0.001 for Tsai's files, which are in millimetres, and 1 for OpenCV's, which are in whatever the
    pattern was measured in. UserError names what is missing or impossible.
    """
    path = Path(path)
    tsai = _tsai_element(path.name, _read(path))
    if tsai is not None:
        return _tsai(path.name, tsai, 1e-3 if unit_m is None else unit_m)
    storage = _open_storage(path)
    try:
        width_px, height_px, lens = _lens(path.name, storage)
        rotation, shift = _pose(path.name, storage)
    finally:
        storage.release()
    return _plane(path.name, width_px, height_px, lens, rotation, shift * (1.0 if unit_m is None else unit_m), "opencv")


def read_lens(path: str | Path) -> tuple[int, int, Lens]:
    """Picture width, height and lens of an OpenCV file that need not know where the camera stands.

    For a camera whose lens was calibrated with a chessboard and whose ground is given by points. UserError as above.
    """
    path = Path(path)
    _read(path)
    storage = _open_storage(path)
    try:
        return _lens(path.name, storage)
    finally:
        storage.release()


def _read(path: Path) -> bytes:
    """What the file holds; UserError where OpenCV, which does not say why, could not read it either."""
    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise UserError(f"{path}: {size // 1_000_000} MB is too much for a camera file")
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: the camera file cannot be read: {error.strerror}") from error


def _plane(
    name: str, width_px: int, height_px: int, lens: Lens, rotation: Array, shift_m: Array, source: Source
) -> GroundPlane:
    """From x_camera = rotation · x_world + shift."""
    centre_m = -rotation.T @ shift_m
    if not 0.0 < centre_m[2] < LARGEST_HEIGHT_M:
        raise UserError(
            f"{name}: the camera is {centre_m[2]:.3g} m above the ground; the ground must be z = 0 with z upwards, "
            "and lengths need the right unit"
        )
    metres = from_pose(rotation, centre_m)
    return GroundPlane(width_px, height_px, lens, metres, _scaled(metres), source)


def _scaled(metres: Array) -> Array:
    return (np.diag((1.0 + FILE_SCALE_SIGMA, 1.0 + FILE_SCALE_SIGMA, 1.0)) @ metres)[None]


def _tsai_element(name: str, text: bytes) -> "ET.Element | None":
    """The root of a Tsai file; None where the file is something else."""
    if b"<Geometry" not in text or b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        # No declared entities, so nothing that could expand without end.
        return None
    try:
        return ET.fromstring(text)  # noqa: S314
    except (ET.ParseError, LookupError, ValueError) as error:  # the latter two for encodings
        raise UserError(f"{name}: not well-formed XML: {error}") from error


def _tsai(name: str, root: "ET.Element", unit_m: float) -> GroundPlane:
    """R. Y. Tsai, "A versatile camera calibration technique for high-accuracy 3D machine vision metrology", 1987.

    Sensor lengths are millimetres: x_sensor = (x_picture - cx) dpx / sx, straight = bent (1 + kappa1 r²).
    """

    def number(element: str, field: str) -> float:
        node = root.find(element)
        value = None if node is None else node.get(field)
        if value is None:
            raise UserError(f"{name}: {element} {field} is missing")
        try:
            found = float(value)
        except ValueError:
            found = float("nan")
        if not abs(found) < LARGEST_NUMBER:
            raise UserError(f"{name}: {element} {field} is {value!r}, not a number of any camera")
        return found

    width_px, height_px = int(number("Geometry", "width")), int(number("Geometry", "height"))
    dpx, dpy, sx = number("Geometry", "dpx"), number("Geometry", "dpy"), number("Intrinsic", "sx")
    focal_mm = number("Intrinsic", "focal")
    if min(width_px, height_px, focal_mm, dpx, dpy, sx) <= 0:
        raise UserError(f"{name}: width, height, focal, dpx, dpy and sx must be greater than 0")
    centre = np.array((number("Intrinsic", "cx"), number("Intrinsic", "cy")))
    bend = np.array((number("Intrinsic", "kappa1") * focal_mm**2, 0.0, 0.0, 0.0, 0.0))
    lens = Lens(focal_mm / np.array((dpx / sx, dpy)), centre, bend, straightens=True)
    a, b, c = (number("Extrinsic", field) for field in ("rx", "ry", "rz"))
    about_x = np.array(((1, 0, 0), (0, np.cos(a), -np.sin(a)), (0, np.sin(a), np.cos(a))))
    about_y = np.array(((np.cos(b), 0, np.sin(b)), (0, 1, 0), (-np.sin(b), 0, np.cos(b))))
    about_z = np.array(((np.cos(c), -np.sin(c), 0), (np.sin(c), np.cos(c), 0), (0, 0, 1)))
    shift = np.array([number("Extrinsic", field) for field in ("tx", "ty", "tz")])
    return _plane(name, width_px, height_px, lens, about_z @ about_y @ about_x, shift * unit_m, "tsai")


def _open_storage(path: Path) -> cv2.FileStorage:
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_READ)
        opened = storage.isOpened()
    except (cv2.error, SystemError):
        opened = False
    finally:
        cv2.utils.logging.setLogLevel(level)
    if not opened:
        raise UserError(f"{path.name}: neither a Tsai XML file nor YAML, XML or JSON as OpenCV writes it")
    return storage


def _node(storage: cv2.FileStorage, names: tuple[str, ...]) -> cv2.FileNode | None:
    for name in names:
        node = storage.getNode(name)
        if not node.empty():
            return node
    return None


def _matrix(file: str, storage: cv2.FileStorage, names: tuple[str, ...]) -> Array | None:
    """The first of these fields that is there, as an array; lists of numbers serve too."""
    node = _node(storage, names)
    if node is None:
        return None
    values: Any = None
    with suppress(cv2.error):  # of a matrix that contradicts itself
        if node.isMap():
            values = node.mat()
        elif node.isSeq():
            parts = [node.at(n) for n in range(node.size())]
            rows = [[p.at(n).real() for n in range(p.size())] if p.isSeq() else [p.real()] for p in parts]
            values = np.array(rows) if len({len(row) for row in rows}) == 1 else None
    if values is None or not (np.abs(values) < LARGEST_NUMBER).all():
        raise UserError(f"{file}: {node.name()} is not a matrix of numbers")
    return np.asarray(values, np.float64)


def _lens(file: str, storage: cv2.FileStorage) -> tuple[int, int, Lens]:
    camera = _matrix(file, storage, _MATRIX)
    if camera is None:
        raise UserError(f"{file}: camera_matrix is missing")
    if camera.shape != (3, 3) or min(camera[0, 0], camera[1, 1]) <= 0:
        raise UserError(f"{file}: camera_matrix must be 3×3 with focal lengths greater than 0")
    fisheye = storage.getNode("fisheye_model")
    if not fisheye.empty() and fisheye.real():
        raise UserError(f"{file}: fisheye lenses are not supported; straighten the video first")
    bend = _matrix(file, storage, _DISTORTION)
    coefficients = np.zeros(0) if bend is None else bend.ravel()
    if coefficients[5:].any():
        raise UserError(f"{file}: distortion_coefficients beyond k1, k2, p1, p2, k3 are not supported")
    width, height = _node(storage, _WIDTH), _node(storage, _HEIGHT)
    if width is None or height is None:
        raise UserError(f"{file}: image_{'width' if width is None else 'height'} is missing")
    if not (0 < width.real() < LARGEST_PX and 0 < height.real() < LARGEST_PX):
        raise UserError(f"{file}: image_width and image_height must be numbers greater than 0")
    width_px, height_px = int(width.real()), int(height.real())
    # OpenCV counts from the middle of the first pixel, boxes from its corner.
    lens = Lens(camera[[0, 1], [0, 1]], camera[:2, 2] + 0.5, np.resize(np.append(coefficients[:5], np.zeros(5)), 5))
    return width_px, height_px, lens


def _pose(file: str, storage: cv2.FileStorage) -> tuple[Array, Array]:
    """Rotation [3, 3] and shift [3], from two fields or one of [3, 4], [4, 4] or one row [1, 6]."""
    both = _matrix(file, storage, _BOTH)
    if both is not None:
        if both.shape in ((3, 4), (4, 4)):
            return _rotation(file, both[:3, :3]), both[:3, 3]
        if both.size == 6:
            return _rotation(file, both.ravel()[:3]), both.ravel()[3:]
        raise UserError(
            f"{file}: extrinsic_parameters holds {len(both)} views of the pattern; which of them is the ground is not "
            "known: write that one view's rvec and tvec, or give the file as the lens and add points of the ground"
        )
    turn, shift = _matrix(file, storage, _TURN), _matrix(file, storage, _SHIFT)
    if turn is None or shift is None:
        raise UserError(
            f"{file}: {'rvec or R' if turn is None else 'tvec or t'} is missing, so it is not known where the camera "
            "stands; add it, or give the file as the lens and add points of the ground"
        )
    if shift.size != 3:
        raise UserError(f"{file}: tvec must be three numbers")
    return _rotation(file, turn), shift.ravel()


def _rotation(file: str, turn: Array) -> Array:
    if turn.size == 3:
        return np.asarray(cv2.Rodrigues(turn.reshape(3, 1))[0], np.float64)
    if turn.shape != (3, 3) or not np.allclose(turn @ turn.T, np.eye(3), atol=1e-3) or np.linalg.det(turn) < 0:
        raise UserError(f"{file}: the rotation must be three numbers (rvec) or a 3×3 rotation matrix")
    return turn
