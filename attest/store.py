"""Opening the SQLite files of this package: recognised by their header, refused when foreign or damaged."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from attest.errors import BusyError, LogFullError, StoreError
from attest.files import sync_folder

BUSY_MS = 10_000
"""How long a writer waits for another one."""

_HEADER = b"SQLite format 3\x00"


def create(path: Path, what: str, application_id: int, schema: str) -> sqlite3.Connection:
    """Make a new database file, readable by its owner only.

    The file gets its name when it is complete, so that an interrupted creation leaves nothing behind that looks like
    a database.

    Args:
        path: Where to; must not exist.
        what: What it is, for messages: "an event log".
        application_id: Marks the file as ours (PRAGMA application_id).
        schema: SQL script.

    Raises:
        StoreError: The file exists or cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            with closing(sqlite3.connect(part, isolation_level=None)) as connection:
                connection.executescript(f"BEGIN; {schema}; PRAGMA application_id = {application_id:d}; COMMIT")
            os.link(part, path)
        finally:
            part.unlink()
        sync_folder(path.parent)
    except FileExistsError:
        raise StoreError(f"{path} exists", f"{what} is never overwritten") from None
    except (OSError, sqlite3.Error):
        raise StoreError(f"{path} cannot be written as {what}") from None
    return connect(path, what, application_id)


def connect(path: Path, what: str, application_id: int, wait_ms: int = BUSY_MS) -> sqlite3.Connection:
    """Open a database file of ours.

    Args:
        path: The file.
        what: What it is, for messages.
        application_id: What marks it as ours.
        wait_ms: How long to wait where another process holds it, in milliseconds.

    Raises:
        BusyError: It is still held after that.
        StoreError: The file is missing, is something else, or is damaged.
    """
    try:
        with path.open("rb") as file:
            header = file.read(len(_HEADER))
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {os.strerror(error.errno or 0)}") from None
    if header != _HEADER:
        raise StoreError(f"{path} is not {what}")
    with translated(path, what):
        # Autocommit: transactions begin where the code says so, with BEGIN IMMEDIATE.
        connection = sqlite3.connect(path, timeout=wait_ms / 1000, isolation_level=None)
        try:
            found = connection.execute("PRAGMA application_id").fetchone()[0]
            if found != application_id:
                raise StoreError(f"{path} is not {what}", "it is a database of another program")
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            page_size = connection.execute("PRAGMA page_size").fetchone()[0]
            wal = path.with_name(path.name + "-wal")
            has_wal = wal.exists() and wal.stat().st_size > 0
            # With an empty WAL the file must hold every page that its header counts: SQLite itself notices a lost
            # tail only when it reads there.
            if not has_wal and path.stat().st_size < pages * page_size:
                raise StoreError(f"{path} is cut short")
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def translated(path: Path, what: str) -> Iterator[None]:
    """Turn errors of SQLite into ours; its messages may quote values."""
    try:
        yield
    except sqlite3.OperationalError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise LogFullError(
                f"{path}: the disk is full or failing; nothing was written", "free some space and run it again"
            ) from None
        if code == sqlite3.SQLITE_BUSY:
            raise BusyError(f"{path} is in use by another process", "try again when it is done") from None
        if code == sqlite3.SQLITE_READONLY:
            raise StoreError(f"{path} may not be written", "check its permissions") from None
        raise StoreError(f"{path} is not usable as {what}", "restore it from a backup") from None
    except sqlite3.DatabaseError:
        raise StoreError(f"{path} is damaged, or not {what}") from None


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Run a write transaction: all of it, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # Some errors (a full disk) have rolled back already; then there is nothing to roll back.
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
