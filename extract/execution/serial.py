"""Tasks in this process, one after the other."""

from __future__ import annotations

from collections import deque

from extract.execution.api import Outcome, Task, perform


class SerialExecutor:
    """One worker: the process itself. A task that kills it kills the run; the next run goes on behind what is made."""

    def __init__(self) -> None:
        self._waiting: deque[Task] = deque()

    def workers(self) -> int:
        """Return 1."""
        return 1

    def submit(self, task: Task) -> None:
        """Put a task into the queue."""
        self._waiting.append(task)

    def finished(self) -> tuple[Task, Outcome]:
        """Do the task that waits longest."""
        task = self._waiting.popleft()
        return task, perform(task)

    def forget(self) -> None:
        """Empty the queue."""
        self._waiting.clear()

    def close(self) -> None:
        """Empty the queue."""
        self._waiting.clear()
