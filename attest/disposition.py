"""The disposition tree: one leaf for every source record of an extraction, taken or left out.

A leaf holds codes and commitments only. A commitment is keyed with a random salt per record that is kept apart (see
`attest.vault`), because a plain hash of a short personal text can be guessed and is personal data.
"""

from __future__ import annotations

import hmac
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from attest import canonical
from attest.errors import FormatError
from attest.merkle import Tree
from attest.shape import COUNT, Shape, counts, exact

VERSION = 1
SALT_SIZE = 32
KINDS = frozenset({"mail", "commit", "chat", "document"})
OUTCOMES = ("taken", "taken_redacted", "left_out")
AUTHENTICITY = ("A0", "A1", "A2", "A3", "A4", "F")
TAGS = frozenset({"source", "output"})
MAX_LINE = 16 * 1024

_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_SHAPE: Shape = {
    "v": int,
    "i": COUNT,
    "kind": str,
    "outcome": str,
    "reasons": list,
    "authenticity": str,
    "redactions": dict,
    "source": (str, type(None)),
    "output": (str, type(None)),
}
_HEX = re.compile(r"[0-9a-f]{64}")


def commitment(salt: bytes, tag: str, value: bytes) -> str:
    """Commit to a text: HMAC-SHA256 under the record's salt, over the tag, a zero byte and the text.

    Args:
        salt: The 32 random bytes of the record.
        tag: `source` or `output`, so that equal texts on both sides do not show.
        value: The text in UTF-8.

    Returns:
        64 hexadecimal digits.
    """
    if len(salt) != SALT_SIZE or tag not in TAGS:
        raise ValueError("a commitment needs a salt of 32 bytes and a known tag")
    return hmac.digest(salt, tag.encode() + b"\x00" + value, "sha256").hex()


def manifest_line(i: int, kind: str, source: str | None) -> bytes:
    """Return the leaf of the source manifest for a record: what is known of it before any gate has run."""
    return canonical.dumps({"v": VERSION, "i": i, "kind": kind, "source": source})


def manifest_root(lines: Iterable[bytes]) -> bytes:
    """Return the root that `source.manifest` logs, over manifest lines in order."""
    return Tree.of(lines).root()


@dataclass(frozen=True, slots=True)
class Leaf:
    """What became of one source record.

    Attributes:
        i: Its place in the manifest, from 0.
        kind: mail, commit, chat or document.
        outcome: taken, taken_redacted or left_out.
        reasons: Sorted codes that say why it was left out; empty if it was taken.
        authenticity: Level of the source, A0 to A4, or F.
        redactions: Number of redactions by type; only of a record that was taken with redactions.
        source: Commitment to the source text, or None where there was no readable text.
        output: Commitment to the text that went on; None exactly if the record was left out.
    """

    i: int
    kind: str
    outcome: str
    reasons: tuple[str, ...]
    authenticity: str
    redactions: Mapping[str, int]
    source: str | None
    output: str | None

    def __post_init__(self) -> None:
        """Refuse a leaf that contradicts itself."""
        object.__setattr__(self, "reasons", tuple(self.reasons))
        object.__setattr__(self, "redactions", MappingProxyType(dict(self.redactions)))
        if self.kind not in KINDS or self.outcome not in OUTCOMES or self.authenticity not in AUTHENTICITY:
            raise FormatError("a disposition has a kind, outcome or authenticity that is not known")
        if list(self.reasons) != sorted(set(self.reasons)) or not all(map(_is_code, self.reasons)):
            raise FormatError("the reasons of a disposition are not sorted codes, each once")
        if not all(_is_code(name) and type(n) is int and n > 0 for name, n in self.redactions.items()):
            raise FormatError("the redactions of a disposition are not counts by type")
        if any(text is not None and not _HEX.fullmatch(text) for text in (self.source, self.output)):
            raise FormatError("a commitment is not 64 hexadecimal digits")
        left_out = self.outcome == "left_out"
        if left_out != bool(self.reasons) or left_out != (self.output is None):
            raise FormatError("exactly the records that were left out have reasons and no output")
        if (self.outcome == "taken_redacted") != bool(self.redactions):
            raise FormatError("exactly the records that were taken with redactions have redactions")

    def to_line(self) -> bytes:
        """Return the leaf's bytes: canonical JSON, without the newline."""
        return canonical.dumps(
            {
                "v": VERSION,
                "i": self.i,
                "kind": self.kind,
                "outcome": self.outcome,
                "reasons": list(self.reasons),
                "authenticity": self.authenticity,
                "redactions": dict(self.redactions),
                "source": self.source,
                "output": self.output,
            }
        )

    @classmethod
    def parse(cls, line: bytes) -> Leaf:
        """Read a leaf.

        Raises:
            FormatError: The bytes are not what `to_line` writes.
        """
        if len(line) > MAX_LINE:
            raise FormatError("a disposition is too long")
        value = exact(canonical.loads(line), "a disposition", _SHAPE)
        if value.pop("v") != VERSION:
            raise FormatError("a disposition is of a version that is not known")
        if not all(type(reason) is str for reason in value["reasons"]):
            raise FormatError("the reasons of a disposition are not sorted codes, each once")
        return cls(**value)


def _is_code(text: object) -> bool:
    return isinstance(text, str) and _CODE.fullmatch(text) is not None


class Dispositions:
    """The closed set of an extraction's dispositions, with its tree.

    Args:
        leaves: One leaf per source record; leaf `i` stands at place `i`.
        lines: The leaves' bytes, if they were read from them.

    Raises:
        FormatError: A place is missing or doubled.
    """

    __slots__ = ("_lines", "_tree", "leaves")

    def __init__(self, leaves: Iterable[Leaf], lines: Sequence[bytes] | None = None) -> None:
        self.leaves: Sequence[Leaf] = tuple(leaves)
        for place, leaf in enumerate(self.leaves):
            if leaf.i != place:
                raise FormatError(f"disposition {place} is missing or out of order")
        self._lines = [leaf.to_line() for leaf in self.leaves] if lines is None else lines
        self._tree = Tree.of(self._lines)

    @classmethod
    def parse(cls, data: bytes) -> Dispositions:
        """Read a JSONL file.

        Raises:
            FormatError: The bytes are not what `to_bytes` writes.
        """
        if data and not data.endswith(b"\n"):
            raise FormatError("the last disposition has no newline")
        lines = data.split(b"\n")[:-1]
        # The lines were just read as canonical: writing them again would give the same bytes.
        return cls((Leaf.parse(line) for line in lines), lines)

    def to_bytes(self) -> bytes:
        """Return the JSONL file: each line with a newline."""
        return b"".join(line + b"\n" for line in self._lines)

    def __iter__(self) -> Iterator[Leaf]:
        """Iterate over the leaves in order."""
        return iter(self.leaves)

    @property
    def lines(self) -> Sequence[bytes]:
        """The exact leaves, for a second implementation to hash."""
        return self._lines

    @property
    def size(self) -> int:
        """Number of leaves."""
        return len(self.leaves)

    @property
    def root(self) -> bytes:
        """Root of the disposition tree."""
        return self._tree.root()

    @property
    def manifest_root(self) -> bytes:
        """Root of the source manifest that these dispositions answer to."""
        return manifest_root(manifest_line(leaf.i, leaf.kind, leaf.source) for leaf in self.leaves)

    def proof(self, i: int) -> list[bytes]:
        """Return the audit path of leaf `i`: the evidence that a record was left out, or taken."""
        return self._tree.inclusion_proof(i)

    def counts(self) -> dict[str, Any]:
        """Return how many records there are by outcome, and how many were left out by each reason.

        A record with two reasons counts under both, so `by_reason` may add up to more than `left_out`.
        """
        outcomes = Counter(leaf.outcome for leaf in self.leaves)
        reasons = Counter(reason for leaf in self.leaves for reason in leaf.reasons)
        return {
            **{outcome: outcomes[outcome] for outcome in OUTCOMES},
            "by_reason": dict(sorted(reasons.items())),
        }

    def authenticity(self) -> dict[str, int]:
        """Return how many records there are of each authenticity level that occurs."""
        return dict(sorted(Counter(leaf.authenticity for leaf in self.leaves).items()))


def check_counts(value: object, where: str) -> dict[str, Any]:
    """Return `value` if it has the form of `Dispositions.counts`.

    Raises:
        FormatError: It has not.
    """
    checked = exact(value, where, {**dict.fromkeys(OUTCOMES, COUNT), "by_reason": dict})
    counts(checked["by_reason"], where)
    return checked
