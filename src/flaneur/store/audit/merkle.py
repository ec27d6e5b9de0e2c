"""The hash tree of the audit log, as certificate transparency has it: RFC 9162, section 2.1, SHA-256.

Leaves and nodes are hashed with different prefixes, so that no node can be passed off as a leaf. The root of the
first n leaves stands for exactly these leaves in this order. Pure functions; all hashes are 32 bytes.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

LEAF = b"\x00"
NODE = b"\x01"
HASH_BYTES = 32


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf."""
    return hashlib.sha256(LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of the node above two."""
    return hashlib.sha256(NODE + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that is needed of a tree to go on: its size and the roots of its full subtrees, the largest first."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def plus(self, leaf: bytes) -> Self:
        """The tree with one more leaf; takes the leaf's hash."""
        peaks = list(self.peaks)
        rest = self.size
        while rest & 1:  # two full subtrees of one size become one
            leaf = node_hash(peaks.pop(), leaf)
            rest >>= 1
        return type(self)(self.size + 1, (*peaks, leaf))

    def root(self) -> bytes:
        """Root of the tree."""
        if not self.peaks:
            return hashlib.sha256().digest()
        root = self.peaks[-1]
        for peak in self.peaks[-2::-1]:
            root = node_hash(peak, root)
        return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Root over the hashes of leaves."""
    tree = Frontier()
    for leaf in leaves:
        tree = tree.plus(leaf)
    return tree.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Hashes that lead from the leaf at `index` to the root over all `leaves`, the lowest first (2.1.3.1)."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"there is no leaf {index} among {len(leaves)}")
    if len(leaves) == 1:
        return []
    half = _left_half(len(leaves))
    if index < half:
        return [*inclusion_proof(leaves[:half], index), root_of(leaves[half:])]
    return [*inclusion_proof(leaves[half:], index - half), root_of(leaves[:half])]


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """Hashes that show that the tree over `leaves` continues the one over the first `old_size` of them (2.1.4.1)."""
    if not 0 < old_size <= len(leaves):
        raise IndexError(f"no tree of {old_size} leaves has become one of {len(leaves)}")
    return _subproof(leaves, old_size, whole=True)


def _subproof(leaves: Sequence[bytes], old_size: int, *, whole: bool) -> list[bytes]:
    """`whole` while the old tree's root is one that the reader of the proof has already."""
    if old_size == len(leaves):
        return [] if whole else [root_of(leaves)]
    half = _left_half(len(leaves))
    if old_size <= half:
        return [*_subproof(leaves[:half], old_size, whole=whole), root_of(leaves[half:])]
    return [*_subproof(leaves[half:], old_size - half, whole=False), root_of(leaves[:half])]


def _left_half(size: int) -> int:
    """The largest power of two below `size`, which is 2 at least."""
    return 1 << ((size - 1).bit_length() - 1)


def proves_inclusion(leaf: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the leaf of this hash stands at `index` of the tree (2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, at = leaf, size - 1, index
    for hash_ in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = node_hash(hash_, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, hash_)
        at, last = at >> 1, last >> 1
    return last == 0 and node == root


def proves_consistency(old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree of `size` leaves continues the old one unchanged (2.1.4.2)."""
    if not 0 < old_size <= size:
        return False
    if old_size == size:
        return not proof and old_root == root
    if old_size & (old_size - 1) == 0:  # the old root itself is a node of the new tree
        proof = [old_root, *proof]
    if not proof:
        return False
    at, last = old_size - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = proof[0]
    for hash_ in proof[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(hash_, old), node_hash(hash_, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, hash_)
        at, last = at >> 1, last >> 1
    return last == 0 and old == old_root and new == root
