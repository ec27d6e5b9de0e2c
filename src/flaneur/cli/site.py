"""`flaneur site`: write, check and convert site files."""

import json
from pathlib import Path
from typing import Annotated

import typer

from flaneur.cli.site_texts import TEXTS
from flaneur.cli.texts import Said, default_language
from flaneur.config.site import CameraTable
from flaneur.data.errors import UserError
from flaneur.data.language import Language
from flaneur.serve.formats import Words

OPTIONAL = ("publish", "keep", "audit", "serve", "mqtt", "webhook", "papers")
"""Tables of a site file that switch something on."""

app = typer.Typer(help="Write, check and convert site files.", no_args_is_help=True)

SiteOut = Annotated[Path, typer.Option("--site", help="The site file to write.")]


@app.command()
def check(file: Annotated[Path, typer.Argument(help="A site file.")], language: Said = None) -> None:
    """Say whether a site file and the files that it names can be used, and what it describes."""
    from flaneur.run.site_check import check_site  # takes a second to load

    language = language or default_language()
    text = TEXTS[language]
    site = check_site(file)
    typer.echo(text["good"].format(file=file))
    for camera in site.camera:
        counts = {
            "line": len(camera.line),
            "zone": len(camera.zone),
            "flow": len(camera.flow),
            "queue": len(camera.queue),
            "signal": len(camera.signal),
            "mask": len(camera.masks),
        }
        places = [f"{count} {text[noun if count == 1 else f'{noun}s']}" for noun, count in counts.items()]
        name, metres = json.dumps(camera.name, ensure_ascii=False), _metres(camera, language)
        typer.echo(text["camera"].format(name=name, places=", ".join(places), metres=metres))
    present = [f"[{name}]" for name in OPTIONAL if getattr(site, name)]
    typer.echo(text["switched_on"].format(tables=", ".join(present) or text["nothing"]))


@app.command()
def init(
    video: Annotated[Path, typer.Argument(help="A video from the camera.")],
    site: SiteOut = Path("site.toml"),
    language: Said = None,
) -> None:
    """Write a commented site file to start from, and a redacted picture with a grid to read coordinates from."""
    from flaneur.run.site_files import start_site  # takes a second to load

    picture = site.with_suffix(".png")
    _must_be_new(site, picture)
    language = language or default_language()
    start_site(video, site, picture, language)
    text = TEXTS[language]
    typer.echo(text["edit"].format(site=site))
    typer.echo(text["grid"].format(picture=picture))


@app.command("import")
def import_(
    sections: Annotated[Path, typer.Argument(help="An .otflow file of OTVision or OTAnalytics.")],
    video: Annotated[Path, typer.Option(help="The video that its pixel coordinates belong to.")],
    site: SiteOut = Path("site.toml"),
    language: Said = None,
) -> None:
    """Make a site file from the sections and flows of an .otflow file."""
    from flaneur.run.site_files import import_otflow  # takes a second to load

    _must_be_new(site)
    text = TEXTS[language or default_language()]
    for note in import_otflow(sections, video, site):
        typer.echo(text["note"].format(note=text[f"note_{note.key}"].format(**note.values)), err=True)
    typer.echo(text["imported"].format(site=site, video=video))


def _metres(camera: CameraTable, language: Language) -> str:
    text = TEXTS[language]
    if camera.ground or camera.in_metres:
        return text["in_metres"]
    useless = ["queues"] * bool(camera.queue) + ["crowds"] * any(zone.crowd for zone in camera.zone)
    places = Words(language).listed([text[key] for key in useless])
    return text["useless" if useless else "no_ground"].format(places=places)


def _must_be_new(*paths: Path) -> None:
    for path in paths:
        if path.exists():
            raise UserError(f"{path}: exists already; name another file with --site, or remove it first")
