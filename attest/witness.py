"""A witness: remembers the last head of each log that it knows, and cosigns only what continues it (C2SP tlog-witness).

`Witness.add_checkpoint` takes the body of a request and returns the answer, whatever brings them: HTTP
(`attest.witness_http`) or files on a stick. What is remembered is committed before the answer exists outside.
"""

from __future__ import annotations

import hmac
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from attest import checkpoint as checkpoints
from attest import store
from attest.checkpoint import Checkpoint
from attest.cosignature import CosignatureSigner
from attest.encoding import from_base64, from_decimal, to_base64
from attest.errors import FormatError, ProofError, SignatureError, StoreError
from attest.merkle import EMPTY_ROOT, HASH_SIZE, verify_consistency
from attest.note import Verifier, open_note, split

WHAT = "a witness's memory"
APPLICATION_ID = 0x67765731
"""`gvW1` in ASCII."""

MAX_REQUEST = 256 * 1024
"""63 proof lines and a checkpoint with 16 signatures, post-quantum ones included, are less than half of it."""

MAX_PROOF_LINES = 63
"""C2SP tlog-witness: "The client MUST NOT send more than 63 consistency proof lines."""

MAX_CONTRADICTIONS = 20
"""Evidence of each kind that is kept for each log: one fork is enough, and a disk is not to be filled with them."""

TEXT = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"

SETBACK_S = 300
"""How far a clock may be set back before the witness stops: a correction is smaller, a wrong clock is not."""

_SCHEMA = """
CREATE TABLE witness (one INTEGER PRIMARY KEY CHECK (one = 1), vkey TEXT NOT NULL);
CREATE TABLE logs (vkey TEXT PRIMARY KEY, origin TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE heads (
    origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL CHECK (length(root) = 32),
    timestamp INTEGER NOT NULL, note BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE contradictions (
    number INTEGER PRIMARY KEY, origin TEXT NOT NULL, fork INTEGER NOT NULL, timestamp INTEGER NOT NULL,
    seen BLOB NOT NULL, request BLOB NOT NULL, UNIQUE (origin, request)
);
CREATE TRIGGER heads_grow BEFORE UPDATE ON heads WHEN NEW.size < OLD.size
    BEGIN SELECT RAISE(ABORT, 'a head never shrinks'); END;
CREATE TRIGGER heads_remain BEFORE DELETE ON heads BEGIN SELECT RAISE(ABORT, 'a head is never forgotten'); END
"""


@dataclass(frozen=True, slots=True)
class Request:
    """An add-checkpoint request.

    Attributes:
        old: Size that the witness is believed to have seen last.
        proof: Consistency proof from there.
        note: The signed checkpoint.
    """

    old: int
    proof: tuple[bytes, ...]
    note: bytes

    def to_bytes(self) -> bytes:
        """Return the request's body."""
        lines = [f"old {self.old}", *(to_base64(value) for value in self.proof)]
        return ("\n".join(lines) + "\n\n").encode() + self.note


def parse_request(body: bytes) -> Request:
    """Read the body of an add-checkpoint request; the checkpoint in it is not looked at.

    Raises:
        FormatError: It is not in form.
    """
    if len(body) > MAX_REQUEST:
        raise FormatError("a request is too long")
    head, gap, note = body.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise FormatError("a request is not in form") from None
    if not gap or not note or not lines[0].startswith("old "):
        raise FormatError("a request does not begin with the old size")
    if len(lines) - 1 > MAX_PROOF_LINES:
        raise FormatError("a request has too many proof lines")
    proof = tuple(from_base64(line) for line in lines[1:])
    if any(len(value) != HASH_SIZE for value in proof):
        raise FormatError("a hash in a request is not 32 bytes long")
    return Request(from_decimal(lines[0].removeprefix("old ")), proof, note)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a witness says to a request.

    Attributes:
        status: HTTP status: 200, 400, 403, 404, 409 or 422.
        body: The cosignature line; the size that was seen last (409); or a sentence.
        content_type: Its media type.
    """

    status: int
    body: bytes
    content_type: str = TEXT


@dataclass(frozen=True, slots=True)
class Seen:
    """What a witness remembers of a log.

    Attributes:
        origin: Which log.
        head: The last head that it cosigned; of size 0 if it never did.
        at: When it cosigned that; None if it never did.
        forks: Number of checkpoints that this log signed and that contradict one that was cosigned.
        unproved: Number of checkpoints that it signed and that came with a wrong proof.
    """

    origin: str
    head: Checkpoint
    at: datetime | None
    forks: int
    unproved: int


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A checkpoint that a log signed and that was not shown to continue the one that was cosigned before.

    Attributes:
        fork: Both are of one size and have different roots: each has the log's signature, which proves the fork to
            anybody. Otherwise only the proof was wrong, and whoever brought it, not the log, may be to blame.
        at: When it came.
        seen: The checkpoint that was cosigned before.
        request: The request with the contradicting checkpoint.
    """

    fork: bool
    at: datetime
    seen: bytes
    request: bytes


class Witness:
    """A witness's memory and key. Made by `create` or `open`.

    One object may be used by one thread; several objects, or processes, may share the file: the comparison with the
    last head and its replacement are one transaction.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, signer: CosignatureSigner) -> None:
        self.path = path
        self._connection = connection
        self._signer = signer
        with store.translated(path, WHAT):
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                row = connection.execute("SELECT vkey FROM witness").fetchone()
            except BaseException:
                connection.close()
                raise
        if row is None or row[0] != signer.cosigner.vkey:
            connection.close()
            raise StoreError(f"{path} belongs to another key or name", "use the key file that was made with it")

    @classmethod
    def create(cls, path: Path, signer: CosignatureSigner) -> Self:
        """Make a witness that knows no log yet.

        Raises:
            StoreError: The file exists or cannot be written.
        """
        # A key's name holds no control characters; quotes are doubled as SQL wants it.
        quoted = signer.cosigner.vkey.replace("'", "''")
        schema = f"{_SCHEMA}; INSERT INTO witness VALUES (1, '{quoted}')"  # noqa: S608 - the script takes no values
        return cls(path, store.create(path, WHAT, APPLICATION_ID, schema), signer)

    @classmethod
    def open(cls, path: Path, signer: CosignatureSigner) -> Self:
        """Open a witness's memory.

        Raises:
            StoreError: The file is missing, is something else, is damaged, or is that of another key.
        """
        return cls(path, store.connect(path, WHAT, APPLICATION_ID), signer)

    def __enter__(self) -> Self:
        """Return the witness, which is closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @property
    def vkey(self) -> str:
        """The witness's public key, for policies."""
        return self._signer.cosigner.vkey

    def add_log(self, log: Verifier) -> bool:
        """Know a log by its key; a second key for the same origin is trusted beside the first.

        Returns:
            Whether it is new.
        """
        if log.public == self._signer.cosigner.public:
            # A cosignature does not name its cosigner: only the first lines keep the two kinds of signature apart.
            raise ValueError("a log's key cannot be its witness's key")
        with store.translated(self.path, WHAT), store.transaction(self._connection):
            added = self._connection.execute("INSERT OR IGNORE INTO logs VALUES (?, ?)", (log.vkey, log.name)).rowcount
        return added == 1

    def seen(self) -> Iterator[Seen]:
        """Iterate over the known logs and what is remembered of each, by origin."""
        with store.translated(self.path, WHAT):
            origins = [row[0] for row in self._connection.execute("SELECT DISTINCT origin FROM logs ORDER BY origin")]
        for origin in origins:
            head, timestamp, _ = self._head(origin)
            with store.translated(self.path, WHAT):
                kept = [
                    row[0]
                    for row in self._connection.execute("SELECT fork FROM contradictions WHERE origin = ?", (origin,))
                ]
            at = None if timestamp is None else datetime.fromtimestamp(timestamp, UTC)
            yield Seen(origin, head, at, sum(kept), len(kept) - sum(kept))

    def contradictions(self, origin: str) -> list[Contradiction]:
        """Return the evidence against a log, oldest first."""
        with store.translated(self.path, WHAT):
            rows = self._connection.execute(
                "SELECT fork, timestamp, seen, request FROM contradictions WHERE origin = ? ORDER BY number", (origin,)
            ).fetchall()
        return [
            Contradiction(bool(fork), datetime.fromtimestamp(at, UTC), bytes(seen), bytes(body))
            for fork, at, seen, body in rows
        ]

    def add_checkpoint(self, body: bytes, now: datetime) -> Answer:
        """Answer an add-checkpoint request: cosign, or say why not.

        The order of the checks is that of C2SP tlog-witness.

        Args:
            body: The request's body.
            now: The time that the cosignature states.

        Raises:
            StoreError: The memory is damaged or in use.
            LogFullError: The disk is full: nothing was remembered, and so nothing is cosigned.
        """
        try:
            request = parse_request(body)
            text, _ = split(request.note)
            head = checkpoints.parse(text)
        except FormatError as error:
            return _sentence(400, error.message)
        keys = self._keys(head.origin)
        if not keys:
            return _sentence(404, "the log is not known here")
        try:
            open_note(request.note, keys)
        except (SignatureError, FormatError):
            return _sentence(403, "no key that is known for the log signed the checkpoint")
        if request.old > head.size:
            return _sentence(400, "the old size is larger than the checkpoint's")
        # The transaction commits on the way out: nobody sees a cosignature that is not remembered.
        with store.translated(self.path, WHAT), store.transaction(self._connection):
            return self._decide(request, text, head, body, now)

    def _decide(self, request: Request, text: str, head: Checkpoint, body: bytes, now: datetime) -> Answer:
        """Compare with the last head and take its place; runs inside the transaction."""
        last, timestamp, note = self._head(head.origin)
        moment = int(now.timestamp())
        fork = head.size == last.size and not hmac.compare_digest(head.root, last.root)
        if fork:
            self._keep(head.origin, moment, note, body, fork=True)
        if request.old != last.size or (fork and not request.proof):
            return Answer(409, b"%d\n" % last.size, SIZE)
        try:
            verify_consistency(last.size, head.size, request.proof, last.root, head.root)
        except ProofError as error:
            self._keep(head.origin, moment, note, body, fork=False)
            return _sentence(422, error.message)
        if timestamp is not None and moment < timestamp:
            # "As of this time, this is the largest tree": an earlier time on a larger tree would contradict that.
            if timestamp - moment > SETBACK_S:
                raise StoreError(
                    f"the clock is {timestamp - moment} seconds behind the last cosignature",
                    "set this machine's clock; nothing was cosigned",
                )
            moment = timestamp
        line = self._signer.line(text, moment)
        self._connection.execute(
            "INSERT INTO heads VALUES (?, ?, ?, ?, ?) ON CONFLICT (origin) DO UPDATE SET"
            " size = excluded.size, root = excluded.root, timestamp = excluded.timestamp, note = excluded.note",
            (head.origin, head.size, head.root, moment, request.note),
        )
        return Answer(200, line.encode())

    def _keys(self, origin: str) -> Sequence[Verifier]:
        with store.translated(self.path, WHAT):
            rows = self._connection.execute("SELECT vkey FROM logs WHERE origin = ?", (origin,)).fetchall()
        return [Verifier.from_vkey(row[0]) for row in rows]

    def _head(self, origin: str) -> tuple[Checkpoint, int | None, bytes]:
        with store.translated(self.path, WHAT):
            row = self._connection.execute(
                "SELECT size, root, timestamp, note FROM heads WHERE origin = ?", (origin,)
            ).fetchone()
        if row is None:
            return Checkpoint(origin, 0, EMPTY_ROOT), None, b""
        return Checkpoint(origin, int(row[0]), bytes(row[1])), int(row[2]), bytes(row[3])

    def _keep(self, origin: str, timestamp: int, seen: bytes, request: bytes, *, fork: bool) -> None:
        """Keep what a log signed and what speaks against it (C2SP tlog-witness allows it); not without end."""
        self._connection.execute(
            "INSERT OR IGNORE INTO contradictions (origin, fork, timestamp, seen, request) SELECT ?, ?, ?, ?, ?"
            " WHERE (SELECT count(*) FROM contradictions WHERE origin = ? AND fork = ?) < ?",
            (origin, fork, timestamp, seen, request, origin, fork, MAX_CONTRADICTIONS),
        )


def _sentence(status: int, text: str) -> Answer:
    return Answer(status, f"{text}\n".encode())
