"""YOLOX: one box per cell. Ge et al., YOLOX (2021)."""

from collections.abc import Sequence

import numpy as np

from flaneur.detect.layouts.base import (
    Candidates,
    Classes,
    Decoder,
    Output,
    Port,
    ShapeError,
    best_class_with_objectness,
    centre_to_corners,
    check_classes,
    grid,
    only_output,
)

STRIDES = (8, 16, 32)


def yolox(ports: Sequence[Port], width: int, height: int, classes: Classes) -> Decoder:
    """Decoder for one output [1, cells, 5 + classes]: centre, size, objectness, class scores.

    Both forms that the exporter writes are understood: boxes in pixels (`decode_in_inference`), or offsets in
    cells and logarithms of sizes in cells. They are told apart by the mean of all centres, which is the middle of
    the picture when they are pixels and about half a cell when they are offsets.
    """
    cells, strides = grid(width, height, STRIDES)
    expected = f"one output [1, {len(cells)}, 5 + classes] (strides 8, 16, 32)"
    _, rows, channels = only_output(ports, expected)
    if rows != len(cells):
        raise ShapeError(expected)
    check_classes(classes, channels - 5)

    def decode(outputs: Sequence[Output]) -> Candidates:
        out = outputs[0][0]
        kept, score, column = best_class_with_objectness(out, classes)
        box = out[kept, :4]
        if out[:, 0].mean() < width / 4:
            stride = strides[kept, None]
            box = np.concatenate(((box[:, :2] + cells[kept]) * stride, np.exp(box[:, 2:]) * stride), axis=1)
        return Candidates(centre_to_corners(box), score, column)

    return decode
