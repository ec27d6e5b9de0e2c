"""Tables of positions in metres: CSV, Parquet and PedPy's text, read whole but column by column."""

import difflib
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flaneur.data.errors import UserError
from flaneur.data.kinds import FOOTPRINT_M, Kind
from flaneur.data.private import Private
from flaneur.data.time import SECOND_NS
from flaneur.ground.motion import Array

COLUMNS = {
    "time_s": ("time", "t"),
    "time_ns": (),
    "frame": ("frame_id",),
    "id": ("track_id", "person_id", "ped_id", "vehicle_id"),
    "x_m": ("x",),
    "y_m": ("y",),
    "kind": ("type", "class"),
    "length_m": ("length",),
    "width_m": ("width",),
    "angle_deg": ("angle",),
    "heading_rad": (),
    "sigma_m": (),
}
"""Names of columns and what else they may be called. `angle_deg` is clockwise from north (y), as in SUMO and on a
compass; `heading_rad` counter-clockwise from x. Other columns are not read: speeds are always found from positions."""
NEEDED = ("id", "x_m", "y_m")
_KINDS = {
    Kind.PEDESTRIAN: "pedestrian person ped walker",
    Kind.TWO_WHEELER: "two-wheeler scooter scooter_driver",
    Kind.BICYCLE: "bicycle bicyclist cyclist bike cargo_bike_driver bicyclist_with_trailer",
    Kind.MOTORCYCLE: "motorcycle motorcyclist moped",
    Kind.CAR: "car passenger taxi private private_van car_with_trailer private_van_with_trailer",
    Kind.TRUCK: "truck lorry van trailer delivery delivery_van delivery_van_with_trailer truck_with_trailer "
    "truck_with_semitrailer",
    Kind.BUS: "bus coach",
    Kind.TRAIN: "train tram rail rail_urban",
}
KIND_NAMES = {name: kind for kind, names in _KINDS.items() for name in names.split()}
"""Names of kinds in files of Flaneur, SUMO (vehicle classes) and OTVision."""
_PEDPY_RATE = re.compile(r"framerate:?\s*([0-9]*\.?[0-9]+)", re.IGNORECASE)
_PEDPY_CENTIMETRES = re.compile(r"\bx/cm\b|\bin cm\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Table(Private):
    """Rows of a file in its own order, n of them; NaN where the file says nothing."""

    time_ns: NDArray[np.int64]
    track_id: NDArray[np.int64]
    """[n] 0, 1, … in no order that means anything."""
    xy_m: Array
    kind: NDArray[np.uint8]
    size_m: Array
    heading_rad: Array
    sigma_m: Array


@dataclass(frozen=True, slots=True)
class TrajectoryParams:
    """What a file may leave open."""

    fps: float | None = None
    """Frames a second, for files with frame numbers instead of times."""
    kind: Kind = Kind.PEDESTRIAN
    """Of all road users, where there is no column for it."""
    sigma_m: float = 0.02
    """Random error of the positions in each axis, where there is no column for it."""

    def __post_init__(self) -> None:
        if self.fps is not None and not 0.0 < self.fps <= 1000.0:
            raise UserError(f"frames a second must be a number above 0 and at most 1000, not {self.fps:g}")
        if not 0.0 < self.sigma_m < 100.0:
            raise UserError(f"the error of positions must be a number of metres above 0, not {self.sigma_m:g}")


def read_columns(path: Path, params: TrajectoryParams) -> Table:
    """CSV (comma, semicolon or tab; also gzipped) or Parquet. UserError names the file and the row, from 1."""
    try:
        frame = pl.read_parquet(path) if path.suffix.lower() == ".parquet" else _csv(path)
    except (pl.exceptions.PolarsError, OSError, EOFError) as error:
        raise UserError(f"{path}: cannot be read as a table: {str(error).splitlines()[0]}") from None
    if frame.is_empty():
        raise UserError(f"{path}: has no rows")
    frame = frame.select(**_chosen(path, frame.columns))
    for name in ("id", "kind"):
        if name in frame.columns and frame[name].dtype.is_nested():
            raise UserError(f"{path}: column {name!r} holds {frame[name].dtype}, not names or numbers")
    filled = {name: _numbers(path, frame, name) for name in frame.columns if name not in ("id", "kind")}
    n = len(frame)
    blank = np.full(n, np.nan)
    heading = filled.get("heading_rad", np.radians(90.0 - filled.get("angle_deg", blank)))
    kind = _kinds(path, frame, params)
    usual = np.array([FOOTPRINT_M[k] for k in Kind])[kind]
    size = np.stack((filled.get("length_m", blank), filled.get("width_m", blank)), axis=1)
    sigma = filled.get("sigma_m", blank)
    return Table(
        time_ns=_times(path, filled, params.fps),
        track_id=_ids(path, frame),
        xy_m=np.stack((filled["x_m"], filled["y_m"]), axis=1),
        kind=kind,
        size_m=np.where(size > 0.0, size, usual),
        heading_rad=heading,
        sigma_m=np.where(sigma > 0.0, sigma, params.sigma_m),
    )


def read_pedpy(path: Path, params: TrajectoryParams) -> Table:
    """Text with rows `id frame x y [z]` and `# framerate: 25` above, as PedPy and the Jülich archive write it."""
    with path.open(encoding="utf-8", errors="replace") as file:
        head = "".join(line for line, _ in zip(file, range(50), strict=False) if line.lstrip().startswith("#"))
    rate = _PEDPY_RATE.search(head)
    if not rate and not params.fps:
        raise UserError(
            f"{path}: has no line such as `# framerate: 25`; say how many frames a second there are (--fps)"
        )
    fps = params.fps or float(rate.group(1) if rate else 0.0)
    if not fps > 0.0:
        raise UserError(f"{path}: the frame rate must be above 0")
    try:
        with warnings.catch_warnings(action="ignore"):  # that there are no rows
            rows = np.loadtxt(path, comments="#", ndmin=2, encoding="utf-8")
    except ValueError as error:
        raise UserError(f"{path}: is no text of rows `id frame x y`: {str(error).split(';')[0]}") from None
    if not len(rows):
        raise UserError(f"{path}: has no rows")
    if rows.shape[1] < 4:
        raise UserError(f"{path}: a row must be `id frame x y`, perhaps with z; there are {rows.shape[1]} numbers")
    number, frame, *xy = rows[:, :4].T
    _finite(path, {"id": number, "frame": frame, "x": xy[0], "y": xy[1]})
    kind = np.full(len(rows), params.kind, np.uint8)
    return Table(
        time_ns=_times(path, {"frame": frame}, fps),
        track_id=np.unique(number, return_inverse=True)[1].astype(np.int64),
        xy_m=np.stack(xy, axis=1) * (0.01 if _PEDPY_CENTIMETRES.search(head) else 1.0),
        kind=kind,
        size_m=np.array([FOOTPRINT_M[k] for k in Kind])[kind],
        heading_rad=np.full(len(rows), np.nan),
        sigma_m=np.full(len(rows), params.sigma_m),
    )


def _csv(path: Path) -> pl.DataFrame:
    first = pl.read_csv(
        path, n_rows=0, separator="\0", quote_char=None, infer_schema=False, comment_prefix="#"
    ).columns[0]
    separator = max(",;\t", key=first.count)
    columns = pl.read_csv(path, n_rows=0, separator=separator, infer_schema=False, comment_prefix="#").columns
    words = {"id", "kind", *COLUMNS["id"], *COLUMNS["kind"]}
    numbers = {name for known, others in COLUMNS.items() for name in (known, *others)} - words
    types = {name: pl.Float64() if _plain(name) in numbers else pl.String() for name in columns}
    return pl.read_csv(path, separator=separator, comment_prefix="#", schema_overrides=types, ignore_errors=True)


def _plain(name: str) -> str:
    return name.strip().lower()


def _chosen(path: Path, columns: list[str]) -> dict[str, pl.Expr]:
    """Known name -> the column of the file."""
    there = {_plain(column): column for column in reversed(columns)}
    chosen = {}
    for name, others in COLUMNS.items():
        found = next((there[other] for other in (name, *others) if other in there), None)
        if found is not None:
            chosen[name] = pl.col(found)
    missing = [name for name in NEEDED if name not in chosen]
    if not {"time_s", "time_ns", "frame"} & chosen.keys():
        missing.append("time_s")
    if missing:
        raise UserError("\n".join(f"{path}: {_hint(name, columns)}" for name in missing))
    return chosen


def _hint(name: str, columns: list[str]) -> str:
    if name in ("x_m", "y_m") and {"lat", "lon", "latitude", "longitude"} & {_plain(column) for column in columns}:
        return f"there is no column {name!r}; positions must be in metres: project latitude and longitude first"
    near = difflib.get_close_matches(name, columns, n=1, cutoff=0.5)
    others = f" (or {', '.join(COLUMNS[name])})" if COLUMNS[name] else ""
    return f"there is no column {name!r}{others}; " + (
        f"is it {near[0]!r}?" if near else f"there are {', '.join(columns)}"
    )


def _numbers(path: Path, frame: pl.DataFrame, name: str) -> Array:
    column = frame[name]
    if not column.dtype.is_numeric():
        raise UserError(f"{path}: column {name!r} holds {column.dtype}, not numbers")
    values = column.cast(pl.Float64).to_numpy()
    if name in (*NEEDED, "time_s", "time_ns", "frame"):
        _finite(path, {name: values})
    if name == "time_ns":  # doubles are too coarse for nanoseconds since 1970
        return column.cast(pl.Int64).to_numpy()
    return values


def _finite(path: Path, columns: dict[str, Array]) -> None:
    for name, values in columns.items():
        wrong = np.flatnonzero(~np.isfinite(values))
        if len(wrong):
            raise UserError(
                f"{path}: row {wrong[0] + 1}: {name!r} is missing or no finite number ({len(wrong)} such rows); "
                "leave out rows in which somebody was not seen"
            )


def _times(path: Path, columns: dict[str, Array], fps: float | None) -> NDArray[np.int64]:
    """To the microsecond, so that equal times that were computed differently stay equal."""
    if "time_ns" in columns:
        return columns["time_ns"].astype(np.int64)
    if "time_s" in columns:
        time_s = columns["time_s"]
    elif fps:
        time_s = columns["frame"] / fps
    else:
        raise UserError(f"{path}: has frame numbers but no times; say how many frames a second there are (--fps)")
    if np.abs(time_s).max() > 9e9:
        raise UserError(f"{path}: times must be in seconds; {np.abs(time_s).max():g} is too large")
    return np.rint(time_s * 1e6).astype(np.int64) * (SECOND_NS // 1_000_000)


def _ids(path: Path, frame: pl.DataFrame) -> NDArray[np.int64]:
    missing = frame["id"].is_null().arg_true()
    if len(missing):
        raise UserError(f"{path}: row {missing[0] + 1}: 'id' is missing ({len(missing)} such rows)")
    return frame["id"].rank("dense").cast(pl.Int64).to_numpy()


def _kinds(path: Path, frame: pl.DataFrame, params: TrajectoryParams) -> NDArray[np.uint8]:
    if "kind" not in frame.columns:
        return np.full(len(frame), params.kind, np.uint8)
    named = frame["kind"].cast(pl.String).str.strip_chars().str.to_lowercase()
    known = named.replace_strict(
        list(KIND_NAMES), [int(kind) for kind in KIND_NAMES.values()], default=None, return_dtype=pl.UInt8
    )
    wrong = known.is_null().arg_true()
    if len(wrong):
        raise UserError(
            f"{path}: row {wrong[0] + 1}: unknown kind {frame['kind'][int(wrong[0])]!r}; "
            f"known are {', '.join(kind.label for kind in Kind)} and the classes of SUMO and OTVision"
        )
    return known.to_numpy()
