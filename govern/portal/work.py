"""Work that takes longer than a moment: jobs, kept in a file and done one after the other by a process of their own."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from attest import store
from attest.errors import StoreError
from govern.errors import RefusedError

WHAT = "the portal's jobs"
APPLICATION_ID = 0x6776706A
FILE = "portal-jobs.sqlite"
KEPT = timedelta(hours=1)
"""How long the result of a job is kept: it may quote a person's own messages."""
TRIES = 2
"""How often a job is begun: once more after a crash, in case the crash was not its own doing."""

State = Literal["waiting", "running", "done", "failed"]
MAX_WAITING = 5
"""Jobs of one person that wait at a time; clearing away after a withdrawal is never refused."""
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
        result: What came of it; None before the end, and once it is forgotten.
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
    result: Any
    problem: str
    problem_details: tuple[str, ...] = ()


class JobFile:
    """The jobs in their file."""

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

    def recover(self) -> None:
        """Put jobs that a crash or a stop cut off back into the row, or give them up after `TRIES`."""
        with store.transaction(self._connection):
            self._connection.execute(
                "UPDATE jobs SET state = 'failed', ended = ordered, problem = 'crashed' "
                "WHERE state = 'running' AND tries >= ?",
                (TRIES,),
            )
            self._connection.execute("UPDATE jobs SET state = 'waiting' WHERE state = 'running'")

    def forget(self, now: datetime) -> None:
        """Delete jobs that ended more than `KEPT` ago, with their results."""
        self._connection.execute("DELETE FROM jobs WHERE ended <= ?", (_seconds(now - KEPT),))

    def _one(self, sql: str, *values: Any) -> Any:
        with closing(self._connection.execute(sql, values)) as cursor:
            return cursor.fetchone()


_COLUMNS = "id, kind, role, who, parameters, state, stage, done, total, ordered, result, problem"


def _job(row: Any) -> Job:
    name, kind, role, who, parameters, state, stage, done, total, ordered, result, problem = row
    return Job(
        name, kind, role, who, json.loads(parameters), state, stage, done, total,
        datetime.fromtimestamp(ordered, UTC), json.loads(result) if result and state == "done" else None,
        problem or "", tuple(json.loads(result) or ()) if result and state == "failed" else (),
    )  # fmt: skip


class Work:
    """The jobs of a portal, and the process that does them."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._process: subprocess.Popen[bytes] | None = None
        self._watching: threading.Thread | None = None
        self._ending = threading.Event()

    def order(self, kind: str, role: str, who: str, parameters: Mapping[str, Any], now: datetime) -> str:
        """Order a job and return its id.

        Args:
            kind: One of `KINDS`.
            role: Role of whoever orders it.
            who: Who that is: nobody else can look at it.
            parameters: What is asked for, as JSON values.
            now: The moment; the job acts as of then.

        Raises:
            RefusedError: Too many jobs of this person wait already.
        """
        assert kind in KINDS
        with closing(JobFile(self._root)) as file:
            file.forget(now)
            waiting = sum(job.state == "waiting" for job in file.jobs(role, who))
            if waiting >= MAX_WAITING and kind not in ("clear", "erase"):
                raise RefusedError("too many of your jobs wait already", "wait until one of them is done")
            return file.order(kind, role, who, parameters, now)

    def of(self, role: str, who: str) -> list[Job]:
        """Return the jobs that somebody ordered, newest first."""
        with closing(JobFile(self._root)) as file:
            return file.jobs(role, who)

    def job(self, name: str, role: str, who: str) -> Job | None:
        """Return a job, or None where there is none of that name by this person."""
        return next((job for job in self.of(role, who) if job.id == name), None)

    def start(self) -> None:
        """Start the process, and start it again whenever it ends by itself."""
        with closing(JobFile(self._root)) as file:
            file.recover()
        self._watching = threading.Thread(target=self._watch, name="portal-worker", daemon=True)
        self._watching.start()

    def close(self) -> None:
        """Stop the process; a job that is running is begun again at the next start."""
        self._ending.set()
        process = self._process
        if process is not None and process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            if process.poll() is None:
                process.kill()
                process.wait()
        if self._watching is not None:
            self._watching.join(15)

    def _watch(self) -> None:
        while not self._ending.is_set():
            # The pipe is how the worker notices that the portal is gone, however it went.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "govern.portal.worker", str(self._root)], stdin=subprocess.PIPE
            )
            self._process.wait()
            if self._ending.wait(1):
                return
            with closing(JobFile(self._root)) as file:
                file.recover()


def _seconds(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp())
