"""Spells apart what looks like one of our tokens in a text that we have not written."""

from __future__ import annotations

from redact.pseudonyms import TOKEN

_APART = str.maketrans("_[]", "-()")


def spelled_apart(text: str) -> str:
    """Return the text, of the same length, with `PERSON_001` as `PERSON-001` and `[SECRET]` as `(SECRET)`.

    A token means that a value was removed, and whose. What somebody typed must not claim that, nor shield what is
    glued to it from the detectors.
    """
    return TOKEN.sub(lambda m: m.group().translate(_APART), text)
