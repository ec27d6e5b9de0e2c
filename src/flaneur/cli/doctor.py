"""`flaneur doctor`: whether this machine and this site are fit to watch, and what to do where they are not."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from flaneur.cli.doctor_texts import LABELS, REMEDIES, TEXTS
from flaneur.cli.texts import Said, default_language
from flaneur.data.language import Language
from flaneur.serve.formats import MISSING, Words

if TYPE_CHECKING:
    from flaneur.run.doctor import Finding

COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


def doctor(
    site: Annotated[Path | None, typer.Argument(help="Site file; without one, only the machine is checked.")] = None,
    cameras: Annotated[bool, typer.Option(help="Connect to the cameras.")] = True,
    language: Said = None,
) -> None:
    """Check machine, codecs, model, clock, and of a site its store, permissions and cameras.

    One line each; exit code 1 when one of them says fail.
    """
    from flaneur.run.doctor import examine  # takes a second to load

    language = language or default_language()
    labels = LABELS[language]
    width = max(len(labels[verdict]) for verdict in COLOURS)
    console = Console(highlight=False)
    worst = 0
    for finding in examine(site, cameras=cameras):
        text, remedy = described(finding, language)
        console.print(f"{labels[finding.verdict]:{width}}", style=COLOURS[finding.verdict], end="  ")
        console.print(text, markup=False, soft_wrap=True)
        if remedy:
            console.print(f"{'':{width}}  {remedy}", markup=False, soft_wrap=True)
        worst |= finding.verdict == "fail"
    if worst:
        raise typer.Exit(1)


def described(finding: "Finding", language: Language) -> tuple[str, str]:
    """What was found, and what to do; nothing of the latter where all is well."""
    words = Words(language)
    values = {name: _shown(value, words) for name, value in finding.values.items()}
    text = f"{LABELS[language][finding.what]}: {TEXTS[language][finding.key]}"
    return text.format(**values), REMEDIES[language].get(finding.key, "").format(**values)


def _shown(value: object, words: Words) -> str:
    if value is None:
        return MISSING
    if isinstance(value, float):
        return words.plain(value)
    return ", ".join(map(words.kind, value)) if isinstance(value, tuple) else str(value)
