"""The same 20,000 mails by each executor, beside the process pool of the standard library: CPU, time and memory."""

from __future__ import annotations

import email
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

from bench.measure import Row, cpu
from extract.execution.api import Executor
from extract.execution.driver import cut
from extract.execution.driver import run as make
from extract.execution.parts import SealedParts
from extract.execution.serial import SerialExecutor

ITEMS = 20_000
PARTITION = 500
JOBS = 2
SAMPLE = 0.05
"""Seconds between two looks at the memory of all processes."""
_WORD = re.compile(r"\w+")
_WORDS = ("the", "meeting", "draft", "review", "was", "moved", "to", "please", "build", "broken", "again", "because")


class Reading:
    """Parses mails and counts their words: about as much work as reading a real one."""

    fingerprint = "00"

    def digest(self, item: bytes) -> bytes:
        """Return its SHA-256."""
        return hashlib.sha256(item).digest()

    def run(self, items: Sequence[bytes]) -> dict[str, bytes]:
        """Return one line per mail."""
        lines = []
        for item in items:
            mail = email.message_from_bytes(item)
            counted = Counter(_WORD.findall(str(mail.get_payload()).lower()))
            lines.append(json.dumps([mail["Message-ID"], counted.most_common(5)]))
        return {"body": "\n".join(lines).encode()}


def mails() -> Iterator[bytes]:
    """Yield the mails, of about 3 KB each."""
    for i in range(ITEMS):
        text = " ".join(_WORDS[(i * 7 + j * j) % len(_WORDS)] for j in range(500))
        head = f"From: a@one.example\nTo: b@two.example\nMessage-ID: <{i}@one.example>\nSubject: {i}"
        yield f"{head}\n\n{text}\n".encode()


def run() -> list[Row]:
    """Measure each in a process of its own."""
    rows: list[Row] = []
    for name, what in (
        ("pool", f"ProcessPoolExecutor.map, {JOBS} processes, in memory"),
        ("serial", "serial, sealed parts"),
        ("processes", f"{JOBS} processes, sealed parts"),
        ("dask", f"dask, {JOBS} processes, sealed parts"),
    ):
        code = f"from bench.executor import measure; measure({name!r})"
        done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True, text=True)
        seconds, wall, peak = json.loads(done.stdout.splitlines()[-1])
        shown = f"{what}; {wall:.1f} s, {peak:,.0f} MB"
        rows.append(Row("executor", shown, ITEMS, "mails", seconds, rows[0].what if rows else ""))
    return rows


def _pool() -> int:
    with ProcessPoolExecutor(JOBS, mp_context=get_context("spawn")) as pool:
        made = pool.map(Reading().run, cut(mails(), len, PARTITION))
        return sum(part["body"].count(b"\n") + 1 for part in made)


def _ours(opened: Callable[[], Executor]) -> int:
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(SealedParts(Path(folder), os.urandom(32))) as parts,
        closing(opened()) as executor,
    ):
        pieces = make(executor, Reading(), cut(mails(), len, PARTITION), parts)
        return sum(parts.read(piece.key, "body").count(b"\n") + 1 for piece in pieces)


def _processes() -> Executor:
    from extract.execution.processes import ProcessExecutor

    return ProcessExecutor(JOBS)


def _dask() -> Executor:
    from extract.execution.dask import local

    return local(JOBS)


def _memory(root: int) -> int:
    """Return the resident memory of a process and all below it, in bytes; what they share counts for each."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            parents.setdefault(parent, []).append(int(path.name))
    total, found = 0, [root]
    while found:
        pid = found.pop()
        found += parents.get(pid, [])
        try:
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            continue
    return total


def _measured(call: Callable[[], int]) -> tuple[float, float, float]:
    """Return CPU seconds of all processes, seconds on the clock, and the peak of their memory in MB."""
    peak = 0
    over = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(SAMPLE):
            peak = max(peak, _memory(os.getpid()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    start, began = cpu(), time.monotonic()
    count = call()
    wall = time.monotonic() - began
    over.set()
    watcher.join()
    if count != ITEMS:
        sys.exit(f"error: {count} of {ITEMS} mails came back")
    return cpu() - start, wall, peak / 2**20


def measure(name: str) -> None:
    """Measure one executor in this process and print the figures."""
    calls: dict[str, Callable[[], int]] = {
        "pool": _pool,
        "serial": lambda: _ours(SerialExecutor),
        "processes": lambda: _ours(_processes),
        "dask": lambda: _ours(_dask),
    }
    print(json.dumps(_measured(calls[name])))
