"""The event log: its tree beside hashlib, merkletools and pymerkle; its appends beside the raw database; its check."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

from attest import second_opinion
from attest.events import Event
from attest.log import EventLog
from attest.merkle import Tree, leaf_hash, verify_inclusion
from bench.measure import Row, best, cpu

LEAVES = 1_000_000
PROOFS = 20_000
PYMERKLE_LEAVES = 100_000
"""It takes ten times as long; a smaller tree is kinder to it."""

BATCH = 256
BATCHES = 120
CHECKED = 1_000_000
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def run() -> list[Row]:
    """Measure the tree, the appends and the check."""
    return [*_tree(), *_append(), *_fsck()]


def _in_turn(calls: dict[str, Callable[[], object]], repeat: int = 5) -> dict[str, float]:
    """Return the CPU seconds of the fastest call of each; one after the other, so that all meet the same machine."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeat):
        for name, call in calls.items():
            start = cpu()
            call()
            found[name].append(cpu() - start)
    return {name: min(seconds) for name, seconds in found.items()}


def _tree() -> list[Row]:
    lines = [b"%d" % i for i in range(LEAVES)]

    def ceiling() -> None:
        # As many calls on as many bytes as a tree of this size needs, and nothing else.
        sha256 = hashlib.sha256
        node = b"\x01" + bytes(64)
        for line in lines:
            sha256(b"\x00" + line).digest()
        for _ in range(LEAVES - 1):
            sha256(node).digest()

    calls: dict[str, Callable[[], object]] = {
        "hashlib calls alone": ceiling,
        "build a tree": lambda: Tree.of(lines).root(),
    }
    if second_opinion.available():
        calls["merkletools"] = lambda: second_opinion.root(lines)
    rows = [
        Row("log", name, LEAVES, "leaves", seconds, "" if name == "hashlib calls alone" else "hashlib calls alone")
        for name, seconds in _in_turn(calls).items()
    ]
    tree = Tree.of(lines)
    root = tree.root()
    places = [i * 37 % LEAVES for i in range(PROOFS)]
    prove = best(lambda: [tree.inclusion_proof(i) for i in places], 5)
    rows.append(Row("log", f"prove, {prove / PROOFS * 1e6:.1f} us each", PROOFS, "proofs", prove))
    pairs = [(i, tree.inclusion_proof(i)) for i in places]

    def verify() -> None:
        for i, proof in pairs:
            verify_inclusion(leaf_hash(lines[i]), i, LEAVES, proof, root)

    rows.append(Row("log", "verify", PROOFS, "proofs", best(verify)))
    return [*rows, *_pymerkle(lines[:PYMERKLE_LEAVES])]


def _pymerkle(lines: list[bytes]) -> list[Row]:
    try:
        from pymerkle import InmemoryTree
    except ImportError:
        return []

    def build() -> object:
        tree = InmemoryTree(algorithm="sha256")
        for line in lines:
            tree.append_entry(line)
        return tree

    rows = [Row("log", "pymerkle", len(lines), "leaves", best(build, 1), "hashlib calls alone")]
    tree = build()
    prove = best(lambda: [tree.prove_inclusion(1 + i * 37 % len(lines)) for i in range(1000)])  # type: ignore[attr-defined]
    rows.append(Row("log", f"pymerkle, prove, {prove * 1e3:.0f} us each", 1000, "proofs", prove))
    return rows


def _events(n: int) -> list[Event]:
    return [Event.new("skill.used", "operator", {"n": i, "purpose": "knowledge_transfer"}, NOW) for i in range(n)]


def _wall(call: Callable[[], object]) -> float:
    # What an append waits for is the disk, so here the clock on the wall counts.
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _append() -> list[Row]:
    portions = [_events(BATCH) for _ in range(BATCHES)]
    amount = BATCH * BATCHES
    with tempfile.TemporaryDirectory(dir=os.environ.get("GOVERN_BENCH_DIR")) as folder:
        # The raw limit: the same bytes into one table, with the same promise to the disk.
        raw = sqlite3.connect(Path(folder) / "raw.sqlite", isolation_level=None)
        raw.execute("PRAGMA journal_mode = WAL")
        raw.execute("PRAGMA synchronous = FULL")
        raw.execute("CREATE TABLE entries (i INTEGER PRIMARY KEY, data BLOB NOT NULL, leaf BLOB NOT NULL)")
        bare = [[(event.to_bytes(), bytes(32)) for event in portion] for portion in portions]

        def insert() -> None:
            for portion in bare:
                raw.execute("BEGIN IMMEDIATE")
                raw.executemany("INSERT INTO entries (data, leaf) VALUES (?, ?)", portion)
                raw.execute("COMMIT")

        limit = _wall(insert)
        raw.close()
        with EventLog.create(Path(folder) / "log.sqlite", "example.com/govern/bench") as log:
            ours = _wall(lambda: [log.append(portion, key=f"{n}") for n, portion in enumerate(portions)])
    return [
        Row("log", "SQLite alone, batches of 256, by the wall clock", amount, "entries", limit),
        Row(
            *("log", "append, batches of 256, by the wall clock", amount, "entries", ours),
            "SQLite alone, batches of 256, by the wall clock",
        ),
    ]


def _peak() -> int:
    """Return the most memory that this process has had, in kB; getrusage would count its parent's."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1])


def _check(path: str, told: object) -> None:
    with EventLog.open(path) as log:
        before = _peak()
        start = cpu()
        log.fsck()
        told.put((cpu() - start, before, _peak()))  # type: ignore[attr-defined]


def _fsck() -> list[Row]:
    rows = []
    spawn = get_context("spawn")
    with tempfile.TemporaryDirectory(dir=os.environ.get("GOVERN_BENCH_DIR")) as folder:
        path = Path(folder) / "log.sqlite"
        with EventLog.create(path, "example.com/govern/bench") as log:
            made = _events(1000)
            for size in (CHECKED // 100, CHECKED):
                while log.store.size() < size:
                    log.append(made)
                told = spawn.Queue()
                child = spawn.Process(target=_check, args=(str(path), told))
                child.start()
                seconds, before, after = told.get()
                child.join()
                what = (
                    f"fsck of {size:,}: {after / 1024:.0f} MB at most, {(after - before) / 1024:.0f} MB over the start"
                )
                rows.append(Row("log", what, size, "entries", seconds))
    return rows
