"""What the report says. Both languages have the same keys and the same gaps to fill."""

from flaneur.serve.texts.english import ENGLISH
from flaneur.serve.texts.english_measures import ENGLISH_MEASURES
from flaneur.serve.texts.english_period import ENGLISH_PERIOD
from flaneur.serve.texts.english_trajectories import ENGLISH_TRAJECTORIES
from flaneur.serve.texts.german import GERMAN
from flaneur.serve.texts.german_measures import GERMAN_MEASURES
from flaneur.serve.texts.german_period import GERMAN_PERIOD
from flaneur.serve.texts.german_trajectories import GERMAN_TRAJECTORIES

TEXTS = {"en": ENGLISH | ENGLISH_MEASURES, "de": GERMAN | GERMAN_MEASURES}
OF_TRAJECTORIES = {"en": ENGLISH_TRAJECTORIES, "de": GERMAN_TRAJECTORIES}
"""What is said otherwise, by the same keys, where there is no video."""
OF_PERIOD = {"en": ENGLISH_PERIOD, "de": GERMAN_PERIOD}
"""What is said otherwise where some days out of a store are told."""
