"""The kinds of road user. Nothing finer is ever said about people."""

from enum import IntEnum


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
