"""How a detector is opened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flaneur.data.kinds import Kind
from flaneur.detect.layouts import LAYOUTS
from flaneur.detect.models import ModelEntry, catalogue
from flaneur.detect.network import NetworkDetector
from flaneur.detect.protocol import Detector, ModelError

__all__ = ["DetectParams", "Detector", "ModelError", "open_detector"]

SUFFIXES = (".xml", ".onnx")


@dataclass(frozen=True, slots=True)
class DetectParams:
    """Which model, and how many threads it gets."""

    model: str = "nanodet"
    """A name of `catalogue()`, or the path of an ONNX or OpenVINO file."""
    layout: str | None = None
    """Only for a file: a name of `LAYOUTS`."""
    kinds: Mapping[int, Kind] = field(default_factory=dict)
    """Only for a file: class number -> kind."""
    licence: str = "unknown"
    """Only for a file: what its owner says."""
    threads: int = 2
    """Processor cores that it may use."""
    at_once: int | None = None
    """Pictures that are worked on at once and share the cores; by default one for each core, which does most."""

    def __post_init__(self) -> None:
        if self.threads < 1:
            raise ValueError(f"a detector needs one thread at least, not {self.threads}")
        if self.at_once is not None and not 1 <= self.at_once <= self.threads:
            raise ValueError(f"{self.threads} threads can work on 1 to {self.threads} pictures, not {self.at_once}")


def open_detector(params: DetectParams) -> Detector:
    """The detector that `params` describe, ready to detect. ModelError says what is wrong and what to do."""
    entry = _entry(params)
    if entry.path is None:
        raise ModelError(
            f"model {entry.name!r} is not on this machine yet; get it with: flaneur models get {entry.name}"
        )
    return NetworkDetector(entry, params.threads, params.at_once or params.threads)


def _entry(params: DetectParams) -> ModelEntry:
    known = {entry.name: entry for entry in catalogue()}
    if params.model in known:
        if params.layout is not None or params.kinds:
            raise ModelError(f"model {params.model!r} brings its own layout and classes; leave them out")
        return known[params.model]
    path = Path(params.model)
    if path.suffix.lower() not in SUFFIXES:
        raise ModelError(
            f"unknown model {params.model!r}; there are {', '.join(known)}, or the path of an .onnx or .xml file"
        )
    if not path.is_file():
        raise ModelError(f"there is no model file {path}")
    if params.layout is None or params.layout not in LAYOUTS:
        given = "is not given" if params.layout is None else f"{params.layout!r} is unknown"
        raise ModelError(f"{path.name}: its output layout {given}; say which of {', '.join(LAYOUTS)} it is")
    if not params.kinds:
        raise ModelError(f'{path.name}: say which classes it tells apart, e.g. classes = {{ 0 = "pedestrian" }}')
    return ModelEntry(path.stem, params.licence, path, params.layout, params.kinds)
