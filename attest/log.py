"""The event log: append-only entries in a database, their Merkle tree, and the checkpoints that were signed.

What can be computed from the entries is computed; stored beside them are only their leaf hashes (so that opening does
not read every entry), the idempotency keys, the signed checkpoints and the witnesses' cosignatures. `attest.fsck`
compares all of it. Where the rows are is for `attest.store_log` to know.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from attest import checkpoint as checkpoints
from attest import store_log
from attest.checkpoint import Checkpoint
from attest.encoding import from_base64
from attest.errors import (
    FormatError,
    FsckError,
    IdempotencyError,
    LogFullError,
    RollbackError,
    SignatureError,
    StoreError,
)
from attest.events import Event
from attest.files import replace_file
from attest.merkle import Tree, leaf_hashes
from attest.note import NoteSigner, Verifier, check_name, open_note, sign, text_of
from attest.proof import TlogProof
from attest.store_log import Batch, Cosignature, LogStore

_PORTION = 1 << 16
"""Leaf hashes that are read at a time when the tree catches up."""


class EventLog:
    """An append-only log in one file, or in a PostgreSQL database. Made by `create` or `open`.

    Several processes may have it open; each append takes the one write lock of the store for its own duration, so
    there is one sequence. A crash at any point leaves the entries of the batches that were acknowledged, perhaps
    those of one more, and never half a batch.

    Attributes:
        store: The database.
        high_water_path: The file that holds the newest signed checkpoint.
    """

    def __init__(self, store: LogStore, high_water: Path) -> None:
        self.store = store
        self.high_water_path = high_water
        self._tree = Tree()
        self._high_water_seen: bytes | None = None

    @classmethod
    def create(cls, place: Path | str, origin: str, *, high_water: Path | None = None) -> Self:
        """Make an empty log.

        Args:
            place: The database file, which must not exist; or the URL of a PostgreSQL database, `postgresql://...`,
                which must not hold a log.
            origin: The log's identity, `ORG/govern/LOGID`; also the name of its key.
            high_water: The high-water file; by default beside the database file. A URL needs one.

        Raises:
            FormatError: The origin is not a key name.
            StoreError: There is something at the place, or it cannot be written.
        """
        check_name(origin)
        path = _high_water_path(place, high_water)
        return cls(store_log.create(place, origin), path)

    @classmethod
    def open(cls, place: Path | str, *, high_water: Path | None = None) -> Self:
        """Open a log.

        Args:
            place: The database file, or the URL of a PostgreSQL database.
            high_water: The high-water file; by default beside the database file. A URL needs one.

        Raises:
            StoreError: The log is missing, is something else, or is damaged.
        """
        path = _high_water_path(place, high_water)
        return cls(store_log.connect(place), path)

    def __enter__(self) -> Self:
        """Return the log, which is closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the log."""
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()

    @property
    def origin(self) -> str:
        """The log's identity."""
        return self.store.origin

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
        leaves = leaf_hashes(entries)
        digest = b"" if key is None else _digest(entries)
        with self.store.writing():
            if key is not None and (known := self.store.batch(key)) is not None:
                if known.digest != digest:
                    raise IdempotencyError(
                        "the idempotency key was used before, with other events", "take a key of its own for each batch"
                    )
                return list(range(known.first, known.first + known.count))
            first = self.store.size()
            self._refuse_rollback(first)
            self.store.add_entries(first, entries, leaves)
            if key is not None:
                self.store.add_batch(key, Batch(first, len(entries), digest))
        if self._tree.size == first:
            self._tree.extend(leaves)
        return list(range(first, first + len(entries)))

    def entry(self, i: int) -> bytes:
        """Return the exact bytes of an entry.

        Raises:
            ValueError: There is no such entry.
        """
        data = self.store.entry(i)
        if data is None:
            raise ValueError(f"the log has no entry {i}")
        return data

    def entries(self, start: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Iterate over index and bytes of the entries from `start` to before `end`."""
        end = self.store.size() if end is None else end
        while start < end:
            rows = self.store.entries(start, end)
            if not rows:
                return
            yield from rows
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
        return self.store.latest_checkpoint()

    def checkpoints(self) -> Iterator[bytes]:
        """Iterate over all signed checkpoints, oldest first."""
        with self.store.reading():
            notes = [note for _, _, note in self.store.checkpoints()]
        return iter(notes)

    def checkpoint(self, signer: NoteSigner) -> bytes:
        """Sign the present head and return the note.

        The note is committed before it is returned: a note that was handed out and then forgotten could be followed
        by another one that contradicts it. The high-water file comes last, so it never runs ahead of the database.

        Args:
            signer: The log's key, under the log's origin as name.

        Raises:
            RollbackError: The log is shorter than, or differs from, what was signed before.
            SignatureError: Another key has signed this log before.
        """
        if signer.name != self.origin:
            raise ValueError("a log signs under its origin")
        with self.store.writing():
            size = self.store.size()
            self._refuse_rollback(size)
            tree = self._grown()
            latest = self.store.latest_checkpoint()
            if latest is not None:
                _refuse_contradiction(tree, checkpoints.parse(text_of(latest)))
                _refuse_another_key(latest, signer.verifier)
            note = sign(Checkpoint(self.origin, size, tree.root(size)).text(), [signer])
            if note != latest:
                self.store.add_checkpoint(size, tree.root(size), note)
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
        with self.store.writing():
            note = self._signed(size)
            text = text_of(note)
            own = {_signature_key(line) for line in _signature_lines(text, note)}
            for line in _signature_lines(text, text.encode() + b"\n" + lines):
                name, key_hash = _signature_key(line)
                if (name, key_hash) not in own:
                    self.store.put_cosignature(Cosignature(size, name, key_hash, line))
            text_of(note + b"".join(self.store.cosignatures(size)))

    def cosigned(self, size: int) -> bytes:
        """Return the checkpoint of a size with all cosignatures that are known, the log's own line first.

        Raises:
            ValueError: No checkpoint of this size was signed.
        """
        return self._signed(size) + b"".join(self.store.cosignatures(size))

    def fsck(self, verifier: Verifier | None = None) -> Checkpoint:
        """Recompute everything from the entries and compare; see `attest.fsck`.

        Args:
            verifier: The log's key; without it the signatures of the checkpoints are not checked.

        Returns:
            Origin, size and recomputed root of what was checked.

        Raises:
            FsckError: Names the first difference.
        """
        from attest.fsck import check

        return check(self, verifier)

    def high_water(self) -> Checkpoint | None:
        """Return the head in the high-water file, or None if there is no such file.

        Raises:
            RollbackError: The file is not a checkpoint of this log.
        """
        note = self._high_water_note()
        return None if note is None else self._high_water_head(note)

    def _high_water_note(self) -> bytes | None:
        try:
            return self.high_water_path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError:
            raise StoreError(f"{self.high_water_path} cannot be read", "check its permissions") from None

    def _high_water_head(self, note: bytes) -> Checkpoint:
        try:
            head = checkpoints.parse(text_of(note))
        except FormatError:
            raise RollbackError(
                f"{self.high_water_path} is damaged", "the newest checkpoint of the log, byte for byte, belongs there"
            ) from None
        if head.origin != self.origin:
            raise RollbackError(
                f"{self.high_water_path} belongs to another log", "each log needs a high-water file of its own"
            )
        return head

    def _signed(self, size: int) -> bytes:
        note = self.store.checkpoint(size)
        if note is None:
            raise ValueError(f"no checkpoint over {size} entries was signed")
        return note

    def _raise_high_water(self) -> None:
        # Under the write lock, and from the database: two signers at once must not set it back.
        with self.store.writing():
            note = self.store.latest_checkpoint()
            if note is None:
                return
            try:
                replace_file(self.high_water_path, note, mode=0o600)
            except OSError:
                raise LogFullError(
                    f"{self.high_water_path} cannot be written", "make room or check its folder, then sign again"
                ) from None

    def _refuse_rollback(self, size: int) -> None:
        note = self._high_water_note()
        if size < self._tree.size:
            raise RollbackError(
                f"the log had {self._tree.size} entries and has {size}",
                "the database was changed or replaced while it was open: bring the newer one back",
            )
        # The tree only grows: what it contained once it contains for good.
        if note is None or note == self._high_water_seen:
            return
        head = self._high_water_head(note)
        if head.size > size:
            raise RollbackError(
                f"the log has {size} entries, but a checkpoint over {head.size} was signed",
                "this is an older copy of the log: bring the newer one back, do not go on with this one",
            )
        _refuse_contradiction(self._grown(), head)
        self._high_water_seen = note

    def _grown(self) -> Tree:
        """Return the tree, with the entries that came in since it was last asked for."""
        while rows := self.store.leaves(self._tree.size, _PORTION):
            if rows[-1][0] != self._tree.size + len(rows) - 1:
                raise FsckError(
                    f"an entry is missing between {self._tree.size} and {rows[-1][0]}",
                    "the database was changed by hand: `govern log fsck` names the first difference",
                )
            self._tree.extend([leaf for _, leaf in rows])
        return self._tree


def _high_water_path(place: Path | str, given: Path | None) -> Path:
    if given is not None:
        return given
    if store_log.is_url(place):
        raise StoreError(
            "a log in a database needs a high-water file",
            "name a file that is kept on this machine; it says what was signed here last",
        )
    path = Path(place)
    return path.with_name(path.name + ".highwater")


def _refuse_contradiction(tree: Tree, head: Checkpoint) -> None:
    if head.size > tree.size or tree.root(head.size) != head.root:
        raise RollbackError(
            f"the log contradicts the checkpoint over {head.size} entries that was signed before",
            "entries were changed, or this is another copy of the log: find out before anything is signed",
        )


def _refuse_another_key(note: bytes, verifier: Verifier) -> None:
    try:
        open_note(note, [verifier])
    except SignatureError:
        raise SignatureError(
            "the log's last checkpoint was not signed with this key",
            "sign with the key that signed before: readers trust that one only",
        ) from None


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
