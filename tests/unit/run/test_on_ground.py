"""What all measures on the ground remember together."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest

from flaneur.data.errors import UserError
from flaneur.data.kinds import FOOTPRINT_M, Kind
from flaneur.data.private import GroundTracks
from flaneur.data.signals import SignalPhases, SignalState
from flaneur.data.time import SECOND_NS
from flaneur.release.placemap import PlaceMapAccumulator
from flaneur.run.on_ground import OnGround
from support.sites import EVERYTHING, camera

CYCLE_NS = 20 * SECOND_NS
BATCH, LOOKS, QUIET_S = 5_000, 2, 15
FEW = 200
"""Numbers by which states differ that are about places: the crowd's last minute, looks of the running second."""
SIZE_M = np.array([FOOTPRINT_M[kind] for kind in Kind])


def measures() -> tuple[OnGround, dict[str, SignalPhases]]:
    start_ns = np.arange(0, 100 * CYCLE_NS, CYCLE_NS // 2)
    state = np.tile(np.array((SignalState.GREEN, SignalState.RED), np.uint8), len(start_ns) // 2)
    phases = {"light": SignalPhases("light", start_ns, state)}
    everything = camera()
    return OnGround(everything, everything.ground_places, phases), phases


def crowds(batches: int) -> Iterator[GroundTracks]:
    """So many times 5,000 road users one after the other, each seen twice, then nobody for a while."""
    rng, ended, look = np.random.default_rng(0), np.zeros(0, np.int64), 0
    for _ in range(batches):
        xy, velocity = rng.uniform((-60.0, -60.0), (60.0, 60.0), (BATCH, 2)), rng.normal(0.0, 4.0, (BATCH, 2))
        kind = np.where(rng.random(BATCH) < 0.005, Kind.CAR, Kind.PEDESTRIAN).astype(np.uint8)
        ids = rng.integers(2**62, size=BATCH)
        for _ in range(LOOKS):
            xy = xy + 0.3 * velocity
            yield seen(look, xy, velocity, ids, kind, ended)
            ended, look = ended[:0], look + 1
        ended = ids
    none = np.zeros((0, 2))
    for _ in range(round(QUIET_S / 0.3)):
        yield seen(look, none, none, ended[:0], np.zeros(0, np.uint8), ended)
        ended, look = ended[:0], look + 1


def seen(
    look: int, xy: np.ndarray, velocity: np.ndarray, ids: np.ndarray, kind: np.ndarray, ended: np.ndarray
) -> GroundTracks:
    same = np.full(len(ids), 0.1)
    return GroundTracks(
        time_ns=look * 3 * SECOND_NS // 10,
        xy_m=xy,
        velocity_mps=velocity,
        acceleration_mps2=np.zeros_like(xy),
        heading_rad=np.arctan2(velocity[:, 1], velocity[:, 0]),
        size_m=SIZE_M[kind],
        sigma_m=same,
        sigma_mps=same,
        scale_sigma=same,
        track_id=ids,
        kind=kind,
        ended=ended,
    )


def numbers_in(thing: Any) -> int:
    """How many numbers are kept in a state, in arrays and otherwise, but for how often something was where."""
    if isinstance(thing, PlaceMapAccumulator):
        return 0
    if isinstance(thing, np.ndarray):
        return sum(map(numbers_in, thing.ravel())) if thing.dtype == object else thing.size
    if isinstance(thing, dict):
        return sum(map(numbers_in, thing.values()))
    if isinstance(thing, list | tuple | set | frozenset):
        return sum(map(numbers_in, thing))
    if is_dataclass(thing) and not isinstance(thing, type):
        return sum(numbers_in(getattr(thing, f.name)) for f in fields(thing))
    if type(thing).__module__.startswith("flaneur.") and hasattr(thing, "__dict__"):
        return numbers_in(vars(thing))
    return 1


def remembered(batches: int) -> int:
    on_ground, phases = measures()
    told, most = 0, 0
    for look, tracks in enumerate(crowds(batches)):
        told += len(on_ground.step(tracks, phases).samples)
        most = max(most, numbers_in(on_ground)) if look < LOOKS else most
    assert told > 10 * batches, "something must have happened"
    after = numbers_in(on_ground)
    assert most > after + BATCH, "who is there is remembered"
    return after


def test_of_a_hundred_thousand_who_are_gone_nothing_is_left() -> None:
    assert abs(remembered(20) - remembered(1)) < FEW


@pytest.mark.parametrize(("per_m2", "people"), [(0.0299, 2.99), (0.01, 1.0)])
def test_an_alarm_that_fewer_than_three_would_raise_is_refused(per_m2: float, people: float) -> None:
    square = camera(EVERYTHING.replace("[0.05, 0.5]", f"[{per_m2}, 0.5]"))
    assert people == pytest.approx(per_m2 * 100.0)
    with pytest.raises(UserError, match=r"zone 'square'.* give 0.03 or more"):
        OnGround(square, square.ground_places, {})
    enough = camera(EVERYTHING.replace("[0.05, 0.5]", "[0.03, 0.5]"))
    OnGround(enough, enough.ground_places, measures()[1])
