"""Cuts a text into the lines that are read one by one, without quote marks and bullets."""

from __future__ import annotations

import re
from typing import NamedTuple

_LINE = re.compile(r"[^\n]+")
_PREFIX = re.compile(r"[\s>|*#•·–-]*(?:\d{1,3}[.)]\s+)?")


class Line(NamedTuple):
    """One line of a text.

    Attributes:
        start: Where its first character stands in the text.
        text: The line without prefix and trailing space; equal lines are read once.
    """

    start: int
    text: str


def lines_of(text: str) -> list[Line]:
    """Return the lines that hold a letter or digit.

    Mail repeats itself: behind its quote marks a quoted line is the line that was quoted.
    """
    out = []
    for m in _LINE.finditer(text):
        line = m.group()
        skip = _PREFIX.match(line)
        begin = skip.end() if skip else 0
        body = line[begin:].rstrip()
        if any(map(str.isalnum, body)):
            out.append(Line(m.start() + begin, body))
    return out
