"""From a video to public figures: chunk by chunk, then the ledger, then the noise, then the files."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from flaneur.config.load import ConfigError
from flaneur.config.publish import PublicFigureTable, PublishTable
from flaneur.config.site import CameraTable
from flaneur.data.errors import UserError
from flaneur.data.geometry import Places
from flaneur.data.kinds import ALL_KINDS, Kind
from flaneur.data.private import Frame
from flaneur.data.released import PublicFigure
from flaneur.data.time import SECOND_NS
from flaneur.detect.protocol import Detector
from flaneur.release.chunks import PublicCount, PublicOccupancy, PublicTable, RowLimit, TrackLimit, WindowRows, windows
from flaneur.release.publication import NANO, Publication, public_figures
from flaneur.release.sensitivity import Protection
from flaneur.run.chunking import ChunkParams, chunk_rows
from flaneur.run.job import Job
from flaneur.run.measure_file import Shows
from flaneur.run.opening import open_job_detector, open_source
from flaneur.run.pipeline import Moment
from flaneur.serve.atomic import WriteError
from flaneur.serve.dcat import DataSet
from flaneur.serve.open_data import Guarantee, check_folder, write_open_data
from flaneur.source import FileSource
from flaneur.store.ledger import Charge, Head, Ledger, Promise


@dataclass(frozen=True, slots=True)
class Published:
    """What was given."""

    figures: tuple[PublicFigure, ...]
    ledger: Head
    """State of the ledger afterwards."""


def ledger_path(site_path: Path) -> Path:
    """Where the ledger of a site lies when nothing else is said: beside its site file."""
    return site_path.with_name(f"{site_path.stem}.ledger.sqlite")


def promise_of(table: PublishTable) -> Promise:
    """What `[publish]` promises everybody."""
    return Promise(table.rho_s * SECOND_NS, table.appearances, round(table.epsilon_per_day * NANO))


def publication_of(job: Job, table: PublishTable) -> Publication:
    """What is published of the job's camera; ConfigError where it names nothing of it."""
    camera = job.camera
    if not job.dated:
        raise ConfigError(
            f"camera {camera.name!r}: the ledger needs to know when the video begins; state `start`, as in "
            "start = 2026-06-01T07:00:00"
        )
    if camera.in_metres:
        raise ConfigError(f"camera {camera.name!r}: lines and zones in metres are for trajectories, not for a video")
    tables = tuple(_tables(camera, table))
    if not tables:
        raise ConfigError(f"camera {camera.name!r}: none of the figures under [publish] is about one of its places")
    promise = promise_of(table)
    try:
        return Publication(
            site=job.site.name,
            camera=camera.name,
            protection=Protection(promise.rho_ns, promise.appearances, table.chunk_s * SECOND_NS),
            window_ns=table.window_s * SECOND_NS,
            nano_epsilon=promise.nano_budget,
            tables=tables,
        )
    except ValueError as error:
        raise ConfigError(f"[publish]: {error}") from None


def _tables(camera: CameraTable, table: PublishTable) -> Iterator[PublicTable]:
    lines, zones = {line.name: line for line in camera.line}, {zone.name for zone in camera.zone}
    limit = TrackLimit(table.events_per_track) if table.events_per_track else RowLimit(table.max_rows or 0)
    for figure in table.figure:
        if figure.place in lines and figure.measure == "crossings":
            line = lines[figure.place]
            yield PublicCount("crossings", line.name, figure.kind_code, (line.to_right, line.to_left), limit)
        elif figure.place in zones and figure.measure == "passages":
            yield PublicCount("passages", figure.place, figure.kind_code, ("in", "out"), limit)
        elif figure.place in zones and figure.measure == "occupancy":
            yield PublicOccupancy(figure.place, figure.kind_code, figure.range)


def publish_video(
    job: Job,
    table: PublishTable,
    ledger: Path,
    folder: Path,
    *,
    stop: Event,
    display: Callable[[int | None], AbstractContextManager[Shows]],
) -> Published | None:
    """Measure the job's video in isolated chunks and put its public figures into `folder`.

    None, and nothing spent, when `stop` was set. UserError when the video, the site file, the ledger or the folder
    cannot be used or the budget does not suffice; then nothing is given, and nothing spent unless it says so.
    """
    publication = publication_of(job, table)
    check_folder(folder, 0)
    _check_start(publication, table, ledger, job.start_ns)
    with open_source(job) as source:
        detector = open_job_detector(job)
        _check_kinds(table.figure, detector.facts.kinds)
        with display(source.info.frames_estimate) as shown:
            held = _windows(source, detector, job, publication, stop, shown)
    if stop.is_set():
        return None
    check_folder(folder, 3 * len(publication.tables) * len(held))
    charges = [
        Charge(publication.site, publication.camera, one.from_ns, one.until_ns, publication.window_nano_epsilon)
        for one in held
    ]
    with Ledger.open(ledger) as book:
        head = book.spend(promise_of(table), charges)
    figures = tuple(figure for one in held for figure in public_figures(publication, one))
    try:
        write_open_data(folder, figures, _guarantee(table, head), _data_set(publication, table, figures))
    except WriteError as error:
        raise UserError(f"{error}; what the figures cost stays spent") from None
    return Published(figures, head)


def _check_start(publication: Publication, table: PublishTable, ledger: Path, start_ns: int) -> None:
    """BudgetSpentError when not even the first chunk can be paid for, which need not wait until all is measured."""
    if ledger.exists():
        first_ns = start_ns - start_ns % publication.protection.chunk_ns
        until_ns = first_ns + publication.protection.chunk_ns
        cost = publication.window_nano_epsilon
        with Ledger.open(ledger) as book:
            book.check(promise_of(table), Charge(publication.site, publication.camera, first_ns, until_ns, cost))


def _windows(
    source: FileSource, detector: Detector, job: Job, publication: Publication, stop: Event, shown: Shows
) -> list[WindowRows]:
    chunk_ns = publication.protection.chunk_ns
    last_ns = 0

    def shows(frames: Iterable[Frame]) -> Iterator[Frame]:
        nonlocal last_ns
        for frame in frames:
            last_ns = frame.time_ns
            shown.show(Moment(frame.index + 1, frame.time_ns, {}))
            yield frame

    places = job.camera.places
    params = ChunkParams(
        places=Places(places.lines, places.zones),
        anchor=job.camera.anchor,
        tables=publication.tables,
        rate_per_s=job.detector.rate_per_s,
        width_px=source.info.width_px,
        height_px=source.info.height_px,
        start_ns=job.start_ns,
        chunk_ns=chunk_ns,
    )
    rows = chunk_rows(shows(source.frames()), detector, params, stop)
    held = windows(rows, publication.protection, publication.window_ns)
    if not stop.is_set() and last_ns < chunk_ns - SECOND_NS:
        raise UserError(
            f"{job.video}: lasts {last_ns / SECOND_NS:.1f} s, less than one chunk of {chunk_ns // SECOND_NS} s; "
            "nothing was spent and nothing is given"
        )
    return held


def _check_kinds(figures: Sequence[PublicFigureTable], told: Sequence[Kind]) -> None:
    for figure in figures:
        if figure.kind_code != ALL_KINDS and figure.kind_code not in told:
            known = ", ".join(kind.label for kind in told)
            raise ConfigError(f"the detector cannot tell the kind {figure.kind!r}; it tells {known}")


def _guarantee(table: PublishTable, head: Head) -> Guarantee:
    return Guarantee(
        rho_s=table.rho_s,
        appearances=table.appearances,
        epsilon_per_day=table.epsilon_per_day,
        chunk_s=table.chunk_s,
        max_rows=table.max_rows,
        events_per_track=table.events_per_track,
        ledger_entry=head.number,
        ledger_seal=head.seal_hex,
    )


def _data_set(publication: Publication, table: PublishTable, figures: Sequence[PublicFigure]) -> DataSet:
    return DataSet(
        site=publication.site,
        camera=publication.camera,
        publisher=table.publisher or publication.site,
        licence=table.licence,
        start_ns=figures[0].start_ns,
        end_ns=figures[-1].end_ns,
        window_s=table.window_s,
        issued_ns=time.time_ns(),
        epsilon_per_day=table.epsilon_per_day,
        rho_s=table.rho_s,
        appearances=table.appearances,
        trusts_tracker=table.events_per_track is not None,
    )
