"""Who stands."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flaneur.data.private import GroundTracks


@dataclass(frozen=True, slots=True)
class Standing:
    """Two speeds between which a road user goes on doing what it did, so that noise makes nobody start and stop."""

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
        speed_mps = np.hypot(tracks.velocity_mps[:, 0], tracks.velocity_mps[:, 1])
        still: NDArray[np.bool_] = (speed_mps < self.below_mps) | (stood & ~(speed_mps > self.above_mps))
        return still


STANDING = Standing()
