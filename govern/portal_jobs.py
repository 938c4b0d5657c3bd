"""The portal's jobs in their file: ordered, begun, ended, and forgotten with what they found."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from attest import store
from attest.errors import StoreError

WHAT = "the portal's jobs"
APPLICATION_ID = 0x6776706A
FILE = "portal-jobs.sqlite"
PREVIEWS_KEPT = timedelta(hours=1)
"""How long what a person looked at is kept: it quotes their own messages."""
KEPT = timedelta(days=7)
"""How long other jobs are kept: their results are counts, reasons and receipts."""
TRIES = 2
"""How often a job is begun: once more after a crash, in case the crash was not its own doing."""

State = Literal["waiting", "running", "done", "failed"]
KINDS = ("preview", "dry_run", "run", "clear", "erase")

_SCHEMA = """
CREATE TABLE jobs (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, role TEXT NOT NULL, who TEXT NOT NULL, parameters TEXT NOT NULL,
    state TEXT NOT NULL, stage TEXT NOT NULL, done INTEGER NOT NULL, total INTEGER NOT NULL, tries INTEGER NOT NULL,
    ordered INTEGER NOT NULL, ended INTEGER, result TEXT, problem TEXT
) STRICT;
"""


@dataclass(frozen=True, slots=True, repr=False)
class Job:
    """A job, as whoever ordered it sees it.

    Attributes:
        id: Its name.
        kind: One of `KINDS`.
        role: Role of whoever ordered it.
        who: Who that is.
        parameters: What was asked for.
        state: How it stands.
        stage: What is being done, as a code.
        done: How much of it.
        total: Out of how much; 0 where nobody knows.
        ordered: When it was ordered.
        ended: When it ended; None before.
        result: What came of it; None before the end.
        problem: Why it failed; "" where it did not.
        problem_details: Where a gate refused: the reasons that whoever ordered it may be told.
    """

    id: str
    kind: str
    role: str
    who: str
    parameters: Mapping[str, Any]
    state: State
    stage: str
    done: int
    total: int
    ordered: datetime
    ended: datetime | None
    result: Any
    problem: str
    problem_details: tuple[str, ...] = ()


class JobFile:
    """The jobs in their file.

    Args:
        root: Folder of the workspace.

    Raises:
        StoreError: The file is something else, is damaged, or is in use.
    """

    def __init__(self, root: Path) -> None:
        path = root / FILE
        if not path.exists():
            with suppress(StoreError):
                store.create(path, WHAT, APPLICATION_ID, _SCHEMA).close()
        self._connection = store.connect(path, WHAT, APPLICATION_ID)
        # A result may quote messages: what is deleted is overwritten.
        self._connection.execute("PRAGMA secure_delete = ON")

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def order(self, kind: str, role: str, who: str, parameters: Mapping[str, Any], now: datetime) -> str:
        """Add a job and return its id."""
        name = secrets.token_hex(12)
        self._connection.execute(
            "INSERT INTO jobs VALUES (?, ?, ?, ?, ?, 'waiting', '', 0, 0, 0, ?, NULL, NULL, NULL)",
            (name, kind, role, who, json.dumps(dict(parameters)), _seconds(now)),
        )
        return name

    def jobs(self, role: str, who: str) -> list[Job]:
        """Return the jobs that somebody ordered, newest first."""
        found = self._connection.execute(
            f"SELECT {_COLUMNS} FROM jobs WHERE role = ? AND who = ? ORDER BY rowid DESC",  # noqa: S608 - a constant
            (role, who),
        )
        return [_job(row) for row in found.fetchall()]

    def take(self) -> Job | None:
        """Begin the oldest job that waits, and return it; None where none does."""
        with store.transaction(self._connection):
            row = self._one(
                "UPDATE jobs SET state = 'running', tries = tries + 1 WHERE rowid = "  # noqa: S608 - a constant
                f"(SELECT min(rowid) FROM jobs WHERE state = 'waiting') RETURNING {_COLUMNS}"
            )
        return _job(row) if row is not None else None

    def tell(self, name: str, stage: str, done: int, total: int) -> None:
        """Note how far a job is."""
        self._connection.execute(
            "UPDATE jobs SET stage = ?, done = ?, total = ? WHERE id = ?", (stage, done, total, name)
        )

    def end(self, name: str, now: datetime, result: Any = None, problem: str = "") -> None:
        """Note how a job ended."""
        self._connection.execute(
            "UPDATE jobs SET state = ?, ended = ?, result = ?, problem = ? WHERE id = ?",
            ("failed" if problem else "done", _seconds(now), json.dumps(result), problem, name),
        )

    def recover(self, now: datetime) -> None:
        """Put jobs that a crash or a stop cut off back into the row, or give them up after `TRIES`."""
        with store.transaction(self._connection):
            self._connection.execute(
                "UPDATE jobs SET state = 'failed', ended = ?, problem = 'crashed' "
                "WHERE state = 'running' AND tries >= ?",
                (_seconds(now), TRIES),
            )
            self._connection.execute("UPDATE jobs SET state = 'waiting' WHERE state = 'running'")

    def forget(self, now: datetime) -> None:
        """Delete jobs that ended so long ago that they are kept no longer, with their results."""
        self._connection.execute(
            "DELETE FROM jobs WHERE ended <= CASE kind WHEN 'preview' THEN ? ELSE ? END",
            (_seconds(now - PREVIEWS_KEPT), _seconds(now - KEPT)),
        )

    def forget_previews(self, people: Collection[str] | None = None) -> None:
        """Delete what people have looked at among their own messages, and the looks that they wait for.

        Args:
            people: Whose; None for everybody's that are done.
        """
        if people is None:
            self._connection.execute("DELETE FROM jobs WHERE kind = 'preview' AND ended IS NOT NULL")
        for who in people or ():
            self._connection.execute("DELETE FROM jobs WHERE kind = 'preview' AND who = ?", (who,))

    def _one(self, sql: str, *values: Any) -> Any:
        with closing(self._connection.execute(sql, values)) as cursor:
            return cursor.fetchone()


_COLUMNS = "id, kind, role, who, parameters, state, stage, done, total, ordered, ended, result, problem"


def _job(row: Any) -> Job:
    name, kind, role, who, parameters, state, stage, done, total, ordered, ended, result, problem = row
    return Job(
        name, kind, role, who, json.loads(parameters), state, stage, done, total,
        datetime.fromtimestamp(ordered, UTC), datetime.fromtimestamp(ended, UTC) if ended is not None else None,
        json.loads(result) if result and state == "done" else None,
        problem or "", tuple(json.loads(result) or ()) if result and state == "failed" else (),
    )  # fmt: skip


def forget_previews(root: Path, people: Collection[str] | None = None) -> None:
    """Delete what people have looked at among their own messages, see `JobFile`, where there is a portal at all."""
    if (root / FILE).exists():
        with closing(JobFile(root)) as file:
            file.forget_previews(people)


def _seconds(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp())
