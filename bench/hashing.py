"""The tree: build, prove, verify, beside one hashlib call per node and beside merkletools."""

from __future__ import annotations

import hashlib

from attest import second_opinion
from attest.merkle import Tree, leaf_hash, verify_inclusion
from bench.measure import Row, best

LEAVES = 200_000
PROOFS = 5_000


def run() -> list[Row]:
    """Hash the same leaves three ways."""
    lines = [b"%d" % i for i in range(LEAVES)]

    def ceiling() -> None:
        # As many calls on as many bytes as a tree of this size needs, and nothing else.
        sha256 = hashlib.sha256
        node = b"\x01" + bytes(64)
        for line in lines:
            sha256(b"\x00" + line).digest()
        for _ in range(LEAVES - 1):
            sha256(node).digest()

    def build() -> Tree:
        return Tree(leaf_hash(line) for line in lines)

    tree = build()
    root = tree.root()
    places = [i * 37 % LEAVES for i in range(PROOFS)]
    proofs = [tree.inclusion_proof(i) for i in places]

    def verify() -> None:
        for place, proof in zip(places, proofs, strict=True):
            verify_inclusion(leaf_hash(lines[place]), place, LEAVES, proof, root)

    rows = [
        Row("hashing", "hashlib calls alone", LEAVES, "leaves", best(ceiling)),
        Row("hashing", "build a tree", LEAVES, "leaves", best(lambda: build().root()), "hashlib calls alone"),
    ]
    if second_opinion.available():
        seconds = best(lambda: second_opinion.root(lines))
        rows.append(Row("hashing", "merkletools", LEAVES, "leaves", seconds, "hashlib calls alone"))
    prove = best(lambda: [tree.inclusion_proof(i) for i in places])
    rows.append(Row("hashing", "prove", PROOFS, "proofs", prove))
    rows.append(Row("hashing", "verify", PROOFS, "proofs", best(verify)))
    return rows
