"""`flaneur budget`: what may still be published."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flaneur.cli.publish import load_publish
from flaneur.cli.publish_texts import TEXTS
from flaneur.cli.texts import Said, default_language
from flaneur.config.load import load_site
from flaneur.serve.formats import Words


def budget(
    site: Annotated[Path, typer.Option(help="Site file with a table `publish`.")],
    ledger: Annotated[Path | None, typer.Option(help="The ledger; beside the site file by default.")] = None,
    language: Said = None,
) -> None:
    """Show what is left of the privacy budget, by camera and day."""
    language = language or default_language()
    text, words = TEXTS[language], Words(language)
    table = load_publish(site)
    from flaneur.run.budget import days_of  # takes a second to load
    from flaneur.run.publishing import ledger_path

    console = Console()

    def say(key: str, **values: object) -> None:
        console.print(text[key].format(**values), markup=False, highlight=False, soft_wrap=True)

    place = load_site(site).site
    book = ledger or ledger_path(site)
    say("budget", site=place.name, epsilon=words.plain(table.epsilon_per_day), rho=table.rho_s, times=table.appearances)
    if not book.is_file():
        say("nothing", ledger=book)
        return
    shown = Table(*(text[key] for key in ("camera", "day", "releases", "left")))
    for day in days_of(book, table, place):
        shown.add_row(escape(day.camera), f"{day.date}", str(day.releases), words.plain(day.epsilon_left))
    console.print(shown)
    say("untouched")
