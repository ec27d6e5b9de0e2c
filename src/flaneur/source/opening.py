"""Opens a video file, or says in one sentence why it cannot be used."""

import re
import stat
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, Never

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from flaneur.data.errors import UserError
from flaneur.data.notes import Note
from flaneur.source.damage import Damage

MOST_PIXELS = 2**26
"""8K has half of it; a header that claims more is broken, and one such picture would fill the memory."""
RATES_PER_S = (Fraction(1, 3600), Fraction(1000))
"""Lowest and highest average rate that is believed."""
LONGEST_DURATION_S = 10 * 365 * 24 * 3600.0
MOST_READ_ERRORS = 50
"""In a row; a disk that fails for good must not be asked for ever."""
EARLIEST_YEAR = 1980
"""Clocks that were never set say 1904 (QuickTime) or 1970 (Unix)."""

BROKEN = (av.FFmpegError, OSError, ValueError, LookupError, ArithmeticError, EOFError)
"""What PyAV raises on damaged input: FFmpeg's errors, and Python's own where a header makes no sense."""

NO_VIDEO_FORMATS = frozenset({"tty", "bin", "xbin", "adf", "idf", "image2", "ico", "lavfi"})
"""Demuxers that turn text or single pictures into something like a video."""
LENGTH_IN_HEADER = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi"})
"""Others leave FFmpeg to guess the length from the size of the file."""
PLAYLISTS = (b"#EXTM3U", b"ffconcat", b"[playlist]", b"v=0", b"<MPD", b"<?xml")
STILL = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image


class SourceError(UserError):
    """A video that cannot be used; the message names it and says what to do."""


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What is known of a video before it is read."""

    name: str
    """Without its folder."""
    width_px: int
    """Of the upright picture."""
    height_px: int
    codec: str
    rate_per_s: float | None
    """Average; None when the file states none that can be true."""
    duration_s: float | None
    """As the header states it; the end of a damaged file comes sooner."""
    frames_estimate: int | None
    created: datetime | None
    """Aware; when the camera says that it began to record, as far as the file tells."""


def refuse_address(path: Path | str) -> None:
    """SourceError for the address of a camera, also where a `Path` has made one slash of two.

    Nothing after the scheme is repeated: such addresses carry passwords.
    """
    scheme = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]*):(/|\d+$)", str(path))
    if scheme and not Path(path).exists():
        raise SourceError(
            f"“{scheme[1]}:…” is not a file; cameras are watched with flaneur watch, from a site file. "
            "Here, give a recorded video."
        )


def open_file(path: Path | str) -> BinaryIO:
    """The file at `path`, opened for reading; SourceError when it is none that can be read."""
    text = str(path)
    refuse_address(path)
    try:
        mode = Path(text).stat().st_mode
        if stat.S_ISDIR(mode):
            raise SourceError(f"{text} is a directory; give one video file in it.")
        if not stat.S_ISREG(mode):
            raise SourceError(f"{text} is not a regular file; save the video to a file and give that.")
        file = Path(text).open("rb")  # noqa: SIM115 - it is the caller's
    except FileNotFoundError:
        raise SourceError(f"{text}: there is no such file; check the name.") from None
    except PermissionError:
        raise SourceError(f"{text} may not be read; give yourself the right to read it.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SourceError(f"{text} cannot be opened ({reason}); check the name and the disk.") from None
    if file.seek(0, 2) == 0:
        file.close()
        raise SourceError(f"{text} is empty; copy it again from where it was recorded.")
    file.seek(0)
    return file


class SteadyFile:
    """What FFmpeg reads through: a file whose unreadable stretches are zeros, so that the rest can be had."""

    def __init__(self, file: BinaryIO, damage: Damage) -> None:
        self.name = file.name
        self.seek, self.tell = file.seek, file.tell
        self._file = file
        self._damage = damage
        self._errors = 0

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none once the disk has failed too often in a row."""
        begin = self._file.tell()
        try:
            content = self._file.read(size)
        except OSError:
            self._damage.unreadable += self._errors == 0
            self._errors += 1
            self._file.seek(begin + size)
            return bytes(size) if self._errors < MOST_READ_ERRORS else b""
        self._errors = 0
        return content


def open_container(file: BinaryIO, damage: Damage) -> InputContainer:
    """The container in an open file; SourceError when FFmpeg finds none.

    FFmpeg reads through our file object and is refused every protocol, so that no playlist, reference or crafted
    header makes it open another file or a connection, and no file name is taken for an address or a pattern.
    """
    try:
        container = av.open(
            SteadyFile(file, damage), "r", options={"protocol_whitelist": "none"}, metadata_errors="replace"
        )
    except BROKEN:
        _explain(file)
    name = container.format.name
    if name in NO_VIDEO_FORMATS or name.endswith("_pipe"):
        container.close()
        raise SourceError(f"{file.name} is not a video but a picture or a text; give a video file.")
    return container


def best_video(container: InputContainer, path: str) -> VideoStream:
    """The largest moving picture in a container; SourceError when there is none."""
    moving = [stream for stream in container.streams.video if not stream.disposition & STILL]
    if not moving:
        what = "only a cover picture" if container.streams.video else "no video track"
        raise SourceError(f"{path} has {what}; give a file with moving pictures.")
    known = [stream for stream in moving if stream.codec_context is not None]
    if not known:
        raise SourceError(f"{path} is coded in a way that FFmpeg cannot decode; convert it to H.264 first.")
    best = max(known, key=lambda stream: stream.codec_context.width * stream.codec_context.height)
    if best.codec_context.width * best.codec_context.height > MOST_PIXELS:
        raise SourceError(
            f"{path} states a picture of {best.codec_context.width}×{best.codec_context.height} pixels; "
            "it is damaged, or must be scaled to 8K or less first."
        )
    return best


def average_rate(stream: VideoStream) -> Fraction | None:
    """Frames per second as the header states it, None when that cannot be true."""
    rate = stream.average_rate or stream.guessed_rate
    return rate if rate is not None and RATES_PER_S[0] <= rate <= RATES_PER_S[1] else None


def describe(container: InputContainer, stream: VideoStream, name: str, width_px: int, height_px: int) -> SourceInfo:
    """What the header states, as far as it can be true."""
    rate = average_rate(stream)
    if stream.duration and stream.time_base:
        duration_s = float(stream.duration * stream.time_base)
    else:
        duration_s = (container.duration or 0) / av.time_base
    known = 0.0 < duration_s <= LONGEST_DURATION_S
    frames = stream.frames or (round(duration_s * rate) if known and rate else 0)
    return SourceInfo(
        name=name,
        width_px=width_px,
        height_px=height_px,
        codec=stream.codec_context.name,
        rate_per_s=None if rate is None else float(rate),
        duration_s=duration_s if known else None,
        frames_estimate=frames if frames > 0 else None,
        created=_created(container, stream),
    )


def remarks(container: InputContainer, stream: VideoStream) -> list[Note]:
    """What was decided about a file that leaves a choice."""
    notes = []
    videos = sum(not other.disposition & STILL for other in container.streams.video)
    if videos > 1:
        notes.append(Note("several_videos", (videos,)))
    aspect = stream.sample_aspect_ratio
    if aspect and aspect != 1:
        notes.append(Note("oblong_pixels", (float(aspect),)))
    return notes


def _created(container: InputContainer, stream: VideoStream) -> datetime | None:
    """When recording began: a creation time with its offset from UTC, if there is a believable one."""
    for tags in (container.metadata, stream.metadata):
        for key in ("com.apple.quicktime.creationdate", "creation_time"):
            with suppress(ValueError, OverflowError):
                moment = datetime.fromisoformat(tags.get(key, ""))
                if moment.tzinfo is not None and moment.year >= EARLIEST_YEAR:
                    return moment
    return None


def _explain(file: BinaryIO) -> Never:
    """Raise the sentence that fits the first bytes of a file that FFmpeg could not open."""
    path = file.name
    file.seek(0)
    head = file.read(64)
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(PLAYLISTS):
        raise SourceError(f"{path} is a playlist; give the video file that it names.") from None
    if head[4:8] in (b"ftyp", b"mdat", b"wide", b"free", b"moov"):
        raise SourceError(
            f"{path} has no usable index, as when recording or copying was cut off; copy it again or repair it."
        ) from None
    if head[:4] in (b"RIFF", b"\x1aE\xdf\xa3"):
        raise SourceError(f"{path} has a damaged header; copy it again from where it was recorded.") from None
    raise SourceError(f"{path} is not a video that FFmpeg can read; give a video file.") from None
