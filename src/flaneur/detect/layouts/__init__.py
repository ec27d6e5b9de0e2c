"""Output layouts of networks, by the names that a site file uses."""

from collections.abc import Mapping

from flaneur.detect.layouts.base import Candidates, Decoder, Layout, Port, ShapeError
from flaneur.detect.layouts.detr import detr
from flaneur.detect.layouts.nanodet import nanodet
from flaneur.detect.layouts.yolo import yolov7, yolov8
from flaneur.detect.layouts.yolox import yolox

__all__ = ["LAYOUTS", "Candidates", "Decoder", "Layout", "Port", "ShapeError"]

_ZERO, _ONE, _255 = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (255.0, 255.0, 255.0)

LAYOUTS: Mapping[str, Layout] = {
    "nanodet": Layout(nanodet, rgb=False, mean=(103.53, 116.28, 123.675), scale=(57.375, 57.12, 58.395)),
    "yolox": Layout(yolox, rgb=False, mean=_ZERO, scale=_ONE),
    "yolov7": Layout(yolov7, rgb=True, mean=_ZERO, scale=_255),
    "yolov8": Layout(yolov8, rgb=True, mean=_ZERO, scale=_255),
    "detr": Layout(detr, rgb=True, mean=_ZERO, scale=_255, stretch=True),
}
