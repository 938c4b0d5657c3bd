"""The tree against vectors that nobody here wrote, against the recursive definition, and against tampering."""

from __future__ import annotations

import base64
import itertools
import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest.errors import ProofError
from attest.merkle import (
    EMPTY_ROOT,
    CompactRange,
    Tree,
    leaf_hash,
    leaf_hashes,
    node_hash,
    root_from_inclusion,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [leaf_hash(b"leaf %d" % i) for i in range(70)]

# The upstream verifier takes hashes of any length here; ours takes 32 bytes only. Nothing else is excused.
EXCEPTIONS = {"consistency/additional/sizes-are-equal-one-and-proof-is-empty.json"}


def naive_root(leaves):
    """MTH of RFC 9162 §2.1.1, word by word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(naive_root(leaves[:k]), naive_root(leaves[k:]))


def naive_path(m, leaves):
    """PATH of RFC 9162 §2.1.3.1, word by word."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_subproof(m, leaves, complete):
    """SUBPROOF of RFC 9162 §2.1.4.1, word by word."""
    if m == len(leaves):
        return [] if complete else [naive_root(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m <= k:
        return [*naive_subproof(m, leaves[:k], complete), naive_root(leaves[k:])]
    return [*naive_subproof(m - k, leaves[k:], False), naive_root(leaves[:k])]


def vectors(shared, kind):
    folder = shared / "vectors" / "merkle" / "testdata"
    if not folder.is_dir():
        pytest.skip("../shared/vectors/merkle is not there")
    for path in sorted((folder / kind).rglob("*.json")):
        yield path.relative_to(folder).as_posix(), json.loads(path.read_text())


def decoded(text):
    return base64.b64decode(text or "")


def refused(verify, *arguments):
    try:
        verify(*arguments)
    except ProofError:
        return True
    return False


def test_all_inclusion_vectors_of_transparency_dev_agree(shared):
    seen = 0
    for name, v in vectors(shared, "inclusion"):
        proof = [decoded(h) for h in v["proof"] or []]
        arguments = (decoded(v["leafHash"]), v["leafIdx"], v["treeSize"], proof, decoded(v["root"]))
        if v["wantErr"]:
            assert refused(verify_inclusion, *arguments), name
        else:
            verify_inclusion(*arguments)
        seen += 1
    assert seen == 98


def test_all_consistency_vectors_of_transparency_dev_agree(shared):
    seen = 0
    for name, v in vectors(shared, "consistency"):
        proof = [decoded(h) for h in v["proof"] or []]
        arguments = (v["size1"], v["size2"], proof, decoded(v["root1"]), decoded(v["root2"]))
        if v["wantErr"] or name in EXCEPTIONS:
            assert refused(verify_consistency, *arguments), name
        else:
            verify_consistency(*arguments)
        seen += 1
    assert seen == 98


def test_roots_and_proofs_of_every_size_are_those_of_the_definition():
    tree = Tree(LEAVES)
    for n in range(len(LEAVES) + 1):
        assert tree.root(n) == naive_root(LEAVES[:n])
    for n in (1, 2, 3, 7, 8, 9, 31, 32, 33, 70):
        for i in range(n):
            assert tree.inclusion_proof(i, n) == naive_path(i, LEAVES[:n])
        for m in range(1, n + 1):
            assert tree.consistency_proof(m, n) == naive_subproof(m, LEAVES[:n], True)


def test_every_inclusion_proof_verifies_and_no_other_index_or_size_does():
    tree = Tree(LEAVES)
    for n in (1, 2, 5, 8, 13, 16, 21):
        for i in range(n):
            proof = tree.inclusion_proof(i, n)
            verify_inclusion(LEAVES[i], i, n, proof, tree.root(n))
            for other in range(n):
                if other != i:
                    with pytest.raises(ProofError):
                        verify_inclusion(LEAVES[i], other, n, proof, tree.root(n))


def test_every_prefix_is_consistent_with_every_later_size():
    tree = Tree(LEAVES)
    for n in range(len(LEAVES) + 1):
        for m in range(n + 1):
            verify_consistency(m, n, tree.consistency_proof(m, n), tree.root(m), tree.root(n))


@given(st.integers(0, 600), st.data())
def test_every_prefix_of_a_tree_of_any_size_is_consistent(n, data):
    leaves = leaf_hashes(b"%d" % i for i in range(n))
    tree = Tree(leaves)
    sizes = sorted(data.draw(st.lists(st.integers(0, n), min_size=2, max_size=6)))
    for m, later in itertools.pairwise(sizes):
        verify_consistency(m, later, tree.consistency_proof(m, later), tree.root(m), tree.root(later))
        assert tree.root(m) == Tree(leaves[:m]).root()
        if m:
            i = data.draw(st.integers(0, m - 1))
            verify_inclusion(leaves[i], i, m, tree.inclusion_proof(i, m), tree.root(m))


def test_a_compact_range_has_the_root_of_the_tree_at_every_size():
    compact = CompactRange()
    assert compact.root() == EMPTY_ROOT
    for n, leaf in enumerate(LEAVES, 1):
        compact.append(leaf)
        assert (compact.size, compact.root()) == (n, naive_root(LEAVES[:n]))


def test_leaves_are_hashed_the_same_one_by_one_and_together():
    entries = [b"", b"a", bytes(70_000)]
    assert (
        leaf_hashes(entries) == [leaf_hash(entry) for entry in entries] == [sha256(b"\0" + e).digest() for e in entries]
    )


def test_a_tree_that_grows_by_more_than_one_portion_is_the_same(monkeypatch):
    monkeypatch.setattr("attest.merkle._PORTION", 8)
    tree = Tree(LEAVES[:5])
    tree.extend(LEAVES[5:60])
    tree.append(LEAVES[60])
    assert tree.root() == naive_root(LEAVES[:61])
    assert tree.inclusion_proof(17) == naive_path(17, LEAVES[:61])


@given(st.lists(st.integers(0, 9), max_size=12))
def test_a_tree_grows_the_same_in_any_portions(portions):
    tree = Tree()
    for portion in portions:
        tree.extend(LEAVES[tree.size : tree.size + portion])
    assert tree.root() == Tree(LEAVES[: tree.size]).root()
    assert tree.size == min(sum(portions), len(LEAVES))


@given(st.data())
def test_a_flipped_bit_in_an_inclusion_proof_is_noticed(data):
    tree = Tree(LEAVES)
    n = data.draw(st.integers(2, 70))
    i = data.draw(st.integers(0, n - 1))
    proof = tree.inclusion_proof(i, n)
    parts = [LEAVES[i], tree.root(n), *proof]
    which = data.draw(st.integers(0, len(parts) - 1))
    bad = bytearray(parts[which])
    bad[data.draw(st.integers(0, 31))] ^= 1 << data.draw(st.integers(0, 7))
    parts[which] = bytes(bad)
    with pytest.raises(ProofError):
        verify_inclusion(parts[0], i, n, parts[2:], parts[1])


@given(st.data())
def test_a_changed_consistency_proof_is_noticed(data):
    tree = Tree(LEAVES)
    n = data.draw(st.integers(2, 70))
    m = data.draw(st.integers(1, n - 1))
    proof = tree.consistency_proof(m, n)
    parts = [tree.root(m), tree.root(n), *proof]
    change = data.draw(st.sampled_from(["flip", "drop", "add", "swap roots"]))
    if change == "flip":
        which = data.draw(st.integers(0, len(parts) - 1))
        bad = bytearray(parts[which])
        bad[data.draw(st.integers(0, 31))] ^= 1 << data.draw(st.integers(0, 7))
        parts[which] = bytes(bad)
    elif change == "drop":
        del parts[2 + data.draw(st.integers(0, len(proof) - 1))]
    elif change == "add":
        parts.insert(2 + data.draw(st.integers(0, len(proof))), LEAVES[0])
    else:
        parts[0], parts[1] = parts[1], parts[0]
    with pytest.raises(ProofError):
        verify_consistency(m, n, parts[2:], parts[0], parts[1])


def test_an_inner_node_does_not_pass_as_a_leaf():
    tree = Tree(LEAVES[:4])
    left = Tree(LEAVES[:2]).root()
    right = Tree(LEAVES[2:4]).root()
    # As the two leaves of a smaller tree the root would be right; leaf and node prefixes keep the texts apart.
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != left
    assert root_from_inclusion(left, 0, 2, [right]) == tree.root()
    with pytest.raises(ProofError):
        verify_inclusion(leaf_hash(LEAVES[0] + LEAVES[1]), 0, 2, [right], tree.root())


def test_an_empty_tree_is_a_prefix_of_every_tree_with_an_empty_proof_only():
    tree = Tree(LEAVES[:3])
    verify_consistency(0, 3, [], EMPTY_ROOT, tree.root())
    verify_consistency(0, 0, [], EMPTY_ROOT, EMPTY_ROOT)
    for arguments in [
        (0, 3, [LEAVES[0]], EMPTY_ROOT, tree.root()),
        (0, 3, [], tree.root(), tree.root()),
        (0, 0, [], EMPTY_ROOT, tree.root()),
        (0, 0, [], tree.root(), tree.root()),
    ]:
        with pytest.raises(ProofError):
            verify_consistency(*arguments)


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_hashes_that_are_not_32_bytes_are_refused(size):
    bad = bytes(size)
    tree = Tree(LEAVES[:2])
    with pytest.raises(ValueError, match="32 bytes"):
        Tree([LEAVES[0], bad])
    for arguments in [
        (bad, 0, 2, [LEAVES[1]], tree.root()),
        (LEAVES[0], 0, 2, [bad], tree.root()),
        (LEAVES[0], 0, 2, [LEAVES[1]], bad),
    ]:
        with pytest.raises(ProofError, match="32 bytes"):
            verify_inclusion(*arguments)
    with pytest.raises(ProofError, match="32 bytes"):
        verify_consistency(1, 1, [], bad, bad)


def test_questions_outside_the_tree_are_refused():
    tree = Tree(LEAVES[:5])
    for ask in (
        lambda: tree.root(6),
        lambda: tree.root(-1),
        lambda: tree.inclusion_proof(5),
        lambda: tree.inclusion_proof(-1),
        lambda: tree.inclusion_proof(0, 0),
        lambda: tree.inclusion_proof(3, 3),
        lambda: tree.consistency_proof(4, 3),
        lambda: tree.consistency_proof(-1, 3),
        lambda: tree.leaf(5),
    ):
        with pytest.raises(ValueError, match=r"leaf|leaves|size"):
            ask()
    assert tree.leaf(4) == LEAVES[4]


def test_a_proof_longer_than_any_tree_needs_is_refused_at_once():
    with pytest.raises(ProofError):
        verify_inclusion(LEAVES[0], 0, 2**62, [LEAVES[0]] * 1000, LEAVES[0])
