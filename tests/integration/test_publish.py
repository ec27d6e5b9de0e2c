"""From a rendered street to public figures, with the real detector, ledger, noise and files."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from flaneur.cli.publish import load_publish
from flaneur.config.load import ConfigError, load_site
from flaneur.config.publish import PublishTable
from flaneur.config.site import SiteTable
from flaneur.data.errors import UserError
from flaneur.data.geometry import Places
from flaneur.data.private import Frame
from flaneur.data.released import PublicFigure
from flaneur.data.time import SECOND_NS
from flaneur.detect.protocol import Detector
from flaneur.release.chunks import ChunkRows
from flaneur.release.publication import public_figures
from flaneur.run import publishing
from flaneur.run.budget import days_of
from flaneur.run.chunking import ChunkParams, chunk_rows
from flaneur.run.job import Job, load_job
from flaneur.run.opening import open_job_detector
from flaneur.run.publishing import ledger_path, promise_of, publication_of, publish_video
from flaneur.source import FileSource
from flaneur.store.ledger import BudgetSpentError, Charge, Ledger
from support.program import flaneur
from support.scene import site_with_boards, street, write_board_detector
from support.video import write_video

SITE = """
[site]
name = "square"
timezone = "Europe/Berlin"
[publish]
rho_s = 30
appearances = 1
epsilon_per_day = 1.0
chunk_s = 5
window_s = 60
events_per_track = 1
licence = "https://example.org/licence"
[[publish.figure]]
measure = "crossings"
place = "middle"
[[publish.figure]]
measure = "occupancy"
place = "half"
[[camera]]
name = "c"
start = 2026-06-01T07:00:00
[[camera.line]]
name = "middle"
points = [[0.5, 0.0], [0.5, 1.0]]
[[camera.zone]]
name = "half"
polygon = [[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]]
"""
RATE, FRAMES = 6, 108
PER_CHUNK = 5 * RATE


class Unseen:
    def __enter__(self) -> "Unseen":
        return self

    def __exit__(self, *_: object) -> None: ...

    def show(self, moment: object) -> None: ...


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("square")
    pictures = list(street(FRAMES, RATE))
    write_video(folder / "scene.mkv", pictures, rate=RATE, codec="ffv1", pix_fmt="bgr0")
    emptied = [picture if PER_CHUNK <= n < 2 * PER_CHUNK else pictures[-1] for n, picture in enumerate(pictures)]
    write_video(folder / "short.mkv", pictures[: PER_CHUNK + 6], rate=RATE, codec="ffv1", pix_fmt="bgr0")
    write_video(folder / "emptied.mkv", emptied, rate=RATE, codec="ffv1", pix_fmt="bgr0")
    site = site_with_boards(SITE, write_board_detector(folder / "boards.xml"))
    (folder / "site.toml").write_text(site + "rate_per_s = 3.0\n")
    return folder


@pytest.fixture(scope="module")
def job(place: Path) -> Job:
    return load_job(place / "scene.mkv", place / "site.toml")


@pytest.fixture(scope="module")
def detector(job: Job) -> Detector:
    return open_job_detector(job)


@pytest.fixture
def table(place: Path) -> PublishTable:
    table = load_site(place / "site.toml").publish
    assert table is not None
    return table


def rows_of(frames: Iterator[Frame] | list[Frame], job: Job, detector: Detector) -> list[ChunkRows]:
    table = load_site(job.folder / "site.toml").publish
    assert table is not None
    places = job.camera.places
    params = ChunkParams(
        places=Places(places.lines, places.zones),
        anchor=job.camera.anchor,
        tables=publication_of(job, table).tables,
        rate_per_s=job.detector.rate_per_s,
        width_px=640,
        height_px=480,
        start_ns=job.start_ns,
        chunk_ns=5 * SECOND_NS,
    )
    return list(chunk_rows(frames, detector, params, Event()))


@pytest.fixture(scope="module")
def whole(job: Job, detector: Detector) -> list[ChunkRows]:
    with FileSource(job.video) as source:
        return rows_of(source.frames(), job, detector)


@pytest.fixture(scope="module")
def emptied(job: Job, detector: Detector) -> list[ChunkRows]:
    """Of a video in which only the second chunk is the same."""
    with FileSource(job.video.with_name("emptied.mkv")) as source:
        return rows_of(source.frames(), job, detector)


@pytest.fixture(scope="module")
def short(job: Job) -> Job:
    return replace(job, video=job.video.with_name("short.mkv"))


def numbers(rows: ChunkRows) -> list[list[int]]:
    return [tally.tolist() for tally in rows.tallies]


def test_a_chunk_yields_the_same_whatever_came_before_and_after(
    whole: list[ChunkRows], emptied: list[ChunkRows], job: Job, detector: Detector
) -> None:
    assert [chunk.start_ns - job.start_ns for chunk in whole] == [n * 5 * SECOND_NS for n in range(4)]
    assert sum(np.concatenate([chunk.tallies[0] for chunk in whole])) >= 3, "there is something to see"
    with FileSource(job.video) as source:
        frames = list(source.frames())
    for n in (3, 1, 0, 2):
        alone = rows_of(frames[PER_CHUNK * n : PER_CHUNK * (n + 1)], job, detector)
        assert [numbers(chunk) for chunk in alone] == [numbers(whole[n])]
    assert numbers(emptied[1]) == numbers(whole[1]), "its own frames are the same"
    assert numbers(emptied[0]) != numbers(whole[0])


def test_a_visitor_changes_the_chunks_that_saw_them_and_no_others(
    whole: list[ChunkRows], job: Job, detector: Detector, tmp_path: Path
) -> None:
    """Walkers enter one after another; without the last one, who comes in the sixth second, the first chunk stays."""
    pictures = street(3 * PER_CHUNK, RATE, walkers=3)
    path = write_video(tmp_path / "three.mkv", pictures, rate=RATE, codec="ffv1", pix_fmt="bgr0")
    with FileSource(path) as source:
        without = rows_of(source.frames(), job, detector)
    assert numbers(without[0]) == numbers(whole[0])
    assert numbers(without[2]) != numbers(whole[2])


def test_coverage_is_told_by_the_times_of_frames_alone(whole: list[ChunkRows], emptied: list[ChunkRows]) -> None:
    seen = [chunk.observed_ns / SECOND_NS for chunk in whole]
    assert [chunk.observed_ns / SECOND_NS for chunk in emptied] == seen
    assert seen == pytest.approx([5, 5, 5, 3], abs=0.01)


def test_a_stopped_run_spends_and_gives_nothing(job: Job, table: PublishTable, tmp_path: Path) -> None:
    stop = Event()

    class Stops(Unseen):
        def show(self, moment: object) -> None:
            stop.set()

    done = publish_video(job, table, tmp_path / "ledger", tmp_path / "out", stop=stop, display=lambda _: Stops())
    assert done is None
    assert not (tmp_path / "ledger").exists()
    assert list((tmp_path / "out").iterdir()) == []


def test_the_ledger_comes_before_the_figures(
    short: Job, table: PublishTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash while the figures are made leaves the charge and no figure; what is refused leaves neither."""
    ledger, out = tmp_path / "ledger", tmp_path / "out"

    def publish() -> object:
        return publish_video(short, table, ledger, out, stop=Event(), display=lambda _: Unseen())

    def crash(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(publishing, "public_figures", crash)
        with pytest.raises(MemoryError):
            publish()
    with Ledger.open(ledger) as book:
        assert len(book.entries()) == 1
    assert list(out.iterdir()) == []
    publish()
    with pytest.raises(UserError, match="never replaced"):
        publish()
    for path in out.iterdir():
        path.unlink()
    with pytest.raises(BudgetSpentError, match="nothing is given"):
        publish()
    assert list(out.iterdir()) == []
    with Ledger.open(ledger) as book:
        assert len(book.entries()) == 2


def test_files_that_cannot_be_written_stay_paid(
    short: Job, table: PublishTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make_way_impassable(*given: object) -> Iterator[PublicFigure]:
        (tmp_path / "out" / "public.json").mkdir(exist_ok=True)
        return public_figures(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(publishing, "public_figures", make_way_impassable)
    with pytest.raises(UserError, match=r"public\.json: cannot be written: .*; what the figures cost stays spent"):
        publish_video(short, table, tmp_path / "ledger", tmp_path / "out", stop=Event(), display=lambda _: Unseen())
    with Ledger.open(tmp_path / "ledger") as book:
        assert len(book.entries()) == 1


@pytest.mark.parametrize("spoil", ["undated", "short", "elsewhere", "kind", "drowned"])
def test_what_cannot_be_published_is_told_and_costs_nothing(
    spoil: str, job: Job, table: PublishTable, tmp_path: Path
) -> None:
    camera, video, figures, epsilon = job.camera, job.video, list(table.figure), 1.0
    if spoil == "undated":
        camera = camera.model_copy(update={"start": None})
    elif spoil == "short":
        video = write_video(tmp_path / "short.mkv", street(12, RATE), rate=RATE)
    elif spoil == "elsewhere":
        camera = camera.model_copy(update={"line": [], "zone": []})
    elif spoil == "drowned":
        epsilon = 1e-9
    else:
        figures = [figures[0].model_copy(update={"kind": "car"})]
    sentence = {
        "undated": "when the video begins",
        "short": "less than one chunk of 5 s",
        "elsewhere": "about one of its places",
        "drowned": r"\[publish\]: the budget is too small",
        "kind": "cannot tell the kind 'car'; it tells pedestrian",
    }[spoil]
    spoiled = replace(job, camera=camera, video=video)
    with pytest.raises((ConfigError, UserError), match=sentence):
        publish_video(
            spoiled,
            table.model_copy(update={"figure": figures, "epsilon_per_day": epsilon}),
            tmp_path / "ledger",
            tmp_path / "out",
            stop=Event(),
            display=lambda _: Unseen(),
        )
    assert not (tmp_path / "ledger").exists()


def test_the_program_publishes_and_shows_what_is_left(place: Path) -> None:
    video, site, home = place / "short.mkv", place / "site.toml", place / "home"
    ran = flaneur("publish", video, "--site", site, "--out", place / "out1", home=home)
    assert ran.code == 0, ran.err
    assert "whoever passes is one track" in ran.out
    shown = flaneur("budget", "--site", site, "--language", "de", home=home)
    assert shown.code == 0, shown.err
    assert "2026-06-01" in shown.out
    assert ran.stray_files == []
    with (place / "out1" / "public.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["direction"] for row in rows] == ["to right", "to left", "all", ""]
    assert float(rows[0]["coverage"]) == pytest.approx(0.1, abs=0.001)
    assert {row["epsilon"] for row in rows} == {"0.25"}
    document = json.loads((place / "out1" / "public.json").read_text())
    assert document["guarantee"]["ledger_entry"] == 1
    assert [figure["value"] for figure in document["figures"]] == [float(row["value"]) for row in rows]
    described = json.loads((place / "out1" / "dataset.jsonld").read_text())
    assert described["dcat:distribution"][0]["dct:license"] == {"@id": "https://example.org/licence"}


def test_without_a_publish_table_nothing_is_published(tmp_path: Path) -> None:
    site = tmp_path / "plain.toml"
    site.write_text('[site]\nname = "s"\n[[camera]]\nname = "c"\n')
    with pytest.raises(ConfigError, match=r"there is no \[publish\] in it"):
        load_publish(site)


@pytest.mark.parametrize(
    ("start", "days"),
    [
        ("2026-03-28T23:30:00+01:00", ["2026-03-28", "2026-03-29"]),  # the night that lacks an hour
        ("2026-10-25T00:30:00+02:00", ["2026-10-25"]),  # the hour from two to three comes twice
        ("2026-10-25T23:30:00+01:00", ["2026-10-25", "2026-10-26"]),
        ("2016-12-31T23:59:30+00:00", ["2017-01-01"]),  # a leap second was inserted
    ],
)
def test_days_are_those_of_the_calendar_and_the_ledger_counts_in_utc(
    start: str, days: list[str], job: Job, table: PublishTable, tmp_path: Path
) -> None:

    begins = round(datetime.fromisoformat(start).timestamp()) * SECOND_NS
    hours = 3 if days == ["2026-10-25"] else 1
    charges = [
        Charge("square", "c", begins + n * 3600 * SECOND_NS, begins + (n + 1) * 3600 * SECOND_NS, 10)
        for n in range(hours)
    ]
    with Ledger.open(ledger_path(tmp_path / "site.toml")) as ledger:
        ledger.spend(promise_of(table), charges)
    site = SiteTable(name="square", timezone="Europe/Berlin")
    shown = days_of(ledger_path(tmp_path / "site.toml"), table, site)
    assert [f"{day.date}" for day in shown] == days
    assert all(0.0 < day.epsilon_left < 1.0 for day in shown)
