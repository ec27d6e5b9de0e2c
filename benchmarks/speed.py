"""What a frame costs, stage by stage, and the whole run against the detector alone.

    python benchmarks/speed.py [--video FILE] [--rate N] [--rounds N]

Two things are timed in turn, round by round, and the medians of the ratios are printed, because absolute times
drift on a shared machine:
- the loop of a run without a redacted video (decode, gate, detect, track, measure, background, heat map, store), first
  frame to last; loading the model and writing the report, which do not grow with the video, are printed apart;
- the detector alone on the frames that the run looks at: one picture at a time on both cores, which is how a detector's
  time for a picture is usually stated and what the limit is stated for; and two at a time on one core each, as the
  run uses it, which is the most that the machine can give.
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
from flaneur.data.released import RunFacts
from flaneur.detect.detector import DetectParams, open_detector
from flaneur.run.job import plan_job
from flaneur.run.looking import WORKERS, Cadence
from flaneur.run.measure_file import Shows, measure_file
from flaneur.run.pipeline import Moment
from flaneur.source import FileSource

SAMPLE = Path(".cache/vtest.avi")


class Stopwatch(SilentDisplay):
    """Times the loop between the first frame that came out and the last."""

    def __init__(self) -> None:
        self.first: tuple[float, int] | None = None
        self.last = (0.0, 0)

    def show(self, moment: Moment) -> None:
        self.last = (time.perf_counter(), moment.frames)
        self.first = self.first or self.last

    @property
    def s_per_frame(self) -> float:
        assert self.first is not None
        return (self.last[0] - self.first[0]) / (self.last[1] - self.first[1])


def looked_at(video: Path, rate: float) -> list[Frame]:
    """The frames that a run shows to its detector, already converted."""
    cadence = Cadence(rate)
    with FileSource(video) as source:
        frames = [frame for frame in source.frames() if cadence.due(frame.time_ns)]
    for frame in frames:
        frame.bgr()
    return frames


def detector_alone_s(frames: list[Frame], at_once: int) -> float:
    """Seconds for all frames, `at_once` of them in the detector, all cores in use."""
    detector = open_detector(DetectParams(threads=WORKERS, at_once=at_once))
    detector.detect(frames[0].bgr())
    begin = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(lambda frame: detector.detect(frame.bgr()), frames))
    return time.perf_counter() - begin


def run_once(video: Path, *, with_video: bool) -> tuple[float, float, RunFacts]:
    """Seconds a frame in the loop, seconds besides, and what the run says of itself."""
    watch = Stopwatch()

    def shown(_frames: int | None) -> AbstractContextManager[Shows]:
        return watch

    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        outcome = measure_file(
            plan_job(video),
            Path(folder) / "out",
            overwrite=False,
            with_video=with_video,
            language="en",
            stop=threading.Event(),
            display=shown,
        )
        spent = time.perf_counter() - begin
    return watch.s_per_frame, spent - watch.s_per_frame * outcome.facts.frames_seen, outcome.facts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--video", type=Path, default=SAMPLE)
    parser.add_argument("--rate", type=float, default=5.0, help="looks a second (the run's default)")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if not options.video.exists():
        sys.exit(f"{options.video}: no such file; `make demo` fetches the sample")
    frames = looked_at(options.video, options.rate)
    rows: list[tuple[float, ...]] = []
    for _ in range(options.rounds):
        single_s, double_s = (detector_alone_s(frames, at_once) for at_once in (1, WORKERS))
        loop_s, besides_s, facts = run_once(options.video, with_video=False)
        single_s, double_s = single_s / facts.frames_seen, double_s / facts.frames_seen
        rows.append((loop_s, single_s, double_s, loop_s / single_s, loop_s / double_s, besides_s))
    video_s, _, video_facts = run_once(options.video, with_video=True)
    loop_s, single_s, double_s, to_single, to_double, besides_s = (
        statistics.median(column) for column in zip(*rows, strict=True)
    )
    print(f"{options.video.name}: {facts.frames_seen} frames, {len(frames)} looks; medians of {options.rounds} rounds")
    print(f"  loop without redacted video  {1000 * loop_s:6.2f} ms a frame")
    print(f"  detector, one at a time      {1000 * single_s:6.2f} ms a frame   loop / it = {to_single:.3f} (<= 1.15)")
    print(f"  detector, two at once        {1000 * double_s:6.2f} ms a frame   loop / it = {to_double:.3f}")
    print(f"  loop with redacted video     {1000 * video_s:6.2f} ms a frame")
    print(f"  set-up and report            {besides_s:6.2f} s once")
    print("  stages, ms a frame, with and without redacted video (wall time; detect adds up both threads):")
    without = dict(facts.stage_ms_per_frame)
    for name, cost in video_facts.stage_ms_per_frame:
        print(f"    {name:12} {cost:6.3f}  {without.get(name, 0.0):6.3f}")


if __name__ == "__main__":
    main()
