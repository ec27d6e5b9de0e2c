from dataclasses import fields

import numpy as np

from flaneur.data.geometry import IN, OUT, TO_RIGHT, WHOLE_PICTURE, Flow, GroundLine, GroundZone
from flaneur.data.kinds import Kind
from flaneur.measure import traffic
from flaneur.measure.passing import Places
from flaneur.measure.traffic import Traffic
from support.grounds import Drive, roll, tracks_m
from support.roads import measured

PLACES = Places.on_ground(
    [
        GroundLine("first", np.array([(10.0, -5.0), (10.0, 5.0)])),
        GroundLine("last", np.array([(30.0, -5.0), (30.0, 5.0)])),
    ],
    [GroundZone("between", np.array([(15.0, -5.0), (25.0, -5.0), (25.0, 5.0), (15.0, 5.0)]))],
    [Flow("through", "first", "last")],
)
EASTWARD = Drive([(x, 0.0) for x in np.arange(0.3, 40.0, 1.0)])


def test_one_stepping_tells_everything() -> None:
    told = measured(PLACES, roll(EASTWARD, Drive(EASTWARD.path, start=30, kind=Kind.BUS)))
    assert (told.crossings.place.tolist(), set(told.crossings.direction.tolist())) == ([0, 1, 0, 1], {TO_RIGHT})
    assert told.passages.direction.tolist() == [IN, OUT, IN, OUT]
    assert told.flows.kind.tolist() == [Kind.CAR, Kind.BUS]
    for samples, count in (
        (told.spot_speed, 4),
        (told.path_speed, 2),
        (told.zone_speed, 2),
        (told.section_speed, 2),
        (told.travel_time, 2),
        (told.headway, 2),
        (told.gap, 2),
    ):
        assert len(samples) == count


def test_presence_is_told_at_each_moment() -> None:
    _, _, there = traffic.step(traffic.start(PLACES), tracks_m(0.0, [(20.0, 0.0), (0.0, 0.0)]), PLACES)
    assert there.count[:, Kind.CAR].tolist() == [1, 2], f"in the zone and in the {WHOLE_PICTURE}"


def test_nobody_is_no_sample() -> None:
    told = measured(PLACES, [tracks_m(n / 10, np.zeros((0, 2))) for n in range(20)])
    assert [len(getattr(told, f.name)) for f in fields(Traffic)] == [0] * len(fields(Traffic))


def test_nothing_is_kept_of_tracks_that_ended() -> None:
    state = traffic.start(PLACES)
    rng = np.random.default_rng(5)
    sizes = set()
    for n in range(20):
        crowd = [Drive(rng.uniform((0, -5), (40, 5), (6, 2))) for _ in range(30)]
        for tracks in roll(*crowd, ids=range(30 * n + 1, 30 * n + 31)):
            state, _, _ = traffic.step(state, tracks, PLACES)
        tables = (
            state.passing.lines,
            state.passing.zones,
            state.passing.flows,
            state.paths,
            state.visits,
            state.sections,
        )
        sizes.add(tuple(len(table) for table in tables))
    assert sizes == {(0,) * 6}
