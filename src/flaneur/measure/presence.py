"""How many road users each place holds at one moment."""

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import Kind
from flaneur.data.private import Feet, Presence


def presence(feet: Feet, inside: NDArray[np.bool_]) -> Presence:
    """Road users by kind in each zone, given who is `inside` [n, zones], and as the last row in the whole picture."""
    count = np.zeros((inside.shape[1] + 1, len(Kind)), np.int32)
    i, zone = np.nonzero(inside)
    np.add.at(count, (zone, feet.kind[i]), 1)
    count[-1] = np.bincount(feet.kind, minlength=len(Kind))
    return Presence(feet.time_ns, count)
