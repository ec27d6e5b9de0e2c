"""Each layout decodes hand-made outputs and refuses those of another."""

import numpy as np
import pytest

from flaneur.detect.layouts import LAYOUTS, Port, ShapeError

WIDTH, HEIGHT = 64, 32
CELLS = 8 * 4 + 4 * 2 + 2 * 1
CELL_AT_STRIDE_16 = 8 * 4 + 1 * 4 + 2
"""Second row, third column of the middle level: its own corner is at (32, 16)."""
CLASSES = np.array([5, 2])
"""Class numbers in the order in which their kinds were given, deliberately not sorted."""


def decoder(layout, *ports):
    return LAYOUTS[layout].make_decoder([Port(name, shape) for name, shape in ports], WIDTH, HEIGHT, CLASSES)


def expect_one(candidates, xyxy, score, column):
    np.testing.assert_allclose(candidates.xyxy, [xyxy], atol=1e-3)
    np.testing.assert_allclose(candidates.score, [score], rtol=1e-5)
    assert candidates.column.tolist() == [column]


def test_nanodet_takes_the_expected_distance_of_each_side():
    out = np.zeros((1, CELLS, 6 + 44), np.float32)
    out[0, CELL_AT_STRIDE_16, 2] = 0.75
    sides = np.full((4, 11), -50.0)
    sides[0, 1] = sides[1, 0] = sides[2, 2] = 0
    sides[3, [0, 1]] = 0  # half a cell in the mean
    out[0, CELL_AT_STRIDE_16, 6:] = sides.ravel()
    found = decoder("nanodet", ("cells", out.shape))([out])
    expect_one(found, (40 - 16, 24 - 0, 40 + 32, 24 + 8), 0.75, 1)


@pytest.mark.parametrize("in_pixels", [True, False])
def test_yolox_with_and_without_the_grid_inside(in_pixels):
    stride = np.repeat([8, 16, 32], [32, 8, 2])
    corner = np.concatenate(
        [np.stack(np.meshgrid(np.arange(64 // s), np.arange(32 // s)), -1).reshape(-1, 2) for s in (8, 16, 32)]
    )
    out = np.zeros((1, CELLS, 5 + 6), np.float32)
    out[0, :, :2] = (corner + 0.5) * stride[:, None] if in_pixels else 0.5
    out[0, :, 2:4] = 16.0 if in_pixels else np.log(16 / stride)[:, None]
    out[0, CELL_AT_STRIDE_16, 4] = 0.8
    out[0, CELL_AT_STRIDE_16, 5:] = (0, 0, 0.25, 0.9, 0, 0.5)
    expect_one(decoder("yolox", ("output", out.shape))([out]), (32, 16, 48, 32), 0.4, 0)


def test_yolov7_multiplies_objectness_and_class():
    out = np.zeros((1, 100, 5 + 6), np.float32)
    out[0, 7] = (30, 20, 10, 8, 0.5, 0, 0, 0.6, 0, 0, 0.2)
    out[0, 8] = (30, 20, 10, 8, 0.15, 0, 0, 0.6, 0, 0, 0.2)
    expect_one(decoder("yolov7", ("output", out.shape))([out]), (25, 16, 35, 24), 0.3, 1)


def test_yolov8_has_no_objectness():
    out = np.zeros((1, 4 + 6, 100), np.float32)
    out[0, :, 7] = (30, 20, 10, 8, 0, 0, 0.6, 0.9, 0, 0.2)
    expect_one(decoder("yolov8", ("output0", out.shape))([out]), (25, 16, 35, 24), 0.6, 1)


@pytest.mark.parametrize("boxes_first", [True, False])
def test_detr_from_logits_in_either_order(boxes_first):
    logits = np.full((1, 9, 6), -9.0, np.float32)
    logits[0, 3, 5] = 0.0
    boxes = np.full((1, 9, 4), 0.5, np.float32)
    boxes[0, 3] = (0.5, 0.5, 0.25, 0.5)
    ports, outputs = [("logits", logits.shape), ("pred_boxes", boxes.shape)], [logits, boxes]
    order = [1, 0] if boxes_first else [0, 1]
    found = decoder("detr", *(ports[i] for i in order))([outputs[i] for i in order])
    expect_one(found, (24, 8, 40, 24), 0.5, 0)


def test_detr_with_four_classes_knows_the_boxes_by_name():
    logits, boxes = np.full((1, 9, 4), -9.0, np.float32), np.full((1, 9, 4), 0.5, np.float32)
    logits[0, 3, 2] = 9.0
    ports = [Port("boxes", (1, 9, 4)), Port("logits", (1, 9, 4))]
    found = LAYOUTS["detr"].make_decoder(ports, WIDTH, HEIGHT, np.array([2]))([boxes, logits])
    expect_one(found, (16, 8, 48, 24), 1 / (1 + np.exp(-9.0)), 0)


def test_detr_from_labels_boxes_and_scores():
    labels = np.array([[1, 5, 2, 2]], np.float32)
    scores = np.array([[0.9, 0.05, 0.5, 0.09]], np.float32)
    boxes = np.arange(16, dtype=np.float32).reshape(1, 4, 4)
    found = decoder("detr", ("labels", (1, 4)), ("boxes", (1, 4, 4)), ("scores", (1, 4)))([labels, boxes, scores])
    expect_one(found, (8, 9, 10, 11), 0.5, 1)


@pytest.mark.parametrize(
    ("layout", "shapes"),
    [
        ("nanodet", [(1, CELLS + 1, 50)]),
        ("nanodet", [(1, CELLS, 44)]),
        ("nanodet", [(1, CELLS, 6), (1, CELLS, 44)]),
        ("yolox", [(1, 3 * CELLS, 11)]),
        ("yolox", [(1, CELLS, 7)]),
        ("yolov7", [(1, 3, 4, 8, 11)]),
        ("yolov7", [(1, 10, 100)]),
        ("yolov8", [(1, 100, 10)]),
        ("yolov8", [(2, 10, 100)]),
        ("yolov8", [(1, 9, 100)]),
        ("detr", [(1, 9, 6)]),
        ("detr", [(1, 9, 6), (1, 9, 5)]),
        ("detr", [(1, 9, 6), (1, 8, 4)]),
        ("detr", [(1, 9, 5), (1, 9, 4)]),
    ],
)
def test_outputs_of_another_shape_are_refused(layout, shapes):
    with pytest.raises(ShapeError):
        decoder(layout, *((f"out{i}", shape) for i, shape in enumerate(shapes)))
