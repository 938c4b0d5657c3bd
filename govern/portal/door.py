"""The door: one-time sign-in links, sessions, and what a session has begun. Secrets are kept as digests only."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from attest import store
from govern.errors import RefusedError

WHAT = "the portal's sessions"
APPLICATION_ID = 0x67767064
LINK_LASTS = timedelta(hours=24)
SESSION_LASTS = timedelta(hours=8)
SESSION_IDLES = timedelta(minutes=30)
MAX_TRIES = 10
"""Wrong links from one address within `TRIES_WITHIN`, after which it has to wait."""
TRIES_WITHIN = timedelta(minutes=10)
PAPER_LASTS = timedelta(days=7)
"""How long the record of an enrolment waits for its witness."""
MAX_PAPERS = 5
"""Records of one person that wait at a time; the oldest goes."""
MAX_BEGUN = 8
"""Ceremonies that one session may have begun at a time; the oldest is forgotten."""
BEGUN_LASTS = timedelta(minutes=15)
ROLES = ("employee", "bystander", "hr", "works_council", "dpo", "auditor")

_SCHEMA = """
CREATE TABLE links (digest BLOB PRIMARY KEY, role TEXT NOT NULL, who TEXT NOT NULL, until INTEGER NOT NULL) STRICT;
CREATE TABLE sessions (
    digest BLOB PRIMARY KEY, role TEXT NOT NULL, who TEXT NOT NULL, csrf TEXT NOT NULL, lang TEXT NOT NULL,
    made INTEGER NOT NULL, seen INTEGER NOT NULL
) STRICT;
CREATE TABLE tries (source BLOB NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE INDEX tries_of ON tries (source, at);
CREATE TABLE papers (name TEXT PRIMARY KEY, pid TEXT NOT NULL, witness TEXT NOT NULL, until INTEGER NOT NULL,
    paper BLOB NOT NULL) STRICT;
"""


@dataclass(frozen=True, slots=True, repr=False)
class Session:
    """Who is signed in.

    Attributes:
        digest: SHA-256 of the cookie's value.
        role: One of `ROLES`.
        who: Pseudonymous id, an officer's id of the log, or a bystander's address.
        csrf: Token that every form carries.
        lang: Language chosen on the page, or "".
    """

    digest: bytes
    role: str
    who: str
    csrf: str
    lang: str


class TooManyTriesError(RefusedError):
    """Too many wrong links came from one address."""


@dataclass(slots=True)
class Door:
    """Sign-in and sessions, in a file beside the workspace's."""

    _connection: sqlite3.Connection
    _begun: dict[bytes, dict[str, tuple[datetime, Any]]] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path) -> Door:
        """Open the file, or make it.

        Raises:
            StoreError: It is damaged, or something else.
        """
        if not path.exists():
            store.create(path, WHAT, APPLICATION_ID, _SCHEMA).close()
            path.chmod(0o600)
        return cls(store.connect(path, WHAT, APPLICATION_ID))

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def link(self, role: str, who: str, now: datetime, lasts: timedelta = LINK_LASTS) -> str:
        """Make a one-time sign-in token for somebody, 256 random bits in URL-safe letters."""
        token = secrets.token_urlsafe(32)
        with store.transaction(self._connection):
            self._connection.execute("DELETE FROM links WHERE until <= ?", (_seconds(now),))
            self._connection.execute(
                "INSERT INTO links VALUES (?, ?, ?, ?)", (_digest(token), role, who, _seconds(now + lasts))
            )
        return token

    def enter(self, token: str, source: str, now: datetime) -> tuple[Session, str]:
        """Use a link up; return the new session and the value of its cookie.

        A session is always new: whatever cookie the browser came with is worth nothing.

        Args:
            token: What the link held.
            source: Address of the browser; kept as a digest, for ten minutes.
            now: The moment.

        Raises:
            TooManyTriesError: Too many wrong links came from that address.
            RefusedError: The link is not known: used, run out, or never made.
        """
        origin = _digest(source)
        since = _seconds(now - TRIES_WITHIN)
        with store.transaction(self._connection):
            self._connection.execute("DELETE FROM tries WHERE at <= ?", (since,))
            (tries,) = self._one("SELECT count(*) FROM tries WHERE source = ?", origin) or (0,)
            found = None
            if tries < MAX_TRIES:
                found = self._one(
                    "DELETE FROM links WHERE digest = ? AND until > ? RETURNING role, who",
                    _digest(token),
                    _seconds(now),
                )
                if found is None:
                    self._connection.execute("INSERT INTO tries VALUES (?, ?)", (origin, _seconds(now)))
        if tries >= MAX_TRIES:
            raise TooManyTriesError("too many wrong links", "wait ten minutes")
        if found is None:
            raise RefusedError("this link is used up, has run out, or was never made", "ask for a new one")
        return self.admit(str(found[0]), str(found[1]), now)

    def admit(self, role: str, who: str, now: datetime) -> tuple[Session, str]:
        """Begin a session for somebody who is known; return it and the value of its cookie."""
        value = secrets.token_urlsafe(32)
        session = Session(_digest(value), role, who, secrets.token_urlsafe(24), "")
        with store.transaction(self._connection):
            self._connection.execute(
                "DELETE FROM sessions WHERE made <= ? OR seen <= ?",
                (_seconds(now - SESSION_LASTS), _seconds(now - SESSION_IDLES)),
            )
            self._connection.execute(
                "INSERT INTO sessions VALUES (?, ?, ?, ?, '', ?, ?)",
                (session.digest, role, who, session.csrf, _seconds(now), _seconds(now)),
            )
        return session, value

    def session(self, value: str, now: datetime) -> Session | None:
        """Return the session of a cookie, or None where there is none, or not any more."""
        found = self._one(
            "SELECT role, who, csrf, lang, seen FROM sessions WHERE digest = ? AND made > ? AND seen > ?",
            _digest(value),
            _seconds(now - SESSION_LASTS),
            _seconds(now - SESSION_IDLES),
        )
        if found is None:
            return None
        role, who, csrf, lang, seen = found
        if _seconds(now) - seen >= 60:
            # Not at every request: a write to the disk for a minute's difference.
            self._connection.execute("UPDATE sessions SET seen = ? WHERE digest = ?", (_seconds(now), _digest(value)))
        return Session(_digest(value), role, who, csrf, lang)

    def speak(self, session: Session, lang: str) -> None:
        """Keep the language that somebody chose."""
        self._connection.execute("UPDATE sessions SET lang = ? WHERE digest = ?", (lang, session.digest))

    def leave(self, session: Session) -> None:
        """End a session."""
        self._connection.execute("DELETE FROM sessions WHERE digest = ?", (session.digest,))
        self._begun.pop(session.digest, None)

    def begin(self, session: Session, thing: Any, now: datetime) -> str:
        """Keep what a session has begun, in memory; return the name under which it is finished."""
        held = self._begun.setdefault(session.digest, {})
        while len(held) >= MAX_BEGUN:
            held.pop(next(iter(held)))
        name = secrets.token_urlsafe(16)
        held[name] = (now + BEGUN_LASTS, thing)
        self._forget(now)
        return name

    def begun(self, session: Session, name: str, kind: type, now: datetime) -> Any:
        """Return what this session has begun, once.

        Raises:
            RefusedError: It has begun nothing of that kind under that name, or too long ago, or has finished it.
        """
        until, thing = self._begun.get(session.digest, {}).pop(name, (now, None))
        if until <= now or not isinstance(thing, kind):
            raise RefusedError("this was begun too long ago, or is finished already", "begin it again")
        return thing

    def lay(self, name: str, pid: str, witness: str, paper: bytes, now: datetime) -> None:
        """Lay the record of an enrolment ready for its witness."""
        with store.transaction(self._connection):
            self._connection.execute("DELETE FROM papers WHERE until <= ?", (_seconds(now),))
            self._connection.execute(
                "INSERT OR REPLACE INTO papers VALUES (?, ?, ?, ?, ?)",
                (name, pid, witness, _seconds(now + PAPER_LASTS), paper),
            )
            self._connection.execute(
                "DELETE FROM papers WHERE pid = ?1 AND name NOT IN "
                "(SELECT name FROM papers WHERE pid = ?1 ORDER BY until DESC, rowid DESC LIMIT ?2)",
                (pid, MAX_PAPERS),
            )

    def papers(self, witness: str, now: datetime) -> list[bytes]:
        """Return the records that wait for a witness, oldest first."""
        found = self._connection.execute(
            "SELECT paper FROM papers WHERE witness = ? AND until > ? ORDER BY until, rowid", (witness, _seconds(now))
        )
        return [bytes(paper) for (paper,) in found]

    def _forget(self, now: datetime) -> None:
        for digest, held in list(self._begun.items()):
            for name in [name for name, (until, _) in held.items() if until <= now]:
                del held[name]
            if not held:
                del self._begun[digest]

    def _one(self, sql: str, *values: Any) -> Any:
        with closing(self._connection.execute(sql, values)) as cursor:
            return cursor.fetchone()


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _seconds(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp())
