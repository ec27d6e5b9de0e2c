"""What may be stored, shown and handed out: figures about a place and an interval, hidden pictures.

Only `flaneur.release` makes these from private data.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import LABELS
from flaneur.data.notes import Note
from flaneur.data.time import MINUTE_NS

SHORTEST_INTERVAL_NS = MINUTE_NS
"""A figure about less than a minute comes too close to a figure about one passer-by."""


def _check_band(place: str, value: float | None, low: float | None, high: float | None) -> None:
    if (low is None) != (high is None):
        raise ValueError(f"{place}: a band has two ends or none")
    if low is not None and high is not None and (value is None or not low <= value <= high):
        raise ValueError(f"{place}: the band {low} to {high} does not hold its value {value}")


@dataclass(frozen=True, slots=True)
class Measurement:
    """One figure about one place and one interval.

    `site`, `camera`, `measure`, `place`, `kind`, `direction` and `start_ns` together name it; a figure written
    twice replaces itself. ValueError when it would claim more than was observed.
    """

    site: str
    camera: str
    measure: str
    """`crossings` (lines), `passages` (zones, picture edges), `flow`, `occupancy`, `occupancy_peak`, or what was
    measured with its statistic: `speed_mean`, `speed_v85`, `queue_length_max`."""
    place: str
    kind: str
    """One of `kinds.LABELS`: a kind, a pair of kinds or `all`."""
    direction: str
    """Label of a direction, a level or a class; empty where the measure has none."""
    start_ns: int
    """UTC nanoseconds since 1970, or since the video's first frame when its date is unknown."""
    end_ns: int
    value: float | None
    """None when nothing was observed, and when nobody or too few were there to measure; never 0 for that."""
    unit: str
    coverage: float
    """Share of the interval that was really observed, 0..1."""
    frames_seen: int
    """Frames of the interval that were decoded."""
    frames_dropped: int
    """Frames of the interval that were known to exist and could not be used."""
    low: float | None = None
    high: float | None = None
    """Ends of the 95 % band around `value`; both None where none is known."""
    sample_size: int | None = None
    """Road users or moments that a statistic rests on; None for counts and occupancies, which rest on all."""

    def __post_init__(self) -> None:
        if self.end_ns - self.start_ns < SHORTEST_INTERVAL_NS:
            raise ValueError(f"{self.place}: an interval of less than 60 s must not leave the process")
        if not 0.0 <= self.coverage <= 1.0:
            raise ValueError(f"{self.place}: coverage {self.coverage} is not a share")
        if self.kind not in LABELS:
            raise ValueError(f"{self.place}: {self.kind!r} is no kind of road user that is told apart")
        if self.value is not None and self.coverage == 0.0:
            raise ValueError(f"{self.place}: there cannot be a value where nothing was observed")
        if self.value is None and self.coverage > 0.0 and self.sample_size is None:
            raise ValueError(f"{self.place}: what was observed has a count; only a statistic of too few may be missing")
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"{self.place}: {self.value} is no figure")
        _check_band(self.place, self.value, self.low, self.high)


@dataclass(frozen=True, slots=True)
class PublicFigure:
    """One figure that may be published: differentially private, paid for in the ledger.

    `low` and `high` say how far the noise may have moved it, and nothing about errors of detection. ValueError when it
    would claim more than it can.
    """

    site: str
    camera: str
    measure: str
    """`crossings`, `passages` or `occupancy`."""
    place: str
    kind: str
    """One of `kinds.LABELS`."""
    direction: str
    """Label of a direction, `all` for the sum of both; empty where the measure has none."""
    start_ns: int
    """UTC nanoseconds since 1970."""
    end_ns: int
    value: float
    """After noise and rounding; never below 0."""
    low: float
    high: float
    """Ends of the 95 % noise band."""
    unit: str
    coverage: float
    """Share of the window for which there were pictures, 0..1, by the times of frames and never by what they show."""
    epsilon: float
    """What was spent on this figure, together with the other directions of the same place."""
    noise_scale: float
    """Of the discrete Laplace noise in each direction, in `unit`."""

    def __post_init__(self) -> None:
        if self.end_ns - self.start_ns < SHORTEST_INTERVAL_NS:
            raise ValueError(f"{self.place}: a window of less than 60 s must not be published")
        if self.kind not in LABELS:
            raise ValueError(f"{self.place}: {self.kind!r} is no kind of road user that is told apart")
        if not 0.0 < self.coverage <= 1.0:
            raise ValueError(f"{self.place}: coverage {self.coverage} is not the share of what was observed")
        if not (0.0 < self.epsilon < math.inf and 0.0 < self.noise_scale < math.inf):
            raise ValueError(
                f"{self.place}: a public figure has an ε and noise, not {self.epsilon}, {self.noise_scale}"
            )
        if not 0.0 <= self.value < math.inf:
            raise ValueError(f"{self.place}: {self.value} is no public figure")
        _check_band(self.place, self.value, self.low, self.high)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A statistic with its 95 % band."""

    value: float | None
    """None where nobody or too few were there to measure."""
    low: float | None = None
    high: float | None = None
    """Both None where no band is known."""
    sample_size: int | None = None
    """Road users or moments that it rests on; None for counts, which rest on all."""

    def __post_init__(self) -> None:
        _check_band("estimate", self.value, self.low, self.high)


@dataclass(frozen=True, slots=True)
class Distribution:
    """How the values of one measure spread over the whole run, at one place."""

    measure: str
    """Without a statistic: `speed`."""
    place: str
    kind: str
    """One of `kinds.LABELS`."""
    direction: str
    unit: str
    """Of the values."""
    sample_size: int
    """Road users or moments that the values rest on; where these are withheld, how many there were."""
    estimates: tuple[tuple[str, Estimate], ...]
    """By statistic, in the order in which they were asked for."""
    quantiles: tuple[tuple[float, float], ...] = ()
    """(share, value): the value below which that share of the samples lies, at the borders of equal classes of three
    samples or more; none beyond what was seen of stays that were cut off."""


@dataclass(frozen=True, slots=True, eq=False)
class PlaceMap:
    """How many events happened in each cell of an even grid on the ground, over the whole run."""

    measure: str
    cell_m: float
    corner_m: tuple[float, float]
    """x and y of the lower left corner of cell [0, 0]."""
    events: NDArray[np.float32]
    """[rows, columns], y upwards; NaN where there were fewer than `min_events`."""
    min_events: int


@dataclass(frozen=True, slots=True)
class GroundFacts:
    """How the camera's ground plane came about and how far it can be trusted; all lengths on the ground."""

    method: str
    """`points`, `tsai`, `opencv` or `sizes`."""
    rough: bool
    """True where nothing was measured with a tape, as from the sizes of road users."""
    points: int
    """Points of the fit; 0 where there were none."""
    residual_m: float | None
    """Root mean square distance between given and fitted points; None where there were none."""
    worst_m: float | None
    """The largest of these distances."""
    scale_sigma: float
    """Relative standard deviation of lengths and speeds, at the median over the measured area."""
    doubtful: tuple[str, ...] = ()
    """Points that disagree with the rest, as the user knows them."""


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """A stretch of time in which the camera did not show what it was set up to show; it counts as not observed."""

    start_ns: int
    end_ns: int
    """Both on the clock of `RunFacts.start_ns`."""
    faults: tuple[str, ...]
    """`dark`, `overexposed`, `covered`, `blurred`, `moved`, `frozen`."""

    def __post_init__(self) -> None:
        if self.end_ns <= self.start_ns or not self.faults:
            raise ValueError("a stretch of bad health has a length and a reason")


@dataclass(frozen=True, slots=True, eq=False)
class GridLine:
    """A line of the ground's grid of metres, as a path in the picture."""

    points_xy: NDArray[np.float64]
    """[k, 2] in fractions of the picture."""
    label: str
    """Which line it is; empty for those between the labelled ones."""


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
