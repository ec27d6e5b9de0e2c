"""How many road users each place holds at one moment."""

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import Kind
from flaneur.data.private import Feet, Presence


def presence(feet: Feet, inside: NDArray[np.bool_]) -> Presence:
    """Road users by kind in each zone, given who is `inside` [n, zones], and as the last row in the whole picture."""
    every = np.bincount(feet.kind, minlength=len(Kind))
    i, zone = np.nonzero(inside)
    held = np.bincount(zone * len(Kind) + feet.kind[i], minlength=inside.shape[1] * len(Kind))
    return Presence(feet.time_ns, np.append(held, every).reshape(-1, len(Kind)).astype(np.int32))
