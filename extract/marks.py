"""What the gates must know of a record's text: measured once, where the record is read, and never the text itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from extract import emotion, lexicon, markings

if TYPE_CHECKING:
    from extract.records import Record, TextSpan


class Sizes(NamedTuple):
    """How many characters of a text are whose.

    Attributes:
        own: Characters of the author's own words.
        foreign: Characters of other people's words, and of what no person typed.
        unknown: Characters of which nobody can say whose they are.
        feelings: Characters of the own words that stand in sentences about feelings.
    """

    own: int
    foreign: int
    unknown: int
    feelings: int


class Marks(NamedTuple):
    """What a text says to the gates.

    Attributes:
        sizes: How many characters are whose.
        special: GDPR art. 9 topics that title or text touch, sorted.
        markings: Kinds of marking on record, title or text, sorted; see `extract.markings`.
        minor: Whether title or text speak of a minor who takes part.
    """

    sizes: Sizes
    special: tuple[str, ...]
    markings: tuple[str, ...]
    minor: bool


def of(record: Record) -> Marks:
    """Return the marks of a record."""
    both = f"{record.title}\n{record.text}"
    return Marks(
        sizes(record.spans, record.text),
        special_categories(both),
        markings.found((record.container, *record.labels), record.title, record.text),
        _about_minors(both),
    )


def sizes(spans: Sequence[TextSpan], text: str) -> Sizes:
    """Return how many characters of a text are whose."""
    own = foreign = unknown = feelings = 0
    for span in spans:
        part = text[span.start : span.end].strip()
        size = len(part)
        if span.kind == "own":
            own += size
            feelings += emotion.measure(part)
        elif span.kind == "unknown":
            unknown += size
        else:
            foreign += size
    return Sizes(own, foreign, unknown, feelings)


def special_categories(text: str) -> tuple[str, ...]:
    """Return the GDPR art. 9 topics that a text touches, sorted."""
    # Typographic apostrophes and line breaks inside a phrase must not hide it.
    plain = " ".join(text.replace("\u2019", "'").split())
    stems, harmless, topics = _topic_patterns()
    folded = lexicon.plain(text)
    if not any(each.may_be_in(folded) for each in stems):
        return ()
    plain = harmless.sub(" ... ", plain)
    return tuple(
        name
        for each, (name, pattern) in zip(stems, topics, strict=True)
        if each.may_be_in(folded) and pattern.search(plain)
    )


@cache
def _topic_patterns() -> tuple[tuple[lexicon.Stems, ...], re.Pattern[str], tuple[tuple[str, re.Pattern[str]], ...]]:
    """Return a quick look for each topic, the pattern of harmless idioms, and one pattern for each topic."""
    lists = lexicon.load("special_category")
    topics = sorted(lists["topics"].items())
    return (
        tuple(lexicon.Stems(words) for _, words in topics),
        _words(lists["harmless"]),
        tuple((name, _words(words)) for name, words in topics),
    )


def _words(words: Sequence[str]) -> re.Pattern[str]:
    parts = (re.escape(w.removesuffix("*")) + (r"\w*" if w.endswith("*") else r"\b") for w in words)
    return re.compile(r"\b(?:" + "|".join(parts) + ")", re.IGNORECASE)


@cache
def _minors() -> tuple[lexicon.Stems, re.Pattern[str]]:
    words = lexicon.load("markings")["minor"]
    return lexicon.Stems(words), lexicon.words(words)


def _about_minors(text: str) -> bool:
    stems, pattern = _minors()
    plain = lexicon.plain(text)
    return stems.may_be_in(plain) and pattern.search(plain) is not None
