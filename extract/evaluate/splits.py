"""Splits a person's passages by time: what a skill may be made of, and what it is then measured on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from extract.distil.claims import Passage

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Split:
    """Passages before and after a day.

    Attributes:
        evidence: Those that a skill may be made of, in order of time.
        held_out: Those that it is measured on, all of later days.
        overlapping: How many later passages are not used, since they repeat a run of words of the evidence.
    """

    evidence: tuple[Passage, ...] = field(repr=False)
    held_out: tuple[Passage, ...] = field(repr=False)
    overlapping: int


def by_time(passages: Iterable[Passage], held_out_percent: int = 20, run: int = 13) -> Split:
    """Return the passages split at a day: about so many percent lie behind it, and no day lies on both sides.

    A later passage that shares a run of words with an earlier one would be foretold by whoever has read that; it is
    left out, and counted.

    Args:
        passages: One person's own words.
        held_out_percent: Share of the passages behind the split, 1 to 99.
        run: Words in a row that make an overlap.
    """
    ordered = sorted(passages, key=lambda p: (p.day, p.record))
    cut = len(ordered) * (100 - held_out_percent) // 100
    while 0 < cut < len(ordered) and ordered[cut].day == ordered[cut - 1].day:
        cut += 1
    evidence, later = ordered[:cut], ordered[cut:]
    seen = {words for p in evidence for words in runs(p.text, run)}
    fresh = [p for p in later if seen.isdisjoint(runs(p.text, run))]
    return Split(tuple(evidence), tuple(fresh), len(later) - len(fresh))


def runs(text: str, words: int) -> Iterable[Sequence[str]]:
    """Yield every run of so many words, without case and signs."""
    found = [m.group().casefold() for m in _WORD.finditer(text)]
    return (tuple(found[i : i + words]) for i in range(len(found) - words + 1))
