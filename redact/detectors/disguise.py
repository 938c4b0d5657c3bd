"""Finds listed people in disguise, and telephone numbers in words: readings that undo one trick each."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from redact.directory import Directory
from redact.finding import Finding
from redact.folding import Folded, Piece, Reading

_SPACED = re.compile(r"(?<![^\W_])[^\W\d_](?:[ .\-_*·•|\n]{1,2}[^\W\d_]){3,}(?![^\W_])")
# The letters in its middle: this begins with a character that text has few of, and the search passes by the others.
_MAYBE_SPACED = re.compile(r"[ .\-_*·•|\n][^\W\d_][ .\-_*·•|\n]{1,2}[^\W\d_][ .\-_*·•|\n]")
# A name cut by a hyphen at the line's end, by a soft break of quoted-printable, by tags, or by quote marks.
_CUT = re.compile(
    r"(?=[-=<\"“”‘’'`*~^|])(?<=[^\W\d_])"
    r"(?:[-=][ \t]{0,4}\n[ \t>|]{0,20}|(?:</?[A-Za-z][^<>\n]{0,80}>){1,8}(?:&shy;)?|[\"“”‘’'`*~^|]{1,4})"
    r"(?=[^\W\d_])"
)
_LEET = str.maketrans("0134578@$!|€", "oieastbasiie")
_LEET_L = str.maketrans("0134578@$!|€", "oleastbaslle")
_LEET_SIGN = re.compile(r"[0134578@$!|€]")
_LEET_WORD = re.compile(
    r"(?<![\w@$!|€])(?=[^\W0134578]{0,24}+[0134578@$!|€])(?=[\d_@$!|€]{0,24}+[^\W\d_])[\w@$!|€]{3,23}\w(?!\w)"
)

_DIGITS = {
    **dict.fromkeys(("zero", "oh", "null", "nought", "o"), "0"),
    **dict.fromkeys(("one", "eins", "ein"), "1"),
    **dict.fromkeys(("two", "zwei", "zwo"), "2"),
    **dict.fromkeys(("three", "drei"), "3"),
    **dict.fromkeys(("four", "vier"), "4"),
    **dict.fromkeys(("five", "funf", "fuenf"), "5"),
    **dict.fromkeys(("six", "sechs"), "6"),
    **dict.fromkeys(("seven", "sieben"), "7"),
    **dict.fromkeys(("eight", "acht"), "8"),
    **dict.fromkeys(("nine", "neun", "niner"), "9"),
}
_TIMES = {**dict.fromkeys(("double", "doppel"), 2), **dict.fromkeys(("triple", "dreifach"), 3)}
_SAID = "|".join(sorted((*_DIGITS, *_TIMES, r"\d{1,4}"), key=len, reverse=True))
_SAID_NUMBER = rf"(?i)\b(?:plus[ ,]{{1,2}})?(?:{_SAID})(?:[ ,.\-\n]{{1,3}}(?:{_SAID})\b){{4,}}"
_SAID_DIGIT = re.compile(rf"(?i)\b(?:{_SAID})\b")


@lru_cache(maxsize=1)
def _said_number() -> Any:
    """Return the long alternation, which RE2 reads many times faster."""
    import re2

    return re2.compile(_SAID_NUMBER)


def find_disguised(text: str, folded: Folded, directory: Directory) -> list[Finding]:
    """Return listed people whose names are spaced out, cut in two, or written with digits, and numbers in words."""
    out = list(_numbers_in_words(folded))
    if not directory.keys:
        return out
    if _MAYBE_SPACED.search(folded.text):
        out += _spaced(folded, directory)
    if seams := [m.span() for m in _CUT.finditer(text)]:
        out += _cut(text, seams, directory)
    if words := [m.span() for m in _LEET_WORD.finditer(folded.text)]:
        for table in (_LEET, _LEET_L):
            out += _leet(folded, words, directory, table)
    return out


def _back(f: Finding, reading: Reading) -> Finding:
    start, end = reading.origin(f.start, f.end)
    return replace(f, start=start, end=end)


def _spaced(folded: Folded, directory: Directory) -> Iterator[Finding]:
    """Yield "M a r e n  H o l t"."""
    for m in _SPACED.finditer(folded.text):
        letters = Reading([(c, i, i + 1, True) for i, c in enumerate(m.group(), m.start()) if c.isalpha()])
        for f in directory.find(letters):
            if f.end - f.start >= 4:
                yield _back(replace(f, rule="spaced letters"), folded)


def _cut(text: str, cuts: Iterable[tuple[int, int]], directory: Directory) -> Iterator[Finding]:
    """Yield names that lose what cuts them: "Ma-", line break, "ren"."""
    pieces, seams, at, size = [], [], 0, 0
    for start, end in cuts:
        pieces.append((text[at:start], at, start, True))
        size += start - at
        seams.append(size)
        at = end
    joined = Reading([*pieces, (text[at:], at, len(text), True)])
    folded = Folded(joined.text)
    for f in directory.find(folded):
        i = bisect_left(seams, f.start + 1)
        if i < len(seams) and seams[i] < f.end:
            yield replace(_back(f, joined), rule="cut name")


def _leet(
    folded: Folded, words: Sequence[tuple[int, int]], directory: Directory, table: dict[int, int]
) -> Iterator[Finding]:
    """Yield "M4r3n H0lt"."""
    read = " ".join([folded.text[start:end] for start, end in words]).translate(table) + " "
    # Hardly ever somebody is there: only then the way back is worth its building.
    if not directory.find(Reading([(read, 0, len(read), True)])):
        return
    pieces: list[Piece] = []
    for start, end in words:
        pieces += [(folded.text[start:end].translate(table), start, end, True), (" ", end, end, False)]
    for f in directory.find(Reading(pieces)):
        if f.end - f.start >= 4 and _LEET_SIGN.search(folded.text, f.start, f.end):
            yield _back(replace(f, rule="digits for letters"), folded)


def _numbers_in_words(folded: Folded) -> Iterator[Finding]:
    for m in _said_number().finditer(folded.lower):
        digits, times, words = "", 1, 0
        for said in _SAID_DIGIT.findall(m.group()):
            if said in _TIMES:
                times = _TIMES[said]
                continue
            words += not said.isdigit()
            digits += (_DIGITS.get(said) or said) * times
            times = 1
        # Somebody who counts is not to be called.
        if (
            words >= 3
            and 7 <= len(digits) <= 16
            and digits not in "01234567890123456789"
            and digits not in "9876543210"
        ):
            start, end = folded.origin(*m.span())
            yield Finding(start, end, "PHONE_NUMBER", "numbers", 0.8, rule="number in words")
