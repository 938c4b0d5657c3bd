"""Leads a stretch of a clean text back to line and column of the text as it was given."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from typing import NamedTuple

from redact.folding import clean

_BREAK = re.compile(r"\r\n|\r|\n")


class Stretch(NamedTuple):
    """A stretch of the text as it was given; lines and columns count from 1, columns count characters.

    Attributes:
        line: Line of its first character.
        column: Column of its first character.
        end_line: Line of its last character.
        end_column: Column behind its last character.
    """

    line: int
    column: int
    end_line: int
    end_column: int


class Positions:
    """Where each character of `clean(text)` stood in `text`.

    Args:
        text: The text as it was given.
        line: Line in which it begins, where it is a part of a longer one.
        column: Column in which it begins.
    """

    __slots__ = ("_column", "_first", "_lines", "_maps", "_starts")

    def __init__(self, text: str, line: int = 1, column: int = 1) -> None:
        self._lines = _BREAK.split(text)
        self._first = line
        self._column = column
        self._starts = [0]
        self._maps: dict[int, tuple[list[int], list[int]]] = {}
        for each in self._lines:
            self._starts.append(self._starts[-1] + len(clean(each)) + 1)

    @property
    def end(self) -> tuple[int, int]:
        """Line and column behind the last character."""
        return self._place(len(self._lines) - 1, len(self._lines[-1]))

    def stretch(self, first: int, last: int) -> Stretch:
        """Return where the characters from `first` to before `last` of the clean text stood."""
        return Stretch(*self._at(first, 0), *self._at(max(first, last - 1), 1))

    def _at(self, offset: int, behind: int) -> tuple[int, int]:
        number = min(bisect_right(self._starts, offset), len(self._lines)) - 1
        inside = offset - self._starts[number]
        if number not in self._maps:
            self._maps[number] = _clusters(self._lines[number])
        cleaned, given = self._maps[number]
        if not cleaned:  # the line was clean
            return self._place(number, inside + behind)
        # Of clusters that vanish, and so begin where the next begins, the last one is what is seen.
        i = min(bisect_right(cleaned, inside) - 1, len(given) - 2)
        return self._place(number, given[i + behind])

    def _place(self, number: int, inside: int) -> tuple[int, int]:
        return self._first + number, inside + (self._column if number == 0 else 1)


def _clusters(line: str) -> tuple[list[int], list[int]]:
    """Return where each letter with its marks begins, in the clean line and in the given one; empty if they agree."""
    if clean(line) == line:
        return [], []
    cleaned, given = [], []
    at = begin = 0
    for i, c in enumerate(line):
        joins = unicodedata.combining(c) or "\u1160" <= c <= "\u11ff" or not clean(c)
        if i and not joins:
            cleaned.append(at)
            given.append(begin)
            at += len(clean(line[begin:i]))
            begin = i
    return [*cleaned, at], [*given, begin, len(line)]
