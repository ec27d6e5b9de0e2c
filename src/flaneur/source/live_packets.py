"""Receives a camera's packets, with the moment of each, until the camera is lost."""

from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from av.container import InputContainer
from av.video.stream import VideoStream

from flaneur.data.live import Reason
from flaneur.data.time import SECOND_NS
from flaneur.source.address import Address
from flaneur.source.decoding import nanoseconds
from flaneur.source.live_clock import Clock
from flaneur.source.live_opening import lost, reason_of
from flaneur.source.live_time import Stamps
from flaneur.source.opening import BROKEN

if TYPE_CHECKING:
    from flaneur.source.decoding import VideoPacket

PATIENCE_NS = 15 * SECOND_NS
"""Packets that make no sound picture for so long never will; longer than damage is waited for to heal."""
LAY_READY_NS = SECOND_NS // 100
"""A packet that need not be waited for longer than this had come before."""
LONGEST_BURST_NS = SECOND_NS // 4
NS_PER_US = 1000
MOST_HEARD = 2000
"""Packets of half a minute at 60 a second: more than a segment has."""


class Heard:
    """What came last over all connections to a playlist, to know it again.

    A playlist whose encoder has died offers its last segment to each new connection, as if it were from now.
    """

    def __init__(self) -> None:
        self._last: deque[tuple[int | None, int]] = deque(maxlen=MOST_HEARD)
        self._before: frozenset[tuple[int | None, int]] = frozenset()

    def connected(self) -> None:
        """All that came so far came over earlier connections."""
        self._before = frozenset(self._last)

    def is_new(self, packet: "VideoPacket") -> bool:
        """Whether a packet did not come over an earlier connection; once one is new, so are those that follow."""
        sign = packet.pts, packet.size
        if sign in self._before:
            return False
        self._before = frozenset()
        self._last.append(sign)
        return True


class Receiver:
    """The packets of one stream of a camera."""

    def __init__(
        self,
        container: InputContainer,
        stream: VideoStream,
        address: Address,
        clock: Clock,
        read_ns: int,
        heard: Heard | None,
    ) -> None:
        """`read_ns`: how long the camera may be silent. What was `heard` before is passed over."""
        self._container, self._stream, self._address, self._clock = container, stream, address, clock
        self._read_ns = read_ns
        self._heard = heard
        self._heard_ns = self._seen_ns = clock.now_ns()
        self._waited_ns = 0
        self._failure: Reason = "ended"

    def seen(self) -> None:
        """A packet has become a sound picture."""
        self._seen_ns = self._clock.now_ns()

    def packets(self) -> Iterator["VideoPacket"]:
        """Packets, each with its `Stamps`, which the decoder hands on to the picture it makes of it. LostError."""
        first: list[VideoPacket] = []
        begin_ns = self._clock.now_ns()
        received = self._received()
        for packet in received:
            first.append(packet)
            if self._waited_ns >= LAY_READY_NS or self._clock.now_ns() - begin_ns >= LONGEST_BURST_NS:
                break
        _spread(first, self._stream.time_base)
        yield from first
        yield from received
        raise lost(self._failure, self._address)

    def _received(self) -> Iterator["VideoPacket"]:
        """Packets until there are no more; `_failure` then says why."""
        asked_ns = self._clock.now_ns()
        try:
            for packet in self._container.demux():
                now_ns = self._clock.now_ns()
                self._waited_ns = now_ns - asked_ns
                if self._waited_ns >= self._read_ns or now_ns - self._heard_ns > 2 * self._read_ns:
                    self._failure = "silent"  # FFmpeg hands out what it still had; or something comes, but no video
                    break
                if packet.stream is self._stream and packet.size and self._is_new(packet):  # type: ignore[arg-type]
                    self._heard_ns = now_ns
                    packet.opaque = Stamps(now_ns, _sender_ns(packet))  # type: ignore[arg-type]
                    yield packet  # type: ignore[misc]
                if now_ns - self._seen_ns > PATIENCE_NS:
                    self._failure = "undecodable"
                    break
                asked_ns = self._clock.now_ns()
        except BROKEN as error:
            self._failure = reason_of(error)

    def _is_new(self, packet: "VideoPacket") -> bool:
        return self._heard is None or self._heard.is_new(packet)


def _spread(packets: list["VideoPacket"], time_base: Fraction | None) -> None:
    """Date the first packets, which lay ready together, as if each had come when it was due.

    The one with the least delay tells when; those before the first time stamp count on backwards.
    """
    media_ns = [None if time_base is None else nanoseconds(packet.pts, time_base) for packet in packets]
    arrivals_ns = [packet.opaque.arrival_ns for packet in packets]  # type: ignore[attr-defined]
    delays_ns = [came - media for came, media in zip(arrivals_ns, media_ns, strict=True) if media is not None]
    if not delays_ns:
        return
    known_ns = sorted(media for media in media_ns if media is not None)
    step_ns = min((after - before for before, after in pairwise(known_ns) if after > before), default=NS_PER_US)
    for k, (packet, media) in enumerate(zip(packets, media_ns, strict=True)):
        unstamped = sum(later is None for later in media_ns[k:])
        due_ns = min(delays_ns) + (known_ns[0] - unstamped * step_ns if media is None else media)
        packet.opaque = packet.opaque._replace(arrival_ns=due_ns)  # type: ignore[attr-defined]


def _sender_ns(packet: "VideoPacket") -> int | None:
    """When the camera says that a picture was taken, UTC; FFmpeg derives it from the last RTCP sender report."""
    if not packet.has_sidedata("prft"):
        return None
    wallclock_us = int.from_bytes(bytes(packet.get_sidedata("prft"))[:8], "little", signed=True)
    return wallclock_us * NS_PER_US
