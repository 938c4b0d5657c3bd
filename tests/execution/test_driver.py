"""The driver, with executors that lose work in every way and finish it in any order."""

from __future__ import annotations

import errno
import itertools
import random
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from execution_steps import Toy, items, lines, partitions
from hypothesis import given
from hypothesis import strategies as st

from extract.execution.api import Outcome, Piece, Task, Verdict, perform
from extract.execution.driver import cut, key_of, run
from extract.execution.errors import DiskFullError, ExecutionError, WorkersError
from extract.execution.parts import MemoryParts, SealedParts
from extract.execution.serial import SerialExecutor
from govern.errors import GovernError

SECRET = b"sixteen or more bytes"


class Lossy:
    """Workers in name only: tasks end in a drawn order, and a deadly item may take others with it."""

    def __init__(self, workers: int, seed: int, deadly: tuple[str, ...], takes_others: bool) -> None:
        self._workers = workers
        self._draw = random.Random(seed)
        self._deadly = set(deadly)
        self._takes_others = takes_others
        self.flying: list[Task] = []
        self.doomed: list[Task] = []
        self.most = 0
        self.tried: list[str] = []

    def workers(self) -> int:
        return self._workers

    def submit(self, task: Task) -> None:
        self.flying.append(task)
        self.most = max(self.most, sum(len(t.items) for t in self.flying + self.doomed))

    def finished(self) -> tuple[Task, Outcome]:
        if self.doomed:
            return self.doomed.pop(), Outcome(Verdict.DIED)
        task = self.flying.pop(self._draw.randrange(len(self.flying)))
        self.tried.append(task.key)
        if self._deadly.intersection(task.items):
            if self._takes_others:
                self.doomed, self.flying = self.flying, []
            return task, Outcome(Verdict.DIED)
        return task, perform(task)

    def forget(self) -> None:
        self.flying.clear()
        self.doomed.clear()

    def close(self) -> None:
        pass


@given(
    sizes=st.lists(st.integers(0, 9), max_size=8),
    raising=st.sets(st.integers(0, 40), max_size=5),
    deadly=st.sets(st.integers(0, 40), max_size=4),
    workers=st.integers(1, 3),
    seed=st.integers(0, 2**16),
    takes_others=st.booleans(),
)
def test_pieces_hold_every_item_once_and_in_order_and_only_the_guilty_are_left_out(
    tmp_path_factory: pytest.TempPathFactory,
    sizes: list[int],
    raising: set[int],
    deadly: set[int],
    workers: int,
    seed: int,
    takes_others: bool,
) -> None:
    every = items(sum(sizes))
    stream = iter(every)
    given_partitions = [[next(stream) for _ in range(size)] for size in sizes]
    bad = {every[i] for i in raising | deadly if i < len(every)}
    step = Toy(
        tmp_path_factory.getbasetemp(),
        raising=tuple(every[i] for i in sorted(raising) if i < len(every)),
    )
    executor = Lossy(workers, seed, tuple(every[i] for i in sorted(deadly) if i < len(every)), takes_others)
    parts = MemoryParts()
    told: list[int] = []
    pieces = list(run(executor, step, iter(given_partitions), parts, told.append))

    at = [(p.partition, p.start + i) for p in pieces for i in range(p.count)]
    assert at == [(i, j) for i, size in enumerate(sizes) for j in range(size)]
    left_out = [given_partitions[p.partition][p.start] for p in pieces if not p.key]
    assert left_out == [item for item in every if item in bad]
    assert all(p.count == 1 for p in pieces if not p.key)
    assert list(lines(pieces, parts)) == [item.upper() for item in every if item not in bad]
    assert executor.most <= 2 * workers * max(sizes, default=0)
    assert told == sorted(told)
    assert (told or [0])[-1] == len(every)
    # And again, with nobody dying: what is there is not made again.
    again = Lossy(workers, seed, (), False)
    list(run(again, step, given_partitions, parts))
    assert not set(again.tried) & {p.key for p in pieces}


@given(
    st.lists(st.integers(0, 100), max_size=60),
    st.integers(1, 10),
    st.integers(1, 200),
)
def test_a_stream_is_cut_by_number_and_by_bytes(sizes: list[int], most: int, most_bytes: int) -> None:
    made = list(cut(iter(sizes), lambda size: size, most, most_bytes))
    assert [size for part in made for size in part] == sizes
    for part in made:
        assert 1 <= len(part) <= most
        assert sum(part) <= most_bytes or len(part) == 1
    for before, after in itertools.pairwise(made):
        assert len(before) == most or sum(before) + after[0] > most_bytes


def test_partitions_are_taken_as_the_work_goes_on(tmp_path: Path) -> None:
    taken = 0

    def coming() -> Iterator[list[str]]:
        nonlocal taken
        for part in partitions(200):
            taken += 1
            yield part

    pieces = run(SerialExecutor(), Toy(tmp_path), coming(), MemoryParts())
    for wanted in range(5):
        assert next(pieces).partition == wanted
        assert taken <= wanted + 3


def test_a_run_that_is_closed_early_leaves_no_task_behind(tmp_path: Path) -> None:
    executor = SerialExecutor()
    pieces = run(executor, Toy(tmp_path), partitions(100), MemoryParts())
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    again = list(run(executor, Toy(tmp_path), partitions(30), MemoryParts()))
    assert [p.partition for p in again] == [0, 1, 2]


def test_the_same_content_is_made_once(tmp_path: Path) -> None:
    step = Toy(tmp_path)
    parts = MemoryParts()
    part = items(5)
    pieces = list(run(Lossy(3, 1, (), False), step, [part, part, part], parts))
    assert [(p.partition, p.count) for p in pieces] == [(0, 5), (1, 5), (2, 5)]
    assert len({p.key for p in pieces}) == 1
    assert len(step.made()) == 1


def test_the_key_changes_with_the_work_the_items_and_their_order(tmp_path: Path) -> None:
    a, b = items(2)
    step = Toy(tmp_path)
    keys = {
        key_of(step, [a, b]),
        key_of(step, [b, a]),
        key_of(step, [a]),
        key_of(step, []),
        key_of(Toy(tmp_path, print_="ab"), [a, b]),
    }
    assert len(keys) == 5


def test_what_the_step_says_of_the_run_ends_it_and_is_told(tmp_path: Path) -> None:
    step = Toy(tmp_path, stopping=(items(30)[12],))
    parts = MemoryParts()
    with pytest.raises(ExecutionError) as raised:
        list(run(SerialExecutor(), step, partitions(30), parts))
    assert (raised.value.message, raised.value.hint) == ("there is no model", "install one")
    assert len(step.made()) == 1


def test_workers_that_die_whatever_they_do_end_the_run(tmp_path: Path) -> None:
    executor = Lossy(2, 1, tuple(items(300)), False)
    with pytest.raises(WorkersError, match="one after the other") as raised:
        list(run(executor, Toy(tmp_path), partitions(300, 100), MemoryParts()))
    assert "--jobs" in (raised.value.hint or "")
    assert executor.flying == []


class Unequipped(Toy):
    def run(self, items: object) -> dict[str, bytes]:
        raise ModuleNotFoundError("No module named 'reader'", name="reader")


def test_a_missing_package_is_no_fault_of_the_items(tmp_path: Path) -> None:
    with pytest.raises(ExecutionError, match="a package is missing: reader"):
        list(run(SerialExecutor(), Unequipped(tmp_path), partitions(30), MemoryParts()))


class Forgetful(MemoryParts):
    """A folder that is not the one that the driver sees."""

    def has(self, key: str) -> bool:
        return False


def test_a_part_in_another_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(WorkersError, match="not in the folder"):
        list(run(SerialExecutor(), Toy(tmp_path), partitions(10), Forgetful()))


class Hungry(Toy):
    def run(self, items: object) -> dict[str, bytes]:
        raise MemoryError


def test_one_item_for_which_there_is_no_memory_is_left_out(tmp_path: Path) -> None:
    pieces = list(run(SerialExecutor(), Hungry(tmp_path), partitions(3), MemoryParts()))
    assert pieces == [Piece(0, 0, 1, ""), Piece(0, 1, 1, ""), Piece(0, 2, 1, "")]


def test_an_exception_of_the_step_tells_nothing_of_the_items(tmp_path: Path) -> None:
    from extract.execution.api import Program

    item = items(1)[0]
    task = Task("0" * 64, Program(Toy(tmp_path, raising=(item,)), MemoryParts()), [item])
    assert perform(task) == Outcome(Verdict.FAILED)
    assert item not in repr(task)
    assert item not in repr(task.program)


def test_a_full_disk_is_told_leaves_nothing_half_written_and_the_run_goes_on_later(tmp_path: Path) -> None:
    side, folder = tmp_path / "side", tmp_path / "parts"
    side.mkdir()
    parts = SealedParts(folder, SECRET)
    first = list(run(SerialExecutor(), Toy(side), partitions(20), parts))
    there = sorted(p.name for p in folder.iterdir())
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with pytest.raises(DiskFullError) as raised:
            list(run(SerialExecutor(), Toy(side, full=True), partitions(50), parts))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "disk is full" in raised.value.message
    assert "same command again" in (raised.value.hint or "")
    assert sorted(p.name for p in folder.iterdir()) == there
    pieces = list(run(SerialExecutor(), Toy(side), partitions(50), parts))
    assert pieces[:2] == first
    assert len(Toy(side).made()) == 5
    assert list(lines(pieces, parts)) == [item.upper() for item in items(50)]


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_no_room_at_any_step_of_writing_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    parts = SealedParts(tmp_path / "parts", SECRET)

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        if call == "replace":
            patch.setattr(Path, "replace", refuse)
        elif call == "fsync":
            patch.setattr("os.fsync", refuse)
        else:
            patch.setattr("extract.execution.parts._written", refuse)
        with pytest.raises(DiskFullError):
            list(run(SerialExecutor(), Toy(tmp_path), partitions(10), parts))
    assert list((tmp_path / "parts").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_no_fault_of_the_items(tmp_path: Path) -> None:
    parts = SealedParts(tmp_path / "parts", SECRET)
    (tmp_path / "parts").rmdir()
    with pytest.raises(GovernError, match="ENOENT"):
        list(run(SerialExecutor(), Toy(tmp_path), partitions(10), parts))
