"""What a reader model is given before it reads a message: a skill, or one of the things that it is compared with.

All contexts have the same form, a list of short entries, and the same budget of tokens; each is cut between entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import resources

from extract.distil.claims import Claim, Passage

_LONGEST = 300  # characters of an entry of raw words: a line, not a letter


def of_claims(claims: Iterable[Claim]) -> list[str]:
    """Return the entries of a skill: its statements, in order."""
    return [claim.statement for claim in claims]


def placebo() -> list[str]:
    """Return advice that fits any work: whatever it gains a skill gains by being advice, not by being somebody's."""
    text = resources.files("extract.evaluate").joinpath("placebo.txt").read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def of_passages(passages: Sequence[Passage]) -> list[str]:
    """Return entries of the person's own words, spread evenly over time: first one of each stretch, then more.

    Args:
        passages: The evidence, in order of time.
    """
    entries = []
    step = len(passages)
    taken: set[int] = set()
    while step >= 1:
        for i in range(step // 2, len(passages), step):
            if i not in taken:
                taken.add(i)
                entries.append(" ".join(passages[i].text.split())[:_LONGEST])
        step //= 2
    return [entry for entry in entries if entry]


def fit(entries: Iterable[str], budget: int, tokens: Callable[[str], int]) -> str:
    """Return as many entries as fit, as a list with one entry a line.

    Args:
        entries: The first ones are the most important.
        budget: Tokens at most.
        tokens: How many tokens a text has.
    """
    taken: list[str] = []
    left = budget
    for entry in entries:
        line = f"- {entry}\n"
        size = tokens(line)
        if size > left:
            break
        taken.append(line)
        left -= size
    return "".join(taken)
