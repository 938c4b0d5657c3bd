"""One log of 70,000 entries, published, and running the programs that check it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from attest.events import Event
from attest.log import EventLog
from attest.note import NoteSigner
from attest.publish import publish

SIZES = (1, 255, 256, 257, 511, 512, 4096, 65_280, 65_536, 65_537, 70_000)
"""The sizes at which the log is signed."""


@dataclass(frozen=True, slots=True)
class Public:
    """A published log.

    Attributes:
        log: The log itself.
        folder: Where it is published.
        signer: Its key.
        notes: The checkpoint of each of `SIZES`.
    """

    log: EventLog
    folder: Path
    signer: NoteSigner
    notes: dict[int, bytes]

    @property
    def vkey(self) -> str:
        return self.signer.verifier.vkey

    @property
    def note(self) -> bytes:
        return self.notes[SIZES[-1]]


@contextmanager
def published(root: Path) -> Iterator[Public]:
    """Make the log in a folder."""
    signer = NoteSigner("example.com/govern/interop", Ed25519PrivateKey.from_private_bytes(b"\7" * 32))
    with EventLog.create(root / "log.sqlite", signer.name) as log:
        notes = {}
        for size in SIZES:
            while log.size < size:
                log.append([_event(n) for n in range(log.size, min(log.size + 4096, size))])
            notes[size] = log.checkpoint(signer)
            # Some of them are published, so that the folder is one that grew.
            if size in (1, 257, 65_536):
                publish(log, root / "tiles")
        publish(log, root / "tiles")
        yield Public(log, root / "tiles", signer, notes)


def _event(n: int) -> Event:
    now = datetime(2026, 11, 22, 10, tzinfo=UTC)
    return Event.new("skill.used", "op", {"n": n}, now, lambda size: n.to_bytes(size, "big"))


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a program of others."""
    return subprocess.run([str(a) for a in arguments], capture_output=True, text=True, timeout=60, check=False)
