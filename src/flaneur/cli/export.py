"""`flaneur export`: a store's figures in the words of other platforms."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from flaneur.cli.store_texts import TEXTS
from flaneur.cli.texts import default_language
from flaneur.data.language import Language
from flaneur.data.platforms import PlatformFormat
from flaneur.data.statistics import split_name
from flaneur.serve.formats import Words


def export(
    store: Annotated[Path, typer.Argument(help="The flaneur.sqlite of a run or of a site that is watched.")],
    form: Annotated[
        PlatformFormat,
        typer.Option(
            "--format",
            help="OGC SensorThings 1.1 (JSON, Things with all that belongs to them), DATEX II v3 measured data, or "
            "the DATEX II table of its measurement sites (XML).",
        ),
    ],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    site: Annotated[
        Path | None, typer.Option(help="Site file; its [serve] has position and country, its audit log is told.")
    ] = None,
    language: Annotated[Language | None, typer.Option(help="Language of what is said.")] = None,
) -> None:
    """Write exact figures for the operator's own platforms. They are not public figures: `flaneur publish` makes those.

    The store may be in use by `flaneur watch`.
    """
    from flaneur.run.exporting import export_file  # takes a second to load

    language = language or default_language()
    left_out = export_file(store, form, site, out, time.time_ns())
    if left_out:
        typer.echo(TEXTS[language]["left_out"], err=True)
    for line in listed(left_out, language):
        typer.echo(f"  {line}", err=True)


def listed(figures: Iterable[tuple[str, str]], language: Language) -> Iterator[str]:
    """A line for each measure with its kinds: `Speed · Median: all kinds, pedestrians`."""
    words = Words(language)
    kinds: dict[str, list[str]] = {}
    for measure, kind in sorted(figures):
        kinds.setdefault(measure, []).append(words.kind(kind))
    for measure, of in kinds.items():
        stem, statistic = split_name(measure)
        name = TEXTS[language].get(f"measure_{stem}") or words.measure(stem)
        label = words.listed_label(name, words.say(f"stat_{statistic}") if statistic else "")
        yield f"{label}: {', '.join(of)}"
