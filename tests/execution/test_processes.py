"""Real processes: killed workers, killed drivers, interrupts, full disks; every row once, nothing in the clear."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from execution_steps import WORD, Toy, items, lines, partitions

from extract.execution.api import Piece
from extract.execution.driver import key_of, run
from extract.execution.errors import DiskFullError, ExecutionError, WorkersError
from extract.execution.opening import open_executor
from extract.execution.parts import MemoryParts, SealedParts
from extract.execution.processes import ProcessExecutor
from extract.execution.serial import SerialExecutor
from govern.errors import UsageError

SECRET = b"sixteen or more bytes"
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def executor() -> Iterator[ProcessExecutor]:
    executor = ProcessExecutor(2)
    yield executor
    executor.close()


@pytest.fixture
def side(tmp_path: Path) -> Path:
    (tmp_path / "side").mkdir()
    return tmp_path / "side"


@pytest.fixture
def parts(tmp_path: Path) -> SealedParts:
    return SealedParts(tmp_path / "parts", SECRET)


def _gone(pids: set[int]) -> bool:
    deadline = time.monotonic() + 60
    while pids := {pid for pid in pids if Path(f"/proc/{pid}/stat").exists() and _state(pid) != "Z"}:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def _until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_two_processes_make_what_one_makes_byte_for_byte(
    executor: ProcessExecutor, side: Path, parts: SealedParts
) -> None:
    alone = MemoryParts()
    step = Toy(side, raising=(items(95)[33],))
    expected = list(run(SerialExecutor(), step, partitions(95), alone))
    pieces = list(run(executor, step, partitions(95), parts))
    assert pieces == expected
    for piece in pieces:
        if piece.key:
            assert parts.read(piece.key, "body") == alone.read(piece.key, "body")
            assert parts.read(piece.key, "meta") == alone.read(piece.key, "meta")
    assert len(step.pids()) > 1  # this process and at least one worker


def test_a_killed_worker_costs_no_row_and_doubles_none(
    executor: ProcessExecutor, side: Path, parts: SealedParts
) -> None:
    step = Toy(side, once=(items(60)[25],))
    pieces = list(run(executor, step, partitions(60), parts))
    assert [p.count for p in pieces] == [10] * 6
    assert list(lines(pieces, parts)) == [item.upper() for item in items(60)]
    assert len(step.made()) == 6


def test_only_the_item_that_kills_every_worker_is_left_out(
    executor: ProcessExecutor, side: Path, parts: SealedParts
) -> None:
    deadly = items(40)[13]
    step = Toy(side, deadly=(deadly,))
    pieces = list(run(executor, step, partitions(40), parts))
    assert [p for p in pieces if not p.key] == [Piece(1, 3, 1, "")]
    assert list(lines(pieces, parts)) == [item.upper() for item in items(40) if item != deadly]
    assert not list((parts._folder).glob("*.tmp"))


def test_a_worker_without_room_on_the_disk_blames_no_item_and_the_run_goes_on_later(side: Path, tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    parts = SealedParts(folder, SECRET)
    step = Toy(side, full=True)
    executor = ProcessExecutor(2)
    try:
        with pytest.raises(DiskFullError, match="disk is full"):
            list(run(executor, step, partitions(40), parts))
        assert list(folder.iterdir()) == []
    finally:
        # The limit is one of the process: it goes with its workers.
        executor.close()
        parts.close()
    (side / "room").touch()
    executor = ProcessExecutor(2)
    try:
        pieces = list(run(executor, step, partitions(40), parts))
    finally:
        executor.close()
    assert list(lines(pieces, parts)) == [item.upper() for item in items(40)]


def test_nothing_lies_on_the_disk_in_the_clear_while_it_runs_or_after(
    side: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    (tmp_path / "tmp").mkdir()
    executor = ProcessExecutor(2)
    looked = 0

    def look(_: int = 0) -> None:
        nonlocal looked
        for path in tmp_path.rglob("*"):
            if path.is_file() and not path.is_symlink():
                try:
                    data = path.read_bytes()
                except (
                    FileNotFoundError
                ):  # A temporary file that a worker has renamed since: looked at under its new name.
                    continue
                looked += 1
                assert WORD.encode() not in data
                assert WORD.upper().encode() not in data
                assert SECRET not in data

    try:
        list(run(executor, Toy(side), partitions(100), SealedParts(tmp_path / "parts", SECRET), look))
    finally:
        executor.close()
    look()
    assert looked > 100


def _driver(folder: Path, side: Path, harm: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(HERE / "execution_driver.py"), str(folder), str(side), "200", "2", harm],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parents[1])])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_a_killed_driver_takes_its_workers_with_it_and_the_next_makes_exactly_what_is_missing(
    side: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "parts"
    driver = _driver(folder, side, "kill")
    driver.communicate(timeout=120)
    assert driver.returncode == -signal.SIGKILL
    first = Toy(side)
    assert _gone(first.pids())

    parts = SealedParts(folder, SECRET)
    assert not list(folder.glob("*.tmp"))
    there = [parts.has(key_of(first, part)) for part in partitions(200)]
    assert 0 < sum(there) < 20
    second = Toy(tmp_path / "second")
    second.side.mkdir()
    pieces = list(run(SerialExecutor(), second, partitions(200), parts))
    missing = [part[0].replace(WORD, "item") for part, had in zip(partitions(200), there, strict=True) if not had]
    assert [line.rpartition(" ")[0] for line in second.made()] == missing
    assert [p.count for p in pieces] == [10] * 20
    assert list(lines(pieces, parts)) == [item.upper() for item in items(200)]


def test_an_interrupt_ends_the_workers_and_leaves_nothing_half_written(side: Path, tmp_path: Path) -> None:
    driver = _driver(tmp_path / "parts", side, "wait")
    _until(Toy(side).made)
    # As a terminal does it: to all processes of the group.
    os.killpg(driver.pid, signal.SIGINT)
    _, err = driver.communicate(timeout=120)
    assert driver.returncode == 130, err
    assert err == ""
    assert _gone(Toy(side).pids())
    assert not list((tmp_path / "parts").glob("*.tmp"))


def test_an_interrupt_that_comes_while_workers_start_is_not_theirs(side: Path, tmp_path: Path) -> None:
    driver = _driver(tmp_path / "parts", side, "wait")
    _until((tmp_path / "parts").exists)
    os.killpg(driver.pid, signal.SIGINT)
    _, err = driver.communicate(timeout=120)
    assert driver.returncode == 130, err
    assert err == ""


class Unloadable(Toy):
    def __setstate__(self, state: object) -> None:
        raise ImportError("no such module")


class OtherModels(Toy):
    @property
    def fingerprint(self) -> str:
        return str(os.getpid())


def test_a_worker_that_cannot_load_its_work_blames_no_item(
    executor: ProcessExecutor, side: Path, parts: SealedParts
) -> None:
    with pytest.raises(ExecutionError, match="cannot load its work: ImportError"):
        list(run(executor, Unloadable(side), partitions(20), parts))


def test_a_worker_that_would_do_another_work_is_refused(
    executor: ProcessExecutor, side: Path, parts: SealedParts
) -> None:
    with pytest.raises(ExecutionError, match="another work") as raised:
        list(run(executor, OtherModels(side), partitions(20), parts))
    assert "same version" in (raised.value.hint or "")


def test_workers_that_die_at_their_start_end_the_run(
    side: Path, parts: SealedParts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("multiprocessing.spawn.get_executable", lambda: b"/bin/false")
    executor = ProcessExecutor(2)
    try:
        with pytest.raises(WorkersError, match="before they are ready"):
            list(run(executor, Toy(side), partitions(20), parts))
    finally:
        executor.close()


def test_a_small_run_starts_no_more_workers_than_it_has_work_for(side: Path, parts: SealedParts) -> None:
    executor = ProcessExecutor(8)
    step = Toy(side)
    try:
        list(run(executor, step, partitions(10), parts))
        assert len(executor._workers) == 1
    finally:
        executor.close()
    assert _gone(step.pids())


def test_jobs_say_which_executor_it_is() -> None:
    assert isinstance(open_executor(), SerialExecutor)
    three = open_executor(3)
    assert isinstance(three, ProcessExecutor)
    assert three.workers() == 3
    assert open_executor(0).workers() == len(os.sched_getaffinity(0))
    with pytest.raises(UsageError):
        open_executor(-1)
