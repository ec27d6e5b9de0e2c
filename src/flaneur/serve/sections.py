"""What the sections of a report say; the template only lays it out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from flaneur.data.geometry import EDGE_PLACES, EDGES, WHOLE_PICTURE, Flow
from flaneur.data.kinds import Kind
from flaneur.data.released import RunFacts
from flaneur.data.time import to_s
from flaneur.serve.bins import Figures
from flaneur.serve.formats import Clock, Words

MOST_GAPS = 12
"""Unobserved periods that are listed one by one."""


@dataclass(frozen=True, slots=True)
class Group:
    """Places of one sort, whose counts belong together."""

    id: str
    measure: str
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Material:
    """All that the sections are made of."""

    words: Words
    clock: Clock
    facts: RunFacts
    figures: Figures
    flows: tuple[Flow, ...]
    kinds: tuple[str, ...]
    """Labels of the kinds that were seen at all, in their usual order."""
    groups: tuple[Group, ...]

    @property
    def width(self) -> str:
        """How long a bar is."""
        return self.words.duration(to_s(self.figures.bins.width_ns))

    def kind(self, label: str) -> str:
        """A kind as the reader calls it."""
        return self.words.name(label)

    def kind_names(self) -> list[str]:
        """All kinds that were seen, as the reader calls them."""
        return [self.words.name(label) for label in self.kinds]

    def periods(self) -> list[str]:
        """When each bar is."""
        edges = self.figures.bins.edges_ns
        days = len({self.clock.local(edge).date() for edge in edges[:-1]}) if self.clock.dated else 1
        return [self.clock.period(a, b, with_date=days > 1) for a, b in pairwise(edges)]


def seen_kinds(figures: Figures, facts: RunFacts) -> tuple[str, ...]:
    """Kinds with any figure but 0; all that the detector can tell when there is none."""
    seen = {kind for (_, _, _, kind), value in figures.total.items() if value}
    ordered = [kind.label for kind in Kind]
    return tuple(kind for kind in ordered if kind in seen) or tuple(k for k in ordered if k in facts.kinds)


def groups_of(figures: Figures) -> tuple[Group, ...]:
    """The sorts of places that were counted."""
    passages = figures.places("passages")
    found = (
        Group("lines", "crossings", tuple(figures.places("crossings"))),
        Group("zones", "passages", tuple(place for place in passages if place not in EDGE_PLACES)),
        Group("flows", "flow", tuple(figures.places("flow"))),
        Group("edges", "passages", tuple(place for place in EDGE_PLACES if place in passages)),
    )
    return tuple(group for group in found if group.places)


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure that is shown large."""

    label: str
    value: str
    note: str


def tiles(m: Material) -> list[Tile]:
    """The headline figures."""
    say, number, figures = m.words.say, m.words.number, m.figures
    length_s = to_s(m.facts.end_ns - m.facts.start_ns)
    of = say(
        "observed_of" if m.facts.complete else "interrupted_tile",
        share=m.words.share(observed_share(m.facts)),
        length=m.words.duration(length_s),
    )
    shown = [Tile(say("observed"), m.words.duration(m.facts.observed_s), of)]
    for group in m.groups:
        n = len(group.places)
        entries = figures.sum(group.measure, group.places, _inwards(m, group), m.kinds)
        if group.id == "edges":
            left = figures.sum(group.measure, group.places, ("out",), m.kinds)
            shown.append(Tile(say("edges"), number(entries), say("by_edges", n=number(left))))
        else:
            note = say(f"on_{group.id}", n=n) if n > 1 else say(f"on_{group.id[:-1]}")
            shown.append(Tile(say(group.measure), number(entries), note))
    mean = figures.sum("occupancy", (WHOLE_PICTURE,), ("",), m.kinds)
    peaks = [(peak, kind) for kind in m.kinds if (peak := _peak(m, WHOLE_PICTURE, kind)) is not None]
    if mean is not None and peaks:
        peak, kind = max(peaks, key=lambda pair: pair[0])
        of_kind = m.words.mean(figures.sum("occupancy", (WHOLE_PICTURE,), ("",), (kind,)))
        key = "present_most" if len(m.kinds) > 1 else "present_peak"
        note = say(key, peak=number(peak), kind=m.kind(kind), mean=of_kind)
        shown.append(Tile(say("present"), m.words.mean(mean), note))
    return shown


def observed_share(facts: RunFacts) -> float:
    """Share of the run that was observed."""
    length_s = to_s(facts.end_ns - facts.start_ns)
    return min(facts.observed_s / length_s, 1.0) if length_s > 0 else 0.0


def _inwards(m: Material, group: Group) -> Sequence[str]:
    """Directions that make up the headline: every crossing of a line, but entries alone of zones and edges."""
    if group.measure == "passages":
        return ("in",)
    return sorted({d for place in group.places for d in m.figures.directions(group.measure, place)})


def _peak(m: Material, place: str, kind: str) -> float | None:
    return m.figures.total.get(("occupancy_peak", place, "", kind))


@dataclass(frozen=True, slots=True)
class Table:
    """A plain table: its cells are texts, the first one of each row names the row."""

    head: list[str]
    rows: list[list[str]]


def glance(m: Material) -> Table:
    """All sums by kind."""
    say, figures = m.words.say, m.figures
    columns: list[tuple[str, Callable[[Sequence[str]], str]]] = []

    def counted(head: str, group: Group, directions: Sequence[str]) -> None:
        columns.append(
            (say(head), lambda kinds: m.words.number(figures.sum(group.measure, group.places, directions, kinds)))
        )

    for group in m.groups:
        if group.measure == "passages":
            counted("col_edge_in" if group.id == "edges" else "col_in", group, ("in",))
            counted("col_edge_out" if group.id == "edges" else "col_out", group, ("out",))
        else:
            counted(f"col_{group.measure}", group, _inwards(m, group))
    if WHOLE_PICTURE in figures.places("occupancy"):
        columns.append(
            (say("col_mean"), lambda kinds: m.words.mean(figures.sum("occupancy", (WHOLE_PICTURE,), ("",), kinds)))
        )
        columns.append(
            (
                say("col_peak"),
                lambda kinds: m.words.number(_peak(m, WHOLE_PICTURE, kinds[0])) if len(kinds) == 1 else "",
            )
        )
    rows = [[m.kind(kind), *(cell((kind,)) for _, cell in columns)] for kind in m.kinds]
    if len(m.kinds) > 1:
        rows.append([say("all"), *(cell(m.kinds) for _, cell in columns)])
    return Table([say("kind"), *(head for head, _ in columns)], rows)


@dataclass(frozen=True, slots=True)
class PlaceTotals:
    """Sums of one place: a row for each direction, and one for all where there are several."""

    place: str
    rows: list[tuple[str, list[str]]]


def totals(m: Material, group: Group) -> list[PlaceTotals]:
    """Directions by kinds, and all of them together, for each place; without a direction that nobody took."""

    def cells(place: str, directions: Sequence[str]) -> list[str]:
        asked = [(kind,) for kind in m.kinds] + ([m.kinds] if len(m.kinds) > 1 else [])
        return [m.words.number(m.figures.sum(group.measure, (place,), directions, kinds)) for kinds in asked]

    found = []
    for place in group.places:
        directions = m.figures.directions(group.measure, place)
        if group.measure == "crossings":
            sums = {
                direction: m.figures.sum(group.measure, (place,), (direction,), m.kinds) for direction in directions
            }
            directions = [one for one in directions if sums[one] != 0 or not any(sums.values())]
        rows = [(m.words.direction(direction), cells(place, (direction,))) for direction in directions]
        if len(directions) > 1 and group.measure != "passages":  # what went in and out does not add up to anything
            rows.append((m.words.say("both"), cells(place, directions)))
        found.append(PlaceTotals(m.words.place(place), rows))
    return found


def presence(m: Material) -> list[PlaceTotals]:
    """Mean and most at once of each kind that was there, for each place."""
    found = []
    for place in presence_places(m):
        means = {kind: m.figures.total.get(("occupancy", place, "", kind)) for kind in m.kinds}
        is_empty = not any(means.values())
        rows = [
            (m.kind(kind), [m.words.mean(mean), m.words.number(_peak(m, place, kind))])
            for kind, mean in means.items()
            if mean != 0 or is_empty
        ]
        found.append(PlaceTotals(m.words.place(place), rows))
    return found


def presence_places(m: Material) -> list[str]:
    """The whole picture first."""
    return sorted(m.figures.places("occupancy"), key=lambda place: (place != WHOLE_PICTURE, place))


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """A pair of origin and destination; `value` is empty where no flow was defined."""

    value: str
    weight: float
    """0..1, for its tint."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Origins as rows and destinations as columns."""

    destinations: list[str]
    rows: list[tuple[str, list[MatrixCell]]]
    has_gaps: bool
    """Whether there are pairs without a flow."""


def flow_matrix(m: Material) -> Matrix | None:
    """Counts from each origin to each destination; None for fewer than two flows."""
    if len(m.flows) < 2:
        return None
    counted: dict[tuple[str, str], list[float | None]] = {}
    for flow in m.flows:
        counted.setdefault((flow.origin, flow.destination), []).append(
            m.figures.sum("flow", (flow.name,), ("",), m.kinds)
        )
    sums = {pair: sum_known(values) for pair, values in counted.items()}
    highest = max((value for value in sums.values() if value), default=1.0)

    def cell(pair: tuple[str, str]) -> MatrixCell:
        if pair not in sums:
            return MatrixCell("", 0.0)
        return MatrixCell(m.words.number(sums[pair]), (sums[pair] or 0.0) / highest)

    origins = list(dict.fromkeys(flow.origin for flow in m.flows))
    ends = {flow.destination for flow in m.flows}
    destinations = [end for end in dict.fromkeys([*origins, *(flow.destination for flow in m.flows)]) if end in ends]
    rows = [(origin, [cell((origin, end)) for end in destinations]) for origin in origins]
    return Matrix(destinations, rows, len(sums) < len(origins) * len(destinations))


def edge_arrows(m: Material) -> dict[str, tuple[str, str]]:
    """For each edge of the picture how many came in and left by it."""
    return {
        edge: (
            m.words.number(m.figures.sum("passages", (place,), ("in",), m.kinds)),
            m.words.number(m.figures.sum("passages", (place,), ("out",), m.kinds)),
        )
        for edge, place in zip(EDGES, EDGE_PLACES, strict=True)
    }


def unseen(m: Material) -> list[str]:
    """Sentences on what the figures do not cover."""
    say, words, facts = m.words.say, m.words, m.facts
    length = words.duration(to_s(facts.end_ns - facts.start_ns))
    share = observed_share(facts)
    if share >= 1.0:
        sentences = [say("unseen_whole", length=length)]
    else:
        observed = words.duration(facts.observed_s)
        sentences = [say("unseen_coverage", observed=observed, length=length, share=words.share(share))]
    gaps = [m.clock.period(*gap, with_date=m.clock.dated) for gap in m.figures.gaps_ns]
    if gaps:
        listed = words.listed(gaps[:MOST_GAPS])
        if len(gaps) > MOST_GAPS:
            listed = say("unseen_gaps_more", gaps=", ".join(gaps[:MOST_GAPS]), n=len(gaps) - MOST_GAPS)
        sentences.append(say("unseen_gaps", gaps=listed))
    frames = words.number(facts.frames_seen + facts.frames_dropped)
    if facts.frames_dropped:
        sentences.append(say("unseen_dropped", dropped=words.number(facts.frames_dropped), frames=frames))
    else:
        sentences.append(say("unseen_no_drops", frames=frames))
    if not facts.complete:
        sentences.append(say("unseen_interrupted"))
    return sentences


def sum_known(values: Sequence[float | None]) -> float | None:
    """Sum of what was observed; None when nothing was."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None
