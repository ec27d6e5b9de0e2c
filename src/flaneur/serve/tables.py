"""Figures as one table, for spreadsheets (CSV) and for analysis (Parquet).

| column | meaning |
|---|---|
| site, camera | names |
| measure | crossings, passages, flow, occupancy, occupancy_peak, or a statistic: speed_mean, speed_v85, … |
| place | line, zone, flow, edge of the picture, or the whole picture |
| kind, direction | kind of road user, pair of kinds, or all; direction, level or class, empty where there is none |
| start, end | the interval: UTC where the date of the video is known, else the time since its first frame |
| start_s, end_s | the same in seconds, since 1970 or since the first frame |
| value, unit | the figure; empty when nothing was observed or too few were there to tell, which is not 0 |
| coverage | share of the interval that was really observed, 0..1 |
| frames_seen, frames_dropped | frames of the interval that were decoded, and that could not be used |
| low, high | the 95 % band around the value; empty where none is known |
| sample_size | road users or moments that a statistic rests on; empty for counts and occupancy |
"""

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import polars as pl

from flaneur.data.released import Measurement
from flaneur.data.time import SECOND_NS
from flaneur.serve.atomic import written_whole

COLUMNS: dict[str, type[pl.DataType]] = {
    "site": pl.String,
    "camera": pl.String,
    "measure": pl.String,
    "place": pl.String,
    "kind": pl.String,
    "direction": pl.String,
    "start_ns": pl.Int64,
    "end_ns": pl.Int64,
    "value": pl.Float64,
    "unit": pl.String,
    "coverage": pl.Float64,
    "frames_seen": pl.Int64,
    "frames_dropped": pl.Int64,
    "low": pl.Float64,
    "high": pl.Float64,
    "sample_size": pl.Int64,
}
"""Fields of `Measurement`, all of them."""

_ORDER = ("start_ns", "site", "camera", "measure", "place", "direction", "kind")

_DIGITS = 9
"""Significant ones in a CSV file; more would be the noise of binary fractions."""

_FORMULA = r"^(\s*[=+\-@＝＋－＠])"
"""How a cell begins that a spreadsheet would run."""


def raw_table(measurements: Iterable[Measurement]) -> pl.DataFrame:
    """The fields of `measurements` as they are, one row each, in the order of time."""
    rows = list(measurements)
    columns = {name: [getattr(row, name) for row in rows] for name in COLUMNS}
    return pl.DataFrame(columns, schema=COLUMNS).sort(_ORDER)


def figures_table(measurements: Iterable[Measurement], *, dated: bool) -> pl.DataFrame:
    """The figures with the columns above; `start` and `end` are Datetime in UTC when `dated`, else Duration."""

    def moment(name: str) -> pl.Expr:
        time_us = pl.col(f"{name}_ns") // 1000
        return time_us.cast(pl.Datetime("us", "UTC") if dated else pl.Duration("us")).alias(name)

    def seconds(name: str) -> pl.Expr:
        return (pl.col(f"{name}_ns") // SECOND_NS).alias(f"{name}_s")

    return raw_table(measurements).select(
        *("site", "camera", "measure", "place", "kind", "direction"),
        *(moment("start"), moment("end"), seconds("start"), seconds("end")),
        *("value", "unit", "coverage", "frames_seen", "frames_dropped", "low", "high", "sample_size"),
    )


def write_tables(csv: Path, parquet: Path, measurements: Iterable[Measurement], *, dated: bool) -> None:
    """Write `figures_table` in both ways; WriteError when the disk refuses."""
    table = figures_table(measurements, dated=dated)
    write_csv(csv, table)
    write_parquet(parquet, table)


def write_csv(path: Path, table: pl.DataFrame) -> None:
    """Write `figures_table` as UTF-8 text with a header line; WriteError when the disk refuses.

    Moments are written `2026-06-01T07:00:00Z` or `0:01:00`. A name that a spreadsheet would take for a formula gets an
    apostrophe in front.
    """
    text = pl.col(pl.String).str.replace(_FORMULA, "'$1")
    numbers = pl.col(pl.Float64).round_sig_figs(_DIGITS)
    moments = [_moment_text(name, table.schema[name]) for name in ("start", "end")]
    with written_whole(path) as file:
        table.with_columns(text, numbers, *moments).write_csv(file)


def write_parquet(path: Path, table: pl.DataFrame) -> None:
    """Write `figures_table` with its types; WriteError when the disk refuses."""
    packed = BytesIO()  # polars hides a full disk behind an error of its own; the columns pack to little
    table.write_parquet(packed)
    with written_whole(path) as file:
        file.write(packed.getbuffer())


def _moment_text(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        return column.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    two = [(column.dt.total_minutes() % 60), (column.dt.total_seconds() % 60)]
    padded = [part.cast(pl.String).str.zfill(2) for part in two]
    return pl.format("{}:{}:{}", column.dt.total_hours(), *padded).alias(name)
