"""Detections -> Tracks: geometry and motion only, never appearance."""

from flaneur.track.params import TrackParams
from flaneur.track.tracker import Tracker

__all__ = ["TrackParams", "Tracker"]
