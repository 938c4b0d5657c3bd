"""Reads one Markdown or text file: its author and date are what the front matter states."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from extract import strictyaml
from extract.sources.content import MAX_CHARACTERS, Content, moment, single_author
from extract.sources.decoding import decode
from extract.sources.files import FileUnreadable
from extract.sources.scrub import scrub_text

_FRONT = re.compile(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_HEADING = re.compile(r"^#{1,2}[ \t]+(.{1,200}?)[ \t#]*$", re.MULTILINE)
_FRONT_LIMIT = 65_536
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def is_binary(data: bytes) -> bool:
    """Say whether the bytes are no text, whatever the name of the file says."""
    return not data.startswith(tuple(bom for bom, _ in _BOMS)) and b"\x00" in data[:8192]


def read_text(data: bytes) -> Content:
    """Return what a text file says.

    Raises:
        FileUnreadable: `file.too_long`.
    """
    charset = ""
    for bom, name in _BOMS:
        if data.startswith(bom):
            charset, data = name, data[len(bom) :]
            break
    decoded, defects = decode(data, charset, "text")
    if len(decoded) > MAX_CHARACTERS:
        raise FileUnreadable("file.too_long")
    text = scrub_text(decoded)
    front, head = _front_matter(text, defects)
    written, key = _author(front, defects)
    sent_at, offset = _date(front, defects)
    stated = front.get("title")
    heading = _HEADING.search(text, sum(len(line) + 1 for line in text.split("\n")[:head]))
    title = stated if isinstance(stated, str) else ""
    return Content(
        text=text,
        stated=(None,) * (text.count("\n") + 1),
        author=written,
        key=key,
        basis="front_matter" if key else "unknown",
        names=(written,) if written else (),
        sent_at=sent_at,
        offset=offset,
        title=title or (heading[1] if heading else ""),
        defects=tuple(defects),
        head=head,
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


def _author(front: dict[str, Any], defects: list[str]) -> tuple[str, str]:
    """Return (as written, key): one stated author, or none."""
    stated = front.get("author", front.get("authors"))
    if isinstance(stated, list) and len(stated) == 1:
        stated = stated[0]
    if isinstance(stated, list):
        defects.append("author.several")
    return single_author(stated, defects) if isinstance(stated, str) else ("", "")


def _date(front: dict[str, Any], defects: list[str]) -> tuple[datetime | None, int | None]:
    """Return (UTC time, offset in minutes); a day is no moment, and gates over hours must not take it for midnight."""
    stated = front.get("date")
    if isinstance(stated, str):
        try:
            stated = datetime.fromisoformat(stated.strip())
        except ValueError:
            defects.append("date.unreadable")
            return None, None
    if isinstance(stated, datetime):
        return moment(stated, defects)
    if isinstance(stated, date):
        defects.append("date.no_time")
    else:
        defects.append("date.missing" if stated is None else "date.unreadable")
    return None, None
