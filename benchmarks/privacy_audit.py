"""Attacks the public figures: what one person really changes, and what a reader can find out about them.

    python benchmarks/privacy_audit.py [--people N] [--video FILE] [--gt FILE] [--looks N]

1. Influence. Each of N annotated people is painted out of the video with the empty place behind them, and the video is
   run again. Printed is what that changes in the chunks that saw them, beside what the guarantee assumes, and what it
   changes in all others, which must be nothing. For the mode that limits events by track this shows how far its
   assumption is true; the mode that limits rows by chunk assumes nothing, and its bound cannot be exceeded.
2. Membership. A reader who knows everything but whether one person was there sees many figures with fresh noise and
   guesses. From how often they are right follows, with 95 % confidence (Clopper and Pearson 1934), an ε that the noise
   has at least (Jagielski et al. 2020); it must stay below the stated one. Two controls show that the attack works: the
   worst pair of videos that the guarantee allows comes close to ε, and noise that is too small by half is caught.

The defaults are the PETS 2009 S2.L1 material that lies beside the checkout and is no part of it; without it this says
so and ends.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from flaneur.data.geometry import GROUND_POINT, Line, Places, Zone
from flaneur.data.kinds import ALL_KINDS, Kind
from flaneur.data.private import Frame
from flaneur.data.time import SECOND_NS
from flaneur.detect.detector import DetectParams, open_detector
from flaneur.detect.protocol import Detector
from flaneur.release.chunks import PublicCount, PublicOccupancy, PublicTable, RowLimit, TrackLimit
from flaneur.release.noise import laplace
from flaneur.release.sensitivity import Protection
from flaneur.run.chunking import ChunkParams, chunk_rows
from flaneur.source import FileSource

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / ".cache" / "vtest.avi"
TRUTH = ROOT.parent / "shared" / "data" / "pets2009-s2l1" / "gt-frames-0001-0400.txt"

FRAMES = 400
CHUNK_NS = 5 * SECOND_NS
PROTECTION = Protection(rho_ns=40 * SECOND_NS, appearances=1, chunk_ns=CHUNK_NS)
EPSILON = 0.5
CONFIDENCE = 0.95
GROW = 0.25  # a person's shadow and the annotation's looseness
PLACES = Places(
    lines=(Line("middle", np.array([[0.45, 0.1], [0.45, 1.0]])),),
    zones=(Zone("plaza", np.array([[0.0, 0.2], [1.0, 0.2], [1.0, 1.0], [0.0, 1.0]])),),
)
WAYS = ("to right", "to left")
TABLES: dict[str, PublicTable] = {
    "crossings, 10 rows a chunk": PublicCount("crossings", "middle", ALL_KINDS, WAYS, RowLimit(10)),
    "crossings, 1 a track": PublicCount("crossings", "middle", ALL_KINDS, WAYS, TrackLimit(1)),
    "passages, 1 a track": PublicCount("passages", "plaza", ALL_KINDS, ("in", "out"), TrackLimit(1)),
    "occupancy, clipped 0 to 20": PublicOccupancy("plaza", Kind.PEDESTRIAN, (0.0, 20.0)),
    "occupancy, 1 a person": PublicOccupancy("plaza", Kind.PEDESTRIAN, None),
}
Picture = NDArray[np.uint8]
Boxes = NDArray[np.float64]
Rows = dict[int, list[NDArray[np.int64]]]
"""Chunk -> what each table tells of it."""


@dataclass(frozen=True)
class Truth:
    """Annotated boxes: frame from 0, person, left, top, right, bottom."""

    frame: NDArray[np.int64]
    person: NDArray[np.int64]
    xyxy: Boxes

    @classmethod
    def read(cls, path: Path) -> "Truth":
        rows = np.loadtxt(path, delimiter=",", usecols=(0, 1, 2, 3, 4, 5), ndmin=2)
        xyxy = rows[:, 2:].copy()
        xyxy[:, 2:] += xyxy[:, :2]
        return cls(rows[:, 0].astype(np.int64) - 1, rows[:, 1].astype(np.int64), xyxy)

    def at(self, frame: int, person: int | None = None) -> Boxes:
        """Boxes of one person in a frame, or of everybody."""
        rows = self.frame == frame
        return self.xyxy[rows if person is None else rows & (self.person == person)]


def mask_of(boxes: Boxes, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.zeros(shape[:2], bool)
    for x1, y1, x2, y2 in boxes:
        dx, dy = GROW * (x2 - x1), GROW * (y2 - y1) / 2
        left, top, right, bottom = np.round((x1 - dx, y1 - dy, x2 + dx, y2 + dy)).clip(0).astype(int)
        mask[top:bottom, left:right] = True
    return mask


def frames_of(video: Path) -> Iterator[Frame]:
    with FileSource(video) as source:
        yield from (frame for frame, _ in zip(source.frames(), range(FRAMES), strict=False))


def empty_place(video: Path, truth: Truth) -> Picture:
    """Mean of each pixel over the moments at which nobody is annotated there; the median over all where none is."""
    total, count, every = 0.0, 0.0, []
    for frame in frames_of(video):
        if frame.index % 8 == 0:
            free = ~mask_of(truth.at(frame.index), frame.bgr().shape)
            total, count = total + frame.bgr() * free[..., None].astype(np.float32), count + free.astype(np.float32)
            if frame.index % 40 == 0:
                every.append(frame.bgr())
    assert isinstance(count, np.ndarray)
    place = np.where(count[..., None] > 0, total / np.maximum(count, 1)[..., None], np.median(every, axis=0))
    return np.round(place).astype(np.uint8)


def without(frames: Iterator[Frame], truth: Truth, person: int, place: Picture) -> Iterator[Frame]:
    """The frames with one person painted out; what others cover of them stays."""
    for frame in frames:
        mine = truth.at(frame.index, person)
        if not len(mine):
            yield frame
            continue
        others = truth.xyxy[(truth.frame == frame.index) & (truth.person != person)]
        gone = mask_of(mine, frame.bgr().shape) & ~mask_of(others[others[:, 3] > mine[0, 3]], frame.bgr().shape)
        painted = frame.bgr().copy()
        painted[gone] = place[gone]
        yield frame_of(frame, painted)


def frame_of(frame: Frame, bgr: Picture) -> Frame:
    rows, columns = frame.sketch().shape

    def sketch() -> Picture:
        small = cv2.resize(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), (columns, rows), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.blur(small, (3, 3)), np.uint8)

    return Frame(frame.index, frame.time_ns, frame.width_px, frame.height_px, lambda: bgr, sketch)


def rows_of(frames: Iterator[Frame], detector: Detector, looks: float) -> Rows:
    first = next(frames)
    params = ChunkParams(
        places=PLACES,
        anchor=GROUND_POINT,
        tables=tuple(TABLES.values()),
        rate_per_s=looks,
        width_px=first.width_px,
        height_px=first.height_px,
        start_ns=0,
        chunk_ns=CHUNK_NS,
    )

    def every() -> Iterator[Frame]:
        yield first
        yield from frames

    return {chunk.start_ns // CHUNK_NS: list(chunk.tallies) for chunk in chunk_rows(every(), detector, params, Event())}


def influence(truth: Truth, people: int, run: Callable[[int | None, set[int] | None], Rows], per_chunk: int) -> Rows:
    """Print what each person changes; returns the rows without the one who changes the crossings most."""
    whole = run(None, None)
    print(f"{len(whole)} chunks of {CHUNK_NS // SECOND_NS} s; chunks that an event may touch: {PROTECTION.chunks}")
    largest, total = (np.zeros(len(TABLES), np.int64) for _ in range(2))
    outside, best, most = 0, whole, -1
    for number, person in enumerate(np.unique(truth.person)[:people], start=1):
        seen = {int(frame) // per_chunk for frame in truth.frame[truth.person == person]}
        again = run(int(person), None if number == 1 else seen)  # the first one also where they are not
        change = {chunk: changed(rows, whole[chunk]) for chunk, rows in again.items()}
        outside += sum(any(row) for chunk, row in change.items() if chunk not in seen)
        by_table = np.array(list(change.values()))
        largest, total = np.maximum(largest, by_table.max(axis=0)), np.maximum(total, by_table.sum(axis=0))
        crossings = int(by_table[:, 1].sum())
        touched = int(by_table.any(axis=1).sum())
        print(f"  person {number}: seen in {len(seen)} chunks, changes {touched} of them; crossings by {crossings}")
        if crossings > most:
            best, most = whole | again, crossings
    print(f"chunks changed that did not see the person: {outside} (bar: 0)")
    compare(largest, total)
    return best


def changed(rows: list[NDArray[np.int64]], before: list[NDArray[np.int64]]) -> list[int]:
    """By how much each table's rows differ, in L1."""
    return [int(np.abs(a - b).sum()) for a, b in zip(rows, before, strict=True)]


def compare(largest: NDArray[np.int64], total: NDArray[np.int64]) -> None:
    print(f"{'largest change by one person':30}{'in a chunk':>12}{'assumed':>9}{'in all':>9}{'assumed':>9}")
    for name, table, in_chunk, in_all in zip(TABLES, TABLES.values(), largest, total, strict=True):
        bound = table.l1(PROTECTION)
        holds = in_chunk <= bound // PROTECTION.chunks and in_all <= bound
        verdict = "" if holds else "  EXCEEDED: what is assumed of the tracker does not hold here"
        print(f"{name:30}{in_chunk:12}{bound // PROTECTION.chunks:9}{in_all:9}{bound:9}{verdict}")


def lower_bound(here: NDArray[np.int64], gone: NDArray[np.int64]) -> float:
    """The ε that noise has at least, from what a reader sees with the person (here) and without; 0 if nothing.

    The reader says "was there" above a threshold, which is chosen on one half of the figures and judged on the other.
    """
    half = len(here) // 2
    thresholds = np.unique(np.quantile(gone[:half], np.linspace(0.01, 0.99, 99)).astype(np.int64))
    best = max(thresholds, key=lambda threshold: judged(here[:half] > threshold, gone[:half] > threshold))
    return judged(here[half:] > best, gone[half:] > best)


def judged(right: NDArray[np.bool_], wrong: NDArray[np.bool_]) -> float:
    """ln of the least rate of right guesses over the largest rate of wrong ones, both at once with confidence."""
    hits, falses, trials = int(right.sum()), int(wrong.sum()), len(right)
    beyond = (1.0 - CONFIDENCE) / 2
    least = stats.beta.ppf(beyond, hits, trials - hits + 1) if hits else 0.0
    most = stats.beta.ppf(1.0 - beyond, falses + 1, trials - falses) if falses < trials else 1.0
    return float(max(np.log(max(least, 1e-12) / most), 0.0))


def membership(with_them: Rows, without_them: Rows, runs: int) -> None:
    def total(rows: Rows) -> NDArray[np.int64]:
        return np.sum([tallies[1] for tallies in rows.values()], axis=0)

    table = TABLES["crossings, 1 a track"]
    bound = table.l1(PROTECTION)
    here, gone = total(with_them), total(without_them)
    way = int(np.abs(here - gone).argmax())
    sign = 1 if here[way] >= gone[way] else -1

    def attack(a: int, b: int, l1: int) -> float:
        """ε found out about two exact counts, with noise for a change of `l1`."""
        draws = [laplace(np.full(runs, sign * count, np.int64), l1, EPSILON)[0] for count in (a, b)]
        return lower_bound(draws[0], draws[1])

    print(f"stated ε {EPSILON}; {runs} figures each with and without the person; ε found, at least:")
    real = attack(int(here[way]), int(gone[way]), bound)
    worst = attack(sign * bound, 0, bound)
    broken = attack(sign * bound, 0, bound // 2)
    print(f"  person who changes the crossings most, {gone[way]} to {here[way]}: {real:.3f} (bar: at most {EPSILON})")
    print(f"  worst pair that is allowed, apart by {bound}: {worst:.3f} (bar: at most {EPSILON}; control: near it)")
    print(f"  control, half the noise: {broken:.3f} (must be caught: above {EPSILON})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=5)
    parser.add_argument("--video", type=Path, default=SAMPLE)
    parser.add_argument("--gt", type=Path, default=TRUTH)
    parser.add_argument("--looks", type=float, default=5.0, help="looks a second")
    parser.add_argument("--runs", type=int, default=100_000, help="figures with noise for the membership attack")
    options = parser.parse_args()
    for path in (options.video, options.gt):
        if not path.is_file():
            print(f"{path} is not there: no figures")
            return
    begin_s = time.monotonic()
    truth = Truth.read(options.gt)
    place = empty_place(options.video, truth)
    detector = open_detector(DetectParams())
    per_chunk = sum(frame.time_ns < CHUNK_NS for frame in frames_of(options.video))

    def run(person: int | None, only: set[int] | None) -> Rows:
        frames = frames_of(options.video)
        if only is not None:
            frames = (frame for frame in frames if frame.time_ns // CHUNK_NS in only)
        return rows_of(frames if person is None else without(frames, truth, person, place), detector, options.looks)

    best = influence(truth, options.people, run, per_chunk)
    membership(run(None, None), best, options.runs)
    print(f"took {time.monotonic() - begin_s:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
