import pytest

from flaneur.data.geometry import EDGES, IN, OUT
from flaneur.data.kinds import Kind
from flaneur.measure import edges
from flaneur.measure.edges import PictureSize
from support.walks import FRAME_NS, Row, Walk, counts, film, play, straight

W, H = 400, 300
LEFT, TOP, RIGHT, BOTTOM = range(4)
LATE = 30
"""Long after the video's start."""


def passed(*walks: Walk, frames: int | None = None) -> list[Row]:
    nobody = Walk([(200.0, 150.0)], height=20.0)
    return play(edges, PictureSize(W, H), film(nobody, *walks, frames=frames))


def walk(a: tuple[float, float], b: tuple[float, float], steps: int = 40, **how: object) -> Walk:
    return Walk(straight(a, b, steps), **({"start": LATE, "size": (W, H), "height": 60.0} | how))  # type: ignore[arg-type]


def test_order_of_places() -> None:
    assert EDGES == ("left", "top", "right", "bottom")


@pytest.mark.parametrize(
    ("a", "b", "into", "out_of"),
    [
        pytest.param((-8, 150), (408, 150), LEFT, RIGHT, id="left to right"),
        pytest.param((200, -5), (200, 358), TOP, BOTTOM, id="top to bottom"),
        pytest.param((-8, 150), (200, 358), LEFT, BOTTOM, id="left to bottom"),
        pytest.param((200, -5), (408, 200), TOP, RIGHT, id="top to right"),
    ],
)
def test_ways_through_the_picture_in_both_directions(
    a: tuple[float, float], b: tuple[float, float], into: int, out_of: int
) -> None:
    assert counts(passed(walk(a, b))) == {(into, IN): 1, (out_of, OUT): 1}
    assert counts(passed(walk(b, a))) == {(out_of, IN): 1, (into, OUT): 1}


def test_moments_are_the_first_and_last_sight() -> None:
    told = passed(walk((-8, 150), (408, 150), kind=Kind.BICYCLE))
    assert [t / FRAME_NS for *_, t, _ in told] == [LATE, LATE + 40]
    assert {kind for *_, kind in told} == {Kind.BICYCLE}


def test_who_is_seen_late_and_lost_early_is_carried_to_the_edge_at_its_speed() -> None:
    assert counts(passed(walk((40, 150), (360, 150), 30))) == {(LEFT, IN): 1, (RIGHT, OUT): 1}
    assert counts(passed(walk((100, 150), (300, 150), 30))) == {}, "too slow to come from an edge a second before"


def test_appearing_and_vanishing_in_the_middle_is_neither() -> None:
    assert passed(walk((150, 150), (250, 180))) == []


def test_who_walks_along_an_edge_leaves_where_the_way_leads() -> None:
    assert counts(passed(walk((-8, 330), (408, 330)))) == {(LEFT, IN): 1, (RIGHT, OUT): 1}


def test_a_head_cut_above_is_no_way_out() -> None:
    tall = walk((150, 200), (260, 200), height=230.0)
    assert passed(tall) == []


def test_a_parked_car_at_the_edge_that_is_lost_now_and_then_neither_comes_nor_goes() -> None:
    assert counts(passed(walk((2, 150), (2, 150)))) == {}
    assert counts(passed(walk((2, 150), (7, 150)))) == {}, "nor does one whose box sways"


def test_who_stood_half_in_the_picture_and_then_went_has_left() -> None:
    assert counts(passed(walk((40, 150), (2, 150)))) == {(LEFT, OUT): 1}


def test_coming_in_from_the_edge_is_no_way_out() -> None:
    assert counts(passed(walk((-8, 150), (24, 150), 6))) == {(LEFT, IN): 1}


def test_there_from_the_start_and_still_there_at_the_end() -> None:
    assert counts(passed(walk((-8, 150), (408, 150), start=0))) == {(RIGHT, OUT): 1}
    assert counts(passed(walk((-8, 150), (408, 150)), frames=LATE + 41)) == {(LEFT, IN): 1}


def test_a_tracker_that_ends_all_in_the_last_frame_makes_nobody_leave() -> None:
    tracks = film(walk((-8, 150), (408, 150)), ids=[5])
    last = tracks[-2]
    tracks[-2] = type(last)(
        last.frame_index,
        last.time_ns,
        last.xyxy_px,
        last.track_id,
        last.kind,
        last.score,
        last.observed,
        last.track_id.copy(),
    )
    first = film(Walk([(200.0, 150.0)], height=20.0), ids=[9])
    told = play(edges, PictureSize(W, H), [*first[:1], *tracks[LATE:-1]])
    assert counts(told) == {(LEFT, IN): 1}


def test_boxes_that_are_only_carried_on_play_no_part() -> None:
    feet = [*straight((-8, 150), (392, 150), 40), *[(392.0, 150.0)] * 12]
    held = Walk(feet, start=LATE, size=(W, H), height=60.0, unseen=set(range(LATE + 41, LATE + 60)))
    ((_, direction, time_ns, _),) = [row for row in passed(held) if row[0] == RIGHT]
    assert direction == OUT
    assert time_ns / FRAME_NS == LATE + 40
