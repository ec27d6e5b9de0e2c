"""Checkpoints are read as data; what would act is refused."""

import os
import pickle
import subprocess
import zipfile

import numpy as np
import pytest

from flaneur.detect.checkpoint import Module, load_checkpoint
from flaneur.detect.protocol import ModelError
from support.torch_file import Tensor, module, pretend, save


def raw(path, pickled):
    """A checkpoint that holds exactly these bytes as its pickle."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
    return path


def test_modules_and_tensors_are_read(tmp_path, monkeypatch):
    pretend(monkeypatch)
    weights = np.arange(6, dtype=np.float16).reshape(2, 3)
    layer = module("torch.nn.modules.conv.Conv2d", parameters={"weight": Tensor(weights), "bias": None}, stride=(2, 2))
    inside = module("models.common.Conv", modules={"conv": layer})
    part = Tensor(np.arange(10, dtype=np.int64), size=(2, 2), offset=1, stride=(4, 2))
    save({"model": inside, "part": part}, tmp_path / "net.pt")

    loaded = load_checkpoint(tmp_path / "net.pt")
    conv = loaded["model"]["conv"]
    assert isinstance(conv, Module)
    assert type(conv).__name__ == "Conv2d"
    assert conv["stride"] == (2, 2)
    assert conv["bias"] is None
    assert loaded["model"].children == [conv]
    np.testing.assert_array_equal(conv["weight"], weights)
    np.testing.assert_array_equal(loaded["part"], [[1, 3], [5, 7]])


class Attack:
    """Pickles as a call."""

    def __init__(self, call, *arguments):
        self.call, self.arguments = call, arguments

    def __reduce__(self):
        return self.call, self.arguments


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_file_that_calls_the_shell_is_refused_and_runs_nothing(tmp_path, protocol):
    mark = tmp_path / "ran"
    attack = pickle.dumps({"model": Attack(os.system, f"touch {mark}")}, protocol)
    pickle.loads(attack)
    assert mark.exists(), "the attack itself must work, or the test shows nothing"
    mark.unlink()
    with pytest.raises(ModelError, match="system"):
        load_checkpoint(raw(tmp_path / "evil.pt", attack))
    assert not mark.exists()


@pytest.mark.parametrize("call", [eval, exec, getattr, __import__, open, subprocess.Popen, os.remove])
def test_other_calls_are_refused(tmp_path, call):
    with pytest.raises(ModelError, match=call.__name__):
        load_checkpoint(raw(tmp_path / "evil.pt", pickle.dumps(Attack(call, "1"))))


@pytest.mark.parametrize(
    "name", [b"collections\nOrderedDict.__init__.__globals__", b"torch._utils\n_rebuild_tensor_v2.__globals__"]
)
def test_what_hangs_below_an_allowed_name_is_refused(tmp_path, name):
    with pytest.raises(ModelError, match="names"):
        load_checkpoint(raw(tmp_path / "evil.pt", b"\x80\x04c" + name + b"\n."))


@pytest.mark.parametrize(
    "lie", [{"size": (7,)}, {"offset": 1}, {"offset": -1}, {"stride": (2,)}, {"stride": (-1,)}, {"size": (2, 3)}]
)
def test_a_tensor_stays_within_its_storage(tmp_path, monkeypatch, lie):
    pretend(monkeypatch)
    save({"model": Tensor(np.zeros(6, np.float32), **lie)}, tmp_path / "net.pt")
    with pytest.raises(ModelError):
        load_checkpoint(tmp_path / "net.pt")


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_checkpoint_is_refused(tmp_path, content):
    (tmp_path / "net.pt").write_bytes(content)
    with pytest.raises(ModelError, match=r"net\.pt"):
        load_checkpoint(tmp_path / "net.pt")


@pytest.mark.parametrize("pickled", [b"", b"\x80\x02", pickle.dumps([1, 2]), pickle.dumps({"a": 1})[:-3]])
def test_a_damaged_pickle_is_refused(tmp_path, pickled):
    with pytest.raises(ModelError, match=r"net\.pt"):
        load_checkpoint(raw(tmp_path / "net.pt", pickled))
