"""The event log in one SQLite file: the embedded store, for one machine."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from attest import store
from attest.errors import FsckError, StoreError
from attest.store_log import PAGE, Batch, Cosignature

WHAT = "an event log"
APPLICATION_ID = 0x67764C31
"""`gvL1` in ASCII."""

_COSIGNATURES = """
CREATE TABLE IF NOT EXISTS cosignatures (
    number INTEGER PRIMARY KEY, size INTEGER NOT NULL, name TEXT NOT NULL, hash BLOB NOT NULL, line BLOB NOT NULL,
    UNIQUE (size, name, hash)
)
"""

_SCHEMA = f"""
CREATE TABLE origin (one INTEGER PRIMARY KEY CHECK (one = 1), origin TEXT NOT NULL);
CREATE TABLE entries (i INTEGER PRIMARY KEY, data BLOB NOT NULL, leaf BLOB NOT NULL CHECK (length(leaf) = 32));
CREATE TABLE batches (
    key TEXT PRIMARY KEY, first INTEGER NOT NULL, count INTEGER NOT NULL, digest BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE checkpoints (number INTEGER PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL);
{_COSIGNATURES};
CREATE TRIGGER entries_stay BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER entries_remain BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER checkpoints_stay BEFORE UPDATE ON checkpoints BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER checkpoints_remain BEFORE DELETE ON checkpoints BEGIN SELECT RAISE(ABORT, 'append-only'); END
"""


class SqliteStore:
    """A `LogStore` in one file. Made by `create` or `open`."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.connection = connection
        try:
            self._ask("PRAGMA journal_mode = WAL")
            # FULL: the WAL is synced at each commit, so that an acknowledged append survives a power cut.
            self._ask("PRAGMA synchronous = FULL")
            rows = self._ask("SELECT origin FROM origin")
            # A log of an earlier version has no such table.
            if not self._ask("SELECT 1 FROM sqlite_master WHERE name = 'cosignatures'"):
                self._ask(_COSIGNATURES)
        except BaseException:
            connection.close()
            raise
        if not rows:
            connection.close()
            raise StoreError(f"{path} is not usable as {WHAT}")
        self._origin = str(rows[0][0])

    @classmethod
    def create(cls, path: Path, origin: str) -> Self:
        """Make an empty log; see `attest.store_log.create`."""
        # The origin holds no control characters; quotes are doubled as SQL wants it.
        quoted = origin.replace("'", "''")
        schema = f"{_SCHEMA}; INSERT INTO origin VALUES (1, '{quoted}')"  # noqa: S608 - executescript takes no values
        return cls(path, store.create(path, WHAT, APPLICATION_ID, schema))

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a log; see `attest.store_log.connect`."""
        return cls(path, store.connect(path, WHAT, APPLICATION_ID))

    @property
    def place(self) -> str:
        """The file."""
        return str(self.path)

    @property
    def origin(self) -> str:
        """The log's identity."""
        return self._origin

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Run a write transaction under the write lock of the file."""
        with store.translated(self.path, WHAT), store.transaction(self.connection):
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Run a read transaction."""
        with store.translated(self.path, WHAT):
            self.connection.execute("BEGIN")
            try:
                yield
            finally:
                with suppress(sqlite3.Error):
                    self.connection.execute("ROLLBACK")

    def check(self) -> None:
        """Check the file's pages."""
        try:
            sound = self.connection.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok"
        except sqlite3.DatabaseError:
            sound = False
        if not sound:
            raise FsckError("the database file is damaged", "restore it from a backup, and keep the damaged one")

    def size(self) -> int:
        """Return one more than the last entry's index."""
        rows = self._ask("SELECT i FROM entries ORDER BY i DESC LIMIT 1")
        return rows[0][0] + 1 if rows else 0

    def add_entries(self, first: int, entries: Sequence[bytes], leaves: Sequence[bytes]) -> None:
        """Add entries and their leaf hashes."""
        self.connection.executemany(
            "INSERT INTO entries VALUES (?, ?, ?)",
            zip(range(first, first + len(entries)), entries, leaves, strict=True),
        )

    def entry(self, i: int) -> bytes | None:
        """Return an entry."""
        rows = self._ask("SELECT data FROM entries WHERE i = ?", i)
        return bytes(rows[0][0]) if rows else None

    def entries(self, start: int, end: int) -> list[tuple[int, bytes]]:
        """Return a page of entries."""
        return self._ask("SELECT i, data FROM entries WHERE i >= ? AND i < ? ORDER BY i LIMIT ?", start, end, PAGE)

    def leaves(self, start: int, limit: int) -> list[tuple[int, bytes]]:
        """Return leaf hashes."""
        return self._ask("SELECT i, leaf FROM entries WHERE i >= ? ORDER BY i LIMIT ?", start, limit)

    def rows(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Iterate over everything about the entries."""
        return self._stream("SELECT i, data, leaf FROM entries ORDER BY i")

    def batch(self, key: str) -> Batch | None:
        """Return the batch under a key."""
        rows = self._ask("SELECT first, count, digest FROM batches WHERE key = ?", key)
        return Batch(*rows[0]) if rows else None

    def add_batch(self, key: str, batch: Batch) -> None:
        """Keep a batch."""
        self._ask("INSERT INTO batches VALUES (?, ?, ?, ?)", key, batch.first, batch.count, batch.digest)

    def batches(self) -> Iterator[Batch]:
        """Iterate over all batches."""
        return (Batch(*row) for row in self._stream("SELECT first, count, digest FROM batches ORDER BY first, count"))

    def latest_checkpoint(self) -> bytes | None:
        """Return the newest note."""
        rows = self._ask("SELECT note FROM checkpoints ORDER BY number DESC LIMIT 1")
        return bytes(rows[0][0]) if rows else None

    def checkpoint(self, size: int) -> bytes | None:
        """Return the newest note over a size."""
        rows = self._ask("SELECT note FROM checkpoints WHERE size = ? ORDER BY number DESC LIMIT 1", size)
        return bytes(rows[0][0]) if rows else None

    def add_checkpoint(self, size: int, root: bytes, note: bytes) -> None:
        """Keep a note."""
        self._ask("INSERT INTO checkpoints (size, root, note) VALUES (?, ?, ?)", size, root, note)

    def checkpoints(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Iterate over all checkpoints."""
        return self._stream("SELECT size, root, note FROM checkpoints ORDER BY number")

    def put_cosignature(self, cosignature: Cosignature) -> None:
        """Keep a signature line."""
        self._ask(
            "INSERT INTO cosignatures (size, name, hash, line) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (size, name, hash) DO UPDATE SET line = excluded.line",
            *(cosignature.size, cosignature.name, cosignature.hash, cosignature.line),
        )

    def cosignatures(self, size: int) -> list[bytes]:
        """Return the lines over a size."""
        return [
            bytes(line) for (line,) in self._ask("SELECT line FROM cosignatures WHERE size = ? ORDER BY number", size)
        ]

    def all_cosignatures(self) -> Iterator[Cosignature]:
        """Iterate over all signature lines."""
        rows = self._stream("SELECT size, name, hash, line FROM cosignatures ORDER BY size, number")
        return (Cosignature(*row) for row in rows)

    def _ask(self, sql: str, *values: object) -> list[Any]:
        with store.translated(self.path, WHAT):
            return self.connection.execute(sql, values).fetchall()

    def _stream(self, sql: str) -> Iterator[Any]:
        # Not translated here: an exception of the reader must not pass through; `reading` translates.
        return iter(self.connection.execute(sql))
