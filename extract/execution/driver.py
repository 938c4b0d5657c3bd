"""The driver: partitions go to workers, pieces come back in order, each part is made exactly once."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from extract.execution.api import Executor, Outcome, Piece, Program, Step, Task, Verdict
from extract.execution.errors import DiskFullError, ExecutionError, WorkersError
from extract.execution.parts import Parts

Item = TypeVar("Item")

_DEATHS = 100
"""So many workers may die one after the other, without any part made; then it is hardly the fault of single items."""
_AHEAD = 2
"""Partitions in flight per worker: one that is made and one that waits, so that no worker ever does."""


def cut(
    units: Iterable[Item], size: Callable[[Item], int], most: int = 5000, most_bytes: int = 32 * 1024 * 1024
) -> Iterator[list[Item]]:
    """Cut a stream into partitions, in order.

    Args:
        units: The stream; one partition of it is held.
        size: About how many bytes an item has.
        most: Items in a partition.
        most_bytes: Bytes in a partition; one item alone may have more.
    """
    held: list[Item] = []
    held_bytes = 0
    for unit in units:
        more = size(unit)
        if held and (len(held) >= most or held_bytes + more > most_bytes):
            yield held
            held, held_bytes = [], 0
        held.append(unit)
        held_bytes += more
    if held:
        yield held


def key_of(step: Step, items: Sequence[Any]) -> str:
    """Return the key of the part that the step makes of these items, in this order."""
    found = hashlib.sha256(b"govern part v1")
    for value in (step.fingerprint.encode(), *map(step.digest, items)):
        found.update(len(value).to_bytes(8, "big"))
        found.update(value)
    return found.hexdigest()


@dataclass(slots=True, eq=False)
class _Partition:
    """One partition under way: its pieces so far, and how many items are still without one."""

    index: int
    open: int
    pieces: list[Piece] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Stretch:
    """Some neighbouring items of a partition, made together."""

    partition: _Partition
    start: int
    items: Sequence[Any]
    key: str


class _Run:
    """The state of one call of `run`."""

    def __init__(self, executor: Executor, step: Step, parts: Parts, progress: Callable[[int], None] | None) -> None:
        self._executor = executor
        self._step = step
        self._parts = parts
        self._program = Program(step, parts)
        self._progress = progress
        self._items_done = 0
        self._unfinished = 0
        # What is in flight, by key: two stretches of the same content are made once.
        self._flying: dict[str, list[_Stretch]] = {}
        # What killed its worker, or may have, to be run with nothing else in flight.
        self._suspects: deque[list[_Stretch]] = deque()
        self._deaths: dict[str, int] = {}
        self._deaths_in_a_row = 0

    def pieces(self, partitions: Iterable[Sequence[Any]]) -> Iterator[Piece]:
        coming = enumerate(partitions)
        waiting: deque[_Partition] = deque()
        exhausted = False
        try:
            while True:
                while waiting and not waiting[0].open:
                    yield from sorted(waiting.popleft().pieces)
                # Nothing new starts while there is a suspect: it waits until it is alone.
                if not exhausted and not self._suspects and self._unfinished < self._room():
                    index, items = next(coming, (-1, ()))
                    if index < 0:
                        exhausted = True
                    else:
                        waiting.append(self._begin(index, items))
                elif self._unfinished:
                    self._await()
                else:
                    return
        finally:
            self._executor.forget()

    def _room(self) -> int:
        return _AHEAD * max(1, self._executor.workers())

    def _begin(self, index: int, items: Sequence[Any]) -> _Partition:
        partition = _Partition(index, len(items))
        if items:
            self._unfinished += 1
            self._send([_Stretch(partition, 0, items, key_of(self._step, items))])
        return partition

    def _send(self, stretches: list[_Stretch]) -> None:
        """Have one key made, unless it is there or under way."""
        key = stretches[0].key
        if key in self._flying:
            self._flying[key] += stretches
        elif self._parts.has(key):
            self._settle(stretches, key)
        else:
            self._flying[key] = stretches
            self._executor.submit(Task(key, self._program, stretches[0].items))

    def _await(self) -> None:
        """Wait for one task and act on its outcome."""
        alone = not self._flying
        if alone:
            self._send(self._suspects.popleft())
            if not self._flying:
                return
        task, outcome = self._executor.finished()
        stretches = self._flying.pop(task.key)
        if outcome.verdict is Verdict.DONE:
            if not self._parts.has(task.key):
                raise WorkersError(
                    "a worker made a part that is not in the folder of the parts",
                    "the folder must be the same one, under the same path, on all machines",
                )
            self._deaths_in_a_row = 0
            self._settle(stretches, task.key)
        elif outcome.verdict is Verdict.FAILED:
            self._blame(stretches, deadly=False)
        elif outcome.verdict is Verdict.DIED:
            self._deaths_in_a_row += 1
            if self._deaths_in_a_row > _DEATHS:
                raise WorkersError(
                    "workers die one after the other",
                    "perhaps there is too little memory: try fewer --jobs; what is made so far is kept",
                )
            deaths = self._deaths[task.key] = self._deaths.get(task.key, 0) + 1
            # A single item is left out for good, so it gets a second chance also alone: a worker may be killed by
            # what else the machine does.
            if alone and (len(task.items) > 1 or deaths > 1):
                del self._deaths[task.key]
                self._blame(stretches, deadly=True)
            else:
                self._suspects.append(stretches)
        else:
            raise _error(outcome)

    def _blame(self, stretches: list[_Stretch], *, deadly: bool) -> None:
        """Halve what failed; a single item that fails is left out."""
        if len(stretches[0].items) == 1:
            self._settle(stretches, "")
            return
        middle = len(stretches[0].items) // 2
        for part in (slice(None, middle), slice(middle, None)):
            items = stretches[0].items[part]
            key = key_of(self._step, items)
            halves = [_Stretch(s.partition, s.start + (part.start or 0), items, key) for s in stretches]
            if deadly:
                self._suspects.append(halves)
            else:
                self._send(halves)

    def _settle(self, stretches: list[_Stretch], key: str) -> None:
        for stretch in stretches:
            count = len(stretch.items)
            stretch.partition.pieces.append(Piece(stretch.partition.index, stretch.start, count, key))
            stretch.partition.open -= count
            self._items_done += count
            self._unfinished -= not stretch.partition.open
        if self._progress is not None:
            self._progress(self._items_done)


def run(
    executor: Executor,
    step: Step,
    partitions: Iterable[Sequence[Any]],
    parts: Parts,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Piece]:
    """Have every partition made into a part, and say which part holds what.

    A part that is there is not made again, so a run that was killed goes on where it was. A partition that raises is
    halved until the items that raise stand alone. One whose worker dies is run once more with nothing else in flight
    before it is halved, so that no item is left out for the fault of another.

    Args:
        executor: Where the work is done; it is used by one run at a time and not closed.
        step: The work.
        partitions: Consumed as the work goes on: at most two per worker are held.
        parts: Where the results go.
        progress: Told how many items are dealt with so far, also those whose part was there before.

    Yields:
        Pieces in the order of the partitions and of their items; together they hold every item once.

    Raises:
        DiskFullError: There is no room for a part; nothing is half written.
        ExecutionError: The run cannot go on.
    """
    return _Run(executor, step, parts, progress).pieces(partitions)


def _error(outcome: Outcome) -> ExecutionError:
    if outcome.verdict is Verdict.FULL:
        return DiskFullError(
            "the disk is full; what is made so far is kept", "make room, then run the same command again: it goes on"
        )
    error = ExecutionError(outcome.message, outcome.hint)
    error.exit_code = outcome.exit_code
    return error
