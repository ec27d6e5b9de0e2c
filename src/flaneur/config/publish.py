"""Tables of a site file for public figures."""

from collections.abc import Set
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from flaneur.config.base import Name, Table
from flaneur.data.kinds import ALL_KINDS, ALL_LABEL, kind_from_label

DAY_S = 86_400
SMALLEST_EPSILON, LARGEST_EPSILON = 1e-6, 10.0
"""Below the first, noise would drown any figure; above the last, e^10 says, nobody is protected."""


class PublicFigureTable(Table):
    """`[[publish.figure]]`: something that is published of a place."""

    measure: Literal["crossings", "passages", "occupancy"]
    place: Name
    """A line for crossings, a zone for passages and occupancy."""
    kind: str = ALL_LABEL
    range: tuple[float, float] | None = None
    """With `max_rows`, for occupancy: what a chunk's mean is clipped to."""

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str) -> str:
        if kind != ALL_LABEL:
            kind_from_label(kind)
        return kind

    @field_validator("range")
    @classmethod
    def _has_width(cls, clip: tuple[float, float] | None) -> tuple[float, float] | None:
        if clip is not None and not 0.0 <= clip[0] < clip[1] <= 10_000.0:
            raise ValueError(f"the range {clip[0]:g} to {clip[1]:g} must rise, from 0 or more to 10000 at most")
        return clip

    @property
    def kind_code(self) -> int:
        """Code of the kind, or `ALL_KINDS`."""
        return ALL_KINDS if self.kind == ALL_LABEL else int(kind_from_label(self.kind))


class PublishTable(Table):
    """`[publish]`: what may be published, and how well everybody is protected in it. Nothing is where it is absent.

    The operator states `rho_s` and `appearances` in advance; they are never estimated from the video.
    """

    rho_s: Annotated[int, Field(ge=1, le=DAY_S)]
    """ρ: protected is everything that is visible for at most so long at a time …"""
    appearances: Annotated[int, Field(le=1000)]
    """K: … and at most so often a day."""
    epsilon_per_day: float
    """ε: how much a reader of all figures of a day may learn of anybody's presence."""
    chunk_s: Annotated[int, Field(ge=1)]
    """c: after so long the video is looked at as if it began anew."""
    window_s: Annotated[int, Field(ge=60, le=DAY_S)] = 3600
    """How much time one figure is about."""
    max_rows: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Events that are counted of each chunk at most. Nothing is assumed about detector and tracker."""
    events_per_track: Annotated[int, Field(ge=1, le=100)] | None = None
    """Instead: events that are counted of each track in a chunk at most. Needs less noise, and assumes that whoever
    passes is one track in a chunk and changes no other track."""
    publisher: Name | None = None
    """Who publishes, for the description of the data set; the site's name where left out."""
    licence: Annotated[str, Field(pattern=r"^https?://[^\s<>\"]+$", max_length=300)] | None = None
    """Address of the licence under which the figures are given."""
    figure: Annotated[list[PublicFigureTable], Field(min_length=1, max_length=100)]

    @field_validator("appearances")
    @classmethod
    def _somebody(cls, appearances: int) -> int:
        if appearances < 1:
            raise ValueError(f"{appearances} appearances a day protect nobody; take 1 or more")
        return appearances

    @field_validator("epsilon_per_day")
    @classmethod
    def _protects(cls, epsilon: float) -> float:
        if not SMALLEST_EPSILON <= epsilon <= LARGEST_EPSILON:
            raise ValueError(
                f"ε = {epsilon:g} is out of reach: it must be above 0, and above {LARGEST_EPSILON:g} it protects "
                "nobody; 1 is common, less protects more"
            )
        return epsilon

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.chunk_s > self.window_s:
            raise ValueError(f"a chunk of {self.chunk_s} s is longer than the window of {self.window_s} s")
        if self.rho_s > self.window_s:
            raise ValueError(
                f"rho_s = {self.rho_s} is longer than the window of {self.window_s} s: "
                "each presence would touch every window; take a longer one"
            )
        if self.window_s % self.chunk_s:
            raise ValueError(f"chunks of {self.chunk_s} s do not divide a window of {self.window_s} s evenly")
        if DAY_S % self.window_s:
            raise ValueError(f"windows of {self.window_s} s do not divide a day evenly; take 900, 3600 or 86400")
        return self

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.max_rows is None) == (self.events_per_track is None):
            raise ValueError("give either max_rows, which assumes nothing, or events_per_track")
        for number, figure in enumerate(self.figure, start=1):
            clipped = figure.measure == "occupancy" and self.max_rows is not None
            if clipped != (figure.range is not None):
                needs = "needs the `range` that it is clipped to" if clipped else "takes no `range`"
                raise ValueError(f"figure {number}: {figure.measure} of {figure.place!r} {needs}")
        named = [(figure.measure, figure.place, figure.kind) for figure in self.figure]
        for name in named:
            if named.count(name) > 1:
                raise ValueError(f"{name[0]} of {name[1]!r} is listed twice for {name[2]}; it would cost twice")
        return self

    def check_places(self, lines: Set[str], zones: Set[str]) -> None:
        """ValueError where a figure is about a place that no camera has."""
        for number, figure in enumerate(self.figure, start=1):
            what, known = ("line", lines) if figure.measure == "crossings" else ("zone", zones)
            if figure.place not in known:
                raise ValueError(f"publish.figure[{number}]: no camera has a {what} {figure.place!r}")
