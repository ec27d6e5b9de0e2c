"""The public figures of a page: a table for each place, and a chart of what its noise leaves to be seen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flaneur.serve.papers.facts import SiteFacts
from flaneur.serve.papers.published import PublishedFigure
from flaneur.serve.papers.words import PaperWords

MOST_WINDOWS = 48
"""So many of the latest windows are on the page; more would bury them."""
FEWEST_MARKS = 4
"""A chart of fewer windows says no more than the table."""
TOTAL = "all"
LEFT, WIDTH, HEIGHT, PAD = 52.0, 720.0, 200.0, 14.0


@dataclass(frozen=True, slots=True)
class Chart:
    """A dot and a band for each window, in the order of time; positions in the units of the drawing."""

    label: str
    marks: list[tuple[float, float, float, float]]
    """x, upper and lower end of the band, y of the figure."""
    levels: list[tuple[float, str]]
    """y and text of the lines behind."""
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT


@dataclass(frozen=True, slots=True)
class PublicTable:
    """What is public of one place and kind."""

    caption: str
    note: str
    heads: list[str]
    rows: list[list[str]]
    chart: Chart | None


def public_tables(facts: SiteFacts, words: PaperWords) -> Iterator[PublicTable]:
    """Tables of everything that was published, by camera and place; the latest windows last."""
    grouped: dict[tuple[str, str, str, str], list[PublishedFigure]] = {}
    for one in facts.published:
        for figure in one.figures:
            grouped.setdefault((figure.camera, figure.measure, figure.place, figure.kind), []).append(figure)
    for key in sorted(grouped):
        yield _table(grouped[key], words, ZoneInfo(facts.timezone))


def _table(figures: Sequence[PublishedFigure], words: PaperWords, zone: ZoneInfo) -> PublicTable:
    first = figures[0]
    measure = words.say(f"measure_{first.measure}")
    windows: dict[tuple[datetime, datetime], dict[str, PublishedFigure]] = {}
    for figure in figures:
        windows.setdefault((figure.start, figure.end), {})[figure.direction] = figure
    shown = sorted(windows)[-MOST_WINDOWS:]
    directions = list(dict.fromkeys(figure.direction for figure in figures))
    digits = 2 if first.measure == "occupancy" else 0
    rows = []
    for window in shown:
        told = windows[window]
        cells = [_cell(told.get(direction), words, digits) for direction in directions]
        rows.append([_window(*window, words, zone), *cells, words.words.share(next(iter(told.values())).coverage)])
    kind = words.words.kind(first.kind)
    caption = words.say("figures_caption", measure=measure, place=first.place, kind=kind, camera=first.camera)
    note = words.say("figures_note", timezone=zone.key)
    if len(shown) < len(windows):
        note += " " + words.say("figures_older", shown=len(shown), all=len(windows))
    heads = [words.say("window"), *(_direction(name, words) for name in directions), words.say("coverage")]
    charted = TOTAL if TOTAL in directions else directions[0]
    marked = [windows[window][charted] for window in shown if charted in windows[window]]
    return PublicTable(caption, note, heads, rows, _chart(marked, measure, words, zone))


def _chart(figures: Sequence[PublishedFigure], measure: str, words: PaperWords, zone: ZoneInfo) -> Chart | None:
    if len(figures) < FEWEST_MARKS:
        return None
    highest = max(figure.high for figure in figures) or 1.0
    step = (WIDTH - LEFT) / len(figures)

    def y(value: float) -> float:
        return round(HEIGHT - PAD - (HEIGHT - 2 * PAD) * value / highest, 1)

    marks = [
        (round(LEFT + (n + 0.5) * step, 1), y(figure.high), y(figure.low), y(figure.value))
        for n, figure in enumerate(figures)
    ]
    digits = 0 if highest >= 10 else 2
    levels = [(y(value), words.words.number(value, digits)) for value in (0.0, highest / 2, highest)]
    ends = [_window(figure.start, figure.end, words, zone) for figure in (figures[0], figures[-1])]
    direction = _direction(figures[0].direction, words)
    return Chart(words.say("chart", measure=measure, direction=direction, first=ends[0], last=ends[1]), marks, levels)


def _cell(figure: PublishedFigure | None, words: PaperWords, digits: int) -> str:
    if figure is None:
        return words.words.number(None)
    value, low, high = (words.words.number(number, digits) for number in (figure.value, figure.low, figure.high))
    return f"{value} ({low}–{high})"


def _direction(name: str, words: PaperWords) -> str:
    if name == TOTAL:
        return words.say("both")
    return words.words.direction(name) if name else words.say("one_value")


def _window(start: datetime, end: datetime, words: PaperWords, zone: ZoneInfo) -> str:
    """`22.11.2026, 07:00–08:00`; with the zone's name where the clocks change or the hour comes twice."""
    first, last = start.astimezone(zone), end.astimezone(zone)
    other = first.replace(fold=1 - first.fold)
    twice = first.utcoffset() != last.utcoffset() or other.utcoffset() != first.utcoffset()
    times = [f"{at:%H:%M} {at.tzname()}" if twice else f"{at:%H:%M}" for at in (first, last)]
    return f"{words.date(first.date())}, {times[0]}–{times[1]}"
