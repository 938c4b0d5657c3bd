"""Spells apart what looks like one of our tokens in a text that we have not written."""

from __future__ import annotations

import re

from redact.pseudonyms import TOKEN

_APART = str.maketrans("_[]", "---")


def spelled_apart(text: str) -> str:
    """Return the text, of the same length, with `PERSON_001` as `PERSON-001` and `[SECRET]` as `-SECRET-`.

    A token means that a value was removed, and whose. What somebody typed must not claim that, nor shield what is
    glued to it from the detectors: there the letter at the seam gives way.
    """

    def apart(m: re.Match[str]) -> str:
        token = m.group().translate(_APART)
        if text[max(0, m.start() - 1) : m.start()].isalnum():
            token = "-" + token[1:]
        if text[m.end() : m.end() + 1].isalnum():
            token = token[:-1] + "-"
        return token

    return TOKEN.sub(apart, text)
