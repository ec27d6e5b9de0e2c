"""What one look costs the tracker, in milliseconds on one thread, by the number of boxes.

    python benchmarks/tracking_cost.py [--boxes N ...] [--rate N] [--looks N]

Synthetic people walk through a picture that grows with their number, so that the crowd stays as dense; each look
brings all boxes. The median of the thread's own time counts, since the machine may be shared.
"""

import argparse
import statistics
import time

import numpy as np

from flaneur.data.private import Detections
from flaneur.data.time import SECOND_NS
from flaneur.track import Tracker, TrackParams

ROOM_PX = 120.0
"""Side of the square that each person has on average."""


def look_ms(boxes: int, rate: float, looks: int) -> float:
    rng = np.random.default_rng(0)
    side = ROOM_PX * np.sqrt(boxes)
    foot, speed = rng.uniform(0.1 * side, 0.9 * side, (boxes, 2)), rng.normal(0.0, 20.0, (boxes, 2))
    tracker = Tracker(TrackParams(), int(side), int(side), rng)
    spent = []
    for n in range(looks):
        at = foot + speed * n / rate + rng.normal(0.0, 1.5, (boxes, 2))
        xyxy = (np.tile(at, 2) + np.array((-15.0, -80.0, 15.0, 0.0))).astype(np.float32)
        found = Detections(xyxy, np.full(boxes, 0.8, np.float32), np.zeros(boxes, np.uint8))
        begin = time.thread_time()
        tracker.step(n, int(n * SECOND_NS / rate), found)
        spent.append(1000 * (time.thread_time() - begin))
    return statistics.median(spent[looks // 2 :])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--boxes", type=int, nargs="+", default=[5, 10, 20, 50, 100, 200, 500])
    parser.add_argument("--rate", type=float, default=5.0, help="looks a second")
    parser.add_argument("--looks", type=int, default=60)
    o = parser.parse_args()
    print("boxes  ms/look  µs/box")
    for boxes in o.boxes:
        ms = look_ms(boxes, o.rate, o.looks)
        print(f"{boxes:5}  {ms:7.2f}  {1000 * ms / boxes:6.1f}", flush=True)


if __name__ == "__main__":
    main()
