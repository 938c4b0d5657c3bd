"""A text cut into lines, with what many rules ask of it worked out once: bare lines, and which key phrases occur.

A rule costs nothing on a text in which none of its phrases stands. All phrases of all rules are looked for together:
the words of a text are compared with the vocabulary once, which takes some twenty microseconds a mail; matching one
pattern against each of its lines takes fifty.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NewType

Words = NewType("Words", int)
"""A set of phrases that a rule looks for."""

_LETTERS = re.compile("[a-z]+")
#: Small and capital letters become small ones, every other byte a space.
_FOLD = bytes(b | 32 if chr(b).isascii() and chr(b).isalpha() else 32 for b in range(256))
_SHORTEST = 2
_Entries = list[tuple[Words, str]]
#: Phrases by their longest word of ASCII letters: where that is no whole word of a text, the phrase is not in it.
_KEYED: dict[bytes, _Entries] = {}
#: Phrases beyond ASCII, by the first character that is.
_SIGNED: dict[str, _Entries] = {}
#: Phrases that hold neither, by their first character that is no space.
_LOOSE: dict[str, _Entries] = {}
_KEYS: set[bytes] = set()
_count = 0


def words(*given: str) -> Words:
    """Add phrases to the vocabulary; return what to ask a page for."""
    global _count
    _count += 1
    wanted = Words(_count)
    for phrase in sorted({phrase.lower() for phrase in given}):
        sign = next((c for c in phrase if not c.isascii()), None)
        key = max(_LETTERS.findall(phrase), key=len, default="").encode()
        if sign is not None:
            _SIGNED.setdefault(sign, []).append((wanted, phrase))
        elif len(key) >= _SHORTEST:
            _KEYED.setdefault(key, []).append((wanted, phrase))
            _KEYS.add(key)
        else:
            _LOOSE.setdefault(phrase.strip()[0], []).append((wanted, phrase))
    return wanted


class Page:
    """A text and its lines.

    Attributes:
        text: The text.
        lines: `text.split("\\n")`.
        bare: The lines without white space at both ends.
    """

    __slots__ = ("_hits", "bare", "lines", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.split("\n")
        self.bare = [line.strip() for line in self.lines]
        self._hits: dict[Words, list[str]] | None = None

    def narrow(self, kinds: Sequence[object]) -> None:
        """Look for phrases only in the lines that have no kind yet."""
        self._hits = _hits("\n".join([line for line, kind in zip(self.lines, kinds, strict=True) if kind is None]))

    def found(self, wanted: Words) -> Sequence[str]:
        """Return which of the phrases occur, in small letters and no certain order."""
        if self._hits is None:
            self._hits = _hits(self.text)
        return self._hits.get(wanted, ())

    def following(self, i: int, blanks: int = 3) -> int | None:
        """Return the index of the next line after `i` that is not blank, within so many blank ones."""
        for j in range(i + 1, min(i + 2 + blanks, len(self.bare))):
            if self.bare[j]:
                return j
        return None


def _hits(text: str) -> dict[Words, list[str]]:
    low = text.lower()
    found: dict[Words, list[str]] = {}
    for key in _KEYS.intersection(text.encode("ascii", "replace").translate(_FOLD).split()):
        for wanted, phrase in _KEYED[key]:
            if len(phrase) == len(key) or phrase in low:
                found.setdefault(wanted, []).append(phrase)
    for sign, entries in _LOOSE.items():
        # A single character is found much faster than several that end in a common one.
        if sign not in low:
            continue
        for wanted, phrase in entries:
            if phrase in low:
                found.setdefault(wanted, []).append(phrase)
    if not text.isascii():
        for sign in _SIGNED.keys() & set(low):
            for wanted, phrase in _SIGNED[sign]:
                if phrase in low:
                    found.setdefault(wanted, []).append(phrase)
    return found
