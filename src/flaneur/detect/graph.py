"""A model file as a graph that takes uint8 pictures of one size."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from flaneur.detect.layouts import Layout, Port
from flaneur.detect.protocol import ModelError
from flaneur.detect.runtime import PrePostProcessor, openvino, opset13


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph ready to compile: input uint8 [1, height_px, width_px, 3] in BGR, normalisation inside."""

    model: Any
    outputs: tuple[Port, ...]
    width_px: int
    height_px: int


def load(path: Path, layout: Layout) -> Graph:
    """Reads an OpenVINO or ONNX file. ModelError when it is no such file or does not take one colour picture."""
    try:
        model = openvino.Core().read_model(path)
    except RuntimeError as error:
        raise ModelError(f"{path.name} is not a readable OpenVINO or ONNX model: {last_line(error)}") from None
    picture = _picture_input(path, model.inputs)
    order, shape = _fixed_shape(path, picture, layout.default_size)
    height, width = shape[order.index("H")], shape[order.index("W")]
    try:
        model.reshape({picture: shape})
        _answer_size_input(model, width, height)
    except RuntimeError as error:
        raise ModelError(f"{path.name} does not work at {width}×{height}: {last_line(error)}") from None
    if len(model.inputs) != 1:
        raise ModelError(f"{path.name} wants {len(model.inputs)} inputs; one picture is all there is")
    outputs = tuple(_port(path, index, output) for index, output in enumerate(model.outputs))
    return Graph(_with_preparation(model, layout, order), outputs, width, height)


def model_sha256(path: Path) -> str:
    """Of the file; of an OpenVINO model's description and weights one after the other."""
    digest = sha256(path.read_bytes())
    weights = path.with_suffix(".bin")
    if path.suffix == ".xml" and weights.is_file():
        digest.update(weights.read_bytes())
    return digest.hexdigest()


def last_line(error: RuntimeError) -> str:
    """The end of OpenVINO's message, which says what; what comes before says where in its sources."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:200] if lines else "no reason given"


def _picture_input(path: Path, inputs: Sequence[Any]) -> Any:
    """The input with four dimensions."""
    pictures = [one for one in inputs if one.partial_shape.rank.is_static and len(one.partial_shape) == 4]
    if len(pictures) != 1:
        shapes = ", ".join(str(one.partial_shape) for one in inputs)
        raise ModelError(f"{path.name} does not take one picture [1, 3, height, width]; its inputs are {shapes}")
    return pictures[0]


def _fixed_shape(path: Path, picture: Any, default_size: tuple[int, int]) -> tuple[str, list[int]]:
    """Order of the dimensions and their sizes; open sizes are filled in with `default_size`."""
    found = picture.partial_shape
    given = [side.get_length() if side.is_static else None for side in found]
    order = "NHWC" if given[3] == 3 and given[1] != 3 else "NCHW"
    width, height = default_size
    wanted = {"N": 1, "C": 3, "H": height, "W": width}
    shape = [wanted[axis] if size is None else size for axis, size in zip(order, given, strict=True)]
    if shape[order.index("C")] != 3 or shape[0] != 1:
        raise ModelError(f"{path.name} takes {found}; expected is one colour picture, [1, 3, height, width]")
    return order, shape


def _answer_size_input(model: Any, width: int, height: int) -> None:
    """Some exports ask for the picture's size [1, 2] to scale boxes with; the input's own size is the answer."""
    for parameter in model.get_parameters():
        shape = parameter.get_partial_shape()
        if shape.rank.is_static and len(shape) == 2 and shape[1] == openvino.Dimension(2):
            size = np.array([[width, height]], parameter.get_element_type().to_dtype())
            openvino.utils.replace_node(parameter, opset13.constant(size))
            model.remove_parameter(parameter)


def _port(path: Path, index: int, output: Any) -> Port:
    shape = output.partial_shape
    if shape.is_dynamic:
        raise ModelError(
            f"{path.name}: output {index} has the open shape {shape}; export the model without suppression"
        )
    names = output.get_names()
    return Port(min(names) if names else "", tuple(shape.to_shape()))


def _with_preparation(model: Any, layout: Layout, order: str) -> Any:
    """Colour order and normalisation inside the graph, where they cost next to nothing."""
    preparation = PrePostProcessor(model)
    picture = preparation.input()
    picture.tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
    picture.tensor().set_color_format(openvino.preprocess.ColorFormat.BGR)
    picture.model().set_layout(openvino.Layout(order))
    steps = picture.preprocess().convert_element_type(openvino.Type.f32)
    if layout.rgb:
        steps = steps.convert_color(openvino.preprocess.ColorFormat.RGB)
    steps.mean(list(layout.mean)).scale(list(layout.scale))
    for index in range(len(model.outputs)):
        preparation.output(index).tensor().set_element_type(openvino.Type.f32)
    return preparation.build()
