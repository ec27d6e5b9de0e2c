"""What a frame costs, stage by stage, and the whole run against the detector alone.

    python benchmarks/speed.py [--video FILE] [--rate N] [--rounds N]

Two things are timed in turn, round by round, and the medians of the ratios are printed, because absolute times
drift on a shared machine:
- the run without a redacted video (decode, gate, detect, track, measure, background, store, report);
- the detector alone on the frames that the run looks at, two at a time on one core each, as the run uses it;
"""

import argparse
import statistics
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

from flaneur.cli.progress import SilentDisplay
from flaneur.data.private import Frame
from flaneur.detect.detector import DetectParams, open_detector
from flaneur.run.job import plan_job
from flaneur.run.looking import WORKERS, Cadence
from flaneur.run.measure_file import Shows, measure_file
from flaneur.source import FileSource

SAMPLE = Path(".cache/vtest.avi")


def silent(_frames: int | None) -> AbstractContextManager[Shows]:
    return SilentDisplay()


def looked_at(video: Path, rate: float) -> list[Frame]:
    """The frames that a run shows to its detector, already converted."""
    cadence = Cadence(rate)
    with FileSource(video) as source:
        frames = [frame for frame in source.frames() if cadence.due(frame.time_ns)]
    for frame in frames:
        frame.bgr()
    return frames


def detector_alone_s(frames: list[Frame], threads: int) -> float:
    detector = open_detector(DetectParams(threads=threads))
    detector.detect(frames[0].bgr())
    begin = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda frame: detector.detect(frame.bgr()), frames))
    return time.perf_counter() - begin


def run_s(video: Path, *, with_video: bool) -> tuple[float, int, tuple[tuple[str, float], ...]]:
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        outcome = measure_file(
            plan_job(video),
            Path(folder) / "out",
            overwrite=False,
            with_video=with_video,
            language="en",
            stop=threading.Event(),
            display=silent,
        )
        spent = time.perf_counter() - begin
    return spent, outcome.facts.frames_seen, outcome.facts.stage_ms_per_frame


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--video", type=Path, default=SAMPLE)
    parser.add_argument("--rate", type=float, default=5.0, help="looks a second (the run's default)")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if not options.video.exists():
        sys.exit(f"{options.video}: no such file; `make demo` fetches the sample")
    frames = looked_at(options.video, options.rate)
    rows: list[tuple[float, float, float]] = []
    for _ in range(options.rounds):
        pair_s = detector_alone_s(frames, WORKERS)
        spent_s, count, stages = run_s(options.video, with_video=False)
        rows.append((spent_s, pair_s, spent_s / pair_s))
    with_video_s, _, video_stages = run_s(options.video, with_video=True)
    print(f"{options.video.name}: {count} frames, {len(frames)} looks; medians of {options.rounds} rounds")
    spent, alone, ratio = (statistics.median(column) for column in zip(*rows, strict=True))
    print(f"  run without redacted video   {1000 * spent / count:6.2f} ms a frame")
    print(f"  detector alone               {1000 * alone / count:6.2f} ms a frame   run / detector = {ratio:.3f}")
    print(f"  run with redacted video      {1000 * with_video_s / count:6.2f} ms a frame")
    print("  stages, ms a frame (detect: over both threads):")
    for name, cost in video_stages:
        without = dict(stages).get(name)
        print(
            f"    {name:12} {cost:6.3f}" + (f"   without redacted video {without:6.3f}" if without is not None else "")
        )


if __name__ == "__main__":
    main()
