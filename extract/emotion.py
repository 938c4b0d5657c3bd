"""Sentences about feelings: finds them by word lists, counts them, and cuts them out."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
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


@cache
def _stems() -> lexicon.Stems:
    lists = lexicon.load("emotion")
    return lexicon.Stems(lexicon.needed(lists["frames"], lists["lists"]) | set(lists["always"]))


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
    plain = lexicon.plain(sentence)
    if not _stems().may_be_in(plain):
        return False
    harmless, feeling = _patterns()
    return feeling.search(harmless.sub(" ... ", plain)) is not None


def _judged(text: str) -> list[tuple[str, bool]]:
    """Return the sentences of a text, and of each whether it is about feelings."""
    # Most texts have none; one search over all of it is cheaper than cutting it first.
    if not about_feelings(text):
        return [(text, False)]
    pieces = sentences(text)
    found = [about_feelings(piece) for piece in pieces]
    for i, (one, other) in enumerate(pairwise(pieces)):
        # A line break inside a sentence looks like the end of a short line.
        if not (found[i] or found[i + 1]) and about_feelings(one + other):
            found[i] = found[i + 1] = True
    return list(zip(pieces, found, strict=True))


def measure(text: str) -> int:
    """Return how many characters of a text stand in sentences about feelings."""
    return sum(len(piece) for piece, found in _judged(text) if found)


def cut(text: str) -> tuple[str, int]:
    """Return the text without its sentences about feelings, and how many there were."""
    judged = _judged(text)
    count = sum(found for _, found in judged)
    return ("".join(piece for piece, found in judged if not found).strip(), count) if count else (text, 0)


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
