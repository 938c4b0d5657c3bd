"""The Merkle tree of RFC 6962 and RFC 9162: roots, inclusion proofs, consistency proofs.

`Tree` is the prover. The `verify_*` functions are the verifier and share nothing with it but the two hash functions:
they follow the iterative algorithms of RFC 9162, while the prover follows the recursive definitions.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence

from attest.errors import ProofError

HASH_SIZE = 32
MAX_PROOF = 64
"""More hashes than any tree of fewer than 2^63 leaves needs."""

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree without leaves (RFC 9162 §2.1.1)."""


def leaf_hash(data: bytes) -> bytes:
    """Hash a leaf. The prefix keeps leaves and nodes apart (RFC 9162 §2.1.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash an inner node from its two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A growing Merkle tree over leaf hashes, which can answer for any of its earlier sizes.

    Level k holds the hashes of all complete subtrees of 2^k leaves, side by side in one buffer: 64 bytes per leaf in
    all, and two siblings are one slice. Subtrees that are not complete depend on the size asked for and are computed.
    """

    __slots__ = ("_levels",)

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
        self._levels: list[bytearray] = [bytearray()]
        self.extend(leaf_hashes)

    @property
    def size(self) -> int:
        """Number of leaves."""
        return len(self._levels[0]) // HASH_SIZE

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash at the end."""
        self.extend((leaf,))

    def extend(self, leaf_hashes: Iterable[bytes]) -> None:
        """Add leaf hashes at the end, in order.

        Raises:
            ValueError: One of them is not 32 bytes; nothing was added.
        """
        new = list(leaf_hashes)
        if any(len(leaf) != HASH_SIZE for leaf in new):
            raise ValueError("a leaf hash has 32 bytes")
        self._levels[0] += b"".join(new)
        sha256 = hashlib.sha256
        for height, below in enumerate(self._levels):
            pairs = len(below) // (2 * HASH_SIZE)
            if not pairs:
                break
            if height + 1 == len(self._levels):
                self._levels.append(bytearray())
            above = self._levels[height + 1]
            # Slices of bytes are cheaper than slices of a bytearray, and there is one per pair.
            fresh = bytes(below[2 * len(above) : pairs * 2 * HASH_SIZE])
            above += b"".join(
                [
                    sha256(b"\x01" + fresh[start : start + 2 * HASH_SIZE]).digest()
                    for start in range(0, len(fresh), 2 * HASH_SIZE)
                ]
            )

    def leaf(self, index: int) -> bytes:
        """Return the hash of the leaf at an index.

        Raises:
            ValueError: There is no such leaf.
        """
        if not 0 <= index < self.size:
            raise ValueError(f"the tree of size {self.size} has no leaf {index}")
        return self._node(0, index)

    def root(self, size: int | None = None) -> bytes:
        """Return the root of the first `size` leaves, of all by default.

        Raises:
            ValueError: The tree is smaller than `size`.
        """
        size = self._checked(size)
        return self._range(0, size) if size else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the audit path of a leaf in the first `size` leaves (RFC 9162 §2.1.3.1), sibling of the leaf first.

        Raises:
            ValueError: `index` is not in the tree of that size, or the tree is smaller than `size`.
        """
        size = self._checked(size)
        if not 0 <= index < size:
            raise ValueError(f"the tree of size {size} has no leaf {index}")
        proof: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                proof.append(self._range(middle, end))
                end = middle
            else:
                proof.append(self._range(start, middle))
                start = middle
        proof.reverse()
        return proof

    def consistency_proof(self, m: int, n: int | None = None) -> list[bytes]:
        """Return the proof that the first `m` leaves are a prefix of the first `n` (RFC 9162 §2.1.4.1).

        The proof from size 0, and from a size to itself, is empty.

        Raises:
            ValueError: `m` is larger than `n`, or the tree is smaller than `n`.
        """
        n = self._checked(n)
        if not 0 <= m <= n:
            raise ValueError(f"size {m} does not come before size {n}")
        if m in (0, n):
            return []
        proof: list[bytes] = []
        start, end = 0, n
        # Invariant of SUBPROOF: the old tree ends inside (start, end].
        while m != end:
            middle = start + _split(end - start)
            if m <= middle:
                proof.append(self._range(middle, end))
                end = middle
            else:
                proof.append(self._range(start, middle))
                start = middle
        if start:
            # The verifier knows the old root only where it is itself a node of the new tree.
            proof.append(self._range(start, end))
        proof.reverse()
        return proof

    def _checked(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise ValueError(f"the tree has {self.size} leaves, not {size}")
        return size

    def _node(self, height: int, position: int) -> bytes:
        return bytes(self._levels[height][position * HASH_SIZE : (position + 1) * HASH_SIZE])

    def _range(self, start: int, end: int) -> bytes:
        # All ranges met here start at a multiple of the power of two that spans them, so a full one is a stored node.
        width = end - start
        if width & (width - 1) == 0:
            height = width.bit_length() - 1
            return self._node(height, start >> height)
        middle = start + _split(width)
        return node_hash(self._range(start, middle), self._range(middle, end))


def _split(width: int) -> int:
    """Return the largest power of two smaller than `width`."""
    return 1 << ((width - 1).bit_length() - 1)


def _check_hashes(*hashes: bytes) -> None:
    if any(len(value) != HASH_SIZE for value in hashes):
        raise ProofError("a hash is not 32 bytes long")


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """Compute the root that a leaf hash and its audit path lead to (RFC 9162 §2.1.3.2).

    Raises:
        ProofError: Index, size and length of the path do not fit together, or a hash is not 32 bytes.
    """
    if not 0 <= index < size or len(proof) > MAX_PROOF:
        raise ProofError("index, size and length of the inclusion proof do not fit together")
    _check_hashes(leaf, *proof)
    position, last, root = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofError("the inclusion proof is too long")
        if position & 1 or position == last:
            root = node_hash(sibling, root)
            while position and not position & 1:
                position >>= 1
                last >>= 1
        else:
            root = node_hash(root, sibling)
        position >>= 1
        last >>= 1
    if last:
        raise ProofError("the inclusion proof is too short")
    return root


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that a leaf hash is at `index` of the tree with this size and root.

    Raises:
        ProofError: It is not.
    """
    _check_hashes(root)
    if not hmac.compare_digest(root_from_inclusion(leaf, index, size, proof), root):
        raise ProofError("the inclusion proof does not lead to the root")


def verify_consistency(m: int, n: int, proof: Sequence[bytes], root_m: bytes, root_n: bytes) -> None:
    """Check that the tree of size `m` is a prefix of the tree of size `n` (RFC 9162 §2.1.4.2).

    From size 0 the proof is empty and the old root is that of the empty tree: witnesses start there (C2SP
    tlog-witness).

    Raises:
        ProofError: It is not, or the proof is not in form.
    """
    if not 0 <= m <= n or len(proof) > MAX_PROOF:
        raise ProofError("sizes and length of the consistency proof do not fit together")
    _check_hashes(root_m, root_n, *proof)
    if m == 0 or m == n:
        expected = EMPTY_ROOT if m == 0 else root_n
        if proof or not hmac.compare_digest(root_m, expected) or (n == 0 and not hmac.compare_digest(root_n, root_m)):
            raise ProofError("the consistency proof does not connect the two roots")
        return
    hashes = list(proof)
    if m & (m - 1) == 0:
        hashes.insert(0, root_m)
    if not hashes:
        raise ProofError("the consistency proof is too short")
    position, last = m - 1, n - 1
    while position & 1:
        position >>= 1
        last >>= 1
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise ProofError("the consistency proof is too long")
        if position & 1 or position == last:
            old = node_hash(sibling, old)
            new = node_hash(sibling, new)
            while position and not position & 1:
                position >>= 1
                last >>= 1
        else:
            new = node_hash(new, sibling)
        position >>= 1
        last >>= 1
    if last:
        raise ProofError("the consistency proof is too short")
    if not hmac.compare_digest(old, root_m) or not hmac.compare_digest(new, root_n):
        raise ProofError("the consistency proof does not connect the two roots")
