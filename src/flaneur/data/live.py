"""What a running site tells of its cameras: states, reasons and alarms. Nothing here is about anybody."""

from dataclasses import dataclass
from typing import Literal

State = Literal["starting", "watching", "blind", "lost", "stopped"]
"""`blind`: pictures come and show nothing of use (dark, covered, frozen …); `lost`: none come, or none is looked at."""

Reason = Literal[
    "refused",
    "unreachable",
    "unknown_host",
    "unauthorised",
    "not_found",
    "no_video",
    "undecodable",
    "garbage",
    "silent",
    "ended",
    "resized",
    "stuck",
    "clock",
    "dark",
    "overexposed",
    "covered",
    "blurred",
    "moved",
    "frozen",
    "stopped",
]
"""Why a camera is not watched, in one word; programs compare it, people read its text in their language."""


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """How one camera is at one moment. Numbers count since the start of the program."""

    camera: str
    state: State
    reason: Reason | None
    """None while all is well."""
    since_ns: int
    """UTC nanoseconds; when this state began."""
    frames_seen: int
    """Decoded."""
    frames_dropped: int
    """Known to exist and not used: lost on the way, damaged, or overtaken when there was too much to do."""
    looks: int
    """Frames that the detector looked at."""
    detect_s: float
    """Seconds of the detector's time, over all looks, as it stood at the end of the latest whole minute: it is asked
    only when something moves, and no figure of a place is finer than a minute."""
    reconnections: int
    lag_s: float | None
    """From the moment of a frame until it was measured: the longest of the latest whole minute; None without one."""
    rate_per_s: float
    """Looks a second over the last minute."""
    clock_ahead_s: float | None
    """The camera's clock against ours; None where it does not tell its time."""
    clock_used: bool
    """Whether its pictures are dated by its own clock."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that somebody should look at now, or the end of it."""

    camera: str
    what: Literal["lost", "blind", "store", "clock", "density", "overload"]
    reason: Reason | None
    place: str
    """Zone of a density alarm; empty for what concerns the whole camera."""
    level: int
    """0: it is over; higher is worse."""
    time_ns: int
    """UTC nanoseconds."""
