from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from flaneur.data.geometry import GroundLine, GroundZone
from flaneur.data.kinds import ALL_KINDS, Kind
from flaneur.data.private import GroundTracks
from flaneur.measure import queues
from flaneur.measure.queues import Approach, Lanes, QueueParams
from support.grounds import tracks_m

LINE = GroundLine("stop", np.array([[0.0, -2.0], [0.0, 2.0]]))
LANE = GroundZone("lane", np.array([[0.0, -2.0], [-100.0, -2.0], [-100.0, 2.0], [0.0, 2.0]]))
BESIDE = GroundZone("beside", np.array([[0.0, 2.0], [-100.0, 2.0], [-100.0, 6.0], [0.0, 6.0]]))
PARAMS = QueueParams(Lanes.of((Approach(LINE, LANE),)))
CAR_M = 4.5


def cars(
    time_s: float,
    fronts: Sequence[float],
    speeds: float | Sequence[float] = 0.0,
    ids: Sequence[int] = (),
    **more: object,
) -> GroundTracks:
    """Cars on the lane, so far behind the stop line with their fronts."""
    speeds = np.broadcast_to(speeds, len(fronts))
    places = [(-front - CAR_M / 2, 0.0) for front in fronts]
    velocity = np.array([(v, 0.0) for v in speeds]).reshape(-1, 2)
    return tracks_m(time_s, places, velocity, ids=ids or range(1, len(fronts) + 1), **more)


def told(frames: Iterable[GroundTracks], params: QueueParams = PARAMS) -> list[tuple[float, int]]:
    """(length in m, count) of the first lane at each sample."""
    state, out = queues.start(params), []
    for tracks in frames:
        state, seen = queues.step(state, tracks, params)
        here = seen.length_m.place == 0
        out += zip(seen.length_m.value[here].round(9), seen.count.value[here].astype(int), strict=True)
    assert not len(queues.finish(state, params).length_m)
    return out


@pytest.mark.parametrize(
    ("fronts", "speeds", "expected"),
    [
        pytest.param([], 0.0, (0.0, 0), id="nobody"),
        pytest.param([1.0], 0.0, (5.5, 1), id="one"),
        pytest.param([7.5, 1.0, 14.0], 0.0, (18.5, 3), id="in any order"),
        pytest.param([1.0, 15.5], 0.0, (20.0, 2), id="a gap of 10 m is bridged"),
        pytest.param([1.0, 15.6], 0.0, (5.5, 1), id="a larger one is not"),
        pytest.param([11.0], 0.0, (0.0, 0), id="too far from the line"),
        pytest.param([1.0, 7.5], 5.0, (0.0, 0), id="all move"),
        pytest.param([1.0, 7.5], [0.0, 5.0], (5.5, 1), id="somebody comes"),
        pytest.param([1.0, 7.5], [5.0, 0.0], (12.0, 1), id="somebody passes the line freely"),
        pytest.param([1.0, 7.5], [0.0, np.nan], (5.5, 1), id="an unknown speed"),
        pytest.param([-1.0], 0.0, (3.5, 1), id="with the front over the line"),
    ],
)
def test_the_queue_is_connected_back_from_the_line(
    fronts: list[float], speeds: float | list[float], expected: tuple[float, int]
) -> None:
    assert told([cars(0.0, fronts, speeds)]) == [expected]


def test_one_sample_for_each_second_with_a_frame() -> None:
    times = [0.3, 0.4, 1.0, 1.9, 2.1, 7.5]
    state, seen = queues.start(PARAMS), []
    for time_s in times:
        state, now = queues.step(state, cars(time_s, [1.0]), PARAMS)
        seen += now.count.time_ns.tolist()
        assert (now.count.kind == ALL_KINDS).all()
    assert [t / 1e9 for t in seen] == [0.3, 1.0, 2.1, 7.5]


def test_a_queue_that_moves_off_reaches_back_to_the_last_who_stands() -> None:
    queue = [1.0, 8.0, 15.0, 22.0, 29.0]
    before = cars(0.0, queue)
    moving = cars(1.0, [-20.0, -4.0, 5.0, 20.0, 29.0], [9.0, 8.0, 6.0, 3.0, 0.0])
    spread = cars(2.0, [-40.0, -20.0, -5.0, 9.0, 29.0], [9.0, 9.0, 8.0, 7.0, 0.0])
    assert told([before, moving, spread]) == [(33.5, 5), (33.5, 1), (33.5, 1)]


def test_who_stands_on_with_free_road_ahead_has_parked() -> None:
    frames = [cars(0.0, [1.0, 8.0, 15.0])]
    frames += [cars(1.0 + n, [8.0, 15.0], ids=[2, 3], ended=[1]) for n in range(3)]
    frames += [cars(4.0 + n, [15.0], ids=[3], ended=[2]) for n in range(12)]
    lengths = [length for length, _ in told(frames)]
    assert lengths == [19.5] * 4 + [19.5] * 10 + [0.0] * 2


def test_who_comes_up_behind_a_parked_car_queues_only_when_the_queue_gets_there() -> None:
    frames = [cars(0.0, [29.0, 35.0]), cars(1.0, [29.0, 35.0, 1.0, 8.0, 15.0])]
    assert told(frames) == [(0.0, 0), (39.5, 5)]


def test_trembling_speeds_change_nothing() -> None:
    frames = [cars(float(n), [1.0, 8.0], [0.0, speed]) for n, speed in enumerate((0.9, 1.1, 1.9, 0.2, 2.1, 1.9, 0.9))]
    assert [count for _, count in told(frames)] == [2, 2, 2, 2, 1, 1, 2]


def test_who_is_hidden_while_standing_is_taken_to_stand_there_for_a_while() -> None:
    frames = [cars(0.0, [1.0, 8.0, 15.0])] + [cars(1.0 + n, [1.0, 15.0], ids=[1, 3]) for n in range(11)]
    assert told(frames) == [(19.5, 3)] * 11 + [(19.5, 2)]


def test_a_queue_holds_together_behind_somebody_hidden() -> None:
    lorry = [cars(0.0, [1.0, 8.0]), cars(1.0, [1.0, 17.0], ids=[1, 3]), cars(2.0, [1.0, 17.0], ids=[1, 3])]
    assert told(lorry) == [(12.5, 2), (21.5, 3), (21.5, 3)]


def test_who_is_hidden_while_moving_off_is_still_of_the_queue() -> None:
    frames = [cars(0.0, [1.0, 8.0]), cars(1.0, [5.0], 4.0, ids=[2]), cars(2.0, []), cars(3.0, [30.0], ids=[2])]
    assert told(frames) == [(12.5, 2), (5.5, 1), (5.5, 1), (34.5, 2)]


def test_who_stands_beyond_the_line_is_not_behind_it() -> None:
    longer = GroundZone("lane", np.array([[20.0, -2.0], [-100.0, -2.0], [-100.0, 2.0], [20.0, 2.0]]))
    params = QueueParams(Lanes.of((Approach(LINE, longer),)))
    assert told([cars(0.0, [-9.0, 1.0])], params) == [(5.5, 1)]


def test_whose_track_has_ended_is_gone() -> None:
    assert told([cars(0.0, [1.0, 8.0]), cars(1.0, [1.0], ended=[2]), cars(2.0, [1.0])]) == [
        (12.5, 2),
        (5.5, 1),
        (5.5, 1),
    ]


def test_an_end_between_two_seconds_is_not_missed() -> None:
    state, _ = queues.step(queues.start(PARAMS), cars(0.0, [1.0, 8.0]), PARAMS)
    state, _ = queues.step(state, cars(0.5, [1.0], ended=[2]), PARAMS)
    assert len(state.queuers) == 1


def test_who_left_the_lane_is_not_in_its_queue() -> None:
    aside = tracks_m(1.0, [(-3.25, 0.0), (-10.25, 4.0)])
    assert told([cars(0.0, [1.0, 8.0]), aside]) == [(12.5, 2), (5.5, 1)]


def test_kinds_and_lanes_are_told_apart() -> None:
    walkers = Approach(LINE, LANE, (Kind.PEDESTRIAN,))
    params = QueueParams(Lanes.of((walkers, Approach(LINE, LANE), Approach(LINE, BESIDE))))
    places = [(-1.0, 0.0), (-2.0, 1.0), (-6.0, 0.0), (-8.0, 4.0)]
    tracks = tracks_m(0.0, places, 0.0, kind=[Kind.PEDESTRIAN, Kind.PEDESTRIAN, Kind.CAR, Kind.BUS])
    _, seen = queues.step(queues.start(params), tracks, params)
    assert seen.count.value.tolist() == [2.0, 1.0, 1.0]
    assert seen.length_m.value.tolist() == [2.25, 8.25, 14.0]


def test_a_footprint_across_the_lane_is_as_long_as_it_is_wide() -> None:
    across = tracks_m(0.0, [(-3.0, 0.0)], (0.0, 0.1), kind=Kind.CAR)
    assert told([across]) == [(3.9, 1)]


def test_before_the_first_move_a_footprint_lies_along_the_lane() -> None:
    assert told([tracks_m(0.0, [(-3.0, 0.0)], np.nan), tracks_m(1.0, [(-3.0, 0.0)], np.nan)]) == [(0.0, 0)] * 2
    params = QueueParams(Lanes.of((Approach(LINE, LANE),)))
    front, rear = params.lanes.ends(tracks_m(0.0, [(-3.0, 0.0)], np.nan))
    assert (front.item(), rear.item()) == (0.75, 5.25)


def test_distances_to_a_slanted_line_are_along_the_lane() -> None:
    slanted = GroundLine("slanted", np.array([[-1.0, -2.0], [1.0, 2.0]]))
    params = QueueParams(Lanes.of((Approach(slanted, LANE),)))
    tracks = tracks_m(0.0, [(-10.0, 1.0), (-10.0, -1.0)], 0.0)
    front, _ = params.lanes.ends(tracks)
    assert front[:, 0].tolist() == pytest.approx([10.5 - CAR_M / 2, 9.5 - CAR_M / 2])


def test_the_error_is_that_of_the_last_who_stands() -> None:
    tracks = cars(0.0, [1.0, 8.0], sigma_m=[9.0, 0.3], scale_sigma=[0.9, 0.032])
    _, seen = queues.step(queues.start(PARAMS), tracks, PARAMS)
    assert seen.length_m.bias.tolist() == pytest.approx([0.5])
    assert seen.length_m.noise.tolist() == [0.0]


@pytest.mark.parametrize(
    ("line", "lane", "message"),
    [
        pytest.param([[0, 0], [0, 0]], LANE.polygon_m, "stop line 'stop' has no length", id="line without length"),
        pytest.param(LINE.points_m, [[0, 0], [1, 1], [2, 2]], "zone 'lane' has no proper area", id="flat lane"),
        pytest.param(LINE.points_m, [[0, 0], [4, 0], [0, 4], [4, 4]], "zone 'lane' has no proper area", id="crossed"),
        pytest.param(LINE.points_m, [[-5, -2], [5, -2], [5, 2], [-5, 2]], "through the middle of lane", id="middle"),
    ],
)
def test_impossible_places_are_refused(line: object, lane: object, message: str) -> None:
    approach = Approach(
        GroundLine("stop", np.asarray(line, np.float64)), GroundZone("lane", np.asarray(lane, np.float64))
    )
    with pytest.raises(ValueError, match=message):
        Lanes.of((approach,))


def test_a_queue_needs_a_gap() -> None:
    with pytest.raises(ValueError, match="must bridge"):
        QueueParams(PARAMS.lanes, jam_gap_m=0.0)


def test_without_lanes_there_is_nothing_to_tell() -> None:
    params = QueueParams(Lanes.of(()))
    state, seen = queues.step(queues.start(params), cars(0.0, [1.0]), params)
    assert len(seen.count) == 0
    assert len(state.queuers) == 0
