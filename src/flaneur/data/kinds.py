"""The kinds of road user. Nothing finer is ever said about people."""

from enum import IntEnum
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray


class Kind(IntEnum):
    """Kind of a road user; the value is the code in `kind` arrays (uint8)."""

    PEDESTRIAN = 0
    TWO_WHEELER = 1
    BICYCLE = 2
    MOTORCYCLE = 3
    CAR = 4
    TRUCK = 5
    BUS = 6
    TRAIN = 7

    @property
    def label(self) -> str:
        """The name in files and figures, e.g. `two-wheeler`."""
        return self.name.lower().replace("_", "-")


TWO_WHEELERS = (Kind.TWO_WHEELER, Kind.BICYCLE, Kind.MOTORCYCLE)
"""A rider and the machine are one road user; which of these it is depends on what the model can tell."""


def kind_from_label(label: str) -> Kind:
    """The kind called `label`; ValueError lists the names there are."""
    for kind in Kind:
        if kind.label == label:
            return kind
    raise ValueError(f"unknown kind {label!r}; known are {', '.join(k.label for k in Kind)}")


FOOTPRINT_M = {
    Kind.PEDESTRIAN: (0.5, 0.5),
    Kind.TWO_WHEELER: (1.8, 0.65),
    Kind.BICYCLE: (1.8, 0.65),
    Kind.MOTORCYCLE: (2.1, 0.8),
    Kind.CAR: (4.5, 1.8),
    Kind.TRUCK: (9.0, 2.5),
    Kind.BUS: (12.0, 2.55),
    Kind.TRAIN: (30.0, 2.65),
}
"""Length and width in metres that a road user of a kind takes up where nothing better is known of it."""

ALL_KINDS = 255
"""Code of a figure that is about all kinds together."""
ALL_LABEL = "all"

FIRST_PAIR = 16
_PAIRS = tuple(combinations_with_replacement(Kind, 2))
_PAIR_CODE = np.zeros((len(Kind), len(Kind)), np.uint8)
for _n, (_a, _b) in enumerate(_PAIRS):
    _PAIR_CODE[_a, _b] = _PAIR_CODE[_b, _a] = FIRST_PAIR + _n


def pair_code(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Codes of unordered pairs of kinds, uint8 [n]; never one of `Kind`, never `ALL_KINDS`."""
    codes: NDArray[np.uint8] = _PAIR_CODE[a, b]
    return codes


def label_of(code: int) -> str:
    """The name of a kind, of a pair such as `pedestrian × car`, or of all kinds.

    >>> label_of(int(pair_code(np.uint8(4), np.uint8(0))))
    'pedestrian × car'
    """
    if code == ALL_KINDS:
        return ALL_LABEL
    if code >= FIRST_PAIR:
        return " × ".join(kind.label for kind in _PAIRS[code - FIRST_PAIR])
    return Kind(code).label


LABELS = frozenset(map(label_of, (*Kind, *range(FIRST_PAIR, FIRST_PAIR + len(_PAIRS)), ALL_KINDS)))
"""Every name that a figure may carry as its kind."""
