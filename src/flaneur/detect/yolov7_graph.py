"""Builds the graph of a YOLOv7 checkpoint: its modules one after another, in OpenVINO's operations.

Wang et al., YOLOv7 (2022). Only the modules of the tiny network are known. Batch normalisation is folded into the
convolution before it; the output is that of the layout `yolov7`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flaneur.detect.checkpoint import Module, load_checkpoint
from flaneur.detect.protocol import ModelError
from flaneur.detect.runtime import openvino, opset13


def build(checkpoint: Path, width: int, height: int) -> Any:
    """An OpenVINO model [1, 3, height, width] -> [1, boxes, 5 + classes]. ModelError for a network of other parts."""
    loaded = load_checkpoint(checkpoint)
    try:
        layers = loaded["model"]["model"].children
        picture = opset13.parameter([1, 3, height, width], np.float32, name="picture")
        made: list[Any] = []
        for layer in layers:
            sources = [layer["f"]] if isinstance(layer["f"], int) else layer["f"]
            inputs = [made[index] if made else picture for index in sources]
            made.append(_layer(layer, inputs, width, height))
    except (LookupError, AttributeError, TypeError) as error:
        raise ModelError(f"{checkpoint.name} is not a YOLOv7 network: {error!r}") from None
    output = made[-1]
    output.output(0).get_tensor().set_names({"output"})
    return openvino.Model([output], [picture], "yolov7-tiny")


def _layer(layer: Module, inputs: Sequence[Any], width: int, height: int) -> Any:
    match type(layer).__name__:
        case "Conv":
            return _activation(layer["act"], _convolution(layer["conv"], layer["bn"], inputs[0]))
        case "Concat":
            return opset13.concat(list(inputs), axis=int(layer["d"]))
        case "MP" | "SP":
            pool = layer["m"]
            kernel, step, pad = ([int(pool[name])] * 2 for name in ("kernel_size", "stride", "padding"))
            return opset13.max_pool(inputs[0], step, [1, 1], pad, pad, kernel).output(0)
        case "Upsample":
            return _twice(inputs[0])
        case "Detect":
            return _heads(layer, inputs, width, height)
    raise LookupError(f"layer {type(layer).__name__}")


def _convolution(layer: Module, norm: Module | None, source: Any) -> Any:
    weight = np.asarray(layer["weight"], np.float32)
    bias = np.asarray(np.zeros(len(weight)) if layer["bias"] is None else layer["bias"], np.float32)
    if norm is not None:
        scale = np.float32(norm["weight"]) / np.sqrt(np.float32(norm["running_var"]) + np.float32(norm["eps"]))
        weight = weight * scale[:, None, None, None]
        bias = (bias - norm["running_mean"]) * scale + norm["bias"]
    if layer["groups"] != 1:
        raise LookupError("grouped convolution")
    pads, strides, dilations = (list(layer[name]) for name in ("padding", "stride", "dilation"))
    out = opset13.convolution(source, opset13.constant(weight), strides, pads, pads, dilations)
    return opset13.add(out, opset13.constant(bias.astype(np.float32).reshape(1, -1, 1, 1)))


def _activation(layer: Module, source: Any) -> Any:
    if type(layer).__name__ != "LeakyReLU":
        raise LookupError(f"activation {type(layer).__name__}")
    return opset13.prelu(source, opset13.constant(np.full(1, layer["negative_slope"], np.float32)))


def _twice(source: Any) -> Any:
    """Every cell four times."""
    return opset13.interpolate(
        source,
        opset13.constant(np.full(2, 2, np.float32)),
        mode="nearest",
        shape_calculation_mode="scales",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
        axes=opset13.constant(np.array((2, 3), np.int64)),
    )


def _heads(layer: Module, inputs: Sequence[Any], width: int, height: int) -> Any:
    """All boxes of all levels [1, boxes, 5 + classes]: centre and size in pixels, objectness and scores 0..1.

    The anchors are those of the checkpoint's buffers; the ones in its description are older.
    """
    anchors = np.asarray(layer["anchor_grid"], np.float32).reshape(len(inputs), int(layer["na"]), 1, 1, 2)
    levels = []
    for source, convolution, sizes, stride in zip(inputs, layer["m"].children, anchors, layer["stride"], strict=True):
        raw = _convolution(convolution, None, source)
        levels.append(
            _boxes(raw, sizes, int(layer["no"]), (height // int(stride), width // int(stride)), float(stride))
        )
    return opset13.concat(levels, axis=1)


def _boxes(raw: Any, anchors: NDArray[np.float32], channels: int, cells: tuple[int, int], stride: float) -> Any:
    """Centre: within one and a half cells of its own cell. Size: up to four times the anchor's."""
    rows, columns = cells
    split = opset13.reshape(raw, [1, len(anchors), channels, rows, columns], False)
    values = opset13.sigmoid(opset13.transpose(split, [0, 1, 3, 4, 2]))
    centre, size, rest = opset13.variadic_split(values, 4, [2, 2, channels - 4]).outputs()
    own_cell = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1).astype(np.float32)
    centre = opset13.add(
        opset13.multiply(centre, np.float32(2 * stride)),
        opset13.constant((own_cell - np.float32(0.5)) * np.float32(stride)),
    )
    size = opset13.multiply(opset13.multiply(size, size), opset13.constant(4 * anchors[None]))
    return opset13.reshape(opset13.concat([centre, size, rest], axis=4), [1, -1, channels], False)
