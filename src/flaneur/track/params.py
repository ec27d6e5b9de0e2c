"""What the tracker may be told. Every value is in seconds, box heights or shares, none in frames or pixels."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrackParams:
    """Few values with a physical meaning; docs/accuracy.md shows how flat the figures are around each."""

    lag_s: float = 1.0
    """How far the output runs behind the picture: what smoothing, gap filling and confirming may look ahead."""
    sure_score: float = 0.6
    """A detection from here on may start a track; a weaker one can only carry one on."""
    weak_score: float = 0.3
    """A detection below this is not looked at."""
    confirm_s: float = 0.5
    """How long a track must have been seen before it is believed."""
    coast_s: float = 1.0
    """How long an unseen track is still shown where nothing tells why it is hidden."""
    memory_s: float = 5.0
    """How long an unseen track can be found again."""

    def __post_init__(self) -> None:
        for name in ("lag_s", "confirm_s", "coast_s", "memory_s"):
            if not getattr(self, name) >= 0.0:
                raise ValueError(f"{name} must be a duration in seconds, not {getattr(self, name)}")
        if not 0.0 <= self.weak_score <= self.sure_score <= 1.0:
            raise ValueError(f"0 <= weak_score {self.weak_score} <= sure_score {self.sure_score} <= 1 must hold")
        if self.memory_s < self.lag_s + self.coast_s:
            raise ValueError(f"memory_s {self.memory_s} must not be below lag_s + coast_s")
