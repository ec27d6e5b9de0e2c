"""What the terminal shows at the end: a table per kind of place, or the same as JSON."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console, RenderableType
from rich.table import Table

from flaneur.cli.texts import TEXTS
from flaneur.data.language import Language
from flaneur.data.released import Distribution, Measurement, RunFacts
from flaneur.data.statistics import split_name
from flaneur.data.time import to_s
from flaneur.serve.formats import Words
from flaneur.serve.measured import (
    Measured,
    group_columns,
    group_rows,
    heading,
    topics,
    value_columns,
    value_rows,
)
from flaneur.serve.sections import PlaceTotals

SHOWN = frozenset(
    "speed section_speed dwell waiting queue_length saturation_flow density_voronoi los alarm ttc pet signal red".split()
)
"""Measures in metres that the terminal has room for; the report has all."""

Totals = dict[tuple[str, str, str], dict[str, float]]
"""(measure, place, direction) -> kind -> figure over the whole run."""


def totals(measurements: Iterable[Measurement]) -> Totals:
    """Counts added up over intervals, occupancy averaged over the observed time, peaks as the highest.

    A place that was never observed is left out: its figures are missing, not 0. Statistics of samples do not add up and
    are left out too: distributions tell them for the whole run.
    """
    sums: defaultdict[tuple[str, str, str], dict[str, float]] = defaultdict(dict)
    observed_ns: defaultdict[tuple[str, str, str, str], float] = defaultdict(float)
    for m in measurements:
        if m.value is None or split_name(m.measure)[1]:
            continue
        figures = sums[m.measure, m.place, m.direction]
        before = figures.get(m.kind, 0.0)
        if m.measure == "occupancy_peak":
            figures[m.kind] = max(before, m.value)
        elif m.measure == "occupancy":
            key = (m.measure, m.place, m.direction, m.kind)
            weight = m.coverage * (m.end_ns - m.start_ns)
            observed_ns[key] += weight
            figures[m.kind] = before + (m.value - before) * weight / observed_ns[key]
        else:
            figures[m.kind] = before + m.value
    return dict(sums)


def show_summary(
    console: Console,
    facts: RunFacts,
    measurements: Sequence[Measurement],
    language: Language,
    distributions: Sequence[Distribution] = (),
) -> None:
    """Print coverage, notes and a table for every kind of place and every measure that has figures."""
    text, words = TEXTS[language], Words(language)
    figures = totals(measurements)
    sections = (
        ("line", [key for key in figures if key[0] == "crossings"]),
        ("zone", [key for key in figures if key[0] == "passages" and not key[1].startswith("edge ")]),
        ("edge", [key for key in figures if key[0] == "passages" and key[1].startswith("edge ")]),
        ("flow", [key for key in figures if key[0] == "flow"]),
        ("occupancy", [key for key in figures if key[0].startswith("occupancy")]),
    )
    console.print()
    for title, keys in sections:
        if keys:
            console.print(_table(language, title, keys, figures))
    for topic in topics([one for one in distributions if one.measure in SHOWN]):
        for measured in topic.measures:
            console.print(*_statistics(words, measured))
    console.print(coverage_line(facts, language))
    for note in facts.notes:
        console.print(text["note"].format(note=words.note(note)), style="yellow", markup=False)
    if not facts.complete:
        console.print(text["interrupted"], style="yellow")


def coverage_line(facts: RunFacts, language: Language) -> str:
    """One sentence on how much of the video was really observed."""
    text = TEXTS[language]
    length_s = to_s(facts.end_ns - facts.start_ns)
    share = text["percent"].format(share=100 * facts.observed_s / length_s) if length_s > 0 else text["unknown"]
    return text["coverage"].format(
        observed=clock(facts.observed_s),
        length=clock(length_s),
        share=share,
        frames=facts.frames_seen,
        dropped=facts.frames_dropped,
        wall=clock(facts.wall_s),
        speed=Words(language).number(length_s / facts.wall_s, 1) if facts.wall_s > 0 else text["unknown"],
    )


def clock(seconds: float) -> str:
    """`1:02:03` or `2:03`."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def as_json(
    facts: RunFacts, measurements: Sequence[Measurement], folder: Path, distributions: Sequence[Distribution] = ()
) -> dict[str, object]:
    """The summary for programs: facts, the folder and the totals."""
    return {
        "folder": str(folder),
        "source": facts.source,
        "complete": facts.complete,
        "duration_s": to_s(facts.end_ns - facts.start_ns),
        "observed_s": facts.observed_s,
        "frames_seen": facts.frames_seen,
        "frames_dropped": facts.frames_dropped,
        "wall_s": facts.wall_s,
        "notes": [{"key": note.key, "numbers": note.numbers, "text": Words("en").note(note)} for note in facts.notes],
        "figures": [
            {"measure": measure, "place": place, "direction": direction, "kind": kind, "value": value}
            for (measure, place, direction), by_kind in totals(measurements).items()
            for kind, value in by_kind.items()
        ],
        "distributions": [
            {
                "measure": one.measure,
                "place": one.place,
                "direction": one.direction,
                "kind": one.kind,
                "unit": one.unit,
                "sample_size": one.sample_size,
                "statistics": {name: asdict(estimate) for name, estimate in one.estimates},
            }
            for one in distributions
        ],
    }


def _table(language: Language, title: str, keys: Sequence[tuple[str, str, str]], figures: Totals) -> RenderableType:
    text, words = TEXTS[language], Words(language)
    kinds = [kind for kind in figures[keys[0]] if any(figures[key].get(kind) for key in keys)]
    is_occupancy = title == "occupancy"
    table = Table(title=text[title], title_justify="left", title_style="bold")
    table.add_column(text["place"])
    if title != "flow":
        table.add_column("" if is_occupancy else text["direction"])
    for kind in kinds:
        table.add_column(words.name(kind), justify="right")
    if not is_occupancy:
        table.add_column(text["all"], justify="right")
    for measure, place, direction in keys:
        by_kind = figures[measure, place, direction]
        cells = [_plain(words.place(place))]
        if is_occupancy:
            cells.append(text["mean" if measure == "occupancy" else "peak"])
        elif title != "flow":
            cells.append(_plain(words.direction(direction)))
        digits = 1 if measure == "occupancy" else 0
        cells += [words.number(by_kind.get(kind, 0.0), digits) for kind in kinds]
        if not is_occupancy:
            cells.append(words.number(sum(by_kind.values())))
        table.add_row(*cells)
    return table


def _statistics(words: Words, measured: Measured) -> Iterator[RenderableType]:
    """A table of the values of a measure, one of the numbers in its groups."""
    if measured.statistics:
        columns = value_columns(words, measured)
        yield _place_table(heading(words, measured), words.say("who"), columns, words, value_rows(words, measured))
    for statistic in measured.numbers:
        title = words.measure(measured.name) + ("" if statistic == "count" else f" ({words.say('stat_share')})")
        columns = group_columns(words, measured, statistic)
        yield _place_table(title, words.say("kind"), columns, words, group_rows(words, measured, statistic))


def _place_table(
    title: str, second: str, columns: Sequence[str], words: Words, places: Sequence[PlaceTotals]
) -> RenderableType:
    table = Table(title=_plain(title), title_justify="left", title_style="bold")
    table.add_column(words.say("place"))
    table.add_column(second)
    for column in columns:
        table.add_column(_plain(column), justify="right")
    for place in places:
        for n, (name, cells) in enumerate(place.rows):
            table.add_row(_plain(place.place) if n == 0 else "", _plain(name), *cells)
    return table


def _plain(name: str) -> str:
    """A name with rich's marks disarmed."""
    return name.replace("[", "\\[")
