"""What a traffic signal shows, from the pixels of its lamps. Nothing else of the picture is looked at or kept.

A lamp's light is the mean of the brightest quarter of its box, so boxes need not be tight, in the colour that the lamp
has when it is lit: sunlight on a dark lens is white and raises all colours alike. It is compared with the darkest lamp
of the same signal, which cancels exposure, and with what this lamp itself showed lit and dark, which tells a weak lamp
at noon from the glow around a strong one at night.

In doubt the state is unknown: no lamp stands out (dark, hidden, in glare) or several do that do not belong together.
Amber that comes and goes means that the signal is out of service: `OFF`.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from flaneur.data.private import Private
from flaneur.data.signals import RULING, SignalPhases, SignalState
from flaneur.data.time import SECOND_NS

BRIGHT_SHARE = 0.25
"""Of a box's pixels, those that are taken for the lamp."""
BLACK = 24.0
"""Levels that are added before comparing, so that noise in the dark makes no contrast."""
LEAST = np.log2(1.4)
"""Contrast of a lit lamp that was never seen lit or dark before. Contrasts are logarithms of base 2."""
WEAKEST, STRONGEST = np.log2(1.2), np.log2(2.2)
"""Bounds of what is asked of a lamp by its own history."""
OF_BRIGHTEST = 0.5
"""Lamps that are lit together have contrasts of this ratio at least; the glow around a lit lamp at night has less."""
MEMORY = 0.05
"""Weight of a new look in what a lamp shows lit or dark."""
BELIEVED_NS = 3 * SECOND_NS // 10
"""A change must last so long: one broken picture is none."""
DOUBTED_NS = 8 * SECOND_NS // 10
"""A state that has not been seen for so long is no longer believed: a flashing green is green, a bird nothing."""
FLASHING_NS, MOST_AMBERS = 6 * SECOND_NS, 3
"""So many ambers within this time, with nothing else between them, are a flashing one (0.5 to 2 Hz)."""
MAX_GAP_NS = 2 * SECOND_NS
"""After a longer gap between looks nothing is known of the time between."""
KEPT_PHASES = 100
NOT_SEEN = np.full(3, np.nan)

RED, AMBER, GREEN = range(3)
_STATE = {
    (True, False, False): SignalState.RED,
    (True, True, False): SignalState.RED_AMBER,
    (False, True, False): SignalState.AMBER,
    (False, False, True): SignalState.GREEN,
}


@dataclass(frozen=True, slots=True, eq=False)
class LampParams:
    """Where the lamps of one signal group are."""

    group: str
    boxes_px: NDArray[np.intp]
    """[3, 4] left, top, right, bottom of the red, amber and green lamp; a row of zeros where there is no such lamp."""

    def __post_init__(self) -> None:
        present = np.asarray(self.boxes_px.any(axis=1))
        if self.boxes_px.shape != (3, 4) or not present[RED] or not present[GREEN]:
            raise ValueError(f"signal {self.group!r}: boxes of the red and green lamp are needed, [3, 4] with amber")
        size = self.boxes_px[present, 2:] - self.boxes_px[present, :2]
        if (size < 2).any() or (self.boxes_px < 0).any():
            raise ValueError(f"signal {self.group!r}: a lamp must be 2 pixels wide and high at least")

    @classmethod
    def around(
        cls,
        group: str,
        red_px: NDArray[np.float64],
        amber_px: NDArray[np.float64] | None,
        green_px: NDArray[np.float64],
    ) -> "LampParams":
        """The boxes around polygons [k, 2] of the lamps; signals for people on foot often have no amber."""
        boxes = np.zeros((3, 4), np.intp)
        for lamp, polygon_px in enumerate((red_px, amber_px, green_px)):
            if polygon_px is not None:
                boxes[lamp] = *np.floor(polygon_px.min(axis=0)), *np.ceil(polygon_px.max(axis=0))
        return cls(group, boxes)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class LampState(Private):
    """What is remembered of one signal."""

    time_ns: int | None
    """Of the last look."""
    dark: NDArray[np.float64]
    """[3] contrast that each lamp usually has when it is not lit; NaN before it was seen so."""
    lit: NDArray[np.float64]
    """[3] the same when it is lit."""
    seen: SignalState
    """What the last look showed."""
    shown: SignalState
    """What that means: `OFF` if the amber flashes."""
    since_ns: int
    """Since when looks have shown that."""
    confirmed_ns: int
    """When a look last showed the state that is believed."""
    ambers_ns: tuple[int, ...]
    """When the latest ambers began, with nothing but doubt between them."""
    start_ns: NDArray[np.int64]
    state: NDArray[np.uint8]
    """Phases that are believed, as in `SignalPhases`, the latest `KEPT_PHASES`."""


def start(params: LampParams) -> LampState:  # noqa: ARG001
    """Nothing has been seen yet."""
    phases = np.zeros(0, np.int64), np.zeros(0, np.uint8)
    return LampState(None, NOT_SEEN, NOT_SEEN, SignalState.UNKNOWN, SignalState.UNKNOWN, 0, 0, (), *phases)


def phases(state: LampState, params: LampParams) -> SignalPhases:
    """The phases that are known by now; the latest may still begin up to `DOUBTED_NS` and a look earlier."""
    return SignalPhases(params.group, state.start_ns, state.state)


def step(state: LampState, time_ns: int, bgr: NDArray[np.uint8], params: LampParams) -> LampState:
    """One look at a picture uint8 [h, w, 3], three times a second or more often.

    ValueError when time stands still or a lamp lies outside the picture.
    """
    if state.time_ns is not None and time_ns <= state.time_ns:
        raise ValueError(f"a picture at {time_ns} ns is not later than the last one")
    if state.time_ns is None or time_ns - state.time_ns > MAX_GAP_NS:
        state = _interrupted(state, time_ns)
    contrast = _contrast(bgr, params)
    lit = _lit(contrast, state)
    seen = _STATE.get(tuple(lit.tolist()), SignalState.UNKNOWN)
    state, shown = _unflashed(state, time_ns, seen)
    if shown != state.shown:
        assert state.time_ns is not None
        state = replace(state, shown=shown, since_ns=(state.time_ns + time_ns) // 2)
    state = _believed(replace(state, time_ns=time_ns))
    if shown in RULING and shown == _current(state):
        state = replace(
            state,
            lit=_learnt(state.lit, np.where(lit, contrast, np.nan)),
            dark=_learnt(state.dark, np.where(lit, np.nan, contrast)),
        )
    return state


def _interrupted(state: LampState, time_ns: int) -> LampState:
    """Nothing is known from the last look up to this one."""
    if state.time_ns is not None:
        state = _followed_by(state, SignalState.UNKNOWN, state.time_ns + 1)
    return replace(state, time_ns=time_ns, shown=SignalState.UNKNOWN, since_ns=time_ns, ambers_ns=())


def _contrast(bgr: NDArray[np.uint8], params: LampParams) -> NDArray[np.float64]:
    """How bright each lamp is in its own colour against the darkest, as a logarithm of base 2; [3], NaN if absent."""
    height, width = bgr.shape[:2]
    level = np.full(3, np.nan)
    for lamp, (left, top, right, bottom) in enumerate(params.boxes_px):
        if right > width or bottom > height:
            raise ValueError(f"signal {params.group!r}: a lamp lies outside the picture of {width}×{height}")
        if right > left:
            b, g, r = bgr[top:bottom, left:right].reshape(-1, 3).T.astype(np.float64)
            own, other = ((r, (g + b) / 2), ((r + g) / 2, b), (g, r))[lamp]
            light = own + np.maximum(own - other, 0.0)
            brightest = max(round(BRIGHT_SHARE * len(light)), 1)
            level[lamp] = np.partition(light, -brightest)[-brightest:].mean()
    contrast: NDArray[np.float64] = np.log2((level + BLACK) / (np.nanmin(level) + BLACK))
    return contrast


def _lit(contrast: NDArray[np.float64], state: LampState) -> NDArray[np.bool_]:
    """Which lamps are lit [3]."""
    between = np.clip((state.dark + state.lit) / 2, WEAKEST, STRONGEST)
    needed = np.where(np.isnan(between), LEAST, between)
    lit: NDArray[np.bool_] = contrast >= np.maximum(needed, OF_BRIGHTEST * np.nanmax(contrast))
    return lit


def _unflashed(state: LampState, time_ns: int, seen: SignalState) -> tuple[LampState, SignalState]:
    """What a look means, given the ambers before it."""
    ambers = tuple(began for began in state.ambers_ns if time_ns - began < FLASHING_NS)
    if seen not in (SignalState.AMBER, SignalState.UNKNOWN):
        ambers = ()
    elif seen == SignalState.AMBER != state.seen:
        ambers = (*ambers, time_ns)
    off = len(ambers) >= MOST_AMBERS and seen in (SignalState.AMBER, SignalState.UNKNOWN)
    return replace(state, seen=seen, ambers_ns=ambers), SignalState.OFF if off else seen


def _believed(state: LampState) -> LampState:
    """The phases after the last look."""
    now_ns = state.time_ns
    assert now_ns is not None
    if state.shown == _current(state):
        return replace(state, confirmed_ns=now_ns)
    if state.shown == SignalState.OFF or (state.shown and now_ns - state.since_ns >= BELIEVED_NS):
        return replace(_followed_by(state, state.shown, state.since_ns), confirmed_ns=now_ns)
    if _current(state) and now_ns - state.confirmed_ns >= DOUBTED_NS:
        doubted = _followed_by(state, SignalState.UNKNOWN, state.confirmed_ns + 1)
        return replace(doubted, dark=NOT_SEEN, lit=NOT_SEEN)
    return state


def _current(state: LampState) -> SignalState:
    return SignalState(state.state[-1]) if len(state.state) else SignalState.UNKNOWN


def _followed_by(state: LampState, shown: SignalState, since_ns: int) -> LampState:
    if shown == _current(state):
        return state
    return replace(
        state,
        start_ns=np.append(state.start_ns, since_ns)[-KEPT_PHASES:],
        state=np.append(state.state, np.uint8(shown))[-KEPT_PHASES:],
    )


def _learnt(usual: NDArray[np.float64], new: NDArray[np.float64]) -> NDArray[np.float64]:
    """The running mean [3] after a look; NaN where there is none yet, or nothing new."""
    moved = np.where(np.isnan(usual), new, usual + MEMORY * (new - usual))
    return np.where(np.isnan(new), usual, moved)
