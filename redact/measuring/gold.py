"""Annotated texts: reads them strictly, and tells which half a text belongs to."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from redact.errors import GoldError
from redact.folding import clean


class Mark(NamedTuple):
    """A stretch that somebody or something marked.

    Attributes:
        start: First character.
        end: One past the last character.
        label: What it is.
        entity: Whom it means (gold) or the token that it got (prediction), or "".
    """

    start: int
    end: int
    label: str
    entity: str = ""


@dataclass(frozen=True, slots=True)
class Gold:
    """One annotated text.

    Attributes:
        id: Its id.
        text: The text.
        marks: The annotations.
        origin: Where the names in it come from, or "".
    """

    id: str
    text: str = field(repr=False)
    marks: tuple[Mark, ...] = field(repr=False)
    origin: str = ""

    @property
    def held_out(self) -> bool:
        """Whether the text belongs to the half that no rule was made on, by the hash of its id."""
        return hashlib.sha256(self.id.encode("utf-8", "surrogatepass")).digest()[0] % 2 == 0


#: Annotation schemes name the same thing differently.
_KINDS = {
    "PER": "PERSON",
    "USERNAME": "HANDLE",
    "EMAIL": "EMAIL_ADDRESS",
    "PHONE": "PHONE_NUMBER",
    "ORG": "ORGANIZATION",
    "LOC": "LOCATION",
    "GPE": "LOCATION",
    "NORP": "NRP",
    "IBAN": "IBAN_CODE",
    "IP": "IP_ADDRESS",
    "US_SSN": "ID",
    "US_DRIVER_LICENSE": "ID",
    "US_PASSPORT": "ID",
    "US_ITIN": "ID",
    "STREET_ADDRESS": "ADDRESS",
    "ZIP_CODE": "ADDRESS",
}

_FORM = (
    'each line is an object with "id", "text" and "spans", a list of objects with "start", "end", "label" and, for '
    'people, "eid"; offsets count characters'
)
_LABEL = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_ORIGIN = re.compile(r"\w[\w ,()/-]{0,39}")


def kind(label: str) -> str:
    """Return the kind of a label: annotation schemes name the same thing differently."""
    return _KINDS.get(label.upper(), label.upper())


def read_gold(path: Path) -> list[Gold]:
    """Return the annotated texts of a JSONL file, as redaction reads them: without what nobody sees.

    A line holds `id`, `text` and `spans`; a span `start`, `end` (characters, end exclusive), `label` and perhaps
    `eid`, the same for all mentions of one person in the text. `origin` of a text is optional; other fields are
    passed over.

    Raises:
        GoldError: If the file cannot be read or is of another form. The message names the line, never its text.
    """
    try:
        lines = path.read_bytes().decode("utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise GoldError(f"{path} is not UTF-8", "annotated texts are JSON, one object in each line") from None
    except OSError:
        raise GoldError(f"{path} cannot be read", "give the path of a JSONL file") from None
    out: list[Gold] = []
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        gold = _gold(line, where)
        if gold.id in seen:
            raise GoldError(f"{where}: the id was there before", "an id may stand in one line only")
        seen.add(gold.id)
        out.append(gold)
    if not out:
        raise GoldError(f"{path} holds no text", _FORM)
    return out


def _gold(line: str, where: str) -> Gold:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        raise GoldError(f"{where} is not JSON", _FORM) from None
    if not isinstance(row, dict):
        _wrong(where, "is no object")
    text, spans, origin = row.get("text"), row.get("spans"), row.get("origin", "")
    if isinstance(row.get("id"), bool) or not isinstance(row.get("id"), str | int) or row["id"] == "":
        _wrong(where, 'has no "id"')
    if not isinstance(text, str):
        _wrong(where, 'has no "text"')
    if not isinstance(spans, list):
        _wrong(where, 'has no list "spans"')
    if not isinstance(origin, str) or (origin and not _ORIGIN.fullmatch(origin)):
        _wrong(where, 'has an "origin" that is no short name')
    cleaned = clean(text)
    marks = dict.fromkeys(_mark(span, text, cleaned, f"{where}, span {n}") for n, span in enumerate(spans, 1))
    # A stretch of nothing but invisible characters has nothing that could leak.
    return Gold(str(row["id"]), cleaned, tuple(m for m in marks if m.start < m.end), origin)


def _mark(span: Any, text: str, cleaned: str, where: str) -> Mark:
    if not isinstance(span, dict):
        _wrong(where, "is no object")
    start, end, label, entity = (span.get(key) for key in ("start", "end", "label", "eid"))
    if not isinstance(start, int) or not isinstance(end, int) or isinstance(start, bool) or isinstance(end, bool):
        _wrong(where, 'has no whole numbers "start" and "end"')
    if not isinstance(label, str) or not _LABEL.fullmatch(label):
        _wrong(where, 'has no "label" of letters, digits and low lines')
    if not isinstance(entity, str | int | None):
        _wrong(where, 'has an "eid" that is neither text nor number')
    if not 0 <= start < end <= len(text):
        raise GoldError(
            f"{where}: {start} to {end} is outside its text of {len(text)} characters, or empty",
            "offsets count characters (code points), not bytes or UTF-16 units",
        )
    if cleaned != text:
        start, end = len(clean(text[:start])), len(clean(text[:end]))
    return Mark(start, end, kind(label), "" if entity is None else str(entity))


def _wrong(where: str, what: str) -> NoReturn:
    raise GoldError(f"{where} {what}", _FORM)
