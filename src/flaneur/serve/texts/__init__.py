"""What the report says. Both languages have the same keys and the same gaps to fill."""

from flaneur.serve.texts.english import ENGLISH
from flaneur.serve.texts.german import GERMAN

TEXTS = {"en": ENGLISH, "de": GERMAN}
