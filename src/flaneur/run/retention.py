"""Letting a site's figures go when they are as old as its site file says."""

from pathlib import Path

from flaneur.config.keep import DAY_S, KeepTable
from flaneur.config.load import ConfigError, load_site
from flaneur.data.time import SECOND_NS
from flaneur.run.audit import Write, name_text, recording
from flaneur.store.audit.entries import DeletionBegun, DeletionDone
from flaneur.store.audit.log import time_text
from flaneur.store.errors import StoreError
from flaneur.store.retention import Aged, Limits, age
from flaneur.store.store import Store


def keep_figures(store: Path, site_path: Path, now_ns: int) -> Aged:
    """Apply the `[keep]` of a site file to a store, with a receipt in the audit log where there is one.

    As `let_go`; UserError, too, when the file or the log cannot be used.
    """
    site = load_site(site_path)
    if site.keep is None:
        raise ConfigError(
            f"{site_path}: there is no [keep] in it; say there how many days figures are kept: figures_days"
        )
    with recording(site_path) as write:
        return let_go(store, site.site.name, site.keep, now_ns, write)


def let_go(store: Path, site: str, keep: KeepTable, now_ns: int, write: Write | None) -> Aged:
    """Apply a `[keep]` to the store of a site; `write` records the receipt, None where there is no audit log.

    `now_ns` is the time of day, nanoseconds since 1970. UserError, and nothing deleted, when the store is another
    site's or cannot be used, or when the receipt cannot be written.
    """
    limits = limits_of(keep, now_ns)
    with Store.open(store, read_only=True) as opened:
        others = {run.site for run in opened.runs()} - {site}
    if others:
        raise StoreError(f"{store}: holds figures of the site {min(others)!r}, and the site file is of {site!r}")
    if write is None:
        return age(store, limits, lambda _: None)
    name = name_text(store.name)
    aged = age(store, limits, lambda aged: write(_receipt(name, limits, aged)))
    write(DeletionDone(store=name))
    return aged


def limits_of(keep: KeepTable, now_ns: int) -> Limits:
    """The ages of `[keep]` as moments."""

    def before(days: int | None) -> int | None:
        return None if days is None else now_ns - days * DAY_S * SECOND_NS

    return Limits(before(keep.figures_days), before(keep.fine_days), keep.coarsen_to_s * SECOND_NS)


def _receipt(store: str, limits: Limits, aged: Aged) -> DeletionBegun:
    def moment(time_ns: int | None) -> str | None:
        return None if time_ns is None else time_text(time_ns)

    return DeletionBegun(
        store=store,
        delete_before=moment(limits.delete_before_ns),
        coarsen_before=moment(limits.coarsen_before_ns),
        deleted=aged.deleted,
        coarsened=aged.coarsened,
        into=aged.into,
        dropped=aged.dropped,
        runs=aged.runs,
    )
