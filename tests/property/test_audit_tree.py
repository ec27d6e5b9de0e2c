"""Laws of the audit log's tree: proofs hold, and nothing else passes for one."""

from hypothesis import given
from hypothesis import strategies as st

from flaneur.store.audit.merkle import (
    HASH_BYTES,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    proves_consistency,
    proves_inclusion,
    root_of,
)

trees = st.lists(st.binary(max_size=3), min_size=1, max_size=70).map(lambda data: [leaf_hash(one) for one in data])


@given(leaves=trees, data=st.data())
def test_every_leaf_has_a_proof_and_only_at_its_place(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    root, proof = root_of(leaves), inclusion_proof(leaves, index)
    assert proves_inclusion(leaves[index], index, len(leaves), root, proof)
    other = data.draw(st.integers(0, len(leaves) - 1))
    if leaves[other] != leaves[index]:
        assert not proves_inclusion(leaves[other], index, len(leaves), root, proof)
        assert not proves_inclusion(leaves[index], other, len(leaves), root, proof)


@given(leaves=trees, data=st.data())
def test_a_tree_continues_each_of_its_beginnings(leaves: list[bytes], data: st.DataObject) -> None:
    old = data.draw(st.integers(1, len(leaves)))
    proof = consistency_proof(leaves, old)
    assert proves_consistency(old, root_of(leaves[:old]), len(leaves), root_of(leaves), proof)


@given(leaves=trees, data=st.data())
def test_no_proof_hides_a_changed_history(leaves: list[bytes], data: st.DataObject) -> None:
    old = data.draw(st.integers(1, len(leaves)))
    changed = data.draw(st.integers(0, old - 1))
    forged = [leaf if n != changed else leaf_hash(b"forged") for n, leaf in enumerate(leaves)]
    for proof in (consistency_proof(leaves, old), consistency_proof(forged, old)):
        assert not proves_consistency(old, root_of(leaves[:old]), len(forged), root_of(forged), proof)


@given(leaves=trees, data=st.data())
def test_any_change_of_a_proof_spoils_it(leaves: list[bytes], data: st.DataObject) -> None:
    old = data.draw(st.integers(1, len(leaves)))
    index = data.draw(st.integers(0, len(leaves) - 1))
    size, root = len(leaves), root_of(leaves)
    for proof, holds in (
        (consistency_proof(leaves, old), lambda p: proves_consistency(old, root_of(leaves[:old]), size, root, p)),
        (inclusion_proof(leaves, index), lambda p: proves_inclusion(leaves[index], index, size, root, p)),
    ):
        assert holds(proof)
        assert not holds([*proof, bytes(HASH_BYTES)])
        if proof:
            at = data.draw(st.integers(0, len(proof) - 1))
            bit = data.draw(st.integers(0, 8 * HASH_BYTES - 1))
            flipped = (int.from_bytes(proof[at]) ^ (1 << bit)).to_bytes(HASH_BYTES)
            assert not holds([*proof[:at], flipped, *proof[at + 1 :]])
            assert not holds(proof[:at] + proof[at + 1 :])
