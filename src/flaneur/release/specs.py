"""What figures are made of what: the events that are counted and the samples that statistics are taken of."""

from dataclasses import dataclass

from flaneur.data.geometry import EDGE_PLACES, WHOLE_PICTURE
from flaneur.data.kinds import ALL_KINDS, Kind
from flaneur.data.released import SHORTEST_INTERVAL_NS
from flaneur.data.statistics import STATISTICS
from flaneur.data.time import SECOND_NS

ROAD_USERS = "road users"


@dataclass(frozen=True, slots=True)
class Counted:
    """Events of one measure: its places in the order of `Events.place`, and what the directions are called there."""

    measure: str
    places: tuple[str, ...]
    directions: tuple[tuple[str, ...], ...]
    """Per place the label of +1 and, where the measure has two directions, that of -1."""

    def __post_init__(self) -> None:
        if len(self.places) != len(self.directions):
            raise ValueError(f"{self.measure}: {len(self.places)} places but directions for {len(self.directions)}")

    @classmethod
    def lines(cls, lines: tuple[tuple[str, str, str], ...]) -> "Counted":
        """Crossings of lines, each given as its name and its names for to the right and to the left."""
        return cls("crossings", tuple(name for name, _, _ in lines), tuple((r, left) for _, r, left in lines))

    @classmethod
    def zones(cls, names: tuple[str, ...]) -> "Counted":
        """Passages into and out of zones."""
        return cls("passages", names, (("in", "out"),) * len(names))

    @classmethod
    def edges(cls) -> "Counted":
        """Passages into and out of the picture."""
        return cls.zones(EDGE_PLACES)

    @classmethod
    def flows(cls, names: tuple[str, ...]) -> "Counted":
        """Flows, which have no direction besides their own."""
        return cls("flow", names, (("",),) * len(names))


@dataclass(frozen=True, slots=True)
class Sampled:
    """Samples of one measure, and the statistics that are told of them.

    A statistic of values rests on three road users at least; `count` and `share` have no minimum, because they tell
    no value of anybody.
    """

    measure: str
    """Figures are called after it and the statistic: `speed` gives `speed_mean`."""
    unit: str
    """Of the values."""
    places: tuple[str, ...]
    """In the order of `Samples.place`."""
    statistics: tuple[str, ...]
    """Some of `data.statistics.STATISTICS`."""
    groups: tuple[tuple[str, ...], ...] = ()
    """Per place the labels of its groups, in the order of `Samples.group`; one without a name where left out."""
    counted: str = ROAD_USERS
    """Unit of `count`."""
    moments: bool = False
    """True where samples are moments, such as a density each second, and not road users."""
    kind: int = ALL_KINDS
    """Of moments the one code of a kind that they are about."""
    whole_run_only: bool = False
    """True where too little comes together in an interval for so many groups."""
    censored_group: int | None = None
    """Group of stays that were cut off and lasted at least as long; the others are then those of group 0."""
    resolution: float = 0.01
    """Values count at multiples of this."""

    def __post_init__(self) -> None:
        if not self.groups:
            object.__setattr__(self, "groups", (("",),) * len(self.places))
        if len(self.places) != len(self.groups):
            raise ValueError(f"{self.measure}: {len(self.places)} places but groups for {len(self.groups)}")
        if unknown := set(self.statistics) - set(STATISTICS):
            raise ValueError(f"{self.measure}: no such statistic: {', '.join(sorted(unknown))}")
        if not self.moments and {"min", "max"} & set(self.statistics):
            raise ValueError(f"{self.measure}: the lowest or highest value of road users is a figure about one of them")
        if self.resolution <= 0.0:
            raise ValueError(f"{self.measure}: resolution must be positive")


@dataclass(frozen=True, slots=True)
class AggregateParams:
    """What figures are made of what."""

    site: str
    camera: str
    kinds: tuple[Kind, ...]
    """Those that the detector can tell."""
    counted: tuple[Counted, ...]
    zones: tuple[str, ...] = ()
    """Places of `Presence` in order, without the whole picture."""
    start_ns: int = 0
    """UTC of the video's first frame; 0 when its date is unknown."""
    interval_ns: int = SHORTEST_INTERVAL_NS
    max_gap_ns: int = SECOND_NS
    hold_ns: int = 10 * SECOND_NS
    sampled: tuple[Sampled, ...] = ()

    def __post_init__(self) -> None:
        if self.interval_ns < SHORTEST_INTERVAL_NS:
            raise ValueError("an interval of less than 60 s must not leave the process")
        keys = [(c.measure, place) for c in self.counted for place in c.places]
        keys += [("occupancy", place) for place in (*self.zones, WHOLE_PICTURE)]
        keys += [(s.measure, place) for s in self.sampled for place in s.places]
        for key in keys:
            if keys.count(key) > 1:
                raise ValueError(f"two places of {key[0]} are called {key[1]!r}")
        if not 0 < self.max_gap_ns < self.interval_ns:
            raise ValueError("max_gap_ns must be longer than 0 and shorter than the interval")
