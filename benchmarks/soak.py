"""Whether a watch grows: hours of two cameras in fast-forward, beside a third whose connection breaks again and again.

    python benchmarks/soak.py [--hours 0.2] [--speed 10]
    python benchmarks/soak.py --hours 10

The clock of the watch runs `--speed` times as fast as ours. The bar is less than 1 MB an hour and camera in the second
half, and no descriptor or thread more than in the first.
"""

import argparse
import gc
import os
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from flaneur.source.live_clock import Clock
from live_load import repeated, resident_mb
from support.cable import Cable
from support.live_cameras import RtspServer, street_file
from support.scene import write_board_detector
from support.watching import SITE, camera_table, detector_table, watching

BAR_MB = 1.0
CUT_S = 2.0
"""Real seconds between two breaks of the third camera's connection."""


class FastClock(Clock):
    """Hours in minutes."""

    speed = 10.0

    def __init__(self) -> None:
        super().__init__()
        self._begin_ns = super().now_ns()

    def now_ns(self) -> int:
        return self._begin_ns + round((super().now_ns() - self._begin_ns) * self.speed)

    def jumped_ns(self) -> int:
        return 0

    def wait(self, duration_ns: int, stopped: threading.Event) -> None:
        super().wait(round(duration_ns / self.speed), stopped)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=0.2)
    parser.add_argument("--speed", type=float, default=10.0)
    asked = parser.parse_args()
    FastClock.speed = asked.speed
    seconds = asked.hours * 3600
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        model = write_board_detector(folder / "boards.xml")
        once = street_file(folder / "once.mp4", 20, rate=5)
        repeated(once, folder / "long.mp4", seconds + 600)
        server = stack.enter_context(RtspServer(folder))
        cable = stack.enter_context(Cable(server.port, "once.mp4"))
        tables = [camera_table(f"film {n}", "long.mp4") for n in range(2)] + [camera_table("broken", cable.url)]
        (folder / "site.toml").write_text(SITE + "".join(tables) + detector_table(model, 2.0))
        running = stack.enter_context(watching(folder / "site.toml", FastClock))
        running.wait_for("film 0", "watching")
        found: list[tuple[float, float, int, int]] = []
        begin_s = last_s = time.monotonic()
        while (now_s := time.monotonic() - begin_s) * asked.speed < seconds:
            time.sleep(0.5)
            if time.monotonic() - last_s > CUT_S:
                last_s = time.monotonic()
                cable.fault("reset")
                cable.heal()
            gc.collect()
            descriptors = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
            found.append((now_s * asked.speed / 3600, resident_mb(), descriptors, threading.active_count()))
        statuses = running.watch.statuses()
    report(np.array(found), len(tables), [status.reconnections for status in statuses])


def report(found: np.ndarray, cameras: int, reconnections: list[int]) -> None:
    hours, memory, descriptors, threads = found.T
    half = len(found) // 2
    slope = np.polyfit(hours[half:], memory[half:], 1)[0] / cameras
    print(f"{hours[-1]:.2f} hours of {cameras} cameras, {max(reconnections)} reconnections of the broken one")
    print(f"  memory, MB      {memory[0]:.0f} at first, {memory[half]:.0f} half way, {memory[-1]:.0f} at the end")
    print(f"  slope           {slope:+.2f} MB an hour and camera in the second half; bar {BAR_MB}")
    for name, values in (("descriptors", descriptors), ("threads", threads)):
        print(
            f"  {name:<15} {values[:half].max():.0f} at most in the first half, {values[half:].max():.0f} in the second"
        )


if __name__ == "__main__":
    main()
