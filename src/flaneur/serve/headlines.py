"""The one figure of each topic that a reader looks for first, shown large at the top of a report."""

from collections.abc import Iterator, Sequence

from flaneur.data.geometry import WHOLE_PICTURE
from flaneur.data.kinds import ALL_LABEL
from flaneur.data.released import Distribution
from flaneur.serve.formats import Words
from flaneur.serve.measured import KMH, Measured, Topic
from flaneur.serve.sections import Tile

SHORT_UNIT = 4
"""Longer ones do not fit beside a large figure."""


def headlines(words: Words, topics: Sequence[Topic]) -> list[Tile]:
    """Of those topics that have any."""
    by_name = {measured.name: measured for topic in topics for measured in topic.measures}
    return [*_highest(words, by_name), *_alarm(words, by_name), *_near_misses(words, by_name), *_red(words, by_name)]


def _highest(words: Words, by_name: dict[str, Measured]) -> Iterator[Tile]:
    """The fastest v85 of vehicles, the longest queue, the densest moment; of those with a band where there are any."""
    for name, statistic in (("speed", "v85"), ("queue_length", "max"), ("density_voronoi", "max")):
        measured = by_name.get(name)
        if measured is None or (name == "speed" and measured.shown_in != KMH):
            continue
        unit, factor = measured.shown_in
        of_one_kind = [row for row in measured.rows if name != "speed" or row.kind != ALL_LABEL]
        told = [(dict(row.estimates).get(statistic), row) for row in of_one_kind]
        known = [(one.low is not None, one.value, row) for one, row in told if one and one.value is not None]
        if known:
            _, value, row = max(known, key=lambda known: known[:2])
            kind, unit = words.kind(row.kind) if name == "speed" else "", words.unit(unit)
            shown, is_short = words.number(value * factor, measured.digits), len(unit) <= SHORT_UNIT
            note = words.listed_label(
                "" if is_short else unit, words.place(row.place), words.group(row.direction), kind
            )
            yield Tile(words.say(f"headline_{name}"), f"{shown} {unit}" if is_short else shown, note)


def _alarm(words: Words, by_name: dict[str, Measured]) -> Iterator[Tile]:
    """How long it was too dense somewhere."""
    if measured := by_name.get("alarm"):
        shares: dict[str, float] = {}
        for row in measured.rows:
            if row.direction.startswith("level "):
                shares[row.place] = shares.get(row.place, 0.0) + (dict(row.estimates)["share"].value or 0.0)
        place, share = max(shares.items(), key=lambda pair: pair[1])
        yield Tile(words.say("headline_alarm"), words.share(share), words.say("of_the_time", place=place))


def _near_misses(words: Words, by_name: dict[str, Measured]) -> Iterator[Tile]:
    """Serious ones in the whole scene, by the indicator that found most."""
    found = {name: _count(by_name[name], "serious", WHOLE_PICTURE) for name in ("ttc", "pet") if name in by_name}
    if found:
        name = max(found, key=lambda name: found[name])
        yield Tile(words.say("headline_conflicts"), words.number(found[name]), words.measure(name))


def _red(words: Words, by_name: dict[str, Measured]) -> Iterator[Tile]:
    """Crossings in red at all signals together."""
    if measured := by_name.get("signal"):
        note = words.say("of_crossings", n=words.number(_count(measured)))
        yield Tile(words.say("headline_signal"), words.number(_count(measured, "red")), note)


def _count(measured: Measured, group: str | None = None, place: str | None = None) -> float:
    def is_counted(row: Distribution) -> bool:
        return row.kind == ALL_LABEL and group in (None, row.direction) and place in (None, row.place)

    return sum(dict(row.estimates)["count"].value or 0.0 for row in measured.rows if is_counted(row))
