"""The run that is disturbed: append, sign, publish, a few rounds; says on standard output what it was told is done.

`python -m faults.driver FOLDER [--retry]`: exit status 3 if the log reported an error, 4 if the system did.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from attest.events import Event
from attest.log import EventLog
from attest.note import NoteSigner
from attest.publish import publish
from govern.errors import GovernError

T = TypeVar("T")

ORIGIN = "example.com/govern/faults"
SIGNER = NoteSigner(ORIGIN, Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"faults").digest()))
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)

#: Sizes of the batches. The log passes 256 entries, so that there are partial and full tiles on two levels.
BATCHES = (3, 254, 1, 40)

BEGIN, END = "begin", "end"


def batch(n: int) -> list[Event]:
    """Return the n-th batch, the same in every process."""
    state = [0]

    def random(size: int) -> bytes:
        state[0] += 1
        return hashlib.shake_256(f"{n}/{state[0]}".encode()).digest(size)

    return [Event.new("skill.used", "operator", {"n": n, "i": i}, NOW, random) for i in range(BATCHES[n])]


def run(folder: Path, tell: Callable[[str], None], attempt: Callable[[Callable[[], T]], T]) -> None:
    """Append, sign and publish until all batches are in; what is there already is not done twice.

    Args:
        folder: Where the log and its published copy are.
        tell: Takes each acknowledgement at once.
        attempt: Runs one step, perhaps again.
    """
    path = folder / "log.sqlite"
    with attempt(lambda: EventLog.open(path) if path.exists() else EventLog.create(path, ORIGIN)) as log:
        tell("log")
        for n in range(len(BATCHES)):
            indexes = attempt(partial(log.append, batch(n), key=f"batch-{n}"))
            tell(f"batch {n} {indexes[0]}")
            tell(f"note {attempt(partial(log.checkpoint, SIGNER)).hex()}")
            attempt(partial(publish, log, folder / "published"))
            tell(f"published {log.size}")


def once(step: Callable[[], T]) -> T:
    """Run a step."""
    return step()


def twice(step: Callable[[], T]) -> T:
    """Run a step, and again if it fails, as a caller does who was told to try again."""
    try:
        return step()
    except (GovernError, OSError):
        return step()


def main(folder: str, *options: str) -> int:
    """Run as a process of its own."""

    def tell(line: str) -> None:
        os.write(1, line.encode() + b"\n")

    tell(BEGIN)
    try:
        run(Path(folder), tell, twice if "--retry" in options else once)
    except GovernError:
        return 3
    except OSError:
        return 4
    tell(END)
    return 0


if __name__ == "__main__":
    # Not sys.exit: closing the interpreter is no part of what is tested.
    os._exit(main(*sys.argv[1:]))
