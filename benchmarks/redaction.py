"""How much of people the redacted video shows, how much else it hides, and what that costs.

    python benchmarks/redaction.py [--video FILE] [--gt FILE] [--range A-B] [--rate N]

A person's pixels are those that differ from the empty place inside the annotated boxes (MOTChallenge text, frames from
1); the empty place is the median over the moments at which nobody is annotated there. Printed for each method:
- shown: share of all persons' pixels that can be seen, in per cent;
- over 10 %: share of annotated persons of whom more than a tenth can be seen, in per cent;
- run: the most frames in a row in which that is so of one person;
- needless: share of the background that is hidden, parked cars included, in per cent.
Whether a detector still finds somebody is no measure: it finds nobody in pictures that show people half.

The defaults are the PETS 2009 S2.L1 material that lies beside the checkout and is no part of it; without it this says
so and ends.
"""

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from flaneur.data.private import Detections, Frame, Tracks
from flaneur.detect.detector import DetectParams, open_detector
from flaneur.release.redact import FLAT_BGR, Redactor, RedactParams
from flaneur.run.looking import Cadence
from flaneur.source import FileSource
from flaneur.track import Tracker, TrackParams

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / ".cache" / "vtest.avi"
TRUTH = ROOT.parent / "shared" / "data" / "pets2009-s2l1" / "gt-frames-0001-0400.txt"

DIFFERENT = 18  # grey levels between a person and the place behind
SMALLEST_PX = 60  # fewer pixels are noise or a person who is all but hidden by something
Mask = NDArray[np.bool_]
Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Truth:
    """Where the persons of each frame really are."""

    boxes: list[NDArray[np.int64]]
    ids: list[NDArray[np.int64]]
    person: list[Mask]
    background: list[Mask]
    place: Picture


def read_boxes(path: Path, first: int, last: int) -> list[NDArray[np.float64]]:
    """Rows of number of the person, left, top, right, bottom for each frame."""
    rows = np.loadtxt(path, delimiter=",", usecols=(0, 1, 2, 3, 4, 5), ndmin=2)
    rows[:, 4:] += rows[:, 2:4]
    return [rows[rows[:, 0] == number, 1:] for number in range(first, last + 1)]


def covered(boxes: NDArray[np.float64], shape: tuple[int, ...], grow_x: float, grow_y: float) -> Mask:
    mask = np.zeros(shape[:2], bool)
    for x1, y1, x2, y2 in boxes:
        dx, dy = grow_x * (x2 - x1), grow_y * (y2 - y1)
        left, top, right, bottom = np.round((x1 - dx, y1 - dy, x2 + dx, y2 + dy)).clip(0).astype(int)
        mask[top:bottom, left:right] = True
    return mask


def empty_place(pictures: list[Picture], occupied: list[Mask]) -> Picture:
    """Median of each pixel over every second frame in which nobody is there; over all of them where there is none."""
    place = np.empty_like(pictures[0])
    for row in range(len(place)):
        values = np.stack([picture[row] for picture in pictures[::2]])
        taken = np.stack([mask[row] for mask in occupied[::2]])
        taken[:, taken.all(axis=0)] = False
        values[taken] = 255
        values.sort(axis=0)
        middle = ((~taken).sum(axis=0) - 1) // 2
        place[row] = np.take_along_axis(values, middle[None, :, None], axis=0)[0]
    return place


def truth_of(pictures: list[Picture], rows: list[NDArray[np.float64]]) -> Truth:
    ids, boxes = [r[:, 0].astype(int) for r in rows], [r[:, 1:] for r in rows]
    occupied = [covered(b, p.shape, 0.15, 0.10) for b, p in zip(boxes, pictures, strict=True)]
    place = empty_place(pictures, occupied)
    smooth = cv2.GaussianBlur(place, (3, 3), 0)
    person, background = [], []
    for picture, b, taken in zip(pictures, boxes, occupied, strict=True):
        free = ~taken
        gain = np.median((picture[free][::16] + 1.0) / (place[free][::16] + 1.0), axis=0)
        evened = np.clip(picture / gain, 0, 255).astype(np.uint8)
        different = cv2.absdiff(cv2.GaussianBlur(evened, (3, 3), 0), smooth).max(axis=2) > DIFFERENT
        blobs = cv2.morphologyEx(different.view(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        ellipse = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
        _, label, stats, _ = cv2.connectedComponentsWithStats(cv2.morphologyEx(blobs, cv2.MORPH_CLOSE, ellipse))
        keep = stats[:, cv2.CC_STAT_AREA] >= SMALLEST_PX
        keep[0] = False
        foreground = keep[label]
        person.append(foreground & covered(b, picture.shape, 0.10, 0.06))
        background.append(~cv2.dilate(foreground.view(np.uint8), np.ones((5, 5), np.uint8)).view(bool))
    return Truth([np.round(b).clip(0).astype(int) for b in boxes], ids, person, background, place)


def measure(truth: Truth, hidden: list[Mask]) -> tuple[float, float, int, float]:
    """Per cent shown, persons of whom over 10 % is shown, the longest run of that, and needless hiding."""
    seen = everything = needless = behind = persons = exposed = longest = 0
    run: dict[int, int] = {}
    for boxes, ids, person, background, mask in zip(
        truth.boxes, truth.ids, truth.person, truth.background, hidden, strict=True
    ):
        visible = person & ~mask
        seen, everything = seen + visible.sum(), everything + person.sum()
        needless, behind = needless + (mask & background).sum(), behind + background.sum()
        for (x1, y1, x2, y2), number in zip(boxes, ids.tolist(), strict=True):
            pixels = person[y1:y2, x1:x2].sum()
            is_exposed = pixels >= SMALLEST_PX and visible[y1:y2, x1:x2].sum() > 0.1 * pixels
            persons += pixels >= SMALLEST_PX
            exposed += is_exposed
            run[number] = run.get(number, 0) + 1 if is_exposed else 0
            longest = max(longest, run[number])
    return 100 * seen / everything, 100 * exposed / persons, longest, 100 * needless / behind


def ours(frames: list[Frame], looks: list[Detections | None], *, live: bool) -> tuple[list[Picture], float, int]:
    """Redacted pictures, milliseconds of processor time per frame, pictures hidden whole."""
    width, height = frames[0].width_px, frames[0].height_px
    tracker = Tracker(TrackParams(), width, height, np.random.default_rng(0))
    redactor = Redactor(width, height, RedactParams(live=live))
    images, spent_s = [], 0.0
    for frame, seen in zip(frames, looks, strict=True):
        known: list[Tracks] = [] if seen is None else tracker.step(frame.index, frame.time_ns, seen)
        begin = time.process_time()
        images += redactor.step(frame, seen, known)
        spent_s += time.process_time() - begin
    images += redactor.finish(tracker.flush())
    if len(images) != len(frames):
        sys.exit("the video has more frames a second than are redacted; this measure needs each")
    return [image.bgr for image in images], 1000 * spent_s / len(frames), redactor.fully_hidden


def per_frame(seen: Detections, picture: Picture, score: float, grow: float) -> Mask:
    """What everybody does: the boxes of this frame and nothing else."""
    return covered(seen.xyxy_px[seen.score >= score].astype(float), picture.shape, grow, grow)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--video", type=Path, default=SAMPLE)
    parser.add_argument("--gt", type=Path, default=TRUTH)
    parser.add_argument("--range", default="1-400")
    parser.add_argument("--rate", type=float, default=5.0, help="detections a second")
    options = parser.parse_args()
    for path in (options.video, options.gt):
        if not path.is_file():
            print(f"{path} is not there: no figures")
            return
    first, last = map(int, options.range.split("-"))
    with FileSource(options.video) as source:
        frames = [frame for frame, _ in zip(source.frames(), range(last), strict=False)][first - 1 :]
    pictures = [frame.bgr() for frame in frames]
    truth = truth_of(pictures, read_boxes(options.gt, first, last))
    detector = open_detector(DetectParams())
    every = [detector.detect(picture) for picture in pictures]
    print(f"{'frames ' + options.range:38}{'shown':>9}{'over 10 %':>11}{'run':>6}{'needless':>10}")

    def show(name: str, hidden: list[Mask]) -> None:
        shown, exposed, run, needless = measure(truth, hidden)
        print(f"{name:38}{shown:9.4f}{exposed:11.3f}{run:6}{needless:10.2f}")

    print(f"{'bar with delay':38}{0.02:9.4f}{0:11.3f}{'':6}{12:10.2f}")
    print(f"{'bar live':38}{0.1:9.4f}{'':11}{1:6}{12:10.2f}")
    for score, grow in ((0.35, 0.0), (0.15, 0.15)):
        masks = [per_frame(seen, picture, score, grow) for seen, picture in zip(every, pictures, strict=True)]
        show(f"boxes of each frame from {score:g}, +{100 * grow:g} %", masks)
    for live in (False, True):
        for rate in (2 * options.rate, options.rate, options.rate / 2):
            redacted, cost_ms, whole = ours(frames, looks_at(rate, frames, every), live=live)
            name = f"fill {'live' if live else 'with delay'}, {rate:g} looks a second"
            show(name, [(picture == FLAT_BGR).all(axis=2) for picture in redacted])
            print(f"    {cost_ms:.2f} ms a frame beside detection and tracking; {whole} of {len(frames)} hidden whole")


def looks_at(rate: float, frames: list[Frame], every: list[Detections]) -> list[Detections | None]:
    cadence = Cadence(rate)
    return [seen if cadence.due(frame.time_ns) else None for frame, seen in zip(frames, every, strict=True)]


if __name__ == "__main__":
    main()
