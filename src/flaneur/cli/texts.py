"""What the terminal says, in English and German."""

import os
from typing import Annotated

import typer

from flaneur.data.language import Language

Said = Annotated[Language | None, typer.Option("--language", help="Language of what is said.")]
"""The option of commands that say something in one of the languages; None for that of the locale."""


def default_language() -> Language:
    """German where the environment's locale is German, else English."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable)
        if value:
            return "de" if value.lower().startswith("de") else "en"
    return "en"


def clock(seconds: float) -> str:
    """`1:02:03` or `2:03`."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "measuring": "Measuring {video}",
        "counts": "so far: {counts}",
        "nothing_yet": "nobody counted yet",
        "results": "Results in {folder}",
        "open": "Open {report} in a browser.",
        "redacted": "{out}: {pictures} pictures, {flat} of them hidden whole because of doubt. No detector finds "
        "everybody: look at the video before you hand it out.",
        "interrupted": "Stopped early; what was measured is kept and the coverage says so.",
        "no_ground": "No speeds, queues, densities or near misses: they need a ground. `flaneur ground VIDEO` shows "
        "how to get one.",
        "coverage": "{observed} of {length} observed ({share}), {frames} frames, {dropped} dropped; "
        "took {wall}, {speed}× real time",
        "coverage_moments": "{observed} of {length} observed ({share}), {frames} moments, {dropped} lost; "
        "took {wall}, {speed}× real time",
        "counted": "Counted",
        "line": "Lines",
        "zone": "Zones",
        "edge": "Edges of the picture",
        "flow": "Flows",
        "occupancy": "Present on average (most at once)",
        "all": "all",
        "note": "Note: {note}",
        "unknown": "—",
    },
    "de": {
        "measuring": "Messe {video}",
        "counts": "bisher: {counts}",
        "nothing_yet": "noch niemand gezählt",
        "results": "Ergebnisse in {folder}",
        "open": "{report} im Browser öffnen.",
        "redacted": "{out}: {pictures} Bilder, davon {flat} im Zweifel ganz verdeckt. Kein Detektor findet jeden: "
        "das Video vor der Weitergabe ansehen.",
        "interrupted": "Vorzeitig beendet; das Gemessene ist gesichert, die Abdeckung sagt es.",
        "no_ground": "Keine Geschwindigkeiten, Rückstaus, Dichten und Beinaheunfälle: Sie brauchen einen Boden. "
        "`flaneur ground VIDEO` zeigt den Weg dorthin.",
        "coverage": "{observed} von {length} beobachtet ({share}), {frames} Bilder, {dropped} ausgefallen; "
        "in {wall}, {speed}× Echtzeit",
        "coverage_moments": "{observed} von {length} beobachtet ({share}), {frames} Augenblicke, {dropped} verloren; "
        "in {wall}, {speed}× Echtzeit",
        "counted": "Gezählt",
        "line": "Linien",
        "zone": "Zonen",
        "edge": "Ränder des Bildes",
        "flow": "Ströme",
        "occupancy": "Im Mittel anwesend (höchstens zugleich)",
        "all": "alle",
        "note": "Hinweis: {note}",
        "unknown": "—",
    },
}
