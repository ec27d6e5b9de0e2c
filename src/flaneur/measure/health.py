"""Whether a camera still shows what it was set up to show.

Every two seconds a picture is looked at in two ways: as a sketch (the whole, small and smoothed) and as some of its
pixel rows at full width, since a sketch cannot tell sharp from blurred. Both are compared with what this camera
usually shows. The usual is learnt while the camera is well and kept while it is not, so a camera that was moved stays
`moved` until it is turned back or the run begins anew.

Nothing here knows road users. A fault must last before it is believed; then it counts from its first sign on, and the
time since must be taken out of the observed time of the figures instead of showing as a lull.
"""

from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from flaneur.data.private import Private
from flaneur.data.time import SECOND_NS

PERIOD_NS = 2 * SECOND_NS
"""Pictures that come sooner need not be looked at: a fault is believed after seconds anyway."""
ROW_STRIDE = 16
"""Every so manieth pixel row is enough to judge sharpness."""

DARK_LEVEL = 36
"""Nine tenths of the picture are darker than this; black is 16 in most videos, 0 in some."""
BRIGHT_LEVEL = 230
"""Half of the picture is at least so bright; white is 235 in most videos, 255 in some."""
BLANK_LEVELS = 4.0
"""Standard deviation in grey levels of a picture that shows nothing at all."""
TILES = 3
"""Parts per side of the picture whose structure is compared one by one."""
USABLE = 0.4
"""Correlation with the background from which on a part is known to stand still."""
GONE = 0.5
"""Share of its usual correlation below which a part no longer shows the background."""
FLAT = 0.35
"""Share of the background's contrast below which a part shows next to nothing."""
MOST = 0.6
"""Share of the usable parts that must agree."""
SHIFT_CELLS = 1.5
"""About 0.8 % of the picture: a line that lies wrong by less still counts the same road users."""
SOFT = 0.45
"""Share of the usual sharpness; a Gaussian blur of 2 px brings a sharp picture below it."""
EDGES = 0.3
"""Sharpness below which a picture has no edges to lose, as in fog or of a bare wall; streets usually have 1.5 to 2."""
TAIL_OF_MEDIAN = 4.16
"""For Gaussian noise the 99.5 % quantile of absolute differences is so many times their median."""

WARM_UP = 8
"""Looks before the usual is known well enough to miss it."""
MEMORY = 60
"""Looks over which the usual is averaged: two minutes, slower than any light at the signal, faster than dusk."""

Array = NDArray[np.float32]


class Fault(IntEnum):
    """What can be wrong; the value is the index in the columns of `HealthState`."""

    DARK = 0
    OVEREXPOSED = 1
    COVERED = 2
    BLURRED = 3
    MOVED = 4
    FROZEN = 5

    @property
    def label(self) -> str:
        """The name in figures."""
        return self.name.lower()


BELIEVED_NS = np.array([3, 3, 5, 3, 5, 8], np.int64) * SECOND_NS
"""How long each fault must last. A lorry passes in less than 5 s. Sensor noise changes a picture at once, and where an
encoder has swallowed it the next key frame does, within 8 s at usual settings; an encoder that sends fewer key frames
of a scene without any movement and without noise cannot be told from a frozen one."""
OVER_NS = 3 * SECOND_NS
"""How long a fault must be gone."""
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Health:
    """How a camera was at one moment."""

    time_ns: int
    faults: tuple[Fault, ...]
    """Empty when all is well."""
    since_ns: int
    """When the earliest of `faults` showed first: nothing from then to `time_ns` was observed. `time_ns` if none."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class _Usual(Private):
    """What the camera shows when it is well."""

    looks: int
    sketch: Array
    """[rows, columns] mean: road users that move on wash out."""
    match: NDArray[np.float64]
    """[tiles] mean correlation of single sketches with that."""
    sharpness: float


def _nothing_yet() -> NDArray[np.int64]:
    return np.full(len(Fault), NEVER)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class HealthState(Private):
    """What is remembered of a camera from look to look."""

    time_ns: int = -PERIOD_NS
    sketch: NDArray[np.uint8] | None = None
    rows: NDArray[np.uint8] | None = None
    same_since_ns: int = 0
    """Since when not a single pixel has changed."""
    usual: _Usual | None = None
    since_ns: NDArray[np.int64] = field(default_factory=_nothing_yet)
    """[faults] first sign of what shows now or did less than `OVER_NS` ago after it was believed; else `NEVER`."""
    seen_ns: NDArray[np.int64] = field(default_factory=_nothing_yet)
    """[faults] last sign of it."""


def start() -> HealthState:
    """Nothing has been seen yet."""
    return HealthState()


def due(state: HealthState, time_ns: int) -> bool:
    """Whether a picture at this time should be looked at."""
    return time_ns - state.time_ns >= PERIOD_NS


def step(
    state: HealthState, time_ns: int, sketch: NDArray[np.uint8], rows: NDArray[np.uint8]
) -> tuple[HealthState, Health]:
    """One look at a picture: its `sketch` uint8 [r, c] and every `ROW_STRIDE`-th of its pixel rows, uint8 [k, width].

    The rows are of one channel at full width, such as `bgr[::ROW_STRIDE, :, 1]`. ValueError when time stands still.
    """
    if time_ns <= state.time_ns:
        raise ValueError(f"a picture at {time_ns} ns is not later than the last one")
    if state.sketch is not None and state.sketch.shape != sketch.shape:
        state = replace(state, sketch=None, rows=None, usual=None)
    rows = np.ascontiguousarray(rows)  # a copy, so that no whole picture stays in memory for the sake of its rows
    same = _identical(state.sketch, sketch) and _identical(state.rows, rows)
    same_since_ns = state.same_since_ns if same else time_ns
    seen = _exposure(sketch)
    usual = state.usual
    if not seen.any():
        usual, structural = _compared(usual, sketch, rows, learn=not (state.since_ns < NEVER).any())
        seen |= structural
    seen[Fault.FROZEN] = same
    since_ns, seen_ns = _lasting(state, time_ns, seen)
    if same:
        since_ns[Fault.FROZEN] = same_since_ns
    state = HealthState(time_ns, sketch, rows, same_since_ns, usual, since_ns, seen_ns)
    believed = (since_ns < NEVER) & (seen_ns - since_ns >= BELIEVED_NS)
    faults = tuple(fault for fault in Fault if believed[fault])
    return state, Health(time_ns, faults, int(since_ns[believed].min()) if faults else time_ns)


def _identical(before: NDArray[np.uint8] | None, now: NDArray[np.uint8]) -> bool:
    return before is not None and np.array_equal(before, now)


def _lasting(state: HealthState, time_ns: int, seen: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last sign of each fault; what was not yet believed is forgotten at once."""
    known = state.since_ns < NEVER
    believed = known & (state.seen_ns - state.since_ns >= BELIEVED_NS)
    kept = seen | (believed & (time_ns - state.seen_ns < OVER_NS))
    since_ns = np.where(kept, np.where(known, state.since_ns, time_ns), NEVER)
    return since_ns, np.where(seen, time_ns, state.seen_ns)


def _exposure(sketch: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which of the faults [faults] show that need no comparison."""
    seen = np.zeros(len(Fault), np.bool_)
    share = np.cumsum(np.bincount(sketch.ravel(), minlength=256)) / sketch.size
    if share[DARK_LEVEL - 1] >= 0.9:
        seen[Fault.DARK] = True
    elif share[BRIGHT_LEVEL - 1] <= 0.5:
        seen[Fault.OVEREXPOSED] = True
    elif sketch.std() < BLANK_LEVELS:
        seen[Fault.COVERED] = True
    return seen


def _compared(
    usual: _Usual | None, sketch: NDArray[np.uint8], rows: NDArray[np.uint8], *, learn: bool
) -> tuple[_Usual, NDArray[np.bool_]]:
    """What is usual after this picture, and which faults [faults] show against what was usual before it."""
    sharpness = _sharpness(rows)
    if usual is None:
        usual = _Usual(0, sketch.astype(np.float32), np.zeros(TILES * TILES), sharpness)
    now, contrast = _structure(sketch)
    before, full_contrast = _structure(usual.sketch)
    match, shift = _displacement(now, before)
    seen = np.zeros(len(Fault), np.bool_)
    usable = usual.match >= USABLE
    if usual.looks >= WARM_UP:
        gone = usable & (match < GONE * usual.match)
        most = MOST * max(2, int(usable.sum()))
        seen[Fault.COVERED] = (gone & (contrast < FLAT * full_contrast)).sum() >= most
        has_edges = usual.sharpness >= EDGES
        seen[Fault.BLURRED] = has_edges and not seen[Fault.COVERED] and sharpness < SOFT * usual.sharpness
        displaced = gone | (usable & (shift >= SHIFT_CELLS))
        seen[Fault.MOVED] = not seen.any() and displaced.sum() >= most
    if learn and not seen.any():
        weight = 1.0 / min(usual.looks + 1, MEMORY)
        usual = _Usual(
            usual.looks + 1,
            usual.sketch + np.float32(weight) * (sketch - usual.sketch),
            usual.match + weight * (match - usual.match),
            usual.sharpness + weight * (sharpness - usual.sharpness),
        )
    return usual, seen


def _sharpness(rows: NDArray[np.uint8]) -> float:
    """How steep the steepest edges along the rows are against the contrast of the whole; noise is taken out."""
    step = np.abs(np.diff(rows.astype(np.int16), axis=1)).ravel()
    share = np.cumsum(np.bincount(step, minlength=256)) / max(step.size, 1)
    steep, median = np.searchsorted(share, (0.995, 0.5))
    edge = np.sqrt(max(float(steep) ** 2 - (TAIL_OF_MEDIAN * float(median)) ** 2, 0.0))
    return float(edge / max(rows.std(), 1.0))


def _structure(sketch: NDArray[np.uint8] | Array) -> tuple[Array, NDArray[np.float64]]:
    """Edges in each of the tiles, windowed and of norm 1, [tiles, rows, columns]; and the tiles' contrast [tiles].

    How bright the light is and from which side it comes changes little in where there are edges.
    """
    dy, dx = np.gradient(sketch.astype(np.float32))
    edges = np.hypot(dx, dy)
    rows, columns = edges.shape[0] // TILES, edges.shape[1] // TILES
    tiles = edges[: rows * TILES, : columns * TILES].reshape(TILES, rows, TILES, columns).swapaxes(1, 2)
    tiles = tiles.reshape(TILES * TILES, rows, columns)
    contrast = tiles.std(axis=(1, 2)).astype(np.float64)
    tiles = (tiles - tiles.mean(axis=(1, 2), keepdims=True)) * _window(rows, columns)
    norm = np.sqrt((tiles * tiles).sum(axis=(1, 2), keepdims=True))
    return tiles / np.maximum(norm, 1e-6), contrast


@cache
def _window(rows: int, columns: int) -> Array:
    return np.outer(np.hanning(rows), np.hanning(columns)).astype(np.float32)


def _displacement(now: Array, before: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Correlation of each tile with the background in place, and how many cells away it is clearly better; [tiles]."""
    shape = now.shape[1:]
    spectrum = fft.rfft2(now) * fft.rfft2(before).conj()
    surface = fft.irfft2(spectrum, s=shape).reshape(len(now), -1)
    best = surface.argmax(axis=1)
    offset = np.stack(np.unravel_index(best, shape), axis=1)
    offset = np.minimum(offset, np.array(shape) - offset)
    match = surface[:, 0].astype(np.float64)
    clearly = surface[np.arange(len(best)), best] > match + 0.1
    return match, np.where(clearly, np.hypot(*offset.T), 0.0)
