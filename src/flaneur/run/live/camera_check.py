"""`flaneur camera test`: opens a camera as `flaneur watch` would, and says what comes."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flaneur.data.private import Frame
from flaneur.data.released import RedactedImage
from flaneur.data.time import to_ns, to_s
from flaneur.detect.protocol import Detector
from flaneur.release.redact import Redactor, RedactParams
from flaneur.run.clock import StageClock
from flaneur.run.live.setup import CameraSetup
from flaneur.run.looking import look
from flaneur.source.live import LiveSource
from flaneur.source.live_clock import Clock
from flaneur.source.live_time import SenderClock
from flaneur.source.opening import SourceInfo

PARAMS = RedactParams(longest_px=1920, most_per_s=12.5, live=True)


@dataclass(frozen=True, slots=True)
class CameraCheck:
    """What a camera sent for some seconds."""

    info: SourceInfo
    opened_s: float
    """From nothing to the first picture."""
    rate_per_s: float | None
    """Pictures a second, as they came; None where there were too few to tell."""
    dropped: int
    sender: SenderClock
    picture: RedactedImage | None
    """Nobody is to be seen on it; flat all over where that is in doubt."""


def check_camera(setup: CameraSetup, detector: Detector, watch_s: float) -> CameraCheck:
    """Watch a camera for `watch_s`. LostError when it is lost before its first pictures."""
    clock = Clock()
    begin_ns = clock.now_ns()
    with LiveSource(setup.address, setup.source, clock, begin_ns) as source:
        opened_s = to_s(clock.now_ns() - begin_ns)
        end_ns = clock.now_ns() + to_ns(watch_s)
        redactor = Redactor(source.info.width_px, source.info.height_px, PARAMS)
        times_ns: list[int] = []
        picture: RedactedImage | None = None
        frames = itertools.takewhile(lambda _: clock.now_ns() < end_ns, source.frames())
        rates = setup.job.detector.rate_per_s, PARAMS.most_per_s
        for frame, detections in look(_noted(frames, times_ns), *rates, detector, StageClock()):
            for image in redactor.step(frame, detections, []):
                picture = image if picture is None or picture.fully_hidden or not image.fully_hidden else picture
        span_s = to_s(times_ns[-1] - times_ns[0]) if times_ns else 0.0
        rate_per_s = (len(times_ns) - 1) / span_s if span_s > 0 else None
        return CameraCheck(source.info, opened_s, rate_per_s, source.frames_dropped, source.sender, picture)


def _noted(frames: Iterable[Frame], times_ns: list[int]) -> Iterator[Frame]:
    for frame in frames:
        times_ns.append(frame.time_ns)
        yield frame
