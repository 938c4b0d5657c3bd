"""Cuts a long text into pieces that are redacted one after the other, where a cut does least harm."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from redact.errors import TextError

#: Characters of a piece. Names are followed within a piece; a redaction takes some 200 bytes for each character.
SIZE = 1_000_000
#: Characters without any white space that are still taken for text.
_LONGEST = 4 * SIZE
_KEY_BLOCK = 65_536
_SPACE = re.compile(r"\s")


def pieces(blocks: Iterable[str], size: int = SIZE) -> Iterator[str]:
    """Yield the text that the blocks make up, in pieces of about `size` characters; together they are the text.

    A cut falls on the last empty line, else on the last line end, else on the last white space, and never into a
    block between `-----BEGIN` and `-----END`.

    Raises:
        TextError: If there is no white space for millions of characters: a cut there could halve a secret.
    """
    held = ""
    for block in blocks:
        held += block
        while len(held) > size and (cut := _cut(held, size)):
            yield held[:cut]
            held = held[cut:]
        if len(held) > size + _LONGEST:
            raise TextError("a word has more than four million characters", "this is no text: give it in lines")
    if held:
        yield held


def _cut(text: str, size: int) -> int:
    """Return where to cut, or 0 where more of the text is needed to tell."""
    empty = max(text.rfind("\n\n", 0, size) + 2, text.rfind("\n\r\n", 0, size) + 3)
    cut = empty if empty > 3 else text.rfind("\n", 0, size) + 1
    if not cut:
        space = next((m for m in re.finditer(_SPACE, text[size - 1 :])), None)
        cut = space.end() + size - 1 if space else 0
    begin = text.rfind("-----BEGIN ", max(0, cut - _KEY_BLOCK), cut)
    if begin > 0 and text.find("-----END ", begin, cut) < 0:
        return text.rfind("\n", 0, begin) + 1 or cut
    return cut
