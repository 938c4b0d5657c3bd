"""Records of a test's own making as a source, so that they go the way that all records go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from extract.records import Record, SourceKind
from extract.sources import Unit, read_all
from extract.sources.api import Link


@dataclass
class Given:
    """A source that holds the records given to it."""

    records: tuple[Record, ...]
    kind: SourceKind = "document"
    path: Path = Path("given")
    name: str = "given"
    completeness: str = "given"

    @property
    def links(self) -> frozenset[Link]:
        return frozenset()

    def units(self) -> Iterator[Unit]:
        return (Unit(record.locator, record.raw_digest, i) for i, record in enumerate(self.records))

    def read(self, unit: Unit) -> Record:
        return self.records[unit.payload]


def relate(records: Sequence[Record]) -> list[Record]:
    """Return the records with their threads, copies, and the spans that a parent decides."""
    return list(read_all([Given(tuple(records))]).records)
