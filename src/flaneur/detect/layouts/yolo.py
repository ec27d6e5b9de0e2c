"""The two families of YOLO outputs whose boxes are already in pixels of the input."""

from collections.abc import Sequence

from flaneur.detect.layouts.base import (
    Candidates,
    Classes,
    Decoder,
    Output,
    Port,
    ShapeError,
    best_class,
    best_class_with_objectness,
    centre_to_corners,
    check_classes,
    only_output,
)


def yolov7(ports: Sequence[Port], width: int, height: int, classes: Classes) -> Decoder:  # noqa: ARG001  # any size
    """Decoder for one output [1, boxes, 5 + classes]: centre, size, objectness, class scores."""
    expected = "one output [1, boxes, 5 + classes] with boxes in pixels (exported with the grid inside)"
    _, rows, channels = only_output(ports, expected)
    if rows <= channels:
        raise ShapeError(expected)
    check_classes(classes, channels - 5)

    def decode(outputs: Sequence[Output]) -> Candidates:
        out = outputs[0][0]
        kept, score, column = best_class_with_objectness(out, classes)
        return Candidates(centre_to_corners(out[kept, :4]), score, column)

    return decode


def yolov8(ports: Sequence[Port], width: int, height: int, classes: Classes) -> Decoder:  # noqa: ARG001  # any size
    """Decoder for one output [1, 4 + classes, boxes]: centre, size, class scores without objectness."""
    expected = "one output [1, 4 + classes, boxes] (exported without suppression inside)"
    _, channels, boxes = only_output(ports, expected)
    if boxes <= channels:
        raise ShapeError(expected)
    check_classes(classes, channels - 4)

    def decode(outputs: Sequence[Output]) -> Candidates:
        out = outputs[0][0]
        kept, score, column = best_class(out[classes + 4].T)
        return Candidates(centre_to_corners(out[:4, kept].T), score, column)

    return decode
