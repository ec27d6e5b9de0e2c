"""Reads and decodes a video's packets past every damage, and tells sound pictures from guessed ones."""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

import av
from av.codec.context import Flags
from av.container import InputContainer
from av.video.stream import VideoStream

from flaneur.data.time import SECOND_NS
from flaneur.source.damage import Damage
from flaneur.source.opening import BROKEN, MOST_PIXELS, MOST_READ_ERRORS

if TYPE_CHECKING:
    from av.packet import Packet

    VideoPacket = Packet[VideoStream]  # generic only for type checkers


def prepare(stream: VideoStream) -> None:
    """Set the decoder up; before the first packet.

    One thread: FFmpeg's own ones bought nothing on two cores beside a detector (docs/adr/0002-time.md has the
    figures), hold a queue of pictures in memory, and blur which packet an error belongs to. Pictures that FFmpeg
    knows to be damaged are asked for, because it would otherwise swallow them uncounted.
    """
    context = stream.codec_context
    context.thread_type = "NONE"
    context.thread_count = 1
    context.flags |= Flags.output_corrupt
    context.options = {"max_pixels": str(MOST_PIXELS)}


def decode(
    packets: Iterable["VideoPacket | None"],
    stream: VideoStream,
    distrust_frames: int,
    damage: Damage,
    *,
    joined: bool = False,
) -> Iterator[av.VideoFrame | None]:
    """Sound pictures in the order of display, and None for each one that was lost.

    A decoder goes on after damage by guessing what is missing, and builds the following pictures from its guess.
    Guesses must not be measured, so all pictures are dropped from the damage to the next key frame, at most
    `distrust_frames` of them. The same goes for a stream that was `joined` in the middle. After the last packet, a
    None among `packets` asks for the pictures that the decoder still holds.
    """
    if stream.codec_context.codec.intra_only:
        distrust_frames = 0
    suspects = distrust_frames if joined else 0
    for packet in packets:
        pictures = _decode(stream, packet)
        if pictures is None:
            damage.undecodable += 1
            suspects = distrust_frames
            yield None
        for picture in pictures or ():
            if picture.is_corrupt:
                damage.concealed += 1
                suspects = distrust_frames
                yield None
            elif suspects and not picture.key_frame:
                damage.suspect += 1
                suspects -= 1
                yield None
            else:
                suspects = 0
                yield picture


def file_packets(container: InputContainer, stream: VideoStream, damage: Damage) -> Iterator["VideoPacket | None"]:
    """All packets of a stream in a file, past what cannot be read; then None for what the decoder still holds."""
    errors = 0
    while errors < MOST_READ_ERRORS:
        try:
            for packet in container.demux(stream):
                if packet.size:  # an empty one would end the decoder; PyAV sends one at the end of each attempt
                    errors = 0
                    yield packet
            break
        except IndexError:
            break  # PyAV stumbles at the end of a file whose damage made FFmpeg see further streams
        except BROKEN:
            errors += 1
            damage.unreadable += errors == 1
    yield None


def _decode(stream: VideoStream, packet: "VideoPacket | None") -> list[av.VideoFrame] | None:
    """Pictures that a packet completes; None when it was lost."""
    if packet is not None and packet.is_corrupt:
        return None
    try:
        return stream.codec_context.decode(packet)
    except BROKEN:
        return [] if packet is None else None


def stamp_reader(format_name: str, first: av.VideoFrame, time_base: Fraction) -> Callable[[av.VideoFrame], int | None]:
    """How to read a picture's time stamp: a function to nanoseconds of the file's own clock, None where it has none.

    AVI and some others store when a picture is decoded, not when it is shown; FFmpeg hands these stamps on in the
    order of display, so they serve as well. Which of the two a file has is decided once, by its first picture.
    """
    by_dts = format_name == "avi" or (first.pts is None and first.dts is not None)

    def media_ns(picture: av.VideoFrame) -> int | None:
        return nanoseconds(picture.dts if by_dts else picture.pts, time_base)

    return media_ns


def nanoseconds(ticks: int | None, time_base: Fraction) -> int | None:
    """A time stamp in whole nanoseconds, rounded to the nearest; None where there is none."""
    if ticks is None:
        return None
    return (ticks * time_base.numerator * SECOND_NS + time_base.denominator // 2) // time_base.denominator
