"""The tables of a store. Their comments stand in the file itself: `sqlite3 flaneur.sqlite .schema` shows them.

Every table is STRICT, so a column holds its type and nothing else, and the checks make the file refuse what must not
be stored: intervals of less than a minute or off the common grid (two overlapping ones could be subtracted), a value
where nothing was observed, a count that is missing, and kinds of road user beyond the agreed ones. No column could
name a person.
"""

from typing import Any

from sqlalchemy import REAL, CheckConstraint, Column, Integer, MetaData, PrimaryKeyConstraint, Table, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateColumn

from flaneur.data.kinds import LABELS
from flaneur.data.released import SHORTEST_INTERVAL_NS

APPLICATION_ID = int.from_bytes(b"FLAN")
"""`PRAGMA application_id`, by which `file` and we tell a store from any other SQLite file."""

VERSION = 2
"""`PRAGMA user_version`; grows when the tables change; stores of another version are not read."""

NAME_LENGTH = 200
"""Room for a flow that is called after its two ends."""

_TIME = "nanoseconds since 1970 in UTC, or since the first frame where run.dated is 0"


@compiles(CreateColumn, "sqlite")
def _with_comment(element: CreateColumn, compiler: Any, **options: Any) -> str:
    """SQLAlchemy leaves comments out for SQLite, which has no COMMENT ON but keeps the text of CREATE TABLE."""
    text: str = compiler.visit_create_column(element, **options)
    comment = element.element.comment
    return f"{text} /* {comment} */" if comment else text


def _text(name: str, comment: str) -> Column[str]:
    return Column(name, Text, nullable=False, comment=comment)


def _integer(name: str, comment: str) -> Column[int]:
    return Column(name, Integer, nullable=False, comment=comment)


def _real(name: str, comment: str, *, nullable: bool = False) -> Column[float]:
    return Column(name, REAL, nullable=nullable, comment=comment)


def _check(name: str, rule: str) -> CheckConstraint:
    return CheckConstraint(rule, name=name)


metadata = MetaData()

measurement = Table(
    "measurement",
    metadata,
    _integer("start_ns", f"start of the interval: {_TIME}"),
    _integer("end_ns", "end of the interval, not included, same clock"),
    _text("site", "name of the site"),
    _text("camera", "name of the camera"),
    _text("measure", "crossings, passages, flow, occupancy, occupancy_peak, or a statistic such as speed_v85"),
    _text("place", "line, zone, flow, edge of the picture, or whole picture"),
    _text("kind", "kind of road user, pair of kinds, or all"),
    _text("direction", "name of the direction, level or class; empty where the measure has none"),
    _real(
        "value",
        "the figure, in the unit beside it; NULL when nothing was observed or too few were there, never 0 for that",
        nullable=True,
    ),
    _text("unit", "unit of value"),
    _real("coverage", "share of the interval that was really observed, 0..1"),
    _integer("frames_seen", "frames of the interval that were decoded"),
    _integer("frames_dropped", "frames of the interval that were known to exist and could not be used"),
    _real("low", "lower end of the 95 % band around value; NULL where none is known", nullable=True),
    _real("high", "upper end of that band", nullable=True),
    Column(
        "sample_size", Integer, comment="road users or moments that a statistic rests on; NULL for counts and occupancy"
    ),
    # Time first: an interval is then written to neighbouring pages, and a period is one range of the table.
    PrimaryKeyConstraint("start_ns", "site", "camera", "measure", "place", "kind", "direction"),
    _check("an_interval_is_a_minute_or_more", f"end_ns - start_ns >= {SHORTEST_INTERVAL_NS}"),
    _check("intervals_tile_time", "start_ns % (end_ns - start_ns) = 0"),
    _check("coverage_is_a_share", "coverage BETWEEN 0 AND 1"),
    _check("no_value_where_unobserved", "value IS NULL OR coverage > 0"),
    _check("counts_are_never_missing", "value IS NOT NULL OR coverage = 0 OR sample_size IS NOT NULL"),
    _check("a_band_holds_its_value", "coalesce(low <= value AND value <= high, low IS NULL AND high IS NULL)"),
    _check("frames_are_counted", "frames_seen >= 0 AND frames_dropped >= 0"),
    _check("nothing_finer_about_people", "kind IN ({})".format(", ".join(f"'{label}'" for label in sorted(LABELS)))),
    _check("names_are_short", " AND ".join(f"length({n}) <= {NAME_LENGTH}" for n in ("place", "direction", "unit"))),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

run = Table(
    "run",
    metadata,
    _text("site", "name of the site"),
    _text("camera", "name of the camera"),
    _integer("start_ns", "first frame: nanoseconds since 1970 in UTC, or 0 where dated is 0"),
    _integer("end_ns", "end of the last frame, same clock"),
    _text("source", "name of the video file, without its folder"),
    _text("timezone", "IANA name of the time zone of the site"),
    _integer("dated", "1 when the date of the video is known, else 0: times count from its first frame"),
    _integer("width_px", "width of the picture in pixels"),
    _integer("height_px", "height of the picture in pixels"),
    _integer("frames_seen", "frames that were decoded"),
    _integer("frames_dropped", "frames that were known to exist and could not be used"),
    _real("observed_s", "seconds of the video that were really observed"),
    _integer("complete", "0 when the run was interrupted before the end of the video, else 1"),
    _text("detector", "name of the detector"),
    _text("detector_licence", "licence of the detector"),
    _text("detector_sha256", "SHA-256 of the detector, hexadecimal"),
    _real("detections_per_s", "how often the detector looked, per second of video"),
    _text("kinds", "JSON list: kinds of road user that the detector can tell"),
    _text("software", "name and version of the software"),
    _real("wall_s", "seconds that the run took"),
    _text("stage_ms_per_frame", "JSON list of [stage, mean milliseconds per decoded frame]"),
    _text("notes", "JSON list of {key, numbers}: what the reader must know"),
    PrimaryKeyConstraint("site", "camera", "start_ns"),
    _check("time_runs_forward", "end_ns >= start_ns"),
    _check("flags", "dated IN (0, 1) AND complete IN (0, 1)"),
    _check("lists", "json_valid(kinds) AND json_valid(stage_ms_per_frame) AND json_valid(notes)"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
