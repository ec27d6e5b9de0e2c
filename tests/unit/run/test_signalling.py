import numpy as np

from flaneur.data.geometry import GroundLine
from flaneur.data.kinds import Kind
from flaneur.data.signals import SignalPhases, SignalState
from flaneur.data.time import SECOND_NS
from flaneur.measure import signals
from flaneur.measure.crossings import Lines
from flaneur.measure.signals import STATES
from flaneur.run.signalling import Phases, Signalling, stop_lines
from support.grounds import Drive, roll
from support.sites import camera

LINES = Lines.on_ground([GroundLine("stop", np.array([[0.0, 3.0], [0.0, -3.0]]))])


def phases(*states: tuple[float, SignalState]) -> dict[str, SignalPhases]:
    starts = np.array([second * SECOND_NS for second, _ in states], np.int64)
    return {"light": SignalPhases("light", starts, np.array([state for _, state in states], np.uint8))}


RED_THEN_GREEN = phases((0, SignalState.RED), (4, SignalState.GREEN))


def told(known: Phases, kind: Kind = Kind.CAR, *, to_left: bool = True) -> dict[str, list[str]]:
    """States in which somebody crosses who is at the line after 3 s, and another after 6 s."""
    signalling = Signalling(camera(), LINES, known)
    way = np.linspace(-30.0, 30.0, 61) if to_left else np.linspace(30.0, -30.0, 61)
    drives = [Drive(np.stack((way, np.zeros(61)), 1), start, kind) for start in (0, 30)]
    out: dict[str, list[str]] = {}
    for tracks in roll(*drives, frames=150):
        for sampled, samples in signalling.step(signals.fronts(tracks), known):
            out.setdefault(sampled.measure, []).extend(sampled.groups[0][g] for g in samples.group)
    for sampled, samples in signalling.finish():
        out.setdefault(sampled.measure, []).extend(sampled.groups[0][g] for g in samples.group)
    return out


def test_a_crossing_in_red_and_one_in_green() -> None:
    assert told(RED_THEN_GREEN)["signal"] == ["red", "green"]
    assert len(told(RED_THEN_GREEN)["red"]) == 1


def test_the_other_direction_is_not_ruled() -> None:
    assert "signal" not in told(RED_THEN_GREEN, to_left=False)


def test_vehicles_are_addressed_where_nothing_else_is_said() -> None:
    assert "signal" in told(RED_THEN_GREEN, Kind.BICYCLE)
    assert "signal" not in told(RED_THEN_GREEN, Kind.PEDESTRIAN)


def test_a_signal_that_nobody_can_read_judges_nobody() -> None:
    assert "signal" not in told({"light": SignalPhases("light", np.zeros(0, np.int64), np.zeros(0, np.uint8))})
    assert "signal" not in told(phases((0, SignalState.OFF)))


def test_no_signals_tell_nothing() -> None:
    plain = camera('[site]\nname = "s"\n[[camera]]\nname = "c"\n')
    signalling = Signalling(plain, Lines.on_ground([]), {})
    assert stop_lines(plain, ()) == []
    assert signalling.sampled == ()
    for tracks in roll(Drive([(0.0, 0.0)] * 10)):
        assert signalling.step(signals.fronts(tracks), {}) == []
    assert signalling.finish() == []


def test_phases_may_grow_while_it_runs() -> None:
    """Lamps are read from the same pictures as road users."""
    signalling = Signalling(camera(), LINES, phases((0, SignalState.RED)))
    way = np.stack((np.linspace(-30.0, 30.0, 61), np.zeros(61)), 1)
    states = []
    for tracks in roll(Drive(way, 30), frames=150):
        known = RED_THEN_GREEN if tracks.time_ns > 4.5 * SECOND_NS else phases((0, SignalState.RED))
        for sampled, samples in signalling.step(signals.fronts(tracks), known):
            if sampled.measure == "signal":
                states += [STATES[g] for g in samples.group]
    assert states == ["green"]
