"""What the ledger of a site has left, by camera and day of its calendar."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flaneur.config.publish import PublishTable
from flaneur.config.site import SiteTable
from flaneur.release.publication import NANO
from flaneur.run.days import ONE_DAY, begin_ns, day_of
from flaneur.run.publishing import promise_of
from flaneur.store.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the site's calendar on which something was published of a camera."""

    camera: str
    date: date
    releases: int
    epsilon_left: float
    """At the moment of the day at which most was spent."""


def days_of(path: Path, table: PublishTable, site: SiteTable) -> list[Day]:
    """Days with releases, by camera and in order; days end at midnight of the site, also when the clocks change."""
    with Ledger.open(path) as ledger:
        releases: Counter[tuple[str, date]] = Counter()
        for entry in ledger.entries():
            if entry.charge.site == site.name:
                days = _days(entry.charge.from_ns, entry.charge.until_ns, site)
                releases.update((entry.charge.camera, day) for day in days)
        out = []
        for (camera, day), number in sorted(releases.items()):
            start_ns, end_ns = begin_ns(day, site.zone), begin_ns(day + ONE_DAY, site.zone)
            left = ledger.left(promise_of(table), site.name, camera, start_ns, end_ns)
            out.append(Day(camera, day, number, left / NANO))
    return out


def _days(from_ns: int, until_ns: int, site: SiteTable) -> Iterator[date]:
    day = day_of(from_ns, site.zone)
    while begin_ns(day, site.zone) < until_ns:
        yield day
        day += ONE_DAY
