"""The tree against the vectors of certificate transparency's own implementations, and against the plain definition."""

import hashlib

import pytest

from flaneur.store.audit.merkle import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    proves_consistency,
    proves_inclusion,
    root_of,
)

INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
LEAVES = [leaf_hash(data) for data in INPUTS]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PATH_OF_FIRST_IN_8 = [
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
]


def by_definition(inputs: list[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1, word for word and without any code of ours."""
    if not inputs:
        return hashlib.sha256(b"").digest()
    if len(inputs) == 1:
        return hashlib.sha256(b"\x00" + inputs[0]).digest()
    k = 1
    while k * 2 < len(inputs):
        k *= 2
    return hashlib.sha256(b"\x01" + by_definition(inputs[:k]) + by_definition(inputs[k:])).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert root_of(LEAVES[:size]).hex() == ROOTS[size - 1]
    assert by_definition(INPUTS[:size]).hex() == ROOTS[size - 1]


def test_the_empty_tree() -> None:
    assert Frontier().root() == by_definition([])


def test_a_path_is_that_of_certificate_transparency() -> None:
    assert [h.hex() for h in inclusion_proof(LEAVES, 0)] == PATH_OF_FIRST_IN_8


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 31, 64, 65])
def test_growing_a_tree_gives_the_defined_root(size: int) -> None:
    inputs = [bytes([n]) for n in range(size)]
    assert root_of([leaf_hash(data) for data in inputs]) == by_definition(inputs)


@pytest.mark.parametrize(("size", "index"), [(0, 0), (3, 3), (3, -1)])
def test_there_is_no_proof_for_a_leaf_that_is_not_there(size: int, index: int) -> None:
    with pytest.raises(IndexError):
        inclusion_proof(LEAVES[:size], index)
    assert not proves_inclusion(LEAVES[0], index, size, LEAVES[0], [])


@pytest.mark.parametrize("old", [0, 4])
def test_there_is_no_consistency_with_a_tree_that_never_was(old: int) -> None:
    with pytest.raises(IndexError):
        consistency_proof(LEAVES[:3], old)
    assert not proves_consistency(old, root_of(LEAVES[:old]), 3, root_of(LEAVES[:3]), [])


def test_a_node_is_no_leaf() -> None:
    """Without the prefixes, the two halves of a node, joined, would pass as one leaf with the same root."""
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != root_of(LEAVES[:2])
