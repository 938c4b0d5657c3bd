"""Toy steps for the tests of the executors, importable by workers."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from extract.execution.parts import Parts
from govern.errors import GovernError

WORD = "Xylophonkonzert"
"""Planted in every item; it must not stand anywhere on the disk."""


def items(count: int) -> list[str]:
    return [f"{WORD} {i:04}" for i in range(count)]


def partitions(count: int, size: int = 10) -> list[list[str]]:
    every = items(count)
    return [every[at : at + size] for at in range(0, count, size)]


@dataclass(frozen=True)
class Toy:
    """Turns items into lines; on the way it does what the test wants.

    Attributes:
        side: Folder, outside that of the parts, for notes about what was done.
        raising: Items that raise.
        deadly: Items that kill the worker each time.
        once: Items that kill the worker the first time.
        driverless: Items that kill the driver the first time.
        full: Whether the disk has no room (until `room` is in the folder of notes).
        stopping: Items at which the step says that the run cannot go on.
        slow: Seconds per partition.
        print_: Fingerprint.
    """

    side: Path
    raising: tuple[str, ...] = ()
    deadly: tuple[str, ...] = ()
    once: tuple[str, ...] = ()
    driverless: tuple[str, ...] = ()
    full: bool = False
    stopping: tuple[str, ...] = ()
    slow: float = 0.0
    print_: str = "ab12"

    @property
    def fingerprint(self) -> str:
        return self.print_

    def digest(self, item: str) -> bytes:
        return hashlib.sha256(item.encode()).digest()

    def run(self, items: Sequence[str]) -> dict[str, bytes]:
        for item in items:
            if item in self.deadly or (item in self.once and self._first(item)):
                os.kill(os.getpid(), signal.SIGKILL)
            if item in self.driverless and self._first(item):
                os.kill(os.getppid(), signal.SIGKILL)
            if item in self.raising:
                raise ValueError(f"something is wrong with {item}")
            if item in self.stopping:
                raise GovernError("there is no model", "install one")
        if self.full and not (self.side / "room").exists():
            # The kernel answers writes as a full disk would, in this process alone.
            resource.setrlimit(resource.RLIMIT_FSIZE, (64, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        time.sleep(self.slow)
        body = "".join(f"{item.upper()}\n" for item in items).encode()
        if not self.full:
            self._note("made", f"{items[0]} {len(items)}")
            self._note("workers", str(os.getpid()))
        return {"body": body, "meta": str(len(items)).encode()}

    def made(self) -> list[str]:
        """First item and count of every partition that ran to its end."""
        return self._notes("made")

    def pids(self) -> set[int]:
        """Processes that made something."""
        return {int(line) for line in self._notes("workers")}

    def _notes(self, name: str) -> list[str]:
        path = self.side / name
        return path.read_text().splitlines() if path.exists() else []

    def _note(self, name: str, line: str) -> None:
        # The word stays out of the notes: they are searched for it too.
        descriptor = os.open(self.side / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(descriptor, (line.replace(WORD, "item") + "\n").encode())
        os.close(descriptor)

    def _first(self, item: str) -> bool:
        try:
            (self.side / hashlib.sha256(item.encode()).hexdigest()).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


def lines(pieces: Sequence[tuple[int, int, int, str]], parts: Parts) -> Iterator[str]:
    """All lines that were made, in order."""
    for *_, key in pieces:
        if key:
            yield from parts.read(key, "body").decode().splitlines()
