"""What is read from the pictures besides road users: whether the camera is healthy, and what signals show."""

from collections import deque
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from flaneur.config.signals import SignalTable
from flaneur.config.site import CameraTable
from flaneur.data.notes import Note, NoteKey
from flaneur.data.private import Frame
from flaneur.data.released import CameraHealth
from flaneur.data.signals import SignalPhases
from flaneur.data.time import to_s
from flaneur.measure import health, lamps
from flaneur.measure.health import ROW_STRIDE, Fault
from flaneur.measure.lamps import LampParams
from flaneur.run.job import Job
from flaneur.source.signal_file import SignalFile

NOTES: dict[Fault, NoteKey] = {
    Fault.DARK: "dark",
    Fault.OVEREXPOSED: "overexposed",
    Fault.COVERED: "covered",
    Fault.BLURRED: "blurred",
    Fault.MOVED: "moved",
    Fault.FROZEN: "frozen",
}

MOST_STRETCHES = 10_000
"""Stretches of bad health that are remembered: a camera may be watched for months."""


class Watcher:
    """Looks at the frames that the detector looks at, in order."""

    def __init__(self, camera: CameraTable, width_px: int, height_px: int, phases: Mapping[str, SignalPhases]) -> None:
        """`phases` are those of the signals whose phases are in files."""
        self._health = health.start()
        self._blind: deque[tuple[int, int, frozenset[Fault]]] = deque(maxlen=MOST_STRETCHES)
        self.faults: tuple[Fault, ...] = ()
        """What is wrong at the latest frame."""
        self.phases = dict(phases)
        """Of every signal of the site file, as far as they are known by now."""
        self._lamps = {signal.name: _lamps(signal, width_px, height_px) for signal in camera.signal if signal.lamps}
        self._lamp_states = {name: lamps.start(params) for name, params in self._lamps.items()}
        for name, params in self._lamps.items():
            self.phases[name] = lamps.phases(self._lamp_states[name], params)

    def step(self, frame: Frame) -> None:
        """Take one frame, later than all before."""
        if health.due(self._health, frame.time_ns):
            rows = frame.bgr()[::ROW_STRIDE, :, 1]
            self._health, now = health.step(self._health, frame.time_ns, frame.sketch(), rows)
            self.faults = now.faults
            if now.faults:
                self._note(now.since_ns, now.time_ns, frozenset(now.faults))
        for name, params in self._lamps.items():
            self._lamp_states[name] = lamps.step(self._lamp_states[name], frame.time_ns, frame.bgr(), params)
            self.phases[name] = lamps.phases(self._lamp_states[name], params)

    def is_blind(self, time_ns: int) -> bool:
        """Whether the camera showed nothing of use at a moment some seconds ago."""
        for since_ns, until_ns, _ in reversed(self._blind):
            if until_ns < time_ns:
                return False
            if since_ns <= time_ns:
                return True
        return False

    def bad_health(self, start_ns: int) -> list[CameraHealth]:
        """The stretches of time in which the camera showed nothing of use, on the clock of `start_ns`."""
        return [
            CameraHealth(start_ns + since_ns, start_ns + until_ns, tuple(fault.label for fault in sorted(faults)))
            for since_ns, until_ns, faults in self._blind
            if until_ns > since_ns
        ]

    def notes(self) -> list[Note]:
        """How long each fault lasted."""
        lasted = {
            fault: sum(until - since for since, until, faults in self._blind if fault in faults) for fault in Fault
        }
        return [Note(NOTES[fault], (to_s(ns),)) for fault, ns in lasted.items() if ns]

    def _note(self, since_ns: int, now_ns: int, faults: frozenset[Fault]) -> None:
        if self._blind and self._blind[-1][1] >= since_ns:
            before_ns, _, known = self._blind.pop()
            since_ns, faults = min(before_ns, since_ns), faults | known
        self._blind.append((since_ns, now_ns, faults))


def signal_files(camera: CameraTable, folder: Path) -> dict[str, SignalFile]:
    """The files of phases that the camera's tables name, by how they name them; UserError when one cannot be used."""
    names = {signal.file for signal in camera.signal if signal.file is not None}
    return {name: SignalFile.read(folder / name) for name in sorted(names)}


def phases_of(job: Job, files: Mapping[str, SignalFile]) -> dict[str, SignalPhases]:
    """Signal -> its phases on the job's clock, where they are in files; UserError when a file does not know it."""
    first_frame_ns = job.start_ns if job.dated else None
    return {
        signal.name: files[signal.file].phases(signal.group or signal.name, first_frame_ns)
        for signal in job.camera.signal
        if signal.file is not None
    }


def phases_of_files(job: Job) -> dict[str, SignalPhases]:
    """The same, with the files read for it."""
    return phases_of(job, signal_files(job.camera, job.folder))


def _lamps(signal: SignalTable, width_px: int, height_px: int) -> LampParams:
    assert signal.lamps is not None
    size = np.array((width_px, height_px), np.float64)
    red, amber, green = (
        None if polygon is None else np.array(polygon, np.float64) * size
        for polygon in (signal.lamps.red, signal.lamps.amber, signal.lamps.green)
    )
    assert red is not None
    assert green is not None
    return LampParams.around(signal.name, red, amber, green)
