"""Tells in one pass over a text which of many expressions may find something in it."""

from __future__ import annotations

import functools
from typing import Any, Generic, TypeVar

T = TypeVar("T")

#: Nothing, or no letter, digit or underscore before a cue: for expressions with `\\b` or a lookbehind there.
EDGE = r"(?:\A|[^0-9A-Za-z_])"


class Cues(Generic[T]):
    """Necessary parts of expressions, all looked for at once by re2; most texts have none of them.

    A cue may be in more texts than what its expression finds, never in fewer. It is written as for `re`, but without
    lookarounds and `\\w`. A `\\b` sees ASCII only, so it may stand behind an ASCII letter, not before a word.

    Args:
        cues: The cues, each with what is told to be worth a look.
    """

    def __init__(self, *cues: tuple[str, T]) -> None:
        self._cues = cues

    @functools.cached_property
    def _set(self) -> Any:
        import re2

        cues = re2.Set.SearchSet()
        for cue, _ in self._cues:
            # re2 reads both as ASCII; every white space lies outside of the visible ASCII characters.
            cues.Add(cue.replace(r"\d", r"\p{Nd}").replace(r"\s", "[^!-~]"))
        cues.Compile()
        return cues

    def of(self, text: str) -> list[T]:
        """Return what is worth a look in a text, in the order in which it was given."""
        # Where case does not count, `re` takes these two for an "i", re2 does not.
        plain = text.replace("ı", "i").replace("İ", "i")
        return [self._cues[i][1] for i in sorted(self._set.Match(plain.encode(errors="replace")) or ())]
