"""What every reader speaks: units in, records or defects out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from extract.records import Record, SourceKind

if TYPE_CHECKING:
    from extract.recordstore import Records


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing that a source holds: a mail, a commit, a message, a file.

    Attributes:
        locator: Where it stands, relative to the path that was read. Never shown to a user: it may name people.
        raw_digest: SHA-256 of the raw unit, hex; credentials are scrubbed first where a format carries them.
        payload: What `Source.read` needs; only the source that made the unit knows its type. It can be pickled: units
            travel to worker processes.
        size: About how many bytes the payload has; partitions are cut by it.
    """

    locator: str
    raw_digest: str
    payload: Any = field(repr=False)
    size: int = 1024


@dataclass(frozen=True, slots=True)
class Defect:
    """A unit that is no record.

    Attributes:
        locator: As in `Unit`; never shown to a user.
        raw_digest: As in `Unit`; "" if not even the bytes could be read.
        code: What is wrong, for instance `file.not_json`.
        unreadable: True if something that belongs to the source could not be read, so that the reading is partial;
            False for what a reader rightly leaves alone, for instance a picture in a folder of documents.
    """

    locator: str
    raw_digest: str
    code: str
    unreadable: bool


class Link(NamedTuple):
    """An assertion by the source itself that two person keys are one person.

    Attributes:
        left: Person key.
        right: Person key.
        basis: `mailmap`, `noreply` or `slack.profile`.
    """

    left: str
    right: str
    basis: str


class Source(Protocol):
    """A reader, opened on one path.

    `units` is called once, by the driver. `read` may be called in another process, on a copy of the source that was
    pickled when it was opened: it depends on the unit and on what the source knew then, changes nothing, and asks no
    other unit. The pickle of a source is the same in every process that opens the same content, so it holds no sets.

    Attributes:
        kind: Family of reader.
        path: The path as the user typed it.
        name: Base name of the path.
        completeness: What the format can say about what is missing, as a code.
        links: Asserted identity links; complete once `units` is exhausted.
    """

    @property
    def kind(self) -> SourceKind: ...  # noqa: D102 - described above

    @property
    def path(self) -> Path: ...  # noqa: D102

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def completeness(self) -> str: ...  # noqa: D102

    @property
    def links(self) -> frozenset[Link]: ...  # noqa: D102

    def units(self) -> Iterator[Unit]:
        """Yield every unit in an order that depends on the content only."""
        ...

    def read(self, unit: Unit) -> Record | Defect:
        """Return the unit's record, or why there is none. Never raises on bad content."""
        ...


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """One source after reading.

    Attributes:
        kind: Family of reader.
        path: The path as the user typed it.
        units: How many units there were: records and defects.
        completeness: What the format can say about what is missing, as a code.
        sha256: SHA-256 over the raw digests of all units, in order, each as 64 hex digits and a line feed.
        head: Commit id of a repository's HEAD, or "".
        export_sha256: SHA-256 of the export file that a custodian vouches for; "" without one, or for a folder.
    """

    kind: SourceKind
    path: Path
    units: int
    completeness: str
    sha256: str
    head: str = ""
    export_sha256: str = ""


class Unreadable(NamedTuple):
    """Something that belongs to a source and could not be read.

    Attributes:
        source: Index of the source in `ReadResult.sources`.
        code: What is wrong.
        raw_digest: SHA-256 of the raw bytes, or "".
    """

    source: int
    code: str
    raw_digest: str


@dataclass(frozen=True, slots=True)
class ReadResult:
    """All that the sources hold: `len(records) + sum(defects.values())` is the number of units seen.

    Attributes:
        records: One per readable unit, in the order of the sources and of their units.
        defects: Number of units that are no record, by code.
        unreadable: The defects that make the reading partial.
        sources: One entry per source, in the order given.
        links: Identity links that the sources themselves assert.
    """

    records: Records
    defects: Mapping[str, int]
    unreadable: list[Unreadable]
    sources: list[SourceInfo]
    links: frozenset[Link] = frozenset()
