"""A store's figures for other platforms, as one file or a stream."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

from flaneur.config.load import ConfigError, load_site
from flaneur.config.site import SiteFile
from flaneur.data.platforms import PlatformFormat
from flaneur.data.released import Measurement
from flaneur.run.audit import name_text, recording
from flaneur.serve.atomic import written_whole
from flaneur.serve.live import datex2, sensorthings
from flaneur.serve.live.board import SiteFacts
from flaneur.store.archive import Archive
from flaneur.store.audit.entries import Exported
from flaneur.store.errors import StoreError
from flaneur.store.store import Store


def export_file(
    store: Path, form: PlatformFormat, site_path: Path | None, out: Path, now_ns: int
) -> set[tuple[str, str]]:
    """All figures of a store as the file `out`, which appears whole or not at all; recorded where the site has an audit
    log.

    Gives measure and kind of the figures that the format has no words for. UserError when the store is not the
    site's, holds several, or its figures have no dates.
    """
    with recording(site_path) as write:
        archive = Archive(store)
        facts = _facts(store, None if site_path is None else load_site(site_path))
        if not archive.dated():
            raise StoreError(
                f"{store}: the date of its video is not known, and other platforms need one; state `start`"
            )
        left_out: set[tuple[str, str]] = set()
        digest, size = hashlib.sha256(), 0
        with written_whole(out) as file:
            for text in _writers(archive, facts, left_out, now_ns)[form]():
                piece = text.encode()
                digest.update(piece)
                size += file.write(piece)
        if write is not None:
            write(Exported(account=None, name=name_text(out.name), size_bytes=size, sha256=digest.hexdigest()))
    return left_out


def _writers(
    archive: Archive, facts: SiteFacts, left_out: set[tuple[str, str]], now_ns: int
) -> dict[PlatformFormat, Callable[[], Iterator[str]]]:
    def told(figures: Iterable[Measurement]) -> Iterator[Measurement]:
        some = False
        for figure in figures:
            if datex2.is_told(figure):
                some = True
                yield figure
            else:
                left_out.add((figure.measure, figure.kind))
        if not some:  # a document without any is none by its schema
            raise StoreError(
                f"{archive.path}: holds nothing that DATEX II has words for, which is vehicles and their speeds; "
                "take --format sensorthings"
            )

    def sites() -> Iterator[str]:
        if facts.position is None:
            raise ConfigError(
                "a table of sites needs to know where the site is; give --site with [serve] position = [lat, lon]"
            )
        return datex2.measurement_sites(facts, told(archive.latest()), now_ns)

    return {
        "sensorthings": lambda: sensorthings.document(facts, archive.by_series()),
        "datex2": lambda: datex2.measured_data(facts, told(archive.by_time()), now_ns),
        "datex2-sites": sites,
    }


def _facts(store: Path, site: SiteFile | None) -> SiteFacts:
    with Store.open(store, read_only=True) as opened:
        runs = opened.runs()
    names = Archive(store).sites()
    if site is not None and names not in ([], [site.site.name]):
        raise StoreError(f"{store}: holds figures of {', '.join(names)}, and the site file is of {site.site.name!r}")
    if len(names) > 1:
        raise StoreError(f"{store}: holds figures of several sites: {', '.join(names)}")
    serve = site.serve if site is not None else None
    return SiteFacts(
        name=names[0] if names else "",
        cameras=(),
        version=version("flaneur"),
        detector=runs[-1].detector if runs else "unknown",
        position=serve.position if serve else None,
        country=serve.country if serve else "ZZ",
    )
