"""Checking a stored log: everything that can be recomputed from the entries is recomputed and compared."""

from __future__ import annotations

import hashlib
import sqlite3
from typing import TYPE_CHECKING

from attest import checkpoint as checkpoints
from attest import events, store
from attest.errors import FormatError, FsckError, RollbackError, SignatureError, StoreError
from attest.merkle import Tree, leaf_hash
from attest.note import Verifier, open_note, text_of

if TYPE_CHECKING:
    from attest.log import EventLog


def check(log: EventLog, verifier: Verifier | None = None) -> None:
    """Check a log.

    Entries are contiguous, canonical and hash to their stored leaf; every batch covers entries with its digest; every
    signed checkpoint has the root of its size, none goes backwards; the high-water file is not ahead.

    Args:
        log: The log.
        verifier: Its key; without it the signatures of the checkpoints are not checked.

    Raises:
        FsckError: Names the first difference.
    """
    _check_file(log.connection)
    with store.translated(log.path, "an event log"):
        tree = _check_entries(log)
        _check_batches(log)
        _check_checkpoints(log, tree, verifier)
    try:
        head = log.high_water()
    except (RollbackError, StoreError) as error:
        raise FsckError(error.message, error.hint) from None
    if head is not None and (head.size > tree.size or tree.root(head.size) != head.root):
        raise FsckError(f"the high-water file says that another log of {head.size} entries was signed")


def _check_file(connection: sqlite3.Connection) -> None:
    try:
        sound = connection.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok"
    except sqlite3.DatabaseError:
        sound = False
    if not sound:
        raise FsckError("the database file is damaged")


def _check_entries(log: EventLog) -> Tree:
    tree = Tree()
    hashes: list[bytes] = []
    for expected, (i, data, leaf) in enumerate(log.connection.execute("SELECT i, data, leaf FROM entries ORDER BY i")):
        if i != expected:
            raise FsckError(f"entry {expected} is missing")
        try:
            events.parse(bytes(data))
        except FormatError:
            raise FsckError(f"entry {i} is not an event") from None
        if leaf_hash(bytes(data)) != bytes(leaf):
            raise FsckError(f"entry {i} differs from its stored hash")
        hashes.append(bytes(leaf))
    tree.extend(hashes)
    return tree


def _check_batches(log: EventLog) -> None:
    end = 0
    for first, count, digest in log.connection.execute(
        "SELECT first, count, digest FROM batches ORDER BY first, count"
    ):
        if first < end:
            raise FsckError(f"two batches claim entry {first}")
        end = first + count
        found = hashlib.sha256()
        seen = 0
        for _, data in log.entries(first, end):
            found.update(len(data).to_bytes(4, "big") + data)
            seen += 1
        if seen != count or found.digest() != bytes(digest):
            raise FsckError(f"the batch at entry {first} differs from its digest")


def _check_checkpoints(log: EventLog, tree: Tree, verifier: Verifier | None) -> None:
    before = 0
    for note in log.checkpoints():
        try:
            text = text_of(note) if verifier is None else open_note(note, [verifier]).text
            head = checkpoints.parse(text)
        except FormatError:
            raise FsckError(f"a checkpoint after size {before} is not in form") from None
        except SignatureError:
            raise FsckError(f"a checkpoint after size {before} is not signed by the log's key") from None
        if head.origin != log.origin:
            raise FsckError(f"the checkpoint over {head.size} entries is of another log")
        if head.size < before:
            raise FsckError(f"the checkpoint over {head.size} entries follows one over {before}")
        if head.size > tree.size:
            raise FsckError(f"a checkpoint over {head.size} entries was signed, but there are {tree.size}")
        if tree.root(head.size) != head.root:
            raise FsckError(f"the checkpoint over {head.size} entries has another root than the entries")
        before = head.size
    rows = log.connection.execute("SELECT size, root, note FROM checkpoints").fetchall()
    for size, root, note in rows:
        head = checkpoints.parse(text_of(bytes(note)))
        if (size, bytes(root)) != (head.size, head.root):
            raise FsckError(f"a checkpoint is stored under another size or root than its own, {head.size}")
