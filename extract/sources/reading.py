"""Opens sources and reads them to the end: every unit becomes a record or a defect."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from extract.errors import SourceError
from extract.records import Record
from extract.sources import files, registry
from extract.sources.api import Defect, Link, ReadResult, Source, SourceInfo, Unreadable

if TYPE_CHECKING:
    from extract.authenticity import Checks
    from extract.identity import Identities


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


def read_all(
    sources: Iterable[Source],
    progress: Callable[[int], None] | None = None,
    custodian: str = "",
    keep: Callable[[Sequence[Record]], list[Record]] | None = None,
) -> ReadResult:
    """Read every unit of every source, then relate the records to each other.

    Args:
        sources: Opened sources; their order is the order of the records.
        progress: Called with the number of units seen so far, every thousand units.
        custodian: Role id of whoever vouches for the export files, or "": then nobody does.
        keep: Returns the records to go on with. It is asked before records are related to each other: what it drops
            leaves no trace in the others.

    Raises:
        SourceError: A source turned out to be damaged as a whole.
    """
    records: list[Record] = []
    defects: Counter[str] = Counter()
    unreadable: list[Unreadable] = []
    infos: list[SourceInfo] = []
    links: set[Link] = set()
    taken: set[str] = set()
    seen = 0
    for number, source in enumerate(sources):
        units = 0
        running = hashlib.sha256()
        # A live repository is no export: nobody can have vouched for what it will be tomorrow.
        vouched = bool(custodian) and (source.kind != "commit" or source.path.is_file())
        for unit in source.units():
            units += 1
            seen += 1
            if progress is not None and seen % 1000 == 0:
                progress(seen)
            running.update(f"{unit.raw_digest}\n".encode())
            found = source.read(unit)
            if isinstance(found, Defect):
                defects[found.code] += 1
                if found.unreadable:
                    unreadable.append(Unreadable(number, found.code, found.raw_digest))
                continue
            locator = found.locator
            copy = 1
            while locator in taken:
                # The same base name in two sources: the locator alone must still tell the records apart.
                copy += 1
                locator = f"{found.locator}~{copy}"
            taken.add(locator)
            if vouched and found.authenticity == "A0":
                found = replace(found, authenticity="A1")
            records.append(found if locator == found.locator else replace(found, locator=locator))
        links |= source.links
        infos.append(
            SourceInfo(
                source.kind,
                source.path,
                units,
                source.completeness,
                running.hexdigest(),
                getattr(source, "head", ""),
                _file_digest(source.path) if vouched else "",
            )
        )
    from extract.threads import relate

    if keep is not None:
        records = keep(records)
    return ReadResult(relate(records), dict(sorted(defects.items())), unreadable, infos, frozenset(links))


def _file_digest(path: Path) -> str:
    """Return the SHA-256 of an export that is one file; "" for a folder, whose units are in the digest beside it."""
    if not path.is_file():
        return ""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        raise SourceError(f"{path}: cannot be read", "copy it again") from None
