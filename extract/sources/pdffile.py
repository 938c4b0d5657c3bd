"""Reads the text of a PDF: never with an author, as no field of a PDF says who wrote or changed its words."""

from __future__ import annotations

import re
import zlib
from bisect import bisect_left
from datetime import datetime, timedelta, timezone
from typing import Any

from extract.sources import archive
from extract.sources.content import MAX_CHARACTERS, Content, moment
from extract.sources.decoding import clean
from extract.sources.files import FileUnreadable
from extract.sources.scrub import scrub_text

MAGIC = b"%PDF-"
MAX_PAGES = 3000
#: Page descriptions are a few megabytes at most; pdfium needs a hundred times their size.
MAX_STREAM = 32 * 1024**2
MAX_STREAMS = 100_000
MAX_UNPACKED = 1024**3
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_END = re.compile(rb"endstream")
_STEP, _PIECE = 1024**2, 16 * 1024
#: pdfium marks a hyphen at the end of a line, which belongs to no word, by one of these.
_SOFT_HYPHEN = re.compile("[\x02\ufffe]\n?")
#: ISO 32000-2 §7.9.4.
_DATE = re.compile(
    r"(?:D:)?(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:(Z)(?:00'?00'?)?|([+-])(\d\d)'?(?:(\d\d)'?)?)?\s*\Z"
)


def read_pdf(data: bytes) -> Content:
    """Return what a PDF says.

    `Author` is what the program that made the file was told, often the owner of the machine or of a template, and a
    PDF does not say who else had a hand in it. So the author is unknown and the document is held.

    Raises:
        FileUnreadable: `file.encrypted`, `file.damaged`, `file.refused`, `file.too_many_pages` or `file.too_long`.
    """
    _check(data)
    import pypdfium2  # type: ignore[import-untyped,unused-ignore]

    raw = pypdfium2.raw
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        locked = error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
        raise FileUnreadable("file.encrypted" if locked else "file.damaged") from None
    try:
        # A file that opens without a password, but forbids copying, is encrypted too: it is respected.
        if raw.FPDF_GetSecurityHandlerRevision(document) != -1:
            raise FileUnreadable("file.encrypted")
        return _content(document, pypdfium2)
    finally:
        document.close()


def _check(data: bytes) -> None:
    """Refuse a file with a stream that unpacks to a bomb; pictures may, as a white page packs a thousandfold."""
    ends = [match.start() for match in _END.finditer(data)]
    view = memoryview(data)
    total = 0
    for number, match in enumerate(_STREAM.finditer(data)):
        about = data[max(match.start() - 500, 0) : match.start()].rpartition(b"obj")[2]
        if b"/Image" in about:
            continue
        after = bisect_left(ends, match.end())
        packed = view[match.end() : ends[after] if after < len(ends) else len(data)]
        most = min(MAX_STREAM, max(archive.RATIO_FROM, archive.MAX_RATIO * len(packed)))
        size = _unpacked(packed, most)
        total += size
        # Packed twice: no program does that.
        twice = about.count(b"/FlateDecode") + about.count(b"/LZWDecode") > 1
        if twice or size > most or total > MAX_UNPACKED or number > MAX_STREAMS:
            raise FileUnreadable("file.refused")


def _unpacked(packed: memoryview, most: int) -> int:
    """Return how many bytes a stream unpacks to; one step more than `most` is enough to know."""
    unpacking = zlib.decompressobj()
    size = 0
    try:
        # In small pieces, as zlib copies what it did not take.
        for start in range(0, len(packed), _PIECE):
            rest = bytes(packed[start : start + _PIECE])
            while rest and size <= most:
                size += len(unpacking.decompress(rest, _STEP))
                rest = unpacking.unconsumed_tail
            if size > most or unpacking.eof:
                break
    except zlib.error:
        # Another filter, or none, or damaged.
        pass
    return size


def _content(document: Any, pdfium: Any) -> Content:
    if len(document) > MAX_PAGES:
        raise FileUnreadable("file.too_many_pages")
    defects: list[str] = []
    pages: list[str] = []
    total = 0
    pictures = document.count_attachments()
    for number in range(len(document)):
        try:
            page = document[number]
        except pdfium.PdfiumError:
            defects.append("page.unreadable")
            continue
        try:
            words = page.get_textpage()
            if total + words.count_chars() > MAX_CHARACTERS:
                raise FileUnreadable("file.too_long")
            found = words.get_text_range()
            words.close()
            pictures += sum(1 for _ in page.get_objects(filter=[pdfium.raw.FPDF_PAGEOBJ_IMAGE], max_depth=3))
        except pdfium.PdfiumError:
            defects.append("page.unreadable")
            continue
        finally:
            page.close()
        text, more = clean(found, "text")
        defects += more
        total += len(text)
        pages.append(_SOFT_HYPHEN.sub("", text))
    text = scrub_text("\n".join(pages))
    if not text.strip() and len(document):
        # A scan: there is something to read, and it is not text.
        defects.append("text.none")
    sent_at, offset = _date(document.get_metadata_value("ModDate") or "", defects)
    author = " ".join(clean(document.get_metadata_value("Author") or "")[0].split())[:320]
    return Content(
        text=text,
        stated=(None,) * (text.count("\n") + 1),
        names=(author,) if author else (),
        sent_at=sent_at,
        offset=offset,
        title=" ".join(clean(document.get_metadata_value("Title") or "")[0].split())[:200],
        attachments=pictures,
        defects=tuple(defects),
    )


def _date(stated: str, defects: list[str]) -> tuple[datetime | None, int | None]:
    """Return (UTC time, offset in minutes) of a PDF date."""
    match = _DATE.match(stated)
    if match is None:
        defects.append("date.unreadable" if stated else "date.missing")
        return None, None
    *parts, universal, sign, hours, minutes = match.groups()
    zone = timezone(timedelta(0)) if universal else None
    try:
        if sign:
            away = timedelta(hours=int(hours), minutes=int(minutes or 0))
            zone = timezone(-away if sign == "-" else away)
        year, month, day, hour, minute, second = (int(p or 0) for p in parts)
        stamp = datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        defects.append("date.unreadable")
        return None, None
    return moment(stamp, defects)
