"""What must hold after any fault, checked with as little of the project's code as possible."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from attest import checkpoint as checkpoints
from attest.checkpoint import Checkpoint
from attest.log import EventLog
from attest.note import open_note
from attest.tiles import check_folder
from faults.driver import BATCHES, SIGNER, batch, once, run


class BrokenError(AssertionError):
    """A promise of the log does not hold."""


@dataclass(frozen=True)
class Final:
    """How a run ends."""

    size: int
    root: bytes
    published: bytes


def require(holds: bool, message: str) -> None:
    """Raise if something does not hold."""
    if not holds:
        raise BrokenError(message)


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the Merkle tree hash (RFC 6962 §2.1), from its definition."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256().digest()
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + root(leaves[:k]) + root(leaves[k:])).digest()


def leaf(entry: bytes) -> bytes:
    """Return the hash of an entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def opened(note: bytes) -> Checkpoint:
    """Return the head that a note states, after checking the signature."""
    return checkpoints.parse(open_note(note, [SIGNER.verifier]).text)


def check(folder: Path, told: Sequence[str]) -> None:
    """Check a log and its published folder against what its writer was told is done.

    Raises:
        BrokenError: A promise does not hold.
        GovernError: The log cannot be read, or its own check fails.
    """
    words = [line.split(" ") for line in told]
    path = folder / "log.sqlite"
    published = folder / "published"
    if not path.exists():
        require(not {"log", "batch", "note", "published"} & {word[0] for word in words}, "the log is gone")
        require(not (published / "checkpoint").exists(), "something was published of no log")
        return
    with EventLog.open(path) as log:
        log.fsck(SIGNER.verifier)
        entries = [data for _, data in log.entries()]
        leaves = [leaf(data) for data in entries]
        require((log.size, log.root()) == (len(leaves), root(leaves)), "the head is not what the entries give")
        kept = list(log.checkpoints())

    batches = [[event.to_bytes() for event in batch(n)] for n in range(len(BATCHES))]
    # What was acknowledged is there, at most one batch more, and never half a batch.
    acknowledged = 0
    for word in words:
        if word[0] == "batch":
            n, first = int(word[1]), int(word[2])
            require(entries[first : first + BATCHES[n]] == batches[n], "an acknowledged batch is not in the log")
            acknowledged = max(acknowledged, n + 1)
    sizes = [sum(BATCHES[:n]) for n in range(len(BATCHES) + 1)]
    require(len(entries) in sizes[acknowledged : acknowledged + 2], "there is half a batch, or a batch too many")
    require(entries == [data for one in batches for data in one][: len(entries)], "entries are out of order")

    handed_out = [bytes.fromhex(word[1]) for word in words if word[0] == "note"]
    require(set(handed_out) <= set(kept), "a note was handed out and forgotten")
    heads: dict[int, bytes] = {}
    for note in kept:
        head = opened(note)
        require(head.size <= len(leaves) and head.root == root(leaves[: head.size]), "a note contradicts the log")
        require(heads.setdefault(head.size, head.root) == head.root, "two notes of one size have two roots")

    last = max((int(word[1]) for word in words if word[0] == "published"), default=None)
    note = read(published / "checkpoint")
    if note is None:
        require(last is None, "the published checkpoint is gone")
        return
    require(note in kept, "a note was published that the log does not keep")
    require(opened(note).size >= (last or 0), "the published checkpoint went back")
    check_published(published, opened(note), leaves, entries)
    check_folder(published, SIGNER.verifier.vkey)


def read(path: Path) -> bytes | None:
    """Return the content of a file, or None if there is none."""
    return path.read_bytes() if path.exists() else None


def check_published(folder: Path, head: Checkpoint, leaves: Sequence[bytes], entries: Sequence[bytes]) -> None:
    """Check that a client who fetches the checkpoint finds every tile and entry under it (C2SP tlog-tiles)."""
    hashes = list(leaves[: head.size])
    for level in range(8):
        for index in range((len(hashes) + 255) // 256):
            expected = hashes[256 * index : 256 * index + 256]
            require(fetch(folder, level, index, len(expected), 32) == b"".join(expected), "a tile is wrong")
            if level == 0:
                bundle = b"".join(
                    len(data).to_bytes(2, "big") + data for data in entries[256 * index : 256 * index + len(expected)]
                )
                found = fetch(folder, "entries", index, len(expected), None)
                require(found[: len(bundle)] == bundle, "an entry bundle is wrong")
        hashes = [root(hashes[i : i + 256]) for i in range(0, len(hashes) - 255, 256)]
        if not hashes:
            return


def fetch(folder: Path, level: int | str, index: int, width: int, item: int | None) -> bytes:
    """Return a tile of that width as a client does: the partial one, or the beginning of the full one."""
    full = folder / "tile" / str(level) / f"{index:03d}"
    data = read(full if width == 256 else full.with_name(f"{full.name}.p") / str(width))
    data = read(full) if data is None else data
    require(data is not None, f"tile {level}/{index} of width {width} is missing")
    assert data is not None
    return data if item is None else data[: width * item]


def carry_on(folder: Path) -> Final:
    """Do the run again over what a fault has left, with the same idempotency keys, and return how it ends."""
    told: list[str] = []
    run(folder, told.append, once)
    check(folder, told)
    with EventLog.open(folder / "log.sqlite") as log:
        return Final(log.size, log.root(), (folder / "published" / "checkpoint").read_bytes())


def emptied(folder: Path) -> Path:
    """Return the folder, made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder
