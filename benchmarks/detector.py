"""What a detector sees and costs: AP50 of persons against ground truth, milliseconds per picture.

    python benchmarks/detector.py [--model nanodet] [--video V --gt MOT.txt --range 1-400]

The ground truth is MOTChallenge text with boxes of persons, frames from 1. Without material it says so and stops.
"""

import argparse
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import Kind, kind_from_label
from flaneur.data.private import Detections
from flaneur.detect import Detector, DetectParams, open_detector

ROOT = Path(__file__).parents[1]
VIDEO = ROOT / ".cache" / "vtest.avi"
GROUND_TRUTH = ROOT.parent / "shared" / "data" / "pets2009-s2l1" / "gt-frames-0001-0400.txt"
SAME = 0.5
"""Intersection over union from which a box is the annotated person."""


ROUNDS = 7
"""The best counts, since other work on the machine only ever adds."""


class Accuracy(NamedTuple):
    """`precision` and `recall` are at the threshold with the best F1."""

    ap50: float
    precision: float
    recall: float
    threshold: float


def pictures(video: Path, first: int, last: int, every: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Frame number from 1 and picture."""
    capture = cv2.VideoCapture(str(video))
    for number in range(1, last + 1):
        known, bgr = capture.read()
        if not known:
            return
        if number >= first and (number - first) % every == 0:
            yield number, bgr


def iou(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """[n, m] of boxes given by their corners."""
    overlap = (np.minimum(a[:, None, 2:], b[None, :, 2:]) - np.maximum(a[:, None, :2], b[None, :, :2])).clip(0).prod(2)
    area_a, area_b = ((box[:, 2:] - box[:, :2]).prod(1) for box in (a, b))
    return overlap / (area_a[:, None] + area_b[None] - overlap)


def hits(found: Detections, truth: NDArray[np.float64]) -> NDArray[np.bool_]:
    """For each detection, best first, whether it is an annotated person whom no better one has taken."""
    overlap = iou(found.xyxy_px.astype(np.float64), truth)
    hit = np.zeros(len(found), bool)
    for row in range(len(found) if len(truth) else 0):
        best = overlap[row].argmax()
        if overlap[row, best] >= SAME:
            hit[row] = True
            overlap[:, best] = 0
    return hit


def accuracy(found: dict[int, Detections], truth: dict[int, NDArray[np.float64]]) -> Accuracy:
    """AP with the precision made monotone, area under the curve (PASCAL VOC 2010)."""
    empty = np.zeros((0, 4))
    all_hits = np.concatenate([hits(seen, truth.get(number, empty)) for number, seen in found.items()])
    scores = np.concatenate([seen.score for seen in found.values()])
    order = np.argsort(-scores, kind="stable")
    right = np.cumsum(all_hits[order])
    precision = right / np.arange(1, len(right) + 1)
    recall = right / sum(len(truth.get(number, empty)) for number in found)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    best = int(np.argmax(2 * precision * recall / np.maximum(precision + recall, 1e-9)))
    ap50 = float(np.sum(np.diff(recall, prepend=0.0) * envelope))
    return Accuracy(ap50, float(precision[best]), float(recall[best]), float(scores[order][best]))


def persons(found: Detections) -> Detections:
    """Pedestrians, best first."""
    found = found.take(found.kind == Kind.PEDESTRIAN)
    return found.take(np.argsort(-found.score, kind="stable"))


def read_truth(path: Path) -> dict[int, NDArray[np.float64]]:
    """Boxes of persons by frame number."""
    rows = np.loadtxt(path, delimiter=",", ndmin=2)
    boxes = np.concatenate((rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]), axis=1)
    return {int(number): boxes[rows[:, 0] == number] for number in np.unique(rows[:, 0])}


def ms_per_picture(detector: Detector, samples: list[NDArray[np.uint8]], threads: int, repeats: int) -> float:
    """Wall time per picture with `threads` callers at once, each once round the samples; the best of all rounds."""

    def work() -> None:
        for bgr in samples:
            detector.detect(bgr)

    def together() -> float:
        callers = [threading.Thread(target=work) for _ in range(threads)]
        start = time.perf_counter()
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        return (time.perf_counter() - start) * 1e3 / (threads * len(samples))

    together()
    return min(together() for _ in range(repeats))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="nanodet", help="a name that `flaneur models` lists, or a file")
    parser.add_argument("--layout", help="only for a file")
    parser.add_argument("--classes", default="", help="only for a file, such as 0=pedestrian,2=car")
    parser.add_argument("--video", type=Path, default=VIDEO)
    parser.add_argument("--gt", type=Path, default=GROUND_TRUTH)
    parser.add_argument("--range", default="1-400", help="frames, from 1")
    parser.add_argument("--every", type=int, default=5)
    args = parser.parse_args()
    for needed in (args.video, args.gt):
        if not needed.is_file():
            sys.exit(f"skipped: there is no {needed}")
    first, last = map(int, args.range.split("-"))
    kinds = {int(n): kind_from_label(k) for n, k in (pair.split("=") for pair in args.classes.split(",") if pair)}

    def make(threads: int) -> Detector:
        return open_detector(DetectParams(args.model, args.layout, kinds, threads=threads))

    detector, frames = make(2), dict(pictures(args.video, first, last, args.every))
    facts = detector.facts
    print(f"{facts.name} {facts.width_px}×{facts.height_px}, {facts.licence}, sha256 {facts.sha256[:16]}…")
    seen = {number: persons(detector.detect(bgr)) for number, bgr in frames.items()}
    result = accuracy(seen, read_truth(args.gt))
    print(f"persons in {len(frames)} frames of {args.video.name}: AP50 {result.ap50:.4f}, "
          f"P/R {result.precision:.3f}/{result.recall:.3f} at score {result.threshold:.2f}")  # fmt: skip
    samples = list(frames.values())[::10][:8]
    one, two = ms_per_picture(make(1), samples, 1, ROUNDS), ms_per_picture(detector, samples, 2, ROUNDS)
    print(f"ms per picture: one thread {one:.1f}, two at once {two:.1f} (ratio {one / two:.2f})")


if __name__ == "__main__":
    main()
