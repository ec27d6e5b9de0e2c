"""The report: one HTML file that is complete by itself, in English or German.

It loads nothing and runs nothing; its content security policy forbids both. Charts are inline SVG with their figures
as a table behind them, the heat map is part of the file.
"""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from flaneur.data.geometry import Flow
from flaneur.data.language import Language
from flaneur.data.released import CameraHealth, Distribution, GroundFacts, HeatMap, Measurement, PlaceMap, RunFacts
from flaneur.data.time import to_s
from flaneur.serve import measured, measured_plots, plots, sections
from flaneur.serve.atomic import written_whole
from flaneur.serve.bins import bins_for, put_together
from flaneur.serve.formats import Clock, Words
from flaneur.serve.headlines import headlines
from flaneur.serve.health import strips
from flaneur.serve.place_map import drawn
from flaneur.serve.tables import raw_table

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True, eq=False)
class Metres:
    """What is told beside figures where the camera has a ground plane."""

    ground: GroundFacts | None = None
    ground_png: bytes | None = None
    """A hidden picture with the grid of metres on it."""
    distributions: tuple[Distribution, ...] = ()
    maps: tuple[PlaceMap, ...] = ()
    """Where near misses happened."""


NOTHING_IN_METRES = Metres()


def write_report(path: Path, report: str) -> None:
    """Write a report; WriteError when the disk refuses."""
    with written_whole(path) as file:
        file.write(report.encode())


def render_report(
    facts: RunFacts,
    measurements: Iterable[Measurement],
    *,
    heat: HeatMap | None = None,
    heat_png: bytes | None = None,
    flows: tuple[Flow, ...] = (),
    metres: Metres = NOTHING_IN_METRES,
    health: Sequence[CameraHealth] = (),
    period: bool = False,
    language: Language = "en",
) -> str:
    """The report of one run.

    `heat_png` is the heat map as it is to be shown, over a background without people where there is one; `heat` gives
    its legend. `flows` are those of the site, for their origins and destinations. `health` are the stretches in which
    the camera was not well, in the order of time. `period` says that it is not of one run but of some days out of a
    store.
    """
    words = Words(language, pictured=facts.width_px > 0 or bool(facts.detector), period=period)
    clock = Clock(words, facts.timezone, dated=facts.dated)
    table = raw_table(measurements)
    figures = put_together(table, bins_for(table, clock.offset_ns(facts.start_ns)))
    material = sections.Material(
        words=words,
        clock=clock,
        facts=facts,
        figures=figures,
        flows=flows,
        kinds=sections.seen_kinds(figures, facts),
        groups=sections.groups_of(figures),
    )
    topics = measured.topics(metres.distributions)
    tiles = [*sections.tiles(material), *headlines(words, topics)]
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(say=words.say, words=words, sections=sections, plots=plots)
    environment.globals.update(measured=measured, measured_plots=measured_plots, drawn=drawn)
    return environment.get_template("report.html").render(
        m=material,
        facts=facts,
        length_s=to_s(facts.end_ns - facts.start_ns),
        interval_s=to_s(figures.bins.interval_ns),
        span=clock.span(facts.start_ns, facts.end_ns),
        never_seen=words.listed([words.name(kind) for kind in facts.kinds if kind not in material.kinds]),
        heat=heat,
        heat_image=_embedded(heat_png),
        metres=metres,
        topics=topics,
        tiles=tiles,
        tile_columns=_tile_columns(len(tiles)),
        kind_names=words.listed([words.name(kind) for kind in facts.kinds]),
        is_unchecked=metres.ground is not None and metres.ground.points > 0 and metres.ground.residual_m is None,
        health_strips=strips(material, health) if health else None,
        ground_image=_embedded(metres.ground_png),
    )


def _embedded(png: bytes | None) -> str | None:
    return None if png is None else base64.b64encode(png).decode()


def _tile_columns(tiles: int) -> list[int]:
    """Numbers of columns that leave no more than one place of the last row empty."""
    return [columns for columns in range(2, 7) if columns <= tiles and tiles % columns in (0, columns - 1)]
