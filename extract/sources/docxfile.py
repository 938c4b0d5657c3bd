"""Reads a Word document (docx): its words, and who wrote them where the file proves one person alone."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from extract.records import SpanKind
from extract.sources import archive
from extract.sources.content import MAX_CHARACTERS, Content, moment, single_author
from extract.sources.decoding import clean
from extract.sources.files import FileUnreadable
from extract.sources.scrub import scrub_text

#: OLE compound file: an old .doc, or a docx that Word encrypted.
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAX_PARTS = 10_000
MAX_XML = 48 * 1024**2
MAX_UNPACKED = 512 * 1024**2
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_W15 = "{http://schemas.microsoft.com/office/word/2012/wordml}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_TEXT_BOX = f"{_W}txbxContent"
#: Not what the author left standing: struck out, moved away, codes of fields, and a second copy of drawings.
_SKIPPED = {f"{_W}{n}" for n in ("del", "moveFrom", "instrText", "delText", "delInstrText", "rPr", "pPr")} | {
    _FALLBACK,
    _TEXT_BOX,
}
_BREAKS = {f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}tab": "\t", f"{_W}noBreakHyphen": "-"}
#: Built-in styles keep these names in every language of Word; the last is LibreOffice's.
_QUOTES = {"quote", "intense quote", "quote char", "intense quote char", "block text", "quotations"}
#: What programs write where nobody has given a name; Word writes `Author` when names are removed.
_NOBODY = {"author", "user", "owner", "admin", "administrator", "unknown", "python-docx", "microsoft office user",
           "microsoft account", "windows user", "apache poi", "openxml", "test"}  # fmt: skip
#: Parts beside the body, by the end of their content type, and the kind of their words.
_BESIDE: dict[str, SpanKind] = {
    "header+xml": "footer", "footer+xml": "footer", "footnotes+xml": "unknown", "endnotes+xml": "unknown",
}  # fmt: skip


def read_docx(data: bytes) -> Content:
    """Return what a Word document says.

    The author is proven if the properties name one person as author and as the last who modified it, and no tracked
    change, comment or list of people names anybody else. Words of a document with several authors cannot be told
    apart once changes were accepted, so all of it is then held.

    Raises:
        FileUnreadable: `file.encrypted`, `file.damaged`, `file.refused` or `file.too_long`.
    """
    _check(data)
    import docx

    try:
        return _content(docx.Document(io.BytesIO(data)))
    except FileUnreadable:
        raise
    except Exception:
        # python-docx lets whatever a broken part provokes through: KeyError, ValueError, errors of lxml and zlib.
        raise FileUnreadable("file.damaged") from None


def _check(data: bytes) -> None:
    """Refuse a zip that is encrypted, damaged or unpacks to more than a document holds, before it is unpacked."""
    if data.startswith(OLE):
        encrypted = "EncryptedPackage".encode("utf-16-le") in data
        raise FileUnreadable("file.encrypted" if encrypted else "file.damaged")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            infos = packed.infolist()
    except Exception:
        # zipfile lets struct.error, IndexError and others through on a directory made to break it.
        raise FileUnreadable("file.damaged") from None
    if any(i.flag_bits & 0x1 for i in infos):
        raise FileUnreadable("file.encrypted")
    if (
        len(infos) > MAX_PARTS
        or len({i.filename for i in infos}) != len(infos)
        or sum(i.file_size for i in infos) > MAX_UNPACKED
        # Entries that share compressed bytes add up to more than the file.
        or sum(i.compress_size for i in infos) > len(data)
        or any(
            (i.file_size > MAX_XML and i.filename.casefold().endswith((".xml", ".rels")))
            or (i.file_size > archive.RATIO_FROM and i.file_size > archive.MAX_RATIO * max(i.compress_size, 1))
            for i in infos
        )
    ):
        raise FileUnreadable("file.refused")


def _content(document: Any) -> Content:
    from docx.oxml import parse_xml

    defects: list[str] = []
    lines: list[tuple[str, SpanKind | None]] = []
    quotes = _quote_styles(document.styles.element)
    body = document.element.body
    lines += _blocks(body, quotes)
    for box in body.iter(_TEXT_BOX):
        # Callouts are the author's or a quotation: the file does not say.
        if not any(a.tag in _SKIPPED for a in box.iterancestors()):
            lines += [(line, "unknown") for line, _ in _blocks(box, quotes)]
    hands = _hands(body)
    attachments = 0
    for part in sorted(document.part.package.iter_parts(), key=lambda p: str(p.partname)):
        if part is document.part:
            continue
        if not part.content_type.endswith("xml"):
            attachments += not part.partname.startswith("/docProps/")
            continue
        tree = parse_xml(part.blob)
        hands |= _hands(tree)
        for ending, kind in _BESIDE.items():
            if part.content_type.endswith(ending):
                for block in tree if ending.endswith("notes+xml") else [tree]:
                    lines += [(line, kind) for line, _ in _blocks(block, quotes) if line.strip()]
    text, stated = _joined(lines, defects)
    properties = document.core_properties
    author, key = _proven(properties.author, properties.last_modified_by, hands, defects)
    sent_at, offset = _date(properties, defects)
    names = {clean(" ".join(n.split()))[0][:320] for n in (*hands, properties.author, properties.last_modified_by)}
    return Content(
        text=text,
        stated=stated,
        author=author,
        key=key,
        basis="docx.properties" if key else "unknown",
        names=tuple(sorted(names - {""})),
        sent_at=sent_at,
        offset=offset,
        title=clean(" ".join(properties.title.split()))[0][:200],
        attachments=attachments,
        defects=tuple(defects),
    )


def _quote_styles(styles: Any) -> set[str]:
    """Return the ids of the styles that are quotations or based on one."""
    names: dict[str, str] = {}
    based: dict[str, str] = {}
    for style in styles.iter(f"{_W}style"):
        ident = style.get(f"{_W}styleId") or ""
        for child in style:
            if child.tag == f"{_W}name":
                names[ident] = (child.get(f"{_W}val") or "").casefold()
            elif child.tag == f"{_W}basedOn":
                based[ident] = child.get(f"{_W}val") or ""
    found = {ident for ident, name in names.items() if name in _QUOTES}
    for _ in range(10):
        # Styles may refer to each other in a circle.
        found |= {ident for ident, parent in based.items() if parent in found}
    return found


def _blocks(parent: Any, quotes: set[str]) -> Iterator[tuple[str, SpanKind | None]]:
    """Yield the paragraphs and table rows below an element, with `quoted` where the style says so."""
    for child in parent:
        if not isinstance(child.tag, str) or child.tag in _SKIPPED:
            continue
        if child.tag == f"{_W}p":
            yield _words(child), "quoted" if _is_quote(child, quotes) else None
        elif child.tag == f"{_W}tr":
            # A cell may hold another table, whose cells are part of its own.
            cells = [
                list(_blocks(cell, quotes))
                for cell in child.iter(f"{_W}tc")
                if next(cell.iterancestors(f"{_W}tr")) is child
            ]
            quoted = any(kind == "quoted" for cell in cells for _, kind in cell)
            yield "\t".join(" ".join(line for line, _ in cell) for cell in cells), "quoted" if quoted else None
        else:
            # Tables, content controls, inserted or moved blocks, custom XML: what counts is inside.
            yield from _blocks(child, quotes)


def _is_quote(paragraph: Any, quotes: set[str]) -> bool:
    used = (e.get(f"{_W}val") for n in ("pStyle", "rStyle") for e in paragraph.iter(f"{_W}{n}"))
    return any(style in quotes for style in used)


def _words(element: Any) -> str:
    """Return the visible text of a paragraph."""
    parts: list[str] = []
    for child in element:
        if child.tag == f"{_W}t":
            parts.append(child.text or "")
        elif child.tag in _BREAKS:
            parts.append(_BREAKS[child.tag])
        elif isinstance(child.tag, str) and child.tag not in _SKIPPED and not _is_hidden(child):
            parts.append(_words(child))
    return "".join(parts)


def _is_hidden(run: Any) -> bool:
    return any(
        e.get(f"{_W}val") not in ("0", "false", "off") for p in run.findall(f"{_W}rPr") for e in p.iter(f"{_W}vanish")
    )


def _hands(tree: Any) -> set[str]:
    """Return who a part says changed or commented on the document."""
    return {
        name.strip()
        for element in tree.iter()
        if isinstance(element.tag, str)
        for name in (element.get(f"{_W}author"), element.get(f"{_W15}author"))
        if name and name.strip()
    }


def _joined(lines: list[tuple[str, SpanKind | None]], defects: list[str]) -> tuple[str, tuple[SpanKind | None, ...]]:
    if sum(len(line) + 1 for line, _ in lines) > MAX_CHARACTERS:
        raise FileUnreadable("file.too_long")
    texts: list[str] = []
    stated: list[SpanKind | None] = []
    for line, kind in lines:
        words, more = clean(line, "text")
        defects += more
        words = scrub_text(words)
        texts.append(words)
        stated += [kind] * (words.count("\n") + 1)
    return "\n".join(texts), tuple(stated) or (None,)


def _proven(author: str, modifier: str, hands: set[str], defects: list[str]) -> tuple[str, str]:
    """Return (as written, key) of the one person who wrote all of it, or two empty strings."""
    everybody = {" ".join(n.split()).casefold() for n in (author, modifier, *hands)}
    if len(everybody - {""}) > 1:
        defects.append("author.several")
        return "", ""
    if len(everybody) != 1 or everybody & _NOBODY:
        return "", ""
    return single_author(clean(author)[0], defects)


def _date(properties: Any, defects: list[str]) -> tuple[datetime | None, int | None]:
    """Return (UTC time, offset in minutes) of the last change, if the file writes an offset (python-docx adds one)."""
    element = properties._element.find("{http://purl.org/dc/terms/}modified")
    stated = (element.text or "").strip() if element is not None else ""
    if not stated:
        defects.append("date.missing")
        return None, None
    try:
        return moment(datetime.fromisoformat(stated), defects)
    except ValueError:
        defects.append("date.unreadable")
        return None, None
