"""Many cameras on this machine at once: what each gets, and whether anything grows.

    python benchmarks/live_load.py [--streams 12] [--seconds 60] [--moving 0.33] [--rtsp]
    python benchmarks/live_load.py --streams 40 --seconds 1800         # more than it can: even, and nothing grows

Each stream is the sample at 768×576 and 10 frames a second, in real time, its people still for part of the time so that
the motion gate lets through about the share `--moving`. Files at their own pace cost what their decoding costs; with
`--rtsp` a real server on the same machine plays them, which takes its part of the cores.
"""

import argparse
import itertools
import os
import sys
import tempfile
import time
from array import array
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import av
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.live_cameras import RtspServer, wait_until
from support.video import Picture, write_video
from support.watching import SITE, camera_table, watching

SAMPLE = Path(".cache/vtest.avi")
RATE = 10
CYCLE_S = 7.0
"""Shorter than the eight seconds after which a picture counts as frozen."""
FILMS = 4
LOOKED_ANYWAY_PER_S = 0.5
LOOKS_PER_S = 5.0


def cycle(moving: float, phase: float) -> Iterator[Picture]:
    """The sample with pauses: of the looks at it, the share `moving` finds movement. It begins at a phase of 0 to 1."""
    share = min(max((moving * LOOKS_PER_S - LOOKED_ANYWAY_PER_S) / (LOOKS_PER_S - LOOKED_ANYWAY_PER_S), 0.0), 1.0)
    go, stay = round(share * CYCLE_S * RATE), round((1 - share) * CYCLE_S * RATE)
    with av.open(str(SAMPLE)) as container:
        for n, picture in enumerate(container.decode(video=0)):
            bgr = picture.to_ndarray(format="bgr24")
            if n == 0 and stay:
                yield from itertools.repeat(bgr, round(phase * CYCLE_S * RATE))
            yield bgr
            if stay and n % go == go - 1:
                yield from itertools.repeat(bgr, stay)


def film(path: Path, seconds: float, moving: float, phase: float) -> Path:
    """The sample with pauses, as long as is needed."""
    quick = {"preset": "ultrafast", "crf": "26", "g": str(RATE), "bf": "0"}
    minute = itertools.islice(cycle(moving, phase), 60 * RATE)
    return repeated(write_video(path.with_suffix(".once.mp4"), minute, rate=RATE, options=quick), path, seconds)


def repeated(once: Path, path: Path, seconds: float) -> Path:
    """The packets of a video over and over, for this time at least."""
    with av.open(str(once)) as source, av.open(str(path), "w") as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        packets = [packet for packet in source.demux(stream) if packet.size]
        length = max(packet.pts for packet in packets) + packets[1].pts - packets[0].pts
        kept = [(bytes(packet), packet.pts, packet.dts, packet.is_keyframe) for packet in packets]
        for turn in range(int(seconds / (length * stream.time_base)) + 1):
            for content, pts, dts, is_key in kept:
                packet = av.Packet(content)
                packet.pts, packet.dts, packet.time_base = pts + turn * length, dts + turn * length, stream.time_base
                packet.is_keyframe, packet.stream = is_key, copy
                target.mux(packet)
    return path


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--moving", type=float, default=1 / 3)
    parser.add_argument("--rtsp", action="store_true")
    asked = parser.parse_args()
    if not SAMPLE.is_file():
        sys.exit(f"skipped: {SAMPLE} is not there; python tools/get_sample.py {SAMPLE}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sources = [f"film{n}.mp4" for n in range(FILMS)]  # the street is not alive everywhere at the same moments
        for n, source in enumerate(sources):
            film(folder / source, asked.seconds + 60, asked.moving, n / FILMS)
        if asked.rtsp:
            server = stack.enter_context(RtspServer(folder))
            sources = [server.url(source) for source in sources]
        cameras = "".join(camera_table(f"camera {n}", sources[n % FILMS]) for n in range(asked.streams))
        (folder / "site.toml").write_text(SITE + cameras)
        running = stack.enter_context(watching(folder / "site.toml"))
        names = [f"camera {n}" for n in range(asked.streams)]
        wait_until(lambda: {status.state for status in running.watch.statuses()} == {"watching"}, 120)
        time.sleep(5)
        measure(running, names, asked.seconds)


def measure(running, names: list[str], seconds: float) -> None:
    before = {status.camera: status for status in running.watch.statuses()}
    cpu_s, begin_s = time.process_time(), time.monotonic()
    memory: list[tuple[float, float]] = []
    lags = array("d")  # as objects they alone would grow by megabytes
    descriptors: list[int] = []
    while time.monotonic() - begin_s < seconds:
        time.sleep(1)
        memory.append((time.monotonic() - begin_s, resident_mb()))
        descriptors.append(len(os.listdir("/proc/self/fd")))  # noqa: PTH208
        lags.extend(status.lag_s for status in running.watch.statuses() if status.lag_s is not None)
    took_s = time.monotonic() - begin_s
    cpu_s = time.process_time() - cpu_s
    after = {status.camera: status for status in running.watch.statuses()}
    rate = np.array([(after[name].looks - before[name].looks) / took_s for name in names])
    seen = sum(after[name].frames_seen - before[name].frames_seen for name in names)
    dropped = sum(after[name].frames_dropped - before[name].frames_dropped for name in names)
    cores = len(os.sched_getaffinity(0))
    half = memory[len(memory) // 2 :]
    slope = np.polyfit(*np.array(half).T, 1)[0] * 3600
    print(f"{len(names)} streams, {took_s:.0f} s, {cores} cores; load of the whole machine {os.getloadavg()[0]:.1f}")
    print(f"  frames a second and stream      {seen / took_s / len(names):6.2f} of {RATE}")
    spread = f"lowest {rate.min():.2f}, highest {rate.max():.2f}"
    print(f"  looks a second and stream       {rate.mean():6.2f} of {LOOKS_PER_S:g}; {spread}")
    print(f"  frames overtaken or lost        {dropped / max(seen, 1):6.1%}")
    if lags:
        print(f"  longest lag of a minute, s      {np.median(lags):6.2f} median, {max(lags):.2f} at most")
    print(f"  processor                       {cpu_s / took_s:6.2f} of {cores} cores")
    print(f"  memory, MB                      {memory[-1][1]:6.0f}; slope of the second half {slope:+.1f} MB an hour")
    tenths = (round(memory[(len(memory) - 1) * n // 10][1]) for n in range(11))
    print(f"    after each tenth of the time  {' '.join(str(mb) for mb in tenths)}")
    print(f"  descriptors                     {descriptors[-1]:6d}; at most {max(descriptors)}")


if __name__ == "__main__":
    main()
