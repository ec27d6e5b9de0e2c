"""A report and tables of some days out of a store: also of a site that is watched, while it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from flaneur.config.load import load_site
from flaneur.data.geometry import Flow
from flaneur.data.language import Language
from flaneur.data.released import Measurement, RunFacts
from flaneur.run import days, results
from flaneur.run.audit import Trail, name_text, recording
from flaneur.run.joining import distributions, join_runs, runs_of
from flaneur.run.results import OF_A_REPORT, ResultsFolder
from flaneur.serve.report import Metres, render_report, write_report
from flaneur.serve.tables import write_tables
from flaneur.store.camera_archive import CameraArchive
from flaneur.store.errors import StoreError
from flaneur.store.store import Store

MOST_FIGURES = 1_000_000
"""About 1 GB of memory; a machine that watches cameras must not run short of it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be told; None where it is left open."""

    camera: str | None = None
    first: date | None = None
    last: date | None = None
    """Days of the site's clock, both included. With neither it is the latest one that there are figures of."""


@dataclass(frozen=True, slots=True)
class Reported:
    """What was told, and where it is."""

    facts: RunFacts
    first: date
    last: date
    figures: int
    folder: Path


def report_store(
    store: Path, asked: Asked, site_path: Path | None, out: Path | None, *, overwrite: bool, language: Language
) -> Reported:
    """Report, CSV and Parquet of a camera's days in the folder `out`, or one called after them, whole or not at all.

    Recorded where the site has an audit log. Figures that a running watch writes meanwhile may or may not be in it.
    UserError when the store has no such camera, no figures of these days or no dates, and when it is not the site's.
    """
    with recording(site_path) as write:
        runs = _runs(store, asked.camera)
        camera, zone = runs[-1].camera, ZoneInfo(runs[-1].timezone)
        flows = _flows(store, site_path, runs[-1])
        archive = CameraArchive(store, camera)
        first, last = _days(archive, asked, zone)
        figures = _figures(archive, first, last, zone)
        facts = join_runs(runs_of(runs, figures[0].start_ns, max(one.end_ns for one in figures)), figures)
        folder = out or Path("reports") / _folder_name(camera, first, last)
        with ResultsFolder(folder, overwrite=overwrite, names=OF_A_REPORT) as collected:
            write_tables(collected.path(results.CSV), collected.path(results.PARQUET), figures, dated=True)
            told = Metres(distributions=distributions(figures))
            report = render_report(facts, figures, flows=flows, metres=told, period=True, language=language)
            write_report(collected.path(results.REPORT), report)
            collected.publish()
        Trail(write, name_text(camera)).exported(folder, OF_A_REPORT)
    return Reported(facts, first, last, len(figures), folder)


def _runs(store: Path, camera: str | None) -> list[RunFacts]:
    """The runs of the camera that is meant, in the order of time."""
    with Store.open(store, read_only=True) as opened:
        runs = opened.runs()
    sites, cameras = ({getattr(run, name) for run in runs} for name in ("site", "camera"))
    names = ", ".join(sorted(map(repr, cameras)))
    if not runs:
        raise StoreError(f"{store}: nothing has been measured yet")
    if len(sites) > 1:
        raise StoreError(f"{store}: holds figures of several sites: {', '.join(sorted(sites))}")
    if camera is None and len(cameras) > 1:
        raise StoreError(f"{store}: holds figures of several cameras; choose one with --camera: {names}")
    if camera is not None and camera not in cameras:
        raise StoreError(f"{store}: there is no camera {camera!r} in it; it has {names}")
    found = [run for run in runs if camera in (None, run.camera)]
    if not all(run.dated for run in found):
        raise StoreError(
            f"{store}: the date of its video is not known, so there are no days to choose from; its own report.html "
            "tells all of it. For dates state `start` in the site file and measure it again"
        )
    return found


def _flows(store: Path, site_path: Path | None, run: RunFacts) -> tuple[Flow, ...]:
    """Those of the site file, for their origins and destinations; none of a camera that it has not."""
    if site_path is None:
        return ()
    site = load_site(site_path)
    if site.site.name != run.site:
        raise StoreError(f"{store}: holds figures of {run.site}, and the site file is of {site.site.name!r}")
    tables = [table for table in site.camera if table.name == run.camera]
    return tuple(Flow(flow.label, flow.origin, flow.destination) for table in tables for flow in table.flow)


def _days(archive: CameraArchive, asked: Asked, zone: ZoneInfo) -> tuple[date, date]:
    """The first and the last day that are meant."""
    if asked.first is not None and asked.last is not None:
        if asked.first > asked.last:
            raise StoreError(f"{asked.first} to {asked.last}: the first day is behind the last")
        return asked.first, asked.last
    earliest_ns, latest_ns = archive.first_ns(), archive.last_ns()
    if earliest_ns is None or latest_ns is None:
        raise StoreError(f"{archive.path}: there are no figures of camera {archive.camera!r} yet")
    earliest, latest = days.day_of(earliest_ns, zone), days.day_of(latest_ns, zone)
    if asked.first is None:
        return (latest, latest) if asked.last is None else (min(earliest, asked.last), asked.last)
    return asked.first, max(latest, asked.first)


def _figures(archive: CameraArchive, first: date, last: date, zone: ZoneInfo) -> Sequence[Measurement]:
    """Those of intervals that begin in these days; StoreError when there are none, or far too many."""
    begin_ns, end_ns = days.begin_ns(first, zone), days.begin_ns(last + days.ONE_DAY, zone)
    span = f"of {first}" if first == last else f"from {first} to {last}"
    number = archive.count(begin_ns, end_ns)
    if number > MOST_FIGURES:
        raise StoreError(
            f"{archive.path}: there are {number:,} figures {span}, more than one report may have ({MOST_FIGURES:,}); "
            + ("longer intervals make fewer: interval_s in [site]" if first == last else "ask for fewer days")
        )
    found = list(archive.between(begin_ns, end_ns))
    if not found:
        since_ns = archive.first_ns()
        there = "" if since_ns is None else days.listed(days.days_with(archive.first_ns, since_ns, zone))
        raise StoreError(
            f"{archive.path}: there are no figures of camera {archive.camera!r} {span}"
            + (f"; there are of {there}" if there else " or of any other day")
        )
    return found


def _folder_name(camera: str, first: date, last: date) -> str:
    """`north-2026-11-22`, `north-2026-11-01--2026-11-30`."""
    name = "".join(sign if sign.isalnum() else "-" for sign in camera)
    return f"{name}-{first}" if first == last else f"{name}-{first}--{last}"
