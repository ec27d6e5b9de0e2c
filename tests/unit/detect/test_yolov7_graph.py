"""The graph that is built from a checkpoint computes what the network's definition says."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import maximum_filter

from flaneur.detect.protocol import ModelError
from flaneur.detect.runtime import openvino
from flaneur.detect.yolov7_graph import build
from support.torch_file import Tensor, module, pretend, save

SIZE = 16
CLASSES = 3
ANCHORS = np.array([[[3, 5], [6, 4]], [[9, 7], [12, 20]]], np.float32)
"""Two levels with two anchors each, pixels."""
SLOPE = 0.1


@pytest.fixture
def numbers():
    return np.random.default_rng(7)


def conv2d(weight, bias=None, stride=1, pad=0):
    return module(
        "torch.nn.modules.conv.Conv2d",
        parameters={"weight": Tensor(weight), "bias": None if bias is None else Tensor(bias)},
        stride=(stride, stride), padding=(pad, pad), dilation=(1, 1), groups=1,
    )  # fmt: skip


def network(weights, activation="LeakyReLU"):
    """Strided convolution, pooling, upsampling, joining, and heads at strides 2 and 4."""
    norm = {name: Tensor(weights[name]) for name in ("running_mean", "running_var")}
    affine = {name: Tensor(weights[name]) for name in ("weight", "bias")}
    first = module(
        "models.common.Conv", f=-1,
        modules={
            "conv": conv2d(weights["kernel"], stride=2, pad=1),
            "bn": module("torch.nn.modules.batchnorm.BatchNorm2d", parameters=affine, buffers=norm, eps=1e-3),
            "act": module(f"torch.nn.modules.activation.{activation}", negative_slope=SLOPE),
        },
    )  # fmt: skip
    pool = module("torch.nn.modules.container.ModuleList", kernel_size=2, stride=2, padding=0)
    heads = {str(i): conv2d(weights["head"][i], weights["head_bias"][i]) for i in range(2)}
    detect = module(
        "models.yolo.Detect", f=[4, 2], na=2, no=5 + CLASSES, stride=Tensor(np.array([2.0, 4.0], np.float32)),
        buffers={"anchor_grid": Tensor(ANCHORS.reshape(2, 1, 2, 1, 1, 2))},
        modules={"m": module("torch.nn.modules.container.ModuleList", modules=heads)},
    )  # fmt: skip
    layers = [
        first,
        module("models.common.MP", f=-1, modules={"m": pool}),
        module(
            "models.common.SP", f=-1, modules={"m": module("models.yolo.Model", kernel_size=3, stride=1, padding=1)}
        ),
        module("torch.nn.modules.upsampling.Upsample", f=1),
        module("models.common.Concat", f=[-1, 0], d=1),
        detect,
    ]
    sequence = module("torch.nn.modules.container.Sequential", modules={str(i): one for i, one in enumerate(layers)})
    return {"model": module("models.yolo.Model", modules={"model": sequence})}


def expected(picture, weights):
    """The same by definition, in numpy."""
    padded = np.pad(picture[0], ((0, 0), (1, 1), (1, 1)))
    windows = sliding_window_view(padded, (3, 3), axis=(1, 2))[:, ::2, ::2]
    x = np.einsum("crsij,ocij->ors", windows, weights["kernel"])
    mean, var, scale, shift = (weights[k][:, None, None] for k in ("running_mean", "running_var", "weight", "bias"))
    x = (x - mean) / np.sqrt(var + 1e-3) * scale + shift
    x = np.where(x > 0, x, SLOPE * x)
    pooled = x.reshape(4, 4, 2, 4, 2).max(axis=(2, 4))
    widest = maximum_filter(pooled, size=(1, 3, 3), mode="constant", cval=-np.inf)
    joined = np.concatenate((pooled.repeat(2, axis=1).repeat(2, axis=2), x))
    rows = []
    for level, (source, stride) in enumerate(((joined, 2), (widest, 4))):
        raw = np.einsum("crs,oc->ors", source, weights["head"][level][:, :, 0, 0])
        raw = raw + weights["head_bias"][level][:, None, None]
        out = 1 / (1 + np.exp(-raw.reshape(2, 5 + CLASSES, *raw.shape[1:])))
        for anchor in range(2):
            for row in range(raw.shape[1]):
                for column in range(raw.shape[2]):
                    values = out[anchor, :, row, column].copy()
                    values[:2] = (values[:2] * 2 - 0.5 + (column, row)) * stride
                    values[2:4] = (values[2:4] * 2) ** 2 * ANCHORS[level, anchor]
                    rows.append(values)
    return np.array(rows)


@pytest.fixture
def weights(numbers):
    outputs = 2 * (5 + CLASSES)
    return {
        "kernel": numbers.normal(size=(4, 3, 3, 3)).astype(np.float32),
        "running_mean": numbers.normal(size=4).astype(np.float32),
        "running_var": numbers.uniform(0.5, 2, 4).astype(np.float32),
        "weight": numbers.normal(size=4).astype(np.float32),
        "bias": numbers.normal(size=4).astype(np.float32),
        "head": [numbers.normal(size=(outputs, inputs, 1, 1)).astype(np.float32) for inputs in (8, 4)],
        "head_bias": numbers.normal(size=(2, outputs)).astype(np.float32),
    }


def test_the_graph_agrees_with_the_definition(tmp_path, monkeypatch, numbers, weights):
    pretend(monkeypatch)
    save(network(weights), tmp_path / "net.pt")
    model = build(tmp_path / "net.pt", SIZE, SIZE)
    compiled = openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    picture = numbers.normal(size=(1, 3, SIZE, SIZE)).astype(np.float32)
    (output,) = compiled([picture]).values()
    np.testing.assert_allclose(output[0], expected(picture, weights), rtol=1e-3, atol=1e-3)


def test_an_unknown_activation_is_refused(tmp_path, monkeypatch, weights):
    pretend(monkeypatch)
    save(network(weights, activation="SiLU"), tmp_path / "net.pt")
    with pytest.raises(ModelError, match="SiLU"):
        build(tmp_path / "net.pt", SIZE, SIZE)


def test_a_checkpoint_without_a_network_is_refused(tmp_path, monkeypatch):
    pretend(monkeypatch)
    save({"epoch": 3}, tmp_path / "net.pt")
    with pytest.raises(ModelError, match="not a YOLOv7 network"):
        build(tmp_path / "net.pt", SIZE, SIZE)
