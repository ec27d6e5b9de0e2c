"""Flaneur measures places, never people.

`track_video`, `measure_video` and `measure_trajectories` are for notebooks and evaluation; the command line is
`flaneur`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flaneur.run.api import measure_trajectories, measure_video, track_video

__all__ = ["measure_trajectories", "measure_video", "track_video"]


def __getattr__(name: str) -> Any:
    """Load the detector's libraries when they are first needed, not for `flaneur --help`."""
    if name in __all__:
        return getattr(import_module("flaneur.run.api"), name)
    raise AttributeError(f"module 'flaneur' has no attribute {name!r}")
