"""What a record is marked as: privileged, reported in confidence, a personnel case, a customer's secret."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache

from extract import lexicon

_REPLY = re.compile(r"^\s*(?:(?:re|aw|antw|fw|fwd|wg|sv|回复|答复|转发)\s*(?:\[\d+\])?\s*[:：]\s*)+", re.IGNORECASE)
_BRACKETS = re.compile(r"[\[(【（{<]+([^\[\]()【】（）{}<>]{2,60})[\])】）}>]+")
_LEADING = re.compile(r"^([^:：|–—]{2,60}?)\s*(?:[:：|–—]|\s-{1,2}\s)")
_WORD = re.compile(r"\w")
#: A mark on a line of its own is short; a footer that speaks of privileged mail in general is not.
_LINE = 80


@cache
def _patterns() -> tuple[re.Pattern[str], tuple[tuple[str, re.Pattern[str], re.Pattern[str]], ...]]:
    lists = lexicon.load("markings")
    kinds = tuple(
        # What leaves no doubt anywhere does so on a line of its own.
        (name, lexicon.words([*found["marks"], *found["phrases"]]), lexicon.words(found["phrases"]))
        for name, found in sorted(lists["kinds"].items())
    )
    return lexicon.words(lists["with"]), kinds


@cache
def _any_mark() -> tuple[lexicon.Stems, re.Pattern[str]]:
    kinds = lexicon.load("markings")["kinds"].values()
    every = [word for found in kinds for words in found.values() for word in words]
    return lexicon.Stems(every), lexicon.words(every)


def found(places: Iterable[str], title: str, text: str) -> tuple[str, ...]:
    """Return the kinds of marking that a record carries, sorted.

    Args:
        places: Labels, folders, channel name and topic.
        title: Subject line.
        text: The whole text, quotations included: an answer to a privileged mail is privileged.
    """
    subject = _plain(_REPLY.sub("", title))
    kinds = {kind for place in places for kind in _of_place(place)}
    kinds |= _kinds((subject,), tuple(_segments(subject)))
    # Few texts hold any of the words: one search over the whole spares the search line by line.
    stems, every = _any_mark()
    plain = _plain(text)
    if stems.may_be_in(plain) and every.search(plain):
        kinds |= _kinds((), tuple(_lines(text)))
    return tuple(sorted(kinds))


@lru_cache(maxsize=4096)
def _of_place(place: str) -> frozenset[str]:
    """Return the kinds that a label marks; the same few stand on most records."""
    named = _plain(place)
    return frozenset(_kinds((named,), (named, *named.split("/"))))


def _kinds(anywhere: Sequence[str], alone: Sequence[str]) -> set[str]:
    """Return the kinds that are marked by a phrase in `anywhere`, or by a mark that is all of a part in `alone`."""
    return {
        kind
        for kind, marks, phrases in _patterns()[1]
        if any(phrases.search(part) for part in anywhere) or any(_only(part, marks) for part in alone)
    }


def _plain(text: str) -> str:
    return lexicon.plain(text.replace("_", " ")).strip()


def _segments(subject: str) -> Iterator[str]:
    """Yield what stands in brackets, before the first colon or dash, and the whole where it is short."""
    for match in _BRACKETS.finditer(subject):
        yield match[1]
    if leading := _LEADING.match(_BRACKETS.sub(" ", subject).strip()):
        yield leading[1]
    yield subject


def _lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        bare = line.strip(" \t>*_#=|-–—!")
        if 2 <= len(bare) <= _LINE:
            # A sentence that begins with "Counsel:" is a sentence; a line counts whole or not at all.
            yield _plain(bare)


def _only(part: str, marks: re.Pattern[str]) -> bool:
    """Say whether a part holds a mark, and beside marks only words that go with them."""
    rest, count = marks.subn(" ", part.replace("-", " ") if not marks.search(part) else part)
    return bool(count) and not _WORD.search(_patterns()[0].sub(" ", rest))
