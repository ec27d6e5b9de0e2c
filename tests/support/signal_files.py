"""Phases of several signals out of one file."""

from collections.abc import Iterable
from pathlib import Path

from flaneur.data.signals import SignalPhases
from flaneur.source.signal_file import SignalFile


def read_signals(path: Path | str, groups: Iterable[str], first_frame_ns: int | None = None) -> list[SignalPhases]:
    """The phases of `groups`, in their order, on the video's own clock."""
    file = SignalFile.read(path)
    return [file.phases(group, first_frame_ns) for group in groups]
