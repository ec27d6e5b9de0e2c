"""The canary: a rendered street whose road users carry markers that a machine can read, and a detector for them.

Each road user is a magenta board of one size with an ArUco marker on it. The detector is a real OpenVINO file in the
yolov8 layout: it measures magenta under a window of the board's size. So the program's own command line can be run
on the scene with nothing replaced, and everything that it wrote can be searched for the markers.

In metres it is the street of a camera 8 m above the ground that looks down by 30°: walkers on the lanes further away
are faster. What a metre is follows here from the pinhole camera alone, not from anything in Flaneur.
"""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from flaneur.detect.runtime import openvino

Picture = NDArray[np.uint8]

WIDTH, HEIGHT = 640, 480
BOARD_W, BOARD_H = 40, 88
MAGENTA_BGR = (225, 25, 225)
STRIDE = 4
FAMILY = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
MARKER_PX = 30
LANES = 4
SPEED_PX = 60.0
"""Per second."""
EVERY_S = 2.0
"""One walker after another sets out."""
CAMERA_M, TILT_RAD, FOCAL_PX = 8.0, np.radians(30.0), 0.9 * WIDTH
NOISES = 8
"""Different pictures of noise, which come again and again."""


def site_with_boards(tables: str, model: Path) -> str:
    """A site file of these tables, with the detector of boards at `model`."""
    return f'''{tables}
[detector]
model = "{model}"
layout = "yolov8"
classes = {{ 0 = "pedestrian" }}
'''


def board(number: int) -> Picture:
    """The board of road user `number`, uint8 [BOARD_H, BOARD_W, 3]."""
    picture = np.full((BOARD_H, BOARD_W, 3), MAGENTA_BGR, np.uint8)
    marker = cv2.aruco.generateImageMarker(FAMILY, number, MARKER_PX)
    left, top = (BOARD_W - MARKER_PX) // 2, 10
    picture[top - 4 : top + MARKER_PX + 4, left - 4 : left + MARKER_PX + 4] = 255
    picture[top : top + MARKER_PX, left : left + MARKER_PX] = marker[:, :, None]
    return picture


def street(frames: int, rate: float = 10.0, walkers: int = 4) -> Iterator[Picture]:
    """Walkers cross at 60 px/s from either side on lanes of their own, one after another; then the street is empty."""
    ground = _ground()
    for k in range(frames):
        picture = ground.copy()
        for number in range(walkers):
            _paste(picture, board(number), *_corner(number, k / rate))
        yield picture


def _corner(number: int, time_s: float) -> tuple[int, int]:
    way = SPEED_PX * (time_s - EVERY_S * number) - BOARD_W
    left = way if number % 2 == 0 else WIDTH - BOARD_W - way
    return round(left), 40 + 100 * (number % LANES)


def living_street(
    seconds: float,
    rate: float = 10.0,
    walkers: int | None = None,
    change: Callable[[Picture, float], None] | None = None,
) -> Iterator[Picture]:
    """The same walkers and more after them, on a ground with detail, through a sensor with noise, as in real videos.

    Without a number of walkers they never stop coming. `change(picture, time_s)` paints what a test adds.
    """
    rng = np.random.default_rng(7)
    detail = rng.integers(-25, 26, (HEIGHT // 2, WIDTH // 2, 1), np.int16).repeat(2, axis=0).repeat(2, axis=1)
    ground = _ground().astype(np.int16) + detail
    noises = rng.normal(0.0, 2.0, (NOISES, HEIGHT, WIDTH, 1)).astype(np.int16)
    for k in range(round(seconds * rate)):
        time_s = k / rate
        picture = np.clip(ground + noises[k % NOISES], 0, 255).astype(np.uint8)
        first = max(0, int((time_s - (WIDTH + BOARD_W) / SPEED_PX) / EVERY_S))
        last = int(time_s / EVERY_S) + 1
        for number in range(first, last if walkers is None else min(last, walkers)):
            _paste(picture, _board(number % 50), *_corner(number, time_s))
        if change is not None:
            change(picture, time_s)
        yield picture


_board = cache(board)


def moment_in_the_middle_s(number: int) -> float:
    """When the middle of a walker is in the middle of the picture."""
    return EVERY_S * number + (WIDTH / 2 + BOARD_W / 2) / SPEED_PX


def walking_mps(number: int) -> float:
    """How fast a walker is on the ground."""
    down = (40 + 100 * (number % LANES) + BOARD_H - HEIGHT / 2) / FOCAL_PX
    distance_m = CAMERA_M / (np.sin(TILT_RAD) + down * np.cos(TILT_RAD))
    return float(SPEED_PX * distance_m / FOCAL_PX)


def ground_points() -> tuple[list[list[float]], list[list[float]]]:
    """Six points of the ground: in the picture, in shares of it, and in metres with y ahead and x to the right."""
    metres = [(-5.0, 8.0), (5.0, 8.0), (8.0, 20.0), (-8.0, 20.0), (0.0, 12.0), (3.0, 16.0)]
    return [in_picture(x, y) for x, y in metres], [list(point) for point in metres]


def in_picture(x_m: float, y_m: float, tilt_rad: float = TILT_RAD) -> list[float]:
    """Where a point of the ground is, in shares of the picture."""
    ahead = y_m * np.cos(tilt_rad) + CAMERA_M * np.sin(tilt_rad)
    down = CAMERA_M * np.cos(tilt_rad) - y_m * np.sin(tilt_rad)
    return [float(0.5 + FOCAL_PX * x_m / ahead / WIDTH), float(0.5 + FOCAL_PX * down / ahead / HEIGHT)]


def ground_table(points: tuple[list[list[float]], list[list[float]]] | None = None) -> str:
    """`[camera.ground]` of these points, or of those of this street."""
    picture, metres = points or ground_points()
    return f"[camera.ground]\npicture = {picture}\nmetres = {metres}\n"


def _paste(picture: Picture, sprite: Picture, left: int, top: int) -> None:
    x1, x2 = max(left, 0), min(left + sprite.shape[1], picture.shape[1])
    if x1 < x2:
        picture[top : top + sprite.shape[0], x1:x2] = sprite[:, x1 - left : x2 - left]


def _ground() -> Picture:
    rng = np.random.default_rng(5)
    coarse = rng.integers(90, 150, (HEIGHT // 16, WIDTH // 16), np.uint8)
    grey = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.repeat(grey[:, :, None], 3, axis=2)


def markers_in(bgr: Picture) -> set[int]:
    """Numbers of the markers that can be read in a picture, also after enlarging and sharpening it."""
    reader = cv2.aruco.ArucoDetector(FAMILY)
    found: set[int] = set()
    for scale in (1, 2):
        grey = cv2.cvtColor(
            cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), cv2.COLOR_BGR2GRAY
        )
        for seen in (grey, cv2.addWeighted(grey, 1.8, cv2.GaussianBlur(grey, (0, 0), 2), -0.8, 0)):
            _, numbers, _ = reader.detectMarkers(seen)
            found |= set() if numbers is None else set(numbers.ravel().tolist())
    return found


def magenta_share(bgr: Picture) -> float:
    """Share of the picture that has the boards' colour, which nothing else in the scene has."""
    b, g, r = cv2.split(bgr)
    return float((cv2.subtract(cv2.min(b, r), g) > 60).mean())


def write_board_detector(path: Path) -> Path:
    """An OpenVINO model in the yolov8 layout with one class that finds the boards; returns the .xml."""
    op = openvino.opset13
    picture = op.parameter([1, 3, HEIGHT, WIDTH], np.float32, name="images")  # RGB, 0..1
    weights = np.array([[[[0.5]], [[-1.0]], [[0.5]]]], np.float32)
    magenta = op.convolution(picture, weights, [1, 1], [0, 0], [0, 0], [1, 1])
    magenta = op.clamp(op.multiply(magenta, np.float32(1.6)), 0.0, 1.0)
    # A whole board measures 0.59: a window that is off by a few pixels loses to the one that fits.
    down = op.avg_pool(magenta, [STRIDE, 1], [0, 0], [0, 0], [BOARD_H, 1], False)
    score = op.avg_pool(down, [1, STRIDE], [0, 0], [0, 0], [1, BOARD_W], False)
    score = op.clamp(op.divide(op.subtract(score, np.float32(0.46)), np.float32(0.09)), 0.0, 1.0)
    rows, columns = (HEIGHT - BOARD_H) // STRIDE + 1, (WIDTH - BOARD_W) // STRIDE + 1
    y, x = np.mgrid[:rows, :columns].reshape(2, -1) * STRIDE
    boxes = np.stack((x + BOARD_W / 2, y + BOARD_H / 2, np.full(x.size, BOARD_W), np.full(x.size, BOARD_H)))
    flat = op.reshape(score, np.array([1, 1, x.size]), False)
    output = op.concat([op.constant(boxes[None].astype(np.float32)), flat], 1)
    openvino.save_model(openvino.Model([output], [picture], "boards"), str(path), compress_to_fp16=False)
    return path
