"""The models there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flaneur.data.kinds import Kind


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


def nanodet() -> ModelEntry:
    """The model in the package. It takes bicycles for motorcycles, so both are two-wheelers."""
    kinds = (Kind.PEDESTRIAN, Kind.TWO_WHEELER, Kind.CAR, Kind.TWO_WHEELER, Kind.BUS, Kind.TRAIN, Kind.TRUCK)
    return ModelEntry(
        name="nanodet",
        licence="Apache-2.0",
        origin="NanoDet-g by RangiLyu, trained on COCO",
        path=Path(__file__).parent / "models" / "nanodet-512x384-int8.xml",
        layout="nanodet",
        kinds=dict(enumerate(kinds)),
    )


def catalogue() -> list[ModelEntry]:
    """Every model that can be named without a file."""
    return [nanodet()]
