"""The event log: append-only entries in SQLite, their Merkle tree, and the checkpoints that were signed.

What can be computed from the entries is computed; stored beside them are only their leaf hashes (so that opening does
not read every entry), the idempotency keys, and the signed checkpoints. `attest.fsck` compares all of it.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from attest import checkpoint as checkpoints
from attest import store
from attest.checkpoint import Checkpoint
from attest.encoding import from_base64
from attest.errors import FormatError, FsckError, IdempotencyError, LogFullError, RollbackError, StoreError
from attest.events import Event
from attest.files import replace_file
from attest.merkle import Tree, leaf_hash
from attest.note import NoteSigner, Verifier, check_name, sign, text_of
from attest.proof import TlogProof

WHAT = "an event log"
APPLICATION_ID = 0x67764C31
"""`gvL1` in ASCII."""

_BATCH = 4096

_SCHEMA = """
CREATE TABLE origin (one INTEGER PRIMARY KEY CHECK (one = 1), origin TEXT NOT NULL);
CREATE TABLE entries (i INTEGER PRIMARY KEY, data BLOB NOT NULL, leaf BLOB NOT NULL CHECK (length(leaf) = 32));
CREATE TABLE batches (
    key TEXT PRIMARY KEY, first INTEGER NOT NULL, count INTEGER NOT NULL, digest BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE checkpoints (number INTEGER PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL);
CREATE TABLE cosignatures (
    number INTEGER PRIMARY KEY, size INTEGER NOT NULL, name TEXT NOT NULL, hash BLOB NOT NULL, line BLOB NOT NULL,
    UNIQUE (size, name, hash)
);
CREATE TRIGGER entries_stay BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER entries_remain BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER checkpoints_stay BEFORE UPDATE ON checkpoints BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER checkpoints_remain BEFORE DELETE ON checkpoints BEGIN SELECT RAISE(ABORT, 'append-only'); END
"""


class EventLog:
    """An append-only log in one file. Made by `create` or `open`.

    Several processes may have it open; each append takes the write lock of the database for its own duration, so
    there is one sequence. A crash at any point leaves the entries of the batches that were acknowledged, perhaps
    those of one more, and never half a batch.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._tree = Tree()
        with store.translated(path, WHAT):
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                # FULL: the WAL is synced at each commit, so that an acknowledged append survives a power cut.
                connection.execute("PRAGMA synchronous = FULL")
                row = connection.execute("SELECT origin FROM origin").fetchone()
            except BaseException:
                connection.close()
                raise
        if row is None:
            connection.close()
            raise StoreError(f"{path} is not usable as {WHAT}")
        self.origin: str = row[0]

    @classmethod
    def create(cls, path: Path, origin: str) -> Self:
        """Make an empty log.

        Args:
            path: The database file; must not exist.
            origin: The log's identity, `ORG/govern/LOGID`; also the name of its key.

        Raises:
            FormatError: The origin is not a key name.
            StoreError: The file exists or cannot be written.
        """
        check_name(origin)
        # The origin holds no control characters; quotes are doubled as SQL wants it.
        quoted = origin.replace("'", "''")
        schema = f"{_SCHEMA}; INSERT INTO origin VALUES (1, '{quoted}')"  # noqa: S608 - executescript takes no values
        return cls(path, store.create(path, WHAT, APPLICATION_ID, schema))

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a log.

        Raises:
            StoreError: The file is missing, is something else, or is damaged.
        """
        return cls(path, store.connect(path, WHAT, APPLICATION_ID))

    def __enter__(self) -> Self:
        """Return the log, which is closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the log."""
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @property
    def high_water_path(self) -> Path:
        """The file that holds the newest signed checkpoint, beside the database."""
        return self.path.with_name(self.path.name + ".highwater")

    @property
    def size(self) -> int:
        """Number of entries."""
        return self._grown().size

    def root(self, size: int | None = None) -> bytes:
        """Return the root of the first `size` entries, of all by default."""
        return self._grown().root(size)

    def append(self, events: Sequence[Event], key: str | None = None) -> list[int]:
        """Add events at the end, all or none, durably.

        Args:
            events: What happened, in order.
            key: Idempotency key. A second append with the same key and the same events adds nothing and returns the
                indexes of the first, so that a caller who crashed before it saw the answer can ask again.

        Returns:
            The index of each event.

        Raises:
            IdempotencyError: The key was used with other events.
            RollbackError: The log is shorter than what was signed: what is appended now would fork it.
            LogFullError: There is no room; nothing was added.
        """
        entries = [event.to_bytes() for event in events]
        digest = _digest(entries)
        with store.translated(self.path, WHAT), store.transaction(self._connection):
            if key is not None and (known := self._batch(key)) is not None:
                first, count, known_digest = known
                if known_digest != digest:
                    raise IdempotencyError("the idempotency key was used before, with other events")
                return list(range(first, first + count))
            first = self._count()
            self._refuse_rollback(first)
            self._connection.executemany(
                "INSERT INTO entries VALUES (?, ?, ?)",
                ((first + place, data, leaf_hash(data)) for place, data in enumerate(entries)),
            )
            if key is not None:
                self._connection.execute("INSERT INTO batches VALUES (?, ?, ?, ?)", (key, first, len(entries), digest))
        return list(range(first, first + len(entries)))

    def entry(self, i: int) -> bytes:
        """Return the exact bytes of an entry.

        Raises:
            ValueError: There is no such entry.
        """
        with store.translated(self.path, WHAT):
            row = self._connection.execute("SELECT data FROM entries WHERE i = ?", (i,)).fetchone()
        if row is None:
            raise ValueError(f"the log has no entry {i}")
        return bytes(row[0])

    def entries(self, start: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Iterate over index and bytes of the entries from `start` to before `end`."""
        end = self._count() if end is None else end
        while start < end:
            with store.translated(self.path, WHAT):
                rows = self._connection.execute(
                    "SELECT i, data FROM entries WHERE i >= ? AND i < ? ORDER BY i LIMIT ?", (start, end, _BATCH)
                ).fetchall()
            if not rows:
                return
            yield from ((i, bytes(data)) for i, data in rows)
            start = rows[-1][0] + 1

    def inclusion_proof(self, i: int, size: int) -> list[bytes]:
        """Return the audit path of entry `i` in the first `size` entries."""
        return self._grown().inclusion_proof(i, size)

    def consistency_proof(self, m: int, n: int) -> list[bytes]:
        """Return the proof that the first `m` entries are a prefix of the first `n`."""
        return self._grown().consistency_proof(m, n)

    def proof(self, i: int, checkpoint_note: bytes) -> TlogProof:
        """Return the offline proof that entry `i` is in the log, as of a checkpoint.

        Raises:
            ValueError: The checkpoint does not cover the entry, or is not of this log.
        """
        head = checkpoints.parse(text_of(checkpoint_note))
        if head.origin != self.origin or head.size > self.size or self.root(head.size) != head.root:
            raise ValueError("the checkpoint is not one of this log")
        return TlogProof(i, tuple(self.inclusion_proof(i, head.size)), checkpoint_note)

    def latest_checkpoint(self) -> bytes | None:
        """Return the newest signed checkpoint, or None before the first."""
        with store.translated(self.path, WHAT):
            row = self._connection.execute("SELECT note FROM checkpoints ORDER BY number DESC LIMIT 1").fetchone()
        return None if row is None else bytes(row[0])

    def checkpoints(self) -> Iterator[bytes]:
        """Iterate over all signed checkpoints, oldest first."""
        with store.translated(self.path, WHAT):
            rows = self._connection.execute("SELECT note FROM checkpoints ORDER BY number").fetchall()
        return (bytes(row[0]) for row in rows)

    def checkpoint(self, signer: NoteSigner) -> bytes:
        """Sign the present head and return the note.

        The note is committed before it is returned: a note that was handed out and then forgotten could be followed
        by another one that contradicts it. The high-water file comes last, so it never runs ahead of the database.

        Args:
            signer: The log's key, under the log's origin as name.

        Raises:
            RollbackError: The log is shorter than, or differs from, what was signed before.
        """
        if signer.name != self.origin:
            raise ValueError("a log signs under its origin")
        with store.translated(self.path, WHAT), store.transaction(self._connection):
            size = self._count()
            self._refuse_rollback(size)
            tree = self._grown()
            latest = self.latest_checkpoint()
            if latest is not None:
                _refuse_contradiction(tree, checkpoints.parse(text_of(latest)))
            note = sign(Checkpoint(self.origin, size, tree.root(size)).text(), [signer])
            if note != latest:
                self._connection.execute(
                    "INSERT INTO checkpoints (size, root, note) VALUES (?, ?, ?)", (size, tree.root(size), note)
                )
        self._raise_high_water()
        return note

    def add_cosignatures(self, size: int, lines: bytes) -> None:
        """Keep signature lines of witnesses over the checkpoint of a size, durably.

        Only their form is checked here: whoever brings them knows the witnesses' keys and has verified them. A second
        line by the same key takes the place of the first; the log's own line among them changes nothing.

        Args:
            size: The size of a checkpoint that this log signed.
            lines: One or more signature lines of a signed note, each with its newline.

        Raises:
            ValueError: No checkpoint of this size was signed.
            FormatError: The lines are not signature lines, or the note would get too many of them.
        """
        with store.translated(self.path, WHAT), store.transaction(self._connection):
            note = self._signed(size)
            text = text_of(note)
            own = {_signature_key(line) for line in _signature_lines(text, note)}
            for line in _signature_lines(text, text.encode() + b"\n" + lines):
                name, key_hash = _signature_key(line)
                if (name, key_hash) not in own:
                    self._connection.execute(
                        "INSERT INTO cosignatures (size, name, hash, line) VALUES (?, ?, ?, ?)"
                        " ON CONFLICT (size, name, hash) DO UPDATE SET line = excluded.line",
                        (size, name, key_hash, line),
                    )
            text_of(self._with_cosignatures(size, note))

    def cosigned(self, size: int) -> bytes:
        """Return the checkpoint of a size with all cosignatures that are known, the log's own line first.

        Raises:
            ValueError: No checkpoint of this size was signed.
        """
        with store.translated(self.path, WHAT):
            return self._with_cosignatures(size, self._signed(size))

    def fsck(self, verifier: Verifier | None = None) -> None:
        """Recompute everything from the entries and compare; see `attest.fsck`.

        Args:
            verifier: The log's key; without it the signatures of the checkpoints are not checked.

        Raises:
            FsckError: Names the first difference.
        """
        from attest.fsck import check

        check(self, verifier)

    def high_water(self) -> Checkpoint | None:
        """Return the head in the high-water file, or None if there is no such file.

        Raises:
            RollbackError: The file is not a checkpoint of this log.
        """
        try:
            note = self.high_water_path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError:
            raise StoreError(f"{self.high_water_path} cannot be read") from None
        try:
            head = checkpoints.parse(text_of(note))
        except FormatError:
            raise RollbackError(f"{self.high_water_path} is damaged") from None
        if head.origin != self.origin:
            raise RollbackError(f"{self.high_water_path} belongs to another log")
        return head

    @property
    def connection(self) -> sqlite3.Connection:
        """The database, for `attest.fsck`."""
        return self._connection

    def _signed(self, size: int) -> bytes:
        row = self._connection.execute(
            "SELECT note FROM checkpoints WHERE size = ? ORDER BY number DESC LIMIT 1", (size,)
        ).fetchone()
        if row is None:
            raise ValueError(f"no checkpoint over {size} entries was signed")
        return bytes(row[0])

    def _with_cosignatures(self, size: int, note: bytes) -> bytes:
        rows = self._connection.execute("SELECT line FROM cosignatures WHERE size = ? ORDER BY number", (size,))
        return note + b"".join(bytes(line) for (line,) in rows)

    def _raise_high_water(self) -> None:
        # Under the write lock, and from the database: two signers at once must not set it back.
        with store.translated(self.path, WHAT), store.transaction(self._connection):
            note = self.latest_checkpoint()
            if note is None:
                return
            try:
                replace_file(self.high_water_path, note, mode=0o600)
            except OSError:
                raise LogFullError(f"{self.high_water_path} cannot be written", "make room, then sign again") from None

    def _refuse_rollback(self, size: int) -> None:
        head = self.high_water()
        if head is None:
            return
        if head.size > size:
            raise RollbackError(
                f"the log has {size} entries, but a checkpoint over {head.size} was signed",
                "this is an older copy of the log: bring the newer one back, do not go on with this one",
            )
        _refuse_contradiction(self._grown(), head)

    def _count(self) -> int:
        with store.translated(self.path, WHAT):
            row = self._connection.execute("SELECT i FROM entries ORDER BY i DESC LIMIT 1").fetchone()
        return 0 if row is None else int(row[0]) + 1

    def _batch(self, key: str) -> tuple[int, int, bytes] | None:
        row = self._connection.execute("SELECT first, count, digest FROM batches WHERE key = ?", (key,)).fetchone()
        return None if row is None else (int(row[0]), int(row[1]), bytes(row[2]))

    def _grown(self) -> Tree:
        """Return the tree, with the entries that came in since it was last asked for."""
        with store.translated(self.path, WHAT):
            rows = self._connection.execute(
                "SELECT i, leaf FROM entries WHERE i >= ? ORDER BY i", (self._tree.size,)
            ).fetchall()
        if rows and rows[-1][0] != self._tree.size + len(rows) - 1:
            raise FsckError(f"an entry is missing between {self._tree.size} and {rows[-1][0]}")
        self._tree.extend(bytes(leaf) for _, leaf in rows)
        return self._tree


def _refuse_contradiction(tree: Tree, head: Checkpoint) -> None:
    if head.size > tree.size or tree.root(head.size) != head.root:
        raise RollbackError(
            f"the log contradicts the checkpoint over {head.size} entries that was signed before",
            "entries were changed, or this is another copy of the log: find out before anything is signed",
        )


def _signature_lines(text: str, note: bytes) -> list[bytes]:
    """Return the signature lines of a note with this text."""
    if text_of(note) != text:
        raise FormatError("signature lines hold an empty line")
    return note[len(text.encode()) + 1 :].splitlines(keepends=True)


def _signature_key(line: bytes) -> tuple[str, bytes]:
    """Return name and key hash of a signature line that is in form."""
    _, name, encoded = line.decode().rstrip("\n").split(" ")
    return name, from_base64(encoded)[:4]


def _digest(entries: Sequence[bytes]) -> bytes:
    digest = hashlib.sha256()
    for data in entries:
        digest.update(len(data).to_bytes(4, "big") + data)
    return digest.digest()
