"""Checkpoints (C2SP tlog-checkpoint): the size and root of a log at one moment, as the text of a signed note."""

from __future__ import annotations

from dataclasses import dataclass

from attest.encoding import from_base64, from_decimal, to_base64
from attest.errors import FormatError
from attest.merkle import EMPTY_ROOT, HASH_SIZE
from attest.note import check_name


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log.

    Attributes:
        origin: The log's identity, which is also the name of its key.
        size: Number of entries.
        root: Root hash of the Merkle tree over them, 32 bytes.
    """

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        """Refuse a head that no log can have."""
        check_name(self.origin)
        if len(self.root) != HASH_SIZE or self.size < 0 or (self.size == 0) != (self.root == EMPTY_ROOT):
            raise FormatError("size and root of a checkpoint do not fit together")

    def text(self) -> str:
        """Return the note text: three lines, each with its newline."""
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"


def parse(text: str) -> Checkpoint:
    """Read a note text as a checkpoint.

    Extension lines are refused: C2SP allows them and recommends against them, and this project signs none.

    Raises:
        FormatError: The text is not a checkpoint in canonical form.
    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise FormatError("a checkpoint does not have three lines")
    origin, size, root = lines[:3]
    return Checkpoint(origin, from_decimal(size), from_base64(root))
