"""What the report says of measures that have statistics: speeds, stays, queues, crowds, near misses, signals.

All of it follows from the distributions of the run: which measures there are, their units, places, groups and
statistics. A measure without a topic of its own is told among the others.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from flaneur.data.geometry import WHOLE_PICTURE
from flaneur.data.kinds import ALL_LABEL, Kind
from flaneur.data.released import Distribution, Estimate
from flaneur.serve.formats import MISSING, Words
from flaneur.serve.sections import PlaceTotals

TOPICS = {
    "speeds": ("speed", "section_speed", "travel_time", "acceleration", "headway", "gap"),
    "stays": ("dwell", "waiting"),
    "queues": ("queue_length", "queue_count", "saturation_flow", "lost_time"),
    "signals": ("signal", "red", "phase", "signal_time", "green_use"),
    "conflicts": ("ttc", "pet", "drac"),
    "crowd": (
        "alarm", "alarm_change", "los", "density_voronoi", "density", "density_rise", "crowd_speed",
        "speed_at_density", "specific_flow", "standing", "stop_and_go", "counterflow", "pressure",
    ),
}  # fmt: skip
OTHERS = "others"
ABOUT_ROAD_USERS = ("speeds", "stays", OTHERS)
"""Topics whose values are those of road users and not of moments."""
EACH_SECOND = (*TOPICS["crowd"], "queue_length", "queue_count", "signal_time")
"""Measures of which there is a value each second, so that their number tells nothing."""
NUMBERS = ("count", "share")
"""Statistics of groups rather than of values."""
IN_COLUMNS = ("phase",)
"""Measures whose values are told with a column for each group."""
SILENT = ("unknown", "off", "red-amber")
"""Groups that are told only where there was one."""
CALM = ("alarm_change", "none")
"""That no alarm began is not told."""
KMH = ("km/h", 3.6)
"""What speeds are shown in where not all are on foot, with its factor."""
MOST_ROWS = 24
"""Longer tables show all kinds together, with each kind behind them."""
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
        """Of values."""
        names = (name for name, _ in self.rows[0].estimates)
        return tuple(name for name in names if name not in NUMBERS) if self.name not in IN_COLUMNS else ()

    @property
    def numbers(self) -> tuple[str, ...]:
        """What is told by group; where there is one group only, how many there were stands beside the values."""
        names = tuple(name for name, _ in self.rows[0].estimates if name not in self.statistics)
        return names if len(self.groups) > 1 or not self.statistics else ()

    @property
    def groups(self) -> list[str]:
        """Names of the groups, in their order."""
        found = dict.fromkeys(row.direction for row in self.rows)
        seen = {row.direction for row in self.rows if row.sample_size}
        return [group for group in found if (group not in SILENT or group in seen) and (self.name, group) != CALM]

    @property
    def shown_in(self) -> tuple[str, float]:
        """Unit and factor for display."""
        unit = self.rows[0].unit
        if unit == "m/s" and any(map(_is_of_a_vehicle, self.rows)):
            return KMH
        return ("%", 100.0) if unit == "share" else (unit, 1.0)

    @property
    def digits(self) -> int:
        """Behind the point, the same for all values that stand below one another."""
        factor = self.shown_in[1]
        values = (one.value for row in self.rows for name, one in row.estimates if name not in NUMBERS)
        largest = max((abs(value) * factor for value in values if value is not None), default=0.0)
        return 0 if largest >= 1000 else 1 if largest >= 10 else 2 if largest >= 0.2 else 3


@dataclass(frozen=True, slots=True)
class Topic:
    """Measures that belong together."""

    id: str
    measures: tuple[Measured, ...]


@dataclass(frozen=True, slots=True)
class StatisticsTable:
    """A table of one measure, of its values or of one number by group."""

    caption: str
    second: str
    """Head of the column of directions and kinds; empty where it would say the same in each row."""
    columns: list[str]
    places: list[PlaceTotals]
    folded: bool = False
    """True where it is long and tells the one before it by kind."""


def topics(distributions: Iterable[Distribution]) -> tuple[Topic, ...]:
    """What there is to tell, in the usual order."""
    by_name: dict[str, list[Distribution]] = {}
    for one in distributions:
        by_name.setdefault(one.measure, []).append(one)
    named = {name for names in TOPICS.values() for name in names}
    wanted = {**TOPICS, OTHERS: tuple(name for name in by_name if name not in named)}
    for rows in by_name.values():  # as counts are listed, with the whole picture first
        rows.sort(key=lambda one: (one.place != WHOLE_PICTURE, one.place))
    found = (
        Topic(topic, tuple(Measured(name, tuple(by_name[name])) for name in names if name in by_name))
        for topic, names in wanted.items()
    )
    return tuple(topic for topic in found if topic.measures)


def heading(words: Words, measured: Measured) -> str:
    """`Speed (km/h)`."""
    name, unit = words.measure(measured.name), words.unit(measured.shown_in[0])
    return f"{name} ({unit})" if measured.statistics and unit else name


def tables(words: Words, measured: Measured) -> list[StatisticsTable]:
    """One of the values where there are any to tell, and one for each number by group."""
    found = []
    if measured.statistics and any(map(_is_known, measured.rows)):
        caption = words.say("values_caption", measure=heading(words, measured))
        head = StatisticsTable(caption, words.say("who"), value_columns(words, measured), [])
        found += _by_length(words, measured, head, partial(value_rows, words, measured))
    for statistic in measured.numbers:
        caption = words.say(f"groups_caption_{statistic}", measure=words.measure(measured.name))
        head = StatisticsTable(caption, words.say("kind"), group_columns(words, measured, statistic), [])
        found += _by_length(words, measured, head, partial(group_rows, words, measured, statistic))
    return found


def _by_length(
    words: Words, measured: Measured, head: StatisticsTable, told: Callable[..., list[PlaceTotals]]
) -> list[StatisticsTable]:
    """One table, or for a long one that of all kinds together before it."""
    full, brief = told(), told(brief=True)
    idle = {"", words.say("all_kinds")}
    about_people = measured.name in EACH_SECOND and not any(measured.groups)

    def table(places: list[PlaceTotals], **more: Any) -> StatisticsTable:
        names = {name for place in places for name, _ in place.rows}
        return replace(head, second="" if names <= idle or about_people else head.second, places=places, **more)

    if not brief or sum(len(place.rows) for place in full) <= MOST_ROWS:
        return [table(full)]
    return [table(brief, caption=f"{head.caption}; {words.say('all_kinds')}"), table(full, folded=True)]


def value_columns(words: Words, measured: Measured) -> list[str]:
    """Heads of the columns of `value_rows`."""
    number = [] if measured.name in EACH_SECOND else [words.measure(measured.name, "number") or words.say("number")]
    return [*number, *(words.say(f"stat_{name}") for name in measured.statistics)]


def value_rows(words: Words, measured: Measured, *, brief: bool = False) -> list[PlaceTotals]:
    """Statistics of values, a row for each group and kind, when `brief` for all kinds together."""
    _, factor = measured.shown_in
    digits, numbered = measured.digits, measured.name not in EACH_SECOND
    rows = _worth_telling(measured, brief=brief)
    mixed = any(row.kind != ALL_LABEL for row in rows)
    found: dict[str, list[tuple[str, list[str]]]] = {}
    for row in rows:
        estimates = dict(row.estimates)
        cells = [words.number(row.sample_size)] if numbered else []
        for name in measured.statistics:
            whole = row.unit == "road users" and name != "mean"
            cells.append(words.estimate(estimates[name], factor, 0 if whole else digits))
        label = words.listed_label(words.group(row.direction), words.kind(row.kind) if mixed else "")
        found.setdefault(row.place, []).append((label, cells))
    return [PlaceTotals(words.place(place), rows) for place, rows in found.items()]


def _worth_telling(measured: Measured, *, brief: bool) -> list[Distribution]:
    """Without rows of withheld values, as long as the place has others, and without all kinds where that is one."""
    known = [row for row in measured.rows if _is_known(row)]
    places = {row.place for row in known}
    single = {(row.place, row.direction, row.sample_size) for row in known if row.kind != ALL_LABEL and not brief}
    kinds = {row.kind for row in measured.rows}

    def is_told(row: Distribution) -> bool:
        if row.place not in places:
            return row.kind == ALL_LABEL or ALL_LABEL not in kinds
        is_one = row.kind == ALL_LABEL and (row.place, row.direction, row.sample_size) in single
        return _is_known(row) and not is_one and (row.kind == ALL_LABEL or not brief)

    return [row for row in measured.rows if is_told(row)]


def _is_of_a_vehicle(row: Distribution) -> bool:
    return row.kind not in (ALL_LABEL, Kind.PEDESTRIAN.label) and _is_known(row)


def _is_known(row: Distribution) -> bool:
    return any(one.value is not None for name, one in row.estimates if name not in NUMBERS)


def group_rows(words: Words, measured: Measured, statistic: str, *, brief: bool = False) -> list[PlaceTotals]:
    """Numbers, shares or values, a row for each place and kind, when `brief` for all kinds together, and a column for
    each group; kinds of which none was there are left out."""
    told = {(row.place, row.kind, row.direction): dict(row.estimates)[statistic] for row in measured.rows}
    found: dict[str, list[tuple[str, list[str]]]] = {}
    for place, kind in dict.fromkeys((row.place, row.kind) for row in measured.rows):
        estimates = [told.get((place, kind, group)) for group in measured.groups]
        if kind != ALL_LABEL and (brief or not any(one and one.value for one in estimates)):
            continue
        texts = [_number(words, measured, statistic, one) for one in estimates]
        found.setdefault(place, []).append((words.kind(kind), texts))
    return [PlaceTotals(words.place(place), rows) for place, rows in found.items()]


def group_columns(words: Words, measured: Measured, statistic: str) -> list[str]:
    """Heads of the columns of `group_rows`."""
    names = [words.group(group) for group in measured.groups]
    return names if any(names) else [words.say(f"stat_{statistic}")]


def _number(words: Words, measured: Measured, statistic: str, one: Estimate | None) -> str:
    if statistic == "count":
        return words.number(0 if one is None else one.value)
    if one is None:
        return MISSING
    return words.share(one.value) if statistic == "share" else words.estimate(one, 1.0, measured.digits)


def colour(groups: Sequence[str], group: str) -> str:
    """The class of a level's colour: known classes have their own, others are spread over the scale."""
    spread = round(groups.index(group) * (LEVELS - 1) / max(len(groups) - 1, 1))
    return _COLOURS.get(group, f"level-{spread}")
