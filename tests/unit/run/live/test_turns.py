import threading
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from flaneur.data.private import Frame
from flaneur.run.live.turns import MOST_PASSED, Turns


def frame(index: int) -> Frame:
    picture = np.zeros((2, 2, 3), np.uint8)
    return Frame(index, index * 100, 2, 2, lambda: picture, lambda: picture[:, :, 0])


def test_the_latest_frame_wins_and_the_others_are_counted() -> None:
    turns: Turns[str] = Turns()
    box = turns.join("north")
    for index in range(5):
        box.put(frame(index), 1, 0)
    found = turns.take()
    assert found is not None
    assert found[1].frame is not None
    assert found[1].frame.index == 4
    assert box.overtaken == 4
    assert found[1].dropped == 4


def test_frames_beside_it_are_handed_on_in_order() -> None:
    turns: Turns[str] = Turns()
    box = turns.join("north")
    box.pass_by(0, 0, 0)
    box.put(frame(1), 1, 2)
    box.pass_by(2, 200, 2)
    taken = turns.take()
    assert taken is not None
    assert taken[1].in_order() == [(0, 0, 0), (1, 100, 2), (2, 200, 2)]


def test_an_overtaken_frame_is_dropped_and_not_also_seen() -> None:
    turns: Turns[str] = Turns()
    box = turns.join("north")
    box.put(frame(0), 1, 0)
    box.pass_by(1, 100, 0)
    box.put(frame(2), 1, 0)
    taken = turns.take()
    assert taken is not None
    assert taken[1].in_order() == [(1, 100, 0), (2, 200, 1)]


@given(st.lists(st.integers(0, 4), min_size=20, max_size=60))
def test_turns_are_even_when_everybody_always_waits(extra: list[int]) -> None:
    """Whatever one camera sends more than the others, nobody gets two turns more than anybody else."""
    turns: Turns[int] = Turns()
    boxes = [turns.join(number) for number in range(5)]
    had: Counter[int] = Counter(dict.fromkeys(range(5), 0))
    for index, number in enumerate(extra):
        for box in [*boxes, boxes[number]]:
            box.put(frame(index), 1, 0)
        taken = turns.take()
        assert taken is not None
        had[taken[0].owner] += 1
        turns.done(taken[0])
        assert max(had.values()) - min(had.values()) <= 1


def test_one_worker_at_a_time_for_a_camera() -> None:
    turns: Turns[str] = Turns()
    north, south = turns.join("north"), turns.join("south")
    north.put(frame(0), 1, 0)
    first = turns.take()
    assert first is not None
    north.put(frame(1), 1, 0)
    south.put(frame(0), 1, 0)
    second = turns.take()
    assert second is not None
    assert (first[0].owner, second[0].owner) == ("north", "south")
    assert not north.ready
    turns.done(first[0])
    assert north.ready


def test_silence_waits_only_where_no_frame_does() -> None:
    turns: Turns[str] = Turns()
    box = turns.join("north")
    box.silence(5)
    box.put(frame(0), 1, 0)
    box.silence(6)
    taken = turns.take()
    assert taken is not None
    assert taken[1].silent_ns is None
    assert taken[1].frame is not None


def test_frames_are_shed_and_counted() -> None:
    turns: Turns[str] = Turns()
    box = turns.join("north")
    box.put(frame(0), 1, 0)
    box.clear()
    assert box.idle
    assert box.overtaken == 1


def test_what_passes_by_a_turn_that_hangs_is_bounded_and_counted() -> None:
    turns: Turns[str] = Turns()
    box = turns.join("north")
    box.put(frame(0), 1, 0)
    assert turns.take() is not None
    for index in range(1, MOST_PASSED + 8):
        box.pass_by(index, index * 100, 0)
    box.put(frame(MOST_PASSED + 8), 1, 0)
    turns.done(box)
    taken = turns.take()
    assert taken is not None
    assert len(taken[1].passed) == MOST_PASSED
    assert (taken[1].dropped, box.dropped, box.overtaken) == (7, 7, 0)


def test_what_was_taken_and_not_measured_is_dropped() -> None:
    turns: Turns[str] = Turns()
    box = turns.join("north")
    box.pass_by(0, 0, 2)
    box.put(frame(1), 1, 2)
    taken = turns.take()
    assert taken is not None
    box.drop(taken[1])
    box.pass_by(2, 200, 2)
    box.put(frame(3), 1, 2)
    turns.done(box)
    after = turns.take()
    assert after is not None
    assert after[1].in_order() == [(2, 200, 4), (3, 300, 4)]


def test_a_camera_leaves_when_its_turn_is_over() -> None:
    turns: Turns[str] = Turns()
    box = turns.join("north")
    box.put(frame(0), 1, 0)
    turns.take()
    box.put(frame(1), 1, 0)
    threading.Timer(0.05, turns.done, [box]).start()
    assert turns.leave(box, 5.0)
    turns.close()
    assert turns.take() is None


def test_close_frees_waiting_workers() -> None:
    turns: Turns[str] = Turns()
    found: list[object] = []
    worker = threading.Thread(target=lambda: found.append(turns.take()))
    worker.start()
    turns.close()
    worker.join(5)
    assert found == [None]
