"""What the tracker may be told: seconds and scores, never frames or pixels."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrackParams:
    """Few values with a physical meaning; docs/accuracy.md shows how flat the figures are around each.

    ValueError when they contradict one another.
    """

    lag_s: float = 1.0
    """How far the output may run behind the picture: what smoothing, filling and confirming can look ahead."""
    start_score: float = 0.7
    """A pedestrian must have been detected with this score once to be believed. Depends on the detector."""
    start_vehicle_score: float = 0.5
    """The same for two-wheelers and motor vehicles: posts, cones and signs look like people, not like these."""
    sure_score: float = 0.55
    """Detections from here on have the first choice of tracks, and their boxes are taken as exact."""
    weak_score: float = 0.3
    """Detections from here on can carry a track on; those below are not looked at."""
    confirm_s: float = 0.3
    """How long after such a detection another sure one must come."""
    coast_s: float = 1.0
    """How long an unseen track is still shown."""
    memory_s: float = 5.0
    """How long an unseen track can be found again under its old id."""

    def __post_init__(self) -> None:
        for name in ("lag_s", "confirm_s", "coast_s", "memory_s"):
            if not getattr(self, name) >= 0.0:
                raise ValueError(f"{name} must be a time in seconds, not {getattr(self, name)}")
        if not 0.0 < self.weak_score < self.sure_score <= self.start_score <= 1.0:
            raise ValueError("0 < weak_score < sure_score <= start_score <= 1 must hold")
        if not self.weak_score < self.start_vehicle_score <= 1.0:
            raise ValueError("weak_score < start_vehicle_score <= 1 must hold")
        if self.memory_s < self.lag_s + self.coast_s:
            raise ValueError(f"memory_s {self.memory_s} must not be below lag_s {self.lag_s} + coast_s {self.coast_s}")
