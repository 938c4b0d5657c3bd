"""A text cut into lines, with what many rules ask of it worked out once: bare lines, and which key words occur at all.

A rule costs nothing on a text in which none of its words stands: one look into the set of a mail's words takes a
fraction of a microsecond, matching one pattern against each of its lines fifty.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_LETTERS = re.compile("[a-z]+")
#: Small and capital letters become small ones, every other byte a space.
_FOLD = bytes(b | 32 if chr(b).isascii() and chr(b).isalpha() else 32 for b in range(256))
_SHORTEST = 2
#: The keys of all phrases that any rule looks for: a text's words are compared with them once.
_VOCABULARY: set[bytes] = set()


class Words(NamedTuple):
    """Phrases to look for, in small letters.

    Attributes:
        keyed: Phrases by their longest word of ASCII letters: where that does not stand in a text as a whole word, the
            phrase does not either.
        keys: Their keys.
        loose: Phrases without such a word.
        other: Phrases beyond ASCII: most texts have none.
    """

    keyed: dict[bytes, tuple[str, ...]]
    keys: frozenset[bytes]
    loose: tuple[str, ...]
    other: tuple[str, ...]


def words(*given: str) -> Words:
    """Return the phrases, sorted by how they are looked for."""
    keyed: dict[bytes, tuple[str, ...]] = {}
    loose: list[str] = []
    other: list[str] = []
    for phrase in sorted({phrase.lower() for phrase in given}):
        if not phrase.isascii():
            other.append(phrase)
            continue
        key = max(_LETTERS.findall(phrase), key=len, default="")
        if len(key) < _SHORTEST:
            loose.append(phrase)
        else:
            keyed[key.encode()] = (*keyed.get(key.encode(), ()), phrase)
    _VOCABULARY.update(keyed)
    return Words(keyed, frozenset(keyed), tuple(loose), tuple(other))


class Page:
    """A text and its lines.

    Attributes:
        text: The text.
        lines: `text.split("\\n")`.
        bare: The lines without white space at both ends.
    """

    __slots__ = ("_low", "_plain", "_words", "bare", "lines", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.split("\n")
        self.bare = [line.strip() for line in self.lines]
        self._words: set[bytes] | None = None

    def _set(self, text: str) -> set[bytes]:
        self._low = text.lower()
        self._plain = text.isascii()
        self._words = _VOCABULARY.intersection(text.encode("ascii", "replace").translate(_FOLD).split())
        return self._words

    def narrow(self, kinds: Sequence[object]) -> None:
        """Look for words only in the lines that have no kind yet."""
        self._set("\n".join([line for line, kind in zip(self.lines, kinds, strict=True) if kind is None]))

    def found(self, wanted: Words) -> tuple[str, ...]:
        """Return which of the phrases occur."""
        known = self._set(self.text) if self._words is None else self._words
        low = self._low
        hits: list[str] = []
        if not known.isdisjoint(wanted.keys):
            hits = [phrase for key in sorted(known & wanted.keys) for phrase in wanted.keyed[key] if phrase in low]
        if wanted.loose:
            hits += [phrase for phrase in wanted.loose if phrase in low]
        if not self._plain:
            hits += [phrase for phrase in wanted.other if phrase in low]
        return tuple(hits)

    def following(self, i: int, blanks: int = 3) -> int | None:
        """Return the index of the next line after `i` that is not blank, within so many blank ones."""
        for j in range(i + 1, min(i + 2 + blanks, len(self.bare))):
            if self.bare[j]:
                return j
        return None
