"""The models there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flaneur.data.kinds import Kind
from flaneur.detect import yolov7

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
    path: Path | None
    """None where the model could be fetched and has not been."""
    layout: str
    """A name of `LAYOUTS`."""
    kinds: Mapping[int, Kind]
    """Class number -> kind; the model's other classes are not looked at."""


def catalogue() -> list[ModelEntry]:
    """Every model that can be named without a file, the default one first."""
    fetched = yolov7.fetched_path()
    return [
        ModelEntry(
            name="nanodet",
            licence="Apache-2.0",
            path=Path(__file__).parent / "models" / "nanodet-512x384-int8.xml",
            layout="nanodet",
            kinds=NANODET_KINDS,
        ),
        ModelEntry(
            name=yolov7.NAME,
            licence="GPL-3.0",
            path=fetched if fetched.is_file() else None,
            layout="yolov7",
            kinds=COCO_KINDS,
        ),
    ]
