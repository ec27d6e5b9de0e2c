"""`flaneur doctor`: whether this machine and this site are fit to watch, and what to do where they are not."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


def doctor(
    site: Annotated[Path | None, typer.Argument(help="Site file; without one, only the machine is checked.")] = None,
    cameras: Annotated[bool, typer.Option(help="Connect to the cameras.")] = True,
) -> None:
    """Check machine, codecs, model, clock, and of a site its store, permissions and cameras.

    One line each; exit code 1 when one of them says fail.
    """
    from flaneur.run.doctor import examine  # takes a second to load

    console = Console(highlight=False)
    worst = 0
    for finding in examine(site, cameras=cameras):
        console.print(f"{finding.verdict:4}", style=COLOURS[finding.verdict], end="  ")
        console.print(f"{finding.what}: {finding.text}", markup=False, soft_wrap=True)
        if finding.remedy:
            console.print(f"      {finding.remedy}", markup=False, soft_wrap=True)
        worst |= finding.verdict == "fail"
    if worst:
        raise typer.Exit(1)
