"""`flaneur papers`: from the site file, the ledger, the audit log and what was published to papers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from flaneur.config.load import ConfigError, load_site, sha256_of
from flaneur.config.papers import PapersTable
from flaneur.config.site import CameraTable, SiteFile
from flaneur.data.errors import UserError
from flaneur.data.language import Language
from flaneur.detect.detector import DetectParams, open_detector
from flaneur.detect.protocol import Detector
from flaneur.run.audit import Trail, log_paths, recording, verify_log
from flaneur.run.budget import days_of
from flaneur.run.ghost_picture import ghost_picture
from flaneur.run.publishing import ledger_path
from flaneur.run.software import software
from flaneur.serve.atomic import written_whole
from flaneur.serve.live.http import LOOPBACK
from flaneur.serve.papers.facts import (
    AuditState,
    BudgetDay,
    Camera,
    Connection,
    Guarantee,
    Keeping,
    Operator,
    SiteFacts,
)
from flaneur.serve.papers.pages import Page, file_name, page_html
from flaneur.serve.papers.published import PublishedSet, read_published
from flaneur.serve.papers.sign import Paper, sign_pdf
from flaneur.store.audit.key import PublicKey, public_path
from flaneur.store.ledger import Ledger

PAGES: tuple[Page, ...] = ("public", "record", "assessment")
PAPERS: tuple[Paper, ...] = ("A4", "A3")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for beside the site file."""

    languages: tuple[Language, ...] = ()
    """All in which the site file says the purposes, where empty."""
    ghosts: Mapping[str, Path] = field(default_factory=dict)
    """Camera -> ghost video or picture."""
    published: Sequence[Path] = ()
    """Folders that `flaneur publish` wrote."""
    ledger: Path | None = None
    """Beside the site file where None."""
    overwrite: bool = False


def write_papers(site_path: Path, out: Path, wanted: Wanted, today: date) -> list[Path]:
    """Write the papers of a site into the folder `out`; all of them or, with UserError, none."""
    site = load_site(site_path)
    if site.papers is None:
        raise ConfigError(
            f"{site_path}: there is no [papers] in it; say there who is responsible (controller, address, contact), "
            "on what ground (article_6_1), public_url, and the purposes under [papers.de] or [papers.en]"
        )
    languages = _languages(site_path, site.papers, wanted.languages)
    facts = _facts(site_path, site, site.papers, wanted, today)
    papers: dict[str, bytes] = {}
    for language in languages:
        told = replace(facts, operator=_operator(site.papers, language), languages=languages)
        papers |= {f"sign-{paper.lower()}.{language}.pdf": sign_pdf(told, language, paper) for paper in PAPERS}
        papers |= {file_name(page, language): page_html(page, told, language).encode() for page in PAGES}
    _put(out, papers, overwrite=wanted.overwrite)
    with recording(site_path) as write:
        Trail(write, site.camera[0].name).exported(out, papers)
    return [out / name for name in papers]


def _languages(site_path: Path, table: PapersTable, wanted: tuple[Language, ...]) -> tuple[Language, ...]:
    for language in wanted:
        if language not in table.texts:
            raise ConfigError(f"{site_path}: there is no [papers.{language}] in it; say there the purposes in it")
    return wanted or tuple(table.texts)


def _facts(site_path: Path, site: SiteFile, papers: PapersTable, wanted: Wanted, today: date) -> SiteFacts:
    detector = open_detector(_detect_params(site))
    book = wanted.ledger or ledger_path(site_path)
    published = [read_published(folder, site.site.name) for folder in wanted.published]
    _check_published(published, site, book)
    return SiteFacts(
        site=site.site.name,
        timezone=site.site.timezone,
        interval_s=site.site.interval_s,
        software=software(),
        detector=f"{detector.facts.name} ({detector.facts.licence})",
        kinds=tuple(kind.label for kind in sorted(detector.facts.kinds)),
        configuration=sha256_of(site_path),
        made=today,
        operator=_operator(papers, next(iter(papers.texts))),
        cameras=_cameras(site, wanted.ghosts, detector),
        keeping=_keeping(site),
        guarantee=_guarantee(site),
        budget=_budget(site, book),
        audit=None if site.audit is None else _audit(site_path),
        published=published,
        viewers=() if site.serve is None else tuple(site.serve.viewers),
        connections=_connections(site),
    )


def _detect_params(site: SiteFile) -> DetectParams:
    table = site.detector
    return DetectParams(table.model, table.layout, table.kinds, table.licence)


def _operator(table: PapersTable, language: Language) -> Operator:
    text = table.texts[language]
    return Operator(
        controller=table.controller,
        address=table.address,
        contact=table.contact,
        public_url=table.public_url,
        ground=table.article_6_1,
        purposes=tuple(text.purposes),
        law=text.law,
        interest=text.legitimate_interest,
        recipients=None if text.recipients is None else tuple(text.recipients),
        officer=table.data_protection_officer,
        authority=table.supervisory_authority,
        recordings_h=table.recordings_hours,
        checked=table.checked,
    )


def _cameras(site: SiteFile, ghosts: Mapping[str, Path], detector: Detector) -> tuple[Camera, ...]:
    unknown = ghosts.keys() - {camera.name for camera in site.camera}
    if unknown:
        names = ", ".join(repr(camera.name) for camera in site.camera)
        raise ConfigError(f"there is no camera {min(unknown)!r} in the site file; it has {names}")
    pictures = {
        camera.name: ghost_picture(ghosts[camera.name], camera, detector)
        for camera in site.camera
        if camera.name in ghosts
    }
    return tuple(_camera(camera, pictures.get(camera.name)) for camera in site.camera)


def _camera(table: CameraTable, picture: bytes | None) -> Camera:
    return Camera(
        name=table.name,
        lines=tuple(line.name for line in table.line),
        zones=tuple(zone.name for zone in table.zone),
        flows=tuple(flow.label for flow in table.flow),
        queues=tuple(queue.name for queue in table.queue),
        signals=tuple(signal.name for signal in table.signal),
        crowds=tuple(zone.name for zone in table.zone if zone.crowd is not None),
        metric=table.ground is not None or table.in_metres,
        masks=len(table.masks),
        picture=picture,
    )


def _keeping(site: SiteFile) -> Keeping | None:
    table = site.keep
    return None if table is None else Keeping(table.figures_days, table.fine_days, table.coarsen_to_s)


def _connections(site: SiteFile) -> tuple[Connection, ...]:
    """Protocols and hosts; the rest of an address may hold a secret."""
    out = []
    if (serve := site.serve) is not None:
        out.append(Connection("http_local" if serve.host in LOOPBACK else "http", f"{serve.host}:{serve.port}"))
    if site.mqtt is not None:
        out.append(Connection("mqtt", f"{site.mqtt.host}:{site.mqtt.port}"))
    hosts = (re.sub(r"^https?://([^/?#]*@)?([^/?#]*).*", r"\2", hook.url) for hook in site.webhook)
    return (*out, *(Connection("webhook", host) for host in hosts))


def _guarantee(site: SiteFile) -> Guarantee | None:
    table = site.publish
    if table is None:
        return None
    return Guarantee(
        rho_s=table.rho_s,
        appearances=table.appearances,
        epsilon_per_day=table.epsilon_per_day,
        chunk_s=table.chunk_s,
        window_s=table.window_s,
        trusts_tracker=table.events_per_track is not None,
    )


def _budget(site: SiteFile, book: Path) -> tuple[BudgetDay, ...]:
    table = site.publish
    if table is None or not book.is_file():
        return ()
    return tuple(
        BudgetDay(day.camera, day.date, day.releases, max(table.epsilon_per_day - day.epsilon_left, 0.0))
        for day in days_of(book, table, site.site)
    )


def _check_published(published: Sequence[PublishedSet], site: SiteFile, book: Path) -> None:
    """UserError where figures do not belong to this site, or were paid for in another ledger."""
    if not published:
        return
    if site.publish is None:
        raise ConfigError("there are public figures, and no [publish] in the site file that says what protects them")
    known = {camera.name for camera in site.camera}
    for one in published:
        if one.camera not in known:
            raise UserError(f"there are public figures of a camera {one.camera!r}, which the site file does not have")
    entries = 0
    if book.is_file():
        with Ledger.open(book) as ledger:
            entries = len(ledger.entries())
    latest = max(one.guarantee.ledger_entry for one in published)
    if latest > entries:
        raise UserError(
            f"{book}: has {entries} entries, and the public figures were paid for by entry {latest}: it is another "
            "ledger or an older copy; name the right one with --ledger"
        )


def _audit(site_path: Path) -> AuditState:
    found = verify_log(site_path, None, ())
    key = PublicKey.load(public_path(log_paths(site_path)[1]))
    return AuditState(found.head.size, found.head.root.hex(), key.hex, found.last.time)


def _put(out: Path, papers: Mapping[str, bytes], *, overwrite: bool) -> None:
    there = [name for name in papers if (out / name).exists()]
    if there and not overwrite:
        raise UserError(
            f"{out / there[0]}: exists already, and somebody may have written in it; take another --out, or replace "
            "it with --overwrite"
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{out}: cannot be written: {error.strerror}") from None
    for name, content in papers.items():
        with written_whole(out / name) as file:
            file.write(content)
