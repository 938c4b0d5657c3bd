"""Two readings of a text: `clean` for everybody, and `fold`, which undoes disguises and keeps the way back."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right

_CONTROLS = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127))
_SPECIAL = re.compile(
    r"[ \t]*\n[\s>|]*"  # a line break and the quote prefix of the next line
    r"|[ \t]{2,}"
    r"|[^\x00-\x7f]+"
    r"|%[2-7][0-9A-Fa-f]"
    r"|&(?:#0*64|#[xX]0*40|commat|lt|gt|quot|amp|apos|nbsp);"
)
_ENTITIES = {"lt": "<", "gt": ">", "quot": '"', "amp": "&", "apos": "'", "nbsp": " ", "commat": "@"}
# Cyrillic and Greek letters that look like Latin ones: enough to write a colleague's name past a plain search.
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһӏАВЕКМНОРСТХІЈЅαορνιΑΒΕΖΗΙΚΜΝΟΡΤΥΧßøØłŁđĐæÆœŒıþ",
    "aeopcyxijsdhlABEKMHOPCTXIJSaopviABEZHIKMNOPTYXsoOlLdDaAoOip",
)


def clean(text: str) -> str:
    """Return the text without invisible and control characters, in NFC, with plain spaces and line feeds.

    Zero-width characters, soft hyphens, direction marks and tag characters hide a name from every search and carry
    no meaning that a distilled text needs. Full-width forms become ordinary letters and digits.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS)
    if text.isascii():
        return text
    out = []
    for c in unicodedata.normalize("NFC", text):
        if c < "\x80":
            out.append(c)
            continue
        category = unicodedata.category(c)
        if category in ("Cf", "Cc", "Cs", "Co", "Cn") or "\ufe00" <= c <= "\ufe0f" or c in "\u115f\u1160\u3164\u034f":
            out.append("\n" if c == "\x85" else "")
        elif category == "Zs":
            out.append(" ")
        elif category in ("Zl", "Zp"):
            out.append("\n")
        elif "\uff00" <= c <= "\uffef" or "\U0001d400" <= c <= "\U0001d7ff":
            out.append(unicodedata.normalize("NFKC", c))
        else:
            out.append(c)
    # Removing a character can bring a letter and its accent together.
    return unicodedata.normalize("NFC", "".join(out))


def plain(text: str) -> str:
    """Return the text without accents, look-alike letters and case."""
    return "".join(map(_letter, text)).lower() if not text.isascii() else text.lower()


def _letter(c: str) -> str:
    bare = unicodedata.normalize("NFKD", c.translate(_LOOKALIKES))
    return "".join(b for b in bare if not unicodedata.combining(b)) or ("" if unicodedata.combining(c) else c)


class Folded:
    """A reading of a text in which accents, look-alikes, %-escapes and line breaks are undone.

    Attributes:
        text: The reading, case kept. A run of white space is one space, or one line feed for empty lines.
        lower: `text` in lower case, of the same length.
    """

    __slots__ = ("_folded", "_segments", "lower", "text")

    def __init__(self, original: str) -> None:
        parts: list[str] = []
        segments: list[tuple[int, int, bool]] = []  # (start in the original, end there, same length)
        folded: list[int] = []  # start in the reading
        at = size = 0

        def put(piece: str, start: int, end: int, literal: bool) -> None:
            nonlocal size
            if piece:
                parts.append(piece)
                segments.append((start, end, literal))
                folded.append(size)
                size += len(piece)

        for m in _SPECIAL.finditer(original):
            put(original[at : m.start()], at, m.start(), True)
            run, start, at = m.group(), m.start(), m.end()
            if run[0] == "%":
                put(chr(int(run[1:], 16)), start, at, False)
            elif run[0] == "&":
                put(_ENTITIES.get(run[1:-1], "@"), start, at, False)
            elif run[0] in " \t\n":
                # A name may run over a line break, but not over an empty line.
                put("\n" if run.count("\n") > 1 else " ", start, at, False)
            else:
                for i, c in enumerate(run, start):
                    put(_letter(c), i, i + 1, False)
        put(original[at:], at, len(original), True)
        self.text = "".join(parts)
        lower = self.text.lower()
        # A few letters grow in lower case; offsets matter more than their case.
        self.lower = lower if len(lower) == size else "".join(x if len(x := c.lower()) == 1 else c for c in self.text)
        self._segments = segments
        self._folded = folded

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return where the stretch `start:end` of the reading stands in the original."""
        i = bisect_right(self._folded, start) - 1
        first, _, literal = self._segments[i]
        if literal:
            first += start - self._folded[i]
        j = bisect_right(self._folded, end - 1) - 1
        begin, last, literal = self._segments[j]
        if literal:
            last = begin + (end - self._folded[j])
        return first, last
