"""`flaneur redact`: make footage that can be handed out."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from flaneur.cli.progress import Display, SilentDisplay, open_display
from flaneur.cli.run import stop_on_signals
from flaneur.cli.texts import TEXTS, default_language
from flaneur.data.language import Language
from flaneur.run.job import load_job


class Style(StrEnum):
    """How road users are hidden."""

    FILL = "fill"
    GHOST = "ghost"


def redact(
    video: Annotated[Path, typer.Argument(help="Any video file that FFmpeg reads.")],
    out: Annotated[Path, typer.Argument(help="The MP4 file to write.")],
    style: Annotated[
        Style,
        typer.Option(help="`fill`: flat colour over each; `ghost`: the street without anybody, and a figure for each."),
    ] = Style.FILL,
    site: Annotated[Path | None, typer.Option(help="Site file, for its masks and its detector.")] = None,
    camera: Annotated[str | None, typer.Option(help="Which camera of the site file this video comes from.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier file.")] = False,
    language: Annotated[Language | None, typer.Option(help="Language of the terminal.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Hide every road user of a video. Sound and all other data are left out."""
    text = TEXTS[language or default_language()]
    job = load_job(video, site, camera)
    console = Console(stderr=True)

    def display(frames_estimate: int | None) -> Display:
        return SilentDisplay() if quiet else open_display(console, frames_estimate, lambda _: "")

    from flaneur.run.audit import audited  # takes a second to load, which --help need not wait for
    from flaneur.run.redact_file import redact_file

    with stop_on_signals() as stop, audited("redact", job, site) as trail:
        pictures, flat = redact_file(job, out, style=style.value, overwrite=overwrite, stop=stop, display=display)
        trail.exported(out.parent, [out.name])
    if not quiet:
        said = text["redacted"].format(out=out, pictures=pictures, flat=flat)
        Console().print(said, markup=False, highlight=False, soft_wrap=True)
