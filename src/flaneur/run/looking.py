"""Decides which frames the detector looks at and runs it ahead of the loop.

Inference releases the interpreter lock, so frames are looked at on worker threads while the loop decodes and
tracks; results come back in the order of the frames, so a run gives the same figures with any number of workers.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from flaneur.data.private import Detections, Frame
from flaneur.data.time import SECOND_NS
from flaneur.detect.detector import Detector
from flaneur.detect.gate import MotionGate
from flaneur.run.clock import StageClock

WORKERS = 2
"""Frames that are in the detector at once; it serves each with one core."""

EVERY_FRAME = float(SECOND_NS)
"""A rate at which no frame is left out: one a nanosecond."""

SLACK_NS = SECOND_NS // 1000
"""Time stamps are rounded by containers; a frame a hair early is still the frame that was due."""


class Cadence:
    """Picks at most `rate_per_s` moments a second, on a fixed grid of the video's own time; none at rate 0."""

    def __init__(self, rate_per_s: float) -> None:
        self._rate_per_s = rate_per_s
        self._last_slot = -1 if rate_per_s > 0 else 0

    def due(self, time_ns: int) -> bool:
        """Whether the frame at `time_ns` is the first one of its slot."""
        slot = int((time_ns + SLACK_NS) * self._rate_per_s) // SECOND_NS
        if slot == self._last_slot:
            return False
        self._last_slot = slot
        return True


def look(
    frames: Iterable[Frame], rate_per_s: float, between_per_s: float, detector: Detector, clock: StageClock
) -> Iterator[tuple[Frame, Detections | None]]:
    """Frames with what the detector saw in them, `rate_per_s` times a second.

    Other frames pass with None, at most `between_per_s` a second (0: none, `EVERY_FRAME`: all); the rest is dropped
    here, so that no picture waits in memory that nobody will see. A frame in which nothing has moved since the last
    look repeats what was seen then.
    """
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="detect") as pool:
        pending: deque[tuple[Frame, Future[Detections] | None]] = deque()
        try:
            for item in _ask(frames, Cadence(rate_per_s), Cadence(between_per_s), detector, clock, pool):
                pending.append(item)
                while _in_detector(pending) > WORKERS or _is_ready(pending):
                    yield _answer(pending)
            while pending:
                yield _answer(pending)
        finally:
            pool.shutdown(cancel_futures=True)


def _ask(
    frames: Iterable[Frame],
    looks: Cadence,
    passes: Cadence,
    detector: Detector,
    clock: StageClock,
    pool: ThreadPoolExecutor,
) -> Iterator[tuple[Frame, Future[Detections] | None]]:
    """Each frame with the detector's answer to come."""
    gate = MotionGate()
    last: Future[Detections] | None = None

    def detect(frame: Frame) -> Detections:
        with clock.stage("convert"):
            bgr = frame.bgr()
        with clock.stage("detect"):
            return detector.detect(bgr)

    for frame in frames:
        passing = passes.due(frame.time_ns)
        if not looks.due(frame.time_ns):
            if passing:
                yield frame, None
            continue
        with clock.stage("gate"):
            moved = gate.moved(frame.sketch(), frame.time_ns)
        if moved or last is None:
            last = pool.submit(detect, frame)
        yield frame, last


def _in_detector(pending: Sequence[tuple[Frame, Future[Detections] | None]]) -> int:
    return sum(future is not None for _, future in pending)


def _is_ready(pending: Sequence[tuple[Frame, Future[Detections] | None]]) -> bool:
    return bool(pending) and (pending[0][1] is None or pending[0][1].done())


def _answer(pending: deque[tuple[Frame, Future[Detections] | None]]) -> tuple[Frame, Detections | None]:
    """Take the oldest frame, waiting for its answer if need be."""
    frame, future = pending.popleft()
    return frame, None if future is None else future.result()
