"""When a live picture was taken. Reasons: docs/adr/0002-time.md."""

import threading
from dataclasses import dataclass
from typing import NamedTuple

from flaneur.data.time import SECOND_NS
from flaneur.source.live_clock import Clock
from flaneur.source.timeline import Timeline

PLAUSIBLE_NS = 5 * SECOND_NS
"""A camera whose clock is further from ours is not set, and is not believed."""
AGAIN_NS = 4 * SECOND_NS
"""As near it must come to be believed again: one at the limit would otherwise move its pictures back and forth."""
STEP_NS = 2 * SECOND_NS
"""A larger difference is made up for at once, a smaller one bit by bit."""
SLEW = 20
"""Of so many nanoseconds that go by, one may be added or left out: speeds stay right within 5 %."""
ARRIVALS_NS = 5 * SECOND_NS
REPORTS_NS = 30 * SECOND_NS
"""Over one to two of these the least is sought: of the delays of packets, and of what sender reports say."""
BACK_NS = SECOND_NS
STARVED_NS = SECOND_NS
"""What is played at its own pace and comes this late has a gap."""


class Stamps(NamedTuple):
    """What is known of a packet's time, all in nanoseconds; the last two are UTC."""

    arrival_ns: int
    sender_ns: int | None
    """By the camera's own clock, as its RTCP sender reports tell."""


@dataclass(frozen=True, slots=True)
class SenderClock:
    """What is known of a camera's clock against ours."""

    ahead_s: float | None
    """Less the time that pictures are on their way; None where the camera does not tell its time."""
    used: bool
    """Whether pictures are dated by it; otherwise by their arrival."""
    jumps: int
    """How often the time of the pictures had to be set anew."""


class _Least:
    """The least of the values of the last while: of this bucket of time and the one before."""

    def __init__(self, bucket_ns: int) -> None:
        self._bucket_ns = bucket_ns
        self._bucket = 0
        self._before: int | None = None
        self._current: int | None = None

    def of(self, at_ns: int, value: int) -> int:
        """The least, `value` included."""
        bucket = at_ns // self._bucket_ns
        if bucket != self._bucket:
            self._before = self._current if bucket == self._bucket + 1 else None
            self._bucket, self._current = bucket, None
        self._current = value if self._current is None else min(self._current, value)
        return self._current if self._before is None else min(self._before, self._current)


class LiveTimeline:
    """Dates pictures by the camera's clock where it tells one that can be true, otherwise by their arrival.

    Networks deliver in heaps, so that one picture's arrival says little; the least delay of the last seconds does,
    and the camera's media clock carries it from picture to picture. Sender reports err to the same side: many a camera
    gives the moment at which it sends the report, and not that of the picture whose stamp stands beside it.
    """

    def __init__(self, epoch_ns: int) -> None:
        self._epoch_ns = epoch_ns
        self._offset_ns: int | None = None
        self._media_ns = 0
        self._last_ns: int | None = None
        self._arrived, self._sent = _Least(ARRIVALS_NS), _Least(REPORTS_NS)
        self._ahead_ns: int | None = None
        self._doubted = self._used = False
        self.jumps = 0

    @property
    def sender(self) -> SenderClock:
        """The camera's clock, as last heard."""
        return SenderClock(None if self._ahead_ns is None else self._ahead_ns / SECOND_NS, self._used, self.jumps)

    def stamp(self, media_ns: int | None, stamps: Stamps) -> int | None:
        """Nanoseconds since the epoch; None for a picture that is not later than the one before."""
        if media_ns is None:
            time_ns = self._by_itself(stamps) - self._epoch_ns
        else:
            self._follow(media_ns, self._target(media_ns, stamps))
            assert self._offset_ns is not None
            time_ns = media_ns + self._offset_ns - self._epoch_ns
        if self._last_ns is not None and time_ns <= self._last_ns:
            return None
        self._last_ns = time_ns
        return time_ns

    def _follow(self, media_ns: int, target_ns: int) -> None:
        """Bring what is added to the media clock nearer to its target."""
        if self._offset_ns is None or abs(target_ns - self._offset_ns) > STEP_NS:
            self.jumps += self._offset_ns is not None
            self._offset_ns = target_ns
        else:
            most_ns = max(media_ns - self._media_ns, 0) // SLEW
            self._offset_ns += min(max(target_ns - self._offset_ns, -most_ns), most_ns)
        self._media_ns = media_ns

    def _target(self, media_ns: int, stamps: Stamps) -> int:
        if media_ns < self._media_ns - BACK_NS:  # the camera's media clock began anew
            self._arrived, self._sent = _Least(ARRIVALS_NS), _Least(REPORTS_NS)
        arrived_ns = self._arrived.of(stamps.arrival_ns, stamps.arrival_ns - media_ns)
        if stamps.sender_ns is None:
            self._used = False
            return arrived_ns
        sent_ns = self._sent.of(stamps.arrival_ns, stamps.sender_ns - media_ns)
        self._ahead_ns = sent_ns - arrived_ns
        self._used = self._is_plausible(self._ahead_ns)
        return sent_ns if self._used else arrived_ns

    def _by_itself(self, stamps: Stamps) -> int:
        """UTC of a picture without a media time stamp."""
        sender_ns, arrival_ns = stamps.sender_ns, stamps.arrival_ns
        return sender_ns if sender_ns and self._is_plausible(sender_ns - arrival_ns) else arrival_ns

    def _is_plausible(self, ahead_ns: int) -> bool:
        self._doubted = abs(ahead_ns) > (AGAIN_NS if self._doubted else PLAUSIBLE_NS)
        return not self._doubted


class PlayedTimeline:
    """Hands pictures out at their own pace: those of a file, and of a playlist, which come in heaps."""

    def __init__(self, clock: Clock, epoch_ns: int, media: Timeline, stopped: threading.Event) -> None:
        """`media` makes times of media stamps; nothing is waited for any more once `stopped` is set."""
        self._clock = clock
        self._epoch_ns = epoch_ns
        self._media = media
        self._stopped = stopped
        self._begin_ns: int | None = None
        self._gaps = 0

    @property
    def jumps(self) -> int:
        """How often the time of the pictures had to be set anew."""
        return self._media.jumps + self._gaps

    @property
    def sender(self) -> SenderClock:
        """No sender tells its time."""
        return SenderClock(None, used=False, jumps=self.jumps)

    def stamp(self, media_ns: int | None, _: Stamps) -> int | None:
        """Nanoseconds since the epoch, when they have come; None for a picture that is not later than the last."""
        played_ns = self._media.stamp(media_ns)
        if played_ns is None:
            return None
        now_ns = self._clock.now_ns()
        if self._begin_ns is None:
            self._begin_ns = now_ns - played_ns
        early_ns = self._begin_ns + played_ns - now_ns
        if early_ns < -STARVED_NS:
            self._gaps += 1
            self._begin_ns -= early_ns
        self._clock.wait(early_ns, self._stopped)
        return self._begin_ns + played_ns - self._epoch_ns
