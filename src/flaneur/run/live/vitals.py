"""How one camera is doing, put together from what its thread and the workers tell."""

import threading
from collections import deque

from flaneur.data.live import CameraStatus, Reason, State
from flaneur.data.time import MINUTE_NS, SECOND_NS, to_s
from flaneur.measure.health import Fault

SILENT_NS = 8 * SECOND_NS
"""An open connection without any picture for so long is a lost one, whatever the camera's thread waits for."""
STUCK_NS = 10 * SECOND_NS
"""When pictures come for so long and none is looked at, turns hang or fail. With more to do than the machine can, each
camera still has a look every few seconds."""


class Vitals:
    """Counts and states of one camera since the start of the program; every thread may call."""

    def __init__(self, camera: str, now_ns: int) -> None:
        self._camera = camera
        self._lock = threading.Lock()
        self._state: State = "starting"
        self._reason: Reason | None = None
        self._since_ns = now_ns
        self._heard_ns = now_ns
        """When there was a sign of life last."""
        self._unseen_ns: int | None = None
        """When the first picture since the last look came."""
        self._open = False
        self._lost: Reason | None = None
        """Why there are no pictures; stays until one of the next connection was measured."""
        self._measured = False
        self._faults: tuple[Fault, ...] = ()
        self._stopped: Reason | None = None
        self._seen = self._dropped = self._looks = self._connections = 0
        self._minute = now_ns // MINUTE_NS
        self._detect_s = self._told_detect_s = 0.0
        self._lag_s: float | None = None
        self._told_lag_s: float | None = None
        self._clock: tuple[float | None, bool] = None, False
        self._recent_ns: deque[int] = deque()
        """Looks of the last minute."""

    def opened(self, now_ns: int) -> int:
        """A connection stands; its number."""
        with self._lock:
            self._heard_ns, self._open, self._unseen_ns = now_ns, True, None
            self._connections += 1
            return self._connections

    def came(self, now_ns: int, dropped: int) -> None:
        """A picture came; `dropped` were lost on the way or overtaken, in all."""
        with self._lock:
            self._heard_ns = now_ns
            if self._unseen_ns is None:
                self._unseen_ns = now_ns
            self._seen += 1
            self._dropped = dropped

    def lost(self, reason: Reason) -> None:
        """The connection is over or could not be made."""
        with self._lock:
            self._open, self._lost, self._unseen_ns = False, reason, None
            self._clock = None, False

    def clock(self, ahead_s: float | None, *, used: bool) -> None:
        """What is known of the camera's clock against ours, and whether its pictures are dated by it."""
        with self._lock:
            self._clock = ahead_s, used

    def looked(self, connection: int, now_ns: int, lag_ns: int, detect_s: float, faults: tuple[Fault, ...]) -> None:
        """A picture of this connection was looked at and measured, `lag_ns` after its moment."""
        with self._lock:
            self._turn(now_ns)
            self._looks += 1
            self._detect_s += detect_s
            self._lag_s = max(to_s(lag_ns), self._lag_s or 0.0)
            self._faults, self._unseen_ns = faults, None
            self._recent_ns.append(now_ns)
            if self._open and connection == self._connections:
                self._measured, self._lost = True, None

    def stopped(self, reason: Reason) -> None:
        """The camera is not watched any more."""
        with self._lock:
            self._stopped = reason

    @property
    def is_stopped(self) -> bool:
        """Whether the camera is not watched any more."""
        return self._stopped is not None

    def is_silent(self, now_ns: int, after_ns: int) -> bool:
        """Whether no picture has come for `after_ns`."""
        with self._lock:
            return now_ns - self._heard_ns > after_ns

    def status(self, now_ns: int) -> CameraStatus:
        """How the camera is now."""
        with self._lock:
            state, reason = self._judged(now_ns)
            if (state, reason) != (self._state, self._reason):
                self._state, self._reason, self._since_ns = state, reason, now_ns
            self._turn(now_ns)
            while self._recent_ns and self._recent_ns[0] < now_ns - MINUTE_NS:
                self._recent_ns.popleft()
            return CameraStatus(
                camera=self._camera,
                state=state,
                reason=reason,
                since_ns=self._since_ns,
                frames_seen=self._seen,
                frames_dropped=self._dropped,
                looks=self._looks,
                detect_s=self._told_detect_s,
                reconnections=max(self._connections - 1, 0),
                lag_s=self._told_lag_s,
                rate_per_s=len(self._recent_ns) / to_s(MINUTE_NS),
                clock_ahead_s=self._clock[0],
                clock_used=self._clock[1],
            )

    def _turn(self, now_ns: int) -> None:
        """What would tell at which second something moved is told minute by minute."""
        if (minute := now_ns // MINUTE_NS) != self._minute:
            self._minute = minute
            self._told_detect_s, self._told_lag_s, self._lag_s = self._detect_s, self._lag_s, None

    def _judged(self, now_ns: int) -> tuple[State, Reason | None]:
        if self._stopped is not None:
            return "stopped", self._stopped
        is_silent = now_ns - self._heard_ns > SILENT_NS
        if self._unseen_ns is not None and now_ns - self._unseen_ns > STUCK_NS and not is_silent:
            return "lost", "stuck"
        if self._lost is not None:
            return "lost", self._lost
        if is_silent:
            return "lost", "silent"
        if self._faults:
            return "blind", _REASONS[self._faults[0]]
        return ("watching" if self._measured else "starting"), None


_REASONS: dict[Fault, Reason] = {
    Fault.DARK: "dark",
    Fault.OVEREXPOSED: "overexposed",
    Fault.COVERED: "covered",
    Fault.BLURRED: "blurred",
    Fault.MOVED: "moved",
    Fault.FROZEN: "frozen",
}
