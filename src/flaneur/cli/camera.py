"""`flaneur camera`: find cameras and try them out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flaneur.data.errors import UserError

if TYPE_CHECKING:
    from flaneur.run.live.camera_check import CameraCheck

app = typer.Typer(help="Find cameras and try them out.", no_args_is_help=True)


@app.command()
def find(
    address: Annotated[
        str | None, typer.Argument(help="An ONVIF camera, as 192.168.1.64 or 192.168.1.64:8080; without it, all.")
    ] = None,
    name: Annotated[str, typer.Option(help="What the camera at ADDRESS is to be called.")] = "camera",
    secrets: Annotated[Path | None, typer.Option(help="A file of credentials, with a table of that name.")] = None,
    wait: Annotated[float, typer.Option(min=0.5, max=60, help="Seconds to wait for answers, without ADDRESS.")] = 3.0,
) -> None:
    """Ask the local network for ONVIF cameras and print sections for a site file.

    Of a camera's streams the smallest that is large enough for the detector is taken; the others stand beside it as
    comments. User and password are sent to ADDRESS only: from FLANEUR_<NAME>_USER and FLANEUR_<NAME>_PASSWORD, or from
    the file.
    """
    from flaneur.run.live.camera_find import find_all, find_one  # takes a second to load
    from flaneur.source.secrets import Secrets

    if address is not None:
        typer.echo(find_one(address, name, Secrets(secrets).of(name)))
        return
    for section in find_all(wait):
        typer.echo(section)


@app.command("test")
def try_out(
    site: Annotated[Path, typer.Argument(help="Site file.")],
    camera: Annotated[str | None, typer.Option(help="Only this camera.")] = None,
    seconds: Annotated[float, typer.Option(min=2, max=600, help="How long to watch each.")] = 5.0,
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")] = Path(),
) -> None:
    """Open the cameras of a site, say what comes, and write a redacted picture of each.

    On the picture road users are hidden and a grid helps to read positions for the site file. It is grey all over when
    it is not certain that everybody is hidden. Exit code 1 when a camera cannot be used.
    """
    from flaneur.detect.detector import DetectParams, open_detector  # loads the detector's libraries
    from flaneur.run.live.camera_check import check_camera
    from flaneur.run.live.setup import read_setup
    from flaneur.source.live_opening import LostError
    from flaneur.source.secrets import variable_stem

    setup = read_setup(site)
    chosen = [each for each in setup.cameras if camera in (None, each.name)]
    if not chosen:
        names = ", ".join(repr(each.name) for each in setup.cameras)
        raise UserError(f"there is no camera {camera!r} in {site}; it has {names}")
    table = setup.site.detector
    detector = open_detector(DetectParams(table.model, table.layout, table.kinds, table.licence))
    lost = 0
    for each in chosen:
        try:
            check = check_camera(each, detector, seconds)
        except LostError as error:
            lost += 1
            typer.echo(f"{each.name}: {error} ({error.reason})")
            continue
        typer.echo(f"{each.name}: {_about(check, is_played=each.address.is_played)}")
        _write_picture(check, out / f"camera-{variable_stem(each.name).lower() or 'unnamed'}.png")
    if lost:
        raise typer.Exit(1)


def _about(check: "CameraCheck", *, is_played: bool) -> str:
    info, sender = check.info, check.sender
    rate = "too few pictures to tell a rate" if check.rate_per_s is None else f"{check.rate_per_s:.1f} pictures/s"
    parts = [
        f"{info.codec} {info.width_px}×{info.height_px}",
        rate,
        f"first picture after {check.opened_s:.1f} s",
        f"{check.dropped} pictures lost or damaged",
    ]
    if is_played:
        parts.append("played at its own pace")
    elif sender.ahead_s is None:
        parts.append("the camera does not tell its time: pictures are dated by their arrival")
    elif sender.used:
        parts.append(f"delay {max(-sender.ahead_s, 0):.2f} s by the camera's clock")
    else:
        parts.append(f"the camera's clock is {sender.ahead_s:+.0f} s off and is not used; set it")
    return "; ".join(parts)


def _write_picture(check: "CameraCheck", path: Path) -> None:
    from flaneur.serve.atomic import written_whole
    from flaneur.serve.picture import png, with_grid

    if check.picture is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as file:
        file.write(png(with_grid(check.picture)))
    hidden = "; grey all over, because it is not certain that everybody is hidden" if check.picture.fully_hidden else ""
    typer.echo(f"  {path}{hidden}")
