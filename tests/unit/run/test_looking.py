import threading
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaneur.data.kinds import Kind
from flaneur.data.private import Detections, Frame
from flaneur.data.time import SECOND_NS, to_ns
from flaneur.detect.protocol import DetectorFacts
from flaneur.run.clock import StageClock
from flaneur.run.looking import EVERY_FRAME, Cadence, look
from support.street import frame_of


class MarkReader:
    """Sees in each picture one box whose left edge is the picture's grey value; fast and slow in turn."""

    facts = DetectorFacts("mark", "none", "0" * 64, (Kind.CAR,), 8, 8)

    def __init__(self) -> None:
        self.calls = 0
        self._lock = threading.Lock()
        self._odd = threading.Event()

    def detect(self, bgr: np.ndarray) -> Detections:
        with self._lock:
            self.calls += 1
            wait = self.calls % 2
        self._odd.wait(0.005 * wait)
        box = np.array([[bgr[0, 0, 0], 0, 8, 8]], np.float32)
        return Detections(box, np.ones(1, np.float32), np.zeros(1, np.uint8))


def video(count: int, rate: float, *, moving: bool = True) -> Iterator[Frame]:
    for index in range(count):
        grey = (index * 37) % 251 if moving else 5
        yield frame_of(index, index / rate, np.full((48, 64, 3), grey, np.uint8))


@pytest.mark.parametrize(("rate", "every"), [(10, 2), (25, 5), (30, 6), (5, 1), (60, 12)])
def test_the_cadence_is_even_where_it_divides_the_rate(rate: int, every: int) -> None:
    cadence = Cadence(5.0)
    due = [k for k in range(600) if cadence.due(to_ns(k / rate))]
    assert due == list(range(0, 600, every))


def test_rounded_time_stamps_keep_their_slot() -> None:
    cadence = Cadence(5.0)
    milliseconds = [k * 1000 // 30 for k in range(600)]  # as Matroska rounds
    due = [k for k, ms in enumerate(milliseconds) if cadence.due(ms * 1_000_000)]
    assert due == list(range(0, 600, 6))


def test_rate_0_is_never_due_and_every_frame_is_always() -> None:
    none, every = Cadence(0.0), Cadence(EVERY_FRAME)
    times = [0, 1, 2, 7, SECOND_NS, 3 * SECOND_NS + 1, 10**19]
    assert not any(none.due(t) for t in times[:-1])
    assert all(every.due(t) for t in times)


@given(st.lists(st.integers(0, 10 * SECOND_NS), unique=True), st.floats(0.1, 60))
def test_no_more_than_the_rate(times: list[int], rate: float) -> None:
    cadence = Cadence(rate)
    assert sum(cadence.due(t) for t in sorted(times)) <= 10 * rate + 2


def test_answers_come_in_order_and_belong_to_their_frame() -> None:
    answers = list(look(video(60, 10), 5.0, EVERY_FRAME, MarkReader(), StageClock()))
    assert [frame.index for frame, _ in answers] == list(range(60))
    for frame, detections in answers:
        if frame.index % 2:
            assert detections is None
        else:
            assert detections is not None
            assert detections.xyxy_px[0, 0] == (frame.index * 37) % 251


def test_frames_that_nobody_needs_do_not_pass() -> None:
    assert [f.index for f, _ in look(video(20, 10), 5.0, 0.0, MarkReader(), StageClock())] == list(range(0, 20, 2))


def test_a_still_picture_is_looked_at_every_two_seconds_only() -> None:
    detector = MarkReader()
    answers = list(look(video(100, 10, moving=False), 5.0, 0.0, detector, StageClock()))
    assert all(detections is not None for _, detections in answers)
    assert len(answers) == 50
    assert 5 <= detector.calls <= 7


def test_an_error_of_the_detector_reaches_the_caller_and_stops_the_threads() -> None:
    class Broken(MarkReader):
        def detect(self, bgr: np.ndarray) -> Detections:
            raise RuntimeError("broken")

    before = threading.active_count()
    with pytest.raises(RuntimeError, match="broken"):
        list(look(video(20, 10), 5.0, 0.0, Broken(), StageClock()))
    assert threading.active_count() == before


def test_stopping_early_stops_the_threads() -> None:
    before = threading.active_count()
    answers = look(video(1000, 10), 5.0, 0.0, MarkReader(), StageClock())
    next(answers)
    answers.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before
