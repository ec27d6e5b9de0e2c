"""What the audit log can say. One strict type per kind of entry: there is no field for anything else.

Entries are about the system and about those who run it: which footage was processed, who looked at a view, what was
handed out or deleted. None has room for anybody who was seen.
"""

import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"\A[0-9a-f]{64}\z")]
Signature = Annotated[str, StringConstraints(pattern=r"\A[0-9a-f]{128}\z")]
Time = Annotated[str, StringConstraints(pattern=r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\z")]
"""UTC."""
Count = Annotated[int, Field(ge=0)]
Command = Literal["run", "trajectories", "redact", "live", "publish", "retention"]


class Strict(BaseModel):
    """Nothing unknown, nothing converted, nothing changed later."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Opened(Strict):
    """The log began; always its first entry."""

    kind: Literal["opened"] = "opened"
    site: Text
    public_key: Sha256
    """The 32 bytes of the Ed25519 key that the log is signed with."""
    software: Text


class Repaired(Strict):
    """A crash had left a torn line, which was never a finished entry; it was removed."""

    kind: Literal["repaired"] = "repaired"
    torn_bytes: Annotated[int, Field(ge=1)]


class ConfigurationChanged(Strict):
    """The site file is another one than at the start before."""

    kind: Literal["configuration_changed"] = "configuration_changed"
    before: Sha256 | None
    """SHA-256 of the site file; None at the first start."""
    after: Sha256


class Started(Strict):
    """A command began to work on a camera's video."""

    kind: Literal["started"] = "started"
    command: Command
    camera: Text
    source: Text
    """Name of the video, without its folder."""
    configuration: Sha256
    software: Text


class Stopped(Strict):
    """A command ended."""

    kind: Literal["stopped"] = "stopped"
    command: Command
    camera: Text
    outcome: Literal["complete", "interrupted", "failed"]


class Viewed(Strict):
    """A person who runs the site looked at a live view."""

    kind: Literal["viewed"] = "viewed"
    account: Text
    camera: Text
    view: Literal["ghost", "fill"]


class Exported(Strict):
    """A file with figures or redacted pictures was written or handed out."""

    kind: Literal["exported"] = "exported"
    account: Text | None
    """Who asked for it; None for a command on the machine itself."""
    name: Text
    """Of the file, without its folder."""
    size_bytes: Count
    sha256: Sha256


class Published(Strict):
    """Figures passed differential privacy and were given to the public; the ledger says what they cost."""

    kind: Literal["published"] = "published"
    camera: Text
    start: Time
    end: Time
    figures: Count
    ledger_entry: Count
    ledger_seal: Sha256
    """Of that entry; an older copy of the ledger that is put back does not have it."""


class DeletionBegun(Strict):
    """Figures that are older than agreed are about to go; written before anything is lost."""

    kind: Literal["deletion_begun"] = "deletion_begun"
    store: Text
    """Name of the file, without its folder."""
    delete_before: Time | None
    coarsen_before: Time | None
    deleted: Count
    """Figures that are too old."""
    coarsened: Count
    """Figures that are added up into longer intervals."""
    into: Count
    """Figures that these became."""
    dropped: Count
    """Figures of the same time that cannot be added up."""
    runs: Count
    """Descriptions of runs, of which nothing else is left."""


class DeletionDone(Strict):
    """Nothing that is older than agreed is left in the store, nor a trace of it; ends each `flaneur retention`."""

    kind: Literal["deletion_done"] = "deletion_done"
    store: Text


class HealthChanged(Strict):
    """A camera began or ceased to show what it was set up to show."""

    kind: Literal["health_changed"] = "health_changed"
    camera: Text
    since: Time
    faults: tuple[Literal["dark", "overexposed", "covered", "blurred", "moved", "frozen", "offline", "low_rate"], ...]
    """Empty when all is well again."""


Entry = Annotated[
    Opened
    | Repaired
    | ConfigurationChanged
    | Started
    | Stopped
    | Viewed
    | Exported
    | Published
    | DeletionBegun
    | DeletionDone
    | HealthChanged,
    Field(discriminator="kind"),
]


class Record(Strict):
    """An entry at its place; its canonical text is a leaf of the tree."""

    index: Count
    time: Time
    previous: Sha256
    """SHA-256 of the whole line before, zeros at the first."""
    entry: Entry


class Line(Strict):
    """A line of the log: a record, and the signed root of the tree that ends with it."""

    record: Record
    root: Sha256
    signature: Signature


def canonical(model: Strict) -> bytes:
    """The one text of a record or line: JSON in UTF-8, keys sorted, no blanks."""
    content = model.model_dump(mode="json")
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
