"""What `flaneur.measure.traffic` tells over a whole scene."""

from collections.abc import Iterable
from dataclasses import fields

import numpy as np

from flaneur.data.private import Events, GroundTracks, Samples
from flaneur.measure import traffic
from flaneur.measure.passing import Places
from flaneur.measure.traffic import Traffic


def measured(places: Places, frames: Iterable[GroundTracks]) -> Traffic:
    """Everything, from the first frame to the end of the video."""
    state, told = traffic.start(places), []
    for tracks in frames:
        state, out, _ = traffic.step(state, tracks, places)
        told.append(out)
    told.append(traffic.finish(state, places))
    return merged(*told)


def merged(*told: Traffic) -> Traffic:
    """All that several steps told."""
    return Traffic(*(_merged([getattr(out, f.name) for out in told]) for f in fields(Traffic)))


def _merged(parts: list[Events] | list[Samples]) -> Events | Samples:
    kind = type(parts[0])
    return kind(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(kind)))
