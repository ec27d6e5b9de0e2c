"""Public figures as files for an open-data portal: CSV, JSON, and a description of the data set.

| column | meaning |
|---|---|
| site, camera, measure, place, kind | names; crossings, passages or occupancy |
| direction | label of a direction, `all` for the sum of both, empty where there is none |
| start, end | the window, UTC |
| value, low, high, unit | the figure after noise, and its 95 % noise band |
| coverage | share of the window for which there were pictures |
| epsilon | what was spent on the figure, together with the other directions of the same place |
| noise_scale | scale of the discrete Laplace noise in each direction, in the unit of value |
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from flaneur.data.errors import UserError
from flaneur.data.released import PublicFigure
from flaneur.data.time import SECOND_NS
from flaneur.serve.atomic import written_whole
from flaneur.serve.dcat import DataSet, describe
from flaneur.serve.tables import write_csv

CSV, JSON, DCAT = "public.csv", "public.json", "dataset.jsonld"
FIGURE_BYTES = 2048
"""What a figure takes in all files together, well rounded up."""
NAMES = ("site", "camera", "measure", "place", "kind", "direction")
NUMBERS = ("coverage", "epsilon", "noise_scale")


@dataclass(frozen=True, slots=True)
class Guarantee:
    """What protects everybody in the figures, as it stands in the files."""

    rho_s: float
    appearances: int
    epsilon_per_day: float
    chunk_s: float
    max_rows: int | None
    """Of a chunk; None where events are limited by track."""
    events_per_track: int | None
    """None where rows are limited by chunk."""
    ledger_entry: int
    ledger_seal: str
    """State of the ledger after these figures were paid for."""

    @property
    def assumption(self) -> str:
        """What must be true of detector and tracker for the guarantee to hold."""
        if self.events_per_track is None:
            return "None about detector or tracker."
        return (
            "Whoever passes is one track in each chunk, and changes no other track. Where the tracker loses somebody "
            "and finds them again, or one person hides another, the figures tell more than stated."
        )


def check_folder(folder: Path, figures: int) -> None:
    """UserError when `folder` cannot take so many figures: nothing is spent on what could not be written."""
    for name in (CSV, JSON, DCAT):
        if (folder / name).exists():
            raise UserError(
                f"{folder / name}: exists already, and what is published is never replaced; take another --out"
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder}: cannot be written: {error.strerror}") from None
    room = folder / ".room"
    with written_whole(room) as file:
        file.write(bytes(FIGURE_BYTES * max(figures, 4)))
    room.unlink()


def write_open_data(folder: Path, figures: Sequence[PublicFigure], guarantee: Guarantee, data_set: DataSet) -> None:
    """Write the three files; WriteError when the disk refuses."""
    write_csv(folder / CSV, public_table(figures))
    about = {"guarantee": asdict(guarantee) | {"assumption": guarantee.assumption}}
    _write_json(folder / JSON, about | {"figures": [_row(figure) for figure in figures]})
    _write_json(folder / DCAT, describe(data_set, folder / CSV, folder / JSON))


def public_table(figures: Sequence[PublicFigure]) -> pl.DataFrame:
    """The figures with the columns above."""

    def moments(name: str) -> pl.Series:
        microseconds = pl.Series(name, [getattr(figure, f"{name}_ns") // 1000 for figure in figures], pl.Int64)
        return microseconds.cast(pl.Datetime("us", "UTC"))

    def column(name: str, dtype: type[pl.DataType]) -> pl.Series:
        return pl.Series(name, [getattr(figure, name) for figure in figures], dtype)

    return pl.DataFrame(
        [
            *(column(name, pl.String) for name in NAMES),
            *(moments(name) for name in ("start", "end")),
            *(column(name, pl.Float64) for name in ("value", "low", "high")),
            column("unit", pl.String),
            *(column(name, pl.Float64) for name in NUMBERS),
        ]
    )


def _row(figure: PublicFigure) -> dict[str, object]:
    row = {name: value for name, value in asdict(figure).items() if not name.endswith("_ns")}
    return row | {"start": utc_text(figure.start_ns), "end": utc_text(figure.end_ns)}


def utc_text(time_ns: int) -> str:
    """`2026-06-01T07:00:00Z`"""
    return f"{datetime.fromtimestamp(time_ns // SECOND_NS, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _write_json(path: Path, document: object) -> None:
    with written_whole(path) as file:
        file.write(json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False).encode() + b"\n")
