"""`flaneur report`: some days of a camera out of a store, for people and for spreadsheets."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flaneur.cli.report_texts import TEXTS
from flaneur.cli.texts import TEXTS as RUN_TEXTS
from flaneur.cli.texts import default_language
from flaneur.data.language import Language
from flaneur.data.time import to_s
from flaneur.run.results import REPORT

if TYPE_CHECKING:
    from flaneur.run.reporting import Reported

DAY = ["%Y-%m-%d"]


def report(
    store: Annotated[Path, typer.Argument(help="The flaneur.sqlite of a site that is watched, or of a run.")],
    camera: Annotated[str | None, typer.Option(help="Which camera; needed where the store has several.")] = None,
    day: Annotated[
        datetime | None, typer.Option(formats=DAY, help="One day of the site's clock; by default the latest there is.")
    ] = None,
    first: Annotated[datetime | None, typer.Option("--from", formats=DAY, help="The first of several days.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=DAY, help="The last of them, included.")] = None,
    site: Annotated[
        Path | None, typer.Option(help="Site file, for where flows begin and end; its audit log is told.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the results; reports/CAMERA-DAY by default.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier report.")] = False,
    language: Annotated[Language | None, typer.Option(help="Language of the report and the terminal.")] = None,
) -> None:
    """Write report.html, figures.csv and figures.parquet of a camera's day, or of several days.

    The figures are exact: for the operator, not for the public. The store may be in use by `flaneur watch`.
    """
    from flaneur.run.reporting import Asked, report_store  # takes a second to load, which --help need not wait for

    if day and (first or last):
        raise typer.BadParameter("a day, or days from and to, not both", param_hint="--day")
    language = language or default_language()
    begin, end = (moment.date() if moment else None for moment in (day or first, day or last))
    told = report_store(store, Asked(camera, begin, end), site, out, overwrite=overwrite, language=language)
    _say(told, language)


def _say(told: "Reported", language: Language) -> None:
    from flaneur.serve.formats import Words
    from flaneur.serve.sections import observed_share

    text, words, facts = TEXTS[language], Words(language), told.facts
    span = text["to"].format(first=told.first, last=told.last)
    typer.echo(
        text["told"].format(
            camera=facts.camera,
            days=told.first if told.first == told.last else span,
            figures=words.number(told.figures),
            observed=words.duration(facts.observed_s),
            length=words.duration(to_s(facts.end_ns - facts.start_ns)),
            share=words.share(observed_share(facts)),
        )
    )
    typer.echo(RUN_TEXTS[language]["results"].format(folder=told.folder))
    typer.echo(RUN_TEXTS[language]["open"].format(report=told.folder / REPORT))
