"""Hits and false alarms of camera health on a real video with faults rendered into it.

    python benchmarks/health.py [VIDEO]

The video runs unharmed for `--before` seconds, then a fault of one severity begins and stays. A fault is found when the
right reason is given within 10 s of its beginning. The unharmed video, and harmless changes of light and of the crowd,
must give no alarm at all. VIDEO is the public sample `.cache/vtest.avi` unless stated.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from flaneur.data.time import SECOND_NS, to_s
from flaneur.measure import health
from flaneur.measure.health import Fault
from flaneur.source.file import FileSource, SourceParams

Picture = NDArray[np.uint8]
Change = Callable[[Picture, float], Picture]
SAMPLE = Path(__file__).resolve().parents[1] / ".cache/vtest.avi"
IN_TIME_S = 10.0


def gain(factor: float, offset: float = 0.0) -> Change:
    return lambda bgr, _: cv2.convertScaleAbs(bgr, alpha=factor, beta=offset)


def noise(sigma: float, inner: Change) -> Change:
    rng = np.random.default_rng(1)

    def change(bgr: Picture, since_s: float) -> Picture:
        changed = inner(bgr, since_s)
        return np.clip(changed + rng.normal(0, sigma, changed.shape), 0, 255).astype(np.uint8)

    return change


def blur(sigma: float) -> Change:
    return lambda bgr, _: cv2.GaussianBlur(bgr, (0, 0), sigma)


def move(share_x: float, degrees: float = 0.0, zoom: float = 1.0) -> Change:
    def change(bgr: Picture, _: float) -> Picture:
        height, width = bgr.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, zoom)
        turn[0, 2] += share_x * width
        return cv2.warpAffine(bgr, turn, (width, height), borderMode=cv2.BORDER_REFLECT)

    return change


def cover(share: float, level: int) -> Change:
    def change(bgr: Picture, _: float) -> Picture:
        covered = bgr.copy()
        covered[:, : round(share * bgr.shape[1])] = level
        return covered

    return change


def freeze() -> Change:
    held: list[Picture] = []

    def change(bgr: Picture, _: float) -> Picture:
        held.append(bgr)
        return held[0]

    return change


def lorry(share: float, from_s: float, to_s: float) -> Change:
    """A smooth side fills part of the picture for a while."""
    return lambda bgr, since_s: cover(share, 150)(bgr, since_s) if from_s <= since_s < to_s else bgr


def sway(cells: float) -> Change:
    """A pole in the wind: to and fro once in 3 s."""
    return lambda bgr, since_s: move(cells / 192 * np.sin(2 * np.pi * since_s / 3))(bgr, since_s)


FAULTS: dict[Fault, dict[str, Callable[[], Change]]] = {
    Fault.DARK: {
        "cap": lambda: gain(0.0),
        "cap with noise": lambda: noise(6, gain(0.0)),
        "light to 8 %": lambda: gain(0.08),
    },
    Fault.OVEREXPOSED: {"gain 6": lambda: gain(6.0), "gain 4 and glare": lambda: gain(4.0, 60)},
    Fault.COVERED: {
        "70 % grey": lambda: cover(0.7, 90),
        "70 % with noise": lambda: noise(4, cover(0.7, 90)),
        "85 % light": lambda: cover(0.85, 200),
        "all grey": lambda: cover(1.0, 90),
    },
    Fault.BLURRED: {
        "2 px": lambda: blur(2),
        "2 px with noise": lambda: noise(4, blur(2)),
        "4 px": lambda: blur(4),
        "4 px with noise": lambda: noise(4, blur(4)),
        "8 px": lambda: blur(8),
    },
    Fault.MOVED: {
        "1.5 % aside": lambda: move(0.015),
        "4 % aside": lambda: move(0.04),
        "15 % aside": lambda: move(0.15),
        "50 % aside": lambda: move(0.5),
        "turned 3°": lambda: move(0, 3),
        "turned 20°": lambda: move(0, 20),
        "zoomed by 8 %": lambda: move(0, 0, 1.08),
    },
    Fault.FROZEN: {"one picture": freeze},
}
HARMLESS: dict[str, Callable[[], Change]] = {
    "as it is": lambda: gain(1.0),
    "light to 40 %": lambda: gain(0.4),
    "light to 160 %": lambda: gain(1.6),
    "noise of 8 levels": lambda: noise(8, gain(1.0)),
    "sways by 0.5 %": lambda: sway(1.0),
    "bus stands before 40 %": lambda: lorry(0.4, 5, 35),
    "lorry passes": lambda: lorry(0.9, 5, 9),
    "slow dusk": lambda: lambda bgr, since_s: gain(max(0.3, 1.0 - since_s / 60))(bgr, since_s),
}


def looks(video: Path) -> Iterator[tuple[int, Picture]]:
    with FileSource(video, SourceParams()) as source:
        last_ns = -health.PERIOD_NS
        for frame in source.frames():
            if frame.time_ns - last_ns >= health.PERIOD_NS:
                last_ns = frame.time_ns
                yield frame.time_ns, frame.bgr()


def sketch(bgr: Picture) -> Picture:
    """As `Frame.sketch` makes it."""
    grey = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
    scale = 192 / max(grey.shape)
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.blur(small, (3, 3)).astype(np.uint8)


def told(pictures: list[tuple[int, Picture]], change: Change, before_s: float) -> tuple[dict[Fault, float], float]:
    """Seconds after the change at which each fault was first told (negative: before it); and cost per look in ms."""
    state, first, spent_s = health.start(), {}, 0.0
    for time_ns, bgr in pictures:
        since_s = to_s(time_ns) - before_s
        shown = change(bgr, since_s) if since_s >= 0 else bgr
        small, rows = sketch(shown), shown[:: health.ROW_STRIDE, :, 1].copy()
        begin = time.process_time()
        state, now = health.step(state, time_ns, small, rows)
        spent_s += time.process_time() - begin
        for fault in now.faults:
            first.setdefault(fault, since_s)
    return first, spent_s / len(pictures) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path, nargs="?", default=SAMPLE)
    parser.add_argument("--before", type=float, default=30.0)
    args = parser.parse_args()
    if not args.video.exists():
        raise SystemExit(f"{args.video} is missing; `make demo` fetches it")
    pictures = list(looks(args.video))
    end_ns = round((args.before + 15) * SECOND_NS)
    short = [(time_ns, bgr) for time_ns, bgr in pictures if time_ns < end_ns]
    found = total = false = wrong = 0
    for fault, severities in FAULTS.items():
        for name, change in severities.items():
            first, _ = told(short, change(), args.before)
            after_s = first.pop(fault, None)
            total, found = total + 1, found + (after_s is not None and 0 <= after_s <= IN_TIME_S)
            wrong += len(first)
            delay = "not found" if after_s is None else f"after {after_s:4.1f} s"
            also = "".join(f", also {other.label} after {s:.1f} s" for other, s in first.items())
            print(f"{fault.label:12} {name:24} {delay}{also}")
    for name, change in HARMLESS.items():
        first, cost_ms = told(pictures, change(), args.before)
        false += bool(first)
        print(f"{'harmless':12} {name:24} {', '.join(f.label for f in first) or 'nothing'}")
    print(f"found within {IN_TIME_S:.0f} s: {found} of {total} (bar: all); with a further reason: {wrong}")
    print(f"false alarms: {false} of {len(HARMLESS)} runs of {to_s(pictures[-1][0]):.0f} s (bar: 0)")
    print(f"cost {cost_ms:.2f} ms a look, one look in two seconds: {cost_ms / 20:.3f} ms a frame at 10/s (bar: 0.1)")


if __name__ == "__main__":
    main()
