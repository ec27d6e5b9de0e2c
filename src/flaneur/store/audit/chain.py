"""Following the log line by line: whether each is whole, at its place, and covered by the root beside it."""

import hashlib
from dataclasses import dataclass, field
from typing import Self

from pydantic import ValidationError

from flaneur.store.audit.entries import Entry, Line, Opened, Record, canonical
from flaneur.store.audit.errors import AuditError
from flaneur.store.audit.heads import Head
from flaneur.store.audit.key import PublicKey, SiteKey
from flaneur.store.audit.merkle import Frontier, leaf_hash

NOTHING_BEFORE = "0" * 64
LONGEST_LINE = 20_000
"""Bytes; no entry is a tenth as long."""


@dataclass(frozen=True, slots=True)
class Chain:
    """What must be known of the lines so far to judge or to make the next one."""

    tree: Frontier = field(default_factory=Frontier)
    previous: str = NOTHING_BEFORE
    last: Line | None = None

    @property
    def head(self) -> Head:
        """The head that the last line states."""
        return Head(self.tree.size, self.tree.root())

    def after(self, text: bytes) -> Self:
        """The chain with one more line, given without its line feed; AuditError when it does not belong there."""
        size = self.tree.size
        line = self._read(text)
        record = line.record
        if record.index != size:
            raise AuditError(
                f"where entry {size} belongs stands entry {record.index}: entries were deleted, repeated or moved"
            )
        if record.previous != self.previous:
            what = (
                f"entry {size - 1} is not the one that entry {size} was written after"
                if size
                else "entry 0 is not the first"
            )
            raise AuditError(f"{what}: it was changed, or entries were deleted or moved")
        if isinstance(record.entry, Opened) != (size == 0):
            raise AuditError(f"entry {size} is not one that can stand there: a log is opened once, by its first entry")
        tree = self.tree.plus(leaf_hash(canonical(record)))
        if tree.root().hex() != line.root:
            raise AuditError(f"entry {size} is not what was signed: it was changed")
        return type(self)(tree, hashlib.sha256(text).hexdigest(), line)

    def _read(self, text: bytes) -> Line:
        try:
            line = Line.model_validate_json(text)
        except ValidationError:
            line = None
        if line is None or canonical(line) != text:
            raise AuditError(f"entry {self.tree.size} is not as Flaneur writes it: it was changed")
        return line

    def check_signature(self, key: PublicKey) -> None:
        """AuditError unless the last line was signed with the site's key; that covers all lines before it."""
        assert self.last is not None
        if not key.signed(self.head.message, bytes.fromhex(self.last.signature)):
            raise AuditError(
                f"entry {self.tree.size - 1} was not signed with the site's key: "
                "it was changed, or somebody else wrote it"
            )

    def next_line(self, entry: Entry, time: str, key: SiteKey) -> bytes:
        """The line for a new entry, signed, without its line feed."""
        record = Record(index=self.tree.size, time=time, previous=self.previous, entry=entry)
        tree = self.tree.plus(leaf_hash(canonical(record)))
        head = Head(tree.size, tree.root())
        line = Line(record=record, root=head.root.hex(), signature=key.sign(head.message).hex())
        return canonical(line)
