"""What `flaneur report` says, in English and German."""

from flaneur.data.language import Language

TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "told": "Camera {camera}, {days}: {figures} figures, {observed} of {length} observed ({share})",
        "to": "{first} to {last}",
    },
    "de": {
        "told": "Kamera {camera}, {days}: {figures} Zahlen, {observed} von {length} beobachtet ({share})",
        "to": "{first} bis {last}",
    },
}
