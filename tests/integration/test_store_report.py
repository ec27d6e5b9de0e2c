"""Reports of some days out of a store: one that a watch has filled, with its restarts, and one of a video."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from flaneur.data.released import Measurement
from flaneur.data.time import MINUTE_NS, SECOND_NS
from flaneur.run.api import measure_video
from flaneur.run.days import begin_ns
from flaneur.run.live.setup import read_setup
from flaneur.run.results import OF_A_REPORT, STORE
from flaneur.serve.tables import figures_table
from flaneur.store.store import Store
from support.command import Said, command, refused
from support.figures import Scene, facts, figure
from support.page import Page
from support.scene import living_street, write_board_detector
from support.video import write_video
from support.watching import LINE, SITE, camera_table, detector_table, watching

BERLIN = ZoneInfo("Europe/Berlin")
HOUR_NS = 60 * MINUTE_NS
SUNDAY = begin_ns(date(2026, 11, 22), BERLIN)
PLACES = {"lines": ("North arm", "East arm"), "flows": ("turn", "back"), "edges": False, "interval_min": 15}
JUNCTION = """
[site]
name = "Marktplatz"
timezone = "Europe/Berlin"
[audit]
[[camera]]
name = "north"
[[camera.line]]
name = "North arm"
points = [[0.1, 0.1], [0.4, 0.1]]
[[camera.line]]
name = "East arm"
points = [[0.1, 0.5], [0.4, 0.5]]
[[camera.flow]]
name = "turn"
origin = "North arm"
destination = "East arm"
[[camera.flow]]
name = "back"
origin = "East arm"
destination = "North arm"
"""


def watched(camera: str = "north", hours: int = 40, **changes: object) -> Iterator[Measurement]:
    """From Saturday morning on, with two hours on Sunday morning in which nobody looked."""
    covered = tuple((minute, 0.0) for minute in range(19 * 60, 21 * 60, 15))
    start_ns = SUNDAY - 16 * HOUR_NS
    scene = Scene(start_ns=start_ns, minutes=hours * 60, covered=covered, **PLACES | changes)  # type: ignore[arg-type]
    for one in scene.measurements():
        yield one if camera == "north" else figure(**{n: getattr(one, n) for n in one.__slots__} | {"camera": camera})


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Two runs of a watch: one was killed on Sunday at 3:00, the other began at 5:00 and goes on."""
    path = tmp_path / STORE
    source = "rtsp://10.0.0.9/live"
    with Store.create(path) as opened:
        opened.add(list(watched()))
        opened.write_run(facts(source=source, start_ns=SUNDAY - 16 * HOUR_NS, end_ns=SUNDAY + 170 * MINUTE_NS))
        opened.write_run(
            facts(source=source, start_ns=SUNDAY + 5 * HOUR_NS, end_ns=SUNDAY + 24 * HOUR_NS, complete=False)
        )
    return path


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def of_day(figures: Iterator[Measurement], begin: int, end: int) -> list[Measurement]:
    return [one for one in figures if begin <= one.start_ns < end]


def page(folder: Path) -> Page:
    return Page((folder / "report.html").read_text())


def written(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "figures.parquet")


def test_the_latest_day_in_three_files(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = command(capsys, "report", store)
    assert said.code == 0, said.err
    folder = Path("reports/north-2026-11-22")
    assert {path.name for path in folder.iterdir()} == OF_A_REPORT
    assert said.out.splitlines() == [
        "Camera north, 2026-11-22: 3,840 figures, 22 h of 1 day observed (91.7 %)",
        f"Results in {folder}",
        f"Open {folder}/report.html in a browser.",
    ]
    expected = figures_table(of_day(watched(), SUNDAY, SUNDAY + 24 * HOUR_NS), dated=True)
    assert_frame_equal(written(folder), expected)
    assert len((folder / "figures.csv").read_text().splitlines()) == len(expected) + 1
    text = page(folder).text
    assert "Sunday, 22 November 2026, 00:00 to Monday, 23 November 2026, 00:00" in text
    assert "22 h of 1 day were observed (91.7 %)." in text
    assert "Not observed at all: 22 Nov, 03:00–05:00." in text
    crossings = expected.filter(pl.col("measure") == "crossings")["value"].sum()
    assert f"Crossings of lines {crossings:,.0f} " in text
    assert {path.name for path in Path().iterdir()} == {STORE, "reports"}


def test_days_add_up_to_their_range(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for day in ("2026-11-21", "2026-11-22"):
        assert command(capsys, "report", store, "--day", day).code == 0
    assert command(capsys, "report", store, "--from", "2026-11-21", "--language", "de").code == 0
    parts = [written(Path(f"reports/north-2026-11-{day}")) for day in (21, 22)]
    both = Path("reports/north-2026-11-21--2026-11-22")
    assert_frame_equal(pl.concat(parts), written(both))
    assert "Samstag, 21. November 2026, 08:00 bis Montag, 23. November 2026, 00:00" in page(both).text
    command(capsys, "report", store, "--to", "2026-11-22", "--out", "to")
    assert_frame_equal(written(Path("to")), written(both))


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_day_on_which_the_clocks_change(
    day: date, hours: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begin = begin_ns(day, BERLIN)
    with Store.create(tmp_path / STORE) as opened:
        week = Scene(start_ns=begin - 24 * HOUR_NS, minutes=73 * 60, **PLACES)  # type: ignore[arg-type]
        opened.add(list(week.measurements()))
        opened.write_run(facts(start_ns=begin - 24 * HOUR_NS, end_ns=begin + 49 * HOUR_NS))
    assert command(capsys, "report", STORE, "--day", str(day), "--out", "out").code == 0
    starts = written(Path("out"))["start"].unique().sort()
    assert len(starts) == 4 * hours
    assert starts[0] == datetime.combine(day, datetime.min.time(), BERLIN).astimezone(UTC)
    assert starts[-1] == datetime.combine(day, datetime.max.time(), BERLIN).astimezone(UTC).replace(
        minute=45, second=0, microsecond=0
    )
    assert f"The whole period was observed: {hours} h." in page(Path("out")).text.replace("1 day 1 h", "25 h")


def test_the_camera_must_be_named_where_there_are_several(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store.open(store) as opened:
        opened.add(list(watched("south gate/left", hours=20)))
        opened.write_run(facts(camera="south gate/left", start_ns=SUNDAY - 16 * HOUR_NS, end_ns=SUNDAY + 4 * HOUR_NS))
    refused(command(capsys, "report", store), "--camera", "'north'", "'south gate/left'")
    refused(command(capsys, "report", store, "--camera", "west"), "'west'", "'north'", "'south gate/left'")
    assert command(capsys, "report", store, "--camera", "south gate/left").code == 0
    table = written(Path("reports/south-gate-left-2026-11-22"))
    assert table["camera"].unique().to_list() == ["south gate/left"]
    assert len(table) == 4 * 4 * 40


def test_flows_and_the_audit_log_come_from_the_site_file(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = tmp_path / "site.toml"
    site.write_text(JUNCTION)
    command(capsys, "audit", "init", "--site", site)
    assert command(capsys, "report", store, "--out", "plain").code == 0
    assert command(capsys, "report", store, "--site", site, "--out", "out").code == 0
    assert "Origins (rows) and destinations (columns)" not in page(Path("plain")).text
    matrix = page(Path("out")).table("Origins (rows)")
    north = next(row for row in matrix.rows if row[0] == "North arm")
    turned = [one.value or 0.0 for one in watched() if one.place == "turn" and one.start_ns >= SUNDAY]
    assert f"{sum(turned):,.0f}" in north
    assert command(capsys, "audit", "verify", "--site", site).code == 0
    log = (tmp_path / "audit.jsonl").read_text()
    assert [log.count(f'"name":"{name}"') for name in sorted(OF_A_REPORT)] == [1, 1, 1]
    site.write_text(JUNCTION.replace("Marktplatz", "Bahnhof"))
    refused(command(capsys, "report", store, "--site", site, "--out", "other"), "Marktplatz", "Bahnhof")
    assert not Path("other").exists()


def test_a_store_that_is_being_written(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store.open(store) as writing:
        writing.add([figure(SUNDAY + 24 * HOUR_NS)])
        assert command(capsys, "report", store).code == 0
        writing.add([figure(SUNDAY + 24 * HOUR_NS + MINUTE_NS)])
    assert len(written(Path("reports/north-2026-11-23"))) == 1


def test_a_day_on_which_nobody_looked(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monday = SUNDAY + 48 * HOUR_NS
    with Store.open(store) as opened:
        opened.add(
            [figure(monday + n * 15 * MINUTE_NS, None, end_ns=monday + (n + 1) * 15 * MINUTE_NS) for n in range(9)]
        )
    said = command(capsys, "report", store)
    assert said.out.startswith("Camera north, 2026-11-24: 9 figures, 0 s of 2 h 15 min observed (0 %)\n")
    assert "Not observed at all: 24 Nov, 00:00–02:15." in page(Path("reports/north-2026-11-24")).text


class TestRefusals:
    def test_days_without_figures_name_those_that_have_some(
        self, store: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        there = "there are of 2026-11-21 to 2026-11-22"
        refused(command(capsys, "report", store, "--day", "2026-11-20"), "of 2026-11-20", there)
        refused(
            command(capsys, "report", store, "--from", "2026-12-01", "--to", "2026-12-03"),
            "from 2026-12-01 to 2026-12-03",
            there,
        )
        refused(command(capsys, "report", store, "--from", "2026-12-01"), "of 2026-12-01", there)
        refused(command(capsys, "report", store, "--to", "2026-11-01"), "of 2026-11-01", there)
        refused(command(capsys, "report", store, "--from", "2026-11-22", "--to", "2026-11-21"), "behind the last")
        assert not Path("reports").exists()

    def test_a_store_without_dates(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with Store.create(tmp_path / "undated.sqlite") as opened:
            opened.write_run(facts(dated=False, start_ns=0, end_ns=10))
            opened.write_interval([figure()])
        refused(command(capsys, "report", tmp_path / "undated.sqlite"), "date", "start")

    def test_stores_that_tell_nothing(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        refused(command(capsys, "report", tmp_path / "no.sqlite"), "is not a file")
        with Store.create(tmp_path / STORE) as opened:
            refused(command(capsys, "report", STORE), "nothing has been measured yet")
            opened.write_run(facts())
        refused(command(capsys, "report", STORE), "no figures of camera 'north' yet")
        with Store.open(tmp_path / STORE) as opened:
            opened.write_run(facts(site="Bahnhof"))
        refused(command(capsys, "report", STORE), "several sites", "Bahnhof")

    def test_too_many_figures_for_the_memory(
        self, store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("flaneur.run.reporting.MOST_FIGURES", 2000)
        refused(command(capsys, "report", store), "3,840 figures of 2026-11-22", "interval_s")
        refused(command(capsys, "report", store, "--from", "2026-11-21"), "6,400 figures", "fewer days")

    def test_folders(self, store: Path, capsys: pytest.CaptureFixture[str]) -> None:
        def report(*given: str) -> Said:
            return command(capsys, "report", store, *given)

        assert report().code == 0
        refused(report(), "--overwrite")
        assert report("--overwrite").code == 0
        refused(report("--out", ".", "--overwrite"), "holds other files")
        assert store.exists()

    def test_a_day_and_a_range(self, store: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert command(capsys, "report", store, "--day", "2026-11-22", "--to", "2026-11-22").code == 2
        assert command(capsys, "report", store, "--day", "yesterday").code == 2


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """The site file of a short film."""
    film = write_video(tmp_path / "scene.mp4", living_street(6, rate=10), rate=10)
    assert film.exists()
    write_board_detector(tmp_path / "boards.xml")
    site = tmp_path / "site.toml"
    site.write_text(SITE + camera_table("c", "scene.mp4") + detector_table(tmp_path / "boards.xml"))
    return site


def test_of_a_site_that_was_watched(street: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with watching(street) as running:
        running.wait_for("c", "stopped")
    path = read_setup(street).folder / STORE
    assert command(capsys, "report", path, "--site", street, "--out", "out").code == 0
    with closing(Store.open(path, read_only=True)) as opened:
        (run,), figures = opened.runs(), list(opened.measurements())
    table = written(Path("out"))
    day = datetime.fromtimestamp(figures[-1].start_ns / SECOND_NS, BERLIN).date()
    assert len(table) == len(of_day(iter(figures), begin_ns(day, BERLIN), begin_ns(day + timedelta(1), BERLIN)))
    assert "middle" in page(Path("out")).text
    assert run.source in page(Path("out")).text


def test_of_a_video_it_tells_what_the_report_of_its_run_tells(
    street: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dated = tmp_path / "dated.toml"
    table = camera_table("c", "scene.mp4", places=LINE, keys="start = 2026-03-29T01:59:58\n")
    dated.write_text(SITE + table + detector_table(tmp_path / "boards.xml"))
    assert command(capsys, "run", "scene.mp4", "--site", dated, "--out", "run", "--no-video").code == 0
    assert command(capsys, "report", "run/flaneur.sqlite", "--out", "out").code == 0
    assert (Path("out") / "figures.csv").read_bytes() == (Path("run") / "figures.csv").read_bytes()
    told, run = page(Path("out")), page(Path("run"))
    assert told.table("Totals").rows == run.table("Totals").rows
    assert "Sunday, 29 March 2026, 01:59 to 03:00" in told.text
    assert len(measure_video("scene.mp4", dated)) == len(written(Path("out")))
