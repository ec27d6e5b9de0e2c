"""Laws of signals: what may not change a figure, and what figures must add up to."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaneur.data.errors import UserError
from flaneur.data.geometry import TO_LEFT, TO_RIGHT, GroundLine
from flaneur.data.kinds import Kind
from flaneur.data.private import Events, GroundTracks, Samples
from flaneur.data.signals import RULING, SignalPhases, SignalState
from flaneur.data.time import SECOND_NS
from flaneur.measure import crossings, lamps, signals
from flaneur.measure.crossings import Lines
from flaneur.measure.lamps import LampParams
from flaneur.measure.signals import SATURATION_HEADWAY_S, SignalParams, SignalSamples, StopLine
from flaneur.source.signal_file import LONGEST_PHASE_NS
from support.grounds import Drive, roll
from support.signal_files import read_signals

NAMES = ("crossings", "red", "phases", "green_use")
STOP = np.array([(0.0, 20.0), (0.0, -20.0)])
FRAMES = 71
FEW = settings(max_examples=25, deadline=None)
Row = tuple[int, int, int, int, float]


@st.composite
def phase_rows(draw: st.DrawFn, states: Sequence[SignalState] = tuple(SignalState)) -> SignalPhases:
    """Phases of a quarter second at least, from before the scene to after it."""
    steps = draw(st.lists(st.integers(1, 24), max_size=12))
    start_ns = (np.cumsum([-8, *steps]) * SECOND_NS // 4).astype(np.int64)
    codes = draw(st.lists(st.sampled_from(states), min_size=len(start_ns), max_size=len(start_ns)))
    return SignalPhases.merged("a", start_ns, np.array(codes, np.uint8))


Way = tuple[Kind, int, int, float, float, float]
ways = st.lists(
    st.tuples(
        st.sampled_from((Kind.PEDESTRIAN, Kind.BICYCLE, Kind.CAR, Kind.BUS)),
        st.integers(0, 30),
        st.integers(10, 40),
        st.floats(-30, 30),
        st.floats(-30, 30),
        st.floats(-15, 15),
    ),
    max_size=5,
)
"""Kind, first frame, number of frames, first and last x, and y: over the line or not, from either side."""


def scene(drives: list[Way]) -> list[GroundTracks]:
    """At 5 frames a second, 14 s."""
    paths = [
        Drive(np.stack((np.linspace(begin, end, n), np.full(n, y)), axis=1), start=start, kind=kind)
        for kind, start, n, begin, end, y in drives
    ]
    return roll(*paths, rate=5.0, frames=FRAMES) if paths else []


def params(phases: SignalPhases, direction: int = TO_LEFT, line: np.ndarray = STOP) -> SignalParams:
    return SignalParams(Lines.on_ground([GroundLine("stop", line)]), (StopLine(direction, tuple(Kind), phases),))


def play(tracks: list[GroundTracks], given_: SignalParams) -> SignalSamples:
    state, told = signals.start(given_), []
    for moment in tracks:
        state, samples = signals.step(state, signals.fronts(moment), given_)
        told.append(samples)
    told.append(signals.finish(state, given_))
    return SignalSamples(*(Samples.joined(*(getattr(samples, name) for samples in told)) for name in NAMES))


def rows(samples: Samples, shift_ns: int = 0) -> list[Row]:
    columns = (samples.time_ns - shift_ns, samples.place, samples.group, samples.kind, samples.value.round(6))
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


def same(first: SignalSamples, second: SignalSamples, shift_ns: int = 0) -> None:
    for name in NAMES:
        mine, other = rows(getattr(first, name)), rows(getattr(second, name), shift_ns)
        assert [row[1:4] for row in mine] == [row[1:4] for row in other]
        for (time_ns, *_, value), (other_ns, *_, other_value) in zip(mine, other, strict=True):
            assert abs(time_ns - other_ns) <= 2000  # the line's nudge, at walking pace
            assert value == pytest.approx(other_value, abs=1e-5)


def changed(tracks: GroundTracks, **columns: np.ndarray) -> GroundTracks:
    names = ("time_ns", "xy_m", "velocity_mps", "acceleration_mps2", "heading_rad", "size_m", "sigma_m", "sigma_mps")
    names += ("scale_sigma", "track_id", "kind", "ended")
    return GroundTracks(**({name: getattr(tracks, name) for name in names} | columns))


@FEW
@given(ways, phase_rows(), st.integers(0, 10**6))
def test_relabelled_road_users_and_order_of_rows_change_nothing(drives, phases, seed):
    tracks = scene(drives)
    rng = np.random.default_rng(seed)
    label = rng.permutation(1000)
    other = [
        changed(moment, track_id=label[moment.track_id], ended=label[moment.ended]).take(rng.permutation(len(moment)))
        for moment in tracks
    ]
    same(play(tracks, params(phases)), play(other, params(phases)))


@FEW
@given(ways, phase_rows(), st.integers(0, 10**12))
def test_a_later_clock_changes_only_the_times(drives, phases, shift_ns):
    """A video's clock begins at 0 and never stands before it."""
    tracks = scene(drives)
    later = [changed(moment, time_ns=moment.time_ns + shift_ns) for moment in tracks]
    shifted = SignalPhases("a", phases.start_ns + shift_ns, phases.state)
    same(play(tracks, params(phases)), play(later, params(shifted)), shift_ns)


@FEW
@given(ways, phase_rows(), st.floats(-3, 3), st.tuples(st.floats(-500, 500), st.floats(-500, 500)))
def test_where_the_ground_lies_changes_nothing(drives, phases, angle, offset):
    tracks = scene(drives)
    turn = np.array(((np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))))
    moved = [
        changed(
            moment,
            xy_m=moment.xy_m @ turn.T + offset,
            velocity_mps=moment.velocity_mps @ turn.T,
            heading_rad=moment.heading_rad + angle,
        )
        for moment in tracks
    ]
    same(play(tracks, params(phases)), play(moved, params(phases, line=STOP @ turn.T + offset)))


@FEW
@given(ways, phase_rows())
def test_every_crossing_meets_one_state_and_reds_are_classed_once(drives, phases):
    """Both directions together are what the crossings measure counts by itself, less what nobody could judge."""
    tracks = scene(drives)
    lines = params(phases).lines
    state, events = crossings.start(lines), []
    for moment in tracks:
        state, passed = crossings.step(state, signals.fronts(moment), lines)
        events.append(passed)
    events.append(crossings.finish(state, lines))
    times_ns = np.concatenate([np.zeros(0, np.int64), *(e.time_ns for e in events)])
    judged = np.isin(phases.at(times_ns)[0], RULING)
    told = [play(tracks, params(phases, direction)) for direction in (TO_LEFT, TO_RIGHT)]
    assert sum(len(t.crossings) for t in told) == judged.sum()
    for t in told:
        assert len(t.red) == (t.crossings.group == RULING.index(SignalState.RED)).sum()


@FEW
@given(phase_rows((SignalState.RED, SignalState.GREEN)), st.lists(st.integers(0, 14_900), max_size=12))
def test_use_of_green_is_the_share_of_moments_shortly_before_a_crossing(phases, times_ms):
    """The definition by brute force: ten thousand moments of each green."""
    given_ = params(phases)
    time_ns = np.array(sorted(times_ms), np.int64) * 1_000_000
    n = len(time_ns)
    waiting = Events(time_ns, np.zeros(n, np.int32), np.full(n, TO_LEFT, np.int8), np.full(n, Kind.CAR, np.uint8))
    state = signals.StopLineState(
        signals.start(given_).lines, waiting, Events.none(), 15 * SECOND_NS, -(10**12), -(10**12)
    )
    got = signals.finish(state, given_).green_use
    for end_ns, value in zip(got.time_ns, got.value, strict=True):
        number = np.flatnonzero(phases.start_ns == end_ns)[0] - 1
        begin_ns = phases.start_ns[number]
        moments = begin_ns + (np.arange(10_000) + 0.5) / 10_000 * (end_ns - begin_ns)
        after = np.append(time_ns[(time_ns >= begin_ns) & (time_ns < end_ns)], np.inf)
        wait_s = (after[np.searchsorted(after, moments)] - moments) / SECOND_NS
        assert value == pytest.approx((wait_s <= SATURATION_HEADWAY_S).mean(), abs=2e-3)


@FEW
@given(phase_rows(), st.integers(-20, 40), st.integers(0, 60), st.integers(0, 60))
def test_seconds_in_each_state_add_up(phases, start_s, first_s, second_s):
    at_ns = (np.cumsum((start_s, first_s, second_s)) * SECOND_NS).tolist()
    parts = phases.seconds(at_ns[0], at_ns[1]) + phases.seconds(at_ns[1], at_ns[2])
    assert parts == pytest.approx(phases.seconds(at_ns[0], at_ns[2]))
    assert parts.sum() == pytest.approx(first_s + second_s)


@FEW
@given(phase_rows(), st.booleans())
def test_files_are_read_as_they_were_written(phases, with_ends):
    known = phases.state != SignalState.UNKNOWN
    begins, states = phases.start_ns / SECOND_NS, [SignalState(code).label for code in phases.state]
    if with_ends:
        ends = np.append(begins[1:], begins[-1] + LONGEST_PHASE_NS / SECOND_NS)
        lines = [f"{b},{e},a,{s}" for b, e, s, k in zip(begins, ends, states, known, strict=True) if k]
        lines.insert(0, "time_s,until_s,group,state")
    else:
        lines = ["time_s,group,state", *(f"{b},a,{s}" for b, s in zip(begins, states, strict=True))]
    if len(lines) == 1:
        return
    with TemporaryDirectory() as folder:
        path = Path(folder) / "signals.csv"
        path.write_text("\n".join(lines))
        [got] = read_signals(path, ["a"])
        if len(lines) > 2:
            path.write_text("\n".join([lines[0], *lines[:0:-1]]))
            with pytest.raises(UserError, match="row 3"):
                read_signals(path, ["a"])
    moments = np.arange(-3 * SECOND_NS, 80 * SECOND_NS, SECOND_NS // 4)
    assert (got.at(moments)[0] == phases.at(moments)[0]).all()


COLOURS = ((30, 30, 240), (20, 160, 240), (160, 240, 40))


@FEW
@given(st.integers(0, 2), st.floats(0.25, 1.0), st.floats(0.0, 60.0), st.integers(2, 12), st.integers(0, 10**6))
def test_lamps_show_the_same_in_any_exposure_size_and_weather(lit, exposure, haze, size, seed):
    picture = np.full((4 * size, size, 3), 20.0)
    picture[lit * size : (lit + 1) * size] = COLOURS[lit]
    rng = np.random.default_rng(seed)
    boxes = np.array([(0, n * size, size, (n + 1) * size) for n in range(3)], np.intp)
    given_ = LampParams("a", boxes)
    state = lamps.start(given_)
    for n in range(10):
        shown = exposure * picture + haze + rng.normal(0, 2, picture.shape)
        state = lamps.step(state, n * SECOND_NS // 10, np.clip(shown, 0, 255).astype(np.uint8), given_)
    expected = (SignalState.RED, SignalState.AMBER, SignalState.GREEN)[lit]
    assert lamps.phases(state, given_).state.tolist() == [expected]
