"""`flaneur export`: a store's figures in the words of other platforms."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from flaneur.cli.store_texts import TEXTS
from flaneur.cli.texts import Said, default_language
from flaneur.data.kinds import ALL_LABEL
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
    language: Said = None,
) -> None:
    """Write exact figures for the operator's own platforms. They are not public figures: `flaneur publish` makes those.

    The store may be in use by `flaneur watch`.
    """
    from flaneur.run.exporting import export_file  # takes a second to load

    language = language or default_language()
    left_out = export_file(store, form, site, out, time.time_ns())
    if left_out:
        typer.echo(TEXTS[language]["left_out"], err=True)
    console = Console(stderr=True)
    for line in listed(left_out, language):
        console.print(Padding(Text(line), (0, 0, 0, 2), expand=False))


def listed(figures: Iterable[tuple[str, str]], language: Language) -> Iterator[str]:
    """What is left out altogether in one line, and a line for those kinds that are left out of other measures."""
    from flaneur.serve.live.datex2 import SHAPES  # takes a second to load

    words, text = Words(language), TEXTS[language]
    told = {split_name(measure)[0] for measure in SHAPES}
    kinds: dict[str, dict[str, None]] = {}
    whole: dict[str, None] = {}
    for measure, kind in sorted(figures):
        stem, statistic = split_name(measure)
        name = text.get(f"measure_{stem}") or words.measure(stem)
        if measure in SHAPES:
            of_kind = text["left_out_together"] if kind == ALL_LABEL else words.kind(kind)
            kinds.setdefault(name, {})[of_kind] = None
        else:
            whole[words.listed_label(name, words.say(f"stat_{statistic}") if stem in told else "")] = None
    measures: dict[str, list[str]] = {}
    for name, of in kinds.items():
        measures.setdefault(", ".join(of), []).append(name)
    yield from (f"{of}: {', '.join(names)}" for of, names in measures.items())
    if whole:
        yield f"{text['left_out_whole']}: {', '.join(whole)}"
