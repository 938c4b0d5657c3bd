"""Reads the text files: entries of `field: value` lines, a blank line and a body, parted by lines of `%%`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

#: The readers count mails of a file and messages of a day from one, as a person would.
FIRST = 1

TAKEN_WHY = "Her own words about the work, in working hours, in an allowed source."


@dataclass(frozen=True, slots=True)
class Entry:
    """One hand-written record."""

    fields: dict[str, str]
    body: str

    def __getitem__(self, name: str) -> str:
        """Return a field that every such entry has."""
        return self.fields[name]

    def get(self, name: str, default: str = "") -> str:
        """Return a field, or the default."""
        return self.fields.get(name, default)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the key: what should become of a record, and why.

    Attributes:
        source: The file of the workplace that it is in.
        locator: Where in it.
        by: `subject`, `other` or `unknown`.
        reasons: Names of gates; none where it is taken.
        why: One sentence.
        when: Time of writing.
        words: What the text file says, before quotes are put in.
    """

    source: str
    locator: str
    by: str
    reasons: tuple[str, ...]
    why: str
    when: datetime | None = None
    words: str = ""

    @property
    def outcome(self) -> str:
        """`taken` where nothing speaks against it."""
        return "left_out" if self.reasons else "taken"


def read(folder: Path, pattern: str) -> list[Entry]:
    """Return the entries of all text files of the folder that match, in order of file name."""
    entries = []
    for path in sorted(folder.glob(pattern)):
        for chunk in path.read_text(encoding="utf-8").split("\n%%\n"):
            if not chunk.strip():
                continue
            head, _, body = chunk.strip("\n").partition("\n\n")
            fields = {}
            for line in head.splitlines():
                if line.startswith("//"):
                    continue
                name, sep, value = line.partition(":")
                if not sep:
                    raise ValueError(f"{path.name}: not a field: {line!r}")
                fields[name.strip()] = value.strip()
            entries.append(Entry(fields, body.strip("\n")))
    return entries


def judged(key: str, why: str, *, own: bool, author: str) -> tuple[tuple[str, ...], str]:
    """Return reasons and sentence of a judgement as written; what is not written is the plain case.

    The plain case: the subject's own record is taken, anybody else's is left out as a third party's.
    """
    if key == "taken":
        return (), why or TAKEN_WHY
    if key:
        if not why:
            raise ValueError(f"a judgement without a reason: {key}")
        return tuple(sorted(k.strip() for k in key.split(","))), why
    if own:
        return (), why or TAKEN_WHY
    return ("record.third_party",), why or f"Written by {author}."
