"""Formats in which other platforms take figures."""

from typing import Literal

PlatformFormat = Literal["sensorthings", "datex2", "datex2-sites"]
"""OGC SensorThings, DATEX II measured data, and its table of measurement sites."""
