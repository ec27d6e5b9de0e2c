"""NanoDet: per cell the class scores and, for each side, a distribution over distances.

Li et al., Generalized Focal Loss (NeurIPS 2020): a side's distance is the expectation of its softmax
distribution over 0 … `REG_MAX` cells.
"""

from collections.abc import Sequence

import numpy as np

from flaneur.detect.layouts.base import (
    Candidates,
    Classes,
    Decoder,
    Output,
    Port,
    ShapeError,
    best_class,
    check_classes,
    grid,
    only_output,
)

STRIDES = (8, 16, 32)
REG_MAX = 10


def nanodet(ports: Sequence[Port], width: int, height: int, classes: Classes) -> Decoder:
    """Decoder for one output [1, cells, classes + 4 · (REG_MAX + 1)], scores already 0..1."""
    cells, strides = grid(width, height, STRIDES)
    bins = np.arange(REG_MAX + 1, dtype=np.float32)
    sides = 4 * len(bins)
    expected = f"one output [1, {len(cells)}, classes + {sides}] (strides 8, 16, 32; {len(bins)} bins per side)"
    _, rows, channels = only_output(ports, expected)
    if rows != len(cells) or channels <= sides:
        raise ShapeError(expected)
    check_classes(classes, channels - sides)
    centres = (cells + 0.5) * strides[:, None]

    def decode(outputs: Sequence[Output]) -> Candidates:
        out = outputs[0][0]
        kept, score, column = best_class(out[:, classes])
        logits = out[kept, channels - sides :].reshape(-1, 4, len(bins))
        weight = np.exp(logits - logits.max(axis=2, keepdims=True))
        distance = (weight @ bins) / weight.sum(axis=2) * strides[kept, None]
        centre = centres[kept]
        return Candidates(np.concatenate((centre - distance[:, :2], centre + distance[:, 2:]), axis=1), score, column)

    return decode
