"""Eight processes append at once: nothing is lost, nothing is there twice, and the head is that of the entries."""

from __future__ import annotations

import multiprocessing
from collections import Counter

from attest_world import LOG_KEY, NOW, ORIGIN, fixed_random

from attest.events import Event
from attest.log import EventLog
from attest.merkle import Tree, leaf_hashes, verify_consistency
from attest.note import NoteSigner

SIGNER = NoteSigner(ORIGIN, LOG_KEY)
WRITERS = 8
BATCHES = 6


def batch(writer: int, n: int) -> list[Event]:
    random = fixed_random(f"{writer}/{n}")
    return [Event.new("skill.used", "operator", {"writer": writer, "n": n, "i": i}, NOW, random) for i in range(1 + n)]


def write(where, high_water, writer, start, told) -> None:
    with EventLog.open(where, high_water=high_water) as log:
        start.wait()
        acknowledged = []
        for n in range(BATCHES):
            indexes = log.append(batch(writer, n), key=f"{writer}/{n}")
            # A client that is not sure asks again.
            assert log.append(batch(writer, n), key=f"{writer}/{n}") == indexes
            acknowledged.append((n, indexes))
            if n % 3 == writer % 3:
                log.checkpoint(SIGNER)
        told.put((writer, acknowledged))


def test_eight_processes_that_append_at_once_get_one_sequence(place):
    place.create().close()
    spawn = multiprocessing.get_context("spawn")
    told, start = spawn.Queue(), spawn.Barrier(WRITERS)
    processes = [
        spawn.Process(target=write, args=(str(place.where), place.high_water, writer, start, told))
        for writer in range(WRITERS)
    ]
    for process in processes:
        process.start()
    answers = dict(told.get(timeout=120) for _ in processes)
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * WRITERS
    with place.open() as log:
        entries = [data for _, data in log.entries()]
        assert [i for i, _ in log.entries()] == list(range(WRITERS * BATCHES * (BATCHES + 1) // 2))
        for writer, acknowledged in answers.items():
            for n, indexes in acknowledged:
                assert [entries[i] for i in indexes] == [event.to_bytes() for event in batch(writer, n)]
        assert max(Counter(entries).values()) == 1
        tree = Tree(leaf_hashes(entries))
        assert log.root() == tree.root()
        # Every signed head is one of the same history, in order.
        assert log.fsck(SIGNER.verifier).root == tree.root()
        size = log.size
        for m in range(size + 1):
            verify_consistency(m, size, log.consistency_proof(m, size), tree.root(m), tree.root())
