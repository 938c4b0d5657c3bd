"""What an event log needs of a database: one interface, and the choice between a file and a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from govern.errors import UsageError

SCHEMES = ("postgresql://", "postgres://")

PAGE = 512
"""Rows that are held at a time while all are read: at most 32 MiB, as an entry has at most 64 KiB."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What is known of the entries that were appended under one idempotency key.

    Attributes:
        first: Index of the first.
        count: How many.
        digest: SHA-256 over them, each with its length before it.
    """

    first: int
    count: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A signature line of a witness.

    Attributes:
        size: The size of the checkpoint that it is for.
        name: The witness's key name.
        hash: The 4 bytes of its key hash.
        line: The line itself, newline included.
    """

    size: int
    name: str
    hash: bytes
    line: bytes


class LogStore(Protocol):
    """Rows and one lock. What the rows mean is for `attest.log` to know.

    Every method raises `StoreError` where the database cannot be used, and `LogFullError` where there is no room.
    """

    @property
    def place(self) -> str:
        """Where the log is, for messages; without a password."""

    @property
    def origin(self) -> str:
        """The log's identity."""

    def close(self) -> None:
        """Let go of the database."""

    def writing(self) -> AbstractContextManager[None]:
        """Run a write transaction: all of it or nothing, one at a time over all processes, durable at its end."""

    def reading(self) -> AbstractContextManager[None]:
        """Run a read transaction: everything in it sees the same state."""

    def check(self) -> None:
        """Check the database itself, as far as that is possible from here.

        Raises:
            FsckError: It is damaged.
        """

    def size(self) -> int:
        """Return one more than the last entry's index, 0 for none."""

    def add_entries(self, first: int, entries: Sequence[bytes], leaves: Sequence[bytes]) -> None:
        """Add entries and their leaf hashes from index `first` on."""

    def entry(self, i: int) -> bytes | None:
        """Return an entry."""

    def entries(self, start: int, end: int) -> list[tuple[int, bytes]]:
        """Return the first `PAGE` entries, or fewer, from `start` to before `end`, in order."""

    def leaves(self, start: int, limit: int) -> list[tuple[int, bytes]]:
        """Return up to `limit` leaf hashes from `start` on, in order."""

    def rows(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Iterate over index, entry and leaf hash of all entries, in order; inside of `reading`."""

    def batch(self, key: str) -> Batch | None:
        """Return the batch under an idempotency key."""

    def add_batch(self, key: str, batch: Batch) -> None:
        """Keep a batch."""

    def batches(self) -> Iterator[Batch]:
        """Iterate over all batches by first index, then count; inside of `reading`."""

    def latest_checkpoint(self) -> bytes | None:
        """Return the newest note."""

    def checkpoint(self, size: int) -> bytes | None:
        """Return the newest note over that many entries."""

    def add_checkpoint(self, size: int, root: bytes, note: bytes) -> None:
        """Keep a note."""

    def checkpoints(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Iterate over size, root and note of all checkpoints, oldest first; inside of `reading`."""

    def put_cosignature(self, cosignature: Cosignature) -> None:
        """Keep a signature line; it takes the place of the one by the same key over the same size."""

    def cosignatures(self, size: int) -> list[bytes]:
        """Return the lines over a size, in the order in which their keys first came."""

    def all_cosignatures(self) -> Iterator[Cosignature]:
        """Iterate over all of them by size, then in the order in which their keys first came; inside of `reading`."""


def is_url(place: Path | str) -> bool:
    """Tell whether a place is a server and not a file."""
    return isinstance(place, str) and place.startswith(SCHEMES)


def check_url(url: str) -> None:
    """Check that a URL may be written into a configuration.

    Raises:
        UsageError: It is not one of PostgreSQL, or holds a password.
    """
    if not is_url(url):
        raise UsageError("the log's URL is not one of PostgreSQL", "write it like postgresql://USER@HOST/NAME")
    parts = urlsplit(url)
    if parts.password is not None or "password" in parse_qs(parts.query, keep_blank_values=True):
        raise UsageError(
            "the log's URL holds a password", "put it into the password file (PGPASSFILE, by default ~/.pgpass)"
        )


def create(place: Path | str, origin: str) -> LogStore:
    """Make an empty log in a new file, or in the database of a URL.

    Raises:
        StoreError: There is something already, or it cannot be written.
    """
    if is_url(place):
        from attest.store_postgres import PostgresStore

        return PostgresStore.create(str(place), origin)
    from attest.store_sqlite import SqliteStore

    return SqliteStore.create(Path(place), origin)


def connect(place: Path | str) -> LogStore:
    """Open a log in a file, or in the database of a URL.

    Raises:
        StoreError: It is missing, is something else, or is damaged.
    """
    if is_url(place):
        from attest.store_postgres import PostgresStore

        return PostgresStore.open(str(place))
    from attest.store_sqlite import SqliteStore

    return SqliteStore.open(Path(place))
