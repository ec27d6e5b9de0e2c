"""What figures of successive intervals have in common: the name of a time series."""

import hashlib
from typing import NamedTuple

from flaneur.data.released import Measurement
from flaneur.data.statistics import split_name

ADDITIVE = frozenset({"crossings", "passages", "flow"})
"""Measures whose figures of two intervals add up to the figure of both; so do statistics that are counts."""


class MeasuredPlace(NamedTuple):
    """A measure at a place: its figures of one interval, by direction and kind, are told together or not at all."""

    camera: str
    place: str
    measure: str


class Series(NamedTuple):
    """All that names a figure but its interval."""

    site: str
    camera: str
    measure: str
    place: str
    direction: str
    kind: str

    @property
    def id(self) -> str:
        """The same 16 hexadecimal digits for the same series, today and after a restart; fit for addresses."""
        return digest(*self)

    @property
    def measured_place(self) -> MeasuredPlace:
        """What it has in common with the series of other directions and kinds."""
        return MeasuredPlace(self.camera, self.place, self.measure)

    @property
    def additive(self) -> bool:
        """Whether figures of successive intervals may be summed."""
        return self.measure in ADDITIVE or split_name(self.measure)[1] == "count"


def series_of(figure: Measurement) -> Series:
    """The series that a figure belongs to."""
    return Series(figure.site, figure.camera, figure.measure, figure.place, figure.direction, figure.kind)


def digest(*names: str) -> str:
    """16 hexadecimal digits that stand for these names, in this order.

    >>> digest("a", "b c") == digest("a b", "c")
    False
    """
    text = "\0".join(names)  # names hold no control characters
    return hashlib.sha256(text.encode()).hexdigest()[:16]
