"""Reads a folder of Markdown and text files; without a stated single author a document has none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from extract import strictyaml
from extract.errors import SourceError
from extract.personkeys import author_line_key
from extract.records import Record, SourceKind
from extract.sources import files
from extract.sources.api import Defect, Link, Unit
from extract.sources.decoding import decode
from extract.spans import split_document

_SUFFIXES = {".md", ".markdown", ".mdown", ".txt", ".text", ".rst", ".adoc"}
_FRONT = re.compile(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_HEADING = re.compile(r"^#{1,2}[ \t]+(.{1,200}?)[ \t#]*$", re.MULTILINE)
_FRONT_LIMIT = 65_536
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


class _File(NamedTuple):
    data: bytes
    defect: str
    unreadable: bool


class DocumentSource:
    """A folder of Markdown and text files, or one of them.

    Attributes:
        path: The path as typed.
    """

    kind: SourceKind = "document"
    completeness = "folder.as_found"
    links: frozenset[Link] = frozenset()

    def __init__(self, path: Path) -> None:
        """Open the path.

        Raises:
            SourceError: Nothing is there, or it cannot be opened.
        """
        files.require(path, "a folder of Markdown and text files")
        if path.is_file() and path.suffix.lower() not in _SUFFIXES:
            raise SourceError(f"{path}: not a Markdown or text file", "known: " + " ".join(sorted(_SUFFIXES)))
        self.path = path
        self.name = path.name or path.resolve().name

    def units(self) -> Iterator[Unit]:
        """Yield the files by path; what is no text is a unit too, and becomes a defect."""
        if self.path.is_file():
            yield self._unit(self.path, self.name, "")
            return
        for entry in files.walk(self.path):
            hidden = any(part.startswith(".") for part in PurePosixPath(entry.relative).parts)
            if hidden and not entry.defect:
                yield Unit(entry.relative, "", _File(b"", "file.hidden", unreadable=False))
            else:
                yield self._unit(entry.path, entry.relative, entry.defect)

    def _unit(self, path: Path, locator: str, defect: str) -> Unit:
        if defect:
            return Unit(locator, "", _File(b"", defect, unreadable=True))
        try:
            data = files.read_bytes(path)
        except files.FileUnreadable as error:
            return Unit(locator, "", _File(b"", error.code, unreadable=True))
        if path.suffix.lower() not in _SUFFIXES:
            return Unit(locator, files.digest(data), _File(b"", "file.unsupported", unreadable=False))
        return Unit(locator, files.digest(data), _File(data, "", unreadable=False))

    def read(self, unit: Unit) -> Record | Defect:
        """Return the file's record."""
        file: _File = unit.payload
        if file.defect:
            return Defect(unit.locator, unit.raw_digest, file.defect, file.unreadable)
        charset, data = "", file.data
        for bom, name in _BOMS:
            if data.startswith(bom):
                charset, data = name, data[len(bom) :]
                break
        if not charset and b"\x00" in data[:8192]:
            return Defect(unit.locator, unit.raw_digest, "file.binary", unreadable=False)
        text, defects = decode(data, charset, "text")
        front, head = _front_matter(text, defects)
        written, key, basis = _author(front, defects)
        sent_at, offset = _date(front, defects)
        title = front.get("title") if isinstance(front.get("title"), str) else None
        heading = _HEADING.search(text, sum(len(line) + 1 for line in text.split("\n")[:head]))
        return Record(
            source_kind="document",
            locator=unit.locator,
            raw_digest=unit.raw_digest,
            container=PurePosixPath(unit.locator).parent.name or self.name,
            container_kind="document",
            author_key=key,
            author_raw=written,
            author_basis=basis,
            recipients=(),
            names_seen=(written,) if written else (),
            labels=PurePosixPath(unit.locator).parts[:-1],
            sent_at=sent_at,
            tz_offset_min=offset,
            tz_basis="header" if offset else "unknown",
            thread_id=f"document:{unit.raw_digest}",
            parent_id="",
            title=title or (heading[1] if heading else PurePosixPath(unit.locator).stem),
            text=text,
            spans=split_document(text, key, head),
            parse_defects=tuple(dict.fromkeys(defects)),
        )


def _front_matter(text: str, defects: list[str]) -> tuple[dict[str, Any], int]:
    """Return the front matter and how many lines it takes."""
    match = _FRONT.match(text[:_FRONT_LIMIT])
    if match is None:
        return {}, 0
    try:
        loaded = strictyaml.parse(match[1])
    except strictyaml.YamlError:
        # Broken front matter is common and harmless: the document then has no author.
        defects.append("front_matter.unreadable")
        loaded = None
    lines = match[0].count("\n")
    return (loaded if isinstance(loaded, dict) else {}), lines


def _author(front: dict[str, Any], defects: list[str]) -> tuple[str, str, str]:
    """Return (as written, key, basis): one stated author, or none."""
    stated = front.get("author", front.get("authors"))
    if isinstance(stated, list) and len(stated) == 1:
        stated = stated[0]
    if isinstance(stated, list) or (isinstance(stated, str) and re.search(r"[;&]|\band\b|,.*,|@.*@", stated)):
        defects.append("author.several")
        return "", "", "unknown"
    if not isinstance(stated, str) or not stated.strip() or len(stated) > 320:
        return "", "", "unknown"
    written = " ".join(stated.split())
    return written, author_line_key(written), "front_matter"


def _date(front: dict[str, Any], defects: list[str]) -> tuple[datetime | None, int | None]:
    """Return (UTC time, offset in minutes); a date without a time counts as midnight UTC and says so."""
    stated = front.get("date")
    if isinstance(stated, str):
        try:
            stated = datetime.fromisoformat(stated.strip())
        except ValueError:
            defects.append("date.unreadable")
            return None, None
    if isinstance(stated, datetime):
        if stated.tzinfo is None:
            defects.append("date.no_offset")
            return None, None
        zone = stated.utcoffset()
        return stated.astimezone(UTC), None if zone is None else int(zone.total_seconds() // 60)
    if isinstance(stated, date):
        defects.append("date.no_time")
        return datetime(stated.year, stated.month, stated.day, tzinfo=UTC), None
    defects.append("date.missing" if stated is None else "date.unreadable")
    return None, None
