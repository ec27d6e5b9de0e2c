"""What a detector is."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from flaneur.data.errors import UserError
from flaneur.data.kinds import Kind
from flaneur.data.private import Detections


class ModelError(UserError):
    """A model is unknown, unreadable or not what its description says; the message is for the user."""


@dataclass(frozen=True, slots=True)
class DetectorFacts:
    """What a report says about a detector."""

    name: str
    licence: str
    sha256: str
    """Of the model's file; of an OpenVINO model's description and weights one after the other."""
    kinds: tuple[Kind, ...]
    """The kinds that it can tell, in the order of their codes."""
    width_px: int
    height_px: int
    """Size of the network's input."""


class Detector(Protocol):
    """Finds road users in a picture."""

    @property
    def facts(self) -> DetectorFacts:
        """What a report says about this detector."""

    def detect(self, bgr: NDArray[np.uint8]) -> Detections:
        """Road users in a picture uint8 [h, w, 3], riders merged with their machines.

        Boxes are in pixels of the picture and inside it, scores at least 0.1. Several threads may call at once.
        """
