"""The canary: a rendered street whose road users carry markers that a machine can read, and a detector for them.

Each road user is a magenta board of one size with an ArUco marker on it. The detector is a real OpenVINO file in the
yolov8 layout: it measures magenta under a window of the board's size. So the program's own command line can be run
on the scene with nothing replaced, and everything that it wrote can be searched for the markers.
"""

from collections.abc import Iterator
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
    way = 60.0 * (time_s - 2.0 * number) - BOARD_W
    left = way if number % 2 == 0 else WIDTH - BOARD_W - way
    return round(left), 40 + 100 * number


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
    b, g, r = (bgr[:, :, c].astype(int) for c in range(3))
    return float((np.minimum(b, r) - g > 60).mean())


def write_board_detector(path: Path) -> Path:
    """An OpenVINO model in the yolov8 layout with one class that finds the boards; returns the .xml."""
    op = openvino.opset13
    picture = op.parameter([1, 3, HEIGHT, WIDTH], np.float32, name="images")  # RGB, 0..1
    weights = np.array([[[[0.5]], [[-1.0]], [[0.5]]]], np.float32)
    magenta = op.convolution(picture, weights, [1, 1], [0, 0], [0, 0], [1, 1])
    magenta = op.clamp(op.multiply(magenta, np.float32(1.6)), 0.0, 1.0)
    # A whole board measures 0.59: a window that is off by a few pixels loses to the one that fits.
    score = op.avg_pool(magenta, [STRIDE, STRIDE], [0, 0], [0, 0], [BOARD_H, BOARD_W], False)
    score = op.clamp(op.divide(op.subtract(score, np.float32(0.46)), np.float32(0.09)), 0.0, 1.0)
    rows, columns = (HEIGHT - BOARD_H) // STRIDE + 1, (WIDTH - BOARD_W) // STRIDE + 1
    y, x = np.mgrid[:rows, :columns].reshape(2, -1) * STRIDE
    boxes = np.stack((x + BOARD_W / 2, y + BOARD_H / 2, np.full(x.size, BOARD_W), np.full(x.size, BOARD_H)))
    flat = op.reshape(score, np.array([1, 1, x.size]), False)
    output = op.concat([op.constant(boxes[None].astype(np.float32)), flat], 1)
    openvino.save_model(openvino.Model([output], [picture], "boards"), str(path), compress_to_fp16=False)
    return path
