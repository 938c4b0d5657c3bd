"""Reads a folder of documents: Markdown and text, Word, PDF; without a proven single author a document has none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from extract.errors import SourceError
from extract.records import Record, SourceKind
from extract.sources import files
from extract.sources.api import Defect, Link, Unit
from extract.sources.content import Content
from extract.sources.docxfile import read_docx
from extract.sources.linekinds import lay
from extract.sources.pdffile import MAGIC, read_pdf
from extract.sources.scrub import scrub_bytes
from extract.sources.textfile import is_binary, read_text
from extract.spans import split_document

_TEXTS = (".adoc", ".markdown", ".md", ".mdown", ".rst", ".text", ".txt")
#: Bytes of the largest file that is read, by kind. Text of this size is a log or a dump.
_LIMITS = {**dict.fromkeys(_TEXTS, 16 * 1024**2), ".docx": 64 * 1024**2, ".pdf": 64 * 1024**2}
#: A folder is looked at this far to tell what it is.
_DETECT_LIMIT = 2000


class _File(NamedTuple):
    data: bytes
    suffix: str
    defect: str
    unreadable: bool


class DocumentSource:
    """A folder of documents, or one of them.

    Attributes:
        path: The path as typed.
    """

    kind: SourceKind = "document"
    completeness = "folder.as_found"
    links: frozenset[Link] = frozenset()

    @classmethod
    def detect(cls, path: Path) -> bool:
        """Say whether the path is a document or a folder that holds one."""
        try:
            if path.is_file():
                return path.suffix.lower() in _LIMITS
            for number, entry in enumerate(path.rglob("*")):
                if entry.suffix.lower() in _LIMITS and entry.is_file():
                    return True
                if number >= _DETECT_LIMIT:
                    break
        except OSError:
            pass
        return False

    def __init__(self, path: Path) -> None:
        """Open the path.

        Raises:
            SourceError: Nothing is there, or it cannot be opened.
        """
        files.require(path, "a folder of documents")
        if path.is_file() and path.suffix.lower() not in _LIMITS:
            raise SourceError(f"{path}: not a document that can be read", "known: " + " ".join(sorted(_LIMITS)))
        self.path = path
        self.name = path.name or path.resolve().name

    def units(self) -> Iterator[Unit]:
        """Yield the files by path; what is no document is a unit too, and becomes a defect."""
        if self.path.is_file():
            yield self._unit(self.path, self.name, "")
            return
        for entry in files.walk(self.path):
            hidden = any(part.startswith(".") for part in PurePosixPath(entry.relative).parts)
            if hidden and not entry.defect:
                yield _refused(entry.relative, "file.hidden", unreadable=False)
            else:
                yield self._unit(entry.path, entry.relative, entry.defect)

    def _unit(self, path: Path, locator: str, defect: str) -> Unit:
        if defect:
            return _refused(locator, defect)
        suffix = path.suffix.lower()
        try:
            if suffix not in _LIMITS:
                return _refused(locator, "file.unsupported", _digest(path), unreadable=False)
            data = files.read_bytes(path, _LIMITS[suffix])
        except files.FileUnreadable as error:
            return _refused(locator, error.code)
        if suffix in _TEXTS:
            data = scrub_bytes(data)
        return Unit(locator, files.digest(data), _File(data, suffix, "", unreadable=False), len(data))

    def read(self, unit: Unit) -> Record | Defect:
        """Return the file's record."""
        file: _File = unit.payload
        if file.defect:
            return Defect(unit.locator, unit.raw_digest, file.defect, file.unreadable)
        try:
            if file.suffix == ".docx":
                content = read_docx(file.data)
            elif file.suffix == ".pdf" or file.data.startswith(MAGIC):
                content = read_pdf(file.data)
            elif is_binary(file.data):
                return Defect(unit.locator, unit.raw_digest, "file.binary", unreadable=False)
            else:
                content = read_text(file.data)
        except files.FileUnreadable as error:
            return Defect(unit.locator, unit.raw_digest, error.code, unreadable=True)
        return self._record(unit, content)

    def _record(self, unit: Unit, content: Content) -> Record:
        place = PurePosixPath(unit.locator)
        spans = split_document(content.text, content.key, content.head)
        if any(content.stated):
            spans = lay(content.text, spans, content.stated, content.key)
        return Record(
            source_kind="document",
            locator=unit.locator,
            raw_digest=unit.raw_digest,
            container=place.parent.name or self.name,
            container_kind="document",
            author_key=content.key,
            author_raw=content.author,
            author_basis=content.basis,
            recipients=(),
            names_seen=content.names,
            labels=place.parts[:-1],
            sent_at=content.sent_at,
            tz_offset_min=content.offset,
            tz_basis="header" if content.offset else "unknown",
            thread_id=f"document:{unit.raw_digest}",
            parent_id="",
            title=content.title or place.stem,
            text=content.text,
            spans=spans,
            attachments=content.attachments,
            parse_defects=tuple(dict.fromkeys(content.defects)),
        )


def _refused(locator: str, code: str, digest: str = "", *, unreadable: bool = True) -> Unit:
    return Unit(locator, digest, _File(b"", "", code, unreadable), 256)


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except PermissionError:
        raise files.FileUnreadable("file.permission_denied") from None
    except OSError:
        raise files.FileUnreadable("file.unreadable") from None
