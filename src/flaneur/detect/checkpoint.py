"""Reads a PyTorch checkpoint without PyTorch and without running what is pickled in it.

A pickle is a program: it may call whatever it names. Here every name is looked up in a short list. Network modules
become passive records, tensors become arrays, and any other name refuses the whole file.
"""

import collections
import io
import pickle
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flaneur.detect.protocol import ModelError

_DTYPES = {"FloatStorage": np.float32, "HalfStorage": np.float16, "LongStorage": np.int64}


class Module:
    """What a pickled network module becomes: its name and its state, nothing that acts."""

    def __init__(self, *_: object) -> None:
        self.state: Mapping[str, Any] = {}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.state = dict(state)

    def __getitem__(self, name: str) -> Any:
        """A parameter, buffer, submodule or plain attribute; KeyError if there is none."""
        for group in ("_parameters", "_buffers", "_modules"):
            if name in self.state.get(group, {}):
                return self.state[group][name]
        return self.state[name]

    @property
    def children(self) -> list["Module"]:
        """The submodules in their order."""
        return list(self.state.get("_modules", {}).values())


def _records(*names: str) -> dict[tuple[str, str], type[Module]]:
    """A record type for each dotted name."""
    pairs = [tuple(name.rsplit(".", 1)) for name in names]
    return {(where, what): type(what, (Module,), {}) for where, what in pairs}


_ALLOWED: Mapping[tuple[str, str], Any] = {
    **_records(
        "models.common.Concat",
        "models.common.Conv",
        "models.common.MP",
        "models.common.SP",
        "models.yolo.Detect",
        "models.yolo.Model",
        "torch.nn.modules.activation.LeakyReLU",
        "torch.nn.modules.activation.SiLU",
        "torch.nn.modules.batchnorm.BatchNorm2d",
        "torch.nn.modules.container.ModuleList",
        "torch.nn.modules.container.Sequential",
        "torch.nn.modules.conv.Conv2d",
        "torch.nn.modules.pooling.MaxPool2d",
        "torch.nn.modules.upsampling.Upsample",
    ),
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("__builtin__", "set"): set,
    **{("torch", name): name for name in _DTYPES},
}


def load_checkpoint(path: Path) -> dict[str, Any]:
    """The pickled dictionary of a checkpoint. ModelError when it is none or names anything that is not allowed."""
    try:
        with zipfile.ZipFile(path) as archive:
            root = archive.namelist()[0].split("/")[0]
            loaded = _Reader(archive, root).load()
    except (
        pickle.UnpicklingError,
        zipfile.BadZipFile,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        EOFError,
    ) as e:
        raise ModelError(f"{path.name} is refused as a checkpoint: {e}") from None
    if not isinstance(loaded, dict):
        raise ModelError(f"{path.name} holds no dictionary, so it is no checkpoint")
    return loaded


class _Reader(pickle.Unpickler):
    def __init__(self, archive: zipfile.ZipFile, root: str) -> None:
        super().__init__(io.BytesIO(archive.read(f"{root}/data.pkl")))
        self._archive, self._root = archive, root

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return _parameter
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which no network needs") from None

    def persistent_load(self, pid: Any) -> NDArray[Any]:
        _, dtype, key, _, count = pid
        values = np.frombuffer(self._archive.read(f"{self._root}/data/{key}"), _DTYPES[dtype])
        if len(values) != count:
            raise pickle.UnpicklingError(f"storage {key} holds {len(values)} values where {count} are announced")
        return values


def _tensor(storage: NDArray[Any], offset: int, size: Sequence[int], stride: Sequence[int], *_: object) -> NDArray[Any]:
    """A copy of the part of `storage` that a tensor views."""
    end = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True)) + 1
    if min((offset, *size, *stride)) < 0 or (0 not in size and end > len(storage)):
        raise pickle.UnpicklingError("a tensor reaches beyond its storage")
    steps = [step * storage.itemsize for step in stride]
    return np.lib.stride_tricks.as_strided(storage[offset:], size, steps, writeable=False).copy()


def _parameter(data: NDArray[Any], *_: object) -> NDArray[Any]:
    return data
