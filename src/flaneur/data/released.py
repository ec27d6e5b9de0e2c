"""What may be stored, shown and handed out: figures about a place and an interval, hidden pictures.

Only `flaneur.release` makes these from private data.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flaneur.data.notes import Note
from flaneur.data.time import MINUTE_NS

SHORTEST_INTERVAL_NS = MINUTE_NS
"""A figure about less than a minute comes too close to a figure about one passer-by."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One figure about one place and one interval.

    `site`, `camera`, `measure`, `place`, `kind`, `direction` and `start_ns` together name it; a figure written
    twice replaces itself. ValueError when it would claim more than was observed.
    """

    site: str
    camera: str
    measure: str
    """`crossings` (lines), `passages` (zones, picture edges), `flow`, `occupancy`, `occupancy_peak`."""
    place: str
    kind: str
    """Label of a `Kind`."""
    direction: str
    """Label, empty where the measure has none."""
    start_ns: int
    """UTC nanoseconds since 1970, or since the video's first frame when its date is unknown."""
    end_ns: int
    value: float | None
    """None when nothing was observed; never 0 for that."""
    unit: str
    coverage: float
    """Share of the interval that was really observed, 0..1."""
    frames_seen: int
    """Frames of the interval that were decoded."""
    frames_dropped: int
    """Frames of the interval that were known to exist and could not be used."""

    def __post_init__(self) -> None:
        if self.end_ns - self.start_ns < SHORTEST_INTERVAL_NS:
            raise ValueError(f"{self.place}: an interval of less than 60 s must not leave the process")
        if not 0.0 <= self.coverage <= 1.0:
            raise ValueError(f"{self.place}: coverage {self.coverage} is not a share")
        if (self.value is None) != (self.coverage == 0.0):
            raise ValueError(f"{self.place}: a value is missing exactly when nothing was observed")
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"{self.place}: {self.value} is no figure")


@dataclass(frozen=True, slots=True, eq=False)
class RedactedImage:
    """A picture in which every road user is hidden."""

    time_ns: int
    bgr: NDArray[np.uint8]
    """[h, w, 3]"""
    fully_hidden: bool
    """True where redaction was in doubt and the whole picture is flat."""

    def __post_init__(self) -> None:
        if self.bgr.ndim != 3 or self.bgr.shape[2] != 3 or self.bgr.dtype != np.uint8:
            raise ValueError(f"a redacted picture is uint8 [h, w, 3], not {self.bgr.dtype} {self.bgr.shape}")


@dataclass(frozen=True, slots=True, eq=False)
class HeatMap:
    """Where in the picture road users spent their time, over the whole run."""

    start_ns: int
    end_ns: int
    seconds: NDArray[np.float32]
    """[rows, columns] road-user seconds per cell of an even grid over the picture; NaN where fewer than
    `min_visitors` road users passed, so that no single path can be read off."""
    min_visitors: int


@dataclass(frozen=True, slots=True)
class RunFacts:
    """How figures came about and what was not seen; goes into the report and the store."""

    source: str
    """Name of the file, without its folder."""
    site: str
    camera: str
    timezone: str
    """IANA name."""
    dated: bool
    """False when times count from the video's first frame because its date is unknown."""
    start_ns: int
    end_ns: int
    width_px: int
    height_px: int
    frames_seen: int
    frames_dropped: int
    observed_s: float
    """Seconds of the video that were really observed."""
    complete: bool
    """False when the run was interrupted before the video's end."""
    detector: str
    detector_licence: str
    detector_sha256: str
    detections_per_s: float
    kinds: tuple[str, ...]
    """Labels of the kinds that the detector can tell."""
    software: str
    """`flaneur 0.1.0`"""
    wall_s: float
    stage_ms_per_frame: tuple[tuple[str, float], ...]
    """Mean cost of each stage per decoded frame."""
    notes: tuple[Note, ...] = ()
    """What the reader must know: damage in the video, picture size changes, hidden frames."""
