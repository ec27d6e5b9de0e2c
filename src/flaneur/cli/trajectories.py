"""`flaneur trajectories`: from positions in metres to figures, without any video."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from flaneur.cli.progress import Display, SilentDisplay, open_display, running_counts
from flaneur.cli.run import end, stop_on_signals
from flaneur.cli.texts import TEXTS, default_language
from flaneur.data.kinds import Kind, kind_from_label
from flaneur.data.language import Language
from flaneur.run.job import load_job


def trajectories(
    file: Annotated[Path, typer.Argument(help="CSV, Parquet or PedPy text in metres, or an .ottrk of OTVision.")],
    site: Annotated[Path | None, typer.Option(help="Site file with lines and zones in metres.")] = None,
    camera: Annotated[str | None, typer.Option(help="Which camera of the site file this file stands for.")] = None,
    fps: Annotated[float | None, typer.Option(help="Frames a second, where the file has frame numbers.")] = None,
    kind: Annotated[str, typer.Option(help="Kind of all road users, where the file does not say.")] = "pedestrian",
    out: Annotated[Path | None, typer.Option(help="Folder for the results; results/NAME-OF-FILE by default.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the results of an earlier run.")] = False,
    language: Annotated[Language | None, typer.Option(help="Language of the report and the terminal.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    json_out: Annotated[bool, typer.Option("--json", help="Print the summary as JSON on standard output.")] = False,
) -> None:
    """Measure trajectories that another program has made: the same figures in metres, and a report."""
    language = language or default_language()
    folder = out or Path("results") / file.name.split(".")[0]
    job = load_job(file, site, camera)
    console = Console(stderr=True)
    silent = quiet or json_out
    if not silent:
        console.print(TEXTS[language]["measuring"].format(video=file), markup=False, highlight=False)

    def display(frames_estimate: int | None) -> Display:
        caption = partial(running_counts, language=language)
        return SilentDisplay() if silent else open_display(console, frames_estimate, caption)

    from flaneur.ground.trajectories_table import TrajectoryParams  # takes a second to load, as does what follows
    from flaneur.run.audit import audited
    from flaneur.run.measure_trajectories import measure_trajectories

    params = TrajectoryParams(fps=fps, kind=_kind(kind))
    with stop_on_signals() as stop, audited("trajectories", job, site) as trail:
        outcome = measure_trajectories(
            job, folder, params, overwrite=overwrite, language=language, stop=stop, display=display
        )
        trail.exported(folder)
        trail.complete = outcome.facts.complete
    end(outcome, folder, language, quiet=quiet, json_out=json_out)


def _kind(label: str) -> Kind:
    try:
        return kind_from_label(label)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
