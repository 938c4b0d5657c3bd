"""Compiles lists of phrases, as the lexicons write them, into one pattern.

Words are separated by one blank, which stands for any white space. `word*` takes any ending, `a|b` one of several
words, `...` up to four words in between. Case and the form of apostrophes do not matter. A phrase begins and ends at
the border of a word, unless it is written in characters that know no such border.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_GAP = r"(?:\s+\S+){0,4}?"


def plain(text: str) -> str:
    """Return a text with straight apostrophes, in which phrases are looked for; no character changes its place."""
    return text.replace("’", "'").replace("ʼ", "'")


def compiled(phrases: Sequence[str], slots: Mapping[str, str] | None = None) -> re.Pattern[str]:
    """Return one pattern that finds any of the phrases.

    Args:
        phrases: The phrases.
        slots: Patterns for the words in braces: `{person}`.

    Raises:
        ValueError: There is no phrase, or one is empty or begins or ends with a gap.
    """
    if not phrases:
        raise ValueError("a list of phrases is empty")
    return re.compile("|".join(_phrase(p, slots or {}) for p in phrases), re.IGNORECASE)


def _phrase(phrase: str, slots: Mapping[str, str]) -> str:
    words = plain(phrase).split()
    if not words or "..." in (words[0], words[-1]):
        raise ValueError(f"not a phrase: {phrase!r}")
    pattern = ""
    for word in words:
        if word == "...":
            pattern += _GAP
        else:
            pattern += (r"\s+" if pattern else "") + _word(word, slots)
    # Chinese is written without blanks, so a word has no border there.
    return pattern if not phrase.isascii() and any(c >= "\u2e80" for c in phrase) else rf"(?<!\w){pattern}(?!\w)"


def _word(word: str, slots: Mapping[str, str]) -> str:
    parts = []
    for option in word.split("|"):
        for name, pattern in slots.items():
            if "{" + name + "}" in option:
                before, _, after = option.partition("{" + name + "}")
                parts.append(re.escape(before) + f"(?:{pattern})" + re.escape(after))
                break
        else:
            parts.append(re.escape(option.removesuffix("*")) + (r"[\w'-]*" if option.endswith("*") else ""))
    return "(?:" + "|".join(parts) + ")"
