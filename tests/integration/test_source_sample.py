"""tools/get_sample.py: one file, verified, or one sentence."""

import hashlib
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "tools" / "get_sample.py"
VIDEO = b"not really a video " * 1000


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("get_sample", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "SHA256", hashlib.sha256(VIDEO).hexdigest())
    monkeypatch.setattr(module, "INSTALLED", tmp_path / "usr/share/doc/x/vtest.avi")
    monkeypatch.setattr(module, "URL", (tmp_path / "repository.avi").as_uri())
    monkeypatch.setattr(sys, "argv", ["get_sample.py", str(tmp_path / "cache" / "vtest.avi")])
    monkeypatch.setenv("PATH", "")
    return module


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_there_is_not_fetched_again(
    tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool, "SOURCES", ())
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "vtest.avi").write_bytes(VIDEO)
    assert tool.main() == 0
    assert capsys.readouterr().out == ""


def test_the_installed_package_comes_first(tool: ModuleType, tmp_path: Path) -> None:
    tool.INSTALLED.parent.mkdir(parents=True)
    tool.INSTALLED.write_bytes(VIDEO)
    assert tool.main() == 0
    assert (tmp_path / "cache" / "vtest.avi").read_bytes() == VIDEO
    assert names(tmp_path / "cache") == ["vtest.avi"]


def test_the_repository_comes_last_and_replaces_a_wrong_file(tool: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "vtest.avi").write_bytes(b"cut off")
    (tmp_path / "repository.avi").write_bytes(VIDEO)
    assert tool.main() == 0
    assert (tmp_path / "cache" / "vtest.avi").read_bytes() == VIDEO


@pytest.mark.parametrize("content", [None, b"another file"])
def test_when_nothing_works_the_way_out_is_named(
    tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "repository.avi").write_bytes(content)
    assert tool.main() == 1
    assert "flaneur run YOUR.mp4" in capsys.readouterr().err
    assert names(tmp_path / "cache") == []


def test_a_folder_that_cannot_be_written(tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cache").write_text("in the way")
    assert tool.main() == 1
    assert "flaneur run YOUR.mp4" in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs Debian's tools")
def test_the_video_is_taken_out_of_a_package(tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    root = tmp_path / "root"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN" / "control").write_text(
        "Package: x\nVersion: 1\nArchitecture: all\nMaintainer: nobody <a@b.c>\nDescription: x\n"
    )
    inside = root / str(tool.INSTALLED).lstrip("/")
    inside.parent.mkdir(parents=True)
    inside.write_bytes(VIDEO)
    package = tmp_path / "x.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", root, package], check=True, capture_output=True)
    tool._unpack(package, tmp_path / "out.avi")
    assert (tmp_path / "out.avi").read_bytes() == VIDEO


def test_it_needs_nothing_but_the_standard_library() -> None:
    code = "import sys, runpy; runpy.run_path(sys.argv[1], run_name='x')"
    subprocess.run([sys.executable, "-I", "-S", "-c", code, str(SCRIPT)], check=True, capture_output=True)
