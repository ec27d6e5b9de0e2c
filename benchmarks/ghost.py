"""Whether the ghost's street is clean, how soon it is shown, and how soon it heals.

    python benchmarks/ghost.py [--video FILE] [--gt FILE] [--stand SECONDS] [--only SCENES]

Scenes, each looked at by the real detector and learned from nothing:
- the video from its first frame, and from the middle of it, with people in sight;
- the same with people who stand for minutes: everybody in one moment is cut out and held where they are, frozen; and
  the same walking on the spot, by playing two seconds of them to and fro; those held also with a detector that misses
  each of them for 4 s of every 10 s, and for 10 s of every 25 s;
- furniture that is moved, and light that jumps, after a minute.

Printed: `learned`, pixels taken up as background that belong to a person; `residue`, the largest patch in pixels that
shows a person at any time; `shown`, share of the picture that is not flat after so many seconds, glyphs and the guesses
under them included; `healed`, seconds until 99 % of what changed is shown as it is now. The default material lies
beside the checkout and is no part of it; without it this says so and ends.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from flaneur.data.private import Detections, Frame
from flaneur.detect.detector import DetectParams, open_detector
from flaneur.detect.protocol import Detector
from flaneur.release.background import BackgroundLearner
from flaneur.release.ghost import Ghost
from flaneur.release.redact import FLAT_BGR
from flaneur.source import FileSource
from flaneur.source.picture import Easel, Turn
from flaneur.track import Tracker, TrackParams
from redaction import SAMPLE, TRUTH, Mask, Picture, Truth, read_boxes, truth_of

LOOK_NS = 200_000_000
ALIKE = 20  # grey levels between what is shown and what it is taken for
HELD_FRAMES = (150, 300)


@dataclass(frozen=True)
class Look:
    """A picture and the pixels of annotated persons in it; None where nobody has annotated any."""

    bgr: Picture
    person: Mask | None
    place: Picture | None = None


class Watched(BackgroundLearner):
    """Counts the pixels that are taken up from persons."""

    def __init__(self, width_px: int, height_px: int) -> None:
        super().__init__(width_px, height_px)
        self.person: dict[int, tuple[Picture, Mask]] = {}
        self.learned = 0
        self.counting_s = 0.0
        """Processor time that the counting took."""

    def _show(self, sample: Picture, quiet: Mask, alike: Mask) -> None:
        begin = time.thread_time()
        before = self._bgr.copy()
        self.counting_s += time.thread_time() - begin
        super()._show(sample, quiet, alike)
        begin = time.thread_time()
        known = self.person.get(id(sample))
        if known is not None:
            taken = (self._bgr != before).any(axis=2) & (self._bgr != FLAT_BGR).any(axis=2)
            self.learned += int((known[1] & taken).sum())
        self.counting_s += time.thread_time() - begin


def eroded(person: Mask) -> Mask:
    """One pixel off each person's outline: there the truth itself is uncertain."""
    return cv2.erode(person.view(np.uint8), np.ones((3, 3), np.uint8)).view(bool)


def largest(mask: Mask) -> int:
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    return int(stats[1:, cv2.CC_STAT_AREA].max(initial=0))


class Scene:
    """Runs learner, tracker and ghost over looks."""

    def __init__(self, width_px: int, height_px: int, detector: Detector) -> None:
        self.learner = Watched(width_px, height_px)
        self._ghost = Ghost(self.learner, width_px, height_px)
        self._tracker = Tracker(TrackParams(), width_px, height_px, np.random.default_rng(0))
        self._easel = Easel(width_px, height_px, Turn(), ())
        self._detector = detector
        self._n = 0
        self.cost_ms: list[float] = []
        self.shown: list[tuple[float, float]] = []
        self.residue = 0

    def look(self, look: Look, misses: Callable[[float], Mask | None]) -> Picture:
        """The background after one more look; `misses` says where the detector is blind at a time in seconds."""
        bgr, time_ns = look.bgr, self._n * LOOK_NS
        height, width = bgr.shape[:2]
        frame = Frame(self._n, time_ns, width, height, lambda: bgr, lambda: self._easel.sketch_painted(bgr))
        frame.sketch()
        seen = _without(self._detector.detect(bgr), misses(time_ns / 1e9))
        if look.person is not None:
            self.learner.person[id(bgr)] = (bgr, eroded(look.person))
            for old in list(self.learner.person)[:-20]:
                del self.learner.person[old]
        tracks = self._tracker.step(self._n, time_ns, seen)
        begin = time.thread_time() - self.learner.counting_s
        images = self._ghost.step(frame, seen, tracks)
        self.cost_ms.append(1000 * (time.thread_time() - self.learner.counting_s - begin))
        self.shown += [(i.time_ns / 1e9, 100 - 100 * float((i.bgr == FLAT_BGR).all(axis=2).mean())) for i in images]
        self._n += 1
        street = self.learner.image().bgr
        if look.person is not None and look.place is not None and self._n % 5 == 0:
            unlike_place = cv2.absdiff(street, look.place).max(axis=2) >= ALIKE
            shows = unlike_place & (cv2.absdiff(street, bgr).max(axis=2) < ALIKE) & ~(street == FLAT_BGR).all(axis=2)
            self.residue = max(self.residue, largest(eroded(look.person) & shows))
        return street

    def told(self, name: str) -> None:
        at = {t: next((share for when, share in self.shown if when >= t - 1e-6), float("nan")) for t in (20, 40, 60)}
        shares = " ".join(f"{share:6.2f}" for share in at.values())
        print(
            f"{name:38}{self.learner.learned:8}{self.residue:8}   {shares}   {100 * self.learner.known:6.2f}"
            f"{np.median(self.cost_ms):8.2f}{np.mean(self.cost_ms):7.2f}",
            flush=True,
        )


def _without(seen: Detections, blind: Mask | None) -> Detections:
    if blind is None or not len(seen):
        return seen
    middle = (seen.xyxy_px[:, :2] + seen.xyxy_px[:, 2:]) / 2
    x, y = middle.astype(int).T
    return seen.take(~blind[y.clip(0, blind.shape[0] - 1), x.clip(0, blind.shape[1] - 1)])


def held(pictures: list[Picture], truth: Truth, number: int, seconds: int, loop: int) -> list[Look]:
    """Everybody of one frame stays; `loop` frames of them to and fro, 0 to freeze them."""
    looks = []
    for n in range(seconds * 5):
        k = number + (abs(2 * n % (2 * loop) - loop) if loop else 0)
        bgr, wide = pictures[2 * n % len(pictures)].copy(), cv2.dilate(truth.person[k].view(np.uint8), np.ones((9, 9)))
        cv2.copyTo(pictures[k], wide.view(np.uint8), bgr)
        looks.append(Look(bgr, truth.person[k], truth.place))
    return looks


def _never(_: float) -> Mask | None:
    return None


def _now_and_then(blind: Mask, missed_s: float, period_s: float) -> Callable[[float], Mask | None]:
    """Each period ends with the detector blind."""
    return lambda time_s: blind if time_s % period_s >= period_s - missed_s else None


def standing(detector: Detector, pictures: list[Picture], truth: Truth, seconds: int) -> None:
    first, second = HELD_FRAMES
    cases = ((first, 0, 0, 1), (second, 10, 0, 1), (second, 0, 4, 10), (second, 0, 10, 25))
    for number, loop, missed_s, period_s in cases:
        around = cv2.dilate(truth.person[number].view(np.uint8), np.ones((15, 15), np.uint8)).view(bool)
        scene = Scene(pictures[0].shape[1], pictures[0].shape[0], detector)
        for look in held(pictures, truth, number, seconds, loop):
            scene.look(look, _now_and_then(around, missed_s, period_s))
        missed = f", missed {missed_s} s of {period_s}" if missed_s else ""
        scene.told(f"people {'walk on the spot' if loop else 'held'}{missed}")


def healing(detector: Detector, pictures: list[Picture], name: str, change: Callable[[Picture], Picture]) -> None:
    """A minute of the video, and then another street for two."""
    scene = Scene(pictures[0].shape[1], pictures[0].shape[0], detector)
    for n in range(300):
        before = scene.look(Look(pictures[2 * n % len(pictures)], None), _never)
    after = change(before)
    changed = (cv2.absdiff(after, before).max(axis=2) >= ALIKE) & ~(before == FLAT_BGR).all(axis=2)
    healed = float("nan")
    for n in range(600):
        street = scene.look(Look(change(pictures[2 * n % len(pictures)]), None), _never)
        if n % 5 == 4 and (cv2.absdiff(street, after).max(axis=2) < ALIKE)[changed].mean() >= 0.99:
            healed = (n + 1) / 5
            break
    print(f"{name:38} healed after {healed:.0f} s (bar 120), {100 * changed.mean():.1f} % of the picture changed")


def moved(bgr: Picture) -> Picture:
    """A tripod stands elsewhere, on the lawn."""
    out = bgr.copy()
    out[400:550, 150:230] = bgr[335:485, 455:535]
    return out


def brighter(bgr: Picture) -> Picture:
    return np.asarray(cv2.convertScaleAbs(bgr, alpha=1.35), np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--video", type=Path, default=SAMPLE)
    parser.add_argument("--gt", type=Path, default=TRUTH)
    parser.add_argument("--stand", type=int, default=120, help="seconds for which people stand")
    parser.add_argument("--only", choices=("video", "stand", "heal"), help="these scenes and no others")
    options = parser.parse_args()
    for path in (options.video, options.gt):
        if not path.is_file():
            print(f"{path} is not there: no figures")
            return
    with FileSource(options.video) as source:
        pictures: list[Picture] = [frame.bgr() for frame in source.frames()]
    last = int(np.loadtxt(options.gt, delimiter=",", usecols=0).max())
    truth = truth_of(pictures[:last], read_boxes(options.gt, 1, last))
    detector = open_detector(DetectParams())
    print(f"{'':38}{'learned':>8}{'residue':>8}   {'shown after 20, 40, 60 s':^20}   {'known':>6}{'ms':>8}{'mean':>7}")
    print(f"{'bar':38}{0:8}{30:8}   {'':6} {'':6} {99:6.2f}   {'':6}{'':8}{3:7.2f}")
    persons: Sequence[Mask | None] = [*truth.person, *[None] * (len(pictures) - last)]
    for start in (0, 40, 150) if options.only in (None, "video") else ():
        scene = Scene(pictures[0].shape[1], pictures[0].shape[0], detector)
        for k in range(start, len(pictures), 2):
            scene.look(Look(pictures[k], persons[k], truth.place), _never)
        scene.told(f"from frame {start + 1}")
    if options.only in (None, "stand"):
        standing(detector, pictures, truth, options.stand)
    if options.only in (None, "heal"):
        healing(detector, pictures, "light jumps by 35 %", brighter)
        healing(detector, pictures, "furniture is moved", moved)


if __name__ == "__main__":
    main()
