"""Opens sources and reads them to the end: every unit becomes a record or a defect."""

from __future__ import annotations

import hashlib
import pickle
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from extract import recordparts
from extract.errors import SourceError
from extract.recordparts import Stored
from extract.records import FAILURE, Record, of_defect
from extract.recordstore import Place, Records
from extract.sources import files, registry
from extract.sources.api import Link, ReadResult, Source, SourceInfo, Unit, Unreadable
from extract.threads import Relator, head_of
from govern import __version__

if TYPE_CHECKING:
    from extract.authenticity import Checks
    from extract.execution.api import Executor
    from extract.execution.parts import Parts
    from extract.identity import Identities

_STEP = 1000


def open_source(
    kind: registry.Kind, path: Path, checks: Checks | None = None, people: Identities | None = None
) -> Source:
    """Open a path for reading.

    Args:
        kind: What the user said it is; the format within the kind is detected.
        path: As the user typed it.
        checks: What there is to check authenticity with.
        people: The people file, whose signing keys commits are checked against.

    Raises:
        SourceError: Nothing is there, it cannot be opened, or it is something else.
    """
    files.require(path, " or ".join(f.what for f in registry.of_kind(kind)))
    found = registry.detect(kind, path)
    reader = found.reader()
    # Only these two look at who signed what.
    if found.name == "mail":
        opened: Source = reader(path, checks.dkim if checks is not None else None)
    elif found.name == "git":
        opened = reader(path, people)
    else:
        opened = reader(path)
    return opened


@dataclass(frozen=True)
class Reading:
    """The step that reads units, in whatever process it runs.

    Attributes:
        source: The pickled source.
        fingerprint: What the result depends on beside the units.
    """

    source: bytes = field(repr=False)
    fingerprint: str

    @classmethod
    def of(cls, source: Source) -> Reading:
        """Return the step that reads a source's units."""
        data = pickle.dumps(source)
        return cls(data, hashlib.sha256(b"reading\0" + __version__.encode() + b"\0" + data).hexdigest())

    def digest(self, item: Unit) -> bytes:
        """Return what the unit is: two units with the same bytes may still stand in different places."""
        head = f"{item.locator}\0{item.raw_digest}\0".encode("utf-8", "surrogatepass")
        return hashlib.sha256(head + pickle.dumps(item.payload)).digest()

    def run(self, items: Sequence[Unit]) -> dict[str, bytes]:
        """Return the records and defects of some units, encoded."""
        # Made here by `of`, and sealed or handed over in memory since: nobody else's pickle comes this way.
        source: Source = pickle.loads(self.source)  # noqa: S301
        return recordparts.encode(source.read(unit) for unit in items)


def read_all(
    sources: Iterable[Source],
    progress: Callable[[int], None] | None = None,
    custodian: str = "",
    keep: Callable[[Sequence[Record]], list[Record]] | None = None,
    executor: Executor | None = None,
    parts: Parts | None = None,
) -> ReadResult:
    """Read every unit of every source, then relate the records to each other.

    Args:
        sources: Opened sources; their order is the order of the records.
        progress: Called with the number of units seen so far, about every thousand units.
        custodian: Role id of whoever vouches for the export files, or "": then nobody does.
        keep: Returns the records to go on with; it is given records without their text, some at a time, and returns
            some of the very same. What it drops leaves no trace in the others.
        executor: What reads; None reads here.
        parts: Where the records go; None keeps them in memory.

    Raises:
        SourceError: A source turned out to be damaged as a whole.
    """
    from extract.execution.parts import MemoryParts
    from extract.execution.serial import SerialExecutor

    run = _Run(executor or SerialExecutor(), parts if parts is not None else MemoryParts(), progress, keep)
    infos: list[SourceInfo] = []
    links: set[Link] = set()
    for number, source in enumerate(sources):
        # A live repository is no export: nobody can have vouched for what it will be tomorrow.
        vouched = bool(custodian) and (source.kind != "commit" or source.path.is_file())
        units, digest = run.read(number, source, vouched=vouched)
        links |= source.links
        infos.append(
            SourceInfo(
                source.kind,
                source.path,
                units,
                source.completeness,
                digest,
                getattr(source, "head", ""),
                _file_digest(source.path) if vouched else "",
            )
        )
    return ReadResult(run.records(), dict(sorted(run.defects.items())), run.unreadable, infos, frozenset(links))


class _Run:
    """What is known of the records while they are read: where each lies, and what relating them takes.

    Attributes:
        defects: Number of units that are no record, by code.
        unreadable: The defects that make the reading partial.
    """

    def __init__(
        self,
        executor: Executor,
        parts: Parts,
        progress: Callable[[int], None] | None,
        keep: Callable[[Sequence[Record]], list[Record]] | None,
    ) -> None:
        self.defects: Counter[str] = Counter()
        self.unreadable: list[Unreadable] = []
        self._executor = executor
        self._parts = parts
        self._progress = progress
        self._keep = keep
        self._seen = 0
        self._places: list[Place] = []
        self._locators: list[str] = []
        self._taken: set[str] = set()
        self._vouched: set[int] = set()
        self._lines: list[tuple[bytes, int]] = []
        self._relator = Relator()

    def read(self, number: int, source: Source, *, vouched: bool) -> tuple[int, str]:
        """Read one source to its end; return how many units it has, and the digest over all of them.

        Args:
            number: Which source it is.
            source: The source.
            vouched: Whether a custodian vouches for it.
        """
        from extract.execution.driver import cut, run

        before = self._seen
        running = hashlib.sha256()
        # What the units under way are called: one of them may come back as a failure, without its words.
        waiting: dict[int, list[tuple[str, str]]] = {}

        def units() -> Iterator[Unit]:
            for unit in source.units():
                running.update(f"{unit.raw_digest}\n".encode())
                self._seen += 1
                if self._progress is not None and self._seen % _STEP == 0:
                    self._progress(self._seen)
                yield unit

        def partitions() -> Iterator[list[Unit]]:
            for i, items in enumerate(cut(units(), lambda unit: unit.size)):
                waiting[i] = [(unit.locator, unit.raw_digest) for unit in items]
                yield items

        for piece in run(self._executor, Reading.of(source), partitions(), self._parts, None):
            for gone in [i for i in waiting if i < piece.partition]:
                del waiting[gone]
            key = piece.key or self._failed(source, *waiting[piece.partition][piece.start])
            self._take(number, key, vouched=vouched)
        return self._seen - before, running.hexdigest()

    def _failed(self, source: Source, locator: str, raw_digest: str) -> str:
        """Keep the place of a unit that no worker survives; return the part that holds it."""
        key = hashlib.sha256(f"{FAILURE}\0{locator}\0{raw_digest}".encode("utf-8", "surrogatepass")).hexdigest()
        record = of_defect(source.kind, locator, raw_digest or hashlib.sha256().hexdigest(), FAILURE)
        self._parts.write(key, recordparts.encode([record]))
        return key

    def _take(self, number: int, key: str, *, vouched: bool) -> None:
        found: list[tuple[int, Stored, Record]] = []
        for item, stored in enumerate(recordparts.decode(self._parts.read(key, recordparts.META))):
            if isinstance(stored.found, Record):
                found.append((item, stored, stored.found))
                continue
            self.defects[stored.found.code] += 1
            if stored.found.unreadable:
                self.unreadable.append(Unreadable(number, stored.found.code, stored.found.raw_digest))
        if self._keep is not None:
            kept = {id(record) for record in self._keep([record for _, _, record in found])}
            found = [each for each in found if id(each[2]) in kept]
        for item, stored, record in found:
            if vouched:
                self._vouched.add(len(self._places))
            self._places.append(Place(key, item))
            self._locators.append(self._unique(record.locator))
            self._lines.append((stored.lines, stored.own_lines))
            self._relator.add(head_of(record)._replace(words=stored.words))

    def _unique(self, locator: str) -> str:
        """Return the locator, told apart from the same base name in another source."""
        found, copy = locator, 1
        while found in self._taken:
            copy += 1
            found = f"{locator}~{copy}"
        self._taken.add(found)
        return found

    def records(self) -> Records:
        """Relate the records to each other, and return them."""
        return Records(
            self._parts,
            self._places,
            locators=self._locators,
            vouched=frozenset(self._vouched),
            relations=self._relator.finish(),
            lines=self._lines,
        )


def _file_digest(path: Path) -> str:
    """Return the SHA-256 of an export that is one file; "" for a folder, whose units are in the digest beside it."""
    if not path.is_file():
        return ""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        raise SourceError(f"{path}: cannot be read", "copy it again") from None
