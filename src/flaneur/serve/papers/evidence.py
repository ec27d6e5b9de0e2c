"""Measured figures that the assessment rests on, from the table beside this module."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

_TABLE = Path(__file__).with_name("evidence.toml")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One measured figure, told in both languages."""

    about: Literal["pictures", "publication", "truth"]
    value: str
    """With its unit, decimals after a point."""
    en: str
    de: str
    command: str
    """Prints the figure."""
    page: str
    """Has it in the documentation …"""
    quote: str
    """… in these words."""


@cache
def evidence() -> tuple[Evidence, ...]:
    """All of them, in the order of the table."""
    return tuple(Evidence(**entry) for entry in tomllib.loads(_TABLE.read_text("utf-8"))["figure"])
