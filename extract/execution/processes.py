"""Tasks in processes beside this one, on this machine. A process that dies takes its task with it, and is replaced."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from collections import deque
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from extract.execution.api import Outcome, Task, Verdict, perform
from extract.execution.errors import WorkersError

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

_READY = b"ready"
_STILLBORN = 3
"""So many workers may die before they are ready; then it is not chance."""
_PATIENCE = 5.0
"""Seconds in which an ended worker has to be gone."""


@dataclass(slots=True, eq=False)
class _Worker:
    """One process.

    Attributes:
        process: The process.
        pipe: Our end of its pipe.
        ready: Whether it has said that it has started.
        task: What it does, or None.
    """

    process: SpawnProcess
    pipe: Connection
    ready: bool = False
    task: Task | None = None


class ProcessExecutor:
    """Worker processes, started when there is work for them.

    They are spawned, not forked: a fork of a process with threads (numpy, tokenizers, llama.cpp) may hang. They ignore
    SIGINT, so that an interrupt is the driver's, and end when the driver does.
    """

    def __init__(self, jobs: int) -> None:
        """Set how many.

        Args:
            jobs: At most so many processes.
        """
        self._jobs = jobs
        self._waiting: deque[Task] = deque()
        self._workers: list[_Worker] = []
        self._stillborn = 0

    def workers(self) -> int:
        """Return how many tasks are done at the same time."""
        return self._jobs

    def submit(self, task: Task) -> None:
        """Put a task into the queue, and start a worker if none is free for it."""
        self._waiting.append(task)
        self._supply()

    def finished(self) -> tuple[Task, Outcome]:
        """Wait for any task to end.

        Raises:
            WorkersError: Workers die before they are ready.
        """
        while True:
            heard = connection.wait([worker.pipe for worker in self._workers])
            for worker in [worker for worker in self._workers if worker.pipe in heard]:
                if ended := self._heard(worker):
                    self._supply()
                    return ended
            self._supply()

    def forget(self) -> None:
        """End the workers that are at work, and empty the queue."""
        self._waiting.clear()
        self._end([w for w in self._workers if w.task is not None])

    def close(self) -> None:
        """End all workers."""
        self._waiting.clear()
        self._end(self._workers)

    def _supply(self) -> None:
        """Give waiting tasks to free workers; start workers while tasks wait and more are allowed."""
        for worker in self._workers:
            if self._waiting and worker.ready and worker.task is None:
                worker.task = self._waiting.popleft()
                self._hand(worker, worker.task)
        starting = sum(1 for w in self._workers if not w.ready)
        while starting < len(self._waiting) and len(self._workers) < self._jobs:
            self._workers.append(_started())
            starting += 1

    def _hand(self, worker: _Worker, task: Task) -> None:
        data = pickle.dumps(task, pickle.HIGHEST_PROTOCOL)
        try:
            worker.pipe.send_bytes(data)
        except OSError:
            # It died while it was free. Its pipe is at its end, so `finished` hears of it like of any other death.
            return

    def _heard(self, worker: _Worker) -> tuple[Task, Outcome] | None:
        try:
            said = worker.pipe.recv_bytes()
        except (EOFError, OSError):
            self._end([worker])
            if worker.task is not None:
                return worker.task, Outcome(Verdict.DIED)
            self._stillborn += not worker.ready
            if self._stillborn >= _STILLBORN:
                raise WorkersError(
                    "worker processes end before they are ready", "run it with --jobs 1, which needs none"
                ) from None
            return None
        if said == _READY:
            worker.ready = True
            self._stillborn = 0
            return None
        task, worker.task = worker.task, None
        # The pipe is this process's own, and what it carries is made by `_work` below.
        outcome: Outcome = pickle.loads(said)  # noqa: S301
        return (task, outcome) if task is not None else None

    def _end(self, workers: list[_Worker]) -> None:
        ending = list(workers)
        for worker in ending:
            self._workers.remove(worker)
            worker.pipe.close()
            # What it was writing stays a temporary file, which the parts clear away.
            worker.process.kill()
        for worker in ending:
            worker.process.join(_PATIENCE)
            if not worker.process.is_alive():
                worker.process.close()


def _started() -> _Worker:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs,), daemon=True)
    # The worker inherits the mask, so that an interrupt cannot meet it before it ignores it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
    return _Worker(process, ours)


def _work(pipe: Connection) -> None:
    """Be a worker: do tasks until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow_parent, daemon=True).start()
    try:
        pipe.send_bytes(_READY)
        while True:
            pipe.send_bytes(pickle.dumps(_done(pipe.recv_bytes())))
    except (EOFError, OSError):
        sys.exit(0)


def _done(data: bytes) -> Outcome:
    try:
        task: Task = pickle.loads(data)  # noqa: S301 - from the driver, over the pipe that it opened
    except MemoryError:
        return Outcome(Verdict.DIED)
    except Exception as error:
        # Not the fault of the items: the work itself cannot be had here.
        message = getattr(error, "message", f"a worker cannot load its work: {type(error).__name__}")
        return Outcome.stopped(message, getattr(error, "hint", None))
    return perform(task)


def _follow_parent() -> None:
    """End with the driver, also in the middle of a task: nobody would hear of it."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
