"""What each stage costs."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class StageClock:
    """Adds up the time that stages take, over threads."""

    def __init__(self) -> None:
        self._ns: defaultdict[str, int] = defaultdict(int)
        self._lock = threading.Lock()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what happens inside towards stage `name`."""
        begin = time.perf_counter_ns()
        try:
            yield
        finally:
            spent = time.perf_counter_ns() - begin
            with self._lock:
                self._ns[name] += spent

    def ms_per_frame(self, frames: int) -> tuple[tuple[str, float], ...]:
        """(stage, mean milliseconds per frame) in the order in which stages first ran."""
        return tuple((name, ns / 1e6 / max(frames, 1)) for name, ns in self._ns.items())
