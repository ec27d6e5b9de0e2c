import numpy as np
import pytest

from flaneur.data.private import Tracks
from flaneur.release.heatmap import HeatMapAccumulator
from support.street import Boxes, boxes, tracks_of

WIDTH, HEIGHT = 640, 480  # cells of 10 px


def at(*feet: tuple[float, float]) -> Boxes:
    return boxes(*((x - 10, y - 40, x + 10, y) for x, y in feet))


def run(*steps: Tracks) -> HeatMapAccumulator:
    accumulator = HeatMapAccumulator(WIDTH, HEIGHT)
    for tracks in steps:
        accumulator.step(tracks)
    return accumulator


def one_after_another(users: int, foot: tuple[float, float], seconds_each: int = 4) -> list[Tracks]:
    """Each stands at the same place for some seconds, then the next one comes."""
    return [
        tracks_of(2 * k, k / 2, at(foot), first_id=k // (2 * seconds_each)) for k in range(2 * seconds_each * users + 1)
    ]


def test_time_adds_up_around_the_ground_point() -> None:
    heat = run(*one_after_another(3, (325, 245))).finish()
    assert heat.seconds.shape == (48, 64)
    assert np.nansum(heat.seconds) == pytest.approx(12.0)
    assert np.unravel_index(np.nanargmax(heat.seconds), heat.seconds.shape) == (24, 32)
    assert np.isfinite(heat.seconds).sum() == 9
    assert (heat.start_ns, heat.end_ns, heat.min_visitors) == (0, 12_000_000_000, 3)


@pytest.mark.parametrize(("users", "known"), [(1, 0), (2, 0), (3, 9), (4, 9)])
def test_cells_that_few_have_passed_stay_unknown(users: int, known: int) -> None:
    heat = run(*one_after_another(users, (325, 245), seconds_each=5)[:-1]).finish()
    assert np.isfinite(heat.seconds).sum() == known


def test_no_cell_of_a_path_walked_by_two_is_known() -> None:
    accumulator = HeatMapAccumulator(WIDTH, HEIGHT)
    for user in range(2):
        for k in range(60):
            accumulator.step(tracks_of(0, user * 100 + k, at((10 * k, 5 * k)), first_id=user))
    assert np.isnan(accumulator.finish().seconds).all()


def test_who_comes_back_counts_once() -> None:
    steps = [tracks_of(k, k, at((100, 100) if k % 2 else (400, 300)), first_id=7) for k in range(50)]
    assert np.isnan(run(*steps).finish().seconds).all()


def test_several_at_once_in_one_cell_all_count() -> None:
    here = at((101, 101), (105, 105), (109, 109))
    heat = run(*(tracks_of(k, k, here) for k in range(11))).finish()
    assert np.nansum(heat.seconds) == pytest.approx(30.0)


def test_at_the_edges_nothing_fails_and_nothing_wraps_around() -> None:
    corners = [(-50.0, -50.0), (0.0, 0.0), (640.0, 480.0), (900.0, 900.0), (639.9, 0.0)]
    steps = [tracks_of(k, k, at(*corners), first_id=10 * (k // 4)) for k in range(12)]
    heat = run(*steps).finish()
    known = np.isfinite(heat.seconds)
    assert known[:2, :2].all()
    assert known[-2:, -2:].all()
    assert known[:2, -2:].all()
    assert known.sum() == 12


def test_time_of_a_gap_in_the_video_is_not_made_up() -> None:
    users = at((200, 200), (200, 200), (200, 200))
    heat = run(tracks_of(0, 0, users), tracks_of(1, 1, users), tracks_of(2, 601, users)).finish()
    assert np.nansum(heat.seconds) == pytest.approx(3 * 2.0)


def test_ended_tracks_leave_nothing_behind() -> None:
    accumulator = HeatMapAccumulator(WIDTH, HEIGHT)
    for k in range(3000):
        accumulator.step(tracks_of(k, k / 10, at((5.0 * (k % 120), 100)), first_id=k, ended=[k - 1] if k else []))
    assert len(accumulator._touched) <= 1
    assert np.isfinite(accumulator.finish().seconds).any()


def test_cells_are_nearly_square() -> None:
    assert HeatMapAccumulator(1920, 1080).finish().seconds.shape == (36, 64)
    assert HeatMapAccumulator(480, 640).finish().seconds.shape == (85, 64)
    assert HeatMapAccumulator(5000, 1).finish().seconds.shape == (1, 64)
    assert HeatMapAccumulator(1, 9000).finish().seconds.shape == (256, 64)


def test_a_map_of_nothing_knows_nothing() -> None:
    heat = HeatMapAccumulator(WIDTH, HEIGHT).finish()
    assert np.isnan(heat.seconds).all()
    assert heat.end_ns == heat.start_ns == 0
