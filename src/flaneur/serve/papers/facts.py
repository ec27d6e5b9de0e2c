"""What the papers of a site say. None stands for what the operator has not stated, and becomes a marked blank."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from flaneur.serve.papers.published import PublishedSet


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs the cameras and why, in the language of the paper."""

    controller: str
    address: str
    contact: str
    public_url: str
    ground: Literal["a", "b", "c", "d", "e", "f"]
    """Letter of Article 6(1) GDPR."""
    purposes: tuple[str, ...]
    law: str | None
    """The statute beside it."""
    interest: str | None
    """The legitimate interest; with ground f."""
    recipients: tuple[str, ...] | None
    officer: str | Literal[False] | None
    """The data-protection officer; False where none has to be designated."""
    authority: str | None
    """The supervisory authority."""
    recordings_h: int | None
    checked: date | None


@dataclass(frozen=True, slots=True)
class Camera:
    """What one camera measures, by the names that the operator gave."""

    name: str
    lines: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    crowds: tuple[str, ...] = ()
    """Zones in which density is measured."""
    metric: bool = False
    """Whether it is tied to the ground, so that speeds, times and near misses are measured."""
    masks: int = 0
    """Parts of the picture that are painted over."""
    picture: bytes | None = None
    """A ghost picture as JPEG."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """How old figures become."""

    figures_days: int | None
    fine_days: int | None
    coarsen_to_s: int


@dataclass(frozen=True, slots=True)
class Guarantee:
    """How well everybody is protected in public figures."""

    rho_s: int
    appearances: int
    epsilon_per_day: float
    chunk_s: int
    window_s: int
    trusts_tracker: bool
    """Whether it assumes that whoever passes is one track."""


@dataclass(frozen=True, slots=True)
class BudgetDay:
    """What was spent on a camera and a day; of what was stated, the most that any moment has lost."""

    camera: str
    day: date
    releases: int
    epsilon_used: float


@dataclass(frozen=True, slots=True)
class AuditState:
    """Head of the audit log when the papers were made."""

    entries: int
    root_hex: str
    key_hex: str
    """The public key that it is signed with."""
    until: str
    """Moment of the last entry, UTC."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One way by which the configuration lets exact figures, states or alarms out of the process."""

    by: Literal["http_local", "http", "mqtt", "webhook"]
    """`http_local` is answered to programs on the same machine only."""
    host: str
    """With the port where it is known, and without any secrets."""


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """Everything that the papers of a site are made from, in one language."""

    site: str
    timezone: str
    interval_s: int
    software: str
    detector: str
    kinds: tuple[str, ...]
    """Labels of the kinds that the detector tells apart."""
    configuration: str
    """SHA-256 of the site file."""
    made: date
    operator: Operator
    cameras: tuple[Camera, ...]
    keeping: Keeping | None
    guarantee: Guarantee | None
    budget: Sequence[BudgetDay]
    audit: AuditState | None
    published: Sequence[PublishedSet]
    viewers: tuple[str, ...] = ()
    """Names of the accounts that may see the live view."""
    connections: Sequence[Connection] = ()
    languages: Sequence[str] = ()
    """In which the papers are written at the same time."""

    @property
    def draft(self) -> bool:
        """Whether nobody has approved the papers yet."""
        return self.operator.checked is None
