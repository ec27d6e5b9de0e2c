"""`flaneur retention`: let old figures go."""

import time
from pathlib import Path
from typing import Annotated

import typer

from flaneur.run.results import OURS


def retention(
    store: Annotated[Path, typer.Argument(help="The flaneur.sqlite of a run.")],
    site: Annotated[Path, typer.Option(help="Site file; its [keep] says how old figures may become.")],
) -> None:
    """Delete figures that are too old, or add them up into longer intervals, and wipe them from the file.

    Run it once a day. Where the site file has [audit], a receipt is written first.
    """
    from flaneur.run.retention import keep_figures  # takes a second to load, which --help need not wait for

    aged = keep_figures(store, site, time.time_ns())
    if not aged:
        typer.echo(f"{store}: nothing is too old")
    if aged.deleted or aged.runs:
        typer.echo(
            f"{store}: {_number(aged.deleted, 'figure')} and {_number(aged.runs, 'description')} of runs deleted"
        )
    if aged.coarsened:
        typer.echo(f"{store}: {_number(aged.coarsened, 'figure')} added up into {aged.into}")
    if aged.dropped:
        measures = ", ".join(aged.dropped_measures)
        typer.echo(f"{store}: {_number(aged.dropped, 'figure')} deleted that cannot be added up: {measures}")
    beside = sorted(path.name for path in store.parent.iterdir() if path.name in OURS and path.name != store.name)
    if beside:
        typer.echo(
            f"note: {', '.join(beside)} beside it were not touched; delete them when their time has come", err=True
        )


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
