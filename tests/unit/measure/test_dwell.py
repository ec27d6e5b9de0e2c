from collections.abc import Sequence

import numpy as np
import pytest

from flaneur.data.geometry import GroundZone
from flaneur.data.kinds import Kind
from flaneur.data.private import GroundTracks, Samples
from flaneur.measure import dwell, passing
from flaneur.measure.dwell import COMPLETE, CUT_OFF, DwellParams, Dwelt
from flaneur.measure.feet import ground_feet
from flaneur.measure.passing import Places
from support.grounds import Drive, roll, tracks_m

SQUARE = GroundZone("square", np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]]))
RATE = 10.0


def dwelt(frames: Sequence[GroundTracks], *zones: GroundZone) -> Dwelt:
    """All stays of a scene."""
    places = Places.on_ground(zones=zones or (SQUARE,))
    params = DwellParams(places.zones)
    at, state, told = passing.start(places), dwell.start(params), []
    for tracks in frames:
        feet = ground_feet(tracks)
        at, passed = passing.step(at, feet, places)
        state, now = dwell.step(state, tracks, feet, passed, params)
        told.append(now)
    told.append(dwell.finish(state, passing.finish(at, places), params))
    return Dwelt(Samples.joined(*(t.stay_s for t in told)), Samples.joined(*(t.wait_s for t in told)))


def stays(frames: Sequence[GroundTracks], *zones: GroundZone) -> list[tuple[float, int, float]]:
    """(stay in s, group, wait in s) of each, sorted."""
    told = dwelt(frames, *zones)
    assert told.stay_s.group.tolist() == told.wait_s.group.tolist()
    rows = zip(told.stay_s.value, told.stay_s.group, told.wait_s.value, strict=True)
    return sorted((round(float(stay), 6), int(group), round(float(wait), 6)) for stay, group, wait in rows)


def walk(*legs: tuple[float, float, int], y: float = 5.0) -> list[tuple[float, float]]:
    """Points along x: legs from a to b in so many steps."""
    points = [(legs[0][0], y)]
    for a, b, steps in legs:
        points += [(a + (b - a) * (n + 1) / steps, y) for n in range(steps)]
    return points


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param(walk((-5, 15, 100)), [(5.0, COMPLETE)], id="through"),
        pytest.param(walk((5, 15, 50)), [(2.5, CUT_OFF)], id="was inside from the beginning"),
        pytest.param(walk((-5, 5, 50)), [(2.5, CUT_OFF)], id="was lost inside"),
        pytest.param(walk((4, 6, 20)), [(2.0, CUT_OFF)], id="only ever seen inside"),
        pytest.param(walk((0.2, 12, 118)), [(9.8, COMPLETE)], id="begins at the border"),
        pytest.param(walk((-2, 9.8, 118)), [(9.8, COMPLETE)], id="is lost at the border"),
        pytest.param(walk((-2, 0.2, 22)), [(0.2, CUT_OFF)], id="is lost just behind the border that it came through"),
        pytest.param(walk((-5, -1, 40)), [], id="never there"),
        pytest.param(walk((-5, 0.2, 52), (0.2, -5, 52)), [], id="touches the border"),
        pytest.param(walk((-5, 15, 100), (15, -5, 100)), [(5.0, COMPLETE)] * 2, id="twice"),
    ],
)
def test_stays(path: list[tuple[float, float]], expected: list[tuple[float, int]]) -> None:
    told = [(stay, group) for stay, group, _ in stays(roll(Drive(path, kind=Kind.PEDESTRIAN)))]
    assert [t for t, _ in told] == pytest.approx([t for t, _ in expected], abs=1e-6)
    assert [group for _, group in told] == [group for _, group in expected]


def test_the_end_of_the_video_cuts_stays_off() -> None:
    frames = roll(Drive(walk((-5, 5, 50), (5, 5.1, 100))))
    assert [row[:2] for row in stays(frames[:101])] == [(7.5, CUT_OFF)]
    assert stays(frames[:20]) == []


def test_time_that_is_stood() -> None:
    path = walk((-5, 5, 25), (5, 5, 100), (5, 15, 25))
    ((stay, group, wait),) = stays(roll(Drive(path)))
    assert (stay, group) == (12.5, COMPLETE)
    assert wait == pytest.approx(10.0, abs=0.25)


def test_who_stands_outside_does_not_wait_inside() -> None:
    path = walk((-5, 15, 50), (15, 15, 100), (15, -5, 50))
    assert stays(roll(Drive(path))) == [(2.5, COMPLETE, 0.0)] * 2


def test_standing_before_and_behind_the_border_is_not_of_the_stay() -> None:
    path = walk((-5, -0.2, 24), (-0.2, -0.2, 50), (-0.2, 10.2, 52), (10.2, 10.2, 50), (10.2, 15, 24))
    ((stay, group, wait),) = stays(roll(Drive(path)))
    assert (stay, group) == (5.0, COMPLETE)
    assert wait < 0.5  # of its first step inside, not of the ten seconds outside


def test_a_gap_in_a_track_ends_no_stay() -> None:
    frames = roll(Drive(walk((-5, 5, 25), (5, 5, 100), (5, 15, 25))))
    seen = [tracks if n < 40 or n > 90 else tracks.take(np.zeros(0, np.intp)) for n, tracks in enumerate(frames)]
    assert stays(seen) == stays(frames)


def test_zones_and_kinds_are_kept_apart() -> None:
    half = GroundZone("half", np.array([[5.0, 0.0], [10.0, 0.0], [10.0, 10.0], [5.0, 10.0]]))
    frames = roll(Drive(walk((-5, 15, 100)), kind=Kind.PEDESTRIAN), Drive(walk((-5, 15, 50), y=7.0), kind=Kind.BICYCLE))
    told = dwelt(frames, SQUARE, half).stay_s
    rows = {(int(p), int(k)): round(float(v), 6) for p, k, v in zip(told.place, told.kind, told.value, strict=True)}
    person, rider = Kind.PEDESTRIAN, Kind.BICYCLE
    assert rows == {(0, person): 5.0, (1, person): 2.5, (0, rider): 2.5, (1, rider): 1.25}


def test_the_error_comes_from_the_moments_at_the_border() -> None:
    told = dwelt(roll(Drive(walk((-5, 15, 100)), sigma_m=0.1))).stay_s
    assert told.noise.tolist() == pytest.approx([np.sqrt(2) * 0.1 / 2.0])
    cut_off = dwelt(roll(Drive(walk((-5, 5, 50)), sigma_m=0.1))).stay_s
    assert cut_off.noise.tolist() == pytest.approx([0.1 / 2.0])


def test_nobody_is_remembered_for_ever() -> None:
    places = Places.on_ground(zones=(SQUARE,))
    params = DwellParams(places.zones)
    at, state = passing.start(places), dwell.start(params)
    for n in range(50):
        tracks = tracks_m(float(n), [(5.0, 5.0)], ids=[n + 1], ended=[n])
        feet = ground_feet(tracks)
        at, passed = passing.step(at, feet, places)
        state, _ = dwell.step(state, tracks, feet, passed, params)
    assert len(state) == 1


def test_without_zones_there_is_nothing_to_tell() -> None:
    params = DwellParams(Places.on_ground().zones)
    state = dwell.start(params)
    tracks = tracks_m(0.0, [(0.0, 0.0)])
    places = Places.on_ground()
    _, passed = passing.step(passing.start(places), ground_feet(tracks), places)
    state, told = dwell.step(state, tracks, ground_feet(tracks), passed, params)
    assert not len(state)
    assert not len(told.stay_s)


def test_a_zone_without_area_is_refused() -> None:
    flat = GroundZone("flat", np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]))
    with pytest.raises(ValueError, match="zone 2 has no area"):
        DwellParams(Places.on_ground(zones=(SQUARE, flat)).zones)
