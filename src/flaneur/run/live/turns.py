"""What cameras have waiting, and whose turn it is.

Each camera has one place for one frame. A newer frame takes the place of one that was not looked at in time, which is
counted as dropped, so nothing ever queues up. Of the cameras with something waiting the one goes first whose last turn
is longest ago: when there is too much to do, all of them are looked at less often, evenly.
"""

import threading
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from flaneur.data.private import Frame, Private

Owner = TypeVar("Owner")

MOST_PASSED = 600
"""Frames that were only decoded are remembered up to a turn: ten seconds of 60 a second. A longer turn hangs."""


@dataclass(slots=True, repr=False, eq=False)
class Waiting(Private):
    """What came of one camera since its last turn."""

    frame: Frame | None = None
    """To be looked at."""
    connection: int = 0
    """Number of the connection that it came over."""
    dropped: int = 0
    """Frames that were dropped by then, in all."""
    passed: list[tuple[int, int, int]] = field(default_factory=list)
    """Frames that were only decoded, in order: index, time in ns, and how many were dropped by then."""
    silent_ns: int | None = None
    """No frame came for a while, up to this time."""

    def in_order(self) -> list[tuple[int, int, int]]:
        """`passed`, and the frame to be looked at, at its place among them."""
        if self.frame is None:
            return self.passed
        return sorted([*self.passed, (self.frame.index, self.frame.time_ns, self.dropped)])

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to do."""
        return self.frame is None and self.silent_ns is None


class Mailbox(Generic[Owner]):
    """The place of one camera. Its thread puts, the workers take."""

    def __init__(self, owner: Owner, turns: "Turns[Owner]") -> None:
        self.owner = owner
        self._turns = turns
        self._waiting = Waiting()
        self.overtaken = 0
        """Frames to be looked at that a newer one took the place of, or that were shed."""
        self._left = 0
        """Other frames that were decoded and never measured."""
        self.busy = False
        """Somebody is at work for this camera; guarded, like all here, by the lock of the turns."""
        self.turn = 0
        """Number of its last turn."""

    @property
    def dropped(self) -> int:
        """Frames that were dropped here so far."""
        return self.overtaken + self._left

    def put(self, frame: Frame, connection: int, dropped: int) -> None:
        """A frame that is to be looked at; `dropped` were lost on the way so far."""
        with self._turns.changed:
            waiting = self._waiting
            if waiting.frame is not None:
                self.overtaken += 1
            waiting.frame, waiting.connection, waiting.silent_ns = frame, connection, None
            waiting.dropped = dropped + self.dropped
            self._turns.changed.notify_all()

    def pass_by(self, index: int, time_ns: int, dropped: int) -> None:
        """A frame that need not be looked at."""
        with self._turns.changed:
            if len(self._waiting.passed) < MOST_PASSED:
                self._waiting.passed.append((index, time_ns, dropped + self.dropped))
            else:
                self._left += 1

    def drop(self, waiting: Waiting) -> None:
        """Frames that were taken, and then not measured."""
        with self._turns.changed:
            self._left += len(waiting.in_order())

    def silence(self, until_ns: int) -> None:
        """No frame has come for a while."""
        with self._turns.changed:
            if self._waiting.frame is None:
                self._waiting.silent_ns = until_ns
                self._turns.changed.notify_all()

    def clear(self) -> None:
        """Drop the frame that waits, because memory is short."""
        with self._turns.changed:
            if self._waiting.frame is not None:
                self._waiting.frame = None
                self.overtaken += 1

    @property
    def idle(self) -> bool:
        """Whether no frame waits or is looked at."""
        with self._turns.changed:
            return not self.busy and self._waiting.frame is None

    @property
    def ready(self) -> bool:
        """Whether a worker may take it."""
        return not self.busy and not self._waiting.nothing

    def take(self) -> Waiting:
        """All that waits; only for the turns."""
        waiting, self._waiting = self._waiting, Waiting()
        return waiting


class Turns(Generic[Owner]):
    """Hands out what waits to the workers; at most one of them is at work for a camera at a time."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self._boxes: list[Mailbox[Owner]] = []
        self._closed = False
        self._turn = 0

    def join(self, owner: Owner) -> Mailbox[Owner]:
        """A place for one more camera."""
        box = Mailbox(owner, self)
        with self.changed:
            self._boxes.append(box)
        return box

    def leave(self, box: Mailbox[Owner], timeout_s: float) -> bool:
        """Take nothing more from a camera; True when no worker is at work for it any more."""
        with self.changed:
            self._boxes.remove(box)
            return self.changed.wait_for(lambda: not box.busy, timeout_s)

    def take(self) -> tuple[Mailbox[Owner], Waiting] | None:
        """The next turn, when there is one; None when all is over. `done` must follow."""
        with self.changed:
            while not self._closed:
                ready = [box for box in self._boxes if box.ready]
                if ready:
                    box = min(ready, key=lambda box: box.turn)
                    self._turn += 1
                    box.turn, box.busy = self._turn, True
                    return box, box.take()
                self.changed.wait()
            return None

    def done(self, box: Mailbox[Owner]) -> None:
        """A turn is over."""
        with self.changed:
            box.busy = False
            self.changed.notify_all()

    def close(self) -> None:
        """No further turns."""
        with self.changed:
            self._closed = True
            self.changed.notify_all()
