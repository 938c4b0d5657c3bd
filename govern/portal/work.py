"""Work that takes longer than a moment: who orders it, and the process that does it, one job after the other."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from govern import portal_jobs
from govern.errors import RefusedError
from govern.portal_jobs import KINDS, Job, JobFile

MAX_WAITING = 5
"""Jobs of one person that wait at a time; clearing away after a withdrawal is never refused."""


class Work:
    """The jobs of a portal, and the process that does them.

    Args:
        root: Folder of the workspace.
        clock: Tells the time.
    """

    def __init__(self, root: Path, clock: Callable[[], datetime]) -> None:
        self._root = root
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._watching: threading.Thread | None = None
        self._ending = threading.Event()

    def order(self, kind: str, role: str, who: str, parameters: Mapping[str, Any]) -> str:
        """Order a job and return its id.

        Args:
            kind: One of `KINDS`.
            role: Role of whoever orders it.
            who: Who that is: nobody else can look at it.
            parameters: What is asked for, as JSON values.

        Raises:
            RefusedError: Too many jobs of this person wait already.
        """
        assert kind in KINDS
        with closing(JobFile(self._root)) as file:
            waiting = sum(job.state == "waiting" for job in file.jobs(role, who))
            if waiting >= MAX_WAITING and kind not in ("clear", "erase"):
                raise RefusedError("too many of your jobs wait already", "wait until one of them is done")
            return file.order(kind, role, who, parameters, self._clock())

    def of(self, role: str, who: str) -> list[Job]:
        """Return the jobs that somebody ordered, newest first."""
        with closing(JobFile(self._root)) as file:
            # The worker forgets by itself, but not while it is at a long job.
            file.forget(self._clock())
            return file.jobs(role, who)

    def job(self, name: str, role: str, who: str) -> Job | None:
        """Return a job, or None where there is none of that name by this person."""
        return next((job for job in self.of(role, who) if job.id == name), None)

    def start(self) -> None:
        """Start the process, and start it again whenever it ends by itself."""
        with closing(JobFile(self._root)) as file:
            file.recover(self._clock())
        self._watching = threading.Thread(target=self._watch, name="portal-worker", daemon=True)
        self._watching.start()

    def close(self) -> None:
        """Stop the process and forget what people looked at; a job that is running is begun again at the next start."""
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
        # While the portal is down nobody would delete them.
        portal_jobs.forget_previews(self._root)

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
                file.recover(self._clock())
