"""The boundary for public figures: exact rows of a window -> figures with noise, after the ledger was charged.

What follows the noise is post-processing, which cannot weaken the guarantee: no figure is below zero or beyond what
clipping allows, and the total of both directions is the sum of the two that are told.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from flaneur.data.kinds import label_of
from flaneur.data.released import PublicFigure
from flaneur.release.chunks import STEPS, PublicCount, PublicOccupancy, PublicTable, Tally, WindowRows
from flaneur.release.noise import Noise, half_width, is_possible, laplace
from flaneur.release.sensitivity import Protection

NANO = 10**9
"""ε is accounted for in whole billionths, so that sums are exact."""
WINDOWS_TOUCHED = 2
"""An appearance of at most ρ, which is no longer than a window, touches two windows at most."""
ROAD_USERS = "road users"
TOTAL = "all"


@dataclass(frozen=True, slots=True)
class Publication:
    """What is published of one camera, and under which guarantee."""

    site: str
    camera: str
    protection: Protection
    window_ns: int
    nano_epsilon: int
    """Of all figures that one appearance touches, in billionths."""
    tables: tuple[PublicTable, ...]

    def __post_init__(self) -> None:
        if not self.tables:
            raise ValueError("there is nothing to publish")
        if self.window_ns < self.protection.rho_ns or self.window_ns % self.protection.chunk_ns:
            raise ValueError("a window holds whole chunks, and is no shorter than ρ")
        if self.table_nano_epsilon < 1:
            raise ValueError("the budget is too small for so many figures")
        if not all(is_possible(table.l1(self.protection), self.table_nano_epsilon / NANO) for table in self.tables):
            raise ValueError("the noise would drown every figure: fewer appearances, longer chunks or fewer rows help")

    @property
    def table_nano_epsilon(self) -> int:
        """What each table of a window may cost."""
        return self.nano_epsilon // (WINDOWS_TOUCHED * len(self.tables))

    @property
    def window_nano_epsilon(self) -> int:
        """What a window costs, all its tables together."""
        return self.table_nano_epsilon * len(self.tables)


def public_figures(publication: Publication, window: WindowRows, noise: Noise = laplace) -> Iterator[PublicFigure]:
    """The figures of a window. To be called only after the window's ε was spent in the ledger, and once."""
    epsilon = publication.table_nano_epsilon / NANO
    for table, exact in zip(publication.tables, window.tallies, strict=True):
        noisy, scale = noise(exact, table.l1(publication.protection), epsilon)
        for direction, value, low, high, step in _told(table, noisy, scale, window.chunks):
            yield PublicFigure(
                site=publication.site,
                camera=publication.camera,
                measure=table.measure,
                place=table.place,
                kind=label_of(table.kind),
                direction=direction,
                start_ns=window.start_ns,
                end_ns=window.start_ns + publication.window_ns,
                value=value * step,
                low=low * step,
                high=high * step,
                unit=ROAD_USERS,
                coverage=min(window.observed_ns / publication.window_ns, 1.0),
                epsilon=epsilon,
                noise_scale=scale * step,
            )


def _told(table: PublicTable, noisy: Tally, scale: float, chunks: int) -> Iterator[tuple[str, int, int, int, float]]:
    """(direction, value, low, high, unit of these) of each figure, and of their total."""
    match table:
        case PublicCount():
            step = 1.0
        case PublicOccupancy():  # the number of chunks follows from the times of frames and is no secret
            step = 1.0 / (STEPS * chunks)
    least, most = table.reach(chunks)

    def possible(number: int) -> int:
        return max(number, least) if most is None else min(max(number, least), most)

    width = half_width(scale)
    values = [possible(int(raw)) for raw in noisy]
    for direction, raw, value in zip(table.directions, noisy, values, strict=True):
        yield direction, value, possible(int(raw) - width), possible(int(raw) + width), step
    if len(values) > 1:
        raw, width, total = int(noisy.sum()), half_width(scale, len(values)), sum(values)
        yield TOTAL, total, min(possible(raw - width), total), max(possible(raw + width), total), step
