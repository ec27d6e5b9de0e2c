"""What may exist only in memory: pixels, boxes, tracks, exact counts.

Nothing here can be pickled, copied or printed, so that no log line, crash report, queue or cache
writes it down by accident. `repr` names the type and the number of rows, never a value.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Never

import numpy as np
from numpy.typing import NDArray


class PrivateDataError(TypeError):
    """Somebody tried to serialise or copy data that must not leave the process."""


class Private:
    """Base of all types that never leave the process's memory."""

    __slots__ = ()

    def _refuse(self, *_: object) -> Never:
        raise PrivateDataError(
            f"{type(self).__name__} holds private data and can be neither pickled nor copied; "
            "hand out a Measurement or a RedactedImage instead"
        )

    __reduce__ = __reduce_ex__ = __getstate__ = __copy__ = __deepcopy__ = __replace__ = _refuse

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: private>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)


def _check(owner: object, name: str, dtype: type, shape: tuple[int | None, ...], n: int | None = None) -> int:
    """Length of the first dimension of `owner.name`, after its type and shape were checked."""
    array = getattr(owner, name)
    # this runs some hundred times for each frame: what is in order must be found so at once
    if isinstance(array, np.ndarray) and array.dtype == dtype and array.ndim == len(shape):
        size = array.shape
        if (n is None or size[0] == n) and (len(shape) == 1 or shape[1] is None or size[1] == shape[1]):
            return int(size[0])
    place = f"{type(owner).__name__}.{name}"
    if not isinstance(array, np.ndarray) or array.dtype != dtype:
        found = getattr(array, "dtype", type(array).__name__)
        raise TypeError(f"{place} must be a numpy array of {np.dtype(dtype)}, not {found}")
    if len(array.shape) != len(shape) or any(w is not None and w != g for w, g in zip(shape, array.shape, strict=True)):
        raise ValueError(f"{place} must have shape {shape} (None = n), not {array.shape}")
    raise ValueError(f"{place} has {array.shape[0]} rows where the others have {n}")


class Frame(Private):
    """One decoded picture with its own time stamp.

    Colour conversion is done on the first call of `bgr` only, because most frames of a video are
    never looked at when detection runs at a lower rate. Privacy masks are already painted.
    """

    __slots__ = ("_bgr", "_draw", "_load", "_sketch", "height_px", "index", "time_ns", "width_px")

    def __init__(
        self,
        index: int,
        time_ns: int,
        width_px: int,
        height_px: int,
        load: Callable[[], NDArray[np.uint8]],
        draw: Callable[[], NDArray[np.uint8]],
    ) -> None:
        self.index = index
        self.time_ns = time_ns
        self.width_px = width_px
        self.height_px = height_px
        self._load = load
        self._draw = draw
        self._bgr: NDArray[np.uint8] | None = None
        self._sketch: NDArray[np.uint8] | None = None

    def bgr(self) -> NDArray[np.uint8]:
        """The picture, uint8 [height_px, width_px, 3], read-only, upright, masks painted."""
        if self._bgr is None:
            bgr = self._load()
            if bgr.shape != (self.height_px, self.width_px, 3) or bgr.dtype != np.uint8:
                raise ValueError(f"a frame of {self.width_px}×{self.height_px} was loaded as {bgr.shape} {bgr.dtype}")
            bgr.flags.writeable = False
            self._bgr = bgr
        return self._bgr

    def sketch(self) -> NDArray[np.uint8]:
        """The brightness of the picture, small and smoothed, uint8 [rows, columns] of one size for a whole video.

        Upright, masks painted, read-only. Enough to see that something moves or that the camera is covered, and
        cheap: it needs no colour conversion.
        """
        if self._sketch is None:
            self._sketch = self._draw()
            self._sketch.flags.writeable = False
        return self._sketch


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Detections(Private):
    """What a detector saw in one frame, n boxes, best first not guaranteed."""

    xyxy_px: NDArray[np.float32]
    """[n, 4] left, top, right, bottom in pixels of the full frame."""
    score: NDArray[np.float32]
    """[n] 0..1."""
    kind: NDArray[np.uint8]
    """[n] codes of `Kind`."""

    def __post_init__(self) -> None:
        n = _check(self, "xyxy_px", np.float32, (None, 4))
        _check(self, "score", np.float32, (None,), n)
        _check(self, "kind", np.uint8, (None,), n)

    def __len__(self) -> int:
        return len(self.score)

    def take(self, rows: NDArray[Any]) -> "Detections":
        """The rows that an index or boolean array selects."""
        return Detections(self.xyxy_px[rows], self.score[rows], self.kind[rows])

    @staticmethod
    def none() -> "Detections":
        """Nobody in sight."""
        return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.uint8))


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Tracks(Private):
    """All confirmed road users at one frame, n rows, smoothed, at most one second behind the picture."""

    frame_index: int
    time_ns: int
    xyxy_px: NDArray[np.float32]
    """[n, 4] left, top, right, bottom in pixels of the full frame."""
    track_id: NDArray[np.int64]
    """[n] random per run; means nothing outside it and is never written down."""
    kind: NDArray[np.uint8]
    """[n] majority over the track so far, codes of `Kind`."""
    score: NDArray[np.float32]
    """[n] 0..1 confidence of the detections that carry the track here."""
    observed: NDArray[np.bool_]
    """[n] False where the box bridges a gap (interpolated, carried or held)."""
    ended: NDArray[np.int64]
    """[m] ids of tracks that were in an earlier `Tracks` and never come back; their state may be dropped."""

    def __post_init__(self) -> None:
        n = _check(self, "xyxy_px", np.float32, (None, 4))
        _check(self, "track_id", np.int64, (None,), n)
        _check(self, "kind", np.uint8, (None,), n)
        _check(self, "score", np.float32, (None,), n)
        _check(self, "observed", np.bool_, (None,), n)
        _check(self, "ended", np.int64, (None,))

    def __len__(self) -> int:
        return len(self.track_id)

    def foot_px(self) -> NDArray[np.float32]:
        """Ground points: the middle of each box's lower edge, float32 [n, 2]."""
        x1, _, x2, y2 = self.xyxy_px.T
        return np.stack(((x1 + x2) / 2, y2), axis=1).astype(np.float32, copy=False)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class GroundTracks(Private):
    """Road users on the ground at one moment, n rows, in metres of the site's own plane: x and y right-handed.

    Random errors (`sigma_*`) differ from row to row and average out over many; the error of the calibration
    (`scale_sigma`) is the same for everyone near one spot and does not.
    """

    time_ns: int
    xy_m: NDArray[np.float64]
    """[n, 2] middle of the footprint."""
    velocity_mps: NDArray[np.float64]
    """[n, 2] smoothed; NaN where a track is too short to tell."""
    acceleration_mps2: NDArray[np.float64]
    """[n, 2] smoothed; NaN where a track is too short to tell."""
    heading_rad: NDArray[np.float64]
    """[n] where the footprint points to, counter-clockwise from x; kept while standing, NaN before the first move."""
    size_m: NDArray[np.float64]
    """[n, 2] length along the heading and width of the footprint; a pedestrian is a circle as wide as `width`."""
    sigma_m: NDArray[np.float64]
    """[n] standard deviation of the position in each axis, random."""
    sigma_mps: NDArray[np.float64]
    """[n] standard deviation of the speed, random; NaN where there is no velocity."""
    scale_sigma: NDArray[np.float64]
    """[n] relative standard deviation of lengths and speeds here that comes from the calibration."""
    track_id: NDArray[np.int64]
    """[n] random per run; means nothing outside it and is never written down."""
    kind: NDArray[np.uint8]
    """[n] codes of `Kind`."""
    ended: NDArray[np.int64]
    """[m] ids of tracks that were in an earlier `GroundTracks` and never come back."""

    def __post_init__(self) -> None:
        n = _check(self, "xy_m", np.float64, (None, 2))
        for name in ("velocity_mps", "acceleration_mps2", "size_m"):
            _check(self, name, np.float64, (None, 2), n)
        for name in ("heading_rad", "sigma_m", "sigma_mps", "scale_sigma"):
            _check(self, name, np.float64, (None,), n)
        _check(self, "track_id", np.int64, (None,), n)
        _check(self, "kind", np.uint8, (None,), n)
        _check(self, "ended", np.int64, (None,))

    def __len__(self) -> int:
        return len(self.track_id)

    def take(self, rows: NDArray[Any]) -> "GroundTracks":
        """The rows that an index or boolean array selects; nobody ends by being left out."""
        if rows.dtype == np.bool_:
            rows = np.flatnonzero(rows)
        columns = {name: getattr(self, name).take(rows, axis=0) for name in GROUND_COLUMNS}
        return GroundTracks(time_ns=self.time_ns, ended=self.ended, **columns)


GROUND_COLUMNS = tuple(f.name for f in fields(GroundTracks) if f.name not in ("time_ns", "ended"))
"""Those of `GroundTracks` that have a row for each road user."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Feet(Private):
    """The one point of each road user that crosses lines and is in zones, n rows, in pixels or in metres.

    In the picture y points down, on the ground up: what is right of a line in one is left of it in the other.
    """

    time_ns: int
    xy: NDArray[np.float64]
    """[n, 2]"""
    clear: NDArray[np.float64]
    """[n] how far a foot must be from a border before it can count there again, in the unit of `xy`."""
    track_id: NDArray[np.int64]
    """[n]"""
    kind: NDArray[np.uint8]
    """[n]"""
    ended: NDArray[np.int64]
    """[m] tracks that never come back."""

    def __post_init__(self) -> None:
        n = _check(self, "xy", np.float64, (None, 2))
        _check(self, "clear", np.float64, (None,), n)
        _check(self, "track_id", np.int64, (None,), n)
        _check(self, "kind", np.uint8, (None,), n)
        _check(self, "ended", np.int64, (None,))

    def __len__(self) -> int:
        return len(self.track_id)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Samples(Private):
    """Values that a measure took at places, n rows: a speed at a line, a dwell time, a density, a near miss."""

    time_ns: NDArray[np.int64]
    """[n] the frames' own time at which each was complete."""
    place: NDArray[np.int32]
    """[n] index into the places that the measure was given."""
    group: NDArray[np.int8]
    """[n] index into the groups that the measure tells apart: directions, severities; 0 where it has none."""
    kind: NDArray[np.uint8]
    """[n] codes of `Kind`, of a pair of kinds, or `ALL_KINDS`."""
    value: NDArray[np.float64]
    """[n] finite, in the measure's unit."""
    noise: NDArray[np.float64]
    """[n] standard deviation of its random error, which averages out over many; 0 where there is none."""
    bias: NDArray[np.float64]
    """[n] standard deviation of the error that all samples of a place share, as from its calibration."""

    def __post_init__(self) -> None:
        n = _check(self, "time_ns", np.int64, (None,))
        _check(self, "place", np.int32, (None,), n)
        _check(self, "group", np.int8, (None,), n)
        _check(self, "kind", np.uint8, (None,), n)
        for name in ("value", "noise", "bias"):
            _check(self, name, np.float64, (None,), n)
        if not np.isfinite(self.value).all():
            raise ValueError("Samples.value must be finite; what is not known is no sample")

    def __len__(self) -> int:
        return len(self.time_ns)

    @staticmethod
    def none() -> "Samples":
        """Nothing to tell."""
        no = np.zeros(0)
        return Samples(
            np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int8), np.zeros(0, np.uint8), no, no, no
        )

    @staticmethod
    def joined(*parts: "Samples") -> "Samples":
        """All rows of `parts`."""
        full = [part for part in parts if len(part)]
        if len(full) < 2:
            return full[0] if full else Samples.none()
        return Samples(*(np.concatenate([getattr(part, f.name) for part in full]) for f in fields(Samples)))


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Events(Private):
    """Things that happened at places, one row each: crossings, entries and exits, flows, edge passages."""

    time_ns: NDArray[np.int64]
    """[n] the frame's own time at which it happened."""
    place: NDArray[np.int32]
    """[n] index into the places that the measure was given."""
    direction: NDArray[np.int8]
    """[n] +1 or -1; what they mean is the measure's to say."""
    kind: NDArray[np.uint8]
    """[n] codes of `Kind`."""

    def __post_init__(self) -> None:
        n = _check(self, "time_ns", np.int64, (None,))
        _check(self, "place", np.int32, (None,), n)
        _check(self, "direction", np.int8, (None,), n)
        _check(self, "kind", np.uint8, (None,), n)

    def __len__(self) -> int:
        return len(self.time_ns)

    @staticmethod
    def none() -> "Events":
        """Nothing happened."""
        return Events(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int8), np.zeros(0, np.uint8))


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Presence(Private):
    """How many road users of each kind each place holds at one moment."""

    time_ns: int
    count: NDArray[np.int32]
    """[places, len(Kind)]"""

    def __post_init__(self) -> None:
        _check(self, "count", np.int32, (None, None))
