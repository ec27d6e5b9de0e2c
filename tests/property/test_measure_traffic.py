"""What holds for all figures on the ground alike."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from flaneur.data.geometry import Flow, GroundLine, GroundZone
from flaneur.data.kinds import Kind
from flaneur.data.private import Events, GroundTracks
from flaneur.data.time import SECOND_NS, to_ns
from flaneur.measure.passing import Places
from flaneur.measure.traffic import Traffic
from support.grounds import Drive, roll
from support.roads import measured

LINES = (np.array([(-20.0, 0.0), (3.0, 1.0), (20.0, -4.0)]), np.array([(7.0, -20.0), (9.0, 20.0)]))
ZONES = (np.array([(-12.0, -15.0), (0.0, -9.0), (-4.0, 14.0)]), np.array([(2.0, -3.0), (16.0, 3.0), (2.0, 12.0)]))
FLOWS = (Flow("a", "z0", "l1"), Flow("b", "z0", "z1"), Flow("c", "l1", "z0"))
"""Between places that lie apart: where both ends meet, which of them is settled first is not the same backwards."""
BACK = tuple(Flow(flow.name, flow.destination, flow.origin) for flow in FLOWS)
ONE_WAY = ("flows", "acceleration", "headway", "gap")
"""What tells first from second, or entering from leaving, is not the same seen backwards."""
Figures = dict[tuple[str, int, int, int], list[float]]
"""(measure, place, direction or group, kind) -> values, or moments in seconds of events; sorted."""


def places(scale: float = 1.0, turn: float = 0.0, shift: tuple[float, float] = (0.0, 0.0), flows=FLOWS) -> Places:
    lines = [GroundLine(f"l{n}", moved(xy * scale, turn, shift)) for n, xy in enumerate(LINES)]
    zones = [GroundZone(f"z{n}", moved(xy * scale, turn, shift)) for n, xy in enumerate(ZONES)]
    return Places.on_ground(lines, zones, flows)


def moved(xy: NDArray[np.float64], turn: float, shift: tuple[float, float] = (0.0, 0.0)) -> NDArray[np.float64]:
    c, s = np.cos(turn), np.sin(turn)
    return xy @ np.array([(c, s), (-s, c)]) + shift


def figures(told: Traffic) -> Figures:
    out: Figures = {}
    for f in fields(Traffic):
        part = getattr(told, f.name)
        events = isinstance(part, Events)
        columns = part.place, part.direction if events else part.group, part.kind
        values = part.time_ns / SECOND_NS if events else part.value
        for *key, value in zip(*(column.tolist() for column in columns), values.tolist(), strict=True):
            out.setdefault((f.name, *key), []).append(value)
    return {key: sorted(values) for key, values in out.items()}


def alike(a: Figures, b: Figures, abs_tol: float = 1e-5) -> None:
    assert a.keys() == b.keys()
    for key, values in a.items():
        assert values == pytest.approx(b[key], abs=abs_tol), key


def of(frames: list[GroundTracks], where: Places) -> Figures:
    return figures(measured(where, frames))


OFF_GRID = np.array((0.0371, 0.0113))
"""Keeps feet off lines and borders, where rounding would decide on the side."""
grid = st.tuples(st.integers(-20, 20), st.integers(-20, 20))
walks = st.builds(
    lambda points, start, kind: Drive(np.array(points, np.float64) * 0.7 + OFF_GRID, start, kind),
    st.lists(grid, min_size=1, max_size=20),
    st.integers(0, 10),
    st.sampled_from([Kind.PEDESTRIAN, Kind.CAR, Kind.BUS]),
)


def straight(origin: tuple[int, int], aim: tuple[int, int], speed: float, start: int, kind: Kind) -> Drive:
    """From far outside through one point of the middle and out again, at even speed."""
    begin = 30.0 * np.array((np.cos(origin[0] / 3), np.sin(origin[0] / 3)))
    way = (np.array(aim) / 4 + OFF_GRID) - begin
    way /= np.hypot(*way)
    return Drive(begin + np.arange(0.0, 60.0, speed / 10)[:, None] * way, start, kind)


drives = st.builds(
    straight, grid, grid, st.floats(6.0, 15.0), st.integers(0, 30), st.sampled_from([Kind.BICYCLE, Kind.CAR, Kind.BUS])
)
scenes = st.lists(walks, min_size=1, max_size=4)
law = settings(deadline=None, max_examples=15)


@law
@given(scenes, st.floats(-3.1, 3.1), st.tuples(st.floats(-5e5, 5e5), st.floats(-5e6, 5e6)))
def test_the_world_may_be_turned_and_moved(scene: list[Drive], turn: float, shift: tuple[float, float]) -> None:
    elsewhere = [replace(drive, path=moved(np.asarray(drive.path), turn, shift)) for drive in scene]
    alike(of(roll(*elsewhere), places(turn=turn, shift=shift)), of(roll(*scene), places()), 1e-4)


@law
@given(scenes, st.randoms(use_true_random=False))
def test_ids_mean_nothing(scene: list[Drive], random) -> None:
    ids = random.sample(range(1, 2**62), len(scene))
    assert of(roll(*scene, ids=ids), places()) == of(roll(*scene), places())


@law
@given(scenes, scenes, st.integers(12, 300))
def test_a_stream_can_be_split_where_nothing_was_seen(before: list[Drive], after: list[Drive], pause: int) -> None:
    first = roll(*before)
    later = [replace(drive, start=drive.start + len(first) + pause) for drive in after]
    second = roll(*later, ids=range(101, 101 + len(later)))[len(first) + pause :]
    parts = [of(first, places()), of(second, places())]
    whole = {key: sorted([value for part in parts for value in part.get(key, [])]) for key in parts[0] | parts[1]}
    assert of(first + second, places()) == whole


@law
@given(st.lists(drives, min_size=1, max_size=3))
def test_seen_backwards_directions_swap_and_speeds_stay(scene: list[Drive]) -> None:
    frames = roll(*scene)[:-1]
    end_ns = frames[-1].time_ns
    back = [
        replace(f, time_ns=end_ns - f.time_ns, velocity_mps=-f.velocity_mps, heading_rad=f.heading_rad + np.pi)
        for f in frames[::-1]
    ]
    gone = [np.setdiff1d(a.track_id, b.track_id) for a, b in zip([back[0], *back], back, strict=False)]
    back = [replace(f, ended=ended) for f, ended in zip(back, gone, strict=True)]
    there, again = of(frames, places()), of(back, places(flows=BACK))
    mirrored: Figures = {}
    for (measure, place, side, kind), values in again.items():
        if measure in ("crossings", "passages"):
            key, values = (measure, place, -side, kind), [end_ns / SECOND_NS - value for value in values]
        else:
            key = (measure, place, 1 - side if measure == "spot_speed" else side, kind)
        mirrored[key] = sorted(values)
    alike(*({key: values for key, values in part.items() if key[0] not in ONE_WAY} for part in (there, mirrored)))


@law
@given(st.lists(drives, min_size=1, max_size=3))
def test_half_the_unit_is_half_the_speed_and_no_other_time(scene: list[Drive]) -> None:
    # so unsure of its place a road user has to be clear of a border by more than the least length, which is no share
    frames = roll(*(replace(drive, sigma_m=0.4) for drive in scene))
    lengths = ("xy_m", "velocity_mps", "acceleration_mps2", "size_m", "sigma_m")
    half = [replace(f, **{name: getattr(f, name) / 2 for name in lengths}) for f in frames]
    expected = {
        key: [value / 2 if "speed" in key[0] or key[0] == "acceleration" else value for value in values]
        for key, values in of(frames, places()).items()
    }
    alike(of(half, places(0.5)), expected)


@law
@given(drives)
def test_even_speed_is_the_speed_everywhere(drive: Drive) -> None:
    speed = float(np.hypot(*(np.asarray(drive.path)[1] - np.asarray(drive.path)[0])) * 10)
    told = measured(places(), roll(drive))
    for measure in ("spot_speed", "path_speed", "zone_speed", "section_speed"):
        assert getattr(told, measure).value == pytest.approx(speed, rel=1e-6)
    assert len(told.spot_speed) == len(told.crossings)
    assert len(told.path_speed) == 1
    assert (told.section_speed.time_ns >= to_ns(drive.start / 10)).all()
    assert len(told.headway) == 0
