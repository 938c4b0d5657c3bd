"""What a document file says, whatever its format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from extract.personkeys import author_line_key
from extract.records import SpanKind

#: No text that a person wrote is longer; a whole book has a million characters.
MAX_CHARACTERS = 5_000_000
_SEVERAL = re.compile(r"[;&]|\band\b|,.*,|@.*@")


@dataclass(frozen=True, slots=True)
class Content:
    """A document.

    Attributes:
        text: The text; lines end in a line feed.
        stated: Per line, what the format says of it; None where it says nothing.
        author: The single author as written, or "" if there is no proof of one.
        key: The author's key, or "".
        basis: What says who the author is, or `unknown`.
        names: Names that the file carries.
        sent_at: Time of writing, UTC, or None.
        offset: Offset that the file states, minutes, or None.
        title: Title, or "".
        attachments: Files and pictures inside.
        defects: Codes of what is wrong.
        head: Lines of front matter.
    """

    text: str
    stated: tuple[SpanKind | None, ...]
    author: str = ""
    key: str = ""
    basis: str = "unknown"
    names: tuple[str, ...] = ()
    sent_at: datetime | None = None
    offset: int | None = None
    title: str = ""
    attachments: int = 0
    defects: tuple[str, ...] = ()
    head: int = 0


def single_author(stated: str, defects: list[str]) -> tuple[str, str]:
    """Return (as written, key) of an author line that names one person, otherwise two empty strings."""
    written = " ".join(stated.split())
    if _SEVERAL.search(written):
        defects.append("author.several")
        return "", ""
    if not written or len(written) > 320:
        return "", ""
    key = author_line_key(written)
    return (written, key) if key else ("", "")


def moment(stated: datetime, defects: list[str]) -> tuple[datetime | None, int | None]:
    """Return (UTC time, offset in minutes); a time without an offset is none."""
    zone = stated.utcoffset()
    if zone is None:
        defects.append("date.no_offset")
        return None, None
    try:
        return stated.astimezone(UTC), int(zone.total_seconds() // 60)
    except OverflowError:
        defects.append("date.unreadable")
        return None, None
