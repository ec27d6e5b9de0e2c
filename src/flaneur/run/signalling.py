"""Traffic signals of one camera: stop lines in the picture or on the ground, and figures of how they are kept."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from flaneur.config.site import CameraTable
from flaneur.data.geometry import TO_LEFT, TO_RIGHT, GroundLine, Line
from flaneur.data.kinds import ALL_KINDS
from flaneur.data.private import Feet, Samples
from flaneur.data.signals import SignalPhases
from flaneur.data.time import SECOND_NS
from flaneur.measure import signals
from flaneur.measure.crossings import Lines
from flaneur.measure.signals import SignalParams, StopLine
from flaneur.release.specs import Sampled
from flaneur.run.figures import Told, of_signal_time, of_signals, told_of

AnyLine = TypeVar("AnyLine", Line, GroundLine)
Phases = Mapping[str, SignalPhases]
"""Name of a signal -> its phases as far as they are known by now."""

SHOWN_AFTER_NS = 2 * SECOND_NS
"""By then the lamps of a moment are read for good."""
LONGEST_SILENCE_S = 10
"""After a longer time without moments nothing is told of it: nobody was watching."""


class Signalling:
    """Steps the stop lines of all signals; none at all where the site file has no signal."""

    def __init__(self, camera: CameraTable, lines: Lines, phases: Phases) -> None:
        """`lines` are made of those that `stop_lines` picks, in the unit of the feet to come."""
        self._camera = camera
        self._params = SignalParams(lines, self._stops(phases))
        self._state = signals.start(self._params)
        names = [signal.name for signal in camera.signal]
        self._specs = of_signals(names) if names else {}
        self._time = of_signal_time(names)
        self._shown_s: int | None = None

    @property
    def sampled(self) -> tuple[Sampled, ...]:
        """The figures that samples are told for."""
        return (*self._specs.values(), self._time) if self._specs else ()

    def step(self, feet: Feet, phases: Phases) -> Told:
        """One moment; `phases` may have grown since the last one."""
        if not self._specs:
            return []
        if any(
            stop.phases is not phases[s.name] for stop, s in zip(self._params.stops, self._camera.signal, strict=True)
        ):
            self._params = replace(self._params, stops=self._stops(phases))
        self._state, told = signals.step(self._state, feet, self._params)
        return told_of(self._specs, told) + self._shown(feet.time_ns, phases)

    def finish(self) -> Told:
        """What the end of the video cuts off."""
        return told_of(self._specs, signals.finish(self._state, self._params)) if self._specs else []

    def _shown(self, time_ns: int, phases: Phases) -> Told:
        """What each signal showed at the full seconds that have passed, as far back as lamps need to be believed."""
        until_s = (time_ns - SHOWN_AFTER_NS) // SECOND_NS
        if self._shown_s is None or until_s - self._shown_s > LONGEST_SILENCE_S:
            self._shown_s = time_ns // SECOND_NS
        if until_s < self._shown_s:
            return []
        seconds = np.arange(self._shown_s, until_s + 1, dtype=np.int64) * SECOND_NS
        self._shown_s = until_s + 1
        n, exact = len(seconds), np.zeros(len(seconds))
        samples = [
            Samples(
                seconds,
                np.full(n, place, np.int32),
                phases[signal.name].at(seconds)[0].astype(np.int8),
                np.full(n, ALL_KINDS, np.uint8),
                np.ones(n),
                exact,
                exact,
            )
            for place, signal in enumerate(self._camera.signal)
        ]
        return [(self._time, Samples.joined(*samples))]

    def _stops(self, phases: Phases) -> tuple[StopLine, ...]:
        lines = {line.name: line for line in self._camera.line}
        return tuple(
            StopLine(
                TO_RIGHT if signal.direction == lines[signal.stop_line].to_right else TO_LEFT,
                signal.addressed,
                phases[signal.name],
            )
            for signal in self._camera.signal
        )


def stop_lines(camera: CameraTable, lines: Sequence[AnyLine]) -> list[AnyLine]:
    """Those of the camera's `lines` that signals rule, in the order of the signals."""
    by_name = {line.name: line for line in lines}
    return [by_name[signal.stop_line] for signal in camera.signal]
