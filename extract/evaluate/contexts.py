"""What a reader model is given before it reads a message: a skill, or one of the things that it is compared with.

All contexts have the same form, a list of short entries, and the same budget of tokens; each is cut between entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Fitted:
    """Contexts of one size.

    Attributes:
        tokens: The size that all were given; none is longer.
        texts: The text of each context by its name, a list with one entry a line.
    """

    tokens: int
    texts: Mapping[str, str]


def fit(entries: Mapping[str, Sequence[str]], budget: int, tokens: Callable[[str], int]) -> Fitted:
    """Return the contexts, all of about one size.

    The size is the budget, or what the shortest of them has: a long context foretells more than a short one, whatever
    it says. Entries that do not fit are passed over, so that no context ends at the first long one.

    Args:
        entries: What each context may hold, by its name; the first ones are the most important.
        budget: Tokens of a context at most.
        tokens: How many tokens a text has.
    """
    sized = {name: [(line := f"- {entry}\n", tokens(line)) for entry in of] for name, of in entries.items()}
    size = min([budget, *(sum(n for _, n in lines) for lines in sized.values())])
    return Fitted(size, {name: "".join(_filled(lines, size)) for name, lines in sized.items()})


def _filled(lines: Iterable[tuple[str, int]], size: int) -> Iterator[str]:
    left = size
    for line, length in lines:
        if length <= left:
            left -= length
            yield line


def shortened(text: str, size: int) -> str:
    """Return the beginning of a message, in at most so many bytes of UTF-8, cut between words where it has any."""
    data = text.encode()
    if len(data) <= size:
        return text
    start = data[:size].decode(errors="ignore")
    head, space, _ = start.rpartition(" ")
    return head if space and head.strip() else start
