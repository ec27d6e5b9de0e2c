"""What every output layout shares."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MIN_SCORE = 0.1
"""Weaker boxes are noise even to a tracker that uses weak boxes to continue a track."""

Output = NDArray[np.float32]
Classes = NDArray[np.intp]


class Candidates(NamedTuple):
    """Boxes above `MIN_SCORE` before suppression; may hold values that are not finite."""

    xyxy: NDArray[np.float32]
    """[n, 4] left, top, right, bottom in pixels of the network's input."""
    score: NDArray[np.float32]
    """[n] 0..1."""
    column: NDArray[np.intp]
    """[n] index into the classes that the decoder was made for."""


class ShapeError(ValueError):
    """The outputs do not look as the layout says; the message says what was expected."""


Decoder = Callable[[Sequence[Output]], Candidates]
"""Outputs of one picture, in the model's order, to boxes."""


@dataclass(frozen=True, slots=True)
class Port:
    """Name and shape of one output of a network."""

    name: str
    shape: tuple[int, ...]


MakeDecoder = Callable[[Sequence[Port], int, int, Classes], Decoder]
"""Outputs, width and height of the input, class numbers of interest -> decoder; raises ShapeError."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How pictures go into a network and boxes come out of it."""

    make_decoder: MakeDecoder
    rgb: bool
    """Colour order that the network wants; False = BGR."""
    mean: tuple[float, float, float]
    """Subtracted from 0..255 values, in the network's colour order."""
    scale: tuple[float, float, float]
    """Divides after the mean was subtracted."""
    stretch: bool = False
    """True where the network was trained on stretched pictures, False for pictures with a border."""
    default_size: tuple[int, int] = (640, 640)
    """Width and height for a network whose input size is open."""


def check_classes(classes: Classes, available: int) -> None:
    """ShapeError when a class number is beyond what the network tells apart."""
    if available < 1 or classes.max() >= available:
        raise ShapeError(f"at least {int(classes.max()) + 1} classes, since class {int(classes.max())} is given a kind")


def best_class(scores: Output) -> tuple[Classes, NDArray[np.float32], Classes]:
    """Rows of `scores` [n, classes] whose best class reaches MIN_SCORE, that score, and its column."""
    rows = np.flatnonzero(scores.max(axis=1) >= MIN_SCORE)
    kept = scores[rows]
    column = kept.argmax(axis=1)
    return rows, kept[np.arange(len(rows)), column], column


def best_class_with_objectness(out: Output, classes: Classes) -> tuple[Classes, NDArray[np.float32], Classes]:
    """`best_class` for rows [n, 5 + all classes] whose score is objectness (column 4) times class score.

    No score exceeds the objectness, so most rows are left out before anything is multiplied.
    """
    likely = np.flatnonzero(out[:, 4] >= MIN_SCORE)
    kept, score, column = best_class(out[likely[:, None], classes + 5] * out[likely, 4:5])
    return likely[kept], score, column


def centre_to_corners(cxcywh: NDArray[np.float32]) -> NDArray[np.float32]:
    """[n, 4] centre and size to [n, 4] left, top, right, bottom."""
    centre, half = cxcywh[:, :2], cxcywh[:, 2:4] / 2
    return np.concatenate((centre - half, centre + half), axis=1)


def grid(width: int, height: int, strides: Sequence[int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cells of all levels one after another, rows first: column and row [n, 2], and stride [n]."""
    cells, steps = [], []
    for stride in strides:
        rows, columns = np.mgrid[: -(-height // stride), : -(-width // stride)]
        cells.append(np.stack((columns.ravel(), rows.ravel()), axis=1))
        steps.append(np.full(rows.size, stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(steps).astype(np.float32)


def only_output(ports: Sequence[Port], expected: str) -> tuple[int, ...]:
    """Shape of the one output [1, a, b] of a network; ShapeError otherwise."""
    if len(ports) != 1 or len(ports[0].shape) != 3 or ports[0].shape[0] != 1:
        raise ShapeError(expected)
    return ports[0].shape
