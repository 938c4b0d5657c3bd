"""Splits a person's passages by time: what a skill may be made of, and what it is then measured on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from extract.distil.claims import Passage

_WORD = re.compile(r"\w+")
#: Words in a row that make a repetition.
_RUN = 13


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


def by_time(passages: Iterable[Passage], held_out_percent: int = 20) -> Split:
    """Return the passages split at a day: about so many percent lie behind it, and no day lies on both sides.

    Args:
        passages: One person's own words.
        held_out_percent: Share of the passages behind the split, 1 to 99.
    """
    ordered = sorted(passages, key=lambda p: (p.day, p.record))
    cut = _day_start(ordered, len(ordered) * (100 - held_out_percent) // 100)
    return _without_repeats(ordered[:cut], ordered[cut:])


def after(passages: Iterable[Passage], last: date) -> Split:
    """Return the passages split behind a day that is given.

    Args:
        passages: One person's own words.
        last: The last day of the evidence.
    """
    ordered = sorted(passages, key=lambda p: (p.day, p.record))
    return _without_repeats([p for p in ordered if p.day <= last], [p for p in ordered if p.day > last])


def in_three(passages: Iterable[Passage], last: date, *, most: int) -> tuple[Split, Split]:
    """Return the passages split for an improvement: what claims are made of, what chooses among them, what tells.

    Everything that the skill as it is was made of stays evidence, so that no claim goes for want of support. Of what
    was written since, the last third tells, the third before it chooses, and the first joins the evidence. What chooses
    repeats nothing of the evidence, and what tells repeats nothing of both.

    Args:
        passages: One person's own words.
        last: The last day of what the skill as it is was made of.
        most: Most messages that choose, and most that tell; a day that would be cut goes to the part before.

    Returns:
        The evidence with what chooses, and the evidence with what tells.
    """
    ordered = sorted(passages, key=lambda p: (p.day, p.record))
    size = min(sum(p.day > last for p in ordered) // 3, most)
    second = _day_start(ordered, len(ordered) - size)
    first = _day_start(ordered, second - size)
    evidence, choosing, telling = ordered[:first], ordered[first:second], ordered[second:]
    dev, test = _without_repeats(evidence, choosing), _without_repeats(ordered[:second], telling)
    return dev, replace(test, evidence=tuple(evidence))


def _day_start(ordered: Sequence[Passage], at: int) -> int:
    """Return the next place at which a day starts: no day lies on both sides of it."""
    while 0 < at < len(ordered) and ordered[at].day == ordered[at - 1].day:
        at += 1
    return max(at, 0)


def _without_repeats(evidence: Sequence[Passage], later: Sequence[Passage]) -> Split:
    """Leave out what repeats a run of words of the evidence: whoever has read that would foretell it."""
    seen = {words for p in evidence for words in runs(p.text)}
    fresh = [p for p in later if seen.isdisjoint(runs(p.text))]
    return Split(tuple(evidence), tuple(fresh), len(later) - len(fresh))


def runs(text: str) -> Iterator[tuple[str, ...]]:
    """Yield every run of 13 words, without case and signs; of a shorter text all its words."""
    found = [m.group().casefold() for m in _WORD.finditer(text)]
    return (tuple(found[i : i + _RUN]) for i in range(max(len(found) - _RUN + 1, min(len(found), 1))))
