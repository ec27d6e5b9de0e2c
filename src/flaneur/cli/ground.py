"""`flaneur ground`: from picture to metres, step by step."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from flaneur.cli.ground_texts import TEXTS
from flaneur.cli.texts import Said, default_language
from flaneur.run.job import load_job
from flaneur.serve.formats import Words

if TYPE_CHECKING:
    from flaneur.run.ground_files import GroundLook

POINTS = """\
[camera.ground]
picture = [[0.21, 0.80], [0.77, 0.79], [0.62, 0.42], [0.33, 0.42], [0.50, 0.60], [0.40, 0.50]]
metres = [[0.0, 0.0], [8.0, 0.0], [8.0, 15.0], [0.0, 15.0], [4.1, 6.0], [2.3, 10.2]]"""
SIZES = """\
[camera.ground]
from_sizes = true"""


def ground(
    video: Annotated[Path, typer.Argument(help="A video from the camera.")],
    site: Annotated[Path | None, typer.Option(help="Site file; its [camera.ground] is checked.")] = None,
    camera: Annotated[str | None, typer.Option(help="Which camera of the site file this video comes from.")] = None,
    picture: Annotated[Path, typer.Option(help="The picture to write.")] = Path("ground.png"),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier picture.")] = False,
    language: Said = None,
) -> None:
    """Show how the picture lies on the ground, what is doubtful about it, and what to do next.

    Writes the 1 m grid on a picture without people.
    """
    language = language or default_language()
    text = TEXTS[language]
    if picture.exists() and not overwrite:
        raise typer.BadParameter(f"{picture} exists already; name another with --picture or replace it: --overwrite")
    job = load_job(video, site, camera)
    from flaneur.run.ground_files import look_at_ground  # takes a second to load, which --help need not wait for

    look = look_at_ground(job, picture)
    console = Console()

    def say(key: str, style: str = "", **values: object) -> None:
        console.print(text[key].format(**values), style=style, markup=False, highlight=False, soft_wrap=True)

    say("picture", picture=picture)
    if look.facts is None:
        say("not_found", "yellow", trouble=look.trouble)
    else:
        _facts(console, look, text, Words(language))
    if look.facts is not None and look.trouble:
        say("trouble", "red", trouble=look.trouble)
    if not look.stated or (look.facts and look.facts.rough):
        say("measure")
        console.print(POINTS, markup=False, highlight=False, soft_wrap=True)
        say("measure_how")
    if not look.stated and look.facts is not None:
        say("or_rough")
        console.print(SIZES, markup=False, highlight=False, soft_wrap=True)
    if look.stated and not look.trouble:
        say("next", video=video, site=site)


def _facts(console: Console, look: "GroundLook", text: dict[str, str], words: Words) -> None:
    facts = look.facts
    assert facts is not None

    def say(key: str, style: str = "", **values: object) -> None:
        console.print(text[key].format(**values), style=style, markup=False, highlight=False, soft_wrap=True)

    say(facts.source)
    if facts.rough:
        say("rough", "yellow")
    say("camera", height=words.number(facts.camera_height_m, 1), tilt=words.number(facts.tilt_deg))
    if facts.horizon is not None and facts.horizon > 0.0:
        say("horizon", share=words.share(facts.horizon))
    say("scale", share=words.number(196 * facts.scale_sigma, 1))
    if look.residuals:
        table = Table(text["point"], text["off_m"], text["off_px"], "")
        for number, (off_m, off_px, used) in enumerate(look.residuals, start=1):
            table.add_row(
                str(number), words.number(off_m, 2), words.number(off_px, 1), "" if used else text["left_out"]
            )
        console.print(table)
        if not facts.checked:
            say("unchecked", "yellow")
    for number, off_m, off_px in facts.disagreeing:
        say("disagrees", "red", number=number, metres=words.number(off_m, 2), pixels=words.number(off_px))
