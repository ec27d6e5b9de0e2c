import numpy as np
import pytest

from flaneur.data.geometry import TO_LEFT, TO_RIGHT, Line
from flaneur.data.kinds import Kind
from flaneur.measure import crossings
from flaneur.measure.crossings import Lines
from flaneur.measure.feet import picture_feet
from support.walks import FRAME_NS, Walk, counts, film, play, straight

W, H = 200, 100
ACROSS = ((0.2, 0.5), (0.8, 0.5))
"""From left to right through the middle: 40,50 – 160,50 in pixels. Its right hand is below."""


def lines(*points: tuple[tuple[float, float], ...]) -> Lines:
    return Lines.in_picture([Line(f"line {n}", np.array(p, np.float64)) for n, p in enumerate(points)], W, H)


def crossed(walk: Walk, *points: tuple[tuple[float, float], ...]) -> dict[tuple[int, int], int]:
    return counts(play(crossings, lines(*points or (ACROSS,)), film(walk)))


def test_direction_is_the_hand_of_somebody_who_walks_along_the_line() -> None:
    assert crossed(Walk(straight((100, 20), (100, 80), 10))) == {(0, TO_RIGHT): 1}
    assert crossed(Walk(straight((100, 80), (100, 20), 10))) == {(0, TO_LEFT): 1}
    assert crossed(Walk(straight((100, 80), (100, 20), 10)), ACROSS[::-1]) == {(0, TO_RIGHT): 1}


def test_time_lies_between_frames_and_kind_is_the_latest() -> None:
    walk = Walk(straight((100, 44), (100, 68), 2), kind=Kind.BUS)
    ((place, direction, time_ns, kind),) = play(crossings, lines(ACROSS), film(walk))
    assert (place, direction, kind) == (0, TO_RIGHT, Kind.BUS)
    assert time_ns == pytest.approx(FRAME_NS / 2, abs=100)


def test_outside_the_ends_nothing_is_crossed() -> None:
    assert crossed(Walk(straight((39, 20), (39, 80), 7))) == {}
    assert crossed(Walk(straight((161, 20), (161, 80), 7))) == {}
    assert crossed(Walk(straight((41, 20), (41, 80), 7))) == {(0, TO_RIGHT): 1}


@pytest.mark.parametrize(
    ("heights", "expected"),
    [
        pytest.param([20, 49, 51, 49, 51, 49, 51, 80], {(0, TO_RIGHT): 1}, id="jitter, then on"),
        pytest.param([20, 49, 51, 49, 51, 49, 20], {}, id="jitter, then back"),
        pytest.param([20, 50, 50, 50, 50, 80], {(0, TO_RIGHT): 1}, id="stops exactly on it"),
        pytest.param([20, 50, 50, 20], {}, id="turns back on it"),
        pytest.param([80, 50, 80], {}, id="touches it from the right"),
        pytest.param([20, 50, 50], {(0, TO_RIGHT): 1}, id="ends on it, which is its right"),
        pytest.param([20, 52], {(0, TO_RIGHT): 1}, id="ends just behind"),
        pytest.param([20, 59, 20], {}, id="turns back before it is clear"),
        pytest.param([20, 60, 20], {(0, TO_RIGHT): 1, (0, TO_LEFT): 1}, id="turns back once it is clear"),
        pytest.param([20, 80, 20, 80], {(0, TO_RIGHT): 2, (0, TO_LEFT): 1}, id="there and back and there"),
        pytest.param([52, 51, 80], {}, id="born just behind"),
        pytest.param([50, 80], {}, id="born on it"),
        pytest.param([48, 80], {(0, TO_RIGHT): 1}, id="born just before"),
    ],
)
def test_one_crossing_until_clear_by_a_quarter_height(
    heights: list[float], expected: dict[tuple[int, int], int]
) -> None:
    assert crossed(Walk([(100.0, float(y)) for y in heights], height=40.0)) == expected


@pytest.mark.parametrize("end", [40.0, 160.0])
def test_a_path_through_an_end_point_counts_alike_in_both_directions(end: float) -> None:
    down = crossed(Walk([(end, 20.0), (end, 50.0), (end, 80.0)]))
    up = crossed(Walk([(end, 80.0), (end, 50.0), (end, 20.0)]))
    assert len(down) == len(up)
    both = crossed(Walk([(end, y) for y in (20.0, 50.0, 80.0, 50.0, 20.0)]))
    assert both == down | up


BENT = ((0.2, 0.5), (0.5, 0.5), (0.5, 0.8), (0.8, 0.8))
"""A step: 40,50 – 100,50 – 100,80 – 160,80."""


@pytest.mark.parametrize(
    ("a", "b"),
    [
        pytest.param((70, 20), (70, 90), id="first part"),
        pytest.param((100, 20), (100, 50), id="ends on the joint"),
        pytest.param((120, 30), (80, 70), id="through the upper joint"),
        pytest.param((130, 50), (70, 110), id="through the lower joint"),
        pytest.param((130, 60), (70, 60), id="through the riser"),
        pytest.param((130, 50), (70, 50), id="along the first part"),
    ],
)
@pytest.mark.parametrize("steps", [1, 2, 3, 4, 30])
def test_a_joint_neither_misses_nor_doubles(a: tuple[float, float], b: tuple[float, float], steps: int) -> None:
    assert crossed(Walk(straight(a, b, steps), height=4.0), BENT) == {(0, TO_RIGHT): 1}
    if b != (100, 50):  # a foot that begins on the line is on its right already
        assert crossed(Walk(straight(b, a, steps), height=4.0), BENT) == {(0, TO_LEFT): 1}


def test_turning_around_on_a_joint_counts_nothing() -> None:
    for y in (20.0, 90.0):
        assert (
            crossed(Walk([(90.0, y), (100.0, 50.0), (110.0, y)], height=4.0), ((0.2, 0.4), (0.5, 0.5), (0.8, 0.4)))
            == {}
        )


def test_rows_missing_and_rows_carried_on_make_one_path() -> None:
    gap = Walk([(100.0, 20.0), (100.0, 30.0), None, None, None, (100.0, 80.0), (100.0, 90.0)])
    assert crossed(gap) == {(0, TO_RIGHT): 1}
    assert crossed(Walk(straight((100, 20), (100, 80), 10), unseen=set(range(3, 9)))) == {(0, TO_RIGHT): 1}


def test_a_jump_is_crossed_where_the_straight_way_leads() -> None:
    assert crossed(Walk([(100.0, 1.0), (100.0, 99.0)])) == {(0, TO_RIGHT): 1}
    assert crossed(Walk([(10.0, 1.0), (190.0, 1.0), (190.0, 99.0)])) == {}


def test_lines_are_counted_apart() -> None:
    told = crossed(Walk(straight((100, 20), (100, 80), 9)), ACROSS, ((0.8, 0.6), (0.2, 0.6)), ((0.2, 0.9), (0.8, 0.9)))
    assert told == {(0, TO_RIGHT): 1, (1, TO_LEFT): 1}


def test_a_line_into_the_lower_edge_counts_feet_that_stick_to_the_edge() -> None:
    for end in (1.0, 0.99):
        told = crossed(Walk([(x, 100.0) for x in range(60, 140, 7)], height=20.0), ((0.5, 0.3), (0.5, end)))
        assert told == {(0, TO_LEFT): 1}
    assert crossed(Walk([(x, 100.0) for x in range(60, 140, 7)], height=20.0), ((0.5, 0.3), (0.5, 0.9))) == {}


def test_a_line_into_the_corner_holds_the_corner() -> None:
    assert crossed(Walk([(180.0, 100.0), (200.0, 100.0), (200.0, 80.0)], height=4.0), ((0.5, 0.5), (1.0, 1.0))) == {
        (0, TO_LEFT): 1
    }


@pytest.mark.parametrize("y", [1.0, 0.995])
def test_a_line_along_the_lower_edge_counts_who_comes_in_and_goes_out_there(y: float) -> None:
    line = ((0.1, y), (0.9, y))
    stuck = [(100.0, 100.0)] * 4
    assert crossed(Walk([*stuck, *straight((100, 99), (100, 40), 8)]), line) == {(0, TO_LEFT): 1}
    assert crossed(Walk([*straight((100, 40), (100, 99), 8), *stuck]), line) == {(0, TO_RIGHT): 1}
    assert crossed(Walk([(float(x), 100.0) for x in range(5, 200, 5)]), line) == {}, "along the edge, behind the line"


def test_a_short_line_at_the_edge_keeps_its_direction() -> None:
    walk = Walk([(float(x), 99.5) for x in range(60, 140, 7)], height=8.0)
    assert crossed(walk, ((0.5, 0.99), (0.5, 1.0))) == {(0, TO_LEFT): 1}
    assert crossed(walk, ((0.5, 1.0), (0.5, 0.99))) == {(0, TO_RIGHT): 1}


def test_nothing_is_kept_of_tracks_that_ended() -> None:
    params = lines(ACROSS)
    state = crossings.start(params)
    for n in range(300):
        for frame in film(Walk(straight((100, 20), (100, 80), 3)), ids=[n + 1]):
            state, _ = crossings.step(state, picture_feet(frame), params)
    assert len(state) == 0


def test_a_step_changes_nothing_that_was_handed_in() -> None:
    params = lines(ACROSS)
    tracks = film(Walk(straight((100, 20), (100, 80), 10)), Walk(straight((90, 90), (90, 10), 10)))
    for _ in range(2):
        told = []
        states = [crossings.start(params)]
        for frame in tracks:
            first = crossings.step(states[-1], picture_feet(frame), params)
            second = crossings.step(states[-1], picture_feet(frame), params)
            assert first[1].time_ns.tolist() == second[1].time_ns.tolist()
            states.append(second[0])
            told += second[1].time_ns.tolist()
        assert len(told) == 2


def test_without_lines_nothing_happens() -> None:
    assert play(crossings, lines(), film(Walk(straight((100, 20), (100, 80), 10)))) == []


def test_a_line_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="without length"):
        lines(((0.5, 0.5), (0.5, 0.5)))
