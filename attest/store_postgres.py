"""The event log in a PostgreSQL database: the store of a service that several machines share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, LiteralString, Self

from attest.errors import BusyError, FsckError, LogFullError, StoreError
from attest.store_log import PAGE, Batch, Cosignature

if TYPE_CHECKING:
    import psycopg

FORMAT = 1
"""Version of the tables."""

LOCK_TIMEOUT = "10s"
"""How long a writer waits for another one."""

_SCHEMA: LiteralString = """
CREATE SCHEMA govern_log;
CREATE TABLE govern_log.head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one), format integer NOT NULL, origin text NOT NULL
);
CREATE TABLE govern_log.entries (
    i bigint PRIMARY KEY, data bytea NOT NULL, leaf bytea NOT NULL CHECK (length(leaf) = 32)
);
CREATE TABLE govern_log.batches (
    key text PRIMARY KEY, first bigint NOT NULL, count bigint NOT NULL, digest bytea NOT NULL
);
CREATE TABLE govern_log.checkpoints (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    size bigint NOT NULL, root bytea NOT NULL, note bytea NOT NULL
);
CREATE TABLE govern_log.cosignatures (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    size bigint NOT NULL, name text NOT NULL, hash bytea NOT NULL, line bytea NOT NULL,
    UNIQUE (size, name, hash)
);
CREATE FUNCTION govern_log.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'append-only'; END $$;
CREATE TRIGGER stay BEFORE UPDATE OR DELETE ON govern_log.entries
    FOR EACH ROW EXECUTE FUNCTION govern_log.refuse();
CREATE TRIGGER remain BEFORE TRUNCATE ON govern_log.entries
    FOR EACH STATEMENT EXECUTE FUNCTION govern_log.refuse();
CREATE TRIGGER stay BEFORE UPDATE OR DELETE ON govern_log.checkpoints
    FOR EACH ROW EXECUTE FUNCTION govern_log.refuse();
CREATE TRIGGER remain BEFORE TRUNCATE ON govern_log.checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION govern_log.refuse();
"""

# Two statements in one round trip. READ COMMITTED on purpose: each statement after the lock sees what the writer before
# has committed. Under SERIALIZABLE writers at once would fail and retry instead of queueing.
_BEGIN_WRITING: LiteralString = (
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT one FROM govern_log.head FOR UPDATE"
)
_BEGIN_READING: LiteralString = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

_RESTORE = "restore the database from a backup, and keep the damaged one"


class PostgresStore:
    """A `LogStore` in the schema `govern_log` of a database. Made by `create` or `open`.

    The triggers keep accidents out, not the owner of the tables: let the service connect as a role that may only
    SELECT and INSERT there, UPDATE the table `head` (which is how it locks it), and UPDATE `cosignatures`.
    """

    def __init__(self, place: str, connection: psycopg.Connection[Any]) -> None:
        self._place = place
        self.connection = connection
        try:
            self._origin = self._opened()
        except BaseException:
            connection.close()
            raise

    @classmethod
    def create(cls, url: str, origin: str) -> Self:
        """Make an empty log; see `attest.store_log.create`."""
        from psycopg import errors

        place, connection = _connected(url)
        try:
            with _translated(place):
                try:
                    connection.execute(f"BEGIN; {_SCHEMA}")
                    connection.execute("INSERT INTO govern_log.head (format, origin) VALUES (%s, %s)", (FORMAT, origin))
                    connection.execute("COMMIT")
                except (errors.DuplicateSchema, errors.UniqueViolation):
                    raise StoreError(
                        f"{place} holds a log already", "a log is never overwritten: give each a database of its own"
                    ) from None
        except BaseException:
            connection.close()
            raise
        return cls(place, connection)

    @classmethod
    def open(cls, url: str) -> Self:
        """Open a log; see `attest.store_log.connect`."""
        return cls(*_connected(url))

    @property
    def place(self) -> str:
        """Server and database."""
        return self._place

    @property
    def origin(self) -> str:
        """The log's identity."""
        return self._origin

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Run a write transaction under the lock of the one row in `head`."""
        with _translated(self._place):
            try:
                self.connection.execute(_BEGIN_WRITING)
                yield
                # A transaction in which a statement failed answers COMMIT with ROLLBACK, and no error.
                if self.connection.execute("COMMIT").statusmessage != "COMMIT":
                    raise StoreError(f"{self._place}: the server took the transaction back; nothing was written")
            except BaseException:
                self._roll_back()
                raise

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Run a read transaction."""
        with _translated(self._place):
            try:
                self.connection.execute(_BEGIN_READING)
                yield
            finally:
                self._roll_back()

    def check(self) -> None:
        """Check that there is one head; pages are checked by the server when they are read, if it has checksums."""
        if len(self._ask("SELECT one FROM govern_log.head")) != 1:
            raise FsckError("the head of the log is missing", _RESTORE)

    def size(self) -> int:
        """Return one more than the last entry's index."""
        rows = self._ask("SELECT i FROM govern_log.entries ORDER BY i DESC LIMIT 1")
        return rows[0][0] + 1 if rows else 0

    def add_entries(self, first: int, entries: Sequence[bytes], leaves: Sequence[bytes]) -> None:
        """Add entries and their leaf hashes."""
        with (
            self.connection.cursor() as cursor,
            cursor.copy("COPY govern_log.entries (i, data, leaf) FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types(["int8", "bytea", "bytea"])
            for row in zip(range(first, first + len(entries)), entries, leaves, strict=True):
                copy.write_row(row)

    def entry(self, i: int) -> bytes | None:
        """Return an entry."""
        rows = self._ask("SELECT data FROM govern_log.entries WHERE i = %s", i)
        return rows[0][0] if rows else None

    def entries(self, start: int, end: int) -> list[tuple[int, bytes]]:
        """Return a page of entries."""
        return self._ask(
            "SELECT i, data FROM govern_log.entries WHERE i >= %s AND i < %s ORDER BY i LIMIT %s", start, end, PAGE
        )

    def leaves(self, start: int, limit: int) -> list[tuple[int, bytes]]:
        """Return leaf hashes."""
        return self._ask("SELECT i, leaf FROM govern_log.entries WHERE i >= %s ORDER BY i LIMIT %s", start, limit)

    def rows(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Iterate over everything about the entries."""
        return self._stream("rows", "SELECT i, data, leaf FROM govern_log.entries ORDER BY i")

    def batch(self, key: str) -> Batch | None:
        """Return the batch under a key."""
        rows = self._ask("SELECT first, count, digest FROM govern_log.batches WHERE key = %s", key)
        return Batch(*rows[0]) if rows else None

    def add_batch(self, key: str, batch: Batch) -> None:
        """Keep a batch."""
        self._do("INSERT INTO govern_log.batches VALUES (%s, %s, %s, %s)", key, batch.first, batch.count, batch.digest)

    def batches(self) -> Iterator[Batch]:
        """Iterate over all batches."""
        rows = self._stream("batches", "SELECT first, count, digest FROM govern_log.batches ORDER BY first, count")
        return (Batch(*row) for row in rows)

    def latest_checkpoint(self) -> bytes | None:
        """Return the newest note."""
        rows = self._ask("SELECT note FROM govern_log.checkpoints ORDER BY number DESC LIMIT 1")
        return rows[0][0] if rows else None

    def checkpoint(self, size: int) -> bytes | None:
        """Return the newest note over a size."""
        rows = self._ask("SELECT note FROM govern_log.checkpoints WHERE size = %s ORDER BY number DESC LIMIT 1", size)
        return rows[0][0] if rows else None

    def add_checkpoint(self, size: int, root: bytes, note: bytes) -> None:
        """Keep a note."""
        self._do("INSERT INTO govern_log.checkpoints (size, root, note) VALUES (%s, %s, %s)", size, root, note)

    def checkpoints(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Iterate over all checkpoints."""
        return self._stream("checkpoints", "SELECT size, root, note FROM govern_log.checkpoints ORDER BY number")

    def put_cosignature(self, cosignature: Cosignature) -> None:
        """Keep a signature line."""
        self._do(
            "INSERT INTO govern_log.cosignatures (size, name, hash, line) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (size, name, hash) DO UPDATE SET line = excluded.line",
            *(cosignature.size, cosignature.name, cosignature.hash, cosignature.line),
        )

    def cosignatures(self, size: int) -> list[bytes]:
        """Return the lines over a size."""
        rows = self._ask("SELECT line FROM govern_log.cosignatures WHERE size = %s ORDER BY number", size)
        return [line for (line,) in rows]

    def all_cosignatures(self) -> Iterator[Cosignature]:
        """Iterate over all signature lines."""
        rows = self._stream(
            "cosignatures", "SELECT size, name, hash, line FROM govern_log.cosignatures ORDER BY size, number"
        )
        return (Cosignature(*row) for row in rows)

    def _opened(self) -> str:
        """Set the session up and return the origin."""
        settings = {
            str(name): str(value)
            for name, value in self._ask(
                "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit')"
            )
        }
        if settings["fsync"] == "off":
            raise StoreError(
                f"{self._place}: the server runs with fsync = off, so that a power cut would lose entries",
                "set fsync = on in postgresql.conf",
            )
        if settings["synchronous_commit"] in ("off", "local"):
            self._do("SET synchronous_commit = on")
        self._do(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        if self._ask("SELECT to_regclass('govern_log.head')::text")[0][0] is None:
            raise StoreError(
                f"{self._place} holds no event log", "is this the right database? `govern init --log-url` makes a log"
            )
        rows = self._ask("SELECT format, origin FROM govern_log.head")
        if len(rows) != 1:
            raise StoreError(f"{self._place} has lost the head of its log", _RESTORE)
        if rows[0][0] != FORMAT:
            raise StoreError(
                f"{self._place} holds a log of another version", "use the version of this program that wrote it"
            )
        return str(rows[0][1])

    def _ask(self, sql: LiteralString, *values: object) -> list[Any]:
        with _translated(self._place):
            return self.connection.execute(sql, values or None, binary=True).fetchall()

    def _do(self, sql: LiteralString, *values: object) -> None:
        with _translated(self._place):
            self.connection.execute(sql, values or None)

    def _stream(self, name: str, sql: LiteralString) -> Iterator[Any]:
        # A cursor on the server: the whole table does not come over at once.
        with self.connection.cursor(name=name, binary=True) as cursor:
            cursor.itersize = PAGE
            cursor.execute(sql)
            yield from cursor

    def _roll_back(self) -> None:
        import psycopg

        # A connection that was lost has rolled back already.
        with suppress(psycopg.Error):
            self.connection.execute("ROLLBACK")


def _connected(url: str) -> tuple[str, psycopg.Connection[Any]]:
    """Connect; return how messages may call the database, too."""
    try:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict
    except ImportError:
        raise StoreError(
            "a log in PostgreSQL needs the package psycopg", "install it: pip install 'govern-toolkit[postgres]'"
        ) from None
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise StoreError("the URL of the log is not in form", "write it like postgresql://USER@HOST/DATABASE") from None
    place = f"postgresql://{parts.get('host') or ''}/{parts.get('dbname') or ''}"
    try:
        connection = psycopg.connect(
            url, autocommit=True, connect_timeout=10, client_encoding="utf8", application_name="govern"
        )
    except psycopg.OperationalError:
        # Its message may quote the password or the user.
        raise StoreError(
            f"{place} cannot be reached, or refuses the login",
            "does the server run? The password belongs into the password file (PGPASSFILE), not into the URL",
        ) from None
    return place, connection


@contextmanager
def _translated(place: str) -> Iterator[None]:
    """Turn errors of PostgreSQL into ours; its messages may quote values."""
    import psycopg
    from psycopg import errors

    try:
        yield
    except (errors.DiskFull, errors.IoError):
        raise LogFullError(
            f"{place}: the server's disk is full or failing; nothing was written",
            "free some space there and run it again",
        ) from None
    except (errors.LockNotAvailable, errors.QueryCanceled, errors.DeadlockDetected):
        raise BusyError(f"{place} is in use by another process", "try again when it is done") from None
    except (errors.ReadOnlySqlTransaction, errors.InsufficientPrivilege):
        raise StoreError(
            f"{place} may not be used this way", "check the role's privileges, and that the server is not a standby"
        ) from None
    except (errors.DataCorrupted, errors.IndexCorrupted):
        raise StoreError(f"{place} is damaged", _RESTORE) from None
    except errors.RaiseException:
        raise
    except psycopg.OperationalError:
        raise StoreError(
            f"{place}: the connection was lost",
            "run it again: an append with the same idempotency key is added once, whether it got through or not",
        ) from None
    except psycopg.Error:
        raise StoreError(f"{place} is not usable as an event log", _RESTORE) from None
