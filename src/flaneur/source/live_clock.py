"""The clock that live pictures are dated with."""

import threading
import time

from flaneur.data.time import SECOND_NS


class Clock:
    """UTC that never runs backwards: what the system said at the start, carried on by a clock that nobody sets."""

    def __init__(self) -> None:
        self._anchor_ns = time.time_ns() - time.monotonic_ns()

    def now_ns(self) -> int:
        """UTC nanoseconds since 1970."""
        return self._anchor_ns + time.monotonic_ns()

    def jumped_ns(self) -> int:
        """How far the system's UTC has moved against this clock: it was set, or it drifts and is being disciplined."""
        return time.time_ns() - self.now_ns()

    def wait(self, duration_ns: int, stopped: threading.Event) -> None:
        """Wait until this time has gone by or `stopped` is set; not at all for a duration that is over."""
        stopped.wait(max(duration_ns, 0) / SECOND_NS)
