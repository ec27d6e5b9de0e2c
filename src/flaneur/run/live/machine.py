"""What the machine has, and whether it is enough."""

import os
from collections import deque
from pathlib import Path

from flaneur.run.live.setup import SiteSetup

PERIOD_S = 0.5
"""How often the load is looked at."""
MEMORY = round(60 / PERIOD_S)
OVERLOAD_SHARE = 0.2
"""Frames that are overtaken, of those due, from which on there is too much to do."""
FEWEST_LOOKS = round(15 / PERIOD_S)
"""What happens in the first seconds says nothing about the load."""


def workers_of(setup: SiteSetup) -> int:
    """How many looks happen at once."""
    return setup.site.watch.workers or len(os.sched_getaffinity(0))


def memory_mb() -> float:
    """What this process takes of the machine's memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def free_memory_mb() -> float:
    """What the machine could still give, as the kernel says."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable")) / 1024


class Load:
    """Whether there is more to do than the machine can."""

    def __init__(self) -> None:
        self._totals = 0, 0
        self._recent: deque[tuple[int, int]] = deque(maxlen=MEMORY)

    def is_too_much(self, overtaken: int, looks: int) -> bool:
        """Whether many of the frames of the last minute were overtaken, given these totals of all cameras.

        They fall when a camera goes or begins anew; what the others did in that half second is then not known.
        """
        before, self._totals = self._totals, (overtaken, looks)
        self._recent.append((max(overtaken - before[0], 0), max(looks - before[1], 0)))
        if len(self._recent) < FEWEST_LOOKS:
            return False
        overtaken, looks = (sum(each) for each in zip(*self._recent, strict=True))
        return overtaken > OVERLOAD_SHARE * (overtaken + looks)
