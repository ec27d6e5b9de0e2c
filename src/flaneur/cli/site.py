"""`flaneur site`: write, check and convert site files."""

import json
from pathlib import Path
from typing import Annotated

import typer

from flaneur.config.site import CameraTable
from flaneur.data.errors import UserError

OPTIONAL = ("publish", "keep", "audit", "serve", "mqtt", "webhook", "papers")
"""Tables of a site file that switch something on."""

app = typer.Typer(help="Write, check and convert site files.", no_args_is_help=True)

SiteOut = Annotated[Path, typer.Option("--site", help="The site file to write.")]


@app.command()
def check(file: Annotated[Path, typer.Argument(help="A site file.")]) -> None:
    """Say whether a site file and the files that it names can be used, and what it describes."""
    from flaneur.run.site_check import check_site  # takes a second to load

    site = check_site(file)
    typer.echo(f"{file}: good")
    for camera in site.camera:
        listed = {
            "line": len(camera.line),
            "zone": len(camera.zone),
            "flow": len(camera.flow),
            "queue": len(camera.queue),
            "signal": len(camera.signal),
            "mask": len(camera.masks),
        }
        numbers = [_number(count, noun) for noun, count in listed.items()]
        typer.echo(f"  camera {json.dumps(camera.name, ensure_ascii=False)}: {', '.join(numbers)}; {_metres(camera)}")
    present = [f"[{name}]" for name in OPTIONAL if getattr(site, name)]
    typer.echo(f"  switched on: {', '.join(present) or 'nothing'}")


@app.command()
def init(
    video: Annotated[Path, typer.Argument(help="A video from the camera.")],
    site: SiteOut = Path("site.toml"),
) -> None:
    """Write a commented site file to start from, and a redacted picture with a grid to read coordinates from."""
    from flaneur.run.site_files import start_site  # takes a second to load

    picture = site.with_suffix(".png")
    _must_be_new(site, picture)
    start_site(video, site, picture)
    typer.echo(f"{site}: edit this; every line in it is explained")
    typer.echo(f"{picture}: read coordinates from the grid on this picture")


@app.command("import")
def import_(
    sections: Annotated[Path, typer.Argument(help="An .otflow file of OTVision or OTAnalytics.")],
    video: Annotated[Path, typer.Option(help="The video that its pixel coordinates belong to.")],
    site: SiteOut = Path("site.toml"),
) -> None:
    """Make a site file from the sections and flows of an .otflow file."""
    from flaneur.run.site_files import import_otflow  # takes a second to load

    _must_be_new(site)
    for note in import_otflow(sections, video, site):
        typer.echo(f"note: {note}", err=True)
    typer.echo(f"{site}: written; look at it, then: flaneur run {video} --site {site}")


def _metres(camera: CameraTable) -> str:
    if camera.ground or camera.in_metres:
        return "in metres"
    useless = ["queues"] * bool(camera.queue) + ["crowds"] * any(zone.crowd for zone in camera.zone)
    lost = f": its {' and '.join(useless)} will have no figures" if useless else ""
    return f"no [camera.ground], so nothing in metres{lost}"


def _must_be_new(*paths: Path) -> None:
    for path in paths:
        if path.exists():
            raise UserError(f"{path}: exists already; name another file with --site, or remove it first")


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
