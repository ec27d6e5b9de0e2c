"""`flaneur papers`: the papers that the law asks for, as drafts from the real configuration."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from flaneur.cli.texts import default_language
from flaneur.config.load import load_site
from flaneur.data.language import Language

TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "draft": "Drafts: have your counsel or data-protection officer check them, then state the day as `checked` "
        "under [papers]. This is neither legal advice nor a promise.",
        "checked": "Checked on {day}, as the site file says. Neither legal advice nor a promise.",
    },
    "de": {
        "draft": "Entwürfe: von der Rechtsberatung oder dem Datenschutzbeauftragten prüfen lassen, dann den Tag als "
        "`checked` unter [papers] angeben. Dies ist weder Rechtsberatung noch eine Zusage.",
        "checked": "Geprüft am {day}, wie die Standortdatei sagt. Weder Rechtsberatung noch eine Zusage.",
    },
}


def papers(
    site: Annotated[Path, typer.Argument(help="Site file with a table `papers`.")],
    out: Annotated[Path, typer.Option(help="Folder for the papers.")],
    language: Annotated[
        Language | None, typer.Option(help="Language of the papers; all that the site file has where left out.")
    ] = None,
    ghost: Annotated[
        list[str] | None,
        typer.Option(
            help="Ghost video or picture for the public page: CAMERA=FILE, or FILE where there is one camera."
        ),
    ] = None,
    figures: Annotated[
        list[Path] | None, typer.Option(help="Folder of `flaneur publish` with public figures; any number.")
    ] = None,
    ledger: Annotated[Path | None, typer.Option(help="The ledger; beside the site file by default.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace earlier papers.")] = False,
) -> None:
    """Write the sign at the camera, the record of processing, an impact assessment and a public page, as drafts."""
    configured = load_site(site)
    from flaneur.run.papers import Wanted, write_papers  # takes a second to load

    wanted = Wanted(
        languages=() if language is None else (language,),
        ghosts=dict(_ghost(one, [camera.name for camera in configured.camera]) for one in ghost or ()),
        published=tuple(figures or ()),
        ledger=ledger,
        overwrite=overwrite,
    )
    for path in write_papers(site, out, wanted, datetime.now(configured.site.zone).date()):
        typer.echo(path)
    text = TEXTS[language or default_language()]
    checked = configured.papers.checked if configured.papers else None
    typer.echo(text["draft"] if checked is None else text["checked"].format(day=checked))


def _ghost(text: str, cameras: list[str]) -> tuple[str, Path]:
    """Camera and file. A name may hold `=`, so the cameras' names decide."""
    for camera in cameras:
        if text.startswith(f"{camera}="):
            return camera, Path(text.removeprefix(f"{camera}="))
    if len(cameras) > 1:
        raise typer.BadParameter(f"say whose picture {text!r} is: {cameras[0]}={text}", param_hint="--ghost")
    return cameras[0], Path(text)
