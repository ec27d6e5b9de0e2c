"""Who stands: between two speeds a road user goes on doing what it did, so that noise makes nobody start and stop.

Drivers in a queue creep and still wait; people on foot already walk at that speed. Others draw the line nearby: SUMO's
lane area detectors at 5 km/h unless told otherwise, VISSIM at 5 km/h until 10 km/h.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import Kind
from flaneur.data.private import GroundTracks
from flaneur.measure.crowd_motion import STANDING_MPS, WALKING_MPS


@dataclass(frozen=True, slots=True)
class Standing:
    """Speeds of vehicles and two-wheelers; those of people on foot are the crowd's."""

    below_mps: float = 1.0
    """Slower is standing."""
    above_mps: float = 2.0
    """Faster is moving."""

    def __post_init__(self) -> None:
        if not 0.0 < self.below_mps <= self.above_mps:
            raise ValueError(
                f"who stands is slower than who moves: {self.below_mps} m/s is not between 0 and {self.above_mps} m/s"
            )

    def after(self, stood: NDArray[np.bool_], tracks: GroundTracks) -> NDArray[np.bool_]:
        """Who stands now, [n], when those of `stood` [n] did before; where the speed is not known, nothing changes."""
        # noise makes the length of a vector too long in the mean, by about sigma² / (2 speed)
        (vx, vy), sigma = tracks.velocity_mps.T, tracks.sigma_mps
        square = vx * vx + vy * vy - np.where(np.isnan(sigma), 0.0, sigma * sigma)
        speed_mps = np.sqrt(np.maximum(square, 0.0))
        on_foot = tracks.kind == Kind.PEDESTRIAN
        below = np.where(on_foot, STANDING_MPS, self.below_mps)
        above = np.where(on_foot, WALKING_MPS, self.above_mps)
        still: NDArray[np.bool_] = (speed_mps < below) | (stood & ~(speed_mps > above))
        return still


STANDING = Standing()
