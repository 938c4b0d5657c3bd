"""Sentences about feelings: finds them by word lists, counts them, and cuts them out."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from extract import lexicon

if TYPE_CHECKING:
    from extract.records import Record

#: Where a sentence ends: stops with what closes after them, before a space; full-width stops; a blank line.
_END = re.compile(r"[.!?…]+[\"')\]»”’]*(?=\s)|[。！？；]+[」』”’）]*|\n[ \t]*(?=\n)")
_ABBREVIATION = re.compile(
    r"\b(?:e\.g|i\.e|z\. ?b|d\. ?h|u\. ?a|bzw|usw|etc|vs|approx|ca|dr|mr|mrs|ms|prof|st|nr|vgl|ggf|inkl|evtl)\.\Z",
    re.IGNORECASE,
)
#: A line that ends before this column was ended by its writer, not by a mail program.
_WRAPPED = 50


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    lists = lexicon.load("emotion")
    frames = lexicon.frames(lists["frames"], lists["lists"])
    always = lexicon.words(lists["always"])
    return lexicon.words(lists["harmless"]), re.compile(f"{frames.pattern}|{always.pattern}")


def sentences(text: str) -> list[str]:
    """Return the text cut into sentences, each with the space behind it: joined they are the text again."""
    ends = {m.end() for m in _END.finditer(text) if not _ABBREVIATION.search(text[: m.end()][-12:])}
    start = 0
    for line in text.split("\n")[:-1]:
        stop = start + len(line) + 1
        if line.strip() and len(line) < _WRAPPED:
            ends.add(stop)
        start = stop
    pieces: list[str] = []
    start = 0
    for end in sorted({*ends, len(text)}):
        # The space between two sentences belongs to the first.
        while end < len(text) and text[end].isspace():
            end += 1
        if end > start:
            pieces.append(text[start:end])
            start = end
    return pieces


def about_feelings(sentence: str) -> bool:
    """Say whether a sentence tells of somebody's feelings."""
    harmless, feeling = _patterns()
    return feeling.search(harmless.sub(" ... ", lexicon.plain(sentence))) is not None


def measure(text: str) -> int:
    """Return how many characters of a text stand in sentences about feelings."""
    # Most texts have none; one search over all of it is cheaper than cutting it first.
    if not about_feelings(text):
        return 0
    return sum(len(piece) for piece in sentences(text) if about_feelings(piece))


def cut(text: str) -> tuple[str, int]:
    """Return the text without its sentences about feelings, and how many there were."""
    if not about_feelings(text):
        return text, 0
    pieces = sentences(text)
    kept = [piece for piece in pieces if not about_feelings(piece)]
    return "".join(kept).strip(), len(pieces) - len(kept)


def own_words(record: Record) -> tuple[str, int]:
    """Return the author's own words without sentences about feelings, and how many sentences were cut out."""
    parts, count = [], 0
    for span in record.spans:
        if span.kind == "own" and (part := record.text[span.start : span.end].strip()):
            kept, found = cut(part)
            count += found
            if kept:
                parts.append(kept)
    return "\n\n".join(parts), count
