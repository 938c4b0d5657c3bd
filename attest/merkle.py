"""The Merkle tree of RFC 6962 and RFC 9162: roots, inclusion proofs, consistency proofs.

`Tree` is the prover, `CompactRange` computes roots in passing. The `verify_*` functions are the verifier and share
nothing with them but the two hash functions. The tests hold all of it against the recursive definitions of RFC 9162.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Iterable, Sequence
from itertools import islice

from attest.errors import ProofError

HASH_SIZE = 32
MAX_PROOF = 64
"""More hashes than any tree of fewer than 2^63 leaves needs."""

_PORTION = 1 << 12
"""Leaves that are added in one go: what they need in between stays in the processor's cache."""

_HASH = struct.Struct(f"{HASH_SIZE}s")
_PAIR = struct.Struct(f"{2 * HASH_SIZE}s")

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree without leaves (RFC 9162 §2.1.1)."""


def leaf_hash(data: bytes) -> bytes:
    """Hash a leaf. The prefix keeps leaves and nodes apart (RFC 9162 §2.1.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash an inner node from its two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """Hash many leaves; twice as fast as one by one."""
    sha256 = hashlib.sha256
    return [sha256(b"\x00" + data).digest() for data in entries]


class Tree:
    """A growing Merkle tree over leaf hashes, which can answer for any of its earlier sizes.

    Level k holds the hashes of all complete subtrees of 2^k leaves, side by side in one buffer: 64 bytes per leaf in
    all. Subtrees that are not complete depend on the size asked for: there is at most one on each level, at the right
    edge. They are computed, and kept for the size that was asked for last.
    """

    __slots__ = ("_edge", "_levels")

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
        self._levels: list[bytearray] = [bytearray()]
        self._edge: tuple[int, tuple[bytes, ...]] = (0, (b"",))
        self.extend(leaf_hashes)

    @classmethod
    def of(cls, entries: Iterable[bytes]) -> Tree:
        """Build the tree over entries, which are hashed a portion at a time."""
        tree, rest = cls(), iter(entries)
        while portion := leaf_hashes(islice(rest, _PORTION)):
            tree._grow(portion)
        return tree

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
        new = leaf_hashes if isinstance(leaf_hashes, list) else list(leaf_hashes)
        if not set(map(len, new)) <= {HASH_SIZE}:
            raise ValueError("a leaf hash has 32 bytes")
        for start in range(0, len(new), _PORTION):
            self._grow(new[start : start + _PORTION])

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
        return self._edge_of(size)[-1] if size else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the audit path of a leaf in the first `size` leaves (RFC 9162 §2.1.3.1), sibling of the leaf first.

        Raises:
            ValueError: `index` is not in the tree of that size, or the tree is smaller than `size`.
        """
        size = self._checked(size)
        if not 0 <= index < size:
            raise ValueError(f"the tree of size {size} has no leaf {index}")
        return self._siblings(0, index, size)

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
        # SUBPROOF descends to the largest complete subtree that ends where the old tree ends: it has 2^height leaves.
        # The proof is that node, unless it is the whole old tree, whose root the verifier knows; then its siblings.
        height = (m & -m).bit_length() - 1
        position = (m >> height) - 1
        known = [] if position == 0 else [self._node(height, position)]
        return known + self._siblings(height, position, n)

    def _grow(self, hashes: list[bytes]) -> None:
        sha256 = hashlib.sha256
        self._levels[0] += b"".join(hashes)
        for height, below in enumerate(self._levels):
            pairs = len(below) // (2 * HASH_SIZE)
            if height + 1 == len(self._levels):
                if not pairs:
                    break
                self._levels.append(bytearray())
            above = self._levels[height + 1]
            # What was complete before ends where the level above ends.
            fresh = below[2 * len(above) : pairs * 2 * HASH_SIZE]
            if not fresh:
                break
            above += b"".join([sha256(b"\x01" + pair).digest() for (pair,) in _PAIR.iter_unpack(fresh)])

    def _checked(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise ValueError(f"the tree has {self.size} leaves, not {size}")
        return size

    def _node(self, height: int, position: int) -> bytes:
        return bytes(self._levels[height][position * HASH_SIZE : (position + 1) * HASH_SIZE])

    def _siblings(self, height: int, position: int, size: int) -> list[bytes]:
        """Return the siblings on the way from a complete node up to the root of the first `size` leaves."""
        one, complete = _HASH.unpack_from, size >> height
        # Up to where the ways to the node and to the right edge meet, every sibling is complete.
        apart = max((position ^ complete).bit_length() - 1, 0)
        levels = self._levels[height:]
        proof = [one(level, (position >> k ^ 1) * HASH_SIZE)[0] for k, level in enumerate(levels[:apart])]
        position >>= apart
        complete >>= apart
        for level, rest in zip(levels[apart:], self._edge_of(size)[height + apart : -1], strict=False):
            sibling = position ^ 1
            if sibling < complete:
                proof.append(one(level, sibling * HASH_SIZE)[0])
            elif rest and sibling == complete:
                proof.append(rest)
            position >>= 1
            complete >>= 1
        return proof

    def _edge_of(self, size: int) -> tuple[bytes, ...]:
        """Return, by height k, the hash over the last `size mod 2^k` of the first `size` leaves, empty if that is zero.

        The last of them is the root.
        """
        known, edge = self._edge
        if known == size:
            return edge
        hashes = [b""]
        for height in range(size.bit_length()):
            last = hashes[-1]
            if size >> height & 1:
                left = self._node(height, (size >> height) - 1)
                last = node_hash(left, last) if last else left
            hashes.append(last)
        # One assignment: another thread sees the old pair or the new one.
        self._edge = (size, tuple(hashes))
        return self._edge[1]


class CompactRange:
    """The complete subtrees of a growing tree, and nothing else: its root in constant memory, without any proofs.

    One hash for each bit that is set in the size (RFC 9162 §2.1.2 describes the same stack).
    """

    __slots__ = ("_peaks", "size")

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash at the end."""
        sha256 = hashlib.sha256
        merge = self.size
        while merge & 1:
            leaf = sha256(b"\x01" + self._peaks.pop() + leaf).digest()
            merge >>= 1
        self._peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of all leaves so far."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root


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
