"""One connection to one camera as a stream of frames."""

import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import av
from av.codec.context import Flags
from av.container import InputContainer
from av.video.stream import VideoStream

from flaneur.data.notes import Note
from flaneur.data.private import Frame
from flaneur.data.time import SECOND_NS, to_ns
from flaneur.source import decoding, opening
from flaneur.source.address import Address
from flaneur.source.damage import Damage
from flaneur.source.file import DISTRUST_S, USUAL_RATE_PER_S, SourceParams
from flaneur.source.live_clock import Clock
from flaneur.source.live_opening import LostError, connect, lost, video_of
from flaneur.source.live_packets import Heard, Receiver
from flaneur.source.live_time import LiveTimeline, PlayedTimeline, SenderClock, Stamps
from flaneur.source.opening import SourceError, SourceInfo
from flaneur.source.picture import Easel, Loader, is_interlaced, turn_of
from flaneur.source.timeline import LONGEST_GAP_NS, Timeline

if TYPE_CHECKING:
    from flaneur.source.decoding import VideoPacket

HIGHEST_RATE_PER_S = Fraction(240)
"""Streams state their clock's rate where they know no better."""
PLAYLIST_READ_S = 20.0
"""A playlist's pictures come segment by segment, and nothing between."""
PLAYLIST_GAP_NS = 2 * SECOND_NS
"""A longer step in a playlist's time stamps is no pause, in which nothing would come. The encoder began anew, or its
clock is fast and a segment that we came too late for was passed over."""
NO_MEDIA_CLOCK = frozenset({"mpjpeg", "mjpeg"})
"""Formats without time stamps, for which FFmpeg counts 25 pictures a second, however many there are."""


class LiveSource:
    """A camera: `with LiveSource(address, params, clock, epoch_ns) as source: for frame in source.frames(): ...`.

    Connects at once, and raises LostError when that fails or no picture comes. A file is played at its own pace.
    """

    info: SourceInfo

    def __init__(
        self,
        address: Address,
        params: SourceParams,
        clock: Clock,
        epoch_ns: int,
        *,
        heard: Heard | None = None,
        open_s: float = 5.0,
        read_s: float = 5.0,
    ) -> None:
        """`epoch_ns`: UTC moment from which frames' times count. `heard`: what came over earlier connections, which a
        playlist may offer again; it is passed over. `open_s`, `read_s`: how long silence may last."""
        self._address, self._clock = address, clock
        self._damage = Damage()
        self._stopped = threading.Event()
        read_s = max(read_s, PLAYLIST_READ_S) if address.is_playlist else read_s
        with ExitStack() as stack:
            container, stream = self._opened(stack, open_s, read_s)
            rate = _rate(container, stream)
            decoding.prepare(stream)
            stream.codec_context.flags |= Flags.copy_opaque
            heard = heard if address.is_playlist else None
            if heard is not None:
                heard.connected()
            self._receiver = Receiver(container, stream, address, clock, to_ns(read_s), heard)
            pictures = self._pictures(container, stream, rate or USUAL_RATE_PER_S)
            first = next((picture for picture in pictures if picture is not None), None)
            if first is None:
                raise lost("undecodable", address)
            self._easel = Easel(first.width, first.height, turn_of(first, stream.metadata), params.masks)
            self._check_conversion(first)
            self.info = SourceInfo(
                name=address.shown,
                width_px=self._easel.width_px,
                height_px=self._easel.height_px,
                codec=stream.codec_context.name,
                rate_per_s=None if rate is None else float(rate),
                duration_s=None,
                frames_estimate=None,
                created=None,
            )
            self._timeline = self._new_timeline(epoch_ns, round(SECOND_NS / (rate or USUAL_RATE_PER_S)))
            stamp = self._stamp_reader(container.format.name, first, stream.time_base or 1 / USUAL_RATE_PER_S)
            self._frames = self._read(chain((first,), pictures), stamp, (first.width, first.height))
            stack.callback(self._frames.close)
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def stop(self) -> None:
        """Let the frames end, also while one is waited for that is not yet due; any thread may call."""
        self._stopped.set()

    def close(self) -> None:
        """Hang up, from the thread that reads; frames that were handed out stay valid."""
        self._stack.close()

    @property
    def frames_dropped(self) -> int:
        """Frames so far that are known to exist and could not be used."""
        return self._damage.frames_dropped

    @property
    def notes(self) -> list[Note]:
        """What a reader of the figures must know about this connection so far."""
        return self._damage.notes()

    @property
    def sender(self) -> SenderClock:
        """What is known of the camera's clock against ours."""
        return self._timeline.sender

    def frames(self) -> Iterator[Frame]:
        """The frames, once: times strictly increase, index counts from 0. LostError when the camera is lost.

        Ends without an error only at the end of a file, or after `stop`.
        """
        return self._frames

    def _opened(self, stack: ExitStack, open_s: float, read_s: float) -> tuple[InputContainer, VideoStream]:
        if self._address.is_file:
            return self._opened_file(stack)
        container = stack.enter_context(connect(self._address, open_s, read_s))
        return container, video_of(container, self._address)

    def _opened_file(self, stack: ExitStack) -> tuple[InputContainer, VideoStream]:
        path = self._address.place
        try:
            file = stack.enter_context(opening.open_file(path))
            container = stack.enter_context(opening.open_container(file, self._damage))
            return container, opening.best_video(container, path)
        except SourceError as error:
            raise LostError("garbage" if Path(path).exists() else "not_found", str(error)) from None

    def _check_conversion(self, first: av.VideoFrame) -> None:
        """What FFmpeg cannot convert is told now, not when somebody looks at the first picture."""
        try:
            Loader(self._easel, first)()
        except SourceError:
            raise lost("undecodable", self._address) from None

    def _pictures(
        self, container: InputContainer, stream: VideoStream, rate_per_s: Fraction
    ) -> Iterator[av.VideoFrame | None]:
        is_file = self._address.is_file
        packets = self._file_packets(container, stream) if is_file else self._receiver.packets()
        distrust_frames = round(DISTRUST_S * rate_per_s) + 1
        return decoding.decode(packets, stream, distrust_frames, self._damage, joined=not is_file)

    def _file_packets(self, container: InputContainer, stream: VideoStream) -> Iterator["VideoPacket | None"]:
        for packet in decoding.file_packets(container, stream, self._damage):
            if packet is not None:
                packet.opaque = Stamps(self._clock.now_ns(), None)
            yield packet

    def _new_timeline(self, epoch_ns: int, step_ns: int) -> LiveTimeline | PlayedTimeline:
        if not self._address.is_played:
            return LiveTimeline(epoch_ns)
        longest_gap_ns = PLAYLIST_GAP_NS if self._address.is_playlist else LONGEST_GAP_NS
        return PlayedTimeline(self._clock, epoch_ns, Timeline(step_ns, longest_gap_ns), self._stopped)

    def _stamp_reader(
        self, format_name: str, first: av.VideoFrame, time_base: Fraction
    ) -> Callable[[av.VideoFrame], int | None]:
        if self._address.is_file:
            return decoding.stamp_reader(format_name, first, time_base)
        if format_name in NO_MEDIA_CLOCK:
            return lambda _: None
        return lambda picture: decoding.nanoseconds(picture.pts, time_base)

    def _read(
        self,
        pictures: Iterable[av.VideoFrame | None],
        media_ns: Callable[[av.VideoFrame], int | None],
        size_px: tuple[int, int],
    ) -> Generator[Frame]:
        index = 0
        for picture in pictures:
            if picture is None:
                continue
            self._receiver.seen()
            if (picture.width, picture.height) != size_px:
                raise lost("resized", self._address)
            stamps = picture.opaque
            assert isinstance(stamps, Stamps)
            time_ns = self._timeline.stamp(media_ns(picture), stamps)
            if self._stopped.is_set():
                return
            self._damage.jumps = self._timeline.jumps
            if time_ns is None:
                self._damage.late += 1
                continue
            self._damage.interlaced += is_interlaced(picture)
            loader = Loader(self._easel, picture)
            yield Frame(index, time_ns, self._easel.width_px, self._easel.height_px, loader, loader.sketch)
            index += 1


def _rate(container: InputContainer, stream: VideoStream) -> Fraction | None:
    rate = None if container.format.name in NO_MEDIA_CLOCK else opening.average_rate(stream)
    return rate if rate is not None and rate <= HIGHEST_RATE_PER_S else None
