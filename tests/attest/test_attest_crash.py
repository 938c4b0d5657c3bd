"""A log whose writer was killed at any moment: what was acknowledged is there, and everything verifies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from attest_world import LOG_KEY, NOW, ORIGIN, fixed_random
from log_places import Place, ServerPlace

from attest import checkpoint as checkpoints
from attest.errors import StoreError
from attest.events import Event
from attest.log import EventLog
from attest.note import NoteSigner, open_note

SIGNER = NoteSigner(ORIGIN, LOG_KEY)

# The writer acknowledges each batch and each note on its standard output, as a client would see it.
WRITER = """
import sys
sys.path.insert(0, {folder!r})
from pathlib import Path
from test_attest_crash import SIGNER, batch
from attest.log import EventLog
log = EventLog.open({where!r}, high_water=Path({high_water!r}))
for n in range({start}, 10_000):
    indexes = log.append(batch(n), key=f"batch-{{n}}")
    sys.stdout.write(f"batch {{n}} {{indexes[0]}}\\n"); sys.stdout.flush()
    if n % 3 == 0:
        note = log.checkpoint(SIGNER)
        sys.stdout.write(f"note {{note.hex()}}\\n"); sys.stdout.flush()
"""


def batch(n: int) -> list[Event]:
    """The n-th batch, the same in every process; its size varies."""
    random = fixed_random(f"batch {n}")
    return [Event.new("skill.used", "operator", {"n": n, "i": i}, NOW, random) for i in range(1 + n % 4)]


def check(place: Place, acknowledged: list[str]) -> int:
    """Check a log against what its writer acknowledged; returns the next batch number."""
    with place.open() as log:
        log.fsck(SIGNER.verifier)
        heads: dict[int, bytes] = {}
        done = -1
        for line in acknowledged:
            kind, rest = line.split(" ", 1)
            if kind == "batch":
                n, first = map(int, rest.split(" "))
                wanted = [event.to_bytes() for event in batch(n)]
                assert [log.entry(first + i) for i in range(len(wanted))] == wanted
                done = max(done, n)
            else:
                head = checkpoints.parse(open_note(bytes.fromhex(rest), [SIGNER.verifier]).text)
                assert head.size <= log.size
                assert log.root(head.size) == head.root
                # Never two notes of one size with two roots.
                assert heads.setdefault(head.size, head.root) == head.root
        # Batches are whole: the log is a sequence of complete ones.
        size = sum(len(batch(n)) for n in range(done + 1))
        assert log.size in (size, size + len(batch(done + 1)))
        # And it goes on, though the caller does not know whether the last batch got in.
        assert log.append(batch(done + 1), key=f"batch-{done + 1}") == list(range(size, size + len(batch(done + 1))))
        log.checkpoint(SIGNER)
        log.fsck(SIGNER.verifier)
    return done + 2


def in_child(work) -> tuple[int, list[str]]:
    """Run `work(acknowledge)` in a forked process; return its status and what it acknowledged."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            work(lambda line: os.write(writing, line.encode() + b"\n"))
            os._exit(0)
        except BaseException:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as told:
        lines = told.read().splitlines()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), lines


def write_until_killed(place: Place, start: int, after: int):
    """Return work that kills itself at its n-th step.

    A step is a statement of SQLite, or the time before or after a call of PostgreSQL's client or of a file function.
    """
    left = [after]

    def step(*_):
        left[0] -= 1
        if left[0] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def stepping(function):
        def inner(*arguments, **options):
            step()
            result = function(*arguments, **options)
            step()
            return result

        return inner

    def work(acknowledge):
        log = place.open()
        if place.kind == "sqlite":
            log.store.connection.set_trace_callback(step)
        else:
            for owner, name in (
                (psycopg.Connection, "execute"),
                (psycopg.Copy, "write_row"),
                (psycopg.Copy, "__exit__"),
            ):
                setattr(owner, name, stepping(getattr(owner, name)))
        for name in ("fsync", "link", "rename", "replace", "open"):
            setattr(os, name, stepping(getattr(os, name)))
        for n in (start, start + 1):
            acknowledge(f"batch {n} {log.append(batch(n), key=f'batch-{n}')[0]}")
            acknowledge(f"note {log.checkpoint(SIGNER).hex()}")

    return work


def test_a_writer_killed_while_it_runs_loses_nothing_that_it_acknowledged(place):
    place.create().close()
    acknowledged: list[str] = []
    start = 0
    for rounds in range(4):
        folder = str(Path(__file__).parent)
        code = WRITER.format(folder=folder, where=str(place.where), high_water=str(place.high_water), start=start)
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            # Kill it when it is well under way, at a point that differs from round to round.
            for _ in range(11 + 7 * rounds):
                acknowledged.append(writer.stdout.readline().strip())
            os.kill(writer.pid, signal.SIGKILL)
            rest = writer.stdout.read()
        acknowledged += rest.splitlines() if rest.endswith("\n") else rest.splitlines()[:-1]
        acknowledged = [line for line in acknowledged if line]
        start = check(place, acknowledged)
        acknowledged.append(f"batch {start - 1} {sum(len(batch(n)) for n in range(start - 1))}")


def test_a_writer_killed_between_any_two_steps_leaves_a_log_that_verifies(place):
    place.create().close()
    start, after = 0, 1
    told: list[str] = []
    while True:
        status, lines = in_child(write_until_killed(place, start, after))
        told += lines
        assert status in (0, -signal.SIGKILL)
        start = check(place, told)
        told.append(f"batch {start - 1} {sum(len(batch(n)) for n in range(start - 1))}")
        if status == 0:
            break
        after += 1
    # It was killed at every step of two appends and two checkpoints, until there was no step left to kill it at.
    assert after > 50


def append_and_sign(log: EventLog, events: list[Event], key: str) -> None:
    log.append(events, key=key)
    log.checkpoint(SIGNER)


@pytest.mark.parametrize("at", ["add_entries", "add_batch", "add_checkpoint"])
def test_an_interrupt_inside_a_transaction_undoes_it(log, monkeypatch, at):
    """Ctrl-C arrives as an exception in the middle of an append or of signing."""
    log.append(batch(1))
    log.checkpoint(SIGNER)
    old = log.latest_checkpoint()
    real = getattr(log.store, at)

    def interrupted(*arguments):
        real(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(log.store, at, interrupted)
        with pytest.raises(KeyboardInterrupt):
            append_and_sign(log, batch(2), "batch-2")
    assert log.latest_checkpoint() == old
    assert log.size == len(batch(1)) + (len(batch(2)) if at == "add_checkpoint" else 0)
    log.fsck(SIGNER.verifier)
    log.append(batch(2), key="batch-2")
    log.checkpoint(SIGNER)
    log.fsck(SIGNER.verifier)


def test_a_server_that_crashes_keeps_what_it_acknowledged(postgres_server, tmp_path):
    place = ServerPlace(postgres_server, tmp_path)
    with place.create() as log:
        told = [f"batch {n} {log.append(batch(n), key=f'batch-{n}')[0]}" for n in range(5)]
        told.append(f"note {log.checkpoint(SIGNER).hex()}")
        postgres_server.stop("immediate")
        with pytest.raises(StoreError, match="connection was lost") as caught:
            log.append(batch(5), key="batch-5")
        assert "same idempotency key" in caught.value.hint
        with pytest.raises(StoreError, match="cannot be reached"):
            place.open()
        postgres_server.start()
    check(place, told)
