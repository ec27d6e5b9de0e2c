"""`flaneur run`: from a video to figures."""

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from flaneur.cli.progress import Display, SilentDisplay, open_display, running_counts
from flaneur.cli.texts import TEXTS, default_language
from flaneur.data.language import Language
from flaneur.run.job import load_job
from flaneur.run.results import REPORT

if TYPE_CHECKING:
    from flaneur.run.measure_file import Outcome

INTERRUPTED = 130
"""Exit code of a run that was stopped early and kept its results, as shells expect after Ctrl-C."""


def run(
    video: Annotated[Path, typer.Argument(help="Any video file that FFmpeg reads.")],
    site: Annotated[Path | None, typer.Option(help="Site file; without one the whole picture is measured.")] = None,
    camera: Annotated[str | None, typer.Option(help="Which camera of the site file this video comes from.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the results; results/NAME-OF-VIDEO by default.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the results of an earlier run.")] = False,
    video_out: Annotated[bool, typer.Option("--video/--no-video", help="Write redacted.mp4.")] = True,
    language: Annotated[Language | None, typer.Option(help="Language of the report and the terminal.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    json_out: Annotated[bool, typer.Option("--json", help="Print the summary as JSON on standard output.")] = False,
) -> None:
    """Measure a video: figures, a report and a redacted video.

    Ctrl-C stops early and keeps what was measured (exit code 130).
    """
    language = language or default_language()
    folder = out or Path("results") / video.stem
    job = load_job(video, site, camera)
    console = Console(stderr=True)
    silent = quiet or json_out
    if not silent:
        console.print(TEXTS[language]["measuring"].format(video=video), markup=False, highlight=False)

    def display(frames_estimate: int | None) -> Display:
        caption = partial(running_counts, language=language)
        return SilentDisplay() if silent else open_display(console, frames_estimate, caption)

    from flaneur.run.audit import audited  # takes a second to load, which --help need not wait for
    from flaneur.run.measure_file import measure_file

    with stop_on_signals() as stop, audited("run", job, site) as trail:
        outcome = measure_file(
            job, folder, overwrite=overwrite, with_video=video_out, language=language, stop=stop, display=display
        )
        trail.exported(folder)
        trail.complete = outcome.facts.complete
    end(outcome, folder, language, quiet=quiet, json_out=json_out)


def end(outcome: "Outcome", folder: Path, language: Language, *, quiet: bool, json_out: bool) -> None:
    """Print what a run found and where it is; the program's end when it was stopped early."""
    if json_out:
        from flaneur.cli.summary import as_json

        typer.echo(json.dumps(as_json(outcome, folder), ensure_ascii=False, indent=1))
    elif not quiet:
        _say(outcome, folder, language)
    if not outcome.facts.complete:
        raise typer.Exit(INTERRUPTED)


def _say(outcome: "Outcome", folder: Path, language: Language) -> None:
    from flaneur.cli.summary import show_summary

    console = Console()
    has_metres = outcome.ground is not None or not outcome.facts.width_px
    show_summary(console, outcome.facts, outcome.measurements, language, outcome.distributions, has_metres=has_metres)
    text = TEXTS[language]
    console.print(text["results"].format(folder=folder), markup=False, highlight=False, soft_wrap=True)
    console.print(text["open"].format(report=folder / REPORT), markup=False, highlight=False, soft_wrap=True)


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C or SIGTERM sets; the second one acts as it always does."""
    stop = threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        restore()

    for number in before:
        signal.signal(number, handle)
    try:
        yield stop
    finally:
        restore()
