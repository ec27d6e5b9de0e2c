"""Files of every layout, made here with OpenVINO itself (and one ONNX file byte by byte), are opened and run."""

import struct

import numpy as np
import pytest

from flaneur.data.kinds import Kind
from flaneur.detect import DetectParams, ModelError, open_detector
from flaneur.detect.runtime import openvino, opset13

SIZE = 64
CELLS = 64 + 16 + 4
KINDS = {0: Kind.PEDESTRIAN, 2: Kind.CAR}
PICTURE = np.zeros((128, 128, 3), np.uint8)
"""Twice the network's input, so that boxes come back at twice their size."""


def const(values):
    return opset13.constant(np.asarray(values))


def save(path, inputs, outputs):
    """An OpenVINO file; each output (name, node) is added to nothing that comes from the picture."""
    nothing = opset13.multiply(opset13.reduce_mean(inputs[0], const([0, 1, 2, 3]), False), np.float32(0))
    results = []
    for name, node in outputs:
        result = opset13.add(node, nothing)
        result.output(0).get_tensor().set_names({name})
        results.append(result)
    openvino.save_model(openvino.Model(results, inputs, "made"), path, compress_to_fp16=False)
    return str(path)


def picture_input(shape=(1, 3, SIZE, SIZE)):
    return opset13.parameter(openvino.PartialShape(list(shape)), np.float32, name="images")


def yolov8_output():
    out = np.zeros((1, 4 + 3, CELLS), np.float32)
    out[0, :, 5] = (20, 30, 10, 20, 0.9, 0, 0.2)
    out[0, :, 9] = (50, 50, 20, 10, 0, 0.9, 0.6)
    return out


def yolov7_output(rows=3 * CELLS):
    out = np.zeros((1, rows, 5 + 3), np.float32)
    out[0, 5] = (20, 30, 10, 20, 0.9, 1, 0, 0.2)
    out[0, 9] = (50, 50, 20, 10, 0.6, 0, 0.9, 1)
    return out


def nanodet_output():
    out = np.zeros((1, CELLS, 3 + 44), np.float32)
    sides = np.full((2, 4, 11), -50, np.float32)
    sides[0, [0, 1, 2, 3], [1, 2, 1, 2]] = sides[1, [0, 1, 2, 3], [2, 1, 2, 1]] = 0
    out[0, 8 * 3 + 2] = (0.9, 0, 0.2, *sides[0].ravel())  # centre (20, 28)
    out[0, 8 * 6 + 6] = (0, 0.9, 0.6, *sides[1].ravel())  # centre (52, 52)
    return out


def detr_outputs():
    logits = np.full((1, 30, 3), -9, np.float32)
    boxes = np.full((1, 30, 4), 0.5, np.float32)
    logits[0, 4, 0], logits[0, 7, 2] = np.log(9), np.log(1.5)
    boxes[0, 4] = np.array((20, 30, 10, 20)) / SIZE
    boxes[0, 7] = np.array((50, 50, 20, 10)) / SIZE
    return [("logits", logits), ("boxes", boxes)]


def yolox_output():
    out = yolov7_output(CELLS)
    out[0, out[0, :, 4] == 0, :2] = SIZE / 2  # elsewhere centres are spread over the picture, too
    return out


EXPECTED = [[30, 40, 50, 80], [80, 90, 120, 110]]
MADE = {
    "yolov8": ([("out", yolov8_output())], EXPECTED),
    "yolov7": ([("out", yolov7_output())], EXPECTED),
    "yolox": ([("out", yolox_output())], EXPECTED),
    "nanodet": ([("out", nanodet_output())], [[24, 24, 56, 88], [72, 88, 128, 120]]),
    "detr": (detr_outputs(), EXPECTED),
}


def sorted_boxes(found):
    order = np.argsort(found.kind)
    return found.kind[order].tolist(), found.score[order], found.xyxy_px[order]


@pytest.mark.parametrize("layout", MADE)
def test_each_layout_from_file_to_boxes(tmp_path, layout):
    outputs, boxes = MADE[layout]
    path = save(tmp_path / "net.xml", [picture_input()], [(name, const(values)) for name, values in outputs])
    detector = open_detector(DetectParams(path, layout, KINDS, licence="MIT", threads=1))
    kinds, scores, found = sorted_boxes(detector.detect(PICTURE))
    assert kinds == [Kind.PEDESTRIAN, Kind.CAR]
    np.testing.assert_allclose(scores, [0.9, 0.6], atol=0.01)
    np.testing.assert_allclose(found, boxes, atol=0.5)
    facts = detector.facts
    assert (facts.name, facts.licence, facts.width_px, facts.height_px) == ("net", "MIT", SIZE, SIZE)
    assert facts.kinds == (Kind.PEDESTRIAN, Kind.CAR)
    assert len(facts.sha256) == 64


def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def field(number, value):
    """One field of a protocol buffer message: a number, or bytes or text with its length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def onnx_model(output):
    """An ONNX file with opset 13: output + 0 · mean(picture); field numbers as in onnx.proto."""

    def tensor(name, values):
        dims = b"".join(field(1, size) for size in values.shape)
        return dims + field(2, 1) + field(8, name) + field(9, values.tobytes())

    def value_info(name, shape):
        dims = b"".join(field(1, field(1, size)) for size in shape)
        return field(1, name) + field(2, field(1, field(1, 1) + field(2, dims)))

    def node(op, inputs, result, attributes=b""):
        return b"".join(field(1, name) for name in inputs) + field(2, result) + field(4, op) + attributes

    keep_dims = field(5, field(1, "keepdims") + field(3, 0) + field(20, 2))
    nodes = [
        node("ReduceMean", ["images"], "mean", keep_dims),
        node("Mul", ["mean", "zero"], "nothing"),
        node("Add", ["nothing", "boxes"], "out"),
    ]
    graph = (
        b"".join(field(1, one) for one in nodes)
        + field(2, "made")
        + field(5, tensor("zero", np.zeros(1, np.float32)))
        + field(5, tensor("boxes", output))
        + field(11, value_info("images", (1, 3, SIZE, SIZE)))
        + field(12, value_info("out", output.shape))
    )
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 13))


def test_an_onnx_file(tmp_path):
    path = tmp_path / "net.onnx"
    path.write_bytes(onnx_model(yolov8_output()))
    detector = open_detector(DetectParams(str(path), "yolov8", KINDS, threads=1))
    np.testing.assert_allclose(sorted_boxes(detector.detect(PICTURE))[2], EXPECTED, atol=0.5)


@pytest.mark.parametrize("size_type", [np.int64, np.float32])
def test_an_export_that_asks_for_the_picture_size(tmp_path, size_type):
    size = opset13.parameter([1, 2], size_type, name="orig_target_sizes")
    scale = opset13.convert(opset13.concat([size, size], 1), "f32")
    boxes = np.array([[[15, 20, 25, 40], [40, 45, 60, 55]]], np.float32) / SIZE
    outputs = [
        ("labels", const(np.array([[0, 2]], np.float32))),
        ("boxes", opset13.multiply(const(boxes), opset13.unsqueeze(scale, const([1])))),
        ("scores", const(np.array([[0.9, 0.6]], np.float32))),
    ]
    path = save(tmp_path / "net.xml", [picture_input(), size], outputs)
    detector = open_detector(DetectParams(path, "detr", KINDS, threads=1))
    np.testing.assert_allclose(sorted_boxes(detector.detect(PICTURE))[2], EXPECTED, atol=0.5)


@pytest.mark.parametrize(("shape", "channel_axes"), [((1, 3, SIZE, SIZE), (2, 3)), ((1, SIZE, SIZE, 3), (1, 2))])
def test_colours_arrive_in_the_order_and_range_of_the_layout(tmp_path, shape, channel_axes):
    """The network's class scores are the means of its three channels."""
    picture = picture_input(shape)
    means = opset13.reshape(opset13.reduce_mean(picture, const(list(channel_axes)), False), [1, 3, 1], False)
    box = opset13.concat([const(np.full((1, 4, 1), 32, np.float32)), means], 1)
    others = const(np.zeros((1, 7, CELLS - 1), np.float32))
    path = save(tmp_path / "net.xml", [picture], [("out", opset13.concat([box, others], 2))])
    kinds = {0: Kind.BUS, 1: Kind.CAR, 2: Kind.TRUCK}
    detector = open_detector(DetectParams(path, "yolov8", kinds, threads=1))
    blue = np.zeros((128, 128, 3), np.uint8)
    blue[..., 0], blue[..., 2] = 204, 102
    found = detector.detect(blue)
    assert found.kind.tolist() == [Kind.TRUCK], "blue is the third channel of RGB"
    np.testing.assert_allclose(found.score, [0.8], atol=0.01)


@pytest.mark.parametrize("shape", [(-1, 3, -1, -1), (-1, -1, -1, -1), (1, 3, 640, -1)])
def test_open_sizes_are_filled_in(tmp_path, shape):
    path = save(tmp_path / "net.xml", [picture_input(shape)], [("out", const(yolov8_output()))])
    facts = open_detector(DetectParams(path, "yolov8", KINDS, threads=1)).facts
    assert (facts.width_px, facts.height_px) == (640, 640)


def refused(path, layout="yolov8", kinds=KINDS):
    with pytest.raises(ModelError) as refusal:
        open_detector(DetectParams(path, layout, kinds))
    message = str(refusal.value)
    assert "\n" not in message
    return message


def test_another_layout_than_named_is_told_apart_by_shape(tmp_path):
    path = save(tmp_path / "net.xml", [picture_input()], [("out", const(yolov7_output()))])
    message = refused(path)
    assert "needs one output [1, 4 + classes, boxes]" in message
    assert f"found [1, {3 * CELLS}, 8]" in message


def test_a_class_that_the_network_does_not_have(tmp_path):
    path = save(tmp_path / "net.xml", [picture_input()], [("out", const(yolov8_output()))])
    assert "class 3" in refused(path, kinds={3: Kind.CAR})


def save_as_it_is(path, model_input, output):
    openvino.save_model(openvino.Model([output], [model_input], "made"), path)
    return str(path)


def test_an_output_of_open_size(tmp_path):
    picture = picture_input()
    path = save_as_it_is(tmp_path / "net.xml", picture, opset13.non_zero(picture, "i64"))
    assert "output 0 has the open shape [4," in refused(path)


@pytest.mark.parametrize("shape", [(1, 1, SIZE, SIZE), (4, 3, SIZE, SIZE), (1, 3, SIZE)])
def test_inputs_that_are_not_one_colour_picture(tmp_path, shape):
    picture = picture_input(shape)
    assert "picture" in refused(save_as_it_is(tmp_path / "net.xml", picture, opset13.relu(picture)))


def test_further_inputs_are_refused(tmp_path):
    other = opset13.parameter([5], np.float32)
    boxes = opset13.add(const(yolov8_output()), opset13.reduce_mean(other, const([0])))
    assert "2 inputs" in refused(save(tmp_path / "net.xml", [picture_input(), other], [("out", boxes)]))


def test_weights_that_are_missing_or_cut_off(tmp_path):
    path = save(tmp_path / "net.xml", [picture_input()], [("out", const(yolov8_output()))])
    weights = tmp_path / "net.bin"
    weights.write_bytes(weights.read_bytes()[:100])
    assert "net.xml" in refused(path)
    weights.unlink()
    assert "net.xml" in refused(path)


def test_the_hash_covers_the_weights(tmp_path):
    path = save(tmp_path / "net.xml", [picture_input()], [("out", const(yolov8_output()))])
    params = DetectParams(path, "yolov8", KINDS, threads=1)
    before = open_detector(params).facts.sha256
    weights = bytearray((tmp_path / "net.bin").read_bytes())
    weights[:4] = struct.pack("<f", 1.5)
    (tmp_path / "net.bin").write_bytes(weights)
    assert open_detector(params).facts.sha256 != before
