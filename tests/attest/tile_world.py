"""Logs to be published, and what a folder holds, for the tests of tiles."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from attest_world import LOG_KEY, NOW, ORIGIN, fixed_random

from attest.events import Event
from attest.log import EventLog
from attest.note import NoteSigner

SIGNER = NoteSigner(ORIGIN, LOG_KEY)
VKEY = SIGNER.verifier.vkey


def grow(log: EventLog, size: int) -> None:
    """Append small events until the log has a size."""
    random = fixed_random(f"grow {log.size}")
    while log.size < size:
        first = log.size
        log.append(
            [Event.new("skill.used", "op", {"n": n}, NOW, random) for n in range(first, min(first + 4096, size))]
        )


def signed(log: EventLog, size: int) -> bytes:
    """Grow the log to a size and sign it."""
    grow(log, size)
    return log.checkpoint(SIGNER)


def files_of(folder: Path) -> dict[str, bytes]:
    """All files of a folder by their path in it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def mth(entries: Sequence[bytes]) -> bytes:
    """The Merkle tree hash, by the definition of RFC 6962 §2.1 and nothing else."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    split = 1
    while split * 2 < len(entries):
        split *= 2
    return hashlib.sha256(b"\x01" + mth(entries[:split]) + mth(entries[split:])).digest()


def partial_sizes(size: int, signed_sizes: Sequence[int]) -> Iterator[str]:
    """The partial tiles that clients of earlier checkpoints may ask for, their full tile not being there yet."""
    for level in range(-1, 4):
        shift = 8 * max(level, 0)
        for earlier in signed_sizes:
            index, width = divmod(earlier >> shift, 256)
            if width and index == (size >> shift) // 256:
                assert index < 1000
                yield f"tile/{'entries' if level < 0 else level}/{index:03d}.p/{width}"
