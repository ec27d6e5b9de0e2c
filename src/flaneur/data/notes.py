"""Notes of a run: what the reader of its figures must know, as data that can be said in any language."""

from dataclasses import dataclass
from typing import Literal

NoteKey = Literal[
    "undecodable",
    "concealed",
    "suspect",
    "late",
    "guessed",
    "resized",
    "interlaced",
    "jumps",
    "unreadable",
    "ended_early",
    "several_videos",
    "oblong_pixels",
    "hidden_pictures",
    "dark",
    "overexposed",
    "covered",
    "blurred",
    "moved",
    "frozen",
    "implausible",
    "out_of_reach",
]
"""What a note is about; `flaneur.serve` has a text for each."""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that the reader must know. Counts are int; what was measured, seconds or a ratio, is float."""

    key: NoteKey
    numbers: tuple[float, ...]
    """Fill the gaps of the text, in this order."""
