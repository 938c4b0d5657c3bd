"""The records of a run as a sequence that lies in parts: one part at a time is in memory, however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from operator import eq
from typing import TYPE_CHECKING, NamedTuple, overload

from extract import marks as marks_of_text
from extract import recordparts
from extract.marks import Marks
from extract.recordparts import Stored
from extract.records import Record, TextSpan
from extract.spans import reclaim

if TYPE_CHECKING:
    from extract.execution.parts import Parts
    from extract.threads import Relations


class Place(NamedTuple):
    """Where a record lies.

    Attributes:
        key: The part.
        item: Its unit in that part, from 0.
    """

    key: str
    item: int


class Records(Sequence[Record]):
    """All records of a run, in the order of the sources and of their units.

    Reading them one after the other keeps one part in memory. An index costs a whole part where it is another part
    than before.
    """

    def __init__(
        self,
        parts: Parts,
        places: Sequence[Place],
        *,
        locators: Sequence[str],
        vouched: frozenset[int],
        relations: Relations,
        lines: Sequence[tuple[bytes, int]],
    ) -> None:
        """Take over what was read.

        Args:
            parts: Where the records lie.
            places: Where each of them lies.
            locators: Locator of each; another than in its part where a second source holds the same one.
            vouched: Rows of records for whose export a custodian vouches.
            relations: Thread, parent and copy of each.
            lines: Of each the digests of its comparable lines, and how many of them are of the own words.
        """
        self._parts = parts
        self._places = places
        self._locators = locators
        self._vouched = vouched
        self._relations = relations
        self._changed: dict[int, tuple[tuple[TextSpan, ...], Marks]] = {}
        self._part: tuple[str, list[Stored]] = ("", [])
        self._words: tuple[str, bytes] = ("", b"")
        self._reclaim(lines)

    def _reclaim(self, lines: Sequence[tuple[bytes, int]]) -> None:
        """Turn what an answer repeats of its parent into somebody else's words, also where nothing marks it."""
        for row, parent in enumerate(self._relations.parents):
            if parent in (-1, row):
                continue
            found, own = lines[row]
            theirs = _digests(lines[parent][0])
            if theirs.isdisjoint(_digests(found[: own * recordparts.LINE])):
                continue
            record = self[row]
            spans = reclaim(record.text, record.spans, _Lines(theirs), record.author_key)
            stored = self._light(row)[1]
            if spans != record.spans and stored.marks is not None:
                sizes = marks_of_text.sizes(spans, record.text)
                self._changed[row] = (spans, stored.marks._replace(sizes=sizes))

    def __len__(self) -> int:
        """Return how many records there are."""
        return len(self._places)

    @overload
    def __getitem__(self, row: int) -> Record: ...

    @overload
    def __getitem__(self, row: slice) -> list[Record]: ...

    def __getitem__(self, row: int | slice) -> Record | list[Record]:
        """Return a record with its text, or several."""
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(len(self)))]
        if row < 0:
            row += len(self)
        record, stored = self._light(row)
        return replace(record, text=self._text(row, stored))

    def __iter__(self) -> Iterator[Record]:
        """Yield every record with its text."""
        return (self[row] for row in range(len(self)))

    def __eq__(self, other: object) -> bool:
        """Compare as lists do."""
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(eq, self, other))

    __hash__ = None  # type: ignore[assignment]

    def light(self) -> Iterator[Record]:
        """Yield every record without its text, which is not even decoded."""
        for row in range(len(self)):
            yield self._light(row)[0]

    @property
    def marked(self) -> Iterable[tuple[Record, Marks]]:
        """Every record without its text, and what its text says to the gates; can be gone through again and again."""
        return _Marked(self)

    def with_marks(self, row: int) -> tuple[Record, Marks]:
        """Return one record without its text, and its marks."""
        record, stored = self._light(row)
        found = self._changed[row][1] if row in self._changed else stored.marks
        if found is None:
            raise ValueError("a defect has no marks")
        return record, found

    def _light(self, row: int) -> tuple[Record, Stored]:
        key, item = self._places[row]
        if self._part[0] != key:
            self._part = (key, list(recordparts.decode(self._parts.read(key, recordparts.META))))
        stored = self._part[1][item]
        record = stored.found
        if not isinstance(record, Record):
            raise ValueError("the place of a record holds a defect")
        kept = self._relations.copies[row]
        return (
            replace(
                record,
                locator=self._locators[row],
                authenticity="A1" if row in self._vouched and record.authenticity == "A0" else record.authenticity,
                thread_id=self._relations.threads[row],
                dup_of="" if kept == row else self._locators[kept],
                spans=self._changed[row][0] if row in self._changed else record.spans,
            ),
            stored,
        )

    def _text(self, row: int, stored: Stored) -> str:
        key = self._places[row].key
        if self._words[0] != key:
            self._words = (key, self._parts.read(key, recordparts.WORDS))
        return recordparts.text_at(self._words[1], stored.at)


class _Marked(Iterable[tuple[Record, Marks]]):
    def __init__(self, records: Records) -> None:
        self._records = records

    def __iter__(self) -> Iterator[tuple[Record, Marks]]:
        return (self._records.with_marks(row) for row in range(len(self._records)))


class _Lines:
    """The lines of a parent, of which only the digests are known."""

    def __init__(self, digests: frozenset[bytes]) -> None:
        self._digests = digests

    def __contains__(self, line: object) -> bool:
        return bool(line) and recordparts.line_digest(str(line)) in self._digests


def _digests(joined: bytes) -> frozenset[bytes]:
    size = recordparts.LINE
    return frozenset(joined[i : i + size] for i in range(0, len(joined), size))
