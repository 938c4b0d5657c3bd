"""Records as they lie between the steps of a run: what gates need in one file, the words in another.

The words of a record that is left out are never decoded again, and the file that holds them can be dropped by itself.
JSON rather than a pickle: whoever can write into the folder must not be able to run code here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, get_args

from extract.marks import Marks, Sizes
from extract.records import Record, SpanKind, TextSpan
from extract.sources.api import Defect
from extract.spans import comparable

META, WORDS = "meta", "words"
#: Digest of one comparable line, in bytes. Two lines of a parent and its answer that share one by chance would cost
#: the answer a line: at 64 bits nobody will see it.
LINE = 8
#: Lines that are remembered of one record; a parent longer than that is a log.
LINES = 2000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS: tuple[SpanKind, ...] = get_args(SpanKind)
_NUMBER = {kind: i for i, kind in enumerate(_KINDS)}
_PLAIN = (
    "source_kind", "locator", "raw_digest", "container", "container_kind", "author_key", "author_raw", "author_basis",
    "tz_offset_min", "tz_basis", "thread_id", "parent_id", "title", "attachments", "dup_of", "authenticity",
    "message_id",
)  # fmt: skip
_TUPLES = ("recipients", "names_seen", "labels", "parse_defects", "references")


class Stored(NamedTuple):
    """One unit as it was read.

    Attributes:
        found: The record, without its text, or the defect.
        marks: What the text says to the gates; None for a defect.
        lines: Digests of the comparable lines, `LINE` bytes each: those of the own words first.
        own_lines: How many of them are of the own words.
        words: Digest of the own words, for finding copies; b"" where they are too short to prove one.
        at: Where the record's text stands in the file of words: first byte and number of bytes.
    """

    found: Record | Defect
    marks: Marks | None
    lines: bytes
    own_lines: int
    words: bytes
    at: tuple[int, int]


def encode(found: Iterable[Record | Defect]) -> dict[str, bytes]:
    """Return the two files of some units: `META` and `WORDS`."""
    from extract import marks
    from extract.threads import head_of

    rows: list[str] = []
    words = bytearray()
    for each in found:
        if isinstance(each, Defect):
            rows.append(_dump([each.locator, each.raw_digest, each.code, each.unreadable]))
            continue
        own, others = _lines(each)
        text = each.text.encode("utf-8", "surrogatepass")
        rows.append(
            _dump(
                [
                    [getattr(each, name) for name in _PLAIN],
                    [getattr(each, name) for name in _TUPLES],
                    None if each.sent_at is None else (each.sent_at - _EPOCH) // timedelta(microseconds=1),
                    pack_spans(each.spans),
                    marks.of(each),
                    b"".join([*own, *others]).hex(),
                    len(own),
                    head_of(each).words.hex(),
                    len(text),
                ]
            )
        )
        words += text
    return {META: "\n".join(rows).encode("ascii"), WORDS: bytes(words)}


def _dump(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def decode(meta: bytes) -> Iterator[Stored]:
    """Yield the units of a `META` file, in their order."""
    start = 0
    for line in meta.split(b"\n") if meta else ():
        value = json.loads(line)
        if len(value) == 4:
            yield Stored(Defect(*value), None, b"", 0, b"", (start, 0))
            continue
        plain, tuples, sent_at, spans, marks, lines, own_lines, words, size = value
        fields: dict[str, Any] = dict(zip(_PLAIN, plain, strict=True))
        fields.update({name: tuple(items) for name, items in zip(_TUPLES, tuples, strict=True)})
        record = Record(
            sent_at=None if sent_at is None else _EPOCH + timedelta(microseconds=sent_at),
            text="",
            spans=unpack_spans(spans),
            **fields,
        )
        sizes, special, markings, minor = marks
        found = Marks(Sizes(*sizes), tuple(special), tuple(markings), minor)
        yield Stored(record, found, bytes.fromhex(lines), own_lines, bytes.fromhex(words), (start, size))
        start += size


def text_at(words: bytes, at: tuple[int, int]) -> str:
    """Return one record's text out of a `WORDS` file."""
    start, size = at
    return words[start : start + size].decode("utf-8", "surrogatepass")


def pack_spans(spans: Sequence[TextSpan]) -> list[Any]:
    """Return spans as JSON has them."""
    return [[s.start, s.end, _NUMBER[s.kind], s.owner] for s in spans]


def unpack_spans(packed: Sequence[Any]) -> tuple[TextSpan, ...]:
    """Return the spans that `pack_spans` packed."""
    return tuple(TextSpan(start, end, _KINDS[kind], owner) for start, end, kind, owner in packed)


def line_digest(line: str) -> bytes:
    """Return the digest of a line in its comparable form."""
    return hashlib.blake2b(line.encode("utf-8", "surrogatepass"), digest_size=LINE).digest()


def _lines(record: Record) -> tuple[list[bytes], list[bytes]]:
    """Return the digests of the comparable lines of the own words, and of all the others."""
    own: dict[bytes, None] = {}
    others: dict[bytes, None] = {}
    for span in record.spans:
        target = own if span.kind == "own" else others
        for line in record.text[span.start : span.end].split("\n"):
            if len(line) >= 25 and (bare := comparable(line)):
                target[line_digest(bare)] = None
    first = list(own)[:LINES]
    return first, [d for d in others if d not in own][: LINES - len(first)]
