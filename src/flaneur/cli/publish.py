"""`flaneur publish`: from a video to figures for everybody."""

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from flaneur.cli.progress import Display, SilentDisplay, open_display
from flaneur.cli.publish_texts import TEXTS
from flaneur.cli.run import INTERRUPTED, stop_on_signals
from flaneur.cli.texts import Said, default_language
from flaneur.config.load import ConfigError, load_site
from flaneur.config.publish import DAY_S, PublishTable
from flaneur.data.kinds import ALL_LABEL
from flaneur.data.language import Language
from flaneur.data.released import PublicFigure
from flaneur.data.time import to_s
from flaneur.run.job import load_job
from flaneur.serve.formats import Words

if TYPE_CHECKING:
    from flaneur.run.publishing import Published

MISSING = "there is no [publish] in it: nothing may be published until it states rho_s, appearances, epsilon_per_day"

NOISE_95 = 3.0
"""95 % of Laplace noise is below so many of its scales: ln 20."""
MOSTLY = 0.9
"""Where less of a window was observed, its figures would be larger for more of it."""


def publish(
    video: Annotated[Path, typer.Argument(help="A video from the camera; its `start` must be in the site file.")],
    site: Annotated[Path, typer.Option(help="Site file with a table `publish`.")],
    out: Annotated[Path, typer.Option(help="Folder for public.csv, public.json and dataset.jsonld.")],
    camera: Annotated[str | None, typer.Option(help="Which camera of the site file this video comes from.")] = None,
    ledger: Annotated[Path | None, typer.Option(help="The ledger; beside the site file by default.")] = None,
    language: Said = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Publish differentially private figures of a video; what they cost is charged to the ledger first.

    Ctrl-C stops early, spends nothing and gives nothing (exit code 130).
    """
    language = language or default_language()
    text = TEXTS[language]
    table = load_publish(site)
    job = load_job(video, site, camera)
    from flaneur.run.audit import audited  # takes a second to load, as does what follows
    from flaneur.run.publishing import ledger_path, publish_video
    from flaneur.serve.open_data import CSV, DCAT, JSON

    book = ledger or ledger_path(site)
    errors = Console(stderr=True)
    if not quiet:
        errors.print(text["measuring"].format(video=video), markup=False, highlight=False, soft_wrap=True)

    def display(frames_estimate: int | None) -> Display:
        return SilentDisplay() if quiet else open_display(errors, frames_estimate, lambda _: "")

    with stop_on_signals() as stop, audited("publish", job, site) as trail:
        published = publish_video(job, table, book, out, stop=stop, display=display)
        trail.complete = published is not None
        if published is not None:
            trail.published(published.figures, published.ledger)
            trail.exported(out, (CSV, JSON, DCAT))
    if published is None:
        errors.print(text["stopped"], markup=False, highlight=False)
        raise typer.Exit(INTERRUPTED)
    if not quiet:
        _say(published, table, out, book, language)


def load_publish(site: Path) -> PublishTable:
    """The `[publish]` table of a site file; ConfigError when it has none."""
    table = load_site(site).publish
    if table is None:
        raise ConfigError(f"{site}: {MISSING}")
    return table


def _say(published: "Published", table: PublishTable, out: Path, ledger: Path, language: Language) -> None:
    console, text, words = Console(), TEXTS[language], Words(language)

    def say(key: str, **values: object) -> None:
        console.print(text[key].format(**values), markup=False, highlight=False, soft_wrap=True)

    for line in listed(published.figures, language):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print()
    say("written", folder=out, number=len(published.figures), ledger=ledger, entry=published.ledger.number)
    say("guarantee", epsilon=words.plain(table.epsilon_per_day), rho=table.rho_s, times=table.appearances)
    say("rows" if table.events_per_track is None else "tracks")
    # A band says less than the noise: it ends where figures do.
    drowned = [NOISE_95 * figure.noise_scale > figure.value for figure in published.figures]
    if 2 * sum(drowned) > len(drowned):
        say("wide")
        if helps := list(_what_helps(published.figures, table)):
            say("helps", what=", ".join(text[f"helps_{one}"] for one in helps))


def listed(figures: Sequence[PublicFigure], language: Language) -> Iterator[str]:
    """A line for each figure and window, below what it is about, with how much of the window was observed."""
    text, words = TEXTS[language], Words(language)
    blocks: dict[str, list[tuple[str, ...]]] = {}
    for figure in figures:
        direction = text["all"] if figure.direction == ALL_LABEL else words.direction(figure.direction)
        kind = "" if figure.kind == ALL_LABEL else words.kind(figure.kind)
        about = words.listed_label(text[figure.measure], figure.place, kind, direction)
        digits = 2 if figure.measure == "occupancy" else 0
        value, low, high = (words.number(number, digits) for number in (figure.value, figure.low, figure.high))
        observed_s = figure.coverage * to_s(figure.end_ns - figure.start_ns)
        observed = f"{words.duration(observed_s)} ({words.share(figure.coverage)})"
        window = f"{_clock(figure.start_ns)}–{_clock(figure.end_ns)[-5:]}"
        blocks.setdefault(about, []).append((window, observed, value, f"{low} – {high}"))
    head = tuple(text[key] for key in ("window", "observed", "value", "band"))
    widths = [max(map(len, column)) for column in zip(head, *chain(*blocks.values()), strict=True)]

    def line(cells: Sequence[str]) -> str:
        return "  ".join(["", cells[0].ljust(widths[0]), *map(str.rjust, cells[1:], widths[1:])])

    yield line(head)
    for about, rows in blocks.items():
        yield about
        yield from map(line, rows)


def _what_helps(figures: Sequence[PublicFigure], table: PublishTable) -> Iterator[str]:
    """Only what is not done already."""
    if any(figure.coverage < MOSTLY for figure in figures):
        yield "coverage"
    if len({figure.start_ns for figure in figures}) > 1 and table.window_s < DAY_S:
        yield "windows"
    if len(table.figure) > 1:
        yield "figures"
    if table.events_per_track != 1:
        yield "tracks"


def _clock(time_ns: int) -> str:
    from flaneur.serve.open_data import utc_text

    return utc_text(time_ns).replace("T", " ").removesuffix(":00Z")
