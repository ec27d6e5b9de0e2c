"""How well people are tracked and counted, against ground truth, and what public trackers make of the same boxes.

    python benchmarks/accuracy.py [--video FILE] [--gt FILE] [--range A-B] [--rate N] [--model NAME_OR_PATH]
                                  [--tracks-out FILE] [--lines FILE] [--no-peers]

Writes MOTChallenge text (pedestrians only, frames from 1) and has the scorer judge it. The defaults are the PETS 2009
S2.L1 material that lies beside the checkout and is no part of it; without it this says so and ends.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import flaneur
from flaneur.data.kinds import Kind
from flaneur.data.private import Detections
from flaneur.detect.detector import DetectParams, open_detector
from flaneur.run.clock import StageClock
from flaneur.run.looking import EVERY_FRAME, look
from flaneur.source import FileSource
from flaneur.track import Tracker, TrackParams

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
SAMPLE = ROOT / ".cache" / "vtest.avi"
SCORER = SHARED / "accept" / "evaluate.py"
FIGURES = ("MOTA", "IDF1", "HOTA", "IDSW", "crossing_error", "bias", "event_f1")
Row = tuple[int, int, float, float, float, float]
Look = tuple[int, int, Detections | None]


def tracks_of(video: Path, model: str, rate: float, last: int) -> Iterator[Row]:
    """Pedestrians as frame from 1, id from 1, left, top, width, height: the public interface, nothing else."""
    short: dict[int, int] = {}
    for frame, _, tracks in flaneur.track_video(video, detector=DetectParams(model=model), rate_per_s=rate):
        if frame >= last:
            return
        people = tracks.kind == Kind.PEDESTRIAN
        for number, (x1, y1, x2, y2) in zip(tracks.track_id[people], tracks.xyxy_px[people].tolist(), strict=True):
            yield frame + 1, short.setdefault(int(number), len(short) + 1), x1, y1, x2 - x1, y2 - y1


def looks_of(video: Path, model: str, rate: float, last: int) -> list[Look]:
    """What the detector saw in each frame, to be given to every tracker alike."""
    detector = open_detector(DetectParams(model=model))
    with FileSource(video) as source:
        frames = (frame for frame, _ in zip(source.frames(), range(last), strict=False))
        return [(f.index, f.time_ns, d) for f, d in look(frames, rate, EVERY_FRAME, detector, StageClock())]


def own_cost_ms(looks: list[Look], width_px: int, height_px: int) -> float:
    """Mean time of one look by our tracker on its own thread, with the frames between."""
    tracker = Tracker(TrackParams(), width_px, height_px, np.random.default_rng(0))
    spent, n = 0.0, 0
    for frame, time_ns, detections in looks:
        begin = time.thread_time()
        tracker.step(frame, time_ns, detections)
        spent, n = spent + time.thread_time() - begin, n + (detections is not None)
    return 1000 * spent / n


def peer_tracks(tracker: Any, looks: list[Look]) -> tuple[list[Row], float]:
    """A public tracker on the same pedestrian boxes, straight lines between looks, and its time for a look."""
    import supervision

    paths: dict[int, list[tuple[int, np.ndarray]]] = {}
    spent, n, every = 0.0, 0, _frames_between(looks)
    for frame, _, detections in looks:
        if detections is None:
            continue
        people = detections.take(detections.kind == Kind.PEDESTRIAN)
        given = supervision.Detections(people.xyxy_px, confidence=people.score, class_id=people.kind.astype(int))
        begin = time.thread_time()
        found = tracker.update(given)
        spent, n = spent + time.thread_time() - begin, n + 1
        for number, box in zip(found.tracker_id, found.xyxy, strict=True):
            if number >= 0:
                paths.setdefault(int(number), []).append((frame, box))
    rows: list[Row] = []
    for number, path in paths.items():
        for (a, box_a), (b, box_b) in zip(path, [*path[1:], (path[-1][0] + 1, path[-1][1])], strict=True):
            for f in range(a, b if b - a <= every else a + 1):
                x1, y1, x2, y2 = box_a + (box_b - box_a) * (f - a) / (b - a)
                rows.append((f + 1, number + 1, x1, y1, x2 - x1, y2 - y1))
    return rows, 1000 * spent / n


def _frames_between(looks: list[Look]) -> int:
    at = [frame for frame, _, detections in looks if detections is not None]
    return max(np.diff(at), default=1)


def write(rows: Iterable[Row], path: Path) -> None:
    text = (f"{f},{i},{x:.2f},{y:.2f},{w:.2f},{h:.2f},1,-1,-1,-1\n" for f, i, x, y, w, h in sorted(rows))
    path.write_text("".join(text))


def score(tracks: Path, gt: Path, lines: Path, frames: str) -> dict[str, float]:
    command = [sys.executable, SCORER, tracks, "--gt", gt, "--lines", lines, "--range", frames, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"the scorer failed: {done.stderr.strip().splitlines()[-1]}")
    figures: dict[str, float] = json.loads(done.stdout)[frames]
    return figures


def show(name: str, figures: dict[str, float], cost_ms: float | None) -> None:
    cells = [f"{figures[k]:>8}" if k == "IDSW" else f"{figures[k]:>8.3f}" for k in FIGURES]
    print(f"{name:<22}", *cells, f"{cost_ms:>9.2f}" if cost_ms is not None else "", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--video", type=Path, default=SAMPLE)
    parser.add_argument("--gt", type=Path, default=SHARED / "data" / "pets2009-s2l1" / "gt-frames-0001-0400.txt")
    parser.add_argument("--range", default="1-400", metavar="A-B", help="frames to judge, from 1")
    parser.add_argument("--rate", type=float, action="append", help="detections a second; may be repeated (10, 5, 2.5)")
    parser.add_argument("--model", default="nanodet", help="a model's name, or its file")
    parser.add_argument("--tracks-out", type=Path, help="write the tracks of the first rate here")
    parser.add_argument("--lines", type=Path, default=SHARED / "accept" / "lines.json")
    parser.add_argument("--no-peers", action="store_true", help="leave the public trackers out")
    o = parser.parse_args()
    if not o.video.is_file():
        sys.exit(f"{o.video}: no such video; name one with --video, or get the sample with `make demo`")
    judged = all(path.is_file() for path in (SCORER, o.gt, o.lines))
    last = int(o.range.split("-")[1])
    print(f"{o.video.name}, frames {o.range}, {o.model}\n{'':<22}", *(f"{k[:8]:>8}" for k in FIGURES), "  ms/look")
    with tempfile.TemporaryDirectory() as folder:
        for n, rate in enumerate(o.rate or [10, 5, 2.5]):
            out = o.tracks_out if o.tracks_out and n == 0 else Path(folder) / "tracks.txt"
            write(tracks_of(o.video, o.model, rate, last), out)
            if judged:
                compare(o, rate, last, out, Path(folder) / "peer.txt")
    if not judged:
        print(f"nothing judged: the scorer {SCORER}, {o.gt} and {o.lines} are needed for that")


def compare(o: argparse.Namespace, rate: float, last: int, tracks: Path, scratch: Path) -> None:
    """Print our figures at one rate, and the peers' on the same boxes."""
    looks = looks_of(o.video, o.model, rate, last)
    with FileSource(o.video) as source:
        cost_ms = own_cost_ms(looks, source.info.width_px, source.info.height_px)
    show(f"flaneur {rate:g}/s", score(tracks, o.gt, o.lines, o.range), cost_ms)
    if o.no_peers:
        return
    try:
        from trackers import ByteTrackTracker, OCSORTTracker
    except ImportError:
        print("the public trackers are not installed; `make bench` does that")
        return
    for name, peer in (("ByteTrack", ByteTrackTracker(frame_rate=rate)), ("OC-SORT", OCSORTTracker(frame_rate=rate))):
        rows, peer_ms = peer_tracks(peer, looks)
        write(rows, scratch)
        show(f"  {name}, defaults", score(scratch, o.gt, o.lines, o.range), peer_ms)


if __name__ == "__main__":
    main()
