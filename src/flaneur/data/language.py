"""Languages of the user interface."""

from typing import Literal

Language = Literal["en", "de"]
