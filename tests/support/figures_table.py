"""Looks up single figures in the table that the program writes."""

import polars as pl


def rows(figures: pl.DataFrame, measure: str, place: str | None = None, **columns: object) -> pl.DataFrame:
    """The rows of a measure, for all kinds together where it knows them, that also have these columns."""
    found = figures.filter(pl.col("measure") == measure)
    if "kind" not in columns and "all" in found["kind"].to_list():
        columns["kind"] = "all"
    if place is not None:
        columns["place"] = place
    for name, wanted in columns.items():
        found = found.filter(pl.col(name) == wanted)
    return found.sort("start_s")


def value(figures: pl.DataFrame, measure: str, place: str | None = None, **columns: object) -> float | None:
    """The only figure of that name."""
    found = rows(figures, measure, place, **columns)["value"].to_list()
    assert len(found) == 1, f"{measure} {place} {columns}: {found}"
    return found[0]


def total(figures: pl.DataFrame, measure: str, place: str | None = None, **columns: object) -> float:
    """The sum over intervals, and over all that the columns leave open."""
    return float(rows(figures, measure, place, **columns)["value"].sum())
