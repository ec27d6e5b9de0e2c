"""Memory of a long run: a video of many hours is made from the sample and measured; memory is printed as it goes.

    python benchmarks/memory.py [--hours 10] [--rate 2]

The long video repeats the sample at half its size, so that people come and go all the time. Every part that keeps
anything (tracker, measures, intervals, heat map, background, store, report) runs as always. At the lowest rate of two
looks a second an hour of video takes about a minute and a half.
"""

import argparse
import os
import resource
import sys
import tempfile
import threading
from contextlib import AbstractContextManager
from fractions import Fraction
from pathlib import Path

import av

from flaneur.cli.progress import SilentDisplay
from flaneur.config.site import CameraTable, DetectorTable, SiteFile, SiteTable
from flaneur.run.job import plan_job
from flaneur.run.measure_file import Shows, measure_file
from flaneur.run.pipeline import Moment

SAMPLE = Path(".cache/vtest.avi")
LIMIT_MB = 600


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def make_long(sample: Path, path: Path, hours: float) -> None:
    """Encode the sample once, small, and repeat its packets."""
    once = path.with_suffix(".once.mkv")
    with av.open(str(sample)) as source, av.open(str(once), "w") as target:
        stream = target.add_stream("libx264", rate=10, options={"preset": "veryfast", "crf": "30", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 384, 288, "yuv420p"
        for index, picture in enumerate(source.decode(video=0)):
            small = picture.reformat(384, 288, "yuv420p")
            small.pts, small.time_base = index, Fraction(1, 10)
            target.mux(stream.encode(small))
        target.mux(stream.encode(None))
    with av.open(str(once)) as source:
        packets = [(bytes(p), p.pts, p.is_keyframe) for p in source.demux(video=0) if p.size]
        time_base = source.streams.video[0].time_base
        assert time_base is not None
        length = round(packets[-1][1] + Fraction(1, 10) / time_base)
        with av.open(str(path), "w") as target:
            stream = target.add_stream_from_template(source.streams.video[0])
            for repeat in range(round(hours * 36_000 / len(packets))):
                for data, pts, is_key in packets:
                    packet = av.Packet(data)
                    packet.pts = packet.dts = pts + repeat * length
                    packet.time_base, packet.is_keyframe, packet.stream = time_base, is_key, stream
                    target.mux(packet)
    once.unlink()


class MemoryDisplay(SilentDisplay):
    """Prints resident memory once for each hour of video."""

    def __init__(self) -> None:
        self.readings: list[tuple[float, float]] = []

    def show(self, moment: Moment) -> None:
        hours = moment.time_ns / 3.6e12
        if not self.readings or hours >= self.readings[-1][0] + 0.5:
            self.readings.append((hours, resident_mb()))
            print(f"  {hours:5.1f} h  {self.readings[-1][1]:6.0f} MB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--video", type=Path, default=SAMPLE)
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--rate", type=float, default=2.0)
    options = parser.parse_args()
    if not options.video.exists():
        sys.exit(f"{options.video}: no such file; `make demo` fetches the sample")
    display = MemoryDisplay()

    def shown(_frames: int | None) -> AbstractContextManager[Shows]:
        return display

    site = SiteFile(
        site=SiteTable(name="long"),
        camera=[CameraTable(name="camera")],
        detector=DetectorTable(rate_per_s=options.rate),
    )
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "long.mkv"
        make_long(options.video, video, options.hours)
        print(f"{options.hours} h of video, {video.stat().st_size / 1e6:.0f} MB, {options.rate} looks a second")
        outcome = measure_file(
            plan_job(video, site),
            Path(folder) / "out",
            overwrite=False,
            with_video=False,
            language="en",
            stop=threading.Event(),
            display=shown,
        )
    half = display.readings[len(display.readings) // 2 :]
    slope = (half[-1][1] - half[0][1]) / max(half[-1][0] - half[0][0], 1e-9)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(f"  frames {outcome.facts.frames_seen}, wall {outcome.facts.wall_s:.0f} s")
    print(f"  peak {peak_mb:.0f} MB = {peak_mb / LIMIT_MB:.2f} of the limit")
    print(f"  slope in the second half {slope:+.2f} MB an hour")


if __name__ == "__main__":
    main()
