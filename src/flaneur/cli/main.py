"""The program `flaneur`: commands, and one place where errors become sentences and exit codes."""

import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from flaneur.cli.audit import app as audit
from flaneur.cli.budget import budget
from flaneur.cli.camera import app as camera
from flaneur.cli.doctor import doctor
from flaneur.cli.ending import say_error
from flaneur.cli.export import export
from flaneur.cli.ground import ground
from flaneur.cli.models import app as models
from flaneur.cli.papers import papers
from flaneur.cli.publish import publish
from flaneur.cli.redact import redact
from flaneur.cli.report import report
from flaneur.cli.retention import retention
from flaneur.cli.run import run
from flaneur.cli.site import app as site
from flaneur.cli.trajectories import trajectories
from flaneur.cli.watch import watch
from flaneur.data.errors import UserError
from flaneur.run.crashing import forgetting, without_core_dump

app = typer.Typer(
    help="Flaneur measures places, never people: counts, flows and occupancy from video.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(run)
app.command()(trajectories)
app.command()(ground)
app.command()(redact)
app.command()(publish)
app.command()(budget)
app.command()(papers)
app.command()(watch)
app.command()(report)
app.command()(retention)
app.command()(export)
app.command()(doctor)
app.add_typer(audit, name="audit")
app.add_typer(site, name="site")
app.add_typer(camera, name="camera")
app.add_typer(models, name="models")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"flaneur {version('flaneur')}")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Flaneur measures places, never people."""


def main() -> None:
    """Entry point. Exit codes: 0 done, 1 bad input, 2 wrong usage, 130 stopped early with results kept."""
    without_core_dump()
    try:
        with forgetting():
            app()
    except UserError as error:
        say_error(error)
        sys.exit(1)
    except BrokenPipeError:  # the reader of our output went away, e.g. `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
