"""One camera's thread: it connects, hands on what comes, and connects again."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import structlog

from flaneur.data.live import Reason
from flaneur.data.notes import Note, NoteKey
from flaneur.data.private import Frame
from flaneur.data.time import SECOND_NS
from flaneur.run.live.turns import Mailbox
from flaneur.run.live.vitals import Vitals
from flaneur.run.looking import Cadence
from flaneur.source.live import LiveSource
from flaneur.source.live_clock import Clock
from flaneur.source.live_opening import LostError
from flaneur.source.live_time import SenderClock

SHORTEST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
JITTER = 0.3
"""Share by which waits differ, so that a switch that comes back is not met by all cameras at once."""
BETWEEN_CALLS_S = 0.02
"""Cameras that begin together, as at the start and after the clock was set, are called one after the other."""
GOODBYE_S = 5.0
"""So long a new connection waits for the old one of its camera to hang up: many cameras serve only one at a time."""
STEADY_NS = 10 * SECOND_NS
"""A connection that lasted so long was a good one: the next loss is met at once again."""
CLOCK_NS = 10 * SECOND_NS
"""How often a camera's clock is looked at."""
DRIFT_S = 0.5
"""A camera's clock that has moved by so much against ours is told of again."""
NO_USE_TO_HURRY: frozenset[Reason] = frozenset({"unauthorised"})
"""Cameras lock accounts after some wrong passwords."""

log: Any = structlog.get_logger()
_door = threading.Lock()
"""Who wants to call a camera for the first time goes through here."""


class BackOff:
    """How long to wait before the next attempt: twice as long each time, within bounds, with jitter."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._next_s = SHORTEST_WAIT_S

    def wait_s(self, reason: Reason) -> float:
        """Seconds to wait after a loss for this reason."""
        wait_s = LONGEST_WAIT_S if reason in NO_USE_TO_HURRY else self._next_s
        self._next_s = min(2 * self._next_s, LONGEST_WAIT_S)
        return min(wait_s * self._rng.uniform(1 - JITTER, 1 + JITTER), LONGEST_WAIT_S)

    def reset(self) -> None:
        """All went well for a while."""
        self._next_s = SHORTEST_WAIT_S


class Connection:
    """Keeps one camera connected until it is stopped."""

    def __init__(
        self,
        camera: str,
        open_source: Callable[[], LiveSource],
        mailbox: Mailbox[Any],
        vitals: Vitals,
        clock: Clock,
        rate_per_s: float,
        rng: random.Random,
        before: "Connection | None" = None,
    ) -> None:
        """`open_source` raises LostError; the detector looks `rate_per_s` times a second. `before` was stopped, and is
        let hang up first."""
        self._camera = camera
        self._open_source = open_source
        self._mailbox = mailbox
        self._vitals = vitals
        self._clock = clock
        self._looks = Cadence(rate_per_s)
        self._phase_ns = round(rng.random() * SECOND_NS / rate_per_s)
        """So that cameras are not all due at the same moments."""
        self._back_off = BackOff(rng)
        self._index = 0
        self._dropped = 0
        """By connections that are over."""
        self._told: Reason | None = None
        """The loss that was told last; None once there was a connection again."""
        self._opened_ns: int | None = None
        self._sender: SenderClock | None = None
        """What was told last of the camera's clock."""
        self._sender_ns = 0
        self._source: LiveSource | None = None
        self._noted: Counter[NoteKey] = Counter()
        """By connections that are over."""
        self._stop = threading.Event()
        self._before: threading.Thread | None = None if before is None else before._thread
        # a camera that answers to nothing must not hold up the end of the program
        self._thread: threading.Thread = threading.Thread(target=self._run, name=f"camera {camera}", daemon=True)

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def stop(self) -> None:
        """Hand on nothing more; the thread ends when its camera answers, or within some seconds."""
        self._stop.set()
        if (source := self._source) is not None:
            source.stop()

    def _run(self) -> None:
        if self._before is not None:
            self._before.join(GOODBYE_S)
            self._before = None
        with _door:
            self._stop.wait(BETWEEN_CALLS_S)
        while not self._stop.is_set():
            self._opened_ns = None
            try:
                self._watch()
            except LostError as error:
                self._lose(error.reason, str(error))
                reason = error.reason
            except Exception as error:  # noqa: BLE001  # a camera may send anything; the others must feel nothing
                self._lose("garbage", type(error).__name__)
                reason = "garbage"
            else:
                if not self._stop.is_set():
                    self._vitals.stopped("ended")
                    log.info("camera ended", camera=self._camera)
                return
            if self._opened_ns is not None and self._clock.now_ns() - self._opened_ns > STEADY_NS:
                self._back_off.reset()
            self._stop.wait(self._back_off.wait_s(reason))

    def _lose(self, reason: Reason, sentence: str) -> None:
        if self._stop.is_set():
            return
        self._vitals.lost(reason)
        told = log.debug if reason == self._told else log.warning  # a camera may be away for weeks
        told("camera lost", camera=self._camera, reason=reason, message=sentence)
        self._told = reason

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was wrong with the pictures so far, over all connections."""
        noted, source = self._noted.copy(), self._source
        if source is not None:
            noted.update(_counted(source))
        return tuple(Note(key, (number,)) for key, number in noted.items())

    def _watch(self) -> None:
        """One connection, to its end."""
        with self._open_source() as source:
            self._source, self._opened_ns, self._told = source, self._clock.now_ns(), None
            number = self._vitals.opened(self._opened_ns)
            log.info(
                "camera open",
                camera=self._camera,
                width_px=source.info.width_px,
                height_px=source.info.height_px,
                connection=number,
            )
            try:
                for frame in source.frames():
                    if self._stop.is_set():
                        return
                    self._hand_on(frame, number, self._dropped + source.frames_dropped)
                    self._tell_clock(source)
            finally:
                self._source = None
                self._dropped += source.frames_dropped
                self._noted.update(_counted(source))

    def _tell_clock(self, source: LiveSource) -> None:
        """From time to time: what is new about the camera's clock."""
        now_ns = self._clock.now_ns()
        if now_ns - self._sender_ns < CLOCK_NS:
            return
        self._sender_ns, before, sender = now_ns, self._sender, source.sender
        self._vitals.clock(sender.ahead_s, used=sender.used)
        drift_s = abs((sender.ahead_s or 0.0) - (before.ahead_s or 0.0)) if before else 0.0
        if before is None or drift_s >= DRIFT_S or (sender.used, sender.jumps) != (before.used, before.jumps):
            self._sender = sender
            log.info("camera clock", camera=self._camera, ahead_s=sender.ahead_s, used=sender.used, jumps=sender.jumps)

    def _hand_on(self, frame: Frame, connection: int, dropped: int) -> None:
        frame.index = self._index
        self._index += 1
        self._vitals.came(self._clock.now_ns(), dropped + self._mailbox.dropped)
        if self._looks.due(frame.time_ns + self._phase_ns):
            self._mailbox.put(frame, connection, dropped)
        else:
            self._mailbox.pass_by(frame.index, frame.time_ns, dropped)


def _counted(source: LiveSource) -> dict[NoteKey, int]:
    return {note.key: int(note.numbers[0]) for note in source.notes}
