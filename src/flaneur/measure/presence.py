"""How many road users each place holds at one moment."""

import numpy as np

from flaneur.data.kinds import Kind
from flaneur.data.private import Presence, Tracks
from flaneur.measure.segments import feet
from flaneur.measure.zones import ZonesPx


def presence(tracks: Tracks, zones: ZonesPx) -> Presence:
    """Tracks by kind in each zone (foot inside), and as the last row in the whole picture."""
    inside = zones.inside(feet(tracks))
    count = np.zeros((inside.shape[1] + 1, len(Kind)), np.int32)
    i, zone = np.nonzero(inside)
    np.add.at(count, (zone, tracks.kind[i]), 1)
    count[-1] = np.bincount(tracks.kind, minlength=len(Kind))
    return Presence(tracks.time_ns, count)
