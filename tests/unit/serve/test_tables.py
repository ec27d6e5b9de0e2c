import csv
import os
import resource
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaneur.data.time import MINUTE_NS, SECOND_NS
from flaneur.serve.atomic import WriteError, written_whole
from flaneur.serve.tables import figures_table, write_csv, write_parquet
from support.figures import MONDAY_7H_NS, Scene, figure

MISSING = ((1, 0.0),)


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_there_is_a_row_for_each_figure_in_the_order_of_time() -> None:
    figures = list(Scene(lines=("a",), zones=("z",), minutes=3).measurements())
    table = figures_table(reversed(figures), dated=False)
    assert table.height == len(figures)
    assert table["start_s"].is_sorted()
    assert table["value"].sum() == pytest.approx(sum(m.value or 0.0 for m in figures))


def test_dated_figures_carry_utc_in_the_table_and_in_csv(tmp_path: Path) -> None:
    table = figures_table([figure(MONDAY_7H_NS)], dated=True)
    assert table["start"][0] == datetime(2026, 6, 1, 5, 0, tzinfo=UTC)
    write_csv(tmp_path / "f.csv", table)
    (row,) = _read(tmp_path / "f.csv")
    assert (row["start"], row["end"]) == ("2026-06-01T05:00:00Z", "2026-06-01T05:01:00Z")
    assert int(row["start_s"]) == MONDAY_7H_NS // SECOND_NS


@pytest.mark.parametrize(("minute", "text"), [(0, "0:00:00"), (61, "1:01:00"), (6000, "100:00:00")])
def test_without_a_date_times_count_from_the_first_frame(tmp_path: Path, minute: int, text: str) -> None:
    table = figures_table([figure(minute * MINUTE_NS)], dated=False)
    assert table["start"][0] == timedelta(minutes=minute)
    write_csv(tmp_path / "f.csv", table)
    (row,) = _read(tmp_path / "f.csv")
    assert row["start"] == text
    assert int(row["end_s"]) == 60 * minute + 60


def test_missing_is_empty_and_never_zero(tmp_path: Path) -> None:
    table = figures_table([figure(0, 0.0), figure(MINUTE_NS, None)], dated=False)
    assert table["value"].to_list() == [0.0, None]
    write_csv(tmp_path / "f.csv", table)
    assert [row["value"] for row in _read(tmp_path / "f.csv")] == ["0.0", ""]


def test_parquet_holds_the_table_with_its_types(tmp_path: Path) -> None:
    for dated in (True, False):
        table = figures_table(Scene(lines=("ü", "="), covered=MISSING).measurements(), dated=dated)
        write_parquet(tmp_path / "f.parquet", table)
        assert pl.read_parquet(tmp_path / "f.parquet").equals(table)


@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=20))
def test_no_cell_of_the_csv_begins_like_a_formula(name: str) -> None:
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"flaneur-{os.getpid()}.csv"
    write_csv(path, figures_table([figure(place=name, site=f"={name}", direction=f" @{name}")], dated=True))
    (row,) = _read(path)
    path.unlink()
    for column in ("site", "place", "direction"):
        assert not row[column].lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    assert row["site"] == f"'={name}"
    assert row["place"].removeprefix("'") == name.removeprefix("'")


def test_names_with_commas_quotes_and_line_ends_stay_whole(tmp_path: Path) -> None:
    name = 'a, "b";\u2028c'
    write_csv(tmp_path / "f.csv", figures_table([figure(place=name)], dated=False))
    assert _read(tmp_path / "f.csv")[0]["place"] == name


def test_an_empty_table_has_its_header(tmp_path: Path) -> None:
    write_csv(tmp_path / "f.csv", figures_table([], dated=True))
    assert (tmp_path / "f.csv").read_text().startswith("site,camera,measure,place,kind,direction,start,end,")


@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_a_file_that_cannot_be_written_is_told_and_not_half_there(tmp_path: Path, write: object) -> None:
    table = figures_table([figure()], dated=True)
    with pytest.raises(WriteError, match=r"f: cannot be written: No such file or directory"):
        write(tmp_path / "nowhere" / "f", table)  # type: ignore[operator]


def test_a_failure_leaves_the_earlier_file(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("earlier")
    with pytest.raises(ZeroDivisionError), written_whole(path) as file:
        file.write(b"half")
        raise ZeroDivisionError
    assert path.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [path]


SCRIPT = """
import sys
from pathlib import Path
from flaneur.serve import tables
from support.figures import Scene
table = tables.figures_table(Scene(lines=tuple(map(str, range(40))), minutes=60).measurements(), dated=True)
getattr(tables, sys.argv[1])(Path(sys.argv[2]), table)
"""


@pytest.mark.parametrize("write", ["write_csv", "write_parquet"])
def test_a_disk_that_takes_no_more_is_told_and_nothing_stays(tmp_path: Path, write: str) -> None:
    """The kernel refuses every write beyond 20 KB of a file, as a full disk would."""
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, write, str(tmp_path / "f")],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert "WriteError" in result.stderr
    assert "f: cannot be written: File too large" in result.stderr
    assert not list(tmp_path.iterdir())
