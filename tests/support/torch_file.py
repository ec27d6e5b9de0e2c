"""Writes PyTorch's zip format without PyTorch: modules and tensors that pickle under PyTorch's names."""

import collections
import pickle
import sys
import types
import zipfile

import numpy as np

STORAGES = {
    np.dtype(np.float32): "FloatStorage",
    np.dtype(np.float16): "HalfStorage",
    np.dtype(np.int64): "LongStorage",
}


def pretend(monkeypatch):
    """Makes PyTorch's names importable while a file is written, so that pickle will refer to them."""
    for name in ("torch", "torch._utils", "models", "models.common", "models.yolo"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    for kind in ("activation", "batchnorm", "container", "conv", "upsampling"):
        monkeypatch.setitem(sys.modules, f"torch.nn.modules.{kind}", types.ModuleType(kind))
    for storage in STORAGES.values():
        named("torch", storage)
    named("torch._utils", "_rebuild_tensor_v2")


def named(module, name):
    """A class that pickles as `module.name`."""
    made = type(name, (), {"__module__": module})
    setattr(sys.modules[module], name, made)
    return made


def module(path, *, parameters=(), buffers=(), modules=(), **attributes):
    """A network module in the state that PyTorch gives it."""
    where, name = path.rsplit(".", 1)
    known = getattr(sys.modules[where], name, None) or named(where, name)
    made = known()
    made.__dict__.update(
        _parameters=collections.OrderedDict(parameters),
        _buffers=collections.OrderedDict(buffers),
        _modules=collections.OrderedDict(modules),
        **attributes,
    )
    return made


class Storage:
    """The flat values of a tensor; goes beside the pickle, not into it."""

    def __init__(self, values):
        self.values = values


class Tensor:
    """An array that pickles as PyTorch's tensor; `size`, `offset` and `stride` can be made to lie."""

    def __init__(self, array, *, size=None, offset=0, stride=None):
        array = np.ascontiguousarray(array)
        self.storage = Storage(array.ravel())
        self.size = array.shape if size is None else size
        self.stride = tuple(step // array.itemsize for step in array.strides) if stride is None else stride
        self.offset = offset

    def __reduce__(self):
        rebuild = sys.modules["torch._utils"]._rebuild_tensor_v2
        return rebuild, (self.storage, self.offset, self.size, self.stride, False, collections.OrderedDict())


class _Pickler(pickle.Pickler):
    def __init__(self, stream, archive):
        super().__init__(stream, protocol=2)
        self.archive, self.count = archive, 0

    def persistent_id(self, obj):
        if not isinstance(obj, Storage):
            return None
        key, self.count = str(self.count), self.count + 1
        self.archive.writestr(f"archive/data/{key}", obj.values.tobytes())
        kind = getattr(sys.modules["torch"], STORAGES[obj.values.dtype])
        return "storage", kind, key, "cpu", len(obj.values)


def save(content, path):
    """`content` as a checkpoint."""
    with zipfile.ZipFile(path, "w") as archive:
        with (path.with_suffix(".pkl")).open("wb") as stream:
            _Pickler(stream, archive).dump(content)
        archive.write(path.with_suffix(".pkl"), "archive/data.pkl")
