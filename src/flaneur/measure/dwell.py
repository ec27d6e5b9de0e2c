"""How long road users stay in zones, and how long of that they stand.

A stay lasts from the moment of entry to that of leaving, both debounced as in `flaneur.measure.zones`. It was cut off,
and lasted at least as long as seen, if the road user was inside from the beginning of its track, or was lost there
other than at the border, or when the video ended. Cut-off stays must not be left out: the product-limit estimate of
`flaneur.release.survival` makes the right figures of both.

With the lane before a stop line as zone, the time that somebody stands is the stopped delay of the approach (*Highway
Capacity Manual*, 7th edition, 2022, chapter 31).
"""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from flaneur.data.geometry import IN, OUT
from flaneur.data.private import Feet, GroundTracks, Private, Samples
from flaneur.data.time import SECOND_NS
from flaneur.measure.memory import Passes, TrackTable, admit, evict, put, rows_of
from flaneur.measure.passing import Passed
from flaneur.measure.standing import STANDING, Standing
from flaneur.measure.zones import Zones

Array = NDArray[np.float64]

COMPLETE, CUT_OFF = 0, 1
"""Groups of the samples."""
NEVER = -1
SLOWEST_MPS = 0.3
"""Nobody passes a border more slowly, whatever the noise of the speed says."""


@dataclass(frozen=True, slots=True, eq=False)
class DwellParams:
    """Zones in metres, the same that `passing` was given, and who stands."""

    zones: Zones
    standing: Standing = STANDING

    def __post_init__(self) -> None:
        flat = np.flatnonzero(~(self.zones.clear > 0.0))
        if len(flat):
            raise ValueError(
                f"zone {flat[0] + 1} has no area: nobody can stay in it; give its corners in order around it"
            )


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class DwellState(TrackTable):
    """Each live track as last seen, and its stays."""

    BLANK: ClassVar[dict[str, Any]] = {"since_ns": NEVER}

    kind: NDArray[np.uint8]
    """[m]"""
    seen_ns: NDArray[np.int64]
    """[m]"""
    foot_m: Array
    """[m, 2]"""
    clear_m: Array
    """[m] how near to a border somebody may be lost and have left all the same."""
    stands: NDArray[np.bool_]
    """[m]"""
    inside: NDArray[np.bool_]
    """[m, zones]"""
    since_ns: NDArray[np.int64]
    """[m, zones] when the stay began, `NEVER` where there is none."""
    entered: NDArray[np.bool_]
    """[m, zones] False where the stay began before the track."""
    error_s: Array
    """[m, zones] standard deviation of the moment of entry."""
    stood_s: Array
    """[m, zones] time that was stood in this stay, so far."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Dwelt(Private):
    """Two samples of each stay that is over, at its end; `place` is the index of the zone, `group` COMPLETE or CUT_OFF.

    A stay during which nobody stood has waited for 0 s.
    """

    stay_s: Samples
    wait_s: Samples


NOTHING = Dwelt(Samples.none(), Samples.none())


def start(params: DwellParams) -> DwellState:
    """Nobody has been seen yet."""
    ids, none, flat = np.zeros(0, np.int64), np.zeros(0), np.zeros((0, len(params.zones)))
    no = flat.astype(np.bool_)
    return DwellState(
        ids, ids.astype(np.uint8), ids, np.zeros((0, 2)), none, none > 0.0, no, flat.astype(np.int64), no, flat, flat
    )


def step(
    state: DwellState, tracks: GroundTracks, feet: Feet, passed: Passed, params: DwellParams
) -> tuple[DwellState, Dwelt]:
    """One frame, its feet on the ground and what `passing.step` made of them; the stays that are over by it."""
    if not len(params.zones):
        return state, NOTHING
    state, row, _ = admit(state, tracks.track_id)
    state = _look(state, row, tracks, feet, passed.inside, params)
    ended = rows_of(state, tracks.ended)
    been = state.since_ns[ended] != NEVER
    if len(passed.zones):
        (vx, vy), error_s = tracks.velocity_mps.T, np.zeros(len(state))
        error_s[row] = tracks.sigma_m / np.fmax(np.sqrt(vx * vx + vy * vy), SLOWEST_MPS)
        state, left = _pass(state, passed.zones, error_s, params)
    else:
        left = NOTHING
    if not len(ended):
        return state, left
    return evict(state, ended), _joined(left, _lost(state, ended, been, params))


def finish(state: DwellState, passed: Passed, params: DwellParams) -> Dwelt:
    """The stays that the end of the video cuts off, after what `passing.finish` settled."""
    if not len(params.zones):
        return NOTHING
    state, left = _pass(state, passed.zones, np.zeros(len(state)), params)
    everyone = np.arange(len(state))
    return _joined(left, _lost(state, everyone, np.zeros(state.since_ns.shape, np.bool_), params))


def _look(
    state: DwellState,
    row: NDArray[np.intp],
    tracks: GroundTracks,
    feet: Feet,
    inside: NDArray[np.bool_],
    params: DwellParams,
) -> DwellState:
    """Where everybody is; and the time that was stood since each was last seen, half for either end at which it was."""
    stood = state.stands[row]
    stands = params.standing.after(stood, tracks)
    stood_s = state.stood_s
    some = np.flatnonzero(stood | stands)
    if len(some):
        at, here = row[some], inside.take(some, axis=0)
        ends = stood[some].astype(np.float64) + stands[some]
        since_s = (tracks.time_ns - state.seen_ns[at]) / SECOND_NS
        more_s = (here & state.inside.take(at, axis=0)) * (0.5 * ends * since_s)[:, None]
        stood_s = put(stood_s, at, stood_s.take(at, axis=0) + more_s)
    is_in = put(state.inside, row, inside)
    stood_s = stood_s * (is_in | (state.since_ns != NEVER))
    return replace(
        state,
        kind=put(state.kind, row, tracks.kind),
        foot_m=put(state.foot_m, row, tracks.xy_m),
        clear_m=put(state.clear_m, row, feet.clear),
        seen_ns=put(state.seen_ns, row, tracks.time_ns),
        stands=put(state.stands, row, stands),
        inside=is_in,
        stood_s=stood_s,
    )


def _pass(state: DwellState, passes: Passes, error_s: Array, params: DwellParams) -> tuple[DwellState, Dwelt]:
    """Begin the stays of those who came, and end those of who left."""
    if not len(passes):
        return state, NOTHING
    row, came = state.track_id.searchsorted(passes.track_id), passes.direction != OUT
    new, walked_in = (row[came], passes.place[came]), passes.direction[came] == IN
    at_border = _near_border(state, new[0], params)[np.arange(came.sum()), new[1]]
    since_ns, entered, entry_error_s = state.since_ns.copy(), state.entered.copy(), state.error_s.copy()
    since_ns[new] = passes.time_ns[came]
    entered[new] = walked_in | at_border
    entry_error_s[new] = np.where(walked_in, error_s[new[0]], 0.0)
    state = replace(state, since_ns=since_ns, entered=entered, error_s=entry_error_s)
    if came.all():
        return state, NOTHING
    row, zone, when_ns = row[~came], passes.place[~came], passes.time_ns[~came]
    stayed = since_ns[row, zone] != NEVER
    row, zone = row[stayed], zone[stayed]
    told = _over(state, row, zone, when_ns[stayed], error_s[row], entered[row, zone])
    stood_s = state.stood_s.copy()
    since_ns[row, zone], stood_s[row, zone] = NEVER, 0.0
    return replace(state, stood_s=stood_s), told


def _lost(state: DwellState, rows: NDArray[np.intp], been: NDArray[np.bool_], params: DwellParams) -> Dwelt:
    """The stays of those who are seen no more; who had `been` inside [rows, zones] and is at the border has left."""
    i, zone = np.nonzero(state.since_ns[rows] != NEVER)
    if not len(i):
        return NOTHING
    left = been[i, zone] & _near_border(state, rows[i], params)[np.arange(len(i)), zone]
    row = rows[i]
    return _over(state, row, zone, state.seen_ns[row], np.zeros(len(row)), left & state.entered[row, zone])


def _near_border(state: DwellState, row: NDArray[np.intp], params: DwellParams) -> NDArray[np.bool_]:
    """Who is so near to the border of each zone that debouncing could not tell the side, [rows, zones].

    Where a zone ends with what the camera sees, tracks begin and end a little inside of it.
    """
    clear_m = np.minimum(state.clear_m[row, None], params.zones.clear)
    near: NDArray[np.bool_] = params.zones.border(state.foot_m[row]) < clear_m
    return near


def _over(
    state: DwellState,
    row: NDArray[np.intp],
    zone: NDArray[np.intp],
    until_ns: NDArray[np.int64],
    error_s: Array,
    complete: NDArray[np.bool_],
) -> Dwelt:
    """The samples of stays that ended at `until_ns`."""
    if not len(row):
        return NOTHING
    stay_s = (until_ns - state.since_ns[row, zone]) / SECOND_NS
    wait_s = np.minimum(state.stood_s[row, zone], stay_s)
    noise_s, none = np.hypot(state.error_s[row, zone], error_s), np.zeros(len(row))
    group = np.where(complete, COMPLETE, CUT_OFF).astype(np.int8)

    def samples(value: Array, noise: Array) -> Samples:
        return Samples(until_ns, zone.astype(np.int32), group, state.kind[row], value, noise, none)

    return Dwelt(samples(stay_s, noise_s), samples(wait_s, none))


def _joined(*parts: Dwelt) -> Dwelt:
    return Dwelt(Samples.joined(*(p.stay_s for p in parts)), Samples.joined(*(p.wait_s for p in parts)))
