"""What the driver, its executors and the work itself agree on."""

from __future__ import annotations

import errno
import functools
import pickle
from collections.abc import Sequence
from enum import Enum
from typing import Any, NamedTuple, Protocol

from extract.execution.errors import PartError
from extract.execution.parts import Parts
from govern.errors import GovernError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What a disk without room answers: none left, none left for this user, file longer than allowed."""


class Step(Protocol):
    """What is done to a partition, in a worker. It can be pickled.

    An exception of `run` is blamed on the items: the partition is halved until the one item that fails is found.
    A `GovernError` is not: it says that the run as a whole cannot go on, for instance because a model is not there.
    """

    @property
    def fingerprint(self) -> str:
        """Hex; everything beside the items that the result depends on. A worker checks it after unpickling."""
        ...

    def digest(self, item: Any) -> bytes:
        """Return what the item is, for the key of its part."""
        ...

    def run(self, items: Sequence[Any]) -> dict[str, bytes]:
        """Return the sections of the part: pure, deterministic, the same names always."""
        ...


class Piece(NamedTuple):
    """What became of a stretch of one partition's items.

    Attributes:
        partition: Which partition, from 0.
        start: First item of the stretch inside the partition, from 0.
        count: How many items.
        key: Of the part that holds its result; "" if this one item killed or failed its worker.
    """

    partition: int
    start: int
    count: int  # type: ignore[assignment]  # a tuple's own `count` has no use here
    key: str


class Verdict(Enum):
    """How a task ended."""

    DONE = "done"
    """The part is written."""
    FAILED = "failed"
    """The step raised."""
    DIED = "died"
    """The worker ended, or ran out of memory: perhaps by this task, perhaps by what else the machine did."""
    FULL = "full"
    """There was no room for the part."""
    STOPPED = "stopped"
    """The run as a whole cannot go on."""


class Outcome(NamedTuple):
    """What travels back from a worker: no text of any item.

    Attributes:
        verdict: How the task ended.
        message: For `STOPPED`: what is told to the user.
        hint: For `STOPPED`: what to do next.
        exit_code: For `STOPPED`: the exit status.
    """

    verdict: Verdict
    message: str = ""
    hint: str | None = None
    exit_code: int = 1

    @classmethod
    def stopped(cls, message: str, hint: str | None = None, exit_code: int = 1) -> Outcome:
        """Return the outcome of a task after which the run cannot go on."""
        return cls(Verdict.STOPPED, message, hint, exit_code)


class Program:
    """A step and where its parts go: the same for all tasks of a run, so a worker unpickles it once."""

    def __init__(self, step: Step, parts: Parts) -> None:
        self.step = step
        self.parts = parts
        self._pickled: bytes | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle it once for all tasks."""
        if self._pickled is None:
            self._pickled = pickle.dumps((self.step.fingerprint, self.step, self.parts), pickle.HIGHEST_PROTOCOL)
        return _program, (self._pickled,)

    def __repr__(self) -> str:
        """Show nothing: libraries print the arguments of what fails."""
        return "Program()"


@functools.lru_cache(maxsize=1)
def _program(pickled: bytes) -> Program:
    fingerprint, step, parts = pickle.loads(pickled)  # noqa: S301 - the driver's own, over its pipe or its scheduler
    if step.fingerprint != fingerprint:
        raise GovernError(
            "a worker would do another work than the driver asks for",
            "install the same version with the same models for all workers",
        )
    return Program(step, parts)


class Task:
    """One partition, or a stretch of one, to be made into one part. Its repr shows nothing of the items.

    Attributes:
        key: Of the part.
        program: The step and where its part goes.
        items: What the step is given.
    """

    __slots__ = ("items", "key", "program")

    def __init__(self, key: str, program: Program, items: Sequence[Any]) -> None:
        self.key = key
        self.program = program
        self.items = items

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle it."""
        return Task, (self.key, self.program, self.items)

    def __repr__(self) -> str:
        """Show a count: libraries print the arguments of what fails."""
        return f"Task({len(self.items)} items)"


def perform(task: Task) -> Outcome:
    """Make one part. Raises nothing, so that no exception with a word of an item in it leaves the worker."""
    try:
        # A worker may have died between writing the part and saying so.
        if task.program.parts.has(task.key):
            return Outcome(Verdict.DONE)
        made = task.program.step.run(task.items)
    except GovernError as error:
        return Outcome.stopped(error.message, error.hint, error.exit_code)
    except MemoryError:
        return Outcome(Verdict.DIED)
    except ImportError as error:
        return Outcome.stopped(f"a package is missing: {error.name}", "install it for all workers")
    except OSError as error:
        return Outcome(Verdict.FULL if error.errno in FULL else Verdict.FAILED)
    except (Exception, SystemExit):
        return Outcome(Verdict.FAILED)
    try:
        task.program.parts.write(task.key, made)
    except PartError as error:
        return Outcome.stopped(error.message, error.hint, error.exit_code)
    except MemoryError:
        return Outcome(Verdict.DIED)
    except OSError as error:
        if error.errno in FULL:
            return Outcome(Verdict.FULL)
        kind = errno.errorcode.get(error.errno or 0, type(error).__name__)
        return Outcome.stopped(f"a part cannot be written: {kind}", "check the folder, then run the same command again")
    except Exception:
        return Outcome(Verdict.FAILED)
    return Outcome(Verdict.DONE)


class Executor(Protocol):
    """Where tasks are done. Tasks are handed in, and come back one by one in the order in which they end."""

    def workers(self) -> int:
        """Return how many tasks are done at the same time."""
        ...

    def submit(self, task: Task) -> None:
        """Hand in a task; returns at once."""
        ...

    def finished(self) -> tuple[Task, Outcome]:
        """Wait for any task to end. Must not be called when none is under way."""
        ...

    def forget(self) -> None:
        """Give up all tasks that are under way."""
        ...

    def close(self) -> None:
        """End all workers."""
        ...
