"""The vault: salts of commitments and facts about records, kept apart so that erasing a person leaves the log whole."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from attest import store
from attest.disposition import SALT_SIZE
from attest.errors import SaltShredded, StoreError

WHAT = "a vault"
APPLICATION_ID = 0x67765631
"""`gvV1` in ASCII."""

_SCHEMA = """
CREATE TABLE salts (
    extraction TEXT NOT NULL, i INTEGER NOT NULL, salt BLOB CHECK (salt IS NULL OR length(salt) = 32), facts BLOB,
    PRIMARY KEY (extraction, i)
) WITHOUT ROWID;
CREATE TABLE persons (
    pid TEXT NOT NULL, extraction TEXT NOT NULL, i INTEGER NOT NULL, PRIMARY KEY (pid, extraction, i)
) WITHOUT ROWID;
CREATE TABLE secrets (
    extraction TEXT NOT NULL, name TEXT NOT NULL, secret BLOB NOT NULL, PRIMARY KEY (extraction, name)
) WITHOUT ROWID
"""


class Vault:
    """The salts of every extraction, by record and by the persons who appear in it. One process at a time.

    Shredding overwrites: the database zeroes what it deletes, and the rollback journal, which holds the pages as they
    were before, is zeroed too. It reaches neither backups nor blocks that a disk has remapped.

    Args:
        path: The database file; made if it does not exist.
        wait_ms: How long to wait where another process holds it, in milliseconds.

    Raises:
        BusyError: It is in use.
        StoreError: The file is something else, or is damaged.
    """

    def __init__(self, path: Path, wait_ms: int = store.BUSY_MS) -> None:
        self.path = path
        if path.exists():
            self._connection = store.connect(path, WHAT, APPLICATION_ID, wait_ms)
        else:
            self._connection = store.create(path, WHAT, APPLICATION_ID, _SCHEMA)
        try:
            with store.translated(path, WHAT):
                self._connection.execute("PRAGMA secure_delete = ON")
                # Held from here to the end: nobody else writes a journal while ours is being zeroed.
                self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
                # PERSIST keeps the journal's blocks in our hands; DELETE would give them, salts and all, to the disk.
                self._connection.execute("PRAGMA journal_mode = PERSIST")
                self._connection.execute("PRAGMA synchronous = FULL")
                self._connection.execute("BEGIN EXCLUSIVE")
                # Vaults from before facts were kept lack the column.
                if not any(name == "facts" for _, name, *_ in self._connection.execute("PRAGMA table_info(salts)")):
                    self._connection.execute("ALTER TABLE salts ADD COLUMN facts BLOB")
                self._connection.execute("COMMIT")
            # A crash between a shredding and this left the pages in the journal.
            self._zero_journal()
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        """Return the vault, which is closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the vault."""
        self.close()

    def close(self) -> None:
        """Close the file and let others have it."""
        self._connection.close()

    def put(
        self,
        extraction_id: str,
        salts: Sequence[bytes],
        persons: Sequence[Collection[str]],
        secrets: Mapping[str, bytes] | None = None,
    ) -> None:
        """Store the salts of an extraction, once.

        Args:
            extraction_id: The extraction.
            salts: 32 fresh random bytes per record, in the order of the manifest.
            persons: Pseudonymous ids of everyone who appears in the record, the subject included.
            secrets: Other keys of this extraction by name, such as that of its pseudonyms.

        Raises:
            StoreError: There are salts of this extraction already, or the vault cannot be written.
        """
        if len(salts) != len(persons) or any(len(salt) != SALT_SIZE for salt in salts):
            raise ValueError("each record needs a salt of 32 bytes and its persons")
        if len(set(salts)) != len(salts):
            raise ValueError("each record needs a salt of its own")
        with store.translated(self.path, WHAT), store.transaction(self._connection):
            known = self._connection.execute("SELECT 1 FROM salts WHERE extraction = ?", (extraction_id,)).fetchone()
            if known is not None:
                raise StoreError("the vault has salts of this extraction already")
            self._connection.executemany(
                "INSERT INTO salts (extraction, i, salt) VALUES (?, ?, ?)",
                ((extraction_id, i, salt) for i, salt in enumerate(salts)),
            )
            self._connection.executemany(
                "INSERT INTO persons VALUES (?, ?, ?)",
                ((pid, extraction_id, i) for i, pids in enumerate(persons) for pid in set(pids)),
            )
            self._connection.executemany(
                "INSERT INTO secrets VALUES (?, ?, ?)",
                ((extraction_id, name, secret) for name, secret in (secrets or {}).items()),
            )

    def salt(self, extraction_id: str, i: int) -> bytes:
        """Return the salt of a record.

        Raises:
            SaltShredded: It was destroyed.
            ValueError: There never was one.
        """
        with store.translated(self.path, WHAT):
            row = self._connection.execute(
                "SELECT salt FROM salts WHERE extraction = ? AND i = ?", (extraction_id, i)
            ).fetchone()
        if row is None:
            raise ValueError("the vault has no such record")
        if row[0] is None:
            raise SaltShredded(f"the salt of record {i} was destroyed; its commitments open nothing any more")
        return bytes(row[0])

    def put_facts(self, extraction_id: str, facts: Sequence[bytes]) -> None:
        """Keep what the gates knew of each record beside its salt: with the salt it goes.

        Args:
            extraction_id: The extraction.
            facts: One value per record, in the order of the manifest.

        Raises:
            StoreError: The vault cannot be written, or has no such extraction of this size.
        """
        with store.translated(self.path, WHAT), store.transaction(self._connection):
            (size,) = self._connection.execute(
                "SELECT count(*) FROM salts WHERE extraction = ?", (extraction_id,)
            ).fetchone()
            if size != len(facts):
                raise StoreError("the vault has no extraction of this size")
            # A record that was erased in the meantime gets no facts any more.
            self._connection.executemany(
                "UPDATE salts SET facts = ? WHERE extraction = ? AND i = ? AND salt IS NOT NULL",
                ((value, extraction_id, i) for i, value in enumerate(facts)),
            )

    def facts(self, extraction_id: str, i: int) -> bytes:
        """Return what the gates knew of a record.

        Raises:
            SaltShredded: It was destroyed with the salt, or never kept.
            ValueError: There never was such a record.
        """
        with store.translated(self.path, WHAT):
            row = self._connection.execute(
                "SELECT facts FROM salts WHERE extraction = ? AND i = ?", (extraction_id, i)
            ).fetchone()
        if row is None:
            raise ValueError("the vault has no such record")
        if row[0] is None:
            raise SaltShredded(f"the facts about record {i} were destroyed, or never kept")
        return bytes(row[0])

    def drop_facts(self, extraction_id: str) -> None:
        """Destroy all facts about the records of an extraction; its salts stay, and what they open."""
        with store.translated(self.path, WHAT), store.transaction(self._connection):
            self._connection.execute(
                "UPDATE salts SET facts = NULL WHERE extraction = ? AND facts IS NOT NULL", (extraction_id,)
            )
        self._zero_journal()

    def secret(self, extraction_id: str, name: str) -> bytes:
        """Return a secret that was put with an extraction.

        Raises:
            SaltShredded: There is none, or not any more.
        """
        with store.translated(self.path, WHAT):
            row = self._connection.execute(
                "SELECT secret FROM secrets WHERE extraction = ? AND name = ?", (extraction_id, name)
            ).fetchone()
        if row is None:
            raise SaltShredded("the secret was destroyed, or there never was one")
        return bytes(row[0])

    def add_secret(self, extraction_id: str, name: str, secret: bytes) -> None:
        """Store one more secret of an extraction: what only came to be while it ran.

        Raises:
            StoreError: The vault has that secret already, or cannot be written.
        """
        with store.translated(self.path, WHAT), store.transaction(self._connection):
            self._connection.execute("INSERT INTO secrets VALUES (?, ?, ?)", (extraction_id, name, secret))

    def records_of(self, pid: str) -> list[tuple[str, int]]:
        """Return extraction and index of every record that a person appears in and whose salt is still there."""
        with store.translated(self.path, WHAT):
            rows = self._connection.execute(
                "SELECT p.extraction, p.i FROM persons p JOIN salts s USING (extraction, i)"
                " WHERE p.pid = ? AND s.salt IS NOT NULL ORDER BY p.extraction, p.i",
                (pid,),
            ).fetchall()
        return [(str(extraction), int(i)) for extraction, i in rows]

    def holdings(self) -> dict[str, tuple[int, int]]:
        """Return by extraction how many salts are there, and how many were destroyed."""
        with store.translated(self.path, WHAT):
            rows = self._connection.execute(
                "SELECT extraction, count(salt), count(*) - count(salt) FROM salts GROUP BY extraction"
            ).fetchall()
        return {str(extraction): (int(there), int(gone)) for extraction, there, gone in rows}

    def salts(self, extraction_id: str) -> list[bytes | None]:
        """Return the salts of an extraction in the order of its manifest; None where one was destroyed."""
        with store.translated(self.path, WHAT):
            rows = self._connection.execute(
                "SELECT salt FROM salts WHERE extraction = ? ORDER BY i", (extraction_id,)
            ).fetchall()
        return [None if salt is None else bytes(salt) for (salt,) in rows]

    def filed(self, extraction_id: str) -> frozenset[str]:
        """Return the names under which persons are filed who appear in an extraction's records."""
        with store.translated(self.path, WHAT):
            rows = self._connection.execute("SELECT DISTINCT pid FROM persons WHERE extraction = ?", (extraction_id,))
            return frozenset(str(pid) for (pid,) in rows)

    def shred(self, *pids: str) -> list[tuple[str, int]]:
        """Destroy salts and facts of every record that a person appears in, and the secrets of those extractions.

        The caller then logs `salt.shredded`. A record with several persons opens for none of them any more: the text
        is about each of them. That the person appeared in it is forgotten too. All or nothing, also in a crash.

        Args:
            pids: The names under which the person is filed.

        Returns:
            Extraction and index of each record whose salt was destroyed now.
        """
        with store.translated(self.path, WHAT), store.transaction(self._connection):
            gone = sorted({place for pid in pids for place in self.records_of(pid)})
            self._connection.executemany(
                "UPDATE salts SET salt = NULL, facts = NULL WHERE extraction = ? AND i = ?", gone
            )
            self._connection.executemany("DELETE FROM persons WHERE extraction = ? AND i = ?", gone)
            self._connection.executemany("DELETE FROM persons WHERE pid = ?", [(pid,) for pid in pids])
            self._connection.executemany(
                "DELETE FROM secrets WHERE extraction = ?", sorted({(extraction,) for extraction, _ in gone})
            )
        self._zero_journal()
        return gone

    def shred_extractions(self, extraction_ids: Collection[str]) -> list[tuple[str, int]]:
        """Destroy all salts, facts and secrets of some extractions, and who appeared in them. All or nothing.

        Returns:
            Extraction and index of each record whose salt was destroyed now.
        """
        with store.translated(self.path, WHAT), store.transaction(self._connection):
            gone: list[tuple[str, int]] = []
            for name in sorted(set(extraction_ids)):
                rows = self._connection.execute(
                    "SELECT i FROM salts WHERE extraction = ? AND salt IS NOT NULL ORDER BY i", (name,)
                ).fetchall()
                gone += [(name, int(i)) for (i,) in rows]
                self._connection.execute("UPDATE salts SET salt = NULL, facts = NULL WHERE extraction = ?", (name,))
                self._connection.execute("DELETE FROM persons WHERE extraction = ?", (name,))
                self._connection.execute("DELETE FROM secrets WHERE extraction = ?", (name,))
        self._zero_journal()
        return gone

    def _zero_journal(self) -> None:
        """Overwrite the journal, which holds the shredded pages; its header is void after the commit."""
        journal = self.path.with_name(self.path.name + "-journal")
        try:
            size = journal.stat().st_size
            with journal.open("r+b") as file:
                file.write(bytes(size))
                file.flush()
                os.fsync(file.fileno())
        except FileNotFoundError:
            return
        except OSError:
            raise StoreError(f"{journal} could not be overwritten", "delete it, then shred again") from None
