"""Near misses: time to collision, deceleration to avoid a crash and post-encroachment time, by severity and place.

A figure is about a place, never about two people: what leaves is one value per encounter, where it was on a grid of
1 m, and which kinds met. The tracks that were in it are forgotten when the encounter is over.

Severity, from what is published (`ConflictParams` can say otherwise):
- TTC below 1.5 s is serious (Hydén, 1987; van der Horst, 1990; the threshold of SSAM, FHWA 2008), below 3 s slight
  (Minderhoud, Bovy, 2001, for the wider end of what is in use).
- PET below 1.5 s is serious (Archer, 2005), below 5 s slight (the threshold of SSAM).
- DRAC above 3.35 m/s² is slight: more than comfortable braking (Archer, 2005; AASHTO designs for 3.4 m/s²);
  above 6 m/s² it is serious: emergency braking (Hydén, 1996).
- `uncertain`: at no moment did the footprints overlap by more than the error of the positions at the 95 % level. Noise
  of boxes makes such near misses out of nothing, so that they are told apart and never counted as slight or serious.

No near miss: two pedestrians, who pass one another within centimetres at will; a pair in which no vehicle is faster
than `slow_mps` beyond doubt, as in a queue, at a parked car and among those who get in; whoever closes in more slowly.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from flaneur.data.geometry import GroundZone
from flaneur.data.kinds import pair_code
from flaneur.data.private import GroundTracks, Private
from flaneur.data.time import SECOND_NS
from flaneur.measure.collision import Contacts, Moving, contacts, may_meet
from flaneur.measure.encounters import Encounters, endangers, noted, pair_key, parted
from flaneur.measure.encroachment import CROSS_RAD, Encroachments, encroachments
from flaneur.measure.legs import LEG_NS, Second
from flaneur.measure.memory import NO_ROWS
from flaneur.measure.near_misses import NO_NEAR_MISSES, NearMisses, Spots, samples_of, spots_of

NOBODY = Encounters.none()
NO_ENCROACHMENTS = Encroachments.none()


@dataclass(frozen=True, slots=True)
class ConflictParams:
    """What counts as a near miss, and the places by which they are told."""

    zones: tuple[GroundZone, ...] = ()
    ttc_s: tuple[float, float] = (1.5, 3.0)
    """Below the first it is serious, below the second slight. DRAC is looked for within the second too."""
    pet_s: tuple[float, float] = (1.5, 5.0)
    """The same for post-encroachment times; the second is also how long the ground remembers."""
    drac_mps2: tuple[float, float] = (6.0, 3.35)
    """Above the first it is serious, above the second slight."""
    slow_mps: float = 1.5
    """Vehicles not faster than this beyond doubt endanger nobody, nor does anybody who closes in more slowly."""
    turning: bool = True
    """Whether those who turn are expected to go on turning; otherwise everybody goes straight on."""

    def __post_init__(self) -> None:
        for name, (serious, slight) in (("ttc_s", self.ttc_s), ("pet_s", self.pet_s), ("drac_mps2", self.drac_mps2)):
            if not (0 < serious <= slight if name != "drac_mps2" else 0 < slight <= serious):
                raise ValueError(f"conflicts: {name} = {(serious, slight)} must be positive, the serious one first")


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ConflictState(Private):
    """The last seconds of everybody's ways, and the pairs that are meeting."""

    looks: tuple[GroundTracks, ...]
    """Of the running second, oldest first; the oldest ends the second before."""
    seconds: tuple[Second, ...]
    """Within the horizon, oldest first."""
    open: tuple[Second, ...]
    """Those that the newest of them is still to be compared with: some at each look, so that none takes long."""
    ttc: Encounters
    drac: Encounters
    pet: Encroachments


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Over(Private):
    """Encounters that are over and still know who was in them; for comparison with references inside a process."""

    ttc: Encounters
    drac: Encounters
    pet: Encroachments


def start(params: ConflictParams) -> ConflictState:  # noqa: ARG001
    """Nobody has been seen yet."""
    return ConflictState((), (), (), NOBODY, NOBODY, NO_ENCROACHMENTS)


def step(state: ConflictState, tracks: GroundTracks, params: ConflictParams) -> tuple[ConflictState, NearMisses]:
    """One look; the near misses that are over by now."""
    state, over = advance(state, tracks, params)
    return state, _told(over, params)


def finish(state: ConflictState, params: ConflictParams) -> NearMisses:
    """The near misses that the end cuts off."""
    return _told(settle(state, params), params)


def advance(state: ConflictState, tracks: GroundTracks, params: ConflictParams) -> tuple[ConflictState, Over]:
    """Like `step`, and says who was in the encounters."""
    ttc, drac = _courses(tracks, params)
    ttc, ttc_over = parted(noted(state.ttc, ttc), tracks.time_ns)
    drac, drac_over = parted(noted(state.drac, drac), tracks.time_ns)
    looks = state.looks
    if not looks or tracks.time_ns - looks[-1].time_ns >= LEG_NS:
        looks = (*looks, tracks)
    state = replace(state, looks=looks, ttc=ttc, drac=drac)
    since_s = (tracks.time_ns - looks[0].time_ns) / SECOND_NS
    due = math.ceil(since_s * len(state.seconds)) - (len(state.seconds) - len(state.open))
    state, pet_over = _compared(state, due)
    if looks[-1].time_ns - looks[0].time_ns >= SECOND_NS:
        state = _second(state, params)
    return state, Over(ttc_over, drac_over, pet_over)


def settle(state: ConflictState, params: ConflictParams) -> Over:
    """All encounters that are not over yet."""
    state, pet_over = _compared(state, len(state.open))
    parts = [pet_over]
    if len(state.looks) > 1:
        state = _second(state, params)
        state, pet_over = _compared(state, len(state.open))
        parts.append(pet_over)
    pet = state.pet.take(state.pet.angle_rad >= CROSS_RAD)
    return Over(state.ttc, state.drac, Encroachments.joined((*parts, pet)))


def _courses(tracks: GroundTracks, params: ConflictParams) -> tuple[Encounters, Encounters]:
    """Collision courses of this moment, for the time to collision and for the deceleration."""
    horizon_s = params.ttc_s[1]
    tracks = _within_reach(tracks, params)
    if not len(tracks):
        return NOBODY, NOBODY
    moving = Moving.of(tracks, params.turning, horizon_s)
    dangerous = endangers(moving.tracks, params.slow_mps)
    found = contacts(moving, *may_meet(*moving.bounds_m(), dangerous))
    if not len(found.a):
        return NOBODY, NOBODY
    found = found.take(found.closing_mps > params.slow_mps)
    braked = found.take(found.drac_mps2 > params.drac_mps2[1])
    return (
        _sightings(moving, found, found.ttc_s, 1, found.ttc_noise_s, found.ttc_bias_s),
        _sightings(
            moving,
            braked,
            braked.drac_mps2,
            -1,
            braked.drac_noise_mps2,
            braked.drac_mps2 * np.maximum(*(moving.tracks.scale_sigma[rows] for rows in (braked.a, braked.b))),
        ),
    )


def _within_reach(tracks: GroundTracks, params: ConflictParams) -> GroundTracks:
    """Those whose velocity is known and who may come to where the dangerous ones do, at the speeds of now."""
    (x, y), (vx, vy), (length, width) = tracks.xy_m.T, tracks.velocity_mps.T, tracks.size_m.T
    speed = np.sqrt(vx * vx + vy * vy)
    dangerous = endangers(tracks, params.slow_mps)
    if not dangerous.any():
        return tracks.take(NO_ROWS)
    reach = speed * params.ttc_s[1] + (length + width) / 2
    near = np.isfinite(speed)
    for at in (x, y):
        low, high = at - reach, at + reach
        near &= (low <= high[dangerous].max()) & (high >= low[dangerous].min())
    return tracks.take(near)


def _sightings(
    moving: Moving,
    found: Contacts,
    value: NDArray[np.float64],
    worse: int,
    noise: NDArray[np.float64],
    bias: NDArray[np.float64],
) -> Encounters:
    """Contacts as encounters; `worse` is -1 where high values are bad."""
    tracks = moving.tracks
    a, b = tracks.track_id[found.a], tracks.track_id[found.b]
    low, high = np.minimum(a, b), np.maximum(a, b)
    now = np.full(len(value), tracks.time_ns)
    kind = pair_code(tracks.kind[found.a], tracks.kind[found.b])
    return Encounters(
        key=pair_key(low, high),
        pair=np.stack((low, high), axis=1),
        kind=kind,
        last_ns=now,
        time_ns=now,
        xy_m=found.xy_m,
        value=value,
        badness=worse * value,
        noise=noise,
        bias=bias,
        sure=found.sure,
    )


def _second(state: ConflictState, params: ConflictParams) -> ConflictState:
    """The looks of a whole second become legs, which are to be compared with those of the horizon and themselves."""
    new = Second.of(state.looks, params.slow_mps)
    since_s = state.looks[0].time_ns / SECOND_NS - params.pet_s[1]
    seconds = (*(second for second in state.seconds if second.end_s >= since_s), new)
    return replace(state, looks=state.looks[-1:], seconds=seconds, open=seconds)


def _compared(state: ConflictState, number: int) -> tuple[ConflictState, Encroachments]:
    """The newest second compared with so many of those that are open; what is over, once it is with the last."""
    if number <= 0 or not state.open:
        return state, NO_ENCROACHMENTS
    new, pet, rest = state.seconds[-1], state.pet, state.open[number:]
    for old in state.open[:number]:
        pet = noted(pet, encroachments(new, old))
    if rest:
        return replace(state, open=rest, pet=pet), NO_ENCROACHMENTS
    pet, over = parted(pet, round(new.end_s * SECOND_NS))
    return replace(state, open=rest, pet=pet), over.take(over.angle_rad >= CROSS_RAD)


def _told(over: Over, params: ConflictParams) -> NearMisses:
    """Encounters without those who were in them."""
    if not len(over.ttc) + len(over.drac) + len(over.pet):
        return NO_NEAR_MISSES
    drac = (-params.drac_mps2[0], -params.drac_mps2[1])
    pet = zone_pet = over.pet
    if len(pet):
        pet = pet.take(pet.value < params.pet_s[1])
        zone_pet = replace(pet, value=pet.zone_pet_s())
    spots = [spots_of(table, limits) for table, limits in ((over.ttc, params.ttc_s), (pet, params.pet_s)) if len(table)]
    zones = params.zones
    return NearMisses(
        samples_of(over.ttc, params.ttc_s, zones),
        samples_of(over.drac, drac, zones),
        samples_of(pet, params.pet_s, zones),
        samples_of(zone_pet, params.pet_s, zones),
        Spots.joined(spots) if spots else NO_NEAR_MISSES.spots,
    )
