"""Two readings of a text: `clean` for everybody, and `Folded`, which undoes disguises and keeps the way back."""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable
from itertools import accumulate
from typing import TypeAlias

_CONTROLS = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127))
# What does not read as it is written. The first line lets the search pass by the characters that begin nothing.
_RUN = re.compile(
    r"(?=[ \t\n%&=\\\x80-\U0010ffff])(?:"
    r"[ \t]*\n[\s>|]*"  # a line break and the quote prefix of the next line
    r"|[ \t]{2,}"
    r"|[^\x00-\x7f]+"
    r"|%(?:25){0,3}[2-7][0-9A-Fa-f]"  # a character in a URL, escaped up to four times
    r"|(?:%(?:25){0,3}[89A-Fa-f][0-9A-Fa-f]){2,}"  # one of more bytes
    r"|(?:=[89A-F][0-9A-F]){2,}"  # the same in quoted-printable
    r"|\\(?:u[0-9A-Fa-f]{2}|x)[0-9A-Fa-f]{2}"
    r"|&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});)"
)
# What is shown from right to left on demand: read backwards it is what people see.
_OVERRIDE = re.compile("\u202e([^\u202c\u202d\n]*)")

# Letters of other alphabets that look like Latin ones: enough to write a colleague's name past a plain search.
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһӏкмтнвгпԛԝѵүАВЕКМНОРСТХУІЈЅԚԜ"  # Cyrillic
    "αορνιετκυχγηβωςΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"  # Greek
    "օոսհցգզքյլՕՏԼՍ"  # Armenian
    "ᎪᏴᏟᎠᎬᏀᎻᎥᎫᏦᏞᎷᏢᎡᏚᎢᏙᎳᏃᎩᏂᏏᏮᏒ"  # Cherokee
    "ꓐꓑꓓꓔꓖꓗꓙꓚꓜꓝꓟꓠꓡꓢꓣꓦꓧꓪꓫꓬꓮꓰꓲꓳꓴ"  # Lisu
    "ßøØłŁđĐæÆœŒıþɑɩ＠",
    "aeopcyxijsdhlkmthbrnqwvyABEKMHOPCTXYIJSQW"
    "aopvietkuxynbwsABEZHIKMNOPTYX"
    "onuhgqqpjlOSLU"
    "ABCDEGHiJKLMPRSTVWZYhbbR"
    "BPDTGKJCZFMNLSRVHWXYAEIOU"
    "soOlLdDaAoOipai@",
)
_LETTER_NAME = re.compile(
    r"(?:LATIN (SMALL |CAPITAL )?LETTER (?:SMALL CAPITAL |SCRIPT |DOTLESS |OPEN |LONG )?"
    r"|REGIONAL INDICATOR SYMBOL LETTER )([A-Z])(?: WITH .+)?$"
)


class _Table(dict[int, str]):
    """A table for `str.translate` that is filled as characters come up."""

    def __init__(self, rule: Callable[[str], str]) -> None:
        self._rule = rule

    def __missing__(self, point: int) -> str:
        made = self[point] = chr(point) if point < 0x80 else self._rule(chr(point))
        return made


def _visible(c: str) -> str:
    category = unicodedata.category(c)
    if (
        category in ("Cf", "Cc", "Cs", "Co", "Cn")
        or "\ufe00" <= c <= "\ufe0f"
        or "\U000e0100" <= c <= "\U000e01ef"
        or c in "\u115f\u1160\u3164\u034f"
    ):
        return "\n" if c == "\x85" else ""
    if category == "Zs":
        return " "
    if category in ("Zl", "Zp"):
        return "\n"
    if "\uff00" <= c <= "\uffef" or "\U0001d400" <= c <= "\U0001d7ff":
        return unicodedata.normalize("NFKC", c)
    if "\u2460" <= c <= "\u24ff" or "\U0001f100" <= c <= "\U0001f1ff":
        return _letter(c)  # letters and digits in circles, squares and brackets
    return c


def _letter(c: str) -> str:
    if unicodedata.combining(c) or unicodedata.category(c) == "Me":
        return ""
    if named := _LETTER_NAME.search(unicodedata.name(c, "")):
        return named[2].lower() if named[1] == "SMALL " else named[2]
    bare = unicodedata.normalize("NFKD", c.translate(_LOOKALIKES)).translate(_LOOKALIKES)
    if bare[:1] == "(" and bare[-1:] == ")":
        bare = bare[1:-1]  # a letter or digit in a circle or brackets
    return "".join(b for b in bare if not unicodedata.combining(b)) or c


_VISIBLE = _Table(_visible)
_LETTERS = _Table(_letter)


def clean(text: str) -> str:
    """Return the text without invisible and control characters, in NFC, with plain spaces and line feeds.

    Zero-width characters, soft hyphens, direction marks and tag characters hide a name from every search and carry
    no meaning that a distilled text needs. Full-width and enclosed forms become ordinary letters and digits, and what
    an override shows from right to left is written as it is seen.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS)
    if text.isascii():
        return text
    if "\u202e" in text:
        text = _OVERRIDE.sub(lambda m: m[1][::-1], text)
    # Removing a character can bring a letter and its accent together.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).translate(_VISIBLE))


def plain(text: str) -> str:
    """Return the text without accents, look-alike letters and case."""
    return text.lower() if text.isascii() else text.translate(_LETTERS).lower()


#: A part of a reading: how it reads, its first character in the original, one past the last there, and whether the two
#: agree character by character.
Piece: TypeAlias = tuple[str, int, int, bool]


class Reading:
    """A way to read a text, with the way back.

    Attributes:
        text: The reading, case kept.
        lower: `text` in lower case, of the same length.
    """

    __slots__ = ("_folded", "_pieces", "lower", "text")

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self._pieces = [p for p in pieces if p[0]]
        texts = [p[0] for p in self._pieces]
        self._folded = [0, *accumulate(map(len, texts[:-1]))]  # start of each piece in the reading
        self.text = "".join(texts)
        lower = self.text.lower()
        # A few letters grow in lower case; offsets matter more than their case.
        same = len(lower) == len(self.text)
        self.lower = lower if same else "".join(x if len(x := c.lower()) == 1 else c for c in self.text)

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return where the stretch `start:end` of the reading stands in the original."""
        i = bisect_right(self._folded, start) - 1
        _, first, _, literal = self._pieces[i]
        if literal:
            first += start - self._folded[i]
        j = bisect_right(self._folded, end - 1) - 1
        _, begin, last, literal = self._pieces[j]
        return first, begin + (end - self._folded[j]) if literal else last


class Folded(Reading):
    """The reading in which accents, look-alikes, escapes and line breaks are undone.

    A run of white space is one space, or one line feed for empty lines.
    """

    __slots__ = ()

    def __init__(self, original: str) -> None:
        super().__init__(_pieces(original))


def _pieces(original: str) -> list[Piece]:
    pieces: list[Piece] = []
    at = 0
    for m in _RUN.finditer(original):
        start, end = m.span()
        if at < start:
            pieces.append((original[at:start], at, start, True))
        run, at = m[0], end
        if run[0] in " \t\n":
            # A name may run over a line break, but not over an empty line.
            pieces.append(("\n" if run.count("\n") > 1 else " ", start, end, False))
        elif run[0] >= "\x80":
            read = [_LETTERS[ord(c)] for c in run]
            if all(len(r) == 1 for r in read):
                pieces.append(("".join(read), start, end, True))
            else:
                pieces += [(r, i, i + 1, False) for i, r in enumerate(read, start)]
        else:
            meant = _unescaped(run)
            pieces.append((run if meant is None else meant, start, end, meant is None))
    if at < len(original):
        pieces.append((original[at:], at, len(original), True))
    return pieces


def _unescaped(run: str) -> str | None:
    """Return the characters that an escape stands for, folded, or None where it stands for none."""
    if run[0] == "\\":
        meant = chr(int(run[2:], 16))
    elif run[0] == "&":
        meant = html.unescape(run)
        if meant == run:
            return None
    else:
        codes = re.sub(r"%(?:25)*(?=[0-9A-Fa-f]{2})|=", "", run)
        try:
            meant = bytes.fromhex(codes).decode()
        except ValueError:
            return None
    return clean(meant).replace("\n", " ").replace("\t", " ").translate(_LETTERS)
