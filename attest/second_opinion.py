"""A second, independent implementation of the tree: the package merkletools, made to hash as RFC 6962 does."""

from __future__ import annotations

import hashlib
import importlib.util
import warnings
from collections.abc import Iterable

from attest.merkle import leaf_hash

NAME = "merkletools"


def available() -> bool:
    """Tell whether the package is installed (extra `audit`)."""
    return importlib.util.find_spec(NAME) is not None


def root(lines: Iterable[bytes]) -> bytes | None:
    """Recompute the root over leaves.

    Stock merkletools does not keep leaves and nodes apart. With the node prefix of RFC 6962 set on the instance, and
    leaves that already carry the leaf prefix, its tree has the same shape and the same roots: a lone node at the end
    of a level is promoted. Its own proof checking is not used: it takes the target hash on trust.

    Args:
        lines: The exact bytes of the leaves, in order.

    Returns:
        The root, or None if the package is not installed, or there are no leaves: it has no root for an empty tree.
    """
    if not available():
        return None
    with warnings.catch_warnings():
        # It warns at import that pysha3 is missing; SHA-3 is not used here.
        warnings.simplefilter("ignore")
        from merkletools import MerkleTools
    tools = MerkleTools()
    tools.hash_function = lambda pair: hashlib.sha256(b"\x01" + pair)
    tools.add_leaf([leaf_hash(line).hex() for line in lines])
    tools.make_tree()
    found = tools.get_merkle_root()
    return None if found is None else bytes.fromhex(found)
