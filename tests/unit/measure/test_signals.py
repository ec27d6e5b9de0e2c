from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from flaneur.data.geometry import TO_LEFT, TO_RIGHT, GroundLine, Line
from flaneur.data.kinds import ALL_KINDS, FOOTPRINT_M, Kind
from flaneur.data.private import Feet, Samples
from flaneur.data.signals import SignalPhases, SignalState
from flaneur.data.time import SECOND_NS
from flaneur.measure import signals
from flaneur.measure.crossings import Lines
from flaneur.measure.feet import picture_feet
from flaneur.measure.signals import RED_CLASSES, STATES, SignalParams, SignalSamples, StopLine
from support.grounds import Drive, roll, tracks_m
from support.walks import Walk, film, straight

UNKNOWN, OFF, RED = SignalState.UNKNOWN, SignalState.OFF, SignalState.RED
RED_AMBER, GREEN, AMBER = SignalState.RED_AMBER, SignalState.GREEN, SignalState.AMBER
VEHICLES = tuple(kind for kind in Kind if kind != Kind.PEDESTRIAN)
STOP = GroundLine("stop", np.array([(0.0, 5.0), (0.0, -5.0)]))
"""Who drives along x crosses it to its left at x = 0."""
RATE = 5
CAR_M = FOOTPRINT_M[Kind.CAR][0]
CYCLE = ((0, GREEN), (10, AMBER), (13, RED), (40, RED_AMBER), (41, GREEN), (60, AMBER), (63, RED))


def phases(*rows: tuple[float, SignalState]) -> SignalPhases:
    start_ns = np.array([round(s * SECOND_NS) for s, _ in rows], np.int64)
    return SignalPhases("north", start_ns, np.array([state for _, state in rows], np.uint8))


def params(
    *rows: tuple[float, SignalState], kinds: tuple[Kind, ...] = VEHICLES, direction: int = TO_LEFT
) -> SignalParams:
    return SignalParams(Lines.on_ground([STOP]), (StopLine(direction, kinds, phases(*rows or CYCLE)),))


def crossing_at(*times_s: float, kind: Kind = Kind.CAR, backwards: bool = False) -> list[Feet]:
    """Fronts of road users at 10 m/s that cross the line at these times."""
    drives = []
    for time_s in times_s:
        start = round(time_s * RATE) - 2 * RATE
        ahead = FOOTPRINT_M[kind][0] / 2 if kind != Kind.PEDESTRIAN else 0.0
        x = 10.0 * ((np.arange(4 * RATE + 1) + start) / RATE - time_s)
        x = -x + ahead if backwards else x - ahead
        drives.append(Drive(np.stack((x, np.zeros(len(x))), axis=1), start=start, kind=kind))
    return [signals.fronts(tracks) for tracks in roll(*drives, rate=RATE)]


def play(feet: Iterable[Feet], given: SignalParams) -> SignalSamples:
    state, told = signals.start(given), []
    for moment in feet:
        state, samples = signals.step(state, moment, given)
        told.append(samples)
    told.append(signals.finish(state, given))
    names = ("crossings", "red", "phases", "green_use")
    return SignalSamples(*(Samples.joined(*(getattr(samples, name) for samples in told)) for name in names))


def rows(samples: Samples, groups: Sequence[str] = ("",)) -> list[tuple[float, str, float]]:
    """(time, group, value), in order."""
    times_s, values = samples.time_ns / SECOND_NS, samples.value
    return sorted((round(t, 3), groups[g], round(v, 3)) for t, g, v in zip(times_s, samples.group, values, strict=True))


@pytest.mark.parametrize(
    ("time_s", "state", "since_s"),
    [(3.0, "green", 3.0), (11.5, "amber", 1.5), (13.04, "red", 0.04), (40.5, "red-amber", 0.5), (41.0, "green", 0.0)],
)
def test_a_crossing_meets_the_state_of_its_moment(time_s, state, since_s):
    got = play(crossing_at(time_s), params()).crossings
    assert rows(got, STATES) == [(time_s, state, since_s)]
    assert got.kind.tolist() == [Kind.CAR]


@pytest.mark.parametrize(("after_s", "label"), list(zip((0.5, 1.5, 4.9, 20.0), RED_CLASSES, strict=True)))
def test_classes_of_red(after_s, label):
    assert rows(play(crossing_at(13 + after_s), params()).red, RED_CLASSES) == [(13 + after_s, label, after_s)]


def test_the_front_decides_and_on_foot_the_foot():
    car = tracks_m(0, [(-CAR_M / 2 + 0.1, 0)], (3, 0))
    assert signals.fronts(car).xy[0] == pytest.approx((0.1, 0))
    turned = tracks_m(0, [(1, 1)], (0, 3), kind=Kind.BUS)
    assert signals.fronts(turned).xy[0] == pytest.approx((1, 1 + FOOTPRINT_M[Kind.BUS][0] / 2))
    walker = tracks_m(0, [(1, 1)], kind=Kind.PEDESTRIAN)
    assert signals.fronts(walker).xy.tolist() == [[1, 1]]


def test_whose_heading_is_unknown_has_no_front():
    both = tracks_m(0, [(0, 0), (5, 5)], [(np.nan, np.nan), (1, 0)], ids=[7, 8], ended=[6])
    got = signals.fronts(both)
    assert got.track_id.tolist() == [8]
    assert got.ended.tolist() == [6]


def test_the_other_direction_and_other_kinds_are_not_addressed():
    assert not len(play(crossing_at(20, backwards=True), params()).crossings)
    assert not len(play(crossing_at(20, kind=Kind.PEDESTRIAN), params()).crossings)
    assert len(play(crossing_at(20, backwards=True), params(direction=TO_RIGHT)).crossings) == 1
    assert len(play(crossing_at(20, kind=Kind.PEDESTRIAN), params(kinds=(Kind.PEDESTRIAN,))).crossings) == 1


def test_stopping_over_the_line_and_backing_off_is_no_crossing():
    x = np.concatenate((np.linspace(-10, 0.3, 30), np.full(50, 0.3), np.linspace(0.3, -3, 20))) - CAR_M / 2
    drive = Drive(np.stack((x, np.zeros(100)), axis=1), start=200)
    feet = []
    for tracks in roll(drive):
        tracks.heading_rad[:] = 0.0  # a car that reverses still points ahead
        feet.append(signals.fronts(tracks))
    assert not len(play(feet, params()).crossings)


def test_unknown_and_off_count_neither_way():
    given = params((0, GREEN), (10, UNKNOWN), (20, RED), (30, OFF), (40, GREEN))
    got = play(crossing_at(5, 15, 25, 35, 45), given).crossings
    assert [state for _, state, _ in rows(got, STATES)] == ["green", "red", "green"]
    assert not len(play(crossing_at(3), params((5, RED))).crossings)


def test_phases_whose_ends_are_known_give_their_durations():
    got = play(crossing_at(3, 70), params((0, GREEN), (10, RED), (30, GREEN), (42.5, UNKNOWN), (50, GREEN), (60, RED)))
    assert rows(got.phases, STATES) == [(30, "red", 20.0)]
    got = play(crossing_at(3, 70), params())
    assert [(state, s) for _, state, s in rows(got.phases, STATES)] == [
        ("amber", 3.0), ("red", 27.0), ("red-amber", 1.0), ("green", 19.0), ("amber", 3.0)
    ]  # fmt: skip
    assert set(got.phases.kind) == {ALL_KINDS}


@pytest.mark.parametrize(
    ("times_s", "use"),
    [
        ((), 0.0),
        ((43.0, 45.0, 47.0, 49.0, 51.0, 53.0, 55.0, 57.0, 59.0), 18 / 20),  # no gap is longer than 2 s
        ((42.5, 44.0, 58.0), (1.5 + 1.5 + 2) / 20),  # the gap before the last one is wasted but for 2 s
        ((43.0, 43.0, 43.0), 2 / 20),  # side by side
        ((20.0, 61.5), 0.0),  # in red and in amber: not by green
    ],
)
def test_use_of_green(times_s, use):
    given = params((0, GREEN), (10, RED), (41, GREEN), (61, AMBER), (64, RED))
    assert rows(play(crossing_at(*times_s, 70), given).green_use) == [(61.0, "", pytest.approx(use))]


def test_no_use_of_a_green_that_was_not_watched_throughout():
    given = params((0, RED), (5, GREEN), (25, RED), (45, GREEN), (65, RED))
    feet = [moment for moment in crossing_at(6, 70) if not 10 * SECOND_NS < moment.time_ns < 12 * SECOND_NS]
    assert rows(play(feet, given).green_use) == [(65.0, "", 0.0)]


def test_of_two_greens_each_has_its_own_use():
    given = params((0, RED), (5, GREEN), (15, RED), (20, GREEN), (30, RED))
    feet = crossing_at(8, 22, 26, 29, 50)
    assert rows(play(feet, given).green_use) == [(15, "", 0.2), (30, "", 0.6)]
    late = [feet[0], *(moment for moment in feet if moment.time_ns > 49 * SECOND_NS)]
    assert not len(play(late, given).green_use)


def test_a_green_that_never_ends_has_no_use(monkeypatch):
    monkeypatch.setattr(signals, "LONGEST_GREEN_NS", 15 * SECOND_NS)
    given = params((0, RED), (5, GREEN), (20.5, RED), (30, GREEN), (45, RED))
    assert rows(play(crossing_at(8, 32, 50), given).green_use) == [(45, "", pytest.approx(2 / 15, abs=1e-3))]


def test_people_on_foot_do_not_saturate_a_green():
    given = params((0, RED), (5, GREEN), (25, RED), kinds=(Kind.PEDESTRIAN,))
    assert not len(play(crossing_at(6, 30, kind=Kind.PEDESTRIAN), given).green_use)


def test_lamps_that_are_believed_late_are_met_all_the_same():
    """The measure gets phases as they become known; crossings wait for them."""
    state, got = signals.start(params()), []
    for moment in crossing_at(13.1, 40.95, 41.2):
        known = [row for row in CYCLE if row[0] + 0.8 <= moment.time_ns / SECOND_NS]
        state, samples = signals.step(state, moment, params(*known or [(0, UNKNOWN)]))
        got.append(samples.crossings)
    got.append(signals.finish(state, params()).crossings)
    assert [label for _, label, _ in rows(Samples.joined(*got), STATES)] == ["red", "red-amber", "green"]


def test_nobody_and_no_video_give_nothing():
    empty = play([], params())
    assert not any(len(getattr(empty, name)) for name in ("crossings", "red", "phases", "green_use"))
    assert not len(play(crossing_at(5), SignalParams(Lines.on_ground([]), ())).crossings)


def test_in_the_picture_the_foot_crosses():
    line = Line("stop", np.array([(0.5, 0.1), (0.5, 0.9)]))
    given = SignalParams(
        Lines.in_picture([line], 400, 300), (StopLine(TO_LEFT, VEHICLES, phases((0, GREEN), (1.5, RED))),)
    )
    tracks = film(Walk(straight((100, 150), (300, 150), 40), kind=Kind.CAR))
    assert rows(play(map(picture_feet, tracks), given).red, RED_CLASSES) == [(2.0, RED_CLASSES[0], 0.5)]


def test_memory_has_an_end():
    given = params((0, GREEN))
    state = signals.start(given)
    for second in range(2000):
        feet = Feet(
            second * SECOND_NS // 2,
            np.array([(-1.0 if second % 2 else 1.0, 0.0)]),
            np.array([0.4]),
            np.array([second // 2 * 2 if second % 2 == 0 else second + 1]),
            np.array([Kind.CAR], np.uint8),
            np.array([second - 2] if second % 2 == 0 and second else [], np.int64),
        )
        state, _ = signals.step(state, feet, given)
    assert len(state.waiting) <= 3
    assert 500 < len(state.in_green) <= signals.LONGEST_GREEN_NS // SECOND_NS + 1


def test_every_line_needs_its_signal():
    with pytest.raises(ValueError, match="1 lines but signals for 0"):
        SignalParams(Lines.on_ground([STOP]), ())
