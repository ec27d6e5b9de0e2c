import numpy as np
import pytest

from flaneur.data.time import SECOND_NS
from flaneur.measure import paths
from flaneur.measure.memory import NO_PASSES, Passes
from flaneur.measure.paths import NOW, Paths
from support.grounds import Drive, roll, tracks_m


def passes(*times_s: float, place: int = 0) -> Passes:
    n = len(times_s)
    return Passes(
        np.ones(n, np.int64),
        np.array([round(t * SECOND_NS) for t in times_s], np.int64),
        np.full(n, place, np.int32),
        np.ones(n, np.int8),
        np.zeros(n, np.uint8),
    )


def walked(drive: Drive) -> Paths:
    state = paths.start(1)
    for tracks in roll(drive)[:-1]:
        state = paths.step(state, tracks, NO_PASSES)
    return state


def test_the_way_around_a_bend_is_longer_than_the_chord() -> None:
    angle = np.linspace(0.0, np.pi, 400)
    half_circle = 10.0 * np.stack((np.cos(angle), np.sin(angle)), axis=1)
    assert walked(Drive(half_circle)).path_m[0, NOW] == pytest.approx(10.0 * np.pi, rel=1e-4)


def test_trembling_is_no_way() -> None:
    rng = np.random.default_rng(3)
    state = paths.start(0)
    spots = rng.normal(0.0, 0.1, (3000, 2))
    for n, spot in enumerate(spots):
        velocity = rng.normal(0.0, 0.05, 2)  # of a smoother, which knows better
        state = paths.step(state, tracks_m(n / 10, spot, velocity), NO_PASSES)
    plain = np.hypot(*np.diff(spots, axis=0).T).sum()
    assert abs(state.path_m[0, NOW]) < 0.05 * plain


def test_without_a_velocity_the_way_is_the_distance() -> None:
    assert walked(Drive([(0.0, 0.0), (3.0, 4.0)])).path_m[0, NOW] == pytest.approx(5.0)


def test_moments_lie_between_frames() -> None:
    state = paths.start(1)
    for tracks in (tracks_m(0.0, (0, 0), (2, 0)), tracks_m(1.0, (3, 0), (4, 0))):
        state = paths.step(state, tracks, NO_PASSES)
    at = paths.moments(state, passes(0.0, 0.25, 1.0))
    assert at.path_m.tolist() == [0.0, 0.75, 3.0]
    assert at.speed_mps.tolist() == [2.0, 2.5, 4.0]


def test_what_was_true_at_an_earlier_meeting_is_kept() -> None:
    state = paths.start(2)
    for n, speed in enumerate((2, 4, 6, 8)):
        met = Passes.joined(passes(0.25, 0.5, place=1)) if n == 1 else NO_PASSES
        state = paths.step(state, tracks_m(float(n), (3.0 * n, 0), (speed, 0), (n, 0)), met)
    at = paths.moments(state, passes(0.5), first=1)
    assert (at.path_m.tolist(), at.speed_mps.tolist(), at.along_mps2.tolist()) == ([1.5], [3.0], [1.0])


def test_a_speed_that_is_known_at_one_end_holds_for_the_step() -> None:
    state = paths.step(paths.start(1), tracks_m(0.0, (0, 0)), NO_PASSES)
    assert np.isnan(paths.moments(state, passes(0.0)).speed_mps).all()
    state = paths.step(state, tracks_m(1.0, (3, 0), (4, 0)), NO_PASSES)
    assert paths.moments(state, passes(0.25)).speed_mps.tolist() == [4.0]
