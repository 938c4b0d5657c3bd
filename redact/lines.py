"""Cuts a text into the lines that are read one by one, without quote marks and bullets."""

from __future__ import annotations

import re
from typing import NamedTuple

# Quote marks, bullets and the number of an entry, then the line; a clean text has no other white space.
_LINE = re.compile(r"^[ \t>|*#•·–-]*+(?:\d{1,3}[.)][ \t]++)?+([^\n]+)", re.MULTILINE)
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")


class Line(NamedTuple):
    """One line of a text.

    Attributes:
        start: Where its first character stands in the text.
        text: The line without prefix and trailing space; equal lines are read once.
    """

    start: int
    text: str


def lines_of(text: str) -> list[Line]:
    """Return the lines of a clean text that hold a letter or digit.

    Mail repeats itself: behind its quote marks a quoted line is the line that was quoted.
    """
    return [
        Line(m.start(1), m[1].rstrip())
        for m in _LINE.finditer(text)
        if _LETTER_OR_DIGIT.search(text, m.start(1), m.end()) is not None
    ]
