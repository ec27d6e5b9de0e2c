"""One camera that is being watched: its thread, its turns and its figures."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import structlog

from flaneur.data.released import Measurement, RedactedImage, RunFacts
from flaneur.data.time import SECOND_NS
from flaneur.detect.protocol import Detector
from flaneur.run.crashing import described
from flaneur.run.live.connection import Connection
from flaneur.run.live.setup import CameraSetup
from flaneur.run.live.turns import Mailbox, Turns, Waiting
from flaneur.run.live.view import View
from flaneur.run.live.vitals import Vitals
from flaneur.source.live import LiveSource
from flaneur.source.live_clock import Clock
from flaneur.source.live_packets import Heard

QUIET_NS = 2 * SECOND_NS
"""So long after the last frame a camera is told that nobody looks."""
REST_NS = 5 * SECOND_NS
"""After a defect a camera rests: one that shows at each turn must not keep the machine busy. A single one does not make
the camera `stuck`, which takes longer."""
Keep = Callable[[list[Measurement], RunFacts], None]

log: Any = structlog.get_logger()


class Camera:
    """Watches one camera from its making to `finish`."""

    def __init__(
        self,
        setup: CameraSetup,
        detector: Detector,
        turns: "Turns[Camera]",
        clock: Clock,
        keep: Keep,
        resume_ns: int | None,
        before: "Camera | None" = None,
    ) -> None:
        """`keep` takes figures of complete intervals and how they came about, `resume_ns` is the end of the latest one
        that is known; `before` watched this camera and is let hang up first. UserError for places that cannot be."""
        self.setup = setup
        self._detector = detector
        self._clock = clock
        self._keep = keep
        self._turns = turns
        self._job, epoch_ns = setup.job_from(clock.now_ns())
        self.vitals = Vitals(setup.name, clock.now_ns())
        self.end_ns = clock.now_ns() if resume_ns is None else resume_ns
        """Intervals up to here were told."""
        self._dropped = 0
        """Frames that were dropped by the latest turn."""
        self._view: View | None = self._new_view()
        """None after a defect, until its rest is over."""
        self._box: Mailbox[Camera] = turns.join(self)
        self.failures = 0
        """Turns that ended in a defect of ours."""
        self._rest_ns = 0
        self._told: dict[str, str] | None = None
        """The defect of the latest turn."""
        heard = Heard()

        def connect() -> LiveSource:
            return LiveSource(setup.address, setup.source, clock, epoch_ns, heard=heard)

        rng = random.Random()  # noqa: S311  # spreads attempts to connect, hides nothing
        rate_per_s = setup.job.detector.rate_per_s
        old: Connection | None = None if before is None else before._connection
        self._connection: Connection = Connection(
            setup.name, connect, self._box, self.vitals, clock, rate_per_s, rng, old
        )
        # a run that is killed before its first figures leaves a trace
        keep([], self._facts(self._view, complete=False))
        self._connection.start()

    @property
    def name(self) -> str:
        """As in the site file."""
        return self.setup.name

    @property
    def picture(self) -> RedactedImage | None:
        """What may be seen of it now; None where that is nothing."""
        return None if (view := self._view) is None else view.picture

    @property
    def alarm_levels(self) -> dict[str, int]:
        """Zone -> level of its density alarm by now; -1 where it is not known."""
        return {} if (view := self._view) is None else view.alarm_levels

    @property
    def overtaken(self) -> int:
        """Frames that could not be looked at in time."""
        return self._box.overtaken

    @property
    def is_over(self) -> bool:
        """Whether it was a file, and all of it was measured."""
        return self.vitals.is_stopped and self._box.idle

    def tick(self) -> None:
        """To be called about once a second: time goes on when no frame comes, too."""
        now_ns = self._clock.now_ns()
        if self.vitals.is_silent(now_ns, QUIET_NS):
            self._box.silence(now_ns)

    def shed(self) -> None:
        """Let go of the frame that waits."""
        self._box.clear()

    def work(self, waiting: Waiting) -> None:
        """One turn, on a worker's thread. Raises nothing: a defect must stop neither the others nor this for good."""
        if self._clock.now_ns() < self._rest_ns:
            self._box.drop(waiting)
            return
        try:
            view = self._working_view()
            self._store(view, view.step(waiting), complete=False)
        except Exception as error:  # noqa: BLE001  # as said
            self._failed("turn failed", error)
            self._box.drop(waiting)
            if self._view is not None:
                self._dropped, self._view = self._view.dropped, None
            self._rest_ns = self._clock.now_ns() + REST_NS
        else:
            self._told = None

    def stop(self) -> None:
        """Take no more frames; `finish` must follow."""
        self._connection.stop()

    def finish(self, timeout_s: float) -> None:
        """Keep what was measured, the running interval included; gives up what takes longer."""
        self.stop()
        if not self._turns.leave(self._box, timeout_s):
            log.error("still at work; its running interval is lost", camera=self.name)
            return
        self.vitals.stopped("stopped")
        try:
            view = self._working_view()
            self._store(view, view.finish(), complete=True)
        except Exception as error:  # noqa: BLE001  # as above
            self._failed("end failed; its running interval is lost", error)

    def _failed(self, event: str, error: Exception) -> None:
        self.failures += 1
        before, self._told = self._told, described(error)
        tell = log.debug if self._told == before else log.error  # it may show at each turn, for weeks
        tell(event, camera=self.name, **self._told)

    def _store(self, view: View, figures: list[Measurement], *, complete: bool) -> None:
        if figures:
            self._keep(figures, self._facts(view, complete=complete))
            self.end_ns = max(one.end_ns for one in figures)

    def _facts(self, view: View, *, complete: bool) -> RunFacts:
        facts = view.facts(complete=complete)
        return replace(facts, notes=facts.notes + self._connection.notes)

    def _working_view(self) -> View:
        """The view; after a defect a new one, which tells first that nobody has looked since."""
        if self._view is None:
            self._view = view = self._new_view()
            self._store(view, view.step(Waiting(silent_ns=self._clock.now_ns())), complete=False)
        return self._view

    def _new_view(self) -> View:
        return View(
            self._job,
            self.setup.files,
            self._detector,
            self.vitals,
            self._clock,
            self.setup.address.shown,
            self.end_ns,
            self._dropped,
            shows=self.setup.shows,
        )
