"""Video files and cameras -> frames with their own time; the only place that knows FFmpeg."""

from flaneur.source.address import Address
from flaneur.source.file import FileSource, SourceParams
from flaneur.source.live import LiveSource
from flaneur.source.live_clock import Clock
from flaneur.source.live_opening import LostError
from flaneur.source.live_packets import Heard
from flaneur.source.live_time import SenderClock
from flaneur.source.opening import SourceError, SourceInfo
from flaneur.source.secrets import Credentials, Secrets

__all__ = [
    "Address",
    "Clock",
    "Credentials",
    "FileSource",
    "Heard",
    "LiveSource",
    "LostError",
    "Secrets",
    "SenderClock",
    "SourceError",
    "SourceInfo",
    "SourceParams",
]
