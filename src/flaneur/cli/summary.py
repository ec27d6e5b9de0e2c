"""What the terminal shows at the end: counts, the most important measures in metres, or all of it as JSON."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from flaneur.cli.texts import TEXTS, clock
from flaneur.data.geometry import EDGE_PLACES
from flaneur.data.kinds import Kind
from flaneur.data.language import Language
from flaneur.data.released import Distribution, Measurement, RunFacts
from flaneur.data.statistics import split_name
from flaneur.data.time import to_s
from flaneur.serve.formats import Words
from flaneur.serve.measured import StatisticsTable, heading, tables, topics

if TYPE_CHECKING:
    from flaneur.run.measure_file import Outcome

SHOWN = ("speed", "section_speed", "dwell", "queue_length", "signal", "ttc", "pet", "alarm", "los", "density_voronoi")
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
    *,
    has_metres: bool = True,
) -> None:
    """Print counts, what was measured in metres, notes and coverage; the report has all the rest.

    Where the camera `has_metres` not, how to get them.
    """
    text, words = TEXTS[language], Words(language, pictured=facts.width_px > 0)
    counted = totals(measurements)
    if counted:
        console.print("", _counts(text, words, counted))
    for topic in topics(one for one in distributions if one.measure in SHOWN):
        for measured in topic.measures:
            for told in tables(words, measured)[:1]:
                console.print()
                _say_statistics(console, heading(words, measured), told)
    console.print()
    for note in facts.notes:
        console.print(text["note"].format(note=words.note(note)), style="yellow", markup=False)
    if not has_metres:
        console.print(text["no_ground"], markup=False, highlight=False)
    if not facts.complete:
        console.print(text["interrupted"], style="yellow")
    console.print(coverage_line(facts, language), highlight=False)


def coverage_line(facts: RunFacts, language: Language) -> str:
    """One sentence on how much of the video, or of trajectories, was really observed."""
    text, words = TEXTS[language], Words(language)
    length_s = to_s(facts.end_ns - facts.start_ns)
    return text["coverage" if facts.width_px else "coverage_moments"].format(
        observed=clock(facts.observed_s),
        length=clock(length_s),
        share=words.share(min(facts.observed_s / length_s, 1.0)) if length_s > 0 else text["unknown"],
        frames=words.number(facts.frames_seen),
        dropped=words.number(facts.frames_dropped),
        wall=clock(facts.wall_s),
        speed=words.number(length_s / facts.wall_s, 1) if facts.wall_s > 0 else text["unknown"],
    )


def as_json(outcome: "Outcome", folder: Path) -> dict[str, object]:
    """The summary for programs: facts, the folder and the totals."""
    facts, units = outcome.facts, {m.measure: m.unit for m in outcome.measurements}
    return {
        "folder": str(folder),
        "source": facts.source,
        "site": facts.site,
        "camera": facts.camera,
        "timezone": facts.timezone,
        "dated": facts.dated,
        "start_ns": facts.start_ns,
        "end_ns": facts.end_ns,
        "complete": facts.complete,
        "duration_s": to_s(facts.end_ns - facts.start_ns),
        "observed_s": facts.observed_s,
        "frames_seen": facts.frames_seen,
        "frames_dropped": facts.frames_dropped,
        "wall_s": facts.wall_s,
        "software": facts.software,
        "detector": facts.detector or None,
        "notes": [{"key": note.key, "numbers": note.numbers, "text": Words("en").note(note)} for note in facts.notes],
        "figures": [
            {
                "measure": measure,
                "place": place,
                "direction": direction,
                "kind": kind,
                "value": value,
                "unit": units[measure],
            }
            for (measure, place, direction), by_kind in totals(outcome.measurements).items()
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
            for one in outcome.distributions
        ],
        "ground": asdict(outcome.ground) if outcome.ground else None,
        "bad_health": [asdict(one) for one in outcome.health],
    }


def _counts(text: dict[str, str], words: Words, counted: Totals) -> RenderableType:
    """Lines, zones, flows, edges and who was there, one below the other."""
    seen = {kind for by_kind in counted.values() for kind, value in by_kind.items() if value}
    kinds = [kind.label for kind in Kind if kind.label in seen]
    with_all = len(kinds) != 1  # also where nobody came: 0 of all
    table = _plain_table([text["counted"], *map(words.name, kinds), *([text["all"]] if with_all else [])])
    sections = (
        ("line", [key for key in counted if key[0] == "crossings"]),
        ("zone", [key for key in counted if key[0] == "passages" and key[1] not in EDGE_PLACES]),
        ("edge", [key for key in counted if key[0] == "passages" and key[1] in EDGE_PLACES]),
        ("flow", [key for key in counted if key[0] == "flow"]),
        ("occupancy", [key for key in counted if key[0] == "occupancy"]),
    )
    for title, keys in sections:
        if keys:
            table.add_row(f"[bold]{text[title]}")
        for key in keys:
            _, place, direction = key
            label = words.listed_label(words.place(place), words.direction(direction))
            if title == "occupancy":
                peaks = counted.get(("occupancy_peak", place, direction), {})
                means = [(counted[key].get(k, 0.0), peaks.get(k, 0.0)) for k in kinds] or [(0.0, 0.0)]
                cells = [f"{words.mean(mean)} ({words.number(peak)})" for mean, peak in means]
            elif title != "line" or _is_taken(counted, key):
                numbers = [counted[key].get(kind, 0.0) for kind in kinds]
                cells = [words.number(n) for n in (*numbers, *([sum(numbers)] if with_all else []))]
            else:
                continue
            table.add_row(f"  {_plain(label)}", *cells)
    return table


def _is_taken(counted: Totals, key: tuple[str, str, str]) -> bool:
    """Whether anybody went that way, or nobody any way."""
    measure, place, _ = key
    return any(counted[key].values()) or not any(
        any(by_kind.values()) for other, by_kind in counted.items() if other[:2] == (measure, place)
    )


def _say_statistics(console: Console, title: str, told: StatisticsTable) -> None:
    """A table of a measure; where its heads have no room beside one another, its title stands above it."""
    table = _statistics(title, told.second, told)
    unlimited = console.options.update(width=1000)
    if console.measure(table, options=unlimited).maximum > console.width:
        console.print(Text(title, "bold"))
        table = _statistics("", "", told)
    console.print(table)


def _statistics(first: str, second: str, told: StatisticsTable) -> Table:
    """One band in a row."""
    table = _plain_table([first, *([second] if told.second else []), *told.columns])
    if told.second:
        table.columns[1].no_wrap = False
        table.columns[1].justify = "left"
    for place in told.places:
        for n, (name, cells) in enumerate(place.rows):
            first = f"  {_plain(place.place)}" if n == 0 else ""
            banded = next((at for at, cell in enumerate(cells) if "(" in cell), 0)
            short = [cell if at == banded else cell.split(" (")[0] for at, cell in enumerate(cells)]
            table.add_row(first, *([_plain(name)] if told.second else []), *short)
    return table


def _plain_table(columns: Sequence[str]) -> Table:
    """The first column gives way where there is little room, never a figure."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for n, column in enumerate(columns):
        table.add_column(_plain(column), justify="right" if n else "left", no_wrap=n > 0)
    return table


def _plain(name: str) -> str:
    """A name with rich's marks disarmed."""
    return name.replace("[", "\\[")
