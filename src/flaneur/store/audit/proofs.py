"""Proofs that can be handed out: that the log only grew, or that it holds one entry, without showing the others."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from flaneur.store.audit.entries import Count, Record, Sha256, Signature, Strict, canonical
from flaneur.store.audit.errors import AuditError, explained
from flaneur.store.audit.heads import Head
from flaneur.store.audit.key import PublicKey
from flaneur.store.audit.merkle import (
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    proves_consistency,
    proves_inclusion,
)
from flaneur.store.audit.reading import verify

LARGEST_BYTES = 100_000


class Proof(Strict):
    """What both proofs end in: a head that the site's key has signed."""

    size: Count
    root: Sha256
    signature: Signature
    hashes: tuple[Sha256, ...]

    @property
    def head(self) -> Head:
        """The head that the log had when the proof was made."""
        return Head(self.size, bytes.fromhex(self.root))

    def _path(self) -> list[bytes]:
        return [bytes.fromhex(text) for text in self.hashes]

    def _check_signature(self, key: PublicKey) -> None:
        if self.size < 1 or not key.signed(self.head.message, bytes.fromhex(self.signature)):
            raise AuditError("the proof was not signed with this key")


class Consistency(Proof):
    """The log of `size` entries begins with the `old_size` entries of an earlier head, unchanged."""

    proof: Literal["consistency"] = "consistency"
    old_size: Count
    old_root: Sha256

    def check(self, key: PublicKey, old: Head) -> Head:
        """The later head, if the log that had the head `old` has only grown since; else AuditError."""
        self._check_signature(key)
        if old != Head(self.old_size, bytes.fromhex(self.old_root)):
            raise AuditError(f"the proof begins at {self.old_size}:{self.old_root}, not at the head {old}")
        if not proves_consistency(old.size, old.root, self.size, bytes.fromhex(self.root), self._path()):
            raise AuditError(
                f"the log of {self.size} entries does not continue the one with the head {old}: history was changed"
            )
        return self.head


class Inclusion(Proof):
    """The log of `size` entries holds this record."""

    proof: Literal["inclusion"] = "inclusion"
    record: Record

    def check(self, key: PublicKey) -> Record:
        """The record, if the log holds it; else AuditError."""
        self._check_signature(key)
        leaf = leaf_hash(canonical(self.record))
        if not proves_inclusion(leaf, self.record.index, self.size, bytes.fromhex(self.root), self._path()):
            raise AuditError(f"the log with the head {self.head} does not hold this entry")
        return self.record


_PROOF: TypeAdapter[Consistency | Inclusion] = TypeAdapter(
    Annotated[Consistency | Inclusion, Field(discriminator="proof")]
)


def prove_growth(path: Path, key: PublicKey, old: Head) -> Consistency:
    """That the log at `path` has only grown since it had the head `old`; AuditError when it has not."""
    leaves: list[bytes] = []
    found = verify(path, key, [old], lambda record: leaves.append(leaf_hash(canonical(record))))
    return Consistency(
        size=found.head.size,
        root=found.head.root.hex(),
        signature=found.signature,
        hashes=_texts(consistency_proof(leaves, old.size)),
        old_size=old.size,
        old_root=old.root.hex(),
    )


def prove_entry(path: Path, key: PublicKey, index: int) -> Inclusion:
    """That the log at `path` holds its entry `index`; AuditError when it has not so many."""
    leaves: list[bytes] = []
    wanted: list[Record] = []

    def look(record: Record) -> None:
        leaves.append(leaf_hash(canonical(record)))
        if record.index == index:
            wanted.append(record)

    found = verify(path, key, look=look)
    if not wanted:
        raise AuditError(f"{path}: has no entry {index}; they go from 0 to {found.head.size - 1}")
    return Inclusion(
        size=found.head.size,
        root=found.head.root.hex(),
        signature=found.signature,
        hashes=_texts(inclusion_proof(leaves, index)),
        record=wanted[0],
    )


def read_proof(path: Path) -> Consistency | Inclusion:
    """The proof in the file at `path`; AuditError when there is none."""
    with explained(path), path.open("rb") as file:
        content = file.read(LARGEST_BYTES)
    try:
        return _PROOF.validate_json(content)
    except ValidationError:
        raise AuditError(f"{path}: is not a proof as `flaneur audit prove` writes it") from None


def _texts(hashes: list[bytes]) -> tuple[str, ...]:
    return tuple(one.hex() for one in hashes)
