"""Connects to a camera, or says in one word and one sentence why that failed."""

import errno
import math
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TypeVar

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from flaneur.data.live import Reason
from flaneur.source.address import Address
from flaneur.source.opening import BROKEN, MOST_PIXELS

T = TypeVar("T")

PROBE_S = 1.0
"""How long a failed connection is asked what was wrong with it."""
US_PER_S = 1_000_000

PROTOCOLS = {
    "rtsp": "rtp,udp,tcp",
    "rtsps": "rtp,tcp,tls",
    "http": "http,tcp",
    "https": "https,tls,tcp",
    "webcam": "none",
}
"""All that FFmpeg may open; no redirect and no playlist leads to a file or to another protocol."""
HTTP_FORMATS = "mpjpeg,mjpeg,hls,mpegts,mov,matroska,flv"
"""What is looked for behind an http address; FFmpeg knows hundreds more, and playlists of other kinds."""

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
"""Whom to trust, where neither the environment (SSL_CERT_FILE) nor OpenSSL names a file; FFmpeg needs one."""

ENOUGH_PX = 640
"""Longer side of a picture worth taking: detectors look at pictures of about this size, and everything larger is
decoded for nothing."""

UNREACHABLE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})

SENTENCES: dict[Reason, str] = {
    "refused": "{place} refuses to serve; is the camera on, is the port right, are too many others watching?",
    "unreachable": "{place} cannot be reached; check the camera's power, its cable and the network.",
    "unknown_host": "{place}: nobody knows this name; check it, or give the camera's IP address.",
    "unauthorised": "{place} does not take this user and password; check both.",
    "not_found": "{place}: there is no such stream; check the path, or ask with: flaneur camera find.",
    "no_video": "{place} sends no video; choose another stream of this camera.",
    "undecodable": "{place} sends pictures that cannot be decoded; set the camera to H.264.",
    "garbage": "{place} sends something that is no video; check the address.",
    "silent": "{place} is connected, but no video comes.",
    "ended": "{place} ended the connection.",
    "resized": "{place} changed the size of its picture.",
}
WEBCAM_SENTENCES: dict[Reason, str] = {
    "not_found": "{place}: there is no such webcam; plug it in, or try another number.",
    "unauthorised": "{place} may not be used; add yourself to the group 'video'.",
}


class LostError(Exception):
    """A camera that cannot be watched now; `reason` is for programs, the text for people. It holds no secret."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


def lost(reason: Reason, address: Address) -> LostError:
    """The error for one of the usual reasons."""
    sentence = SENTENCES[reason]
    if address.scheme == "webcam":
        sentence = WEBCAM_SENTENCES.get(reason, sentence)
    elif reason == "unauthorised" and address.credentials is None:
        sentence = "{place} asks for a user and a password; give both (docs/live.md, Cameras)."
    return LostError(reason, sentence.format(place=address.shown))


def connect(address: Address, open_s: float, read_s: float) -> InputContainer:
    """The open stream of a camera. LostError when there is none within `open_s`.

    Errors of FFmpeg quote the address with its password, so none is passed on, not even as the cause of another.
    """
    container, reason = _attempt(address, open_s, read_s)
    if container is not None:
        return container
    if reason in ("silent", "ended", "unreachable"):
        raise _examined(address) or lost(reason, address)
    raise lost(reason, address)


def video_of(container: InputContainer, address: Address) -> VideoStream:
    """The stream of pictures that suits best; nothing else is fetched. LostError when there is none."""
    streams = [stream for stream in container.streams.video if stream.codec_context is not None]
    if not streams:
        raise lost("undecodable" if container.streams.video else "no_video", address)
    best = suits_best(streams, lambda stream: (stream.codec_context.width, stream.codec_context.height))
    if best.codec_context.width * best.codec_context.height > MOST_PIXELS:
        raise lost("undecodable", address)
    for stream in container.streams:
        if stream is not best:
            stream.discard = av.stream.Discard.all
    return best


def suits_best(streams: Iterable[T], size_px: Callable[[T], tuple[int, int]]) -> T:
    """The smallest of some streams that is large enough; where none is, the largest."""
    by_size = sorted(streams, key=lambda stream: math.prod(size_px(stream)))
    return next((stream for stream in by_size if max(size_px(stream)) >= ENOUGH_PX), by_size[-1])


def reason_of(error: BaseException) -> Reason:
    """Why a connection failed, by what PyAV raised."""
    if isinstance(error, av.HTTPUnauthorizedError | av.HTTPForbiddenError | PermissionError):
        return "unauthorised"
    if isinstance(error, av.HTTPNotFoundError | FileNotFoundError):
        return "not_found"
    if isinstance(error, av.error.HTTPError | av.error.HTTPClientError | ConnectionRefusedError):
        return "refused"
    if isinstance(error, av.ExitError | TimeoutError):
        return "silent"
    if isinstance(error, OSError) and error.errno in UNREACHABLE:
        return "unreachable"
    if isinstance(error, OSError | EOFError):
        return "ended"
    return "garbage"


def _attempt(address: Address, open_s: float, read_s: float) -> tuple[InputContainer | None, Reason]:
    """The container, or why there is none; FFmpeg's error ends here."""
    url = f"/dev/video{address.place}" if address.scheme == "webcam" else address.secret_url
    formats = {"rtsp": "rtsp", "rtsps": "rtsp", "webcam": "v4l2"}
    begin_s = time.monotonic()
    try:
        container = av.open(
            url,
            "r",
            format=formats.get(address.scheme),
            options=_options(address, open_s),
            timeout=(open_s, read_s),
            metadata_errors="replace",
        )
    except BROKEN as error:  # an answer that never comes is reported as a bad one
        return None, "silent" if time.monotonic() - begin_s > 0.95 * open_s else reason_of(error)
    return container, "ended"


def _options(address: Address, open_s: float) -> dict[str, str]:
    options = {"protocol_whitelist": PROTOCOLS[address.scheme]}
    if address.scheme in ("rtsps", "https"):
        options |= {"tls_verify": "1", "ca_file": ssl.get_default_verify_paths().cafile or CERTIFICATES}
    if address.scheme in ("rtsp", "rtsps"):
        return options | {
            "rtsp_transport": address.transport if address.scheme == "rtsp" else "tcp",
            "allowed_media_types": "video",
            "timeout": str(round(open_s * US_PER_S)),
            "probesize": "500000",
            "analyzeduration": "500000",
        }
    if address.scheme in ("http", "https"):
        options |= {"format_whitelist": HTTP_FORMATS, "probesize": "2000000", "analyzeduration": "1000000"}
    if address.is_playlist:
        options["protocol_whitelist"] += ",crypto"
        options["live_start_index"] = "-1"
    return options


def _examined(address: Address) -> LostError | None:
    """What a plain connection tells of a failure that FFmpeg does not explain; None when it tells nothing."""
    if address.scheme == "webcam":
        return None
    try:
        with socket.create_connection((address.host, address.port), PROBE_S) as plain:
            if address.scheme in ("rtsps", "https"):
                with suppress(TimeoutError, ConnectionError):
                    ssl.create_default_context().wrap_socket(plain, server_hostname=address.host).close()
    except socket.gaierror:
        return lost("unknown_host", address)
    except ConnectionRefusedError:
        return lost("refused", address)
    except ssl.SSLError as error:
        why = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else "no TLS"
        return LostError("refused", f"{address.shown} shows a certificate that is not trusted ({why}).")
    except OSError:
        return lost("unreachable", address)
    return None
