"""Detection transformers with sigmoid scores, such as RT-DETR and D-FINE; a set of boxes, one per query."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from flaneur.detect.layouts.base import (
    MIN_SCORE,
    Candidates,
    Classes,
    Decoder,
    Output,
    Port,
    ShapeError,
    best_class,
    centre_to_corners,
    check_classes,
)

EXPECTED = (
    "two outputs, logits [1, queries, classes] and boxes [1, queries, 4], or three, "
    "labels [1, queries], boxes [1, queries, 4] and scores [1, queries]"
)


def detr(ports: Sequence[Port], width: int, height: int, classes: Classes) -> Decoder:
    """Decoder for logits and boxes (centre and size, 0..1), or for labels, boxes (corners, pixels) and scores."""
    ranks = sorted(len(port.shape) for port in ports)
    if ranks not in ([3, 3], [2, 2, 3]) or len({port.shape[:2] for port in ports}) != 1 or ports[0].shape[0] != 1:
        raise ShapeError(EXPECTED)
    boxes = _boxes_index(ports)
    if ranks == [3, 3]:
        logits = 1 - boxes
        check_classes(classes, ports[logits].shape[2])
        return _from_logits(logits, boxes, np.array((width, height, width, height), np.float32), classes)
    flat = [index for index, port in enumerate(ports) if len(port.shape) == 2]
    labels = next((index for index in flat if "label" in ports[index].name.lower()), flat[0])
    return _from_labels(labels, boxes, next(index for index in flat if index != labels), classes)


def _boxes_index(ports: Sequence[Port]) -> int:
    """Which output holds the boxes: the one with four columns, by its name where two have four."""
    fours = [index for index, port in enumerate(ports) if port.shape[2:] == (4,)]
    if not fours:
        raise ShapeError(EXPECTED)
    named = [index for index in fours if "box" in ports[index].name.lower()]
    return (named or fours)[-1]


def _sigmoid(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.float32(1) / (np.float32(1) + np.exp(-x))


def _from_logits(logits: int, boxes: int, size: NDArray[np.float32], classes: Classes) -> Decoder:
    def decode(outputs: Sequence[Output]) -> Candidates:
        kept, score, column = best_class(_sigmoid(outputs[logits][0][:, classes]))
        return Candidates(centre_to_corners(outputs[boxes][0][kept] * size), score, column)

    return decode


def _from_labels(labels: int, boxes: int, scores: int, classes: Classes) -> Decoder:
    order = np.argsort(classes)

    def decode(outputs: Sequence[Output]) -> Candidates:
        label = outputs[labels][0].astype(np.intp)
        score = outputs[scores][0].astype(np.float32)
        kept = np.flatnonzero((score >= MIN_SCORE) & np.isin(label, classes))
        column = order[np.searchsorted(classes, label[kept], sorter=order)]
        return Candidates(outputs[boxes][0][kept], score[kept], column)

    return decode
