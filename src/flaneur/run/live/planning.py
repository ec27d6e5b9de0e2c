"""How many cameras such as those of a site this machine can watch: measured on them, for some seconds."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

from flaneur.data.errors import UserError
from flaneur.data.live import CameraStatus
from flaneur.data.released import Measurement, RunFacts
from flaneur.run.live.camera import Camera
from flaneur.run.live.machine import free_memory_mb, memory_mb
from flaneur.run.live.setup import SiteSetup
from flaneur.run.live.turns import Turns
from flaneur.run.live.watch import new_workers, open_site_detector
from flaneur.source.live_clock import Clock

OPEN_S = 12.0
"""By then every camera has answered or is lost."""
WARM_UP_S = 1.0
USABLE = 0.85
"""Share of the processor that may be used: the rest is for the system, and for busier moments than these."""
USABLE_MEMORY = 0.8


@dataclass(frozen=True, slots=True)
class Forecast:
    """What was measured, and what follows from it."""

    measured: int
    """Cameras that gave pictures."""
    lost: tuple[str, ...]
    """Cameras that gave none."""
    frames_per_s: float
    """Of one camera."""
    looks_per_s: float
    """Of one camera that has all the time it needs."""
    decode_cores: float
    look_cores: float
    """What one camera takes of the processor, in cores, for its frames and for its looks."""
    memory_mb: float
    """What one camera takes of the memory."""
    cores: int
    free_memory_mb: float
    cameras: int
    """How many this machine carries."""


def forecast(setup: SiteSetup, seconds: float = 20.0) -> Forecast:
    """Measure on the site's own cameras, storing nothing; UserError when none of them gives pictures.

    Processor time is measured, not wall time, so that other work on the machine changes little. In the first half
    pictures are only decoded, in the second they are looked at, too.
    """
    turns: Turns[Camera] = Turns()
    detector, clock = open_site_detector(setup), Clock()
    before_mb = memory_mb()
    cameras = [Camera(camera, detector, turns, clock, _forget, None) for camera in setup.cameras]
    workers = new_workers(setup, turns)
    try:
        _wait_for_pictures(cameras, clock)
        decoding = _Span.of(cameras, clock, seconds / 2)
        for worker in workers:
            worker.start()
        time.sleep(WARM_UP_S)
        looking = _Span.of(cameras, clock, seconds / 2)
    finally:
        for camera in cameras:
            camera.stop()
        turns.close()
        for worker in workers:
            if worker.is_alive():  # the end of the program must not meet it in the middle of a look
                worker.join(OPEN_S)
    statuses = [camera.vitals.status(clock.now_ns()) for camera in cameras]
    lost = tuple(status.camera for status in statuses if not status.frames_seen)
    measured = len(cameras) - len(lost)
    if not (decoding.frames and looking.looks):
        raise UserError(
            f"{setup.path}: none of its cameras gave pictures, so nothing can be said; see flaneur camera test"
        )
    decode_s = decoding.cpu_s / decoding.frames
    look_s = max(looking.cpu_s - looking.frames * decode_s, 0.0) / looking.looks
    frames_per_s = decoding.frames / decoding.seconds / measured
    rate_per_s = min(setup.site.detector.rate_per_s, frames_per_s)
    each_mb = max(memory_mb() - before_mb, 1.0) / measured
    cores, free_mb = len(os.sched_getaffinity(0)), free_memory_mb() + memory_mb() - before_mb
    decode_cores, look_cores = frames_per_s * decode_s, rate_per_s * look_s
    return Forecast(
        measured=measured,
        lost=lost,
        frames_per_s=frames_per_s,
        looks_per_s=rate_per_s,
        decode_cores=decode_cores,
        look_cores=look_cores,
        memory_mb=each_mb,
        cores=cores,
        free_memory_mb=free_mb,
        cameras=int(min(USABLE * cores / (decode_cores + look_cores), USABLE_MEMORY * free_mb / each_mb)),
    )


@dataclass(frozen=True, slots=True)
class _Span:
    """What happened in some seconds, over all cameras."""

    seconds: float
    cpu_s: float
    frames: int
    looks: int

    @staticmethod
    def of(cameras: Sequence[Camera], clock: Clock, seconds: float) -> "_Span":
        """Wait and see."""

        def now() -> tuple[float, float, list[CameraStatus]]:
            statuses = [camera.vitals.status(clock.now_ns()) for camera in cameras]
            return time.monotonic(), time.process_time(), statuses

        begin_s, cpu_s, before = now()
        time.sleep(seconds)
        end_s, later_s, after = now()
        return _Span(
            end_s - begin_s,
            later_s - cpu_s,
            sum(one.frames_seen for one in after) - sum(one.frames_seen for one in before),
            sum(one.looks for one in after) - sum(one.looks for one in before),
        )


def _wait_for_pictures(cameras: Sequence[Camera], clock: Clock) -> None:
    end_s = time.monotonic() + OPEN_S
    while time.monotonic() < end_s:
        statuses = [camera.vitals.status(clock.now_ns()) for camera in cameras]
        if all(status.frames_seen or status.state in ("lost", "stopped") for status in statuses):
            break
        time.sleep(0.1)
    time.sleep(WARM_UP_S)


def _forget(_figures: list[Measurement], _facts: RunFacts) -> None:
    """A plan keeps nothing."""
