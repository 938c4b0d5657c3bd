"""Checking a stored log: everything that can be recomputed from the entries is recomputed and compared.

One pass in the order of the indexes. Entries, batches and checkpoints come in side by side, and of the tree only the
right edge is kept: the memory that it takes does not grow with the log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from attest import checkpoint as checkpoints
from attest import events
from attest.checkpoint import Checkpoint
from attest.errors import FormatError, FsckError, RollbackError, SignatureError, StoreError
from attest.merkle import CompactRange, leaf_hash
from attest.note import Verifier, open_note, text_of
from attest.store_log import Batch

if TYPE_CHECKING:
    from attest.log import EventLog
    from attest.store_log import LogStore


def check(log: EventLog, verifier: Verifier | None = None) -> Checkpoint:
    """Check a log.

    Entries are contiguous, canonical and hash to their stored leaf; every batch covers entries with its digest; every
    signed checkpoint has the root of its size, none goes backwards; every cosignature belongs to one of them; the
    high-water file is not ahead.

    Args:
        log: The log.
        verifier: Its key; without it the signatures of the checkpoints are not checked.

    Returns:
        Origin, size and root, recomputed.

    Raises:
        FsckError: Names the first difference.
    """
    log.store.check()
    try:
        # Before the entries: a log that grows and signs meanwhile is not behind.
        high_water = log.high_water()
    except (RollbackError, StoreError) as error:
        raise FsckError(error.message, error.hint) from None
    with log.store.reading():
        found = _Pass(log.store, verifier, high_water).run()
        _check_cosignatures(log.store)
    return found


class _Pass:
    """The pass over the entries, and what it meets on the way."""

    def __init__(self, store: LogStore, verifier: Verifier | None, high_water: Checkpoint | None) -> None:
        self._store = store
        self._high_water = high_water
        self._tree = CompactRange()
        self._batches = store.batches()
        self._batch = next(self._batches, None)
        self._digest = hashlib.sha256()
        self._heads = _heads(store, verifier)
        self._head = next(self._heads, None)

    def run(self) -> Checkpoint:
        self._compare_batches()
        self._compare_heads()
        for i, data, leaf in self._store.rows():
            if i != self._tree.size:
                raise FsckError(f"entry {self._tree.size} is missing")
            _check_entry(i, data, leaf)
            self._digest.update(len(data).to_bytes(4, "big") + data)
            self._tree.append(leaf)
            self._compare_batches()
            self._compare_heads()
        size = self._tree.size
        if self._batch is not None:
            raise _another_batch(self._batch)
        if self._head is not None:
            raise FsckError(f"a checkpoint over {self._head.size} entries was signed, but there are {size}")
        if self._high_water is not None and self._high_water.size > size:
            raise _another_log(self._high_water)
        return Checkpoint(self._store.origin, size, self._tree.root())

    def _compare_batches(self) -> None:
        size = self._tree.size
        # More than one can end here: batches may be empty.
        while self._batch is not None and self._batch.first <= size:
            if self._batch.first == size:
                self._digest = hashlib.sha256()
            if self._batch.first + self._batch.count != size:
                return
            if self._digest.digest() != self._batch.digest:
                raise _another_batch(self._batch)
            self._batch = next(self._batches, None)
            if self._batch is not None and self._batch.first < size:
                raise FsckError(f"two batches claim entry {self._batch.first}")

    def _compare_heads(self) -> None:
        size = self._tree.size
        while self._head is not None and self._head.size <= size:
            # The heads do not go backwards, so one that is smaller than the tree was met at its size.
            if self._tree.root() != self._head.root:
                raise FsckError(f"the checkpoint over {size} entries has another root than the entries")
            self._head = next(self._heads, None)
        high_water = self._high_water
        if high_water is not None and high_water.size == size and high_water.root != self._tree.root():
            raise _another_log(high_water)


def _another_batch(batch: Batch) -> FsckError:
    return FsckError(f"the batch at entry {batch.first} differs from its digest")


def _another_log(head: Checkpoint) -> FsckError:
    return FsckError(
        f"the high-water file says that another log of {head.size} entries was signed",
        "this is an older copy of the log, or another one: bring the right one back",
    )


def _check_entry(i: int, data: bytes, leaf: bytes) -> None:
    try:
        if not isinstance(data, bytes):
            raise FormatError("an entry is not bytes")
        events.parse(data)
    except FormatError:
        raise FsckError(f"entry {i} is not an event") from None
    if leaf_hash(data) != leaf:
        raise FsckError(f"entry {i} differs from its stored hash")


def _heads(store: LogStore, verifier: Verifier | None) -> Iterator[Checkpoint]:
    """Iterate over the heads of the signed checkpoints, each checked for itself and against the one before."""
    before = 0
    for size, root, note in store.checkpoints():
        try:
            text = text_of(note) if verifier is None else open_note(note, [verifier]).text
            head = checkpoints.parse(text)
        except FormatError:
            raise FsckError(f"a checkpoint after size {before} is not in form") from None
        except SignatureError:
            raise FsckError(f"a checkpoint after size {before} is not signed by the log's key") from None
        if head.origin != store.origin:
            raise FsckError(f"the checkpoint over {head.size} entries is of another log")
        if head.size < before:
            raise FsckError(f"the checkpoint over {head.size} entries follows one over {before}")
        if (size, root) != (head.size, head.root):
            raise FsckError(f"a checkpoint is stored under another size or root than its own, {head.size}")
        yield head
        before = head.size


def _check_cosignatures(store: LogStore) -> None:
    size, note = -1, b""
    for cosignature in store.all_cosignatures():
        if cosignature.size != size:
            size, note = cosignature.size, store.checkpoint(cosignature.size) or b""
        if not note:
            raise FsckError(f"there are cosignatures over {size} entries, but no checkpoint")
        try:
            sound = text_of(note + cosignature.line) == text_of(note)
        except FormatError:
            sound = False
        if not sound:
            raise FsckError(f"a cosignature over {size} entries is not in form")
