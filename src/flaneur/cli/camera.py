"""`flaneur camera`: find cameras and try them out."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flaneur.cli.live_texts import TEXTS
from flaneur.cli.texts import Said, default_language
from flaneur.data.errors import UserError
from flaneur.data.language import Language
from flaneur.serve.formats import Words

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
    language: Said = None,
) -> None:
    """Open the cameras of a site, say what comes, and write a redacted picture of each.

    On the picture road users are hidden and a grid helps to read positions for the site file. It is grey all over when
    it is not certain that everybody is hidden. Exit code 1 when a camera cannot be used.
    """
    from flaneur.detect.detector import DetectParams, open_detector  # loads the detector's libraries
    from flaneur.run.live.camera_check import check_camera
    from flaneur.run.live.setup import read_setup
    from flaneur.source.live_opening import LostError

    language = language or default_language()
    setup = read_setup(site)
    chosen = [each for each in setup.cameras if camera in (None, each.name)]
    if not chosen:
        names = ", ".join(repr(each.name) for each in setup.cameras)
        raise UserError(f"there is no camera {camera!r} in {site}; it has {names}")
    table = setup.site.detector
    detector = open_detector(DetectParams(table.model, table.layout, table.kinds, table.licence))
    stems = file_stems([each.name for each in setup.cameras])
    lost = 0
    for each in chosen:
        try:
            check = check_camera(each, detector, seconds)
        except LostError as error:
            lost += 1
            typer.echo(f"{each.name}: {error} ({error.reason})")
            continue
        typer.echo(f"{each.name}: {_about(check, language, is_played=each.address.is_played)}")
        _write_picture(check, out / f"camera-{stems[each.name]}.png", language)
    if lost:
        raise typer.Exit(1)


def file_stems(cameras: Sequence[str]) -> dict[str, str]:
    """Camera -> what its files are called: its name in plain letters, its number in the site where that is not its own.

    >>> file_stems(["Süd 2", "北", "sud-2", "yard"])
    {'Süd 2': 'number-1', '北': 'number-2', 'sud-2': 'number-3', 'yard': 'yard'}
    """
    from flaneur.source.secrets import variable_stem

    stems = [variable_stem(camera).lower() for camera in cameras]
    own = (stem if stem and stems.count(stem) == 1 else f"number-{n}" for n, stem in enumerate(stems, start=1))
    return dict(zip(cameras, own, strict=True))


def _about(check: "CameraCheck", language: Language, *, is_played: bool) -> str:
    info, sender = check.info, check.sender
    text, words = TEXTS[language], Words(language)
    parts = [
        f"{info.codec} {info.width_px}×{info.height_px}",
        text["no_rate" if check.rate_per_s is None else "rate"].format(rate=words.number(check.rate_per_s, 1)),
        text["first"].format(seconds=words.number(check.opened_s, 1)),
        text["dropped"].format(dropped=check.dropped),
    ]
    if is_played:
        parts.append(text["played"])
    elif sender.ahead_s is None:
        parts.append(text["untimed"])
    elif sender.used:
        parts.append(text["delay"].format(seconds=words.number(max(-sender.ahead_s, 0), 2)))
    else:
        parts.append(text["wrong_clock"].format(seconds=f"{sender.ahead_s:+.0f}"))
    return "; ".join(parts)


def _write_picture(check: "CameraCheck", path: Path, language: Language) -> None:
    from flaneur.serve.atomic import written_whole
    from flaneur.serve.picture import png, with_grid

    if check.picture is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as file:
        file.write(png(with_grid(check.picture)))
    hidden = f"; {TEXTS[language]['hidden']}" if check.picture.fully_hidden else ""
    typer.echo(f"  {path}{hidden}")
