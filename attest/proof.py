"""Offline proofs (C2SP tlog-proof): an entry's index, its audit path, and the checkpoint that the path leads to."""

from __future__ import annotations

from dataclasses import dataclass

from attest import checkpoint as checkpoints
from attest.checkpoint import Checkpoint
from attest.encoding import MAX_NUMBER, from_base64, from_decimal, to_base64
from attest.errors import FormatError, ProofError
from attest.merkle import HASH_SIZE, MAX_PROOF, leaf_hash, verify_inclusion
from attest.note import MAX_NOTE, Verifier, open_note

HEADER = "c2sp.org/tlog-proof@v1"
MAX_EXTRA = 64 * 1024


@dataclass(frozen=True, slots=True)
class TlogProof:
    """Evidence that an entry is in a log.

    Attributes:
        index: Index of the entry, from 0.
        hashes: Audit path, sibling of the leaf first.
        checkpoint: The signed note, verbatim.
        extra: Opaque data that nothing authenticates, or None. This project writes none.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def __post_init__(self) -> None:
        """Refuse numbers and hashes that no proof can have."""
        if not 0 <= self.index <= MAX_NUMBER or len(self.hashes) > MAX_PROOF:
            raise FormatError("index or length of a proof is out of range")
        if any(len(value) != HASH_SIZE for value in self.hashes):
            raise FormatError("a hash in a proof is not 32 bytes long")

    def to_bytes(self) -> bytes:
        """Return the content of a `.tlog-proof` file."""
        lines = [HEADER]
        if self.extra is not None:
            lines.append(f"extra {to_base64(self.extra)}")
        lines.append(f"index {self.index}")
        lines.extend(to_base64(value) for value in self.hashes)
        return ("\n".join(lines) + "\n\n").encode() + self.checkpoint

    def verify(self, leaf: bytes, verifier: Verifier, origin: str | None = None) -> Checkpoint:
        """Check that the log of this key has the leaf at the index, and return the checkpoint that says so.

        Args:
            leaf: The entry's exact bytes.
            verifier: The log's key, from somewhere else than the proof.
            origin: The log's origin, if it is not the key's name.

        Raises:
            SignatureError: The log's key did not sign the checkpoint.
            ProofError: The checkpoint is another log's, or the path does not lead to its root.
        """
        note = open_note(self.checkpoint, [verifier])
        head = checkpoints.parse(note.text)
        if head.origin != (verifier.name if origin is None else origin):
            raise ProofError("the checkpoint is of another log")
        verify_inclusion(leaf_hash(leaf), self.index, head.size, self.hashes, head.root)
        return head


def parse(data: bytes) -> TlogProof:
    """Read a `.tlog-proof` file; the checkpoint in it is not looked at before `TlogProof.verify`.

    Raises:
        FormatError: The bytes are not what `TlogProof.to_bytes` writes.
    """
    if len(data) > MAX_NOTE + MAX_EXTRA + 64 * MAX_PROOF:
        raise FormatError("a proof is too long")
    head, gap, note = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise FormatError("a proof is not in form") from None
    if not gap or not note or lines.pop(0) != HEADER:
        raise FormatError("a proof does not begin with its header")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = from_base64(lines.pop(0).removeprefix("extra "))
        if len(extra) > MAX_EXTRA:
            raise FormatError("the extra data of a proof is too long")
    if not lines or not lines[0].startswith("index "):
        raise FormatError("a proof has no index")
    index = from_decimal(lines.pop(0).removeprefix("index "))
    return TlogProof(index, tuple(from_base64(line) for line in lines), note, extra)
