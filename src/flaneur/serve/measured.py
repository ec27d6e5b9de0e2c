"""What the report says of measures that have statistics: speeds, stays, queues, crowds, near misses, signals.

All of it follows from the distributions of the run: which measures there are, their units, places, groups and
statistics. A measure without a topic of its own is told among the others.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from flaneur.data.kinds import ALL_LABEL
from flaneur.data.released import Distribution, Estimate, PlaceMap
from flaneur.serve.formats import MISSING, Words
from flaneur.serve.sections import PlaceTotals

TOPICS = {
    "speeds": ("speed", "section_speed", "acceleration", "travel_time", "headway", "gap"),
    "stays": ("dwell", "waiting"),
    "queues": ("queue_length", "queue_count", "saturation_flow", "lost_time"),
    "crowd": (
        "density", "density_voronoi", "los", "alarm", "alarm_change", "density_rise", "crowd_speed",
        "speed_at_density", "specific_flow", "standing", "stop_and_go", "counterflow", "pressure",
    ),
    "conflicts": ("ttc", "pet", "drac"),
    "signals": ("signal", "red", "signal_time", "phase", "green_use"),
}  # fmt: skip
OTHERS = "others"
ABOUT_ROAD_USERS = ("speeds", "stays", OTHERS)
"""Topics whose values are those of road users and not of moments."""
NUMBERS = ("count", "share")
"""Statistics of groups rather than of values."""
SHOWN_IN = {("speed", "m/s"): ("km/h", 3.6), ("section_speed", "m/s"): ("km/h", 3.6)}
"""What planners read in another unit than the figures have, with its factor."""
LEVELS = 6
"""Colours there are for levels and classes, from harmless to serious."""
_COLOURS = {"serious": "level-5", "slight": "level-3", "uncertain": "level-0", "unknown": "unknown"} | {
    state: f"signal-{state}" for state in ("red", "red-amber", "green", "amber")
}


@dataclass(frozen=True, slots=True)
class Measured:
    """All distributions of one measure."""

    name: str
    rows: tuple[Distribution, ...]

    @property
    def statistics(self) -> tuple[str, ...]:
        """Of values; `count` and `share` are told by group."""
        return tuple(name for name, _ in self.rows[0].estimates if name not in NUMBERS)

    @property
    def numbers(self) -> tuple[str, ...]:
        """`count` or `share`, where they are told."""
        return tuple(name for name, _ in self.rows[0].estimates if name in NUMBERS)

    @property
    def groups(self) -> list[str]:
        """Names of the groups, in their order."""
        return list(dict.fromkeys(row.direction for row in self.rows))

    @property
    def shown_in(self) -> tuple[str, float]:
        """Unit and factor for display."""
        unit = self.rows[0].unit
        return ("%", 100.0) if unit == "share" else SHOWN_IN.get((self.name, unit), (unit, 1.0))


@dataclass(frozen=True, slots=True)
class Topic:
    """Measures that belong together."""

    id: str
    measures: tuple[Measured, ...]


def topics(distributions: Iterable[Distribution]) -> tuple[Topic, ...]:
    """What there is to tell, in the usual order."""
    by_name: dict[str, list[Distribution]] = {}
    for one in distributions:
        by_name.setdefault(one.measure, []).append(one)
    named = {name for names in TOPICS.values() for name in names}
    wanted = {**TOPICS, OTHERS: tuple(name for name in by_name if name not in named)}
    found = (
        Topic(topic, tuple(Measured(name, tuple(by_name[name])) for name in names if name in by_name))
        for topic, names in wanted.items()
    )
    return tuple(topic for topic in found if topic.measures)


def heading(words: Words, measured: Measured) -> str:
    """`Speed (km/h)`."""
    name, unit = words.measure(measured.name), words.unit(measured.shown_in[0])
    return f"{name} ({unit})" if measured.statistics and unit else name


def value_columns(words: Words, measured: Measured) -> list[str]:
    """Heads of the columns of `value_rows`."""
    return [words.say("number"), *(words.say(f"stat_{name}") for name in measured.statistics)]


def value_rows(words: Words, measured: Measured) -> list[PlaceTotals]:
    """Statistics of values, a row for each group and kind; groups and kinds without anybody are left out."""
    _, factor = measured.shown_in
    found: dict[str, list[tuple[str, list[str]]]] = {}
    for row in _worth_telling(measured):
        estimates = dict(row.estimates)
        cells = [words.estimate(estimates[name], factor) for name in measured.statistics]
        label = words.listed_label(words.group(row.direction), words.kind(row.kind))
        found.setdefault(row.place, []).append((label, [words.number(row.sample_size), *cells]))
    return [PlaceTotals(words.place(place), rows) for place, rows in found.items()]


def _worth_telling(measured: Measured) -> list[Distribution]:
    """Without empty groups, as long as the place has others, and without a kind that is all there is."""
    kinds: dict[tuple[str, str], int] = {}
    for row in measured.rows:
        kinds[row.place, row.direction] = kinds.get((row.place, row.direction), 0) + 1
    busy = {row.place for row in measured.rows if row.sample_size}
    return [
        row
        for row in measured.rows
        if (row.sample_size or row.place not in busy)
        and not (row.kind == ALL_LABEL and kinds[row.place, row.direction] == 2)
    ]


def group_rows(words: Words, measured: Measured, statistic: str) -> list[PlaceTotals]:
    """Numbers or shares, a row for each place and kind and a column for each group; kinds of which none was there
    are left out."""
    cells = {(row.place, row.kind, row.direction): dict(row.estimates)[statistic] for row in measured.rows}
    found: dict[str, list[tuple[str, list[str]]]] = {}
    for place, kind in dict.fromkeys((row.place, row.kind) for row in measured.rows):
        estimates = [cells.get((place, kind, group)) for group in measured.groups]
        if kind != ALL_LABEL and not any(one and one.value for one in estimates):
            continue
        texts = [_number(words, statistic, one) for one in estimates]
        found.setdefault(place, []).append((words.kind(kind), texts))
    return [PlaceTotals(words.place(place), rows) for place, rows in found.items()]


def group_columns(words: Words, measured: Measured, statistic: str) -> list[str]:
    """Heads of the columns of `group_rows`."""
    names = [words.group(group) for group in measured.groups]
    return names if any(names) else [words.say(f"stat_{statistic}")]


def _number(words: Words, statistic: str, one: Estimate | None) -> str:
    if one is None:
        return words.number(0) if statistic == "count" else MISSING
    return words.number(one.value) if statistic == "count" else words.share(one.value)


def colour(groups: Sequence[str], group: str) -> str:
    """The class of a level's colour: known classes have their own, others are spread over the scale."""
    spread = round(groups.index(group) * (LEVELS - 1) / max(len(groups) - 1, 1))
    return _COLOURS.get(group, f"level-{spread}")


@dataclass(frozen=True, slots=True)
class MapCell:
    """One metre by one of a map, from its upper left corner."""

    x: int
    y: int
    count: int
    weight: float
    """0..1, for its colour."""


def cells(places: PlaceMap) -> list[MapCell]:
    """The cells that have a figure."""
    rows, columns = np.nonzero(np.isfinite(places.events))
    counts = places.events[rows, columns]
    weights = np.sqrt(counts / counts.max())
    top = places.events.shape[0] - 1
    found = zip(columns.tolist(), rows.tolist(), counts.tolist(), weights.tolist(), strict=True)
    return [MapCell(x, top - y, int(count), round(weight, 2)) for x, y, count, weight in found]
