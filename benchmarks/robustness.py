"""How much of the accuracy is luck: the tracker on many slightly different versions of the same material.

    python benchmarks/robustness.py [--rate N ...] [--model NAME_OR_PATH]

Every phase of the cadence, forward and backward in time, each as it is, with 10 % of the boxes dropped, with boxes
shaken by 2 % of their height, and with all scores .03 higher and lower; then scores raised to the power .7 and 1.4, as
another detector might give them. One run is one exchange of identities away from another, so only means count.
"""

import argparse
import importlib.util
import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from accuracy import SAMPLE, SCORER, SHARED, looks_of
from flaneur.data.kinds import Kind
from flaneur.data.private import Detections
from flaneur.data.time import SECOND_NS
from flaneur.track import Tracker, TrackParams

FRAMES, FRAMES_PER_S = 400, 10
SIZE_PX = (768, 576)
FIGURES = ("MOTA", "IDF1", "HOTA", "crossing_error")
Change = Callable[[Detections, np.random.Generator], Detections]


def drop(d: Detections, rng: np.random.Generator) -> Detections:
    return d.take(rng.random(len(d)) > 0.1)


def shake(d: Detections, rng: np.random.Generator) -> Detections:
    height = (d.xyxy_px[:, 3] - d.xyxy_px[:, 1])[:, None]
    return Detections((d.xyxy_px + rng.normal(0.0, 0.02, (len(d), 4)) * height).astype(np.float32), d.score, d.kind)


def rescored(power: float = 1.0, offset: float = 0.0) -> Change:
    def change(d: Detections, _: np.random.Generator) -> Detections:
        return Detections(d.xyxy_px, np.clip(d.score**power + offset, 0.0, 1.0).astype(np.float32), d.kind)

    return change


AROUND: list[Change] = [rescored(), drop, drop, shake, shake, rescored(offset=0.03), rescored(offset=-0.03)]
OTHER_SCORES: list[Change] = [rescored(0.7), rescored(1.4)]


def tracked(seen: list[Detections], every: int, phase: int, change: Change, seed: int) -> np.ndarray:
    """Pedestrians as frame from 1, id, left, top, width, height, sorted by id then frame."""
    tracker, rng, out = Tracker(TrackParams(), *SIZE_PX, np.random.default_rng(0)), np.random.default_rng(seed), []
    for n, found in enumerate(seen):
        looked = n % every == phase
        out += tracker.step(n, n * SECOND_NS // FRAMES_PER_S, change(found, rng) if looked else None)
    short: dict[int, int] = {}
    rows = [
        (f.frame_index + 1, short.setdefault(number, len(short)), x1, y1, x2 - x1, y2 - y1)
        for f in out + tracker.flush()
        for number, kind, (x1, y1, x2, y2) in zip(f.track_id.tolist(), f.kind, f.xyxy_px.tolist(), strict=True)
        if kind == Kind.PEDESTRIAN
    ]
    return np.array(sorted(rows, key=lambda r: (r[1], r[0])), float)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, nargs="+", default=[10, 5, 2.5], help="detections a second")
    parser.add_argument("--model", default="nanodet", help="a model's name, or its file")
    o = parser.parse_args()
    gt, lines_file = SHARED / "data" / "pets2009-s2l1" / "gt-frames-0001-0400.txt", SHARED / "accept" / "lines.json"
    for path in (SAMPLE, SCORER, gt, lines_file):
        if not path.is_file():
            sys.exit(f"{path} is needed, and is no part of this checkout")
    spec = importlib.util.spec_from_file_location("scorer", SCORER)
    assert spec
    assert spec.loader
    scorer: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    forward, lines = scorer.read(gt), json.loads(lines_file.read_text())
    backward = forward * (-1, 1, 1, 1, 1, 1) + (FRAMES + 1, 0, 0, 0, 0, 0)
    backward = backward[np.lexsort((backward[:, 0], backward[:, 1]))]
    seen = [d for _, _, d in looks_of(SAMPLE, o.model, FRAMES_PER_S, FRAMES) if d is not None]
    print(f"{'':<24}runs", *(f"{k[:8]:>8}" for k in FIGURES))
    for rate in o.rate:
        every = round(FRAMES_PER_S / rate)
        for name, changes in (("around", AROUND), ("other scores", OTHER_SCORES)):
            found = []
            for phase in range(every):
                for truth, view in ((forward, seen), (backward, seen[::-1])):
                    for seed, change in enumerate(changes):
                        rows = tracked(view, every, phase, change, seed)
                        figures = scorer.mot_metrics(truth, rows, 1, FRAMES)
                        found.append(figures | scorer.crossing_error(truth, rows, lines)[0])
            means = (f"{np.mean([f[k] for f in found]):8.3f}" for k in FIGURES)
            print(f"{f'{rate:g}/s, {name}':<24}{len(found):4}", *means, flush=True)


if __name__ == "__main__":
    main()
