"""`flaneur retention`: let old figures go."""

import time
from pathlib import Path
from typing import Annotated

import typer

from flaneur.cli.store_texts import TEXTS
from flaneur.cli.texts import Said, default_language
from flaneur.run.results import OURS


def retention(
    store: Annotated[Path, typer.Argument(help="The flaneur.sqlite of a run.")],
    site: Annotated[Path, typer.Option(help="Site file; its [keep] says how old figures may become.")],
    language: Said = None,
) -> None:
    """Delete figures that are too old, or add them up into longer intervals, and wipe them from the file.

    Run it once a day. Where the site file has [audit], a receipt is written first.
    """
    from flaneur.run.retention import keep_figures  # takes a second to load, which --help need not wait for

    text = TEXTS[language or default_language()]

    def say(key: str, **values: object) -> None:
        typer.echo(text[key].format(store=store, **values), err=key == "beside")

    def number(count: int, noun: str) -> str:
        return f"{count} {text[noun if count == 1 else f'{noun}s']}"

    aged = keep_figures(store, site, time.time_ns())
    if not aged:
        say("nothing")
    if aged.deleted or aged.runs:
        say("deleted", figures=number(aged.deleted, "figure"), descriptions=number(aged.runs, "description"))
    if aged.coarsened:
        say("coarsened", figures=number(aged.coarsened, "figure"), into=aged.into)
    if aged.dropped:
        say("dropped", figures=number(aged.dropped, "figure"), measures=", ".join(aged.dropped_measures))
    beside = sorted(path.name for path in store.parent.iterdir() if path.name in OURS and path.name != store.name)
    if beside:
        say("beside", files=", ".join(beside))
